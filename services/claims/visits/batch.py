"""One transaction for the settlements and cancellations that wait at the same moment (contracts §4).

In this order: facts of each request, without a lock ▸ idempotency keys (try-locks, then sorted inserts) ▸ business day
▸ accumulators, visits, claims ▸ re-read and decide in order of arrival ▸ write ▸ drop the keys of refusals ▸ commit.
The number of statements does not depend on the number of requests.
"""

import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.claims.benefits.engine import BadClaim
from services.claims.benefits.model import AccumulatorKey, Item
from services.claims.catalogue.queries import catalogue_items
from services.claims.providers.queries import Reference
from services.claims.visits import settling_store as store
from services.claims.visits.bill import Bill, joined
from services.claims.visits.claims import REVERSED, VOID, Claim, settled_sheets, view
from services.claims.visits.coalescer import LEAVE, CommitDoubtful, Leave
from services.claims.visits.counters import Counters, Ref, in_lock_order
from services.claims.visits.coverage import CONSUMER, Coverage
from services.claims.visits.deciding import INTAKE, Decided, Ground, Visit, cancel, serves, settle
from services.claims.visits.problems import BAD_CLAIM, CLAIM_UNKNOWN, VISIT_NOT_YOURS, VISIT_UNKNOWN, bad_claim_words
from services.claims.visits.reversing import Standing, negative
from services.claims.visits.settling_store import Cancelled
from services.claims.visits.telling import settled_event, voided_event
from shared.contracts.base import EventPayload
from shared.contracts.enrollment import COVERAGE_TOPIC
from shared.db import audit
from shared.db.business_day import later_day
from shared.db.numbers import NumberStock
from shared.db.scope import EVERY_INSTITUTION, Scope, set_scope
from shared.db.sql import Statement, execute_together
from shared.http import failures, idempotency
from shared.http.idempotency import Answered
from shared.http.problems import KEY_IN_FLIGHT, KEY_REUSED
from shared.http.unit import CoalescedRequest
from shared.kernel import faults
from shared.kernel.errors import Problem
from shared.kernel.ids import new_id
from shared.messaging.heartbeat import STALE_AFTER, fresh_until
from shared.messaging.outbox import WAKE_RELAY, Outgoing, insertion

SERVICE = "claims"
_HEARD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SettleAsk:
    """A settlement asked for. ``asked``: enrollment was asked already, and what is stored is its answer."""

    request: CoalescedRequest
    visit_id: UUID
    inline: Bill | None
    traceparent: str | None = None
    asked: bool = False
    from_account_fen: int = 0
    midway: bool = False
    off_path: str = ""


@dataclass(frozen=True, slots=True)
class CancelAsk:
    """A cancellation asked for."""

    request: CoalescedRequest
    claim_id: UUID
    reason: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The key was used before for the same request."""

    answered: Answered


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Coverage cannot be told from here: ask enrollment of these, then come again. Nothing stays locked or written."""

    members: tuple[UUID, ...]


Ask = SettleAsk | CancelAsk
Reply = Answered | Replayed | InDoubt
Outcome = Reply | Exception | Leave


@dataclass(slots=True, eq=False)
class _Slot:
    """One request in the batch; with an outcome it has left, whatever the outcome is."""

    ask: Ask
    outcome: Outcome | None = None
    ground: Ground | None = None
    head: store.ClaimHead | None = None
    keys: tuple[AccumulatorKey, ...] = ()
    refs: list[Ref] = field(default_factory=list)
    decided: Decided | None = None
    cancelled: Cancelled | None = None

    @property
    def key(self) -> idempotency.Claim:
        return self.ask.request.claim

    @property
    def key_name(self) -> tuple[str, str]:
        """The key within the pool; tuples sort as contracts §4 wants the inserts."""
        return self.key.subject, self.key.key

    @property
    def visit_id(self) -> UUID:
        """The visit to lock."""
        return self.ask.visit_id if isinstance(self.ask, SettleAsk) else self.head.visit_id  # type: ignore[union-attr]


