"""An event loop that does not wait: where nobody has anything to do, its clock goes on to the next who has."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Looks at once, and counts as waited what it was to wait when nothing had come."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # nobody waits for a time: only another thread or a file can go on
            return super().select(None)
        ready = super().select(0)
        self.waited += 0.0 if ready else timeout
        return ready


class LoopOfItsOwnTime(asyncio.SelectorEventLoop):
    """For what happens in one thread alone: its times are exact, however busy the machine, and take no time."""

    def __init__(self) -> None:
        self._own = _Selector()
        super().__init__(self._own)

    def time(self) -> float:
        """Seconds that have been waited on this loop."""
        return self._own.waited


def on_its_own_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs on such a loop, apart from the one that asynchronous tests and fixtures share."""

    @wraps(test)
    def run(*args: Any, **options: Any) -> None:
        with asyncio.Runner(loop_factory=LoopOfItsOwnTime) as runner:
            runner.run(test(*args, **options))

    return run
