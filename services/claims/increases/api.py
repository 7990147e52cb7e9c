"""Routes of increases: what a late decision gives more, or claims decided again, listed, approved, payable."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field

from services.claims.increases import commands, store
from services.claims.increases.model import IncreaseList, Line
from services.claims.increases.problems import INCREASES_OVERTAKEN, INCREASES_STATE, INCREASES_UNKNOWN, NO_INCREASES
from services.claims.visits.problems import POLICY_SUPERSEDED, POLICY_UNDECIDED
from shared.contracts.wire import Reason, ShortId, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["increases"])
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
Households = Annotated[int, Query(ge=1, le=5000)]
OFFICE, DIRECTOR = ["county_recheck", "county_director"], ["county_director"]
WATCHERS = [*OFFICE, "city_health", "county_finance", "county_inspector", "insurer_finance", "auditor", "supervisor"]


class ApprovalIn(WireModel):
    """The document that approves a list."""

    document_number: Annotated[Reason, Field(max_length=100)]


class WithdrawalIn(WireModel):
    """Why a list is given up."""

    reason: Reason


class IncreaseListOut(WireModel):
    """A list of increases as it stands. One of readjudications names no late version, but how many claims were decided
    again, and what they had too much that is let stand."""

    list_id: ShortId
    ground: Literal["late_decision", "readjudication"]
    policy_id: UUID | None
    status: Literal["prepared", "approved", "withdrawn"]
    lines: int
    listed: Yuan
    approved: Yuan
    claims: int
    let_stand: Yuan
    prepared_by: str
    prepared_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    approved_on: date | None
    document_number: str | None
    withdrawn_by: str | None
    withdrawal_reason: str | None


class PreparedOut(WireModel):
    """A list where somebody gets more, and the claims that would and are not on it: by status, or because they wait on
    another list (`listed`), were cut as a whole (`cut`), were not reproduced, were counted by a second
    compensation that was released (`compensated`), or were made up by a later part of the stay (`later_part`); with
    where to go on."""

    list: IncreaseListOut | None
    left_out: dict[str, int]
    next_cursor: str | None


class IncreaseOut(WireModel):
    """What a layer pays more for a claim by a version; of a cap that was used meanwhile, less than was listed."""

    payment_id: ShortId
    claim_id: UUID
    policy_id: UUID
    member_id: UUID
    township_code: str
    institution_code: str
    benefit_year: int
    layer: str
    payer: str
    listed: Yuan
    amount: Yuan
    status: Literal["listed", "released", "exhausted", "paid", "withdrawn", "void", "compensated", "reversed"]
    paid_on: date | None


def list_out(known: IncreaseList) -> IncreaseListOut:
    """A list as the API shows it."""
    same = set(IncreaseListOut.model_fields) & set(IncreaseList.__dataclass_fields__)
    sums = {"listed": known.listed_fen, "approved": known.approved_fen, "let_stand": known.let_stand_fen}
    return IncreaseListOut.model_validate({name: getattr(known, name) for name in same} | sums | {"list_id": known.id})


def prepared_out(made: commands.Prepared) -> PreparedOut:
    """What came of preparing a list as the API shows it."""
    return PreparedOut(
        list=None if made.list is None else list_out(made.list),
        left_out=made.left_out,
        next_cursor=None if made.after is None else encode_cursor(made.after),
    )


def _line(line: Line) -> IncreaseOut:
    same = set(IncreaseOut.model_fields) & set(Line.__dataclass_fields__)
    sums = {"payment_id": line.id, "listed": line.listed_fen, "amount": line.amount_fen}
    return IncreaseOut.model_validate({name: getattr(line, name) for name in same} | sums)


@router.post(
    "/policies/{policy_id}/increases",
    status_code=201,
    openapi_extra=access(OFFICE, command="prepare_increases"),
    responses=documented(POLICY_UNDECIDED, POLICY_SUPERSEDED, NO_INCREASES),
)
async def prepare_increases(
    pool_code: Pool, policy_id: UUID, unit: UnitDep, cursor: Cursor = None, limit: Households = 1000
) -> PreparedOut:
    """Lists what a version that was decided late gives more for claims released before; again as more are released.

    `limit` counts households; with `next_cursor` the next call goes on, each call making a list of its own.
    """
    key = read_cursor(cursor, UUID)
    return prepared_out(await commands.prepare(unit, policy_id, key[0] if key else None, limit))


@router.get("/policies/{policy_id}/increases", openapi_extra=access(WATCHERS, command="list_increase_lists"))
async def list_increase_lists(
    pool_code: Pool, policy_id: UUID, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[IncreaseListOut]:
    """The lists of a version, the newest first."""
    key = read_cursor(cursor, UUID)
    return await page_of_lists(unit, policy_id, key[0] if key else None, limit)


async def page_of_lists(unit: Unit, policy_id: UUID | None, before: UUID | None, limit: int) -> Page[IncreaseListOut]:
    """The lists of a late version, or without one those of readjudications, the newest first."""
    rows = await store.lists(unit.conn, unit.pool_code, policy_id, before, limit + 1)
    following = encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page[IncreaseListOut](items=[list_out(one) for one in rows[:limit]], next_cursor=following)


@router.get(
    "/increases/{list_id}",
    openapi_extra=access(WATCHERS, command="read_increase_list"),
    responses=documented(INCREASES_UNKNOWN),
)
async def read_increase_list(pool_code: Pool, list_id: ShortId, unit: UnitDep) -> IncreaseListOut:
    """A list as it stands."""
    known = await store.get(unit.conn, unit.pool_code, list_id)
    if known is None:
        raise INCREASES_UNKNOWN(list_id=list_id)
    return list_out(known)


@router.get(
    "/increases/{list_id}/lines",
    openapi_extra=access(WATCHERS, command="list_increases", personal=True),
)
async def list_increases(
    pool_code: Pool, list_id: ShortId, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[IncreaseOut]:
    """The lines of a list: one a claim and layer."""
    key = read_cursor(cursor, UUID)
    rows = await store.lines(unit.conn, unit.pool_code, list_id, key[0] if key else None, limit + 1)
    unit.result("increase_list", list_id)
    following = encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page[IncreaseOut](items=[_line(one) for one in rows[:limit]], next_cursor=following)


@router.post(
    "/increases/{list_id}/approval",
    openapi_extra=access(DIRECTOR, command="approve_increases"),
    responses=documented(INCREASES_UNKNOWN, INCREASES_STATE, INCREASES_OVERTAKEN, FOUR_EYES, CONFLICT_OF_INTEREST),
)
async def approve_increases(pool_code: Pool, list_id: ShortId, body: ApprovalIn, unit: UnitDep) -> IncreaseListOut:
    """Approves a list that another person prepared: each line is payable to its person from now on. Claims decided
    again that had too much keep it."""
    return list_out(await commands.approve(unit, list_id, body.document_number))


@router.post(
    "/increases/{list_id}/withdrawal",
    openapi_extra=access(OFFICE, command="withdraw_increases"),
    responses=documented(INCREASES_UNKNOWN, INCREASES_STATE),
)
async def withdraw_increases(pool_code: Pool, list_id: ShortId, body: WithdrawalIn, unit: UnitDep) -> IncreaseListOut:
    """Gives up a list that was not approved; its claims may be listed again."""
    return list_out(await commands.withdraw(unit, list_id, body.reason))
