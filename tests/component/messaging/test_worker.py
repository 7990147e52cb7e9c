"""The worker as a whole: health, metrics, jobs, an orderly end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from deploy.postgres.cluster import free_port
from deploy.postgres.roles import blocking
from heyi_verify.audit import verify_audit
from shared.db import audit
from shared.db.scope import Scope, transaction
from shared.messaging.bus.postgres import create_topics
from shared.messaging.consumer import Consumer
from shared.messaging.worker import Job, WorkerContext, serve_worker
from tests.component.messaging.bench import OTHER_POOL, POOL, SERVICE, Bench, NoteTaken
from tests.faults.messaging.process import Settings
from tests.support.postgres import BusDatabase
from tests.support.waiting import PATIENCE_SECONDS, until


@asynccontextmanager
async def running(bench: Bench, bus: BusDatabase, topic: str, *jobs: Job, **more: str) -> AsyncIterator[str]:
    """A worker in this process; gives the address of its health."""
    settings = Settings("postgres", bus.app, SecretStr(bench.database.worker), worker_port=free_port())
    settings.signing_key = SecretStr("33" * 32)
    consumer = Consumer("notes", (topic,), {NoteTaken.TYPE: bench.handle})
    stop = asyncio.Event()
    worker = asyncio.create_task(
        serve_worker(settings, SERVICE, [consumer], jobs, heartbeat_topics=(topic,), stop=stop)
    )
    try:
        yield f"http://127.0.0.1:{settings.worker_port}"
    finally:
        stop.set()
        await asyncio.wait_for(worker, PATIENCE_SECONDS)


@pytest.fixture
def topic(bus_database: BusDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"heyi.test.t{uuid4().hex[:12]}.v1"
    monkeypatch.setattr(NoteTaken, "TOPIC", name)

    async def make() -> None:
        conn = await asyncpg.connect(bus_database.owner)
        await create_topics(conn, [name])
        await conn.close()

    blocking(make())
    return name


FIGURES = (
    "heyi_relay_events_total 6.0",
    'heyi_consumer_events_total{consumer="notes",step="apply"} 6.0',
    'heyi_parked_events{consumer="notes",reason="gap"} 0.0',
)


async def test_events_flow_and_the_process_tells_how_it_is(bench: Bench, bus_database: BusDatabase, topic: str) -> None:
    patient = {"timeout": PATIENCE_SECONDS}
    async with running(bench, bus_database, topic) as address, httpx.AsyncClient(base_url=address, **patient) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/readyz")).json()["consumers"]["notes"]["active"] is True
            except httpx.TransportError:
                return False

        async def arrived() -> bool:
            return len(await bench.effects()) == 6

        await until(answers)
        await bench.emit("a", [1, 2, 3])
        await bench.emit("b", [1, 2, 3], pool=OTHER_POOL)
        await until(arrived)
        facts = (await client.get("/readyz")).json()
        assert (facts["ready"], facts["relay"]["holder"], facts["consumers"]["notes"]["partitions"]) == (True, True, 12)
        assert (await client.get("/livez")).status_code == 200

        async def measured() -> bool:  # each is counted some time after it is done, the parked by a job of its own
            told = (await client.get("/metrics")).text
            return all(figure in told for figure in FIGURES)

        async def heard() -> bool:  # heartbeats came round the whole way
            return len(await bench.rows("SELECT 1 FROM stream_heartbeat")) == 12

        await until(measured)
        await until(heard)


async def test_the_standing_jobs_seal_the_audit_log_and_make_partitions(
    bench: Bench, bus_database: BusDatabase, topic: str
) -> None:
    async with transaction(bench.app, Scope("county_director", (POOL,))) as conn:
        entry = audit.Entry(POOL, bench.clock.now(), "director-1", "county_director", "do_it", audit.DONE, "request-1")
        await audit.write(conn, [entry, entry])
    await bench.admin("DROP TABLE outbox_p201006")

    async def sealed() -> bool:
        return len(await bench.rows("SELECT 1 FROM audit WHERE number IS NOT NULL")) == 2

    async def made() -> bool:
        return bool(await bench.rows("SELECT 1 FROM pg_class WHERE relname = 'outbox_p201006'"))

    async with running(bench, bus_database, topic):
        await until(sealed)
        await until(made)
    documents: list[dict[str, Any]] = []
    async with transaction(bench.app, Scope("auditor", (POOL,)), repeatable=True) as conn:
        async for page in audit.exported(conn, POOL, 0, {"service": SERVICE}):
            documents += page
    assert [document["kind"] for document in documents].count("row") == 2
    assert verify_audit(documents, None, {}).findings == []


async def test_a_job_that_fails_is_tried_again_and_harms_nobody(
    bench: Bench, bus_database: BusDatabase, topic: str
) -> None:
    seen: list[date] = []

    async def stumble(context: WorkerContext) -> None:
        seen.append(context.now().date())
        raise RuntimeError("not today")

    async def twice() -> bool:
        return len(seen) >= 2

    async with running(bench, bus_database, topic, Job("stumbler", 0.1, stumble)):
        await until(twice)
    assert seen[0] == date(2010, 3, 1), "business time"
