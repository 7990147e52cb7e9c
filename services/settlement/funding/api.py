"""Routes of funding: bank accounts, arrivals, transfers between keepers, replenishment.

Longer than most: the money's way in and up is told in one place.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field, model_validator

from services.settlement.funding import commands, replenishment, sheets, store
from services.settlement.funding import replenishment_store as lines_store
from services.settlement.funding.accounts import BANK_ACCOUNTS, LEVELS, TRANSFERS
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    ACCOUNT_NOT_REGISTERED,
    ACCOUNT_UNKNOWN,
    ADVANCE_EXCEEDED,
    BANK_NOT_STATE_OWNED,
    KEEPER_ONLY,
    LINES_INVALID,
    NOTHING_TO_APPLY_FOR,
    NOTHING_TO_CARRY,
    NOTHING_TO_SWEEP,
    REFERENCE_USED,
    REFUSALS_EXCEED,
    REPLENISHMENT_STATE,
    REPLENISHMENT_UNKNOWN,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
    SUBSIDY_NOT_AUDITED,
    TRANSFER_OF_APPLICATION,
    TRANSFER_RELEASED,
    TRANSFER_UNKNOWN,
)
from services.settlement.funding.roles import READERS
from services.settlement.numbers import CoverageYear, int4
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.db.numbers import Number
from shared.db.personal import Sealer
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.preconditions import PreconditionDep, show
from shared.http.problems import FOUR_EYES, PRECONDITION_FAILED, PRECONDITION_REQUIRED, documented
from shared.http.unit import UnitDep
from shared.kernel.money import round_half_up

router = ServiceRouter()

Name = Annotated[str, Field(min_length=1, max_length=200)]
Reference = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
AccountNumber = Annotated[str, Field(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]
Positive = Annotated[Yuan, Field(gt=0)]
Level = Literal["central", "province", "city", "county"]
_RATIO_SCALE = 10_000


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


class SubsidyArrivalIn(WireModel):
    """A subsidy that the fiscal account's bank advised."""

    level: Level
    coverage_year: Annotated[int, Field(ge=2003, le=2100)]
    amount: Positive
    bank_reference: Reference
    arrived_on: date


class SponsorArrivalIn(WireModel):
    """A sponsor's money that the fiscal account's bank advised."""

    sponsorship_id: UUID
    amount: Positive
    bank_reference: Reference
    arrived_on: date


class Made(WireModel):
    """The id of what was made."""

    id: UUID


@router.post(
    "/pools/{pool_code}/subsidy-arrivals",
    status_code=201,
    response_model=Made,
    responses=documented(REFERENCE_USED),
    openapi_extra=access({"county_finance"}, command="record_subsidy_arrival"),
)
async def post_subsidy_arrival(pool_code: str, body: SubsidyArrivalIn, unit: UnitDep) -> Made:
    """财政补助到账 (LS-11, ZZ-28). A subsidy of one level and coverage year arrived on the fiscal account."""
    arrival_id = await commands.record_subsidy(
        await desk_of(unit), body.level, body.coverage_year, body.amount, body.bank_reference, body.arrived_on
    )
    unit.result("arrival", arrival_id)
    return Made(id=arrival_id)


@router.post(
    "/pools/{pool_code}/sponsor-arrivals",
    status_code=201,
    response_model=Made,
    responses=documented(SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED, REFERENCE_USED),
    openapi_extra=access({"county_finance"}, command="record_sponsor_arrival"),
)
async def post_sponsor_arrival(pool_code: str, body: SponsorArrivalIn, unit: UnitDep) -> Made:
    """资助参合资金到账 (LS-14). A sponsor's money for a group's premiums arrived on the fiscal account."""
    arrival_id = await commands.record_sponsor(
        await desk_of(unit), body.sponsorship_id, body.amount, body.bank_reference, body.arrived_on
    )
    unit.result("arrival", arrival_id)
    return Made(id=arrival_id)


