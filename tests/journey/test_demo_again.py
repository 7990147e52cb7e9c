"""The demo county interrupted and begun again: it goes on where it was, and nothing is done twice."""

import io
import random
import threading
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo import thread
from deploy.demo.story import Story, opened
from deploy.state import StateDirectory
from deploy.supervisor import Supervisor, reset

HOUSEHOLDS, BREAKS, WRITES_MAX = 60, 6, 230


class Interrupted(Exception):
    """What Ctrl-C is to the story: it ends between two requests."""


def interrupt_after(story: Story, writes: int) -> None:
    """The story ends when it wants to send one request more than so many."""
    send, left = story.office.http.request, [writes]

    async def counted(method: str, url: str, **options: object) -> object:
        if method != "GET":
            left[0] -= 1
        if left[0] < 0:
            raise Interrupted
        return await send(method, url, **options)  # type: ignore[arg-type]

    story.office.http.request = counted  # type: ignore[method-assign,assignment]


@pytest.mark.slow
async def test_an_interrupted_story_goes_on(tmp_path: Path, seed: int) -> None:
    draw, told = random.Random(seed), Console(file=io.StringIO(), width=160, record=True)
    directory = StateDirectory(tmp_path / "state")
    supervisor = Supervisor(directory, bus="postgres", say=told.print)
    broken = 0
    try:
        supervisor.start()
        threading.Thread(target=supervisor.watch, daemon=True).start()
        for writes in [*sorted(draw.sample(range(WRITES_MAX), BREAKS)), None]:
            origin, issuer = directory.origin(), directory.issuer()
            async with opened(origin, issuer, told, households=HOUSEHOLDS, seed=seed, story=f"again-{seed}") as story:
                if writes is not None:
                    interrupt_after(story, writes)
                try:
                    assert await thread(story) is True, told.export_text()
                except Interrupted:
                    broken += 1
                    continue
                assert broken == BREAKS, f"{WRITES_MAX} is more than the story writes"
                auditor, march = story.cast.auditor, {"from": "2010-03-01", "to": "2010-03-31"}
                totals = await auditor.read(story.path("claims", "totals"), **march)
                assert totals["count"] == len(story.facts["claims"]) + 1, "each once, and the one that was cancelled"
    finally:
        supervisor.stop()
        reset(directory)