class Freshness:
    """Whether the coverage stream is fresh. What was heard once stays heard, so a time is used again for a while."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._read_at = float("-inf")

    async def is_fresh(self, conn: AsyncConnection) -> bool:
        """Whether every partition was heard of within ten minutes of real time (contracts §7)."""
        real_now = datetime.now(UTC)  # real time: heartbeats keep to it
        known = self._until if time.monotonic() - self._read_at < _HEARD_SECONDS else None
        if known is None or real_now - known > STALE_AFTER:
            known = self._until = await fresh_until(conn, CONSUMER, COVERAGE_TOPIC)
            self._read_at = time.monotonic()
        return known is not None and real_now - known <= STALE_AFTER


@dataclass(slots=True)
class _Batch:
    """What a transaction has at hand."""

    conn: AsyncConnection
    pool_code: str
    slots: list[_Slot]
    now: datetime
    freshness: Freshness
    day: date = date.min
    fresh: bool = False
    keyed: list[_Slot] = field(default_factory=list)
    items: dict[str, Mapping[str, Item]] = field(default_factory=dict)
    bills: dict[UUID, list[tuple[int, Bill]]] = field(default_factory=dict)
    claims: dict[UUID, Claim] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    numbers: Iterator[str] = field(default_factory=lambda: iter(()))

    def going(self) -> list[_Slot]:
        """Those that have not left, in order of arrival."""
        return [slot for slot in self.slots if slot.outcome is None]

    def settling(self) -> list[_Slot]:
        """Those going that settle."""
        return [slot for slot in self.going() if isinstance(slot.ask, SettleAsk)]

    def live(self, visit_id: UUID) -> list[Claim]:
        """The claims of a visit that are not cancelled, as they stand now: one, or the parts of a stay."""
        return [one for one in self.claims.values() if one.visit_id == visit_id and one.status not in VOID]

    def uploaded(self, visit_id: UUID) -> Bill | None:
        """What is uploaded of a visit and not settled as things stand now, after what this batch has decided."""
        settled = settled_sheets(self.live(visit_id))
        bills = [bill for sheet, bill in self.bills.get(visit_id, ()) if sheet > settled]
        return joined(bills) if bills else None

    def cancelling(self) -> list[_Slot]:
        """Those going that cancel."""
        return [slot for slot in self.going() if isinstance(slot.ask, CancelAsk)]


class SettlementRun:
    """The coalescer's run over one process's engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._freshness = Freshness()
        self._numbers = NumberStock(engine)

    async def __call__(self, lane: Hashable, requests: Sequence[Ask], *, patient: bool = False) -> list[Outcome]:
        """Decides and writes a batch; see ``coalescer.Run``. The lane is (pool, role)."""
        assert isinstance(lane, tuple)
        pool_code, role = lane
        now = max(ask.request.now for ask in requests)
        await self._numbers.fill(pool_code, sum(isinstance(ask, SettleAsk) for ask in requests), now)
        async with self._engine.connect() as conn:
            await set_scope(conn, Scope(role, (pool_code,), _institutions(requests)), same_plans=True)
            batch = _Batch(conn, pool_code, [_Slot(ask) for ask in requests], now, self._freshness)
            try:
                await _run(batch, self._numbers, patient=patient)
            except Exception as error:
                if patient and failures.waited_too_long(error):
                    raise KEY_IN_FLIGHT(retry_after_seconds=1) from error
                raise
            faults.point("coalescer.inside_batch")
            try:
                await conn.commit()
            except Exception as error:
                if failures.connection_lost(error):
                    raise CommitDoubtful from error
                raise
        return [slot.outcome if slot.outcome is not None else _UNDECIDED for slot in batch.slots]


_UNDECIDED = RuntimeError("a request left the batch without an answer")


