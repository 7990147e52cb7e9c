"""Events a second through outbox, relay, bus and consumer, by hand: ``python -m tests.component.messaging.throughput``.

One publisher with 32 events a transaction, one worker; on the log in PostgreSQL, and with ``kafka`` on a broker.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from deploy.kafka.broker import Broker
from deploy.kafka.topics import ensure_topics
from deploy.postgres.roles import blocking
from shared.db.scope import Scope, transaction
from shared.messaging.bus.base import Bus
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.postgres import PostgresBus, create_topics
from shared.messaging.outbox import emit_many
from shared.messaging.relay import Relay
from tests.component.messaging.bench import POOL, SERVICE, TOPIC, Bench, prepare
from tests.support.postgres import TestPostgres

EVENTS, BATCH = 10_000, 32


async def measure(bench: Bench, bus: Bus) -> None:
    """Prints the three rates."""
    began = time.perf_counter()
    for start in range(0, EVENTS, BATCH):
        async with transaction(bench.app, Scope("county_director", (POOL,))) as conn:
            await emit_many(conn, [bench.outgoing(f"s{n}", 1) for n in range(start, min(start + BATCH, EVENTS))])
    emitted = time.perf_counter()
    await Relay(bench.database.worker, bus, SERVICE, bench.metrics).drain()
    relayed = time.perf_counter()
    processor, subscriber, seen = bench.processor(), await bus.subscriber("bench", [TOPIC]), 0
    while seen < EVENTS:
        polled = await subscriber.poll(300, 1.0)
        await subscriber.commit(await processor.process(polled))
        seen += len(polled)
    done = time.perf_counter()
    await subscriber.close()
    rates = [EVENTS / seconds for seconds in (emitted - began, relayed - emitted, done - relayed)]
    print("events/s: emitted {:,.0f}, relayed {:,.0f}, taken in with one insert each {:,.0f}".format(*rates))


def main(kind: str) -> None:
    server = TestPostgres()
    server.start()
    database, log = server.empty(SERVICE), server.clone_bus()
    blocking(prepare(database.owner))
    broker = Broker(Path(tempfile.mkdtemp())) if kind == "kafka" else None
    try:
        if broker is not None:
            broker.start()
            ensure_topics(broker.bootstrap, [TOPIC])
        asyncio.run(_run(Bench.on(database), log.owner, log.app, broker))
    finally:
        if broker is not None:
            broker.stop()
        server.stop()


async def _run(bench: Bench, owner: str, app: str, broker: Broker | None) -> None:
    conn = await asyncpg.connect(owner)
    await create_topics(conn, [TOPIC])
    await conn.close()
    await measure(bench, KafkaBus(broker.bootstrap) if broker else PostgresBus(app))
    await bench.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "postgres")
