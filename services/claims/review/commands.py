"""Decisions of the review. Each takes the request's transaction and never commits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.claims.review import store
from services.claims.review.problems import CANCELLATION_RELEASED, NOT_UNDER_REVIEW, NOTHING_TO_RELEASE
from services.claims.review.rules import (
    NOBODY,
    TAKEN_BACK,
    WantedCut,
    check_bearer,
    check_cuts,
    check_releaser,
    check_reviewer,
    check_tie,
    payable_layers,
)
from services.claims.review.store import Approved, Cutoff, Review
from services.claims.visits import queries
from services.claims.visits.claims import (
    APPROVED,
    CANCELLABLE,
    REJECTED,
    RETURNED,
    SETTLED,
    VOID,
    Claim,
    told_layers,
)
from services.claims.visits.deciding import TO_HOSPITAL, TO_PERSON
from services.claims.visits.problems import CLAIM_CANCELLED, CLAIM_RELEASED, CLAIM_UNKNOWN, STATUS_WORDS
from services.claims.visits.telling import head_of
from shared.contracts.base import EventPayload
from shared.contracts.claims import (
    Bearer,
    ClaimApproved,
    ClaimRejected,
    ClaimReleased,
    ClaimReturned,
    Cut,
    DayClosed,
    Ground,
    TypeTotal,
)
from shared.http.unit import Unit
from shared.kernel.ids import new_id
from shared.messaging.closing import ClosedDay, close_days
from shared.messaging.outbox import DayTotal, Outgoing, emit, emit_many

SERVICE = "claims"


async def _under_review(unit: Unit, claim_id: UUID) -> Claim:
    """Locks a claim that waits for review and that this reviewer may decide. Raises what forbids it."""
    claim = await queries.lock_claim(unit.conn, unit.pool_code, claim_id)
    if claim is None:
        raise CLAIM_UNKNOWN(claim_id=claim_id)
    check_reviewer(unit.actor, claim)
    if claim.status != SETTLED:
        raise NOT_UNDER_REVIEW(claim_id=claim_id, status=STATUS_WORDS[claim.status])
    return claim


async def _decide(unit: Unit, review: Review, payload: EventPayload, amount_fen: int) -> Review:
    """Writes a decision and tells it."""
    day = await unit.business_day()
    await store.write(unit.conn, unit.pool_code, review, now=unit.now, day=day)
    await emit(
        unit.conn,
        payload,
        pool_code=unit.pool_code,
        subject=str(review.claim.id),
        sequence=review.claim.version,
        business_day=day,
        now=unit.now,
        service=SERVICE,
        amount_fen=amount_fen,
    )
    unit.result("claim", review.claim.id)
    unit.note(decision=review.decision, payable_fen=review.claim.payable_fen)
    return review


async def approve(unit: Unit, claim_id: UUID, cuts: Sequence[WantedCut], note: str) -> Review:
    """Accepts a claim less the cuts, which who is owed bears; a cut that nobody bears withholds nothing (0274).

    The patient's benefit and accumulators stay as delivered (rulings §1). Raises CLAIM_UNKNOWN, NOT_UNDER_REVIEW,
    CUT_BEARER, CUT_LINE, CUT_TOO_LARGE, FOUR_EYES, CONFLICT_OF_INTEREST.
    """
    await unit.business_day()
    claim = await _under_review(unit, claim_id)
    check_cuts(claim, await queries.line_amounts(unit.conn, unit.pool_code, claim_id), cuts)
    withheld = sum(cut.fund_share_fen for cut in cuts if cut.bearer != NOBODY)
    layers = payable_layers(claim, withheld)
    payable_fen = claim.fund_fen - withheld
    decided = replace(claim, status=APPROVED, version=claim.version + 1, payable_fen=payable_fen)
    told = [
        Cut(
            number=number,
            line=cut.line,
            bearer=cut.bearer,
            amount=cut.amount_fen,
            fund_share=cut.fund_share_fen,
            patient_owed=cut.patient_owed_fen,
        )
        for number, cut in enumerate(cuts, start=1)
    ]
    payload = ClaimApproved(
        **head_of(decided, unit.now),
        approved=decided.payable_fen,
        cut=withheld,
        cuts=told,
        layers=told_layers(layers),
    )
    review = Review(decided, "approved", unit.actor.subject, note, None, cuts, layers, taken_back=False)
    return await _decide(unit, review, payload, decided.payable_fen)


async def reject(unit: Unit, claim_id: UUID, ground: Ground, bearer: Bearer, note: str) -> Review:
    """Refuses a claim as a whole, borne by who is owed; fictitious care, or care that was not his, is taken from the
    person's counts. Raises CLAIM_UNKNOWN, NOT_UNDER_REVIEW, REJECTION_BEARER, FOUR_EYES, CONFLICT_OF_INTEREST."""
    day = await unit.business_day()
    taken_back = ground in TAKEN_BACK
    if taken_back:
        await queries.take_back_counts(unit.conn, unit.pool_code, claim_id, day)
    claim = await _under_review(unit, claim_id)
    check_bearer(claim, bearer)
    decided = replace(claim, status=REJECTED, version=claim.version + 1, payable_fen=0)
    payload = ClaimRejected(**head_of(decided, unit.now), bearer=bearer, ground=ground, taken_back=taken_back)
    text = f"{ground}: {note}"
    review = Review(decided, "rejected", unit.actor.subject, text, bearer, (), [], taken_back=taken_back)
    return await _decide(unit, review, payload, claim.fund_fen)