def _institutions(asks: Iterable[Ask]) -> tuple[str, ...]:
    """The row scope of the batch: every institution that one of its requests may see."""
    found = {code for ask in asks for code in ask.request.scope.institutions}
    return EVERY_INSTITUTION if "*" in found else tuple(sorted(found))


async def _run(batch: _Batch, stock: NumberStock, *, patient: bool) -> None:
    """All of the transaction but its commit."""
    await _gather(batch)
    await _take_keys(batch, patient=patient)
    if batch.going():
        wanted = len(batch.settling()) + sum(
            s.head is not None and s.head.standing.reversal_released for s in batch.going()
        )
        batch.numbers = iter(await stock.draw(batch.conn, batch.pool_code, batch.day, wanted) if wanted else ())
        await _lock(batch)
        for slot in batch.going():
            _decide_or_refuse(batch, slot)
    await _write(batch)


# ---------------------------------------------------------------- facts, without a lock


async def _gather(batch: _Batch) -> None:
    """Visits, coverage, rules of settlements; heads and entries of cancellations."""
    settling, cancelling = batch.settling(), batch.cancelling()
    if settling:
        batch.fresh = await batch.freshness.is_fresh(batch.conn)
        found = await store.visits_with_rules(batch.conn, batch.pool_code, {slot.visit_id for slot in settling})
        for slot in settling:
            _place(batch, slot, found.get(slot.visit_id))
    if cancelling:
        await _gather_heads(batch, cancelling)


def _place(batch: _Batch, slot: _Slot, found: tuple[Visit, Coverage | None, Reference | Problem] | None) -> None:
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
    elif coverage is None or not _trusted(batch, slot, visit, coverage):
        slot.outcome = _in_doubt(visit)
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


def _in_doubt(visit: Visit) -> InDoubt:
    """The member is to be asked for, and the mother of a newborn."""
    return InDoubt((visit.member_id,) if visit.mother_id is None else (visit.member_id, visit.mother_id))


def _sees(slot: _Slot, institution_code: str) -> bool:
    own = slot.ask.request.scope.institutions
    return "*" in own or institution_code in own


def _trusted(batch: _Batch, slot: _Slot, visit: Visit, coverage: Coverage) -> bool:
    """Covered on the day of admission, as a fresh stream says or enrollment itself answered (contracts §7)."""
    assert isinstance(slot.ask, SettleAsk)
    return slot.ask.asked or (batch.fresh and coverage.may_be_relied_on(visit.admitted_on))


async def _gather_heads(batch: _Batch, cancelling: list[_Slot]) -> None:
    wanted = {slot.ask.claim_id for slot in cancelling if isinstance(slot.ask, CancelAsk)}
    heads = await store.claim_heads(batch.conn, batch.pool_code, wanted)
    refs = await store.refs_of_claims(batch.conn, batch.pool_code, heads.values())
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


def _may_cancel(role: str, head: store.ClaimHead) -> bool:
    """Each desk cancels what it entered; the window also a hospital's claim that the county office has released."""
    return serves(role, head.channel) or (role == INTAKE and head.standing.released)


# ---------------------------------------------------------------- keys and locks


async def _take_keys(batch: _Batch, *, patient: bool) -> None:
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
        await store.wait_for_key(batch.conn, wanted[0].key)
    ours, first_open = await store.take_keys(batch.conn, batch.pool_code, [slot.key for slot in wanted], batch.now)
    batch.day = later_day(batch.now, first_open)
    batch.keyed = [slot for slot in wanted if slot.key_name in ours]
    await _replay(batch, [slot for slot in wanted if slot.key_name not in ours])


async def _replay(batch: _Batch, used: list[_Slot]) -> None:
    """Answers requests whose key was used before; those whose key is held elsewhere leave."""
    if not used:
        return
    known = await store.read_keys(batch.conn, batch.pool_code, [slot.key for slot in used])
    for slot in used:
        row = known.get(slot.key_name)
        if row is None:
            slot.outcome = LEAVE  # in flight, or its request was refused this moment
        elif row.request_hash != slot.key.request_hash:
            slot.outcome = KEY_REUSED()
        else:
            slot.outcome = Replayed(row.answered)


