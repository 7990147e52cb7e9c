"""Dated facts as timelines of starts (contracts §5).

A state lasts until the next start; an end is a start of ``none``; a correction is a start with the same date and a
higher ``recorded_seq``. Overlaps and gaps cannot be written down.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

NONE = "none"


@dataclass(frozen=True, slots=True)
class Start:
    """From ``valid_from`` on the subject is in ``state``, as recorded by the ``recorded_seq``-th entry."""

    valid_from: date
    recorded_seq: int
    state: str


def current(starts: Iterable[Start]) -> tuple[Start, ...]:
    """The latest record of each date, in order of date."""
    latest: dict[date, Start] = {}
    for start in starts:
        known = latest.get(start.valid_from)
        if known is None or start.recorded_seq > known.recorded_seq:
            latest[start.valid_from] = start
    return tuple(latest[day] for day in sorted(latest))


def periods(starts: Iterable[Start], state: str) -> tuple[tuple[date, date | None], ...]:
    """The days, both ends included, on which the subject is in ``state``, in order; an open end is None."""
    found: list[tuple[date, date | None]] = []
    since: date | None = None
    for start in current(starts):
        if start.state == state:
            since = since or start.valid_from
        elif since is not None:
            found.append((since, start.valid_from - timedelta(days=1)))
            since = None
    return (*found, (since, None)) if since is not None else tuple(found)


def state_on(starts: Iterable[Start], day: date) -> str:
    """The state on a day; ``none`` before the first start."""
    state = NONE
    for start in current(starts):
        if start.valid_from > day:
            break
        state = start.state
    return state
