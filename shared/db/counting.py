"""Counts statements, so that tests can pin the cost of a path (budgets do not depend on the noise of a machine)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_active: list[Counter[str]] = []


def count(statement: str) -> None:
    """Adds one statement to every counter that is listening."""
    for counter in _active:
        counter[statement.strip()] += 1


@contextmanager
def count_statements() -> Iterator[Counter[str]]:
    """Statements sent while the block runs, by text; ``.total()`` is their number."""
    counter: Counter[str] = Counter()
    _active.append(counter)
    try:
        yield counter
    finally:
        _active.remove(counter)
