"""Routes of quality deposits: the agreed share, and the release by two people."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.settlement.funding.booking import desk_of
from services.settlement.funding.refusal import Decision, RefusalIn
from services.settlement.funding.roles import READERS
from services.settlement.payouts import deposit_store as store
from services.settlement.payouts import deposits
from services.settlement.payouts.problems import DEPOSIT_DECIDED, DEPOSIT_SHORT, DEPOSIT_UNKNOWN
from shared.contracts.wire import Line, Ratio, Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
OFFICE = {"county_recheck", "county_director"}


class DepositRateIn(WireModel):
    """The share withheld of each payment from a day on, 0.2000 at most, and the document that says so."""

    valid_from: date
    rate: Annotated[Ratio, Field(le=2000)]
    document: Line


class DepositRateOut(WireModel):
    """The share as it was recorded."""

    institution_code: str
    valid_from: date
    rate: Ratio


@router.put(
    "/pools/{pool_code}/institutions/{institution_code}/deposit-rate",
    response_model=DepositRateOut,
    responses=documented(CONFLICT_OF_INTEREST),
    openapi_extra=access({"county_director"}, command="set_deposit_rate"),
)
async def put_deposit_rate(pool_code: str, institution_code: str, body: DepositRateIn, unit: UnitDep) -> DepositRateOut:
    """登记质量保证金比例(依据文号). Records the share withheld as quality deposit from a day on."""
    desk = await desk_of(unit)
    await deposits.set_rate(desk, institution_code, body.valid_from, body.rate, body.document)
    unit.result("deposit_rate", f"{institution_code}/{body.valid_from}")
    return DepositRateOut(institution_code=institution_code, valid_from=body.valid_from, rate=body.rate)


class ReleaseIn(WireModel):
    """How much is released, and why."""

    amount: Annotated[Yuan, Field(gt=0)]
    reason: Reason


class ReleaseOut(WireModel):
    """A release, ``waiting`` until the second person decides; approved, its id is that of the cut-off to be batched.
    What is forfeited is paid to nobody."""

    id: UUID
    institution_code: str
    amount: Yuan
    forfeit: bool
    reason: str
    status: Decision
    prepared_by: str
    prepared_at: datetime
    approved_by: str | None
    approved_on: date | None
    refused_by: str | None
    refused_on: date | None
    refusal: str | None


def _release(row: Any) -> ReleaseOut:
    own = {name: row[name] for name in ReleaseOut.model_fields if name != "amount"}
    return ReleaseOut(amount=row["amount_fen"], **own)


@router.post(
    "/pools/{pool_code}/institutions/{institution_code}/deposit-releases",
    status_code=201,
    response_model=ReleaseOut,
    responses=documented(CONFLICT_OF_INTEREST, DEPOSIT_SHORT),
    openapi_extra=access(OFFICE, command="ask_deposit_release"),
)
async def post_deposit_release(pool_code: str, institution_code: str, body: ReleaseIn, unit: UnitDep) -> ReleaseOut:
    """申请拨付质量保证金. Asks for a release of what was withheld; another person approves it."""
    row = await deposits.ask_release(await desk_of(unit), institution_code, body.amount, body.reason)
    unit.result("deposit_release", row["id"])
    return _release(row)


@router.post(
    "/pools/{pool_code}/institutions/{institution_code}/deposit-forfeitures",
    status_code=201,
    response_model=ReleaseOut,
    responses=documented(CONFLICT_OF_INTEREST, DEPOSIT_SHORT),
    openapi_extra=access(OFFICE, command="ask_deposit_forfeiture"),
)
async def post_deposit_forfeiture(pool_code: str, institution_code: str, body: ReleaseIn, unit: UnitDep) -> ReleaseOut:
    """申请按考核扣除质量保证金,不再支付. Asks that part of what was withheld be forfeited; another person approves."""
    row = await deposits.ask_release(await desk_of(unit), institution_code, body.amount, body.reason, forfeit=True)
    unit.result("deposit_release", row["id"])
    return _release(row)


@router.get(
    "/pools/{pool_code}/deposit-releases",
    response_model=Page[ReleaseOut],
    openapi_extra=access(READERS, command="list_deposit_releases"),
)
async def get_deposit_releases(
    pool_code: str, unit: UnitDep, status: Decision | None = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[ReleaseOut]:
    """保证金拨付和扣除申请清单;待批准的用 ``status=waiting``. Releases and forfeitures, newest first."""
    rows = await store.deposit_releases(unit.conn, pool_code, status, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, _release, "prepared_at", "id")


@router.post(
    "/pools/{pool_code}/deposit-releases/{release_id}/approval",
    response_model=ReleaseOut,
    responses=documented(DEPOSIT_UNKNOWN, DEPOSIT_DECIDED, DEPOSIT_SHORT, CONFLICT_OF_INTEREST, FOUR_EYES),
    openapi_extra=access(OFFICE, command="approve_deposit_release"),
)
async def post_deposit_approval(pool_code: str, release_id: UUID, unit: UnitDep) -> ReleaseOut:
    """批准拨付质量保证金(另一人)列入待付,或批准扣除. The second person approves a release, or that it is forfeited."""
    row = await deposits.approve_release(await desk_of(unit), release_id)
    unit.result("deposit_release", release_id)
    return _release(row)


@router.post(
    "/pools/{pool_code}/deposit-releases/{release_id}/refusal",
    response_model=ReleaseOut,
    responses=documented(DEPOSIT_UNKNOWN, DEPOSIT_DECIDED, CONFLICT_OF_INTEREST),
    openapi_extra=access(OFFICE, command="refuse_deposit_release"),
)
async def post_deposit_refusal(pool_code: str, release_id: UUID, body: RefusalIn, unit: UnitDep) -> ReleaseOut:
    """批准前退回拨付或扣除申请(申请人也可撤回). Turns a release or forfeiture down before it is approved."""
    row = await deposits.refuse_release(await desk_of(unit), release_id, body.reason)
    unit.result("deposit_release", release_id)
    return _release(row)
