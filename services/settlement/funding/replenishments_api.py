"""Routes of replenishment: apply, re-check, send back, approve, transfer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator

from services.settlement.funding import replenishment, sheets
from services.settlement.funding import replenishment_store as lines_store
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    LINE_COULD_BE_IT,
    LINES_INVALID,
    NOTHING_TO_APPLY_FOR,
    REFUSALS_EXCEED,
    REPLENISHMENT_STATE,
    REPLENISHMENT_UNKNOWN,
    TRANSFER_RELEASED,
)
from services.settlement.funding.roles import READERS
from services.settlement.funding.transfers_api import TransferOut, transfer_out
from services.settlement.numbers import int4
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, page, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()


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
    return page(rows, limit, _replenishment, "applied_at", "id")


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
    responses=_STEPS | documented(TRANSFER_RELEASED, LINE_COULD_BE_IT),
    openapi_extra=access({"county_finance"}, command="transfer_replenishment"),
)
async def post_replenishment_transfer(pool_code: str, replenishment_id: UUID, unit: UnitDep) -> TransferOut:
    """拨付(另一人). A second person of finance sends the approved amount off."""
    row = await replenishment.transfer(await desk_of(unit), replenishment_id, unit.actor.role)
    unit.result("transfer", row["id"])
    return transfer_out(row)
