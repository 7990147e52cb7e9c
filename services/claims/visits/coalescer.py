"""Requests of one lane that wait at the same moment share one run (contracts §4).

The first request of an idle lane runs at once, alone; what arrives meanwhile waits and shares the next run: nobody
waits on purpose, and a batch of one is the same code. What a run does is not known here; the caller gives it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from shared.http.problems import BUSY, OUTCOME_UNKNOWN

LIMIT = 32
PATIENT_LIMIT = 4  # requests that wait for a key held elsewhere keep at most so many connections
BAD_BATCHES_MAX = 2
ONE_BY_ONE_SECONDS = 1.0

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Asked = TypeVar("Asked", contravariant=True)
Answered = TypeVar("Answered", covariant=True)


class CommitDoubtful(Exception):
    """A run's word that COMMIT was sent and its acknowledgement was lost: only the keys tell what happened."""


class Leave:
    """A run's word that a request must not hold up the others: it waits alone for its idempotency key."""

    __slots__ = ()


LEAVE: Final = Leave()


class Run(Protocol[Asked, Answered]):
    """Decides and writes a batch in one transaction.

    Returns, in the order of ``requests``, an answer, an exception for that caller alone, or LEAVE (never when
    ``patient``, which waits for the key instead). Raising means that the whole transaction was rolled back.
    """

    async def __call__(
        self, lane: Hashable, requests: Sequence[Asked], *, patient: bool = False
    ) -> Sequence[Answered | Exception | Leave]: ...


