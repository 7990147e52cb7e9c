"""The demo county: one thread of the real business, played over the public APIs with role tokens only."""

from __future__ import annotations

import asyncio

from rich.console import Console

from deploy.demo.care import admit, discharge
from deploy.demo.enrolling import enrol
from deploy.demo.founding import found
from deploy.demo.funding import arrive, up_and_down
from deploy.demo.paying import confirm, pay, release, replenish, review
from deploy.demo.story import Story, opened
from deploy.demo.supervising import supervise
from deploy.issuer import Issuer
from deploy.state import StateDirectory

HOUSEHOLDS = 600
SEED = 20100301


def play(directory: StateDirectory, console: Console, *, households: int = HOUSEHOLDS, seed: int = SEED) -> bool:
    """Plays the thread against the running stack of ``directory``; False when an identity does not tie.

    Raises DemoError where a step is not answered as it must be.
    """
    return asyncio.run(play_against(directory.origin(), directory.issuer(), console, households=households, seed=seed))


async def play_against(
    origin: str, issuer: Issuer, console: Console, *, households: int = HOUSEHOLDS, seed: int = SEED
) -> bool:
    """The same against any origin whose issuer key is at hand."""
    async with opened(origin, issuer, console, households=households, seed=seed, story=f"demo-{seed}") as story:
        return await thread(story)


async def thread(story: Story) -> bool:
    """The thread, day by day of March 2010."""
    console = story.console
    await story.move_clock("2010-03-01")
    console.print("[bold]一 · 建制 founding[/]")
    await found(story)
    console.print("[bold]二 · 参合 enrolment[/]")
    await enrol(story)
    console.print("[bold]三 · 资金到位 funding[/]")
    await arrive(story)
    await story.end_of_day("2010-03-02")
    await up_and_down(story)
    await story.end_of_day("2010-03-03")
    console.print("[bold]四 · 就诊 care[/]")
    await admit(story)
    await story.end_of_day("2010-03-08")
    await discharge(story)
    await story.end_of_day("2010-03-10")
    console.print("[bold]五 · 审核与支付 review and payment[/]")
    await review(story)
    await release(story)
    await pay(story)
    await story.end_of_day("2010-03-11")
    await confirm(story)
    await replenish(story)
    await story.end_of_day("2010-03-12")
    console.print("[bold]六 · 监督 supervision[/]")
    return await supervise(story)
