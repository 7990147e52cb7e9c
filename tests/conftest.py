"""Fixtures and reporting that all suites share. Databases, broker and tokens are made once a session, on first use."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from deploy.postgres import cluster
from shared.http import transport
from shared.kernel.errors import _KINDS, Problem
from tests.support.postgres import BusDatabase, ServiceDatabase, TestPostgres
from tests.support.tokens import TestTokens
from tests.support.waiting import PATIENCE_SECONDS
from tests.support.words import mixed_problem

TESTS = Path(__file__).parent
_spent: dict[str, float] = defaultdict(float)
_counted: dict[str, int] = defaultdict(int)

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("soak", parent=settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HEYI_HYPOTHESIS_PROFILE", "ci"))
if os.environ.get("HEYI_HYPOTHESIS_PROFILE", "ci") == "ci":
    # Hypothesis also draws the constants that it finds in whatever modules are loaded, so in those that other tests
    # of the same worker have brought in: the same test would draw other cases from one run to the next.
    _no_constants = Constants()
    providers._get_local_constants = lambda: _no_constants


# -- reporting


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--seed` fixes what tests draw at random; fault tests print it and take it from here."""
    parser.addoption("--seed", type=int, default=20261122, help="seed of drawn moments and generated cases")


def pytest_configure() -> None:
    """Tokens come from this very process and may take what it takes.

    Each worker draws its ports from a share of its own: one that is drawn now and bound later is nobody else's.
    """
    transport.ISSUER_SECONDS = PATIENCE_SECONDS
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    cluster.PORTS = cluster.PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]


def pytest_report_header(config: pytest.Config) -> str:
    """The seeds of this run."""
    profile = os.environ.get("HEYI_HYPOTHESIS_PROFILE", "ci")
    return f"heyi: seed={config.getoption('--seed')} hypothesis profile={profile} (derandomised unless soak)"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Adds the time of each test, its fixtures included, to that of its suite (also where workers ran it)."""
    suite = suite_of(TESTS.parent / report.nodeid.split("::")[0])
    _spent[suite] += report.duration
    _counted[suite] += report.when == "call"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line a suite directory: seconds and number of tests."""
    terminalreporter.section("time of each suite")
    for suite in sorted(_spent):
        terminalreporter.write_line(f"{suite:<32}{_spent[suite]:8.1f} s {_counted[suite]:6d} tests")


def suite_of(path: Path) -> str:
    """The directory of a test below tests/, two levels at most: ``component/claims``."""
    try:
        parts = path.parent.relative_to(TESTS).parts
    except ValueError:
        return path.parent.name
    return "/".join(parts[:2]) or "."


# -- every refusal that a test meets in its own process is told in one language at a time

_raised: list[Problem] = []
_made = Problem.__init__


def _recorded(self: Problem, *args: Any, **options: Any) -> None:
    _made(self, *args, **options)
    if self.kind.code in _KINDS:  # not one that a test made up
        _raised.append(self)


Problem.__init__ = _recorded  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def refusals_speak_one_language() -> Iterator[None]:
    """Fails a test during which a refusal was raised that mixes Chinese and English."""
    _raised.clear()
    yield
    met = list(_raised)
    _raised.clear()
    assert [wrong for problem in met for wrong in mixed_problem(problem)] == []


# -- fixtures


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """All asynchronous tests run on asyncio, as the services do."""
    return "asyncio"


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of this run (`--seed`)."""
    return int(pytestconfig.getoption("--seed"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """The session's PostgreSQL: `postgres.clone("claims")`, `postgres.clone_bus()` for wider-scoped fixtures."""
    server = TestPostgres(int(os.environ.get("HEYI_TEST_POSTGRES", "18")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def service_database(postgres: TestPostgres) -> Iterator[Callable[[str], ServiceDatabase]]:
    """`service_database("claims")` gives a migrated database of its own to one test."""
    made: list[str] = []

    def clone(service: str) -> ServiceDatabase:
        database = postgres.clone(service)
        made.append(database.name)
        return database

    yield clone
    for name in made:
        postgres.drop(name)


@pytest.fixture
def bus_database(postgres: TestPostgres) -> Iterator[BusDatabase]:
    """An empty log of the local bus for one test."""
    database = postgres.clone_bus()
    yield database
    postgres.drop(database.name)


@pytest.fixture(scope="session")
def tokens() -> Iterator[TestTokens]:
    """The session's issuer: `.mint`, `.headers`, `.jwks`, `.jwks_url`, `.token_url`, `.environment(service)`."""
    issuer = TestTokens()
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def mint(tokens: TestTokens) -> Callable[..., str]:
    """`mint("hospital", pools=("522422",), institutions=("H52242200001",))` gives a JWT."""
    return tokens.mint


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Apache Kafka broker on a free port, its topics made: `.bootstrap`, `.kill()`, `.start()`, `.stop()`.

    Never skipped: where Java, Maven or the artifacts cannot be had, every test that asks for it fails and says why.
    """
    from deploy.kafka.broker import Broker
    from deploy.kafka.topics import ensure_topics

    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    try:
        ensure_topics(broker.bootstrap)
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, installed where it is missing; fails with what to install where it cannot be."""
    from tests.support.chromium import executable

    return executable()
