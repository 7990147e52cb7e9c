"""What of each line of the bill counts, by the catalogue: amount = excluded + over the ceiling + own share + eligible.

The ceiling comes first, the own share is a part of what lies within it, rounded half up to the fen on each line,
because the bill shows it line by line.
"""

from __future__ import annotations

from typing import NamedTuple

from services.claims.benefits.model import FULL_RATIO, ClaimInput, Facts, Item, Line, LineResult, Reason
from shared.kernel.money import line_amount_fen, round_half_up


class Sums(NamedTuple):
    """Sums of the lines in fen."""

    total_fen: int
    excluded_fen: int
    over_ceiling_fen: int
    own_share_fen: int
    eligible_fen: int

    def inputs(self) -> tuple[tuple[str, int | str], ...]:
        return (
            ("total_fen", self.total_fen),
            ("excluded_fen", self.excluded_fen),
            ("over_ceiling_fen", self.over_ceiling_fen),
            ("own_share_fen", self.own_share_fen),
        )


def count_lines(claim: ClaimInput, facts: Facts, covered_days: bool) -> tuple[tuple[LineResult, ...], Sums]:
    """What of each line counts. `covered_days`: a line dated outside the person's coverage does not."""
    items, level = facts.items, facts.institution.level
    results = []
    total = excluded = over = own = 0
    for line in claim.lines:
        result = _count_line(line, items.get(line.code), level, facts, covered_days)
        results.append(result)
        total += line.amount_fen
        excluded += result.excluded_fen
        over += result.over_ceiling_fen
        own += result.own_share_fen
    return tuple(results), Sums(total, excluded, over, own, total - excluded - over - own)


def _count_line(line: Line, item: Item | None, level: str, facts: Facts, covered_days: bool) -> LineResult:
    amount = line.amount_fen
    reason = _excluded(line, item, facts, covered_days)
    if reason is not None or item is None:
        return LineResult(line.number, reason or Reason.NOT_IN_CATALOGUE, amount, 0, 0, 0)
    over = _over_ceiling_fen(line, item, level) if item.ceilings_micro else 0
    own = round_half_up((amount - over) * item.own_share, FULL_RATIO) if item.own_share else 0
    reason = Reason.OVER_PRICE_CEILING if over else Reason.OWN_SHARE_FIRST if own else Reason.ELIGIBLE
    return LineResult(line.number, reason, 0, over, own, amount - over - own)


def _excluded(line: Line, item: Item | None, facts: Facts, covered_days: bool) -> Reason | None:
    """Why a line does not count at all, or None."""
    if covered_days and line.day is not None:
        for start, end in facts.coverage:  # `Interval.holds` written out: twenty lines a settlement
            if start <= line.day and (end is None or line.day <= end):
                break
        else:
            return Reason.NOT_COVERED_ON_DAY
    if item is None:
        return Reason.NOT_IN_CATALOGUE
    if item.item_class in ("C", "none"):
        return Reason.OWN_EXPENSE_CLASS
    if item.restricted and not line.restriction_met:
        return Reason.RESTRICTION_NOT_MET
    return None


def _over_ceiling_fen(line: Line, item: Item, level: str) -> int:
    """The part of the line's amount above ceiling × quantity."""
    ceiling = ceiling_of(item, level)
    if ceiling is None:
        return 0
    return max(0, line.amount_fen - line_amount_fen(ceiling, line.quantity_e4))


def ceiling_of(item: Item, level: str) -> int | None:
    """The highest unit price that counts at an institution of a level, 10⁻⁶ yuan; None where there is none."""
    ceilings = item.ceilings_micro or {}
    return ceilings.get(level, ceilings.get("*"))
