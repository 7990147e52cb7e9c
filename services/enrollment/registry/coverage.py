"""How a member's coverage timeline changes: pure rules on starts (contracts §5, rulings §17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shared.kernel.timelines import NONE, Start, current, state_on

COVERED = "covered"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewStart:
    """A start to be recorded, with the cause that a reader of the timeline is told."""

    valid_from: date
    state: str
    cause: str


def paid(starts: Iterable[Start], first: date, last: date, cause: str) -> list[NewStart]:
    """Covered from ``first`` to ``last``; a following year that is paid already keeps its start."""
    known = {start.valid_from: start.state for start in current(starts)}
    added = [] if known.get(first) == COVERED else [NewStart(first, COVERED, cause)]
    if last + _DAY not in known:
        added.append(NewStart(last + _DAY, NONE, "year_end"))
    return added


def lapsed(starts: Iterable[Start], on: date, last: date, cause: str = "lapse") -> list[NewStart]:
    """Not covered from ``on`` to ``last``, the end of the coverage year; empty if nothing was covered there."""
    known = current(starts)
    later = [s for s in known if on < s.valid_from <= last and s.state == COVERED]
    added = [NewStart(start.valid_from, NONE, cause) for start in later]
    if state_on(known, on) == COVERED:
        added.insert(0, NewStart(on, NONE, cause))
    return added


def died(starts: Iterable[Start], on: date) -> list[NewStart]:
    """Covered up to and including the day of death, and never after; empty if nothing was covered after it."""
    known = current(starts)
    after = on + _DAY
    added = [NewStart(s.valid_from, NONE, "death") for s in known if s.valid_from > after and s.state == COVERED]
    if state_on(known, after) == COVERED:
        added.insert(0, NewStart(after, NONE, "death"))
    return added


def covered_since(starts: Iterable[Start], on: date, last: date, cause: str) -> list[NewStart]:
    """Covered from ``on`` to ``last`` without a gap; empty if that is so already."""
    known = current(starts)
    within = [s for s in known if on < s.valid_from <= last and s.state == NONE]
    added = [NewStart(start.valid_from, COVERED, cause) for start in within]
    if state_on(known, on) != COVERED:
        added.insert(0, NewStart(on, COVERED, cause))
    if added and all(start.valid_from != last + _DAY for start in known):
        added.append(NewStart(last + _DAY, NONE, "year_end"))
    return added
