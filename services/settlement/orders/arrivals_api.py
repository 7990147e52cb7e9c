"""Routes of money that arrives on the fiscal account: subsidies by year and level, sponsors; two persons each."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import BEFORE_THE_SCHEME, IN_THE_FUTURE, REFERENCE_USED
from services.settlement.funding.refusal import RefusalIn, ReversalIn
from services.settlement.funding.roles import READERS
from services.settlement.orders import arrivals, arrivals_undoing
from services.settlement.orders import arrivals_store as store
from services.settlement.orders.kinds import FINANCE
from services.settlement.orders.problems import (
    ARRIVAL_AT_BANK,
    ARRIVAL_REVERSAL_NONE,
    ARRIVAL_REVERSAL_WAITS,
    ARRIVAL_STATE,
    ARRIVAL_UNKNOWN,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
)
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter()
Level = Literal["central", "province", "city", "county"]
Status = Literal["prepared", "booked", "refused", "reversed"]


class AdvisedIn(WireModel):
    """What the fiscal account's bank advised."""

    amount: Annotated[Yuan, Field(gt=0)]
    bank_reference: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    arrived_on: date

    @property
    def advised(self) -> arrivals.Advised:
        """The same for the verbs."""
        return arrivals.Advised(self.amount, self.bank_reference, self.arrived_on)


class SubsidyArrivalIn(AdvisedIn):
    """A subsidy of one level and coverage year."""

    level: Level
    coverage_year: Annotated[int, Field(ge=2003, le=2100)]


class SponsorArrivalIn(AdvisedIn):
    """A sponsor's money for a group's premiums."""

    sponsorship_id: UUID


class ArrivalOut(WireModel):
    """An arrival: ``prepared`` waits for the second person and is no income yet; ``reversed`` is income no more. While
    it is ``booked``, ``reversal_by`` says that a reversal waits for another person."""

    id: UUID
    kind: Literal["subsidy", "sponsor"]
    level: Level | None
    sponsorship_id: UUID | None
    coverage_year: int
    amount: Yuan
    bank_reference: str
    arrived_on: date
    status: Status
    recorded_by: str
    recorded_at: datetime
    booked_by: str | None
    booked_on: date | None
    refused_by: str | None
    refusal: str | None
    reversal_by: str | None
    reversal_reason: str | None
    reversal_document: str | None
    reversed_by: str | None
    reversed_on: date | None


def _arrival(row: Any) -> ArrivalOut:
    own = {name: row[name] for name in ArrivalOut.model_fields if name not in ("amount", "arrived_on")}
    return ArrivalOut(amount=row["amount_fen"], arrived_on=row["value_date"], **own)


def _told(unit: Unit, row: Any) -> ArrivalOut:
    unit.result("arrival", row["id"])
    unit.note(status=row["status"], amount_fen=row["amount_fen"])
    return _arrival(row)


@router.post(
    "/pools/{pool_code}/subsidy-arrivals",
    status_code=201,
    response_model=ArrivalOut,
    responses=documented(REFERENCE_USED, IN_THE_FUTURE, BEFORE_THE_SCHEME),
    openapi_extra=access(FINANCE, command="record_subsidy_arrival"),
)
async def post_subsidy_arrival(pool_code: str, body: SubsidyArrivalIn, unit: UnitDep) -> ArrivalOut:
    """登记财政补助到账,由另一人批准入账 (LS-11, ZZ-28). Records a subsidy of one level and coverage year."""
    return _told(unit, await arrivals.record_subsidy(await desk_of(unit), body.level, body.coverage_year, body.advised))


@router.post(
    "/pools/{pool_code}/sponsor-arrivals",
    status_code=201,
    response_model=ArrivalOut,
    responses=documented(SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED, REFERENCE_USED, IN_THE_FUTURE, BEFORE_THE_SCHEME),
    openapi_extra=access(FINANCE, command="record_sponsor_arrival"),
)
async def post_sponsor_arrival(pool_code: str, body: SponsorArrivalIn, unit: UnitDep) -> ArrivalOut:
    """登记资助参合资金到账,由另一人批准入账 (LS-14). Records a sponsor's money for a group's premiums."""
    return _told(unit, await arrivals.record_sponsor(await desk_of(unit), body.sponsorship_id, body.advised))


