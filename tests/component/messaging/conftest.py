"""Databases of the small service."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.postgres.roles import blocking, role_name
from tests.component.messaging.bench import SERVICE, Bench, RecordingBus, prepare
from tests.support.postgres import ServiceDatabase, TestPostgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def messaging_template(postgres: TestPostgres) -> ServiceDatabase:
    """The small service's database, built once."""
    database = postgres.empty(SERVICE)
    blocking(prepare(database.owner))
    return database


@pytest.fixture
def messaging_database(postgres: TestPostgres, messaging_template: ServiceDatabase) -> Iterator[ServiceDatabase]:
    """A copy for one test."""
    name = f"t_messaging_{next(_numbers)}"
    blocking(postgres._clone(SERVICE, messaging_template.name, name))
    urls = {
        kind: postgres.cluster.url(name, role_name(SERVICE, kind))
        for kind in ("owner", "app", "worker", "reader", "backup")
    }
    yield ServiceDatabase(service=SERVICE, name=name, admin=postgres.cluster.url(name), **urls)
    postgres.drop(name)


@pytest.fixture
async def bench(messaging_database: ServiceDatabase) -> AsyncIterator[Bench]:
    """The small service on a database of its own."""
    bench = Bench.on(messaging_database)
    yield bench
    await bench.close()


@pytest.fixture
def recording() -> RecordingBus:
    """A bus that only records."""
    return RecordingBus()
