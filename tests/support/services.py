"""A service's HTTP application inside the test process, on a database of its own."""

import importlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI

from shared.kernel.clock import FixedClock
from tests.support.postgres import BusDatabase, ServiceDatabase
from tests.support.tokens import TestTokens

SERVICES = ("enrollment", "claims", "settlement", "performance")
TEST_KEYS = {"DATA_KEY": "11" * 32, "LOOKUP_KEY": "22" * 32, "SIGNING_KEY": "33" * 32}
START = datetime(2010, 3, 1, 1, 0, tzinfo=UTC)
"""Nine in the morning of 1 March 2010 in Shanghai."""
PATIENT_SECONDS = 60
"""What a request may take in the test process: no test may see a limit that only a busy machine has met."""


@dataclass
class RunningApp:
    """The application, a client to it, its clock and its database."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase


def environment(
    database: ServiceDatabase,
    tokens: TestTokens,
    *,
    bus: BusDatabase | None = None,
    peers: Mapping[str, str] | None = None,
    **more: str,
) -> dict[str, str]:
    """All HEYI_<SERVICE>_… variables of a process of this service; ``peers`` maps service names to addresses."""
    prefix = f"HEYI_{database.service.upper()}_"
    given = {"ENVIRONMENT": "test", "BUS": "postgres"} | TEST_KEYS | more
    if bus is not None:
        given["BUS_URL"] = bus.app
    given |= {f"{name.upper()}_URL": address for name, address in (peers or {}).items()}
    return (
        database.environment()
        | tokens.environment(database.service)
        | {prefix + name: value for name, value in given.items()}
    )


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these variables, restored afterwards."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def build_app(service: str, variables: Mapping[str, str]) -> FastAPI:
    """``create_app()`` of a service, with its settings read from ``variables``."""
    with in_environment(variables):
        app: FastAPI = importlib.import_module(f"services.{service}.app").create_app()
    return app


@asynccontextmanager
async def running_app(
    database: ServiceDatabase,
    tokens: TestTokens,
    *,
    clock: FixedClock | None = None,
    bus: BusDatabase | None = None,
    peers: Mapping[str, str] | None = None,
    **more: str,
) -> AsyncIterator[RunningApp]:
    """The service of ``database`` started; the clock stands at START unless one is given.

    Its limits are wide, for a busy machine; a test of a limit gives its own among ``more``.
    """
    more = {"REQUEST_TIMEOUT_SECONDS": str(PATIENT_SECONDS)} | more
    app = build_app(database.service, environment(database, tokens, bus=bus, peers=peers, **more))
    app.state.heyi.clock = clock = clock or FixedClock(START)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{database.service}") as client:
            yield RunningApp(app, client, clock, database)
