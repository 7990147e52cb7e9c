"""Routes of payees: who receives for a hospital or a person, registered, read and confirmed."""

from typing import Annotated

from fastapi import Response
from pydantic import Field

from services.settlement.funding.booking import desk_of
from services.settlement.payouts import payee_commands, payee_store
from services.settlement.payouts.problems import (
    PAYEE_DIFFERS,
    PAYEE_MISSING,
)
from shared.contracts.wire import Name, WireModel
from shared.db.personal import Sealer
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import FOUR_EYES, PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.unit import UnitDep

router = ServiceRouter()


class PayeeIn(WireModel):
    """Who receives for a hospital."""

    payee_name: Name
    bank_name: Name
    account_number: Annotated[str, Field(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]


class PayeeOut(WireModel):
    """The payee registered now; its number is never shown."""

    institution_code: str
    version: int


@router.put(
    "/pools/{pool_code}/payees/{institution_code}",
    response_model=PayeeOut,
    responses=documented(PRECONDITION_FAILED, PRECONDITION_REQUIRED),
    openapi_extra=access(
        {"county_director", "county_recheck"}, command="register_payee", bulk="/pools/{pool_code}/payees/bulk"
    ),
)
async def put_payee(
    pool_code: str, institution_code: str, body: PayeeIn, unit: UnitDep, expected: PreconditionDep, response: Response
) -> PayeeOut:
    """登记医疗机构收款账户(由县合管办登记,另一人确认后生效). Registers who receives; a second person confirms it; a
    change needs the ETag of the payee as it was read."""
    version = await payee_commands.register_payee(
        await desk_of(unit),
        Sealer(unit.settings.personal_keys()),
        institution_code,
        body.payee_name,
        body.bank_name,
        body.account_number,
        expected,
    )
    show(response, payee_commands.payee_tag(institution_code, version))
    unit.result("payee", f"{institution_code}/{version}")
    return PayeeOut(institution_code=institution_code, version=version)


class PayeeDetail(PayeeOut):
    """A payee as registered last; payments go to the version confirmed last. The account number is never shown."""

    payee_name: str
    bank_name: str
    registered_by: str
    confirmed_by: str | None


@router.get(
    "/pools/{pool_code}/payees/{institution_code}",
    response_model=PayeeDetail,
    responses=documented(PAYEE_MISSING),
    openapi_extra=access({"county_director", "county_recheck", "auditor"}, command="show_payee", personal=True),
)
async def get_payee(pool_code: str, institution_code: str, unit: UnitDep, response: Response) -> PayeeDetail:
    """登记的收款人. Who is registered to receive for a hospital, with its ETag; each reading is logged."""
    rows = await payee_store.payees(unit.conn, pool_code, [institution_code], confirmed=False)
    if not rows:
        raise PAYEE_MISSING(institutions=institution_code)
    show(response, payee_commands.payee_tag(institution_code, rows[0]["version"]))
    return PayeeDetail(**{name: rows[0][name] for name in PayeeDetail.model_fields})


class PayeeConfirmationIn(WireModel):
    """The account number as the second person reads it in the hospital's papers."""

    account_number: Annotated[str, Field(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]


@router.post(
    "/pools/{pool_code}/payees/{institution_code}/confirmation",
    response_model=PayeeOut,
    responses=documented(FOUR_EYES, PAYEE_MISSING, PAYEE_DIFFERS),
    openapi_extra=access(
        {"county_director", "county_recheck"},
        command="confirm_payee",
        bulk="/pools/{pool_code}/payees/confirmations/bulk",
    ),
)
async def post_payee_confirmation(
    pool_code: str, institution_code: str, body: PayeeConfirmationIn, unit: UnitDep
) -> PayeeOut:
    """确认收款账户(另一人,重新输入账号). A second person confirms the payee by entering its number anew."""
    version = await payee_commands.confirm_payee(
        await desk_of(unit), Sealer(unit.settings.personal_keys()), institution_code, body.account_number
    )
    unit.result("payee", f"{institution_code}/{version}")
    return PayeeOut(institution_code=institution_code, version=version)
