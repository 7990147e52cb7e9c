"""What decided cases (rulings §13) mean for a visit: cards and circumstances as dated facts of a member. Pure.

A fact is a timeline of starts (contracts §5) under its code and, for cards and programmes, its disease. The member's
row of the coverage projection holds all of them, so that a settlement reads them in the statement that reads coverage.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from services.claims.benefits.model import Entitlement
from shared.kernel.timelines import NONE, Start, current, periods, state_on

GRANTED = "granted"
REFERRED, EMERGENCY, MIGRANT = "referred", "emergency", "migrant"
CIRCUMSTANCES = frozenset({REFERRED, EMERGENCY, MIGRANT})
"""Codes that describe how care was sought; every other code is a card or programme for a disease."""


Days = tuple[date, date | None]
"""First and last day of a period; without a last one it is open."""
LATE = "late"
"""Code of an approval that papers of care that ended within its days come after their deadline."""


class Entitled(NamedTuple):
    """One start of a fact: from ``valid_from`` on it is ``granted`` or ``none``."""

    code: str
    disease: str
    valid_from: date
    recorded_seq: int
    state: str

    @property
    def start(self) -> Start:
        """The start within the timeline of its fact."""
        return Start(self.valid_from, self.recorded_seq, self.state)

    def row(self) -> list[Any]:
        """Its stored form."""
        return [self.code, self.disease, self.valid_from.isoformat(), self.recorded_seq, self.state]


Entitlements = tuple[Entitled, ...]


def from_rows(rows: Iterable[Sequence[Any]]) -> Entitlements:
    """The facts of a member from their stored form."""
    return tuple(
        Entitled(code, disease, date.fromisoformat(day), seq, state) for code, disease, day, seq, state in rows
    )


def timeline(known: Entitlements, code: str, disease: str) -> tuple[Start, ...]:
    """The starts of one fact, superseded ones included."""
    return tuple(one.start for one in known if (one.code, one.disease) == (code, disease))


def circumstances_on(known: Entitlements, day: date) -> frozenset[str]:
    """The circumstances that decided cases state for a day."""
    if not known:
        return frozenset()
    codes = {one.code for one in known} & CIRCUMSTANCES
    return frozenset(code for code in codes if state_on(timeline(known, code, ""), day) == GRANTED)


def late_on(known: Entitlements, ended_on: date) -> bool:
    """Whether papers of care that ended on a day may come after their deadline."""
    return bool(known) and state_on(timeline(known, LATE, ""), ended_on) == GRANTED


def cards(known: Entitlements) -> tuple[Entitlement, ...]:
    """Cards and programmes as the engine reads them: a period from each start that grants to the next."""
    facts = sorted({(one.code, one.disease) for one in known if one.code not in CIRCUMSTANCES | {LATE}})
    return tuple(
        Entitlement(code, disease, *days)
        for code, disease in facts
        for days in periods(timeline(known, code, disease), GRANTED)
    )


def setting(known: Sequence[Start], state: str, start: date, end: date | None) -> list[tuple[date, str]]:
    """The starts to record so that the timeline is in ``state`` from ``start`` to ``end`` and as before elsewhere.

    A start inside the period is superseded by one of its own date; after the period what held before holds again.
    """
    now = current(known)
    starts = [(start, state)]
    starts += [
        (one.valid_from, state) for one in now if one.valid_from > start and (end is None or one.valid_from <= end)
    ]
    if end is not None:
        after = end + timedelta(days=1)
        if all(one.valid_from != after for one in now):
            starts.append((after, state_on(now, after) if now else NONE))
    return starts


def left(start: date, end: date | None, others: Iterable[Days]) -> list[Days]:
    """The days from ``start`` to ``end`` that none of the other periods holds, as periods in order."""
    free: list[Days] = []
    for first, last in sorted(others, key=lambda days: days[0]):
        if last is not None and last < start:
            continue
        if end is not None and first > end:
            break
        if first > start:
            free.append((start, first - timedelta(days=1)))
        if last is None:
            return free
        start = last + timedelta(days=1)
    return [*free, (start, end)] if end is None or start <= end else free
