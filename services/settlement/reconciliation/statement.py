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
    of the lines; what may come in parts is paired with lines up to its amount. Anything else stays open: a line with a
    known reference and another amount, or with more than is owed, is never guessed at."""
    waiting: dict[tuple[str, int], list[Candidate]] = {}
    owed: dict[str, Candidate] = {}
    left: dict[UUID, int] = {}
    for candidate in candidates:
        if candidate.kind in IN_PARTS:
            owed[candidate.reference], left[candidate.source_id] = candidate, candidate.signed_fen
        else:
            waiting.setdefault((candidate.reference, candidate.signed_fen), []).append(candidate)
    found = []
    for line in lines:
        if not line.reference:
            continue
        if pairs := waiting.get((line.reference, line.signed_fen)):
            found.append(Match(line, pairs.pop(0)))
        elif (part := owed.get(line.reference)) and 0 < line.signed_fen <= left[part.source_id]:
            left[part.source_id] -= line.signed_fen
            found.append(Match(line, part))
    return tuple(found)


HOLDS_NOTHING = frozenset({"late_payment", "second_payment", "second_order"})
"""Payments that the bank executed after they were declared not executed: no money is set aside for them."""


def affordable(found: Sequence[Match], available_fen: int) -> tuple[tuple[Match, ...], int]:
    """The matches that the account's book can bear, and the fen that it lacks for the others.

    Every other match has its money: it comes in, or was held. What the same statement brings in counts. A line that
    has to wait stays open: what the bank says is a fact, and the book says what it lacks.
    """
    left = available_fen + sum(m.line.signed_fen for m in found if m.candidate.kind != BOOKED and m.line.signed_fen > 0)
    borne, lacking = [], 0
    for m in found:
        if m.candidate.kind in HOLDS_NOTHING:
            if left + m.line.signed_fen < 0:
                lacking -= m.line.signed_fen
                continue
            left += m.line.signed_fen
        borne.append(m)
    return tuple(borne), max(lacking - left, 0) if lacking else 0


def age_days(value_date: date, today: date) -> int:
    """Age of an open item in days; 0 for one of today or with a later date."""
    return max((today - value_date).days, 0)
