"""The performance service in this process, on a migrated database of its own, with a clock that stands still."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.performance.indicators.store import MeasuredEvent, add_event
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.kernel.clock import FixedClock
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens

POOL, OTHER_POOL = "522422", "410182"
HOSPITAL = "H52242200001"


@dataclass
class Performance:
    """The service's client, its clock and its database."""

    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens
    _keys: int = field(default=0)

    async def get(self, path: str, role: str = "auditor", **options: Any) -> httpx.Response:
        """A read with a token of ``role``."""
        return await self.client.get(f"/v1{path}", headers=self.tokens.headers(role, **options))

    async def write(self, method: str, path: str, body: dict[str, Any], role: str = "city_health") -> httpx.Response:
        """A write with a fresh idempotency key."""
        self._keys += 1
        headers = self.tokens.headers(role) | {"Idempotency-Key": f"key-{self._keys}"}
        return await self.client.request(method, f"/v1{path}", json=body, headers=headers)

    async def measure(self, kind: str, at: datetime, claim_id: UUID, *, pool: str = POOL) -> UUID:
        """Keeps one event as the worker would, with the worker's role."""
        event = MeasuredEvent(new_id(at), claim_id, kind, at, shanghai_date(at), HOSPITAL)
        engine = create_engine(self.database.worker, pool_size=1)
        try:
            async with transaction(engine, Scope("worker", (pool,))) as conn:
                await add_event(conn, pool, event)
        finally:
            await engine.dispose()
        return event.event_id

    async def review(self, settled: datetime, approved: datetime, *, pool: str = POOL) -> UUID:
        """A claim settled and approved; returns its id."""
        claim_id = new_id(settled)
        await self.measure("settled", settled, claim_id, pool=pool)
        await self.measure("approved", approved, claim_id, pool=pool)
        return claim_id

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return list(await conn.fetch(sql, *args))
        finally:
            await conn.close()

    async def decide_limit(self, days: int, valid_from: date = date(2010, 1, 1)) -> httpx.Response:
        """Sets the limit of the review time."""
        body = {
            "valid_from": valid_from.isoformat(),
            "limit_working_days": days,
            "document_number": "大合医领〔2010〕3号",
            "decided_on": "2009-12-28",
        }
        return await self.write("POST", f"/pools/{POOL}/standards/review_time", body)


@pytest.fixture
async def performance(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Performance]:
    database = postgres.clone("performance")
    clock = FixedClock(datetime(2010, 4, 1, 1, 0, tzinfo=UTC))
    async with running_app(database, tokens, clock=clock) as running:
        yield Performance(running.client, clock, database, tokens)
    postgres.drop(database.name)
