"""What each request of a settlement batch stands on, read without a lock (contracts §4)."""

from services.claims.providers.queries import Reference
from services.claims.visits import cancelling_store
from services.claims.visits import settling_store as store
from services.claims.visits.batch_state import Batch, CancelAsk, InDoubt, SettleAsk, Slot
from services.claims.visits.coverage import Coverage
from services.claims.visits.deciding import INTAKE, Ground, Visit, serves
from services.claims.visits.problems import CLAIM_UNKNOWN, VISIT_NOT_YOURS, VISIT_UNKNOWN
from shared.kernel.errors import Problem


async def gather(batch: Batch) -> None:
    """Visits, coverage, rules of settlements; heads and entries of cancellations."""
    settling, cancelling = batch.settling(), batch.cancelling()
    if settling:
        batch.fresh = await batch.freshness.is_fresh(batch.conn)
        found = await store.visits_with_rules(batch.conn, batch.pool_code, {slot.visit_id for slot in settling})
        for slot in settling:
            _place(batch, slot, found.get(slot.visit_id))
    if cancelling:
        await _gather_heads(batch, cancelling)


def _place(batch: Batch, slot: Slot, found: tuple[Visit, Coverage | None, Reference | Problem] | None) -> None:
    """What a settlement stands on. A visit of another institution of the batch is none of this caller's; one whose
    coverage is in doubt leaves."""
    if found is None or not _sees(slot, found[0].institution_code):
        slot.outcome = VISIT_UNKNOWN(visit_id=slot.visit_id)
        return
    visit, coverage, reference = found
    if not serves(slot.ask.request.actor.role, visit.channel):
        slot.outcome = VISIT_NOT_YOURS(visit_id=visit.id)
    elif isinstance(reference, Problem):
        slot.outcome = reference
    elif coverage is None or not trusted(batch, slot, visit, coverage):
        slot.outcome = in_doubt(visit)
    else:
        assert isinstance(slot.ask, SettleAsk)
        slot.ground = Ground(
            visit,
            coverage,
            reference.policy,
            reference.institution,
            reference.catalogue_version,
            slot.ask.from_account_fen,
            slot.ask.off_path,
        )


def in_doubt(visit: Visit) -> InDoubt:
    """The member is to be asked for, and the mother of a newborn."""
    return InDoubt((visit.member_id,) if visit.mother_id is None else (visit.member_id, visit.mother_id))


def _sees(slot: Slot, institution_code: str) -> bool:
    own = slot.ask.request.scope.institutions
    return "*" in own or institution_code in own


def trusted(batch: Batch, slot: Slot, visit: Visit, coverage: Coverage) -> bool:
    """Covered on the day of admission, as a fresh stream says or enrollment itself answered (contracts §7)."""
    assert isinstance(slot.ask, SettleAsk)
    return slot.ask.asked or (batch.fresh and coverage.may_be_relied_on(visit.admitted_on))


async def _gather_heads(batch: Batch, cancelling: list[Slot]) -> None:
    wanted = {slot.ask.claim_id for slot in cancelling if isinstance(slot.ask, CancelAsk)}
    heads = await cancelling_store.claim_heads(batch.conn, batch.pool_code, wanted)
    heads = await cancelling_store.with_increases(batch.conn, batch.pool_code, heads.values())
    refs = await cancelling_store.refs_of_claims(batch.conn, batch.pool_code, heads.values())
    for slot in cancelling:
        assert isinstance(slot.ask, CancelAsk)
        head = heads.get(slot.ask.claim_id)
        if head is None or not _sees(slot, head.institution_code):
            slot.outcome = CLAIM_UNKNOWN(claim_id=slot.ask.claim_id)
        elif not _may_cancel(slot.ask.request.actor.role, head):
            slot.outcome = VISIT_NOT_YOURS(visit_id=head.visit_id)
        else:
            slot.head = head
            slot.refs = refs.get(head.id, [])


def _may_cancel(role: str, head: cancelling_store.ClaimHead) -> bool:
    """Each desk cancels what it entered; the window also a hospital's claim that the county office has released."""
    return serves(role, head.channel) or (role == INTAKE and head.standing.released)
