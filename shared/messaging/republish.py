"""Filling a topic again from the outbox, the archive of record (contracts §6).

A request is a row; the relay carries it out, since it alone sends and so keeps the order. Consumers that had the events
recognise them; a new or emptied topic has them all again.
"""

import asyncio
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute
from shared.messaging.bus.base import Outbound, Publisher
from shared.messaging.outbox import CHANNEL

_PAGE = 500

_ASK = """
INSERT INTO republish_request (pool_code, id, topic, from_day, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_WAKE = "SELECT pg_notify($1, '')"
_OPEN = """
SELECT pool_code, id, topic, from_day FROM republish_request WHERE done_at IS NULL ORDER BY asked_at LIMIT 1
"""
_EVENTS = """
SELECT topic, partition_key, envelope, traceparent FROM outbox
WHERE pool_code = $1 AND topic = $2 AND business_day >= $3 AND sent_at IS NOT NULL ORDER BY subject, sequence
"""
_DONE = "UPDATE republish_request SET events = $3, done_at = $4 WHERE pool_code = $1 AND id = $2"
_STATE = "SELECT events FROM republish_request WHERE pool_code = $1 AND id = $2 AND done_at IS NOT NULL"


async def ask(
    conn: AsyncConnection, *, pool_code: str, topic: str, from_day: date, asked_by: str, request_id: UUID, now: datetime
) -> None:
    """Asks for the events of a topic and pool from a business day on, in the caller's transaction."""
    await execute(conn, _ASK, pool_code, request_id, topic, from_day, asked_by, now)
    await execute(conn, _WAKE, CHANNEL)


async def republish(
    worker_url: str, *, topic: str, pool_code: str, from_day: date, asked_by: str, wait_seconds: float = 600
) -> int:
    """``heyi events republish``: asks as the worker and waits for the running relay; returns the number of events.

    Raises TimeoutError when no relay has done it in time; the request stays and is done when one runs.
    """
    conn = await asyncpg.connect(worker_url, timeout=10)
    try:
        request_id, deadline = uuid4(), time.monotonic() + wait_seconds
        await conn.execute(_ASK, pool_code, request_id, topic, from_day, asked_by, datetime.now(UTC))
        await conn.execute(_WAKE, CHANNEL)
        while (events := await conn.fetchval(_STATE, pool_code, request_id)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("no relay has carried out the request yet; it stays open")
            await asyncio.sleep(0.2)
        return int(events)
    finally:
        await conn.close()


async def fill_again(conn: Any, publisher: Publisher) -> int:
    """Carries out the oldest open request, if there is one, as the relay; returns the number of events.

    It may be interrupted and begin again: an event sent twice is recognised by its consumers.
    """
    request = await conn.fetchrow(_OPEN)
    if request is None:
        return 0
    total = 0
    async with conn.transaction(readonly=True):
        cursor = await conn.cursor(_EVENTS, request["pool_code"], request["topic"], request["from_day"])
        while rows := await cursor.fetch(_PAGE):
            await publisher.publish(
                [Outbound(r["topic"], r["partition_key"], r["envelope"].encode(), r["traceparent"]) for r in rows]
            )
            total += len(rows)
    await conn.execute(_DONE, request["pool_code"], request["id"], total, datetime.now(UTC))
    return total
