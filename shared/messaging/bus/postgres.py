"""The local bus: a log in a PostgreSQL database of its own, with Kafka's semantics (contracts §6).

A partition's row holds its next offset and is locked while records are appended, so offsets have no gaps and become
visible in order. One member of a group is active; its lease is in real time and every poll and commit proves it. Relays
and consumers never join this database's transactions with their own.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from shared.messaging.bus.base import (
    PARTITIONS,
    Delivery,
    NotActive,
    Outbound,
    Position,
    Progress,
    UnknownTopic,
)
from shared.messaging.connections import close, real_now

CHANNEL = "heyi_bus"
LEASE_SECONDS = 6.0
_NET_SECONDS = 0.5  # a wait ends after this even when no notification came
_SHARE_MINIMUM = 20

logger = structlog.get_logger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bus_partition (
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL CHECK (partition >= 0),
  next_offset bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0),
  PRIMARY KEY (topic, partition)
);
CREATE TABLE IF NOT EXISTS bus_log (
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  value bytea NOT NULL,
  traceparent text,
  appended_at timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);
CREATE TABLE IF NOT EXISTS bus_member (
  group_id text COLLATE "C" PRIMARY KEY,
  member_id text NOT NULL,
  lease_until timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS bus_offset (
  group_id text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  PRIMARY KEY (group_id, topic, partition)
);
"""
_GRANTS = """
GRANT SELECT ON bus_partition, bus_log, bus_member, bus_offset TO {role};
GRANT UPDATE (next_offset) ON bus_partition TO {role};
GRANT INSERT ON bus_log, bus_member, bus_offset TO {role};
GRANT UPDATE ON bus_member, bus_offset TO {role};
"""
_ADD_TOPICS = """
INSERT INTO bus_partition (topic, partition)
SELECT t, p FROM unnest($1::text[]) t CROSS JOIN generate_series(0, $2::integer - 1) p ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT p.topic, p.partition, p.next_offset FROM bus_partition p
JOIN unnest($1::text[], $2::integer[]) AS w (topic, partition) ON w.topic = p.topic AND w.partition = p.partition
ORDER BY p.topic, p.partition FOR UPDATE OF p
"""
_APPEND = """
WITH moved AS (
  UPDATE bus_partition p SET next_offset = m.next_offset
  FROM unnest($8::text[], $9::integer[], $10::bigint[]) AS m (topic, partition, next_offset)
  WHERE p.topic = m.topic AND p.partition = m.partition
), appended AS (
  INSERT INTO bus_log (topic, partition, "offset", key, value, traceparent, appended_at)
  SELECT r.*, $7::timestamptz
  FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[], $6::text[]) AS r
)
SELECT pg_notify('heyi_bus', '')
"""
_CLAIM = """
INSERT INTO bus_member (group_id, member_id, lease_until) VALUES ($1, $2, $4)
ON CONFLICT (group_id) DO UPDATE SET member_id = EXCLUDED.member_id, lease_until = EXCLUDED.lease_until
WHERE bus_member.member_id = EXCLUDED.member_id OR bus_member.lease_until < $3
RETURNING member_id
"""
_RELEASE = "UPDATE bus_member SET lease_until = $3 WHERE group_id = $1 AND member_id = $2"
_HOLD = "SELECT 1 FROM bus_member WHERE group_id = $1 AND member_id = $2 AND lease_until >= $3 FOR UPDATE"
_COMMITTED = """
SELECT p.topic, p.partition, coalesce(o.next_offset, 0) AS next_offset FROM bus_partition p
LEFT JOIN bus_offset o ON o.group_id = $1 AND o.topic = p.topic AND o.partition = p.partition
WHERE p.topic = ANY ($2::text[])
"""
_COMMIT = """
INSERT INTO bus_offset (group_id, topic, partition, next_offset)
SELECT $1, w.topic, w.partition, w.next_offset
FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS w (topic, partition, next_offset)
ON CONFLICT (group_id, topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset
"""
_POLL = """
SELECT l.topic, l.partition, l."offset", l.key, l.value
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (topic, partition, next_offset)
CROSS JOIN LATERAL (
  SELECT * FROM bus_log b WHERE b.topic = w.topic AND b.partition = w.partition AND b."offset" >= w.next_offset
  ORDER BY b."offset" LIMIT $4
) l ORDER BY l.topic, l.partition, l."offset"
"""
_HEADS = "SELECT topic, partition, next_offset FROM bus_partition WHERE topic = ANY ($1::text[])"


async def create_schema(conn: Any, app_role: str = "heyi_bus_app") -> None:
    """Makes the log's tables and rights as the owner of the bus database (asyncpg connection); safe to repeat."""
    await conn.execute(_SCHEMA)
    await conn.execute(_GRANTS.format(role=app_role))


async def create_topics(conn: Any, topics: Sequence[str]) -> None:
    """Makes topics with their twelve partitions, as the owner; those that exist keep their records."""
    await conn.execute(_ADD_TOPICS, list(topics), PARTITIONS)


