"""What a consumer remembers in its service's database: taken events, last sequence of each subject, parked events.

Statements run as the worker, in the transaction of the effect. A subject's head is locked first, so that two processes
never work on one subject at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import Envelope, month_of
from shared.db.sql import execute, executemany, fetch, fetchrow
from shared.messaging.ordering import Head

SubjectKey = tuple[str, str]  # topic, subject


@dataclass(frozen=True, slots=True)
class Reader:
    """A consumer and its generation: the first part of every key here."""

    consumer: str
    generation: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event with the topic it came on, since subjects are counted per topic."""

    topic: str
    event: Envelope

    @property
    def key(self) -> SubjectKey:
        return self.topic, self.event.subject


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A parked event that has not been released."""

    arrived: Arrived
    reason: str
    retry_asked: bool


# Keys are compared with arrays and not joined: each statement then goes down its index, whatever the statistics say.
# It may lock a same-named subject of another topic of the batch besides, which harms nobody.
_LOCK = """
SELECT topic, subject, sequence FROM consumer_subject
WHERE consumer = $1 AND generation = $2 AND pool_code = $3 AND topic = ANY ($4::text[]) AND subject = ANY ($5::text[])
ORDER BY topic, subject FOR UPDATE
"""
_OPEN = """
INSERT INTO consumer_subject (consumer, generation, pool_code, topic, subject, sequence)
SELECT $1, $2, $3, w.topic, w.subject, 0 FROM unnest($4::text[], $5::text[]) AS w (topic, subject)
ORDER BY w.topic, w.subject ON CONFLICT DO NOTHING
"""
_BLOCKED = """
SELECT DISTINCT topic, subject FROM parked
WHERE consumer = $1 AND generation = $2 AND pool_code = $3 AND topic = ANY ($4::text[]) AND subject = ANY ($5::text[])
  AND released_at IS NULL AND reason IN ('error', 'behind')
