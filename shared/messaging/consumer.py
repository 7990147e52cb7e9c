"""Consumers: events of topics into effects, each once and in order (contracts §6).

The effect, the inbox row and the subject's last sequence are one transaction; offsets are committed after the whole
batch. Whatever is delivered again is recognised; whatever fails is parked with what follows it, and the rest goes on.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, UnreadableEvent, month_of
from shared.db.business_day import business_day
from shared.db.scope import Scope, transaction
from shared.kernel import faults
from shared.kernel.clock import Clock
from shared.messaging import inbox
from shared.messaging.bus.base import Delivery, Position
from shared.messaging.failures import connection_failed, describe, is_contention
from shared.messaging.heartbeat import is_heartbeat
from shared.messaging.inbox import Arrived, Reader, SubjectKey
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.ordering import Head, Step, decide
from shared.messaging.outbox import payload_of
from shared.messaging.partitions import ensure_months
from shared.observe.tracing import Tracing

_CONTENTION_TRIES = 5
_WORKER = "worker"
_log = structlog.get_logger("heyi.consumer")


@dataclass(frozen=True)
class EventUnit:
    """What a handler gets: the transaction (worker role, the event's pool alone), the time, the settings.

    A handler reads and writes through ``conn`` only and never commits. Given the same event twice it is called once.
    """

    conn: AsyncConnection
    now: datetime
    pool_code: str
    settings: Any
    service: str

    async def business_day(self) -> date:
        """The pool's business day, for handlers that publish (contracts §5)."""
        return await business_day(self.conn, self.pool_code, self.now)


Handler = Callable[[EventUnit, Envelope, Any], Awaitable[None]]


@dataclass(frozen=True)
class Consumer:
    """One reader of topics. Types without a handler are counted and passed over.

    ``whole_state``: each event carries the whole state of its subject, so a higher one replaces any before it and no
    gap is waited for. ``name`` is unique in its service; a higher ``generation`` reads everything anew.
    """

    name: str
    topics: Sequence[str]
    handlers: Mapping[str, Handler]
    whole_state: bool = False
    generation: int = 1

    @property
    def reader(self) -> Reader:
        """Its key in inbox and parked events."""
        return Reader(self.name, self.generation)

    def group(self, service: str) -> str:
        """Its consumer group on the bus."""
        return f"{service}.{self.name}.g{self.generation}"


def payload_types(base: type[EventPayload] = EventPayload) -> dict[str, type[EventPayload]]:
    """The payload classes that have been imported, by TYPE."""
    found: dict[str, type[EventPayload]] = {}
    for subclass in base.__subclasses__():
        if "TYPE" in subclass.__dict__:
            found[subclass.TYPE] = subclass
        found |= payload_types(subclass)
    return found


@dataclass
class Batch:
    """What a poll brought: events by pool in their order, heartbeats, records that could not be read, next offsets."""

    pools: dict[str, list[Arrived]] = field(default_factory=dict)
    beats: dict[Position, datetime] = field(default_factory=dict)
    unreadable: list[tuple[Delivery, str]] = field(default_factory=list)
    offsets: dict[Position, int] = field(default_factory=dict)


def sort_out(deliveries: Sequence[Delivery]) -> Batch:
    """Splits a poll by pool; order within a subject is kept."""
    batch = Batch()
    for delivery in deliveries:
        place = (delivery.topic, delivery.partition)
        batch.offsets[place] = delivery.offset + 1
        try:
            event = Envelope.from_bytes(delivery.value)
        except UnreadableEvent as error:
            batch.unreadable.append((delivery, str(error)))
            continue
        if is_heartbeat(event):
            batch.beats[place] = max(event.time, batch.beats.get(place, event.time))
        else:
            batch.pools.setdefault(event.poolcode, []).append(Arrived(delivery.topic, event))
    return batch


class EventProcessor:
    """Turns batches into effects for one consumer. Raises only when the database is out of reach."""

    def __init__(
        self,
        consumer: Consumer,
        *,
        service: str,
        engine: AsyncEngine,
        clock: Clock,
        settings: Any,
        metrics: MessagingMetrics,
        tracing: Tracing,
    ) -> None:
        self.consumer, self.reader = consumer, consumer.reader
        self._service, self._engine, self._clock, self._settings = service, engine, clock, settings
        self._metrics, self._tracing = metrics, tracing
        known = payload_types()
        if missing := sorted(set(consumer.handlers) - set(known)):
            raise ValueError(f"{consumer.name}: no payload is declared for {', '.join(missing)}")
        self._handlers = {name: (known[name], handler) for name, handler in consumer.handlers.items()}
        self._months: set[date] = set()

    async def process(self, deliveries: Sequence[Delivery]) -> dict[Position, int]:
        """Gives every event of the poll its effect, or parks it; returns the offsets to commit."""
        batch = sort_out(deliveries)
        for delivery, error in batch.unreadable:
            await self._park_unreadable(delivery, error)
        for pool_code, events in batch.pools.items():
            await self._process_pool(pool_code, events)
        if batch.beats:
            async with transaction(self._engine, Scope(_WORKER)) as conn:
                await inbox.beat(conn, self.reader, batch.beats)
        faults.point("consumer.effect_done_not_committed_offset")
        return batch.offsets

    async def release(self) -> int:
        """Tries parked events whose gap has closed or whose retry was asked for; returns how many had their effect."""
        async with transaction(self._engine, Scope(_WORKER)) as conn:
            subjects = await inbox.releasable(conn, self.reader, self.consumer.whole_state)
            unreadable = await inbox.unreadable_asked(conn, self.reader)
        released = 0
        for pool_code, key in subjects:
            while await self._release_first(pool_code, key):
                released += 1
        for row_id, topic, text in unreadable:
            released += await self._read_again(row_id, topic, text)
        async with transaction(self._engine, Scope(_WORKER)) as conn:
            self._metrics.show_parked(self.consumer.name, await inbox.open_counts(conn, self.reader))
        return released

    async def _process_pool(self, pool_code: str, events: list[Arrived]) -> None:
        """One transaction for the pool's events; after an error each one alone, and the guilty one is parked."""
        await self._ensure_months(events)
        try:
            await self._apply(pool_code, events)
            return
        except Exception as error:
            if connection_failed(error):
                raise
            _log.warning(
                "batch_redone_one_by_one", consumer=self.consumer.name, events=len(events), why=describe(error)
            )
        self._metrics.batches_redone.labels(self.consumer.name).inc()
        for arrived in events:
            await self._process_one(pool_code, arrived)

    async def _process_one(self, pool_code: str, arrived: Arrived) -> None:
        for attempt in range(1, _CONTENTION_TRIES + 1):
            try:
                await self._apply(pool_code, [arrived])
                return
            except Exception as error:
                if connection_failed(error):
                    raise
                if is_contention(error) and attempt < _CONTENTION_TRIES:
                    continue
                await self._park_guilty(pool_code, arrived, error)
                return

    async def _apply(self, pool_code: str, events: list[Arrived]) -> None:
        """The effects of the events in one transaction, in their order."""
        now, started = self._clock.now(), time.perf_counter()
        if self.consumer.whole_state:  # each replaces its subject's row: in the order in which others lock these rows
            events = sorted(events, key=lambda arrived: arrived.event.subject)
        async with transaction(self._engine, Scope(_WORKER, (pool_code,))) as conn:
            heads = await inbox.lock_heads(conn, self.reader, pool_code, {arrived.key for arrived in events})
            taken = await inbox.already_taken(conn, self.reader, events)
            unit = EventUnit(conn, now, pool_code, self._settings, self._service)
            steps = _plan(events, heads, taken, whole_state=self.consumer.whole_state)
            done = [a.event.id for a, step in steps if step in (Step.APPLY, Step.DROP)]
            await inbox.take(conn, self.reader, pool_code, done, now)
            moved: dict[SubjectKey, int] = {}
            for arrived, step in steps:
                if step is Step.APPLY:
                    await self._handle(unit, arrived.event)
                    moved[arrived.key] = arrived.event.sequence
                elif step is not Step.DROP:
                    await inbox.park(conn, self.reader, arrived, step.value, now)
            await inbox.move_heads(conn, self.reader, pool_code, moved)
        self._count(steps, time.perf_counter() - started)

    async def _handle(self, unit: EventUnit, event: Envelope) -> None:
        found = self._handlers.get(event.type)
        if found is None:
            return
        payload_type, handler = found
        headers = {"traceparent": event.traceparent} if event.traceparent else None
        with self._tracing.span(f"consume {event.type}", headers, kind=SpanKind.CONSUMER):
            await handler(unit, event, payload_of(event, payload_type))

    def _count(self, steps: Sequence[tuple[Arrived, Step]], seconds: float) -> None:
        self._metrics.batch_seconds.labels(self.consumer.name).observe(seconds)
        for arrived, step in steps:
            self._metrics.events.labels(self.consumer.name, step.value).inc()
            if step is Step.GAP:
                event = arrived.event
                _log.error("gap", consumer=self.consumer.name, topic=arrived.topic, subject=event.subject,
                           sequence=event.sequence)  # fmt: skip

    async def _park_guilty(self, pool_code: str, arrived: Arrived, error: Exception) -> None:
        """Parks the event with its error; from here on every later event of its subject waits behind it.

        Not if another member of the group has had it meanwhile: then it is done.
        """
        now, told, event = self._clock.now(), describe(error), arrived.event
        async with transaction(self._engine, Scope(_WORKER, (pool_code,))) as conn:
            await inbox.lock_heads(conn, self.reader, pool_code, {arrived.key})
            if await inbox.already_taken(conn, self.reader, [arrived]):
                return
            await inbox.park(conn, self.reader, arrived, "error", now, told)
        self._metrics.events.labels(self.consumer.name, "error").inc()
        _log.error("parked", consumer=self.consumer.name, event_id=str(event.id), type=event.type,
                   subject=event.subject, sequence=event.sequence, why=told)  # fmt: skip

    async def _park_unreadable(self, delivery: Delivery, error: str) -> None:
        """Keeps a record that is no envelope; it has no subject that could wait for it."""
        place = f"{delivery.topic}/{delivery.partition}/{delivery.offset}"
        event_id = uuid5(NAMESPACE_URL, f"{place}/{hashlib.sha256(delivery.value).hexdigest()}")
        text = delivery.value.decode(errors="replace").replace("\x00", "")
        now = self._clock.now()
        async with transaction(self._engine, Scope(_WORKER)) as conn:
            await inbox.park_unreadable(conn, self.reader, delivery.topic, place, event_id, text, error, now)
        self._metrics.events.labels(self.consumer.name, "unreadable").inc()
        _log.error("unreadable", consumer=self.consumer.name, place=place, why=error)

    async def _release_first(self, pool_code: str, key: SubjectKey) -> bool:
        """Tries the first parked event of the subject in a transaction of its own; False when it has to stay."""
        now = self._clock.now()
        event_id: UUID | None = None
        try:
            async with transaction(self._engine, Scope(_WORKER, (pool_code,))) as conn:
                head = (await inbox.lock_heads(conn, self.reader, pool_code, {key}))[key]
                parked = await inbox.first_parked(conn, self.reader, pool_code, key)
                if parked is None or (parked.reason == "error" and not parked.retry_asked):
                    return False
                event, event_id = parked.arrived.event, parked.arrived.event.id
                step = decide(event.sequence, Head(head.sequence), whole_state=self.consumer.whole_state)
                if step is Step.GAP:
                    return False
                if not await inbox.had_its_effect(conn, self.reader, event_id):
                    await inbox.take(conn, self.reader, pool_code, [event_id], now)
                    if step is Step.APPLY:
                        await self._handle(EventUnit(conn, now, pool_code, self._settings, self._service), event)
                        await inbox.move_heads(conn, self.reader, pool_code, {key: event.sequence})
                await inbox.mark_released(conn, self.reader, event_id, now)
        except Exception as error:
            if event_id is None or connection_failed(error):
                raise
            if is_contention(error):
                return False  # the next sweep tries again
            async with transaction(self._engine, Scope(_WORKER, (pool_code,))) as conn:
                await inbox.mark_failed(conn, self.reader, event_id, describe(error), now)
            return False
        self._metrics.events.labels(self.consumer.name, "released").inc()
        _log.info("released", consumer=self.consumer.name, event_id=str(event_id), sequence=event.sequence)
        return True

    async def _read_again(self, row_id: UUID, topic: str, text: str) -> bool:
        """Tries a record that could not be read; once it can, it is an event like any other."""
        try:
            event = Envelope.from_bytes(text.encode())
        except UnreadableEvent as error:
            async with transaction(self._engine, Scope(_WORKER)) as conn:
                await inbox.mark_failed(conn, self.reader, row_id, str(error), self._clock.now())
            return False
        await self._process_pool(event.poolcode, [Arrived(topic, event)])
        async with transaction(self._engine, Scope(_WORKER)) as conn:
            await inbox.mark_released(conn, self.reader, row_id, self._clock.now())
        return True

    async def _ensure_months(self, events: Sequence[Arrived]) -> None:
        """The inbox has a partition for each event's month; months seen once are not asked for again."""
        months = {month_of(arrived.event.id) for arrived in events} - self._months
        if months:
            async with transaction(self._engine, Scope(_WORKER)) as conn:
                await ensure_months(conn, months)
            self._months |= months


def _plan(
    events: Sequence[Arrived], heads: dict[SubjectKey, Head], taken: set[UUID], *, whole_state: bool
) -> list[tuple[Arrived, Step]]:
    """The step of each event that has not been seen, each decided as if those before it had had their effect."""
    steps: list[tuple[Arrived, Step]] = []
    seen = set(taken)
    for arrived in events:
        if arrived.event.id in seen:
            continue
        seen.add(arrived.event.id)
        head = heads[arrived.key]
        step = decide(arrived.event.sequence, head, whole_state=whole_state)
        if step is Step.APPLY:
            head.sequence = arrived.event.sequence
        steps.append((arrived, step))
    return steps
