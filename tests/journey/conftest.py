"""A whole local stack with the demo county played on it, once a session for every journey that only looks."""

import io
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser
from rich.console import Console

from deploy.demo import play
from deploy.issuer import Scope
from deploy.state import DEMO_POOL, StateDirectory
from deploy.supervisor import Supervisor, reset
from tests.journey.browser import chromium

HOUSEHOLDS = 60


@dataclass
class Played:
    """A running stack after its thread."""

    directory: StateDirectory
    tied: bool
    told: str
    """What the demo printed."""

    @property
    def origin(self) -> str:
        """The one origin of the four APIs and the console."""
        return self.directory.origin()

    def token(self, role: str, *, pools: tuple[str, ...] = (DEMO_POOL,)) -> str:
        """A token of the stack's own issuer."""
        return self.directory.issuer().token(role, subject=f"{role}-journey", scope=Scope(pools=pools))


@contextmanager
def played_stack(place: Path, *, bus: str = "postgres", households: int = HOUSEHOLDS) -> Iterator[Played]:
    """Starts a stack in ``place``, plays the demo county, and drops everything at the end."""
    directory = StateDirectory(place / "state")
    told = Console(file=io.StringIO(), width=160, record=True)
    supervisor = Supervisor(directory, bus=bus, say=told.print)
    try:
        supervisor.start()
        threading.Thread(target=supervisor.watch, daemon=True).start()
        tied = play(directory, told, households=households)
        yield Played(directory, tied, told.export_text())
    except BaseException:
        print(told.export_text(clear=False))
        raise
    finally:
        supervisor.stop()
        reset(directory)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The demo county on the local bus."""
    with played_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all journeys; each look at a page has a context of its own."""
    async with chromium() as running:
        yield running