"""
_IN_INBOX = """
SELECT event_id FROM inbox
WHERE consumer = $1 AND generation = $2 AND event_id = ANY ($3::uuid[]) AND event_month = ANY ($4::date[])
"""
_TAKEN = f"""
{_IN_INBOX} UNION ALL
SELECT event_id FROM parked WHERE consumer = $1 AND generation = $2 AND event_id = ANY ($3::uuid[])
"""
# no ON CONFLICT: it looks into the index once more and writes each row twice, which doubles the cost
_TAKE = """
INSERT INTO inbox (consumer, generation, pool_code, event_id, event_month, handled_at)
SELECT $1, $2, $3, w.id, $5, $6 FROM unnest($4::uuid[]) AS w (id)
"""
_MOVE = """
UPDATE consumer_subject SET sequence = $6
WHERE consumer = $1 AND generation = $2 AND pool_code = $3 AND topic = $4 AND subject = $5
"""
_PARK = """
INSERT INTO parked (consumer, generation, pool_code, event_id, topic, type, subject, sequence, envelope, reason, error,
                    attempts, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
"""
_FIRST_PARKED = """
SELECT topic, envelope, reason, retry_asked_at IS NOT NULL AS retry_asked FROM parked
WHERE consumer = $1 AND generation = $2 AND pool_code = $3 AND topic = $4 AND subject = $5 AND released_at IS NULL
  AND reason <> 'unreadable'
ORDER BY sequence LIMIT 1
"""
_RELEASE = """
UPDATE parked SET released_at = $4, attempted_at = $4 WHERE consumer = $1 AND generation = $2 AND event_id = $3
"""
_FAILED = """
UPDATE parked SET reason = CASE reason WHEN 'unreadable' THEN reason ELSE 'error' END, error = $4,
  attempts = attempts + 1, attempted_at = $5, retry_asked_at = NULL
WHERE consumer = $1 AND generation = $2 AND event_id = $3
"""
_RELEASABLE = """
SELECT p.pool_code, p.topic, p.subject FROM (
  SELECT DISTINCT ON (pool_code, topic, subject) pool_code, topic, subject, sequence, reason, retry_asked_at FROM parked
  WHERE consumer = $1 AND generation = $2 AND released_at IS NULL AND reason <> 'unreadable'
  ORDER BY pool_code, topic, subject, sequence
) p LEFT JOIN consumer_subject s ON s.consumer = $1 AND s.generation = $2 AND s.pool_code = p.pool_code
  AND s.topic = p.topic AND s.subject = p.subject
WHERE (p.reason <> 'error' OR p.retry_asked_at IS NOT NULL) AND ($3 OR p.sequence <= coalesce(s.sequence, 0) + 1)
"""
_UNREADABLE_ASKED = """
SELECT event_id, topic, envelope FROM parked
WHERE consumer = $1 AND generation = $2 AND released_at IS NULL AND reason = 'unreadable' AND retry_asked_at IS NOT NULL
"""
_OPEN_COUNTS = """
SELECT reason, count(*) AS count FROM parked
WHERE consumer = $1 AND generation = $2 AND released_at IS NULL GROUP BY reason
"""
_BEAT = """
INSERT INTO stream_heartbeat (consumer, generation, topic, partition, sent_at)
SELECT $1, $2, w.topic, w.partition, w.sent_at
FROM unnest($3::text[], $4::integer[], $5::timestamptz[]) AS w (topic, partition, sent_at)
ON CONFLICT (consumer, generation, topic, partition)
DO UPDATE SET sent_at = greatest(stream_heartbeat.sent_at, EXCLUDED.sent_at)
"""


async def lock_heads(
    conn: AsyncConnection, reader: Reader, pool_code: str, keys: set[SubjectKey]
) -> dict[SubjectKey, Head]:
    """Locks the heads of the subjects, in order, making those that are new; tells which are blocked."""
    wanted = sorted(keys)
    columns = (reader.consumer, reader.generation, pool_code, [t for t, _ in wanted], [s for _, s in wanted])
    heads = _heads(await fetch(conn, _LOCK, *columns), keys)
    if len(heads) < len(wanted):
        await execute(conn, _OPEN, *columns)
        heads = _heads(await fetch(conn, _LOCK, *columns), keys)
    # a statement of its own: one that waited for the lock would still see what was parked before
    for row in await fetch(conn, _BLOCKED, *columns):
        if (row["topic"], row["subject"]) in heads:
            heads[row["topic"], row["subject"]].blocked = True
    return heads


def _heads(rows: Sequence[Any], keys: set[SubjectKey]) -> dict[SubjectKey, Head]:
    found = {(row["topic"], row["subject"]): Head(row["sequence"]) for row in rows}
    return {key: head for key, head in found.items() if key in keys}


async def already_taken(conn: AsyncConnection, reader: Reader, events: Sequence[Arrived]) -> set[UUID]:
    """Which of the events are in the inbox or have been parked before."""
    return await _which(conn, _TAKEN, reader, [arrived.event.id for arrived in events])


async def had_its_effect(conn: AsyncConnection, reader: Reader, event_id: UUID) -> bool:
    """Whether the event is in the inbox, parked or not."""
    return bool(await _which(conn, _IN_INBOX, reader, [event_id]))


async def _which(conn: AsyncConnection, sql: str, reader: Reader, ids: Sequence[UUID]) -> set[UUID]:
    months = list({month_of(event_id) for event_id in ids})
    return {row["event_id"] for row in await fetch(conn, sql, reader.consumer, reader.generation, ids, months)}


async def take(conn: AsyncConnection, reader: Reader, pool_code: str, ids: Sequence[UUID], now: datetime) -> None:
    """Writes the inbox rows, with the effect or for an event that is dropped; one statement a month of the ids.

    Ask before, with the subjects locked, which are there: an event taken twice breaks the key and ends the transaction.
    """
    months: dict[date, list[UUID]] = {}
    for event_id in ids:
        months.setdefault(month_of(event_id), []).append(event_id)
    for month, of_month in months.items():
        await execute(conn, _TAKE, reader.consumer, reader.generation, pool_code, of_month, month, now)


async def move_heads(conn: AsyncConnection, reader: Reader, pool_code: str, sequences: dict[SubjectKey, int]) -> None:
    """Stores the last sequence of the subjects that advanced."""
    place = (reader.consumer, reader.generation, pool_code)
    if sequences:
        await executemany(conn, _MOVE, [(*place, *key, sequence) for key, sequence in sequences.items()])


async def park(
    conn: AsyncConnection, reader: Reader, arrived: Arrived, reason: str, now: datetime, error: str | None = None
) -> None:
    """Parks an event; one that is parked already stays as it is."""
    event = arrived.event
    attempts = 0 if error is None else 1
    await execute(
        conn, _PARK, reader.consumer, reader.generation, event.poolcode, event.id, arrived.topic, event.type,
        event.subject, event.sequence, event.to_bytes().decode(), reason, error, attempts, now,
    )  # fmt: skip


async def park_unreadable(
    conn: AsyncConnection, reader: Reader, topic: str, place: str, event_id: UUID, text: str, error: str, now: datetime
) -> None:
    """Parks a record that is no envelope of ours; it belongs to no pool and no subject, so nothing waits behind it."""
    await execute(
        conn, _PARK, reader.consumer, reader.generation, "-", event_id, topic, "-", place, 0, text, "unreadable", error,
        1, now,
    )  # fmt: skip


async def first_parked(conn: AsyncConnection, reader: Reader, pool_code: str, key: SubjectKey) -> ParkedRow | None:
    """The parked event of a subject with the lowest sequence."""
    row = await fetchrow(conn, _FIRST_PARKED, reader.consumer, reader.generation, pool_code, *key)
    if row is None:
        return None
    event = Envelope.from_bytes(row["envelope"].encode())
    return ParkedRow(Arrived(row["topic"], event), row["reason"], row["retry_asked"])


async def mark_released(conn: AsyncConnection, reader: Reader, event_id: UUID, now: datetime) -> None:
    """The parked event has had its effect, or needs none."""
    await execute(conn, _RELEASE, reader.consumer, reader.generation, event_id, now)


async def mark_failed(conn: AsyncConnection, reader: Reader, event_id: UUID, error: str, now: datetime) -> None:
    """The parked event failed again; it stays, and a new retry has to be asked for."""
    await execute(conn, _FAILED, reader.consumer, reader.generation, event_id, error, now)


async def releasable(conn: AsyncConnection, reader: Reader, whole_state: bool) -> list[tuple[str, SubjectKey]]:
    """Subjects (with their pool) whose first parked event can be tried: its gap is closed, or somebody asked."""
    rows = await fetch(conn, _RELEASABLE, reader.consumer, reader.generation, whole_state)
    return [(row["pool_code"], (row["topic"], row["subject"])) for row in rows]


async def unreadable_asked(conn: AsyncConnection, reader: Reader) -> list[tuple[UUID, str, str]]:
    """Unreadable records whose retry was asked for: row id, topic, text."""
    rows = await fetch(conn, _UNREADABLE_ASKED, reader.consumer, reader.generation)
    return [(row["event_id"], row["topic"], row["envelope"]) for row in rows]


async def open_counts(conn: AsyncConnection, reader: Reader) -> dict[str, int]:
    """How many events are parked, by reason."""
    rows = await fetch(conn, _OPEN_COUNTS, reader.consumer, reader.generation)
    return {row["reason"]: row["count"] for row in rows}


async def beat(conn: AsyncConnection, reader: Reader, beats: dict[tuple[str, int], datetime]) -> None:
    """Stores the newest heartbeat taken in, by topic and partition."""
    topics, partitions = [t for t, _ in beats], [p for _, p in beats]
    await execute(conn, _BEAT, reader.consumer, reader.generation, topics, partitions, list(beats.values()))