@router.post(
    "/pools/{pool_code}/arrivals/{arrival_id}/approval",
    response_model=ArrivalOut,
    responses=documented(ARRIVAL_UNKNOWN, ARRIVAL_STATE, FOUR_EYES),
    openapi_extra=access(FINANCE, command="approve_arrival"),
)
async def post_arrival_approval(pool_code: str, arrival_id: UUID, unit: UnitDep) -> ArrivalOut:
    """批准到账(另一人,核对银行回单)并记账. Another person compares it with the bank's slip and books it."""
    return _told(unit, await arrivals.approve(await desk_of(unit), arrival_id))


@router.post(
    "/pools/{pool_code}/arrivals/{arrival_id}/refusal",
    response_model=ArrivalOut,
    responses=documented(ARRIVAL_UNKNOWN, ARRIVAL_STATE),
    openapi_extra=access(FINANCE, command="refuse_arrival"),
)
async def post_arrival_refusal(pool_code: str, arrival_id: UUID, body: RefusalIn, unit: UnitDep) -> ArrivalOut:
    """退回未入账的到账登记;同一流水号可以重新登记. Turns an arrival down before it is booked."""
    return _told(unit, await arrivals.refuse(await desk_of(unit), arrival_id, body.reason))


@router.post(
    "/pools/{pool_code}/arrivals/{arrival_id}/reversal",
    status_code=201,
    response_model=ArrivalOut,
    responses=documented(ARRIVAL_UNKNOWN, ARRIVAL_STATE, ARRIVAL_REVERSAL_WAITS, ARRIVAL_AT_BANK),
    openapi_extra=access(FINANCE, command="propose_arrival_reversal"),
)
async def post_arrival_reversal(pool_code: str, arrival_id: UUID, body: ReversalIn, unit: UnitDep) -> ArrivalOut:
    """申请冲销记错而银行未见款的到账。 Proposes to reverse an arrival that was booked wrongly."""
    return _told(unit, await arrivals_undoing.propose(await desk_of(unit), arrival_id, body.reason, body.document))


@router.post(
    "/pools/{pool_code}/arrivals/{arrival_id}/reversal/approval",
    response_model=ArrivalOut,
    responses=documented(ARRIVAL_UNKNOWN, ARRIVAL_STATE, ARRIVAL_REVERSAL_NONE, ARRIVAL_AT_BANK, FOUR_EYES),
    openapi_extra=access(FINANCE, command="approve_arrival_reversal"),
)
async def post_arrival_reversal_approval(pool_code: str, arrival_id: UUID, unit: UnitDep) -> ArrivalOut:
    """批准冲销(另一人):记一张冲销凭证,同一流水号可以重新登记。 Another person approves: reversed, once."""
    return _told(unit, await arrivals_undoing.approve(await desk_of(unit), arrival_id))


@router.post(
    "/pools/{pool_code}/arrivals/{arrival_id}/reversal/refusal",
    response_model=ArrivalOut,
    responses=documented(ARRIVAL_UNKNOWN, ARRIVAL_STATE, ARRIVAL_REVERSAL_NONE),
    openapi_extra=access(FINANCE, command="refuse_arrival_reversal"),
)
async def post_arrival_reversal_refusal(pool_code: str, arrival_id: UUID, body: RefusalIn, unit: UnitDep) -> ArrivalOut:
    """退回冲销申请,登记不变。 Turns a proposed reversal down; the arrival stays booked."""
    unit.note(reason=body.reason)
    return _told(unit, await arrivals_undoing.decline(await desk_of(unit), arrival_id))


@router.get(
    "/pools/{pool_code}/arrivals",
    response_model=Page[ArrivalOut],
    openapi_extra=access(READERS, command="list_arrivals"),
)
async def get_arrivals(
    pool_code: str,
    unit: UnitDep,
    status: Status | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ArrivalOut]:
    """到账登记清单. Arrivals, newest first."""
    rows = await store.arrivals(unit.conn, pool_code, status, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, _arrival, "recorded_at", "id")
