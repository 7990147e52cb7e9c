"""Heartbeats: a stream that says nothing is told from one that has stopped (contracts §7).

The relay sends one to every partition of a topic each minute, and only after a pass that left nothing older unsent; so
a consumer that has taken one in has taken in everything published before it. Real time throughout.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import NO_POOL, Envelope, schema_of
from shared.db.sql import fetchval
from shared.kernel.ids import new_id
from shared.messaging.bus.base import PARTITIONS, Outbound

EVERY_SECONDS = 60.0
STALE_AFTER = timedelta(minutes=10)
TOPICS = ("heyi.enrollment.coverage.v1",)  # claims trust coverage only while it is heard
_SUFFIX = ".heartbeat.v1"

_OLDEST = """
SELECT CASE WHEN count(*) < $4 THEN NULL ELSE min(sent_at) END FROM stream_heartbeat
WHERE consumer = $1 AND generation = $2 AND topic = $3
"""


def topics_of(service: str) -> tuple[str, ...]:
    """The topics of a service on which heartbeats are sent."""
    return tuple(topic for topic in TOPICS if topic.startswith(f"heyi.{service}."))


def type_of(topic: str) -> str:
    """``heyi.enrollment.coverage.v1`` has heartbeats of type ``heyi.enrollment.coverage.heartbeat.v1``."""
    return topic.removesuffix(".v1") + _SUFFIX


def is_heartbeat(event: Envelope) -> bool:
    """Whether the envelope is a heartbeat and no event."""
    return event.type.endswith(_SUFFIX)


def heartbeats(service: str, topic: str, sent_at: datetime) -> list[Outbound]:
    """One for every partition; ``sent_at`` is the real time at which the relay's last look at the outbox began."""
    return [_beat(service, topic, partition, sent_at) for partition in range(PARTITIONS)]


def _beat(service: str, topic: str, partition: int, sent_at: datetime) -> Outbound:
    subject = f"partition-{partition}"
    event = Envelope(
        id=new_id(sent_at),
        source=f"/heyi/{service}",
        type=type_of(topic),
        subject=subject,
        time=sent_at,
        dataschema=schema_of(type_of(topic)),
        sequence=0,
        partitionkey=subject,
        poolcode=NO_POOL,
        businessdate=date(sent_at.year, sent_at.month, sent_at.day),
        data={"partition": partition},
    )
    return Outbound(topic, subject, event.to_bytes(), partition=partition)


async def fresh_until(conn: AsyncConnection, consumer: str, topic: str, *, generation: int = 1) -> datetime | None:
    """Real time up to which the consumer has taken in everything of the topic; None before every partition beat."""
    oldest: datetime | None = await fetchval(conn, _OLDEST, consumer, generation, topic, PARTITIONS)
    return oldest


async def is_fresh(
    conn: AsyncConnection,
    consumer: str,
    topics: Sequence[str],
    real_now: datetime,
    *,
    generation: int = 1,
    stale_after: timedelta = STALE_AFTER,
) -> bool:
    """Whether every partition of the topics was heard within ``stale_after``. Any set scope may ask."""
    for topic in topics:
        until = await fresh_until(conn, consumer, topic, generation=generation)
        if until is None or real_now - until > stale_after:
            return False
    return True