class SubsidyLevelOut(WireModel):
    """Due and arrived of one level. ``due`` is of the year's heads, ``total_due`` with what the year before left over
    or overpaid, and the rate's denominator; ``carried_on`` stands in the next year's due."""

    level: str
    head_count: int
    audited: bool
    due: Yuan
    carried_in: Yuan
    total_due: Yuan
    arrived: Yuan
    carried_on: Yuan
    outstanding: Yuan
    arrival_rate: str | None
    denominator: str


class SubsidyYearOut(WireModel):
    """All levels of a coverage year."""

    coverage_year: int
    levels: list[SubsidyLevelOut]


@router.get(
    "/pools/{pool_code}/subsidies/{coverage_year}",
    response_model=SubsidyYearOut,
    openapi_extra=access(READERS, command="show_subsidies"),
)
async def get_subsidies(pool_code: str, coverage_year: CoverageYear, unit: UnitDep) -> SubsidyYearOut:
    """各级财政补助应到、已到和到位率(分母写明). Subsidies due and arrived by level, the rate with its denominator."""
    rows = {row["level"]: row for row in await store.subsidy_year(unit.conn, pool_code, coverage_year)}
    return SubsidyYearOut(
        coverage_year=coverage_year, levels=[_subsidy_level(level, rows[level]) for level in LEVELS if level in rows]
    )


def _subsidy_level(level: str, row: Any) -> SubsidyLevelOut:
    due, arrived = row["due_fen"] + row["carried_in_fen"], row["arrived_fen"]
    scaled = round_half_up(arrived * _RATIO_SCALE, due) if due > 0 else 0
    rate = f"{scaled // _RATIO_SCALE}.{scaled % _RATIO_SCALE:04d}" if due > 0 else None
    return SubsidyLevelOut(
        level=level,
        head_count=row["head_count"],
        audited=row["audited"],
        due=row["due_fen"],
        carried_in=row["carried_in_fen"],
        total_due=due,
        arrived=arrived,
        carried_on=row["carried_on_fen"],
        outstanding=due - arrived - row["carried_on_fen"],
        arrival_rate=rate,
        denominator="参合人数 × 年度补助标准 + 上年结转 (heads × standard of the year + carried in)",
    )


class CarryIn(WireModel):
    """The document that settles the year's subsidies with the levels above."""

    document: Reason


@router.post(
    "/pools/{pool_code}/subsidies/{coverage_year}/carry-forward",
    response_model=SubsidyYearOut,
    responses=documented(SUBSIDY_NOT_AUDITED, NOTHING_TO_CARRY),
    openapi_extra=access({"county_finance"}, command="carry_subsidies"),
)
async def post_subsidy_carry(
    pool_code: str, coverage_year: CoverageYear, body: CarryIn, unit: UnitDep
) -> SubsidyYearOut:
    """补助清算:差额转入下年应到. Carries the differences of an audited year on to the next year's due."""
    await commands.carry_subsidies(await desk_of(unit), coverage_year, body.document)
    unit.result("subsidy_carry", coverage_year)
    return await get_subsidies(pool_code, coverage_year, unit)


class AmountIn(WireModel):
    """An amount of money."""

    amount: Positive


class TransferIn(WireModel):
    """A transfer that its keeper begins."""

    kind: Literal["income_to_fiscal", "sweep", "advance_return"]
    amount: Positive


class TransferOut(WireModel):
    """A transfer between two keepers; ``reference`` is what both banks' statements show."""

    id: UUID
    kind: str
    source: str
    target: str
    amount: Yuan
    reference: str
    status: str
    replenishment_id: UUID | None
    released_on: date | None
    arrived_on: date | None


def _transfer(row: Any) -> TransferOut:
    route = TRANSFERS[row["kind"]]
    return TransferOut(
        id=row["id"],
        kind=row["kind"],
        source=route.source,
        target=route.target,
        amount=row["amount_fen"],
        reference=row["reference"],
        status=row["status"],
        replenishment_id=row["replenishment_id"],
        released_on=row["released_on"],
        arrived_on=row["arrived_on"],
    )


