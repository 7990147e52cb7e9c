"""Routes of reversals: the county office's two persons, the negative claims, the close of a benefit year."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.claims.review import reversals, sheets
from services.claims.review.api import Pool
from services.claims.review.problems import (
    NOT_PAID_YET,
    REVERSAL_ASKED,
    REVERSAL_NOT_ASKED,
    REVERSAL_UNKNOWN,
    SECOND_COMPENSATED,
    YEAR_CLOSED,
    YEAR_NOT_OVER,
)
from services.claims.visits import queries
from services.claims.visits.claims import recover_fen
from services.claims.visits.problems import CLAIM_CANCELLED, CLAIM_RELEASED, CLAIM_UNKNOWN, INCREASE_UNPAID
from services.claims.visits.reversing import Reversal
from services.claims.visits.schemas import LayerOut
from shared.contracts.wire import Reason, ShortId, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import UnitDep

READERS = [
    "hospital", "insurer_intake", "insurer_reviewer", "insurer_approver", "insurer_finance", "insurer_manager",
    "county_recheck", "county_inspector", "county_director", "county_finance", "auditor",
]  # fmt: skip
router = ServiceRouter(prefix="/pools/{pool_code}", tags=["review"])
_OF_CLAIM = documented(CLAIM_UNKNOWN, CLAIM_CANCELLED, NOT_PAID_YET, CONFLICT_OF_INTEREST)


class ReversalReleaseIn(WireModel):
    """Why a paid claim may be cancelled, and the document that says so."""

    reason: Reason
    document: Reason


class ReversalReleaseOut(WireModel):
    """The county office's release; in force once it is approved."""

    claim_id: ShortId
    reason: str
    document: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


class ReversalOut(WireModel):
    """A negative claim: it takes back a paid one on its own day, under its own number."""

    reversal_id: UUID
    number: str
    claim_id: UUID
    institution_code: str
    member_id: UUID
    township_code: str
    kind: str
    benefit_year: int
    total: Yuan
    eligible: Yuan
    benefit: Yuan
    account: Yuan
    payable: Yuan
    layers: list[LayerOut]
    reason: str
    reversed_on: date
    reversed_at: datetime
    reversed_by: str


class YearCloseIn(WireModel):
    """The document that closes a benefit year."""

    document: Reason


class YearCloseOut(WireModel):
    """A benefit year whose claims are corrected at the window alone."""

    year: int
    document: str


@router.post(
    "/claims/{claim_id}/reversal-release",
    openapi_extra=access(["county_recheck", "county_inspector"], command="ask_reversal_release"),
    status_code=201,
    responses=_OF_CLAIM | documented(CLAIM_RELEASED, INCREASE_UNPAID, SECOND_COMPENSATED, REVERSAL_ASKED),
)
async def ask_release(pool_code: Pool, claim_id: ShortId, body: ReversalReleaseIn, unit: UnitDep) -> ReversalReleaseOut:
    """Asks that a paid claim may be cancelled; the director approves."""
    await reversals.ask(unit, claim_id, body.reason, body.document)
    return ReversalReleaseOut(
        claim_id=claim_id,
        reason=body.reason,
        document=body.document,
        asked_by=unit.actor.subject,
        asked_at=unit.now,
    )


@router.post(
    "/claims/{claim_id}/reversal-release/approval",
    openapi_extra=access(["county_director"], command="approve_reversal_release"),
    responses=_OF_CLAIM | documented(REVERSAL_NOT_ASKED, FOUR_EYES),
)
async def approve_release(pool_code: Pool, claim_id: ShortId, unit: UnitDep) -> ReversalReleaseOut:
    """The second person releases the cancellation of a paid claim."""
    row = await reversals.approve(unit, claim_id)
    named = ("reason", "document", "asked_by", "asked_at", "approved_by", "approved_at")
    return ReversalReleaseOut(claim_id=claim_id, **{name: row[name] for name in named})


@router.get(
    "/reversals",
    openapi_extra=access(READERS, command="list_reversals", scope="institution", personal=True) | sheets.REVERSALS,
)
async def list_reversals(
    pool_code: Pool,
    unit: UnitDep,
    institution_code: str | None = None,
    from_day: Annotated[date | None, Query(alias="from")] = None,
    to_day: Annotated[date | None, Query(alias="to")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReversalOut]:
    """Negative claims by business day, the latest first."""
    key = read_cursor(cursor, date.fromisoformat, UUID)
    after = (key[0], key[1]) if key else None
    rows = await queries.reversals(unit, institution_code, from_day, to_day, after, limit + 1)
    shown = rows[:limit]
    following = encode_cursor(shown[-1].reversed_on, shown[-1].id) if len(rows) > limit else None
    return Page[ReversalOut](items=[_told(one) for one in shown], next_cursor=following)


@router.get(
    "/reversals/{reversal_id}",
    openapi_extra=access(READERS, command="read_reversal", scope="institution", personal=True),
    responses=documented(REVERSAL_UNKNOWN),
)
async def read_reversal(pool_code: Pool, reversal_id: ShortId, unit: UnitDep) -> ReversalOut:
    """One negative claim."""
    found = await queries.reversal(unit, reversal_id)
    if found is None:
        raise REVERSAL_UNKNOWN(reversal_id=reversal_id)
    unit.result("reversal", reversal_id)
    return _told(found)


@router.post(
    "/benefit-years/{year}/closing",
    openapi_extra=access(["county_director"], command="close_benefit_year"),
    status_code=201,
    responses=documented(YEAR_NOT_OVER, YEAR_CLOSED),
)
async def close_benefit_year(
    pool_code: Pool, year: Annotated[int, Path(ge=2003, le=2100)], body: YearCloseIn, unit: UnitDep
) -> YearCloseOut:
    """Closes a benefit year that is over: its claims are corrected at the window alone."""
    await reversals.close_year(unit, year, body.document)
    return YearCloseOut(year=year, document=body.document)


def _told(one: Reversal) -> ReversalOut:
    named = (
        "number", "claim_id", "institution_code", "member_id", "township_code", "kind", "benefit_year", "reason",
        "reversed_on", "reversed_at", "reversed_by",
    )  # fmt: skip
    amounts = ("total", "eligible", "benefit", "account", "payable")
    return ReversalOut(
        reversal_id=one.id,
        layers=[
            LayerOut(
                layer=layer["layer"],
                payer=layer["payer"],
                book=layer["book"],
                risk_bearer=layer["risk_bearer"],
                amount=layer["amount_fen"],
                recover=recover_fen(layer),
            )
            for layer in one.layers
        ],
        **{name: getattr(one, name) for name in named},
        **{name: getattr(one, f"{name}_fen") for name in amounts},
    )
