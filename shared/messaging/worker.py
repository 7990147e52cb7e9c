"""The worker process of a service: relay, consumers, jobs, and its own health and metrics over HTTP.

It ends at SIGTERM or SIGINT after the work in hand; killed at any moment it loses nothing and repeats no effect.
"""

import asyncio
import signal
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog
import uvloop

from shared.db.engine import create_engine
from shared.messaging import heartbeat
from shared.messaging.bus.base import Bus, NotActive, Progress, Subscriber
from shared.messaging.bus.choice import open_bus
from shared.messaging.consumer import Consumer, EventProcessor
from shared.messaging.failures import describe
from shared.messaging.health import HealthServer
from shared.messaging.jobs import STANDING_JOBS, Job, WorkerContext, keep
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.relay import Relay, wait_for
from shared.observe import logs
from shared.observe.metrics import Metrics
from shared.observe.tracing import Tracing

__all__ = ["Job", "WorkerContext", "run_worker", "serve_worker"]

POLL_RECORDS = 300
POLL_SECONDS = 0.5
RELEASE_SECONDS = 2.0
SHUTDOWN_SECONDS = 10.0
STATEMENT_SECONDS = 60.0
_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_IDLE = Progress(False, 0, 0, 0)

_log = structlog.get_logger("heyi.worker")


def run_worker(
    settings: Any,
    service: str,
    consumers: Sequence[Consumer],
    jobs: Sequence[Job] = (),
    *,
    heartbeat_topics: Sequence[str] | None = None,
) -> None:
    """Runs the worker until it is told to end. ``heartbeat_topics``: the service's own topics that need them."""
    logs.configure(service, "worker")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_worker(settings, service, consumers, jobs, heartbeat_topics=heartbeat_topics))


async def serve_worker(
    settings: Any,
    service: str,
    consumers: Sequence[Consumer],
    jobs: Sequence[Job] = (),
    *,
    heartbeat_topics: Sequence[str] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """The worker in a running loop; ``stop`` ends it, otherwise the process's signals do.

    Raises what made a part end that should never end, so that the supervisor starts the process anew.
    """
    stop = stop or _stop_at_signals()
    if settings.worker_database_url is None:
        raise ValueError("the worker needs WORKER_DATABASE_URL")
    url = settings.worker_database_url.get_secret_value()
    metrics, tracing = Metrics(), Tracing(service, settings.otlp_endpoint)
    figures = MessagingMetrics(metrics.registry)
    engine = create_engine(
        url,
        pool_size=len(consumers) + len(jobs) + len(STANDING_JOBS) + 1,
        statement_timeout_seconds=STATEMENT_SECONDS,
        lock_timeout_seconds=STATEMENT_SECONDS / 3,
        application_name=f"heyi-{service}-worker",
    )
    bus, clock = open_bus(settings), settings.clock()
    topics = heartbeat.topics_of(service) if heartbeat_topics is None else heartbeat_topics
    relay = Relay(url, bus, service, figures, heartbeat_topics=topics)
    loops = []
    for consumer in consumers:
        processor = EventProcessor(
            consumer, service=service, engine=engine, clock=clock, settings=settings, metrics=figures, tracing=tracing
        )
        loops.append(ConsumerLoop(processor, bus, consumer.group(service), figures))
    context = WorkerContext(service, settings, engine, clock)
    health = HealthServer(settings.host, settings.worker_port, metrics, figures, relay, loops)
    parts = [relay.run(stop), health.run(stop), *(loop.run(stop) for loop in loops)]
    parts += [keep(job, context, figures, stop) for job in (*STANDING_JOBS, *jobs)]
    try:
        await _until_stopped(parts, stop)
    finally:
        await bus.close()
        await engine.dispose()
        tracing.shutdown()


async def _until_stopped(parts: Sequence[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Runs all parts; when one ends, or ``stop`` is set, gives the others SHUTDOWN_SECONDS for the work in hand."""
    tasks = [asyncio.create_task(part) for part in parts]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    _done, late = await asyncio.wait(tasks, timeout=SHUTDOWN_SECONDS)
    for task in late:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def _stop_at_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


class ConsumerLoop:
    """Polls for one consumer, gives the batches to its processor, commits, and tries what is parked."""

    def __init__(self, processor: EventProcessor, bus: Bus, group: str, metrics: MessagingMetrics) -> None:
        self.name = processor.consumer.name
        self._processor, self._bus, self._group, self._metrics = processor, bus, group, metrics
        self._subscriber: Subscriber | None = None
        self._released_at = float("-inf")
        self.turned_at = time.monotonic()

    def progress(self) -> Progress:
        """Where it stands."""
        return self._subscriber.progress() if self._subscriber else _IDLE

    async def run(self, stop: asyncio.Event) -> None:
        """Works until ``stop``; after an error it begins anew at the committed offsets."""
        failures = 0
        while not stop.is_set():
            try:
                self._subscriber = await self._bus.subscriber(self._group, self._processor.consumer.topics)
                while not stop.is_set():
                    await self.turn(self._subscriber)
                    failures = 0
            except Exception as error:
                pause = _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]
                failures += 1
                self._metrics.failures.labels(self.name).inc()
                _log.warning("consumer_interrupted", consumer=self.name, why=describe(error), again_in=pause)
                await self._close()
                await wait_for(stop, pause)
        await self._close()

    async def turn(self, subscriber: Subscriber) -> None:
        """One poll and what it brings."""
        deliveries = await subscriber.poll(POLL_RECORDS, POLL_SECONDS)
        self.turned_at = time.monotonic()
        if deliveries:
            offsets = await self._processor.process(deliveries)
            try:
                await subscriber.commit(offsets)
            except NotActive as error:
                _log.warning("not_active", consumer=self.name, why=str(error))
        progress = subscriber.progress()
        self._metrics.lag.labels(self.name).set(progress.lag)
        if progress.active and (deliveries or time.monotonic() - self._released_at > RELEASE_SECONDS):
            await self._processor.release()
            self._released_at = time.monotonic()

    async def _close(self) -> None:
        if self._subscriber is not None:
            with suppress(Exception):
                await self._subscriber.close()
            self._subscriber = None
