"""Routes of the review: queue, decisions, cut-offs, the close of a day."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.claims.review import commands, sheets, store
from services.claims.review.problems import (
    CANCELLATION_RELEASED,
    CUT_BEARER,
    CUT_LINE,
    CUT_TOO_LARGE,
    CUTOFF_UNKNOWN,
    NOT_UNDER_REVIEW,
    NOTHING_TO_RELEASE,
    REJECTION_BEARER,
)
from services.claims.review.rules import WantedCut
from services.claims.review.schemas import (
    ApprovalIn,
    CancellationReleaseIn,
    CancellationReleaseOut,
    CutoffIn,
    CutoffOut,
    DayOut,
    RejectionIn,
    ReturnIn,
    ReviewOut,
    TypeSum,
)
from services.claims.review.store import Cutoff, Review
from services.claims.visits.claims import view
from services.claims.visits.problems import CLAIM_CANCELLED, CLAIM_RELEASED, CLAIM_UNKNOWN
from services.claims.visits.schemas import ClaimOut
from shared.contracts.wire import ShortId
from shared.db.business_day import DAY_CLOSED_ALREADY, DAY_NOT_OVER
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["review"])
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
REVIEWER, APPROVER = ["insurer_reviewer"], ["insurer_approver"]
WATCHERS = ["insurer_manager", "county_recheck", "county_inspector", "county_director", "auditor"]


@router.get(
    "/review-queue",
    openapi_extra=access(
        [*REVIEWER, *APPROVER, *WATCHERS], command="read_review_queue", scope="institution", personal=True
    ),
)
async def read_queue(
    pool_code: Pool, unit: UnitDep, institution_code: str | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ClaimOut]:
    """Claims that wait for review, oldest first; without those that this person may not decide."""
    key = read_cursor(cursor, date.fromisoformat, UUID)
    actor = unit.actor
    claims = await store.queue(
        unit.conn,
        unit.pool_code,
        institution=institution_code,
        not_of=actor.home_institution,
        not_household=UUID(actor.household_id) if actor.household_id else None,
        not_by=actor.subject,
        after=(key[0], key[1]) if key else None,
        limit=limit + 1,
    )
    shown = claims[:limit]
    following = encode_cursor(shown[-1].settled_on, shown[-1].id) if len(claims) > limit else None
    return Page[ClaimOut](items=[ClaimOut.model_validate(view(claim)) for claim in shown], next_cursor=following)


def _told(unit: Unit, review: Review) -> ReviewOut:
    return ReviewOut.model_validate(
        {
            "claim": view(review.claim),
            "decision": review.decision,
            "reviewer": review.reviewer,
            "decided_at": unit.now,
            "cut": review.cut_fen,
            "taken_back": review.taken_back,
        }
    )


_DECISION = (CLAIM_UNKNOWN, NOT_UNDER_REVIEW, FOUR_EYES, CONFLICT_OF_INTEREST)


@router.post(
    "/claims/{claim_id}/approval",
    openapi_extra=access(REVIEWER, command="approve_claim", scope="institution"),
    responses=documented(*_DECISION, CUT_BEARER, CUT_LINE, CUT_TOO_LARGE),
)
async def approve_claim(pool_code: Pool, claim_id: ShortId, body: ApprovalIn, unit: UnitDep) -> ReviewOut:
    """Accepts a claim, less the cuts."""
    cuts = [WantedCut(c.line, c.bearer, c.amount, c.fund_share, c.penalty, c.reason) for c in body.cuts]
    return _told(unit, await commands.approve(unit, claim_id, cuts, body.note))


@router.post(
    "/claims/{claim_id}/rejection",
    openapi_extra=access(REVIEWER, command="reject_claim", scope="institution"),
    responses=documented(*_DECISION, REJECTION_BEARER),
)
async def reject_claim(pool_code: Pool, claim_id: ShortId, body: RejectionIn, unit: UnitDep) -> ReviewOut:
    """Refuses a claim as a whole."""
    return _told(unit, await commands.reject(unit, claim_id, body.ground, body.bearer, body.note))


@router.post(
    "/claims/{claim_id}/return",
    openapi_extra=access(REVIEWER, command="return_claim", scope="institution"),
    responses=documented(*_DECISION),
)
async def return_claim(pool_code: Pool, claim_id: ShortId, body: ReturnIn, unit: UnitDep) -> ReviewOut:
    """Sends a claim back to its hospital."""
    return _told(unit, await commands.send_back(unit, claim_id, body.ground, body.note))


@router.post(
    "/claims/{claim_id}/cancellation-release",
    openapi_extra=access(["county_recheck", "county_director"], command="release_cancellation"),
    status_code=201,
    responses=documented(CLAIM_UNKNOWN, CLAIM_CANCELLED, CLAIM_RELEASED, CANCELLATION_RELEASED, CONFLICT_OF_INTEREST),
)
async def release_cancellation(
    pool_code: Pool, claim_id: ShortId, body: CancellationReleaseIn, unit: UnitDep
) -> CancellationReleaseOut:
    """Lets the hospital cancel a claim on which a later one of another hospital stands; that one is then listed."""
    await commands.release_cancellation(unit, claim_id, body.reason)
    return CancellationReleaseOut(
        claim_id=claim_id, reason=body.reason, released_at=unit.now, released_by=unit.actor.subject
    )


def _cutoff(cutoff: Cutoff) -> CutoffOut:
    return CutoffOut(
        cutoff_id=cutoff.id,
        institution_code=cutoff.institution_code,
        up_to=cutoff.up_to,
        claims=cutoff.claims,
        amount=cutoff.amount_fen,
        released_at=cutoff.released_at,
        released_by=cutoff.released_by,
    )


@router.post(
    "/cutoffs",
    openapi_extra=access(APPROVER, command="release_claims", scope="institution"),
    status_code=201,
    responses=documented(NOTHING_TO_RELEASE, FOUR_EYES),
)
async def release_claims(pool_code: Pool, body: CutoffIn, unit: UnitDep) -> CutoffOut:
    """Releases what is approved of a hospital; by another person than the reviewer."""
    return _cutoff(await commands.cut_off(unit, body.institution_code, body.up_to))


@router.post(
    "/window-cutoffs",
    openapi_extra=access(APPROVER, command="release_window_claims", scope="institution"),
    status_code=201,
    responses=documented(NOTHING_TO_RELEASE, FOUR_EYES),
)
async def release_window_claims(pool_code: Pool, body: CutoffIn, unit: UnitDep) -> list[CutoffOut]:
    """Releases what is approved of window claims of a hospital's care, each payable to its person."""
    return [_cutoff(one) for one in await commands.cut_off_window(unit, body.institution_code, body.up_to)]


