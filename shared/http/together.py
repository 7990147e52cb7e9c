"""Several waits at once: all answers, or the first failure and nothing left running."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def together(jobs: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """The answers in the order of the jobs; where one fails the others are cancelled, and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]
