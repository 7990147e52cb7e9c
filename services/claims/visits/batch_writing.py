"""What a settlement batch has decided, written with its events, audit rows and keys in a fixed number of statements."""

from typing import Any

from services.claims.visits import cancelling_store, counting_store
from services.claims.visits import settling_store as store
from services.claims.visits.batch_state import Batch, Slot
from services.claims.visits.claims import Claim
from services.claims.visits.telling import settled_event, voided_event
from shared.contracts.base import EventPayload
from shared.db import audit
from shared.db.sql import Statement, execute_together
from shared.http import idempotency
from shared.http.idempotency import Answered
from shared.messaging.outbox import WAKE_RELAY, Outgoing, insertion

SERVICE = "claims"


async def write(batch: Batch) -> None:
    """Everything that was decided, and what becomes of the keys, in one statement. Cancellations come before it in one
    of their own: a visit cancelled and settled again in one batch has its live claim once at any moment."""
    conn, pool_code = batch.conn, batch.pool_code
    decided = [slot.decided for slot in batch.slots if slot.decided is not None]
    cancelled = [slot.cancelled for slot in batch.slots if slot.cancelled is not None]
    if cancelled:
        written = cancelling_store.cancellations_written(pool_code, cancelled, now=batch.now, day=batch.day)
        await execute_together(conn, written)
    statements: list[Statement] = []
    if decided:
        statements += [store.claims_written(pool_code, decided), store.details_written(pool_code, decided)]
    if decided or cancelled:
        statements += [*counting_store.counts_written(pool_code, batch.counters, batch.day), *_published(batch)]
    statements += _keys_kept(batch)
    if statements:
        await execute_together(conn, statements, WAKE_RELAY if decided or cancelled else "SELECT")


def _published(batch: Batch) -> list[Statement]:
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


def _keys_kept(batch: Batch) -> list[Statement]:
    """Keeps the answers with their keys; a refused request may come again with its key."""
    answered = [(slot.key, slot.outcome) for slot in batch.keyed if isinstance(slot.outcome, Answered)]
    refused = [slot.key for slot in batch.keyed if not isinstance(slot.outcome, Answered)]
    statements: list[Statement] = []
    if answered:
        statements.append(idempotency.finishing(batch.pool_code, answered))
    if refused:
        statements.append(idempotency.releasing(batch.pool_code, refused))
    return statements


def _outgoing(batch: Batch, slot: Slot, claim: Claim, payload: EventPayload) -> Outgoing:
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


def _entry(batch: Batch, slot: Slot, claim: Claim, facts: dict[str, Any]) -> audit.Entry:
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