async def _lock(batch: _Batch) -> None:
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
        batch.counters.earlier = await store.entries_on(conn, pool_code, of_cancelled)
    await _reread(batch, settling, locked.visits)
    uploaded = {slot.visit_id for slot in batch.settling() if slot.ground and slot.ground.visit.line_sheets}
    if uploaded:
        batch.bills = await store.uploaded_bills(conn, pool_code, uploaded)
    await _gather_items(batch)


async def _reread(batch: _Batch, settling: list[_Slot], locked: dict[UUID, store.LockedVisit]) -> None:
    """The facts as they are under the locks; coverage that no longer says covered is asked for."""
    moved: list[_Slot] = []
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


def _moved(batch: _Batch, slot: _Slot, visit: Visit, coverage: Coverage | None) -> None:
    """Coverage was replaced between the first reading and the locks."""
    assert slot.ground is not None
    household = slot.ground.coverage.household_id
    if coverage is None or coverage.household_id != household or not _trusted(batch, slot, visit, coverage):
        slot.outcome = _in_doubt(visit)
    else:
        slot.ground = replace(slot.ground, visit=visit, coverage=coverage)


async def _gather_items(batch: _Batch) -> None:
    """The catalogue's entries of every line, a version at a time (one, as a rule, and none once they are known)."""
    codes: dict[str, set[str]] = {}
    for slot in batch.settling():
        assert slot.ground is not None
        assert isinstance(slot.ask, SettleAsk)
        inline = slot.ask.inline
        bills = [inline] if inline is not None else [bill for _, bill in batch.bills.get(slot.visit_id, ())]
        for bill in bills:
            codes.setdefault(slot.ground.catalogue_version, set()).update(bill.codes)
    for version, wanted in codes.items():
        batch.items[version] = await catalogue_items(batch.conn, version, wanted)


# ---------------------------------------------------------------- decide and write


def _decide_or_refuse(batch: _Batch, slot: _Slot) -> None:
    """Decides one request; a refusal is a result and harms nobody."""
    try:
        _decide(batch, slot)
    except Problem as problem:
        slot.outcome = problem
    except BadClaim as bad:
        slot.outcome = BAD_CLAIM(reason=bad_claim_words(bad))


def _decide(batch: _Batch, slot: _Slot) -> None:
    """Decides one request on what those before it left. Raises the problem that refuses it."""
    if isinstance(slot.ask, SettleAsk):
        assert slot.ground is not None
        slot.decided = settle(
            new_id(batch.now),
            slot.ground,
            slot.keys,
            batch.uploaded(slot.visit_id),
            slot.ask.inline,
            batch.live(slot.visit_id),
            batch.items.get(slot.ground.catalogue_version, {}),
            batch.counters,
            now=batch.now,
            day=batch.day,
            by=slot.ask.request.actor.subject,
            midway=slot.ask.midway,
        )
        claim = slot.decided.claim
        claim.number = next(batch.numbers)
        batch.claims[claim.id] = claim
        slot.outcome = _answer(claim, 201)
    else:
        assert slot.head is not None
        before = batch.claims[slot.ask.claim_id]
        parts = batch.live(before.visit_id)
        actor = slot.ask.request.actor
        standing = replace(slot.head.standing, at_window=actor.role == INTAKE)
        claim, later = cancel(before, parts, batch.counters, standing, now=batch.now)
        done = Cancelled(claim, slot.ask.reason, actor.subject, before.status, before.payable_fen, later)
        slot.cancelled = _reversed(batch, done, standing) if claim.status == REVERSED else done
        batch.claims[claim.id] = slot.cancelled.claim
        slot.outcome = _answer(slot.cancelled.claim, 200)