@router.get(
    "/cutoffs",
    openapi_extra=access(
        ["hospital", *REVIEWER, *APPROVER, "insurer_finance", *WATCHERS, "county_finance"],
        command="list_cutoffs",
        scope="institution",
    )
    | sheets.CUTOFFS,
)
async def list_cutoffs(
    pool_code: Pool, unit: UnitDep, institution_code: str | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[CutoffOut]:
    """Cut-offs, the newest first."""
    key = read_cursor(cursor, UUID)
    before = key[0] if key else None
    rows = await store.cutoffs(unit.conn, unit.pool_code, institution_code, before, limit + 1)
    following = encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return Page[CutoffOut](items=[_cutoff(row) for row in rows[:limit]], next_cursor=following)


@router.get(
    "/cutoffs/{cutoff_id}",
    openapi_extra=access(
        ["hospital", *REVIEWER, *APPROVER, "insurer_finance", *WATCHERS, "county_finance"],
        command="read_cutoff",
        scope="institution",
    ),
    responses=documented(CUTOFF_UNKNOWN),
)
async def read_cutoff(pool_code: Pool, cutoff_id: UUID, unit: UnitDep) -> CutoffOut:
    """One cut-off."""
    cutoff = await store.has_cutoff(unit.conn, unit.pool_code, cutoff_id)
    if cutoff is None:
        raise CUTOFF_UNKNOWN(cutoff_id=cutoff_id)
    return _cutoff(cutoff)


@router.post(
    "/days/{day}/close",
    openapi_extra=access(["county_director", "service"], command="close_day"),
    responses=documented(DAY_CLOSED_ALREADY, DAY_NOT_OVER),
)
async def close_day(pool_code: Pool, day: date, unit: UnitDep) -> DayOut:
    """Closes a business day of claims and publishes its totals."""
    totals = await commands.close_day(unit, day)
    return DayOut(day=day, totals=[TypeSum(type=t.type, count=t.count, amount=t.amount_fen) for t in totals])
