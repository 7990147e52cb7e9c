"""The claims API with the reference routes alone, on a migrated database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.claims.benefits.api import router as benefits
from services.claims.benefits.library import text_of
from services.claims.benefits.quote_api import router as quotes
from services.claims.benefits.templates_api import router as templates
from services.claims.catalogue.api import router as catalogue
from services.claims.providers.api import router as providers
from shared.db.scope import Scope, transaction
from shared.http.app import create_service_app
from shared.http.settings import ServiceSettings
from shared.kernel.clock import FixedClock
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.tokens import TestTokens

POOL, OTHER_POOL = "522422", "410182"
HOSPITAL = "H52242200001"
ACCEPTED = ["basic.outpatient.pool", "basic.outpatient.year"]


@dataclass
class Office:
    """The API, a client, the clock and the database; `call` sends with a role's token and a fresh key."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens

    async def call(
        self, role: str | None, method: str, path: str, *, subject: str | None = None, **options: Any
    ) -> httpx.Response:
        """A request of a role; `pools` names other pools than the demo's."""
        pools = options.pop("pools", (POOL,))
        institutions = options.pop("institutions", ())
        headers = options.pop("headers", {})
        if role is not None:
            headers |= self.tokens.headers(role, subject=subject, pools=pools, institutions=institutions)
            headers |= {"Idempotency-Key": options.pop("key", str(uuid4()))}
        return await self.client.request(method, f"/v1{path}", headers=headers, **options)

    async def submit(self, text: str | None = None, role: str = "insurer_manager", **options: Any) -> httpx.Response:
        """Hands in a document, Dafang 2010 unless another text is given."""
        content = (text or text_of("dafang-2010")).encode()
        headers = {"Content-Type": "application/yaml"}
        return await self.call(role, "POST", f"/pools/{POOL}/policies", content=content, headers=headers, **options)

    async def decided(self, text: str | None = None, accepted: list[str] | None = None) -> str:
        """A version through its whole life; returns its id."""
        policy_id: str = (await self.submit(text)).json()["id"]
        path = f"/pools/{POOL}/policies/{policy_id}"
        assert (await self.call("county_recheck", "POST", f"{path}/check")).status_code == 200
        body = {
            "document_number": "方合管〔2009〕12号",
            "decided_on": "2009-12-20",
            "accept_illustrative": ACCEPTED if accepted is None else accepted,
        }
        answer = await self.call("county_director", "POST", f"{path}/decision", json=body)
        assert answer.status_code == 200, answer.text
        return policy_id

    def reading(self, institutions: tuple[str, ...] = ("*",)) -> Any:
        """A transaction as claims would open it."""
        return transaction(self.app.state.heyi.engine, Scope("hospital", (POOL,), institutions))

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return await conn.fetch(sql, *args)
        finally:
            await conn.close()


@pytest.fixture
async def office(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Office]:
    database = postgres.clone("claims")
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(database.app),
        bus="postgres",
        issuer=tokens.origin,
        jwks_url=tokens.jwks_url,
        data_key=SecretStr("11" * 32),
        lookup_key=SecretStr("22" * 32),
    )
    clock = FixedClock(datetime(2010, 3, 1, 1, 0, tzinfo=UTC))
    routers = [benefits, quotes, templates, catalogue, providers]
    app = create_service_app(settings, service="claims", title="claims", routers=routers, clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://claims") as client:
            yield Office(app, client, clock, database, tokens)
    postgres.drop(database.name)
