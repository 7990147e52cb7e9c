"""Routes of the fund's bank accounts: register, change, list."""

from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import Field

from services.settlement.funding import commands, store
from services.settlement.funding.accounts import BANK_ACCOUNTS
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    ACCOUNT_NOT_REGISTERED,
    ACCOUNT_UNKNOWN,
    BANK_NOT_STATE_OWNED,
    KEEPER_ONLY,
)
from services.settlement.funding.roles import READERS
from shared.contracts.wire import Name, WireModel
from shared.db.personal import Sealer
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.unit import UnitDep

router = ServiceRouter()


AccountNumber = Annotated[str, Field(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]


class BankAccountIn(WireModel):
    """A bank account of the fund as its keeper registers it."""

    bank_name: Name
    bank_ownership: Literal["state_owned", "state_controlled", "other"]
    holder_name: Name
    account_number: AccountNumber


class BankAccountOut(WireModel):
    """A registered account; its number is never shown."""

    account: str
    name_zh: str
    name_en: str
    keeper: str
    version: int
    bank_name: str
    bank_ownership: str
    holder_name: str


class Registered(WireModel):
    """What is registered now, and under which version."""

    account: str
    version: int


@router.put(
    "/pools/{pool_code}/bank-accounts/{account}",
    response_model=Registered,
    responses=documented(
        ACCOUNT_UNKNOWN, BANK_NOT_STATE_OWNED, KEEPER_ONLY, PRECONDITION_FAILED, PRECONDITION_REQUIRED
    ),
    openapi_extra=access(
        {"insurer_finance", "county_finance", "county_recheck", "county_director", "city_finance"},
        command="register_bank_account",
    ),
)
async def put_bank_account(
    pool_code: str,
    account: str,
    body: BankAccountIn,
    unit: UnitDep,
    expected: PreconditionDep,
    response: Response,
) -> Registered:
    """开立或变更基金银行账户;只能是国有或国有控股银行 (ZZ-12). The keeper registers an account of the fund; a change
    needs the ETag of the account as it was read."""
    desk = await desk_of(unit)
    version = await commands.register_account(
        desk,
        Sealer(unit.settings.personal_keys()),
        account,
        unit.actor.role,
        commands.AccountDetails(**body.model_dump()),
        expected,
    )
    show(response, commands.account_tag(account, version))
    unit.result("bank_account", f"{account}/{version}")
    return Registered(account=account, version=version)


@router.get(
    "/pools/{pool_code}/bank-accounts",
    response_model=list[BankAccountOut],
    openapi_extra=access(READERS, command="list_bank_accounts"),
)
async def get_bank_accounts(pool_code: str, unit: UnitDep) -> list[BankAccountOut]:
    """基金银行账户. The fund's bank accounts as registered now."""
    return [_bank_account(row) for row in await store.bank_accounts(unit.conn, pool_code)]


def _bank_account(row: Any) -> BankAccountOut:
    account = BANK_ACCOUNTS[row["account"]]
    return BankAccountOut(
        account=row["account"],
        name_zh=account.name_zh,
        name_en=account.name_en,
        keeper=account.keeper,
        version=row["version"],
        bank_name=row["bank_name"],
        bank_ownership=row["bank_ownership"],
        holder_name=row["holder_name"],
    )


@router.get(
    "/pools/{pool_code}/bank-accounts/{account}",
    response_model=BankAccountOut,
    responses=documented(ACCOUNT_NOT_REGISTERED, ACCOUNT_UNKNOWN),
    openapi_extra=access(READERS, command="show_bank_account"),
)
async def get_bank_account(pool_code: str, account: str, unit: UnitDep, response: Response) -> BankAccountOut:
    """一个基金银行账户. One bank account of the fund, with its ETag."""
    named = commands.account_of(account)
    row = await store.bank_account(unit.conn, pool_code, account)
    if row is None:
        raise ACCOUNT_NOT_REGISTERED(name=(named.name_zh, named.name_en), account=account)
    show(response, commands.account_tag(account, row["version"]))
    return _bank_account(row)