async def send_back(unit: Unit, claim_id: UUID, ground: Ground, note: str) -> Review:
    """Returns a claim to the hospital, which cancels it and settles again."""
    await unit.business_day()
    claim = await _under_review(unit, claim_id)
    decided = replace(claim, status=RETURNED, version=claim.version + 1, payable_fen=0)
    payload = ClaimReturned(**head_of(decided, unit.now), ground=ground)
    review = Review(decided, "returned", unit.actor.subject, f"{ground}: {note}", None, (), [], taken_back=False)
    return await _decide(unit, review, payload, claim.fund_fen)


async def release_cancellation(unit: Unit, claim_id: UUID, reason: str) -> Claim:
    """Lets a hospital cancel a claim on which a claim of another hospital stands; that one is then listed (rulings §2).

    Raises CLAIM_UNKNOWN, CLAIM_CANCELLED, CLAIM_RELEASED, CANCELLATION_RELEASED, CONFLICT_OF_INTEREST.
    """
    claim = await queries.lock_claim(unit.conn, unit.pool_code, claim_id)
    if claim is None:
        raise CLAIM_UNKNOWN(claim_id=claim_id)
    check_tie(unit.actor, claim)
    if claim.status in VOID:
        raise CLAIM_CANCELLED(claim_id=claim_id)
    if claim.status not in CANCELLABLE:
        raise CLAIM_RELEASED(claim_id=claim_id)
    if not await store.release_cancellation(unit.conn, unit.pool_code, claim, reason, unit.actor.subject, unit.now):
        raise CANCELLATION_RELEASED(claim_id=claim_id)
    unit.result("claim", claim_id)
    return claim


async def cut_off(unit: Unit, institution_code: str, up_to: date) -> Cutoff:
    """Releases what is approved of a hospital: payable from now on, as one cut-off (contracts §8).

    Raises NOTHING_TO_RELEASE, and FOUR_EYES or CONFLICT_OF_INTEREST where this person must stay out of one of them.
    """
    approved = await _approved(unit, institution_code, up_to, TO_HOSPITAL)
    cutoff = await _cut(unit, institution_code, up_to, approved)
    unit.result("cutoff", cutoff.id)
    unit.note(claims=cutoff.claims, amount_fen=cutoff.amount_fen)
    return cutoff


async def cut_off_window(unit: Unit, institution_code: str, up_to: date) -> list[Cutoff]:
    """Releases what is approved of window claims of a hospital's care, a cut-off each: a person without a bank account
    holds up nobody else. Raises what ``cut_off`` raises."""
    approved = await _approved(unit, institution_code, up_to, TO_PERSON)
    made = [await _cut(unit, institution_code, up_to, [one]) for one in approved]
    unit.result("cutoff", made[0].id)
    unit.note(claims=len(made), amount_fen=sum(one.amount_fen for one in made))
    return made


async def _approved(unit: Unit, institution_code: str, up_to: date, paid_to: str) -> list[Approved]:
    await unit.business_day()
    approved = await store.lock_approved(unit.conn, unit.pool_code, institution_code, up_to, paid_to)
    if not approved:
        raise NOTHING_TO_RELEASE(institution_code=institution_code, up_to=up_to)
    for one in approved:
        check_releaser(unit.actor, one.claim, one.reviewer)
    return approved


async def _cut(unit: Unit, institution_code: str, up_to: date, approved: Sequence[Approved]) -> Cutoff:
    day = await unit.business_day()
    cutoff = Cutoff(
        id=new_id(unit.now),
        institution_code=institution_code,
        up_to=up_to,
        claims=len(approved),
        amount_fen=sum(one.claim.payable_fen for one in approved),
        released_at=unit.now,
        released_by=unit.actor.subject,
    )
    await store.release(unit.conn, unit.pool_code, cutoff, [one.claim.id for one in approved], day=day)
    await emit_many(unit.conn, [_released(unit, cutoff, one, day) for one in approved])
    return cutoff


def _released(unit: Unit, cutoff: Cutoff, one: Approved, day: date) -> Outgoing:
    payload = ClaimReleased(
        **head_of(one.claim, unit.now),
        cutoff_id=cutoff.id,
        cutoff_count=cutoff.claims,
        cutoff_amount=cutoff.amount_fen,
        approved=one.claim.payable_fen,
        layers=told_layers(one.layers),
    )
    return Outgoing(
        payload=payload,
        pool_code=unit.pool_code,
        subject=str(one.claim.id),
        sequence=one.claim.version + 1,
        business_day=day,
        now=unit.now,
        service=SERVICE,
        amount_fen=one.claim.payable_fen,
    )


async def close_day(unit: Unit, day: date) -> list[DayTotal]:
    """Closes every open day through ``day`` and tells their totals; returns those of ``day`` (contracts §10)."""

    def told(closed: ClosedDay) -> DayClosed:
        totals = [TypeTotal(type=t.type, count=t.count, amount=t.amount_fen) for t in closed.totals]
        return DayClosed(day=closed.day, totals=totals, at=unit.now)

    closed = await close_days(unit.conn, unit.pool_code, day, unit.now, service=SERVICE, tell=told)
    unit.result("day", day)
    unit.note(days=len(closed))
    return closed[-1].totals
