"""The queue before the transaction: who shares a run, what a broken run does, hang-ups, the end of the process."""

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any

import pytest

from services.claims.visits.coalescer import LEAVE, LIMIT, Coalescer, CommitDoubtful
from shared.kernel.errors import Problem
from tests.support.loops import on_its_own_time


class Meter:
    def __init__(self) -> None:
        self.batches: list[int] = []
        self.reruns: list[int] = []
        self.alone = 0

    def batch(self, size: int) -> None:
        self.batches.append(size)

    def rerun(self, size: int) -> None:
        self.reruns.append(size)

    def one_by_one(self) -> None:
        self.alone += 1


class Runs:
    """A run that records its batches; ``bad`` requests break any run they are in; a gate holds runs back."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []
        self.patient: list[Any] = []
        self.bad: set[Any] = set()
        self.doubtful: set[Any] = set()
        self.held: set[Any] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, lane: Hashable, requests: Sequence[Any], *, patient: bool = False) -> list[Any]:
        self.seen.append(list(requests))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if self.doubtful & set(requests):
            self.doubtful.clear()
            raise CommitDoubtful
        if self.bad & set(requests):
            raise RuntimeError("the database refused")
        if patient:
            self.patient += requests
        return [
            LEAVE if request in self.held and not patient else ValueError(request) if request < 0 else request * 10
            for request in requests
        ]


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def made(timeout_seconds: float = 5) -> tuple[Coalescer[Any, Any], Runs, Meter, Clock]:
    runs, meter, clock = Runs(), Meter(), Clock()
    return Coalescer(runs, meter, timeout_seconds=timeout_seconds, monotonic=clock), runs, meter, clock


@on_its_own_time
async def test_what_waits_at_the_same_moment_shares_a_run() -> None:
    coalescer, runs, _, _ = made()
    runs.gate.clear()
    waiting = [asyncio.ensure_future(coalescer.submit("a", 0))]
    await asyncio.sleep(0.01)
    waiting += [asyncio.ensure_future(coalescer.submit("a", n)) for n in range(1, LIMIT + 6)]
    await asyncio.sleep(0.01)
    runs.gate.set()
    assert await asyncio.gather(*waiting) == [n * 10 for n in range(LIMIT + 6)]
    assert runs.seen == [[0], list(range(1, LIMIT + 1)), list(range(LIMIT + 1, LIMIT + 6))]
    assert runs.most_at_once == 1


@on_its_own_time
async def test_lanes_do_not_wait_for_each_other() -> None:
    coalescer, runs, _, _ = made()
    runs.gate.clear()
    waiting = [asyncio.ensure_future(coalescer.submit(lane, 1)) for lane in "ab"]
    await asyncio.sleep(0.01)
    assert runs.most_at_once == 2
    runs.gate.set()
    assert await asyncio.gather(*waiting) == [10, 10]


@on_its_own_time
async def test_a_refusal_harms_nobody() -> None:
    coalescer, runs, meter, _ = made()
    answers = await asyncio.gather(*(coalescer.submit("a", n) for n in (1, -2, 3)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["10", "-2", "30"]
    assert meter.reruns == []
    assert runs.seen == [[1, -2, 3]]


@on_its_own_time
async def test_only_the_guilty_one_gets_the_error() -> None:
    coalescer, runs, meter, _ = made()
    runs.bad = {3}
    answers = await asyncio.gather(*(coalescer.submit("a", n) for n in range(5)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["0", "10", "20", "the database refused", "40"]
    assert runs.seen == [[0, 1, 2, 3, 4], [0], [1], [2], [3], [4]]
    assert meter.reruns == [5]


@on_its_own_time
async def test_a_lone_request_is_run_once_again_too() -> None:
    coalescer, runs, _, _ = made()
    runs.bad = {3}
    with pytest.raises(RuntimeError):
        await coalescer.submit("a", 3)
    assert runs.seen == [[3], [3]]


@on_its_own_time
async def test_after_two_bad_batches_requests_run_one_by_one_for_a_second() -> None:
    coalescer, runs, meter, clock = made()
    runs.bad = {3}
    for _ in range(2):
        await asyncio.gather(*(coalescer.submit("a", n) for n in (1, 2, 3)), return_exceptions=True)
    runs.seen.clear()
    await asyncio.gather(*(coalescer.submit("a", n) for n in (5, 6, 7)))
    assert runs.seen == [[5], [6], [7]]
    assert meter.alone == 3
    clock.at += 1.1
    runs.seen.clear()
    await asyncio.gather(*(coalescer.submit("a", n) for n in (5, 6, 7)))
    assert runs.seen == [[5, 6, 7]]


@on_its_own_time
async def test_who_leaves_waits_alone_and_holds_nobody_up() -> None:
    coalescer, runs, _, _ = made()
    runs.held = {2}
    assert await asyncio.gather(*(coalescer.submit("a", n) for n in (1, 2, 3))) == [10, 20, 30]
    assert runs.patient == [2]


@on_its_own_time
async def test_a_caller_that_hangs_up_does_not_cancel_the_run() -> None:
    coalescer, runs, _, _ = made()
    runs.gate.clear()
    waiting = [asyncio.ensure_future(coalescer.submit("a", 1))]
    await asyncio.sleep(0.01)
    waiting += [asyncio.ensure_future(coalescer.submit("a", n)) for n in (2, 3)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    waiting[1].cancel()
    runs.gate.set()
    assert await waiting[2] == 30
    assert runs.seen == [[1], [2, 3]]


@on_its_own_time
async def test_a_request_not_begun_in_time_is_told_so_and_never_run() -> None:
    coalescer, runs, _, _ = made(timeout_seconds=0.05)
    runs.gate.clear()
    first = asyncio.ensure_future(coalescer.submit("a", 1))
    await asyncio.sleep(0.01)
    told = await asyncio.gather(first, coalescer.submit("a", 2), return_exceptions=True)
    assert [error.kind.code for error in told if isinstance(error, Problem)] == ["outcome_unknown", "busy"]
    runs.gate.set()
    await asyncio.sleep(0.01)
    assert runs.seen == [[1]]


@on_its_own_time
async def test_a_lost_commit_is_found_out_by_running_again() -> None:
    coalescer, runs, _, _ = made()
    runs.doubtful = {1}
    assert await coalescer.submit("a", 1) == 10
    runs.doubtful, runs.bad = {2}, {2}
    with pytest.raises(Problem, match="outcome_unknown"):
        await coalescer.submit("a", 2)


@on_its_own_time
async def test_the_end_waits_for_work_in_hand_and_then_tells() -> None:
    coalescer, runs, _, _ = made()
    runs.gate.clear()
    waiting = [asyncio.ensure_future(coalescer.submit("a", n)) for n in (1, 2)]
    await asyncio.sleep(0.01)
    closing = asyncio.ensure_future(coalescer.close(5))
    await asyncio.sleep(0.01)
    with pytest.raises(Problem, match="busy"):
        await coalescer.submit("a", 3)
    runs.gate.set()
    await closing
    assert [await one for one in waiting] == [10, 20]


@on_its_own_time
async def test_the_end_does_not_wait_for_ever() -> None:
    coalescer, runs, _, _ = made()
    runs.gate.clear()
    waiting = [asyncio.ensure_future(coalescer.submit("a", 1))]
    await asyncio.sleep(0.01)
    waiting.append(asyncio.ensure_future(coalescer.submit("a", 2)))
    await asyncio.sleep(0.01)
    began = asyncio.get_running_loop().time()
    await coalescer.close(0.05)
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.05)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error.kind.code for error in told if isinstance(error, Problem)] == ["outcome_unknown", "busy"]