class PostgresBus:
    """Opens publishers and subscribers on one bus database. A dead member is waited for ``lease_seconds``."""

    def __init__(self, url: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._url = url
        self._lease = timedelta(seconds=lease_seconds)

    async def publisher(self) -> "PostgresPublisher":
        return PostgresPublisher(await _connect(self._url))

    async def subscriber(self, group: str, topics: Sequence[str]) -> "PostgresSubscriber":
        conn = await _connect(self._url)
        try:
            known = {row["topic"] for row in await conn.fetch(_HEADS, list(topics))}
            if missing := sorted(set(topics) - known):
                raise UnknownTopic(f"topics are made by deploy before use; missing: {', '.join(missing)}")
            subscriber = PostgresSubscriber(conn, group, topics, self._lease)
            await subscriber.start()
        except BaseException:
            await conn.close()
            raise
        return subscriber

    async def close(self) -> None:
        """Nothing is shared between publishers and subscribers."""


class PostgresPublisher:
    """Appends a batch in one transaction: all of it or nothing."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    async def publish(self, records: Sequence[Outbound]) -> None:
        if not records:
            return
        targets = [(record.topic, record.target) for record in records]
        wanted = sorted(set(targets))
        async with self._conn.transaction():
            locked = await self._conn.fetch(_LOCK, [t for t, _ in wanted], [p for _, p in wanted])
            heads = {(row["topic"], row["partition"]): row["next_offset"] for row in locked}
            if missing := sorted(set(wanted) - set(heads)):
                raise UnknownTopic(f"topics are made by deploy before use; missing: {missing[0][0]}")
            offsets = []
            for target in targets:
                offsets.append(heads[target])
                heads[target] += 1
            await self._conn.execute(
                _APPEND,
                [topic for topic, _ in targets],
                [partition for _, partition in targets],
                offsets,
                [record.key for record in records],
                [record.value for record in records],
                [record.traceparent for record in records],
                real_now(),
                [topic for topic, _ in heads],
                [partition for _, partition in heads],
                list(heads.values()),
            )

    async def close(self) -> None:
        await close(self._conn)


class PostgresSubscriber:
    """One member of a group; while another holds the lease it polls in vain and takes over at its silence."""

    def __init__(self, conn: Any, group: str, topics: Sequence[str], lease: timedelta) -> None:
        self._conn, self._group, self._topics, self._lease = conn, group, sorted(set(topics)), lease
        self._member = str(uuid4())
        self._active = False
        self._claimed_at = 0.0
        self._positions: dict[Position, int] = {}
        self._heads: dict[Position, int] = {}
        self._polled = 0
        self._wake = asyncio.Event()
        self._guard = asyncio.Lock()  # one statement at a time on the connection
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens for appended records and begins to keep the lease."""
        await self._conn.add_listener(CHANNEL, lambda *_: self._wake.set())
        await self._claim()
        self._keeper = asyncio.create_task(self._keep_lease())

    async def poll(self, limit: int, timeout_seconds: float) -> list[Delivery]:
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._wake.clear()
            found = await self._fetch(limit) if await self._claim() else []
            remaining = deadline - time.monotonic()
            if found or remaining <= 0:
                return found
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(remaining, _NET_SECONDS))

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        if not offsets:
            return
        async with self._guard, self._conn.transaction():
            if not await self._conn.fetchval(_HOLD, self._group, self._member, real_now()):
                self._active = False
                raise NotActive(f"another member reads for {self._group}")
            topics, partitions = [t for t, _ in offsets], [p for _, p in offsets]
            await self._conn.execute(_COMMIT, self._group, topics, partitions, list(offsets.values()))

    async def rewind(self) -> None:
        async with self._guard:
            await self._load_positions()

    def progress(self) -> Progress:
        lag = sum(head - self._positions.get(place, 0) for place, head in self._heads.items()) if self._active else 0
        return Progress(self._active, len(self._positions) if self._active else 0, self._polled, lag)

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with self._guard:
                await self._conn.execute(_RELEASE, self._group, self._member, datetime.fromtimestamp(0, UTC))
        await close(self._conn)

    async def _claim(self) -> bool:
        """Takes or prolongs the lease; a member that becomes active begins at the committed offsets."""
        async with self._guard:
            if self._active and time.monotonic() - self._claimed_at < self._lease.total_seconds() / 3:
                return True
            now, asked_at = real_now(), time.monotonic()
            mine = await self._conn.fetchval(_CLAIM, self._group, self._member, now, now + self._lease) is not None
            if mine and not self._active:
                await self._load_positions()
                logger.info("bus_member_active", group=self._group)
            self._active, self._claimed_at = mine, asked_at
            return mine

    async def _load_positions(self) -> None:
        rows = await self._conn.fetch(_COMMITTED, self._group, self._topics)
        self._positions = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def _fetch(self, limit: int) -> list[Delivery]:
        """Records after the positions, a fair share of each partition, in order within it."""
        share = max(_SHARE_MINIMUM, limit // max(1, len(self._positions)))
        async with self._guard:
            heads = await self._conn.fetch(_HEADS, self._topics)
            self._heads = {(row["topic"], row["partition"]): row["next_offset"] for row in heads}
            behind = {place: self._positions.get(place, 0) for place in self._heads}
            behind = {place: at for place, at in behind.items() if at < self._heads[place]}
            if not behind:
                return []
            topics, partitions = [t for t, _ in behind], [p for _, p in behind]
            rows = await self._conn.fetch(_POLL, topics, partitions, list(behind.values()), share)
        found = [Delivery(*row) for row in rows]
        self._positions |= {(record.topic, record.partition): record.offset + 1 for record in found}
        self._polled += len(found)
        return found

    async def _keep_lease(self) -> None:
        """Prolongs the lease while a batch is worked on; an error is met again, and raised, by the next poll."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 2)
            if not self._active:
                continue
            try:
                await self._claim()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                logger.warning("bus_lease_not_prolonged", group=self._group, error=type(error).__name__)


async def _connect(url: str) -> Any:
    return await asyncpg.connect(url, timeout=10, command_timeout=30, server_settings={"application_name": "heyi-bus"})