def _reversed(batch: _Batch, done: Cancelled, standing: Standing) -> Cancelled:
    """A paid claim is taken back by a negative one of today, with a number of its own."""
    made = negative(
        new_id(batch.now), next(batch.numbers), done.claim, standing.reversal_layers or (), done.reason,
        now=batch.now, day=batch.day, by=done.by,
    )  # fmt: skip
    return replace(done, claim=replace(done.claim, reversal_id=made.id), reversal=made)


def _answer(claim: Claim, status: int) -> Answered:
    return Answered(status, orjson.dumps(view(claim)), "claim", str(claim.id))


async def _write(batch: _Batch) -> None:
    """Everything that was decided, and what becomes of the keys, in one statement. Cancellations come before it in one
    of their own: a visit cancelled and settled again in one batch has its live claim once at any moment."""
    conn, pool_code = batch.conn, batch.pool_code
    decided = [slot.decided for slot in batch.slots if slot.decided is not None]
    cancelled = [slot.cancelled for slot in batch.slots if slot.cancelled is not None]
    if cancelled:
        written = store.cancellations_written(pool_code, cancelled, now=batch.now, day=batch.day)
        await execute_together(conn, written)
    statements: list[Statement] = []
    if decided:
        statements += [store.claims_written(pool_code, decided), store.details_written(pool_code, decided)]
    if decided or cancelled:
        statements += [*store.counts_written(pool_code, batch.counters, batch.day), *_published(batch)]
    statements += _keys_kept(batch)
    if statements:
        await execute_together(conn, statements, WAKE_RELAY if decided or cancelled else "SELECT")


def _published(batch: _Batch) -> list[Statement]:
    """The events and audit rows of what was done, each under its own request's name and trace."""
    events: list[Outgoing] = []
    entries: list[audit.Entry] = []
    for slot in batch.slots:
        if slot.decided is not None:
            events.append(_outgoing(batch, slot, slot.decided.claim, settled_event(slot.decided.claim)))
            entries.append(_entry(batch, slot, slot.decided.claim, {"benefit_fen": slot.decided.claim.benefit_fen}))
        elif slot.cancelled is not None:
            done = slot.cancelled
            events.append(_outgoing(batch, slot, done.claim, voided_event(done, batch.now)))
            entries.append(_entry(batch, slot, done.claim, {"stood_on_it": len(done.later)}))
    return [insertion(events), audit.insertion(entries)]


def _keys_kept(batch: _Batch) -> list[Statement]:
    """Keeps the answers with their keys; a refused request may come again with its key."""
    answered = [(slot.key, slot.outcome) for slot in batch.keyed if isinstance(slot.outcome, Answered)]
    refused = [slot.key for slot in batch.keyed if not isinstance(slot.outcome, Answered)]
    statements: list[Statement] = []
    if answered:
        statements.append(idempotency.finishing(batch.pool_code, answered))
    if refused:
        statements.append(idempotency.releasing(batch.pool_code, refused))
    return statements


def _outgoing(batch: _Batch, slot: _Slot, claim: Claim, payload: EventPayload) -> Outgoing:
    return Outgoing(
        payload=payload,
        pool_code=batch.pool_code,
        subject=str(claim.id),
        sequence=claim.version,
        business_day=batch.day,
        now=batch.now,
        service=SERVICE,
        amount_fen=claim.fund_fen,
        traceparent=slot.ask.traceparent,
    )


def _entry(batch: _Batch, slot: _Slot, claim: Claim, facts: dict[str, Any]) -> audit.Entry:
    request = slot.ask.request
    return audit.Entry(
        pool_code=batch.pool_code,
        at=batch.now,
        subject=request.actor.subject,
        role=request.actor.role,
        action=request.command,
        outcome=audit.DONE,
        request_id=request.request_id,
        resource_kind="claim",
        resource_id=str(claim.id),
        detail=facts,
    )
