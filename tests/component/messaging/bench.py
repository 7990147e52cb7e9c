"""A small publishing and consuming service: the frame and messaging of a real one, and a table of effects that has no
key, so that an effect done twice shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, schema_of
from shared.db import frame
from shared.db.engine import create_engine
from shared.db.rules import pool_table
from shared.db.scope import Scope, transaction
from shared.db.sql import execute
from shared.kernel.clock import FixedClock
from shared.kernel.ids import new_id
from shared.messaging import schema
from shared.messaging.bus.base import Delivery, Outbound
from shared.messaging.consumer import Consumer, EventProcessor, EventUnit
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.outbox import Outgoing, emit_many
from shared.observe.tracing import Tracing
from tests.support.postgres import ServiceDatabase

SERVICE = "performance"
POOL, OTHER_POOL = "522422", "410182"
TOPIC = "heyi.test.note.v1"
START = datetime(2010, 3, 1, 1, 0, tzinfo=UTC)
DAY = date(2010, 3, 1)

_EFFECT = """
CREATE TABLE effect (
  pool_code text COLLATE "C" NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  subject text NOT NULL,
  sequence bigint NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (pool_code, number)
)
"""


class NoteTaken(EventPayload):
    """An event of the small service."""

    TYPE: ClassVar[str] = "heyi.test.note.taken.v1"
    TOPIC: ClassVar[str] = TOPIC

    text: str


class NoteFiled(EventPayload):
    """Another type of the same topic, which nobody handles."""

    TYPE: ClassVar[str] = "heyi.test.note.filed.v1"
    TOPIC: ClassVar[str] = TOPIC


class Script:
    """Stands for Alembic's ``op``: runs each script in the driver's simple form."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)


async def prepare(owner_url: str) -> None:
    """Builds the small service's tables as its owner."""
    script = Script()
    frame.create(script, SERVICE)
    schema.create(script, SERVICE)
    script.execute(_EFFECT)
    script.execute(pool_table(SERVICE, "effect", app="SELECT", worker="SELECT, INSERT"))
    conn = await asyncpg.connect(owner_url)
    try:
        async with conn.transaction():
            for statement in script.statements:
                await conn.execute(statement)
    finally:
        await conn.close()


async def record_effect(unit: EventUnit, event: Envelope, _payload: EventPayload) -> None:
    """The effect: one row each time it is called."""
    await execute(
        unit.conn,
        "INSERT INTO effect (pool_code, subject, sequence, event_id) VALUES ($1, $2, $3, $4)",
        unit.pool_code,
        event.subject,
        event.sequence,
        event.id,
    )


