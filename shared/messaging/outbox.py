"""Publishing: the event is a row of the outbox in the transaction of the fact (contracts §6).

Rows are kept for ever: the outbox is the archive of record, from which a topic can be filled again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, schema_of, sequence_text
from shared.db.sql import Statement, execute_together, fetch, rows_as_json
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
FROM json_to_recordset($1::json)
  AS e(pool_code text, business_day date, id uuid, topic text, type text, subject text, sequence bigint,
       amount_fen bigint, envelope text, traceparent text, created_at timestamptz)
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
    rows = [_row(event) for event in events]
    await execute_together(conn, [_written(rows)], WAKE_RELAY)
    return [row["id"] for row in rows]


def insertion(events: Sequence[Outgoing]) -> Statement:
    """The statement that writes events; to be sent with WAKE_RELAY. Raises PersonalData."""
    return _written([_row(event) for event in events])


def _written(rows: Sequence[dict[str, Any]]) -> Statement:
    return Statement(_INSERT, (rows_as_json(rows),))


def _row(event: Outgoing) -> dict[str, Any]:
    event_id, traceparent = new_id(event.now), event.traceparent or current_traceparent()
    return {
        "pool_code": event.pool_code,
        "business_day": event.business_day,
        "id": event_id,
        "topic": event.payload.TOPIC,
        "type": event.payload.TYPE,
        "subject": event.subject,
        "sequence": event.sequence,
        "amount_fen": event.amount_fen,
        "envelope": _envelope(event, event_id, traceparent),
        "traceparent": traceparent,
        "created_at": event.now,
    }


async def day_totals(conn: AsyncConnection, pool_code: str, day: date) -> list[DayTotal]:
    """What this service published for a pool and business day by type, without its statements of closed days."""
    rows = await fetch(conn, _TOTALS, pool_code, day)
    return [DayTotal(**row) for row in rows if ".day.closed." not in row["type"]]


def _envelope(event: Outgoing, event_id: UUID, traceparent: str | None) -> str:
    """The envelope as stored and sent, in the form of ``Envelope``; its values are ours and typed, so no model is made
    of them: what a bus brings is checked when it is read. Raises PersonalData, and ValueError above MAX_BYTES."""
    kind = event.payload.TYPE
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/heyi/{event.service}",
        "type": kind,
        "subject": event.subject,
        "time": event.now,
        "datacontenttype": "application/json",
        "dataschema": schema_of(kind),
        "sequence": sequence_text(event.sequence),
        "partitionkey": event.subject,
        "poolcode": event.pool_code,
        "businessdate": event.business_day,
    }
    if traceparent is not None:
        members["traceparent"] = traceparent
    if event.causation_id is not None:
        members["causationid"] = event.causation_id
    members["data"] = event.payload.model_dump(mode="json")
    raw = orjson.dumps(members, default=str, option=orjson.OPT_UTC_Z)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"an event of {len(raw)} bytes is too large for the bus: {kind}")
    text = raw.decode()
    if has_sound_id_number(text):
        raise PersonalData(f"an event of type {kind} would carry an ID number")
    return text


def payload_of(envelope: Envelope, payload_type: type[EventPayload]) -> EventPayload:
    """The payload of an envelope; members that are not known are ignored. Raises pydantic's ValidationError.

    It goes through JSON so that a JSON number for an amount is refused here as at the edge (contracts §3).
    """
    return payload_type.model_validate_json(json.dumps(envelope.data), extra="ignore")