@router.post(
    "/pools/{pool_code}/transfers",
    status_code=201,
    response_model=TransferOut,
    responses=documented(KEEPER_ONLY, NOTHING_TO_SWEEP, ADVANCE_EXCEEDED),
    openapi_extra=access(
        {"county_recheck", "county_director", "county_finance", "insurer_finance"}, command="prepare_transfer"
    ),
)
async def post_transfer(pool_code: str, body: TransferIn, unit: UnitDep) -> TransferOut:
    """填制划转:收入户缴财政专户、支出户利息上划、退回周转金. Prepares a transfer; another person releases it."""
    row = await commands.prepare_transfer(await desk_of(unit), body.kind, unit.actor.role, body.amount)
    unit.result("transfer", row["id"])
    return _transfer(row)


@router.post(
    "/pools/{pool_code}/advances",
    status_code=201,
    response_model=TransferOut,
    responses=documented(KEEPER_ONLY),
    openapi_extra=access({"county_finance"}, command="prepare_advance"),
)
async def post_advance(pool_code: str, body: AmountIn, unit: UnitDep) -> TransferOut:
    """填制周转金拨付 (ZZ-31). Prepares working capital for the insurer's account; another person releases it."""
    row = await commands.prepare_transfer(await desk_of(unit), "advance", unit.actor.role, body.amount)
    unit.result("transfer", row["id"])
    return _transfer(row)


@router.post(
    "/pools/{pool_code}/transfers/{transfer_id}/release",
    response_model=TransferOut,
    responses=documented(TRANSFER_UNKNOWN, FOUR_EYES, KEEPER_ONLY, TRANSFER_RELEASED),
    openapi_extra=access(
        {
            "county_recheck",
            "county_director",
            "county_finance",
            "insurer_finance",
            "insurer_manager",
            "insurer_approver",
        },
        command="release_transfer",
    ),
)
async def post_transfer_release(pool_code: str, transfer_id: UUID, unit: UnitDep) -> TransferOut:
    """放行划转(另一人);收款方银行到账前为在途. The second person sends the money off."""
    row = await replenishment.release(await desk_of(unit), transfer_id, unit.actor.role)
    unit.result("transfer", transfer_id)
    return _transfer(row)


class TransferCancelIn(WireModel):
    """Why a transfer is given up."""

    reason: Reason


@router.post(
    "/pools/{pool_code}/transfers/{transfer_id}/cancellation",
    response_model=TransferOut,
    responses=documented(TRANSFER_UNKNOWN, KEEPER_ONLY, TRANSFER_OF_APPLICATION, TRANSFER_RELEASED),
    openapi_extra=access(
        {"county_recheck", "county_director", "county_finance", "insurer_finance"}, command="cancel_transfer"
    ),
)
async def post_transfer_cancellation(
    pool_code: str, transfer_id: UUID, body: TransferCancelIn, unit: UnitDep
) -> TransferOut:
    """撤销未放行的划转. Gives up a transfer that was not released."""
    row = await commands.cancel_transfer(await desk_of(unit), transfer_id, unit.actor.role, body.reason)
    unit.result("transfer", transfer_id)
    return _transfer(row)


