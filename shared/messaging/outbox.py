"""Publishing: the event is a row of the outbox in the transaction of the fact (contracts §6).

Rows are kept for ever: the outbox is the archive of record, from which a topic can be filled again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, schema_of
from shared.db.sql import Statement, execute_together, fetch
from shared.kernel.disclosure import PersonalData, has_sound_id_number
from shared.kernel.ids import new_id
from shared.observe.tracing import current_traceparent

CHANNEL = "heyi_outbox"
MAX_BYTES = 900_000  # a broker takes one megabyte a record

_INSERT = """
INSERT INTO outbox (pool_code, business_day, id, topic, type, subject, sequence, partition_key, amount_fen, envelope,
                    traceparent, created_at)
SELECT e.pool_code, e.business_day, e.id, e.topic, e.type, e.subject, e.sequence, e.subject, e.amount_fen, e.envelope,
       e.traceparent, e.created_at
FROM unnest($1::text[], $2::date[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::timestamptz[])
  AS e (pool_code, business_day, id, topic, type, subject, sequence, amount_fen, envelope, traceparent, created_at)
"""
WAKE_RELAY = "SELECT pg_notify('heyi_outbox', '')"
"""Ends a statement that writes events: the relay is told at commit."""
_TOTALS = """
SELECT type, count(*) AS count, coalesce(sum(amount_fen), 0)::bigint AS amount_fen FROM outbox
WHERE pool_code = $1 AND business_day = $2 GROUP BY type ORDER BY type
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to publish. ``sequence`` is the version of the subject (from 1, by one); ``amount_fen`` is what the
    day's totals add up; ``traceparent`` is given where several requests share a transaction, otherwise the current
    one counts."""

    payload: EventPayload
    pool_code: str
    subject: str
    sequence: int
    business_day: date
    now: datetime
    service: str
    amount_fen: int | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Events of one type of a pool and business day: how many, and the sum of their amounts in fen."""

    type: str
    count: int
    amount_fen: int


async def emit(
    conn: AsyncConnection,
    payload: EventPayload,
    *,
    pool_code: str,
    subject: str,
    sequence: int,
    business_day: date,
    now: datetime,
    service: str,
    amount_fen: int | None = None,
    causation_id: UUID | None = None,
) -> UUID:
    """Writes one event in the caller's transaction and returns its id; raises PersonalData."""
    event = Outgoing(payload, pool_code, subject, sequence, business_day, now, service, amount_fen, causation_id)
    return (await emit_many(conn, [event]))[0]


async def emit_many(conn: AsyncConnection, events: Sequence[Outgoing]) -> list[UUID]:
    """Writes the events in one statement, which also wakes the relay at commit; returns their ids in order."""
    if not events:
        return []
    statement = insertion(events)
    await execute_together(conn, [statement], WAKE_RELAY)
    ids: list[UUID] = statement.args[_IDS]
    return ids


_IDS = 2


def insertion(events: Sequence[Outgoing]) -> Statement:
    """The statement that writes events; to be sent with WAKE_RELAY. Raises PersonalData."""
    current = current_traceparent()
    envelopes = [_envelope(event, event.traceparent or current) for event in events]
    return Statement(
        _INSERT,
        (
            [event.pool_code for event in events],
            [event.business_day for event in events],
            [envelope.id for envelope in envelopes],
            [event.payload.TOPIC for event in events],
            [event.payload.TYPE for event in events],
            [event.subject for event in events],
            [event.sequence for event in events],
            [event.amount_fen for event in events],
            [_text(envelope) for envelope in envelopes],
            [envelope.traceparent for envelope in envelopes],
            [event.now for event in events],
        ),
    )


async def day_totals(conn: AsyncConnection, pool_code: str, day: date) -> list[DayTotal]:
    """What this service published for a pool and business day by type, without its statements of closed days."""
    rows = await fetch(conn, _TOTALS, pool_code, day)
    return [DayTotal(**row) for row in rows if ".day.closed." not in row["type"]]


def _envelope(event: Outgoing, traceparent: str | None) -> Envelope:
    data: dict[str, Any] = event.payload.model_dump(mode="json")
    return Envelope.model_construct(  # its values are ours and typed; what a bus brings is checked when it is read
        id=new_id(event.now),
        source=f"/heyi/{event.service}",
        type=event.payload.TYPE,
        subject=event.subject,
        time=event.now,
        dataschema=schema_of(event.payload.TYPE),
        sequence=event.sequence,
        partitionkey=event.subject,
        poolcode=event.pool_code,
        businessdate=event.business_day,
        traceparent=traceparent,
        causationid=event.causation_id,
        data=data,
    )


def _text(envelope: Envelope) -> str:
    """The envelope as stored and sent; raises PersonalData, and ValueError above MAX_BYTES."""
    raw = envelope.to_bytes()
    if len(raw) > MAX_BYTES:
        raise ValueError(f"an event of {len(raw)} bytes is too large for the bus: {envelope.type}")
    text = raw.decode()
    if has_sound_id_number(text):
        raise PersonalData(f"an event of type {envelope.type} would carry an ID number")
    return text


def payload_of(envelope: Envelope, payload_type: type[EventPayload]) -> EventPayload:
    """The payload of an envelope; members that are not known are ignored. Raises pydantic's ValidationError.

    It goes through JSON so that a JSON number for an amount is refused here as at the edge (contracts §3).
    """
    return payload_type.model_validate_json(json.dumps(envelope.data), extra="ignore")