@dataclass
class Bench:
    """One database with engines for its roles; ``broken`` names texts at which the handler fails,
    ``broken_as`` with which error."""

    database: ServiceDatabase
    app: AsyncEngine
    worker: AsyncEngine
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    broken: set[str] = field(default_factory=set)
    broken_as: dict[str, Exception] = field(default_factory=dict)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.metrics = MessagingMetrics(self.registry)

    @classmethod
    def on(cls, database: ServiceDatabase) -> "Bench":
        return cls(database, create_engine(database.app), create_engine(database.worker))

    async def close(self) -> None:
        await self.app.dispose()
        await self.worker.dispose()

    async def emit(
        self, subject: str, sequences: Sequence[int], *, pool: str = POOL, text: str = "", day: date = DAY
    ) -> list[UUID]:
        """Publishes notes as the application, in one transaction."""
        async with transaction(self.app, Scope("county_director", (pool,))) as conn:
            return await emit_many(conn, [self.outgoing(subject, s, pool=pool, text=text, day=day) for s in sequences])

    def outgoing(
        self,
        subject: str,
        sequence: int,
        *,
        pool: str = POOL,
        text: str = "",
        day: date = DAY,
        amount: int | None = None,
    ) -> Outgoing:
        return Outgoing(NoteTaken(text=text), pool, subject, sequence, day, self.clock.now(), SERVICE, amount)

    async def handle(self, unit: EventUnit, event: Envelope, payload: NoteTaken) -> None:
        """Writes the effect, then fails where the test wants it: what was written must be gone."""
        await record_effect(unit, event, payload)
        if payload.text in self.broken_as:
            raise self.broken_as[payload.text]
        if payload.text in self.broken:
            raise RuntimeError(f"cannot take {payload.text}")

    def processor(self, *, whole_state: bool = False, generation: int = 1) -> EventProcessor:
        """A consumer of the notes."""
        consumer = Consumer("notes", (TOPIC,), {NoteTaken.TYPE: self.handle}, whole_state, generation)
        return EventProcessor(
            consumer,
            service=SERVICE,
            engine=self.worker,
            clock=self.clock,
            settings=None,
            metrics=self.metrics,
            tracing=Tracing(SERVICE),
        )

    async def effects(self, subject: str | None = None) -> list[tuple[str, int]]:
        """Subject and sequence of every effect, in the order in which they were done."""
        rows = await self.rows("SELECT subject, sequence FROM effect ORDER BY number")
        return [(r["subject"], r["sequence"]) for r in rows if subject in (None, r["subject"])]

    async def parked(self) -> list[tuple[str, int, str]]:
        """Subject, sequence and reason of what is parked."""
        rows = await self.rows(
            "SELECT subject, sequence, reason FROM parked WHERE released_at IS NULL ORDER BY subject, sequence"
        )
        return [(r["subject"], r["sequence"], r["reason"]) for r in rows]

    async def ask_retry(self, subject: str) -> None:
        """What the operator's route does, for the first parked event of a subject."""
        await self.admin(
            "UPDATE parked SET retry_asked_at = $2 WHERE event_id = (SELECT event_id FROM parked"
            " WHERE subject = $1 AND released_at IS NULL ORDER BY sequence LIMIT 1)",
            subject,
            self.clock.now(),
        )

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Rows as the superuser sees them."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            found: list[Any] = await conn.fetch(sql, *args)
            return found
        finally:
            await conn.close()

    async def admin(self, sql: str, *args: Any) -> None:
        await self.rows(sql, *args)

    def figure(self, name: str, **labels: str) -> float:
        """The value of a metric."""
        return self.registry.get_sample_value(name, labels) or 0.0


def envelope(
    subject: str,
    sequence: int,
    *,
    pool: str = POOL,
    text: str = "",
    payload: EventPayload | None = None,
    at: datetime = START,
) -> Envelope:
    """A note as it would come over the bus."""
    payload = payload or NoteTaken(text=text)
    return Envelope(
        id=new_id(at),
        source=f"/heyi/{SERVICE}",
        type=payload.TYPE,
        subject=subject,
        time=at,
        dataschema=schema_of(payload.TYPE),
        sequence=sequence,
        partitionkey=subject,
        poolcode=pool,
        businessdate=at.date(),
        data=payload.model_dump(mode="json"),
    )


def deliveries(*values: Envelope | bytes, topic: str = TOPIC) -> list[Delivery]:
    """The values as one poll brings them."""
    raw = [value if isinstance(value, bytes) else value.to_bytes() for value in values]
    return [Delivery(topic, 0, offset, "key", value) for offset, value in enumerate(raw)]


class RecordingPublisher:
    """A bus's publisher that keeps what it is given and fails on demand."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.fail = False

    async def publish(self, records: Sequence[Outbound]) -> None:
        if self.fail:
            raise ConnectionError("the bus is away")
        self.sent.extend(records)

    async def close(self) -> None:
        """Nothing to close."""


class RecordingBus:
    """A bus with one recording publisher."""

    def __init__(self) -> None:
        self.out = RecordingPublisher()

    async def publisher(self) -> RecordingPublisher:
        return self.out

    async def subscriber(self, group: str, topics: Sequence[str]) -> Any:
        raise NotImplementedError(group, topics)

    async def close(self) -> None:
        """Nothing to close."""

    def events(self) -> list[Envelope]:
        """The envelopes that were sent."""
        return [Envelope.from_bytes(record.value) for record in self.out.sent]