@router.get(
    "/pools/{pool_code}/transfers",
    response_model=Page[TransferOut],
    openapi_extra=access(READERS, command="list_transfers") | sheets.TRANSFERS,
)
async def get_transfers(
    pool_code: str,
    unit: UnitDep,
    status: Literal["prepared", "released", "arrived", "cancelled", "returned"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TransferOut]:
    """划转清单. Transfers, newest first."""
    rows = await store.transfers(unit.conn, pool_code, status, read_cursor(cursor, moment, UUID), limit + 1)
    return Page(items=[_transfer(row) for row in rows[:limit]], next_cursor=_more(rows, limit, "prepared_at"))


def _more(rows: list[Any], limit: int, moment_column: str) -> str | None:
    """The cursor of the next page of a list that is ordered by a moment and the id; one row more was asked for."""
    return encode_cursor(rows[limit - 1][moment_column], rows[limit - 1]["id"]) if len(rows) > limit else None


class ReplenishmentIn(WireModel):
    """Up to which business day payments are applied for; today where absent."""

    up_to: date | None = None


class RefusalIn(WireModel):
    """A line refused at the re-check."""

    line: Annotated[int, Field(gt=0, le=2**31 - 1)]
    bearer: Literal["hospital", "patient", "insurer", "nobody"]
    """``nobody``: the county director decides with a document that the fund bears it."""
    reason: Reason
    patient_owed: Annotated[Yuan, Field(ge=0)] = 0
    """What the hospital owes the patient besides."""
    penalty: Annotated[Yuan, Field(ge=0)] = 0
    """Due to the treasury; never booked in the fund."""

    @model_validator(mode="after")
    def _nobody_owes_nothing(self) -> Self:
        if self.bearer == "nobody" and (self.patient_owed or self.penalty):
            raise ValueError("无人承担的不写应退患者金额和罚款 / where nobody bears it there is nothing else to pay")
        return self


class RecheckIn(WireModel):
    """The result of the re-check: lines refused; all others are accepted."""

    refusals: Annotated[list[RefusalIn], Field(max_length=1000)] = Field(default_factory=list)


class ReasonIn(WireModel):
    """Why."""

    reason: Reason


class ReplenishmentOut(WireModel):
    """An application for replenishment; ``number`` is the one for people."""

    id: UUID
    number: Number
    status: str
    applied: Yuan
    refused: Yuan
    to_transfer: Yuan
    line_count: int
    applied_by: str
    applied_at: datetime
    rechecked_by: str | None
    approved_by: str | None


def _replenishment(row: Any) -> ReplenishmentOut:
    return ReplenishmentOut(
        id=row["id"],
        number=row["number"],
        status=row["status"],
        applied=row["applied_fen"],
        refused=row["refused_fen"],
        to_transfer=row["applied_fen"] - row["refused_fen"],
        line_count=row["line_count"],
        applied_by=row["applied_by"],
        applied_at=row["applied_at"],
        rechecked_by=row["rechecked_by"],
        approved_by=row["approved_by"],
    )


_STEPS = documented(REPLENISHMENT_UNKNOWN, REPLENISHMENT_STATE, FOUR_EYES)


@router.post(
    "/pools/{pool_code}/replenishments",
    status_code=201,
    response_model=ReplenishmentOut,
    responses=documented(NOTHING_TO_APPLY_FOR),
    openapi_extra=access({"insurer_finance"}, command="apply_for_replenishment"),
)
async def post_replenishment(pool_code: str, body: ReplenishmentIn, unit: UnitDep) -> ReplenishmentOut:
    """申报回补:已付未申报的全部支付行 (ZA-10). The insurer applies for what it paid and has not applied for."""
    row = await replenishment.apply(await desk_of(unit), body.up_to)
    unit.result("replenishment", row["id"])
    return _replenishment(row)


@router.get(
    "/pools/{pool_code}/replenishments",
    response_model=Page[ReplenishmentOut],
    openapi_extra=access(READERS, command="list_replenishments") | sheets.REPLENISHMENTS,
)
async def get_replenishments(
    pool_code: str,
    unit: UnitDep,
    number: Annotated[Number | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ReplenishmentOut]:
    """回补申请清单. Applications, newest first."""
    after = read_cursor(cursor, moment, UUID)
    rows = await lines_store.replenishments(unit.conn, pool_code, number, after, limit + 1)
    return Page(items=[_replenishment(row) for row in rows[:limit]], next_cursor=_more(rows, limit, "applied_at"))


class ReplenishmentLineOut(WireModel):
    """A line of an application: what an instruction paid for a claim, negative where the money came back."""

    line: int
    instruction_id: UUID
    claim_id: UUID
    layer: str
    amount: Yuan
    expense_account: str
    bearer: str | None
    reason: str | None
    patient_owed: Yuan | None
    penalty: Yuan | None
    receivable_id: UUID | None
    receivable_reference: str | None
    made_good_on: date | None


@router.get(
    "/pools/{pool_code}/replenishments/{replenishment_id}/lines",
    response_model=Page[ReplenishmentLineOut],
    openapi_extra=access(READERS, command="list_replenishment_lines") | sheets.REPLENISHMENT_LINES,
)
async def get_replenishment_lines(
    pool_code: str, replenishment_id: UUID, unit: UnitDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[ReplenishmentLineOut]:
    """回补申请的行. Lines of an application in order."""
    key = read_cursor(cursor, int4)
    rows = await lines_store.lines(unit.conn, pool_code, replenishment_id, key[0] if key else 0, limit + 1)
    items = [
        ReplenishmentLineOut(
            line=r["line"],
            instruction_id=r["instruction_id"],
            claim_id=r["claim_id"],
            layer=r["layer"],
            amount=r["signed_fen"],
            expense_account=r["benefit_account"],
            bearer=r["bearer"],
            reason=r["reason"],
            patient_owed=r["patient_owed_fen"],
            penalty=r["penalty_fen"],
            receivable_id=r["receivable_id"],
            receivable_reference=r["reference"],
            made_good_on=r["made_good_on"],
        )
        for r in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(items[-1].line) if len(rows) > limit else None)


@router.post(
    "/pools/{pool_code}/replenishments/{replenishment_id}/recheck",
    response_model=ReplenishmentOut,
    responses=_STEPS | documented(LINES_INVALID, REFUSALS_EXCEED),
    openapi_extra=access({"county_recheck"}, command="recheck_replenishment"),
)
async def post_recheck(pool_code: str, replenishment_id: UUID, body: RecheckIn, unit: UnitDep) -> ReplenishmentOut:
    """复核;拒付的行写明承担人,转为应收. The county office re-checks; a refused line names its bearer."""
    row = await replenishment.recheck(
        await desk_of(unit),
        replenishment_id,
        [replenishment.Refusal(r.line, r.bearer, r.reason, r.patient_owed, r.penalty) for r in body.refusals],
    )
    unit.result("replenishment", replenishment_id)
    return _replenishment(row)


@router.post(
    "/pools/{pool_code}/replenishments/{replenishment_id}/send-back",
    response_model=ReplenishmentOut,
    responses=_STEPS,
    openapi_extra=access({"county_recheck"}, command="send_back_replenishment"),
)
async def post_send_back(pool_code: str, replenishment_id: UUID, body: ReasonIn, unit: UnitDep) -> ReplenishmentOut:
    """退回更正;各行可重新申报. Sends an application back; its lines can be applied for again."""
    row = await replenishment.send_back(await desk_of(unit), replenishment_id, body.reason)
    unit.result("replenishment", replenishment_id)
    return _replenishment(row)


@router.post(
    "/pools/{pool_code}/replenishments/{replenishment_id}/approval",
    response_model=ReplenishmentOut,
    responses=_STEPS,
    openapi_extra=access({"county_finance"}, command="approve_replenishment"),
)
async def post_approval(pool_code: str, replenishment_id: UUID, unit: UnitDep) -> ReplenishmentOut:
    """财政批准. Finance approves what was not refused; another person transfers it."""
    row = await replenishment.approve(await desk_of(unit), replenishment_id, unit.actor.role)
    unit.result("replenishment", replenishment_id)
    return _replenishment(row)


@router.post(
    "/pools/{pool_code}/replenishments/{replenishment_id}/transfer",
    response_model=TransferOut,
    responses=_STEPS | documented(TRANSFER_RELEASED),
    openapi_extra=access({"county_finance"}, command="transfer_replenishment"),
)
async def post_replenishment_transfer(pool_code: str, replenishment_id: UUID, unit: UnitDep) -> TransferOut:
    """拨付(另一人). A second person of finance sends the approved amount off."""
    row = await replenishment.transfer(await desk_of(unit), replenishment_id, unit.actor.role)
    unit.result("transfer", row["id"])
    return _transfer(row)
