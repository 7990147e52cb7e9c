"""Bank statements: whether one adds up, and which of its lines show what the books know or expect (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

BOOKED = "booked"
"""The kind of what stands in the books already and only waits to be seen."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement; ``signed_fen`` is positive for money that came in, negative for money that left."""

    id: UUID
    account: str
    signed_fen: int
    reference: str
    value_date: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something a line may show: a booked movement, or an expected one whose ``kind`` says what it will book."""

    kind: str
    source_id: UUID
    signed_fen: int
    reference: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line and what it shows."""

    line: Line
    candidate: Candidate


def adds_up(opening_fen: int, signed_fen: Iterable[int], closing_fen: int) -> bool:
    """Whether opening balance and lines give the closing balance."""
    return opening_fen + sum(signed_fen) == closing_fen


IN_PARTS = frozenset({"receivable", "recovery"})
"""What is owed to a payer comes in any number of parts under its reference, until it is covered (0261)."""


def match(lines: Sequence[Line], candidates: Iterable[Candidate]) -> tuple[Match, ...]:
    """Pairs lines with candidates of the same reference and the same signed amount, each at most once, in the order
    of the lines; what may come in parts is paired with lines up to its amount, and before anything else: what the bank
    paid too often it takes back before it sends the payment back. Anything else stays open: a line with a known
    reference and another amount, or with more than is owed, is never guessed at.

    Of one reference one line moves something at a time: what the next one means is known once that is booked (0299).
    """
    waiting: dict[tuple[str, int], list[Candidate]] = {}
    owed: dict[str, list[Candidate]] = {}
    left: dict[UUID, int] = {}
    for candidate in candidates:
        if candidate.kind in IN_PARTS:
            owed.setdefault(candidate.reference, []).append(candidate)
            left[candidate.source_id] = candidate.signed_fen
        else:
            waiting.setdefault((candidate.reference, candidate.signed_fen), []).append(candidate)
    found, moved = [], set()
    for line in lines:
        if not line.reference or line.reference in moved:
            continue
        part = next((p for p in owed.get(line.reference, ()) if 0 < line.signed_fen <= left[p.source_id]), None)
        if part:
            left[part.source_id] -= line.signed_fen
            found.append(Match(line, part))
        elif pairs := waiting.get((line.reference, line.signed_fen)):
            moved.add(line.reference)
            found.append(Match(line, pairs[0]))
    return tuple(found)


AGAIN = "_again"
"""Ends the kinds of what the bank executed once more by itself."""
TAKEN_BACK = "_taken_back"
"""Ends the kinds of what came in for a receivable and the bank took back."""
_HOLDS_NOTHING = frozenset({"late_payment", "second_payment", "second_order"})


def holds_nothing(kind: str) -> bool:
    """Whether no money is set aside for it: the bank executed it after it was declared not executed, or once more, or
    took it back."""
    return kind in _HOLDS_NOTHING or kind.endswith((AGAIN, TAKEN_BACK))


@dataclass(frozen=True, slots=True)
class Borne:
    """Matches that the account's book can bear, those that have to wait, and the fen that it lacks for these."""

    now: tuple[Match, ...]
    waiting: tuple[Match, ...]
    lacking_fen: int


def affordable(found: Sequence[Match], available_fen: int) -> Borne:
    """Which matches the account's book can bear.

    Every other match has its money: it comes in, or was held. What the same statement brings in counts. A line that
    has to wait stays open: what the bank says is a fact, and the book says what it lacks.
    """
    left = available_fen + sum(m.line.signed_fen for m in found if m.candidate.kind != BOOKED and m.line.signed_fen > 0)
    borne, waiting = [], []
    for m in found:
        if holds_nothing(m.candidate.kind):
            if left + m.line.signed_fen < 0:
                waiting.append(m)
                continue
            left += m.line.signed_fen
        borne.append(m)
    lacking = -sum(m.line.signed_fen for m in waiting)
    return Borne(tuple(borne), tuple(waiting), max(lacking - left, 0) if lacking else 0)


def age_days(value_date: date, today: date) -> int:
    """Age of an open item in days; 0 for one of today or with a later date."""
    return max((today - value_date).days, 0)