class Meter(Protocol):
    """Counts what operators watch."""

    def batch(self, size: int) -> None: ...

    def rerun(self, size: int) -> None: ...

    def one_by_one(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Request, Answer]):
    request: Request
    answer: "asyncio.Future[Answer]"
    begun: bool = False

    def settle(self, outcome: Answer | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
            self.answer.exception()  # a caller that hung up never reads it; that is no error of the loop
        else:
            self.answer.set_result(outcome)


@dataclass(slots=True)
class _Lane(Generic[Request, Answer]):
    key: Hashable
    waiting: deque[_Waiting[Request, Answer]] = field(default_factory=deque)
    running: bool = False
    bad_batches: int = 0
    one_by_one_until: float = 0.0


class Coalescer(Generic[Request, Answer]):
    """A queue a lane and one run at a time in each; ``timeout_seconds`` is what a caller waits at most."""

    def __init__(
        self,
        run: Run[Request, Answer],
        meter: Meter,
        *,
        timeout_seconds: float,
        limit: int = LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._meter = meter
        self._timeout = timeout_seconds
        self._limit = limit
        self._monotonic = monotonic
        self._lanes: dict[Hashable, _Lane[Request, Answer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the loop keeps only weak references to its tasks
        self._patience = asyncio.Semaphore(PATIENT_LIMIT)
        self._closing = False

    async def submit(self, lane: Hashable, request: Request, *, within_seconds: float | None = None) -> Answer:
        """The answer to ``request``, after its commit, waited for ``within_seconds`` (the timeout if left out).

        A caller that is cancelled leaves the run undisturbed. Raises what the run says of this request, BUSY when it
        was not begun in time, and OUTCOME_UNKNOWN when it was begun and did not end in time.
        """
        if self._closing or (within_seconds is not None and within_seconds <= 0):
            raise BUSY(retry_after_seconds=1)
        waiting: _Waiting[Request, Answer] = _Waiting(request, asyncio.get_running_loop().create_future())
        queue = self._lanes.get(lane)
        if queue is None:
            queue = self._lanes[lane] = _Lane(lane)
        queue.waiting.append(waiting)
        if not queue.running:
            queue.running = True
            self._start(self._drain(queue))
        done, _ = await asyncio.wait(
            (waiting.answer,), timeout=self._timeout if within_seconds is None else within_seconds
        )
        if done:
            return waiting.answer.result()
        if waiting.begun:
            raise OUTCOME_UNKNOWN(retry_after_seconds=1)
        waiting.settle(BUSY(retry_after_seconds=1))
        raise BUSY(retry_after_seconds=1)

    async def close(self, timeout_seconds: float) -> None:
        """Takes no more requests, lets those waiting end within the time, and then answers the rest as unknown."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_seconds)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1.0)
        for lane in self._lanes.values():
            for waiting in lane.waiting:
                waiting.settle(BUSY(retry_after_seconds=1))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, lane: _Lane[Request, Answer]) -> None:
        try:
            while batch := self._take(lane):
                await self._serve(lane, batch)
        finally:  # without an await since the queue was seen empty: no wake-up is lost
            lane.running = False
            if not lane.waiting and lane.one_by_one_until < self._monotonic() and not lane.bad_batches:
                self._lanes.pop(lane.key, None)

    def _take(self, lane: _Lane[Request, Answer]) -> list[_Waiting[Request, Answer]]:
        alone = self._monotonic() < lane.one_by_one_until
        batch: list[_Waiting[Request, Answer]] = []
        while lane.waiting and len(batch) < (1 if alone else self._limit):
            waiting = lane.waiting.popleft()
            if not waiting.answer.done():
                waiting.begun = True
                batch.append(waiting)
        if alone and batch:
            self._meter.one_by_one()
        return batch

    async def _serve(self, lane: _Lane[Request, Answer], batch: list[_Waiting[Request, Answer]]) -> None:
        self._meter.batch(len(batch))
        try:
            outcomes = await self._run(lane.key, [waiting.request for waiting in batch])
        except asyncio.CancelledError:
            _give_up(batch)
            raise
        except Exception as error:  # whatever broke it, the batch is rolled back and each request has a run of its own
            await self._one_by_one(lane, batch, doubtful=isinstance(error, CommitDoubtful))
            return
        lane.bad_batches = 0
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Leave):
                self._start(self._alone(lane.key, waiting, patient=True))
            else:
                waiting.settle(outcome)

    async def _one_by_one(
        self, lane: _Lane[Request, Answer], batch: list[_Waiting[Request, Answer]], *, doubtful: bool
    ) -> None:
        self._meter.rerun(len(batch))
        lane.bad_batches += 1
        if lane.bad_batches >= BAD_BATCHES_MAX:
            lane.bad_batches = 0
            lane.one_by_one_until = self._monotonic() + ONE_BY_ONE_SECONDS
        for i, waiting in enumerate(batch):
            try:
                await self._alone(lane.key, waiting, patient=False, doubtful=doubtful)
            except asyncio.CancelledError:
                _give_up(batch[i:])
                raise

    async def _alone(
        self, lane: Hashable, waiting: _Waiting[Request, Answer], *, patient: bool, doubtful: bool = False
    ) -> None:
        """One request in a run of its own; its error is its caller's.

        ``doubtful``: an earlier run of it may have been committed, so an error now leaves its outcome unknown.
        """
        try:
            if patient:
                async with self._patience:
                    outcome = (await self._run(lane, [waiting.request], patient=True))[0]
            else:
                outcome = (await self._run(lane, [waiting.request]))[0]
        except asyncio.CancelledError:
            _give_up([waiting])
            raise
        except Exception as error:  # the guilty one alone gets it
            doubt = doubtful or isinstance(error, CommitDoubtful)
            waiting.settle(OUTCOME_UNKNOWN(retry_after_seconds=1) if doubt else error)
            return
        if isinstance(outcome, Leave):
            self._start(self._alone(lane, waiting, patient=True, doubtful=doubtful))
        else:
            waiting.settle(outcome)


def _give_up(batch: Sequence[_Waiting[Request, Answer]]) -> None:
    """Answers those whose run was cut off by the end of the process: it may have been committed."""
    for waiting in batch:
        waiting.settle(OUTCOME_UNKNOWN(retry_after_seconds=1))
