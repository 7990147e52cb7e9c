"""One transaction for the settlements and cancellations that wait at the same moment (contracts §4).

In this order: facts of each request, without a lock ▸ idempotency keys (try-locks, then sorted inserts) ▸ business day
▸ accumulators, visits, claims ▸ re-read and decide in order of arrival ▸ write ▸ drop the keys of refusals ▸ commit.
The number of statements does not depend on the number of requests.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from services.claims.benefits.engine import BadClaim
from services.claims.visits.batch_facts import gather
from services.claims.visits.batch_locks import lock, take_keys
from services.claims.visits.batch_state import Ask, Batch, Freshness, Outcome, SettleAsk, Slot
from services.claims.visits.batch_writing import write
from services.claims.visits.cancelling import cancel
from services.claims.visits.cancelling_store import Cancelled
from services.claims.visits.claims import REVERSED, Claim, view
from services.claims.visits.coalescer import CommitDoubtful
from services.claims.visits.deciding import INTAKE, settle
from services.claims.visits.problems import BAD_CLAIM, bad_claim_words
from services.claims.visits.reversing import Standing, negative
from shared.db.numbers import NumberStock
from shared.db.scope import EVERY_INSTITUTION, Scope, set_scope
from shared.http import failures
from shared.http.idempotency import Answered
from shared.http.problems import KEY_IN_FLIGHT
from shared.kernel import faults
from shared.kernel.errors import Problem
from shared.kernel.ids import new_id


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
            batch = Batch(conn, pool_code, [Slot(ask) for ask in requests], now, self._freshness)
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


async def _run(batch: Batch, stock: NumberStock, *, patient: bool) -> None:
    """All of the transaction but its commit."""
    await gather(batch)
    await take_keys(batch, patient=patient)
    if batch.going():
        wanted = len(batch.settling()) + sum(
            s.head is not None and s.head.standing.reversal_released for s in batch.going()
        )
        batch.numbers = iter(await stock.draw(batch.conn, batch.pool_code, batch.day, wanted) if wanted else ())
        await lock(batch)
        for slot in batch.going():
            _decide_or_refuse(batch, slot)
    await write(batch)


def _decide_or_refuse(batch: Batch, slot: Slot) -> None:
    """Decides one request; a refusal is a result and harms nobody."""
    try:
        _decide(batch, slot)
    except Problem as problem:
        slot.outcome = problem
    except BadClaim as bad:
        slot.outcome = BAD_CLAIM(reason=bad_claim_words(bad))


def _decide(batch: Batch, slot: Slot) -> None:
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


def _reversed(batch: Batch, done: Cancelled, standing: Standing) -> Cancelled:
    """A paid claim is taken back by a negative one of today, with a number of its own."""
    made = negative(
        new_id(batch.now), next(batch.numbers), done.claim, standing.reversal_layers or (), done.reason,
        now=batch.now, day=batch.day, by=done.by,
    )  # fmt: skip
    claim = replace(done.claim, reversal_id=made.id)
    return replace(done, claim=claim, reversal=made, increases=standing.increases)


def _answer(claim: Claim, status: int) -> Answered:
    return Answered(status, orjson.dumps(view(claim)), "claim", str(claim.id))
