"""The claims service on a migrated database of its own, with a hospital world around it."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from deploy.postgres.roles import blocking, role_name
from services.claims.visits import asking
from shared.kernel.clock import FixedClock
from tests.component.claims.world import Enrollment, World
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import PATIENT_SECONDS, START, running_app
from tests.support.tokens import TestTokens

_numbers = itertools.count(1)


@asynccontextmanager
async def running_world(database: ServiceDatabase, tokens: TestTokens) -> AsyncIterator[World]:
    """A world on a database, nine in the morning of 1 March 2010.

    Enrollment may take as long as a request: half a second is met by the stand-in except on a machine that is busy.
    """
    enrollment = Enrollment()
    with enrollment.serving() as address, patch.object(asking, "ANSWER_SECONDS", float(PATIENT_SECONDS)):
        clock, peers = FixedClock(START), {"enrollment": address}
        async with running_app(database, tokens, clock=clock, peers=peers) as running:
            yield World(running.app, running.client, clock, database, tokens, enrollment)


@pytest.fixture(scope="session")
def prepared(postgres: TestPostgres, tokens: TestTokens) -> ServiceDatabase:
    """A database with policy, catalogue and hospitals in force, made once over the API."""
    database = postgres.clone("claims")

    async def prepare() -> None:
        async with running_world(database, tokens) as world:
            await world.prepare()

    blocking(prepare())
    return database


@pytest.fixture
def claims_database(postgres: TestPostgres, prepared: ServiceDatabase) -> Iterator[ServiceDatabase]:
    """A copy of the prepared database for one test."""
    name = f"t_claims_world_{next(_numbers)}"
    blocking(postgres._clone("claims", prepared.name, name))
    urls = {
        kind: postgres.cluster.url(name, role_name("claims", kind))
        for kind in ("owner", "app", "worker", "reader", "backup")
    }
    yield ServiceDatabase(service="claims", name=name, admin=postgres.cluster.url(name), **urls)
    postgres.drop(name)


@pytest.fixture
async def world(claims_database: ServiceDatabase, tokens: TestTokens) -> AsyncIterator[World]:
    """Policy, catalogue and hospitals in force, the coverage stream fresh."""
    async with running_world(claims_database, tokens) as world:
        await world.heard()
        yield world
