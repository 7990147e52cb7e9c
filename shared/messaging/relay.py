"""The relay: committed events of the outbox to the bus, at least once and in order (contracts §6).

One a service, by a session advisory lock held on the same connection that reads and marks. It takes committed unsent
rows in the order of (subject, sequence), waits for all acknowledgements and marks the rows in one statement; there is
no high-water mark, so a row that commits late is found like any other.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from shared.kernel import faults
from shared.messaging import heartbeat
from shared.messaging.bus.base import Bus, Outbound, Publisher
from shared.messaging.connections import close, real_now
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.outbox import CHANNEL
from shared.messaging.republish import fill_again

BATCH = 500
_NET_SECONDS = 2.0  # the longest wait without a notification
_GATHER_SECONDS = 0.01  # after a notification, so that a burst is one pass
_LOCK_SECONDS = 0.5
_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
# partitions have few unsent rows and young statistics: every plan here goes by index
_PLANNING = {"enable_seqscan": "off", "jit": "off"}

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('heyi.relay', 0))"
_UNSENT = """
SELECT pool_code, business_day, id, topic, partition_key, envelope, traceparent FROM outbox
WHERE sent_at IS NULL ORDER BY subject, sequence LIMIT $1
"""
_MARK = """
UPDATE outbox SET sent_at = $4
WHERE pool_code = ANY ($1::text[]) AND business_day = ANY ($2::date[]) AND id = ANY ($3::uuid[])
"""

_log = structlog.get_logger("heyi.relay")


class Relay:
    """Sends one service's events. ``heartbeat_topics`` are those whose silence its consumers must be able to judge."""

    def __init__(
        self,
        worker_url: str,
        bus: Bus,
        service: str,
        metrics: MessagingMetrics,
        *,
        heartbeat_topics: Sequence[str] = (),
        heartbeat_seconds: float = heartbeat.EVERY_SECONDS,
        batch: int = BATCH,
    ) -> None:
        self._url, self._bus, self._service, self._metrics = worker_url, bus, service, metrics
        self._topics, self._beat_seconds, self._batch = tuple(heartbeat_topics), heartbeat_seconds, batch
        self._beat_at = float("-inf")
        self._empty_at = time.monotonic()
        self.turned_at = time.monotonic()
        self.holds = False

    async def run(self, stop: asyncio.Event) -> None:
        """Works until ``stop``; after an error everything is opened anew."""
        failures = 0
        while not stop.is_set():
            try:
                await self._session(stop)
                failures = 0
            except Exception as error:
                pause = _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]
                failures += 1
                self._metrics.relay_errors.inc()
                _log.warning("relay_interrupted", error=f"{type(error).__name__}: {error}"[:300], again_in=pause)
                await wait_for(stop, pause)

    async def drain(self) -> int:
        """Sends everything that is committed now, waiting for the lock; returns the number of events."""
        stop = asyncio.Event()
        conn = await self._connect()
        publisher: Publisher | None = None
        try:
            await self._acquire(conn, stop)
            publisher = await self._bus.publisher()
            total = 0
            while sent := await self._pass(conn, publisher):
                total += sent
            await self._beat(publisher, real_now())
            return total
        finally:
            self.holds = False
            if publisher is not None:
                await publisher.close()
            await close(conn)

    def outbox_age(self) -> float:
        """Real seconds since the outbox was last seen empty by this process, 0 where another one is the relay."""
        return time.monotonic() - self._empty_at if self.holds else 0.0

    async def _session(self, stop: asyncio.Event) -> None:
        """One connection and one publisher, as long as both live."""
        conn = await self._connect()
        publisher: Publisher | None = None
        wake = asyncio.Event()
        try:
            await conn.add_listener(CHANNEL, lambda *_: wake.set())
            if not await self._acquire(conn, stop):
                return
            publisher = await self._bus.publisher()
            while not stop.is_set():
                wake.clear()
                began = real_now()
                self.turned_at = time.monotonic()
                if await self._pass(conn, publisher):
                    continue
                self._empty_at = time.monotonic()
                await fill_again(conn, publisher)
                await self._beat(publisher, began)
                await _first(wake, stop, _NET_SECONDS)
                if wake.is_set():
                    await wait_for(stop, _GATHER_SECONDS)
        finally:
            self.holds = False
            self._metrics.relay_holder.set(0)
            if publisher is not None:
                with suppress(Exception):
                    await publisher.close()
            await close(conn)

    async def _connect(self) -> Any:
        settings = _PLANNING | {"application_name": f"heyi-{self._service}-relay", "statement_timeout": "30s"}
        return await asyncpg.connect(self._url, timeout=10, command_timeout=60, server_settings=settings)

    async def _acquire(self, conn: Any, stop: asyncio.Event) -> bool:
        """Waits until this process is the relay; the lock ends with the connection, so with the process."""
        while not stop.is_set():
            self.turned_at = time.monotonic()
            if await conn.fetchval(_LOCK):
                self.holds = True
                self._empty_at = time.monotonic()
                self._metrics.relay_holder.set(1)
                return True
            await wait_for(stop, _LOCK_SECONDS)
        return False

    async def _pass(self, conn: Any, publisher: Publisher) -> int:
        """Sends one batch of committed unsent rows; 0 when there is none."""
        rows = await conn.fetch(_UNSENT, self._batch)
        if not rows:
            return 0
        faults.point("relay.before_send")
        await publisher.publish([outbound(row) for row in rows])
        faults.point("relay.sent_not_marked")
        pools, days = {row["pool_code"] for row in rows}, {row["business_day"] for row in rows}
        await conn.execute(_MARK, list(pools), list(days), [row["id"] for row in rows], real_now())
        self._metrics.relayed.inc(len(rows))
        return len(rows)

    async def _beat(self, publisher: Publisher, began: datetime) -> None:
        """Heartbeats, when they are due; only reached when a look at the outbox that began then found nothing."""
        if not self._topics or time.monotonic() - self._beat_at < self._beat_seconds:
            return
        await publisher.publish(
            [b for topic in self._topics for b in heartbeat.heartbeats(self._service, topic, began)]
        )
        self._beat_at = time.monotonic()


def outbound(row: Any) -> Outbound:
    """The record of an outbox row."""
    return Outbound(row["topic"], row["partition_key"], row["envelope"].encode(), row["traceparent"])


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Waits for the event, at most so long; whether it is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Waits for either event, at most so long."""
    tasks = [asyncio.create_task(one.wait()), asyncio.create_task(other.wait())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
