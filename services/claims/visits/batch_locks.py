"""Keys and locks of a settlement batch in the order of contracts §4, and what is read under them."""

from dataclasses import replace
from itertools import chain
from uuid import UUID

from services.claims.catalogue.queries import catalogue_items
from services.claims.visits import cancelling_store, counting_store, keys_store
from services.claims.visits import settling_store as store
from services.claims.visits.batch_facts import in_doubt, trusted
from services.claims.visits.batch_state import Batch, Replayed, SettleAsk, Slot
from services.claims.visits.coalescer import LEAVE, Leave
from services.claims.visits.counters import in_lock_order
from services.claims.visits.coverage import Coverage
from services.claims.visits.deciding import Visit
from services.claims.visits.insured import insured
from shared.db.business_day import later_day
from shared.http.problems import KEY_REUSED


async def take_keys(batch: Batch, *, patient: bool) -> None:
    """Makes the keys ours and holds the business day open; keys that another transaction holds leave, those used
    before replay.

    Requests refused by their facts take part: a key used before is answered as before, whatever became of the facts.
    """
    seen: set[tuple[str, str]] = set()
    for slot in batch.slots:
        if slot.key_name in seen:
            slot.outcome = LEAVE  # the same key twice in one batch: the second waits for the first
        seen.add(slot.key_name)
    wanted = [slot for slot in batch.slots if not isinstance(slot.outcome, Leave)]
    if patient:
        await keys_store.wait_for_key(batch.conn, wanted[0].key)
    ours, first_open = await keys_store.take_keys(batch.conn, batch.pool_code, [slot.key for slot in wanted], batch.now)
    batch.day = later_day(batch.now, first_open)
    batch.keyed = [slot for slot in wanted if slot.key_name in ours]
    await _replay(batch, [slot for slot in wanted if slot.key_name not in ours])


async def _replay(batch: Batch, used: list[Slot]) -> None:
    """Answers requests whose key was used before; those whose key is held elsewhere leave."""
    if not used:
        return
    known = await keys_store.read_keys(batch.conn, batch.pool_code, [slot.key for slot in used])
    for slot in used:
        row = known.get(slot.key_name)
        if row is None:
            slot.outcome = LEAVE  # in flight, or its request was refused this moment
        elif row.request_hash != slot.key.request_hash:
            slot.outcome = KEY_REUSED()
        else:
            slot.outcome = Replayed(row.answered)


async def lock(batch: Batch) -> None:
    """Accumulators, visits, claims, in the order of contracts §4, and what is read under them."""
    settling, cancelling = batch.settling(), batch.cancelling()
    for slot in settling:
        assert slot.ground is not None
        slot.keys = slot.ground.keys(batch.day)
        slot.refs = [slot.ground.owners.ref(key) for key in slot.keys]
    refs = in_lock_order(ref for slot in batch.going() for ref in slot.refs)
    conn, pool_code = batch.conn, batch.pool_code
    visits = {slot.visit_id for slot in batch.going()}
    cancelled = {slot.head.id for slot in cancelling if slot.head is not None}
    locked = await store.lock_batch(conn, pool_code, refs, visits, cancelled)
    batch.counters.rows = locked.rows
    batch.claims = {claim.id: claim for claim in locked.claims}
    if cancelling:
        of_cancelled = in_lock_order(ref for slot in cancelling for ref in slot.refs)
        batch.counters.earlier = await counting_store.entries_on(conn, pool_code, of_cancelled)
        await _reread_increases(batch, cancelling)
    await _reread(batch, settling, locked.visits)
    await _count_insured(batch)
    uploaded = {slot.visit_id for slot in batch.settling() if slot.ground and slot.ground.visit.line_sheets}
    if uploaded:
        batch.sheets = await store.uploaded_sheets(conn, pool_code, uploaded)
    await _gather_items(batch)


async def _reread_increases(batch: Batch, cancelling: list[Slot]) -> None:
    """What late decisions gave more, as it is under the locks of its claims. One that was not known when the
    accumulators to lock were looked up waits like one that is not paid: the request comes again."""
    before = {slot.head.id: slot.head for slot in cancelling if slot.head is not None}
    now = await cancelling_store.with_increases(batch.conn, batch.pool_code, before.values())
    for slot in cancelling:
        assert slot.head is not None
        known, found = before[slot.head.id].standing, now[slot.head.id].standing
        unpaid = found.increase_unpaid or known.increases != found.increases
        slot.head = replace(slot.head, standing=replace(found, increase_unpaid=unpaid))


async def _reread(batch: Batch, settling: list[Slot], locked: dict[UUID, store.LockedVisit]) -> None:
    """The facts as they are under the locks; coverage that no longer says covered is asked for."""
    moved: list[Slot] = []
    for slot in settling:
        assert slot.ground is not None
        known, now = slot.ground, locked[slot.visit_id]
        if not now.same_facts(known.visit, known.coverage):
            moved.append(slot)
        else:
            visit = known.visit.as_of(now.status, now.discharged_at, now.line_sheets)
            if visit is not known.visit:
                slot.ground = replace(known, visit=visit)
    if moved:
        found = await store.visits_with_coverage(batch.conn, batch.pool_code, {slot.visit_id for slot in moved})
        for slot in moved:
            _moved(batch, slot, *found[slot.visit_id])


def _moved(batch: Batch, slot: Slot, visit: Visit, coverage: Coverage | None) -> None:
    """Coverage was replaced between the first reading and the locks."""
    assert slot.ground is not None
    household = slot.ground.coverage.household_id
    if coverage is None or coverage.household_id != household or not trusted(batch, slot, visit, coverage):
        slot.outcome = in_doubt(visit)
    else:
        slot.ground = replace(slot.ground, visit=visit, coverage=coverage)


async def _count_insured(batch: Batch) -> None:
    """The insured members of the households of which a cap asks for them; no statement where none does."""
    wanted = {
        slot: asked for slot in batch.settling() if slot.ground and (asked := slot.ground.household_years(batch.day))
    }
    found = await insured(batch.conn, batch.pool_code, set(chain.from_iterable(wanted.values())))
    for slot, asked in wanted.items():
        assert slot.ground is not None
        slot.ground = replace(slot.ground, insured={year: found[household, year] for household, year in asked})


async def _gather_items(batch: Batch) -> None:
    """The catalogue's entries of every line, a version at a time (one, as a rule, and none once they are known)."""
    codes: dict[str, set[str]] = {}
    for slot in batch.settling():
        assert slot.ground is not None
        assert isinstance(slot.ask, SettleAsk)
        inline = slot.ask.inline
        bills = [inline] if inline is not None else [bill for _, bill in batch.sheets.get(slot.visit_id, ())]
        for bill in bills:
            codes.setdefault(slot.ground.catalogue_version, set()).update(bill.codes)
    for version, wanted in codes.items():
        batch.items[version] = await catalogue_items(batch.conn, version, wanted)
