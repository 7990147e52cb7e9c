"""A world of settlement for each test: a migrated database of its own and a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from shared.kernel.clock import FixedClock
from tests.component.funds.world import World, at
from tests.support.postgres import TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens


@pytest.fixture
async def empty_world(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[World]:
    """Nothing registered."""
    database = postgres.clone("settlement")
    clock = FixedClock(at("2010-03-01T09:00"))
    async with running_app(database, tokens, clock=clock) as running:
        world = World(running.client, clock, database, tokens)
        yield world
        await world.aclose()
    postgres.drop(database.name)


@pytest.fixture
async def world(empty_world: World) -> World:
    """Bank accounts and payees registered."""
    await empty_world.register()
    return empty_world
