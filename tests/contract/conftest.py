"""All four services at once, as the contracts about their routes need them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.support.postgres import TestPostgres
from tests.support.services import SERVICES, RunningApp, running_app
from tests.support.tokens import TestTokens


@pytest.fixture(scope="module")
async def apps(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[dict[str, RunningApp]]:
    """All four services, each on an empty database."""
    async with AsyncExitStack() as stack:
        yield {
            service: await stack.enter_async_context(
                running_app(
                    postgres.clone(service),
                    tokens,
                    bus=postgres.clone_bus(),
                    peers=dict.fromkeys(SERVICES, "http://127.0.0.1:9"),
                )
            )
            for service in SERVICES
        }
