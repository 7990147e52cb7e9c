"""What a report states against what the books give: agrees, cut off instead of rounded, differs, or has no base (pure).

Nothing is corrected: the statement, the recomputed figure and the difference stand side by side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from services.settlement.inquiry.fund_figures import Figure

Unit = Literal["yuan", "wan", "percent", "times"]
Outcome = Literal["agrees", "cut_off", "differs", "base_unstated", "not_in_books"]
_IN_UNIT: Mapping[str, Fraction] = {
    "yuan": Fraction(1, 100),
    "wan": Fraction(1, 1_000_000),
    "percent": Fraction(100),
    "times": Fraction(1),
}
USE_RATE = "use_rate"
"""A use rate that names no denominator: every one that the books know is tried, and none is taken for it."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure as a report prints it: ``value`` with the places it is printed with, in its unit."""

    figure: str
    value: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Line:
    """A statement with what the books give, in the same unit and places."""

    stated: Stated
    outcome: Outcome
    recomputed: str | None
    difference: str | None
    bases: tuple[tuple[str, str], ...] = ()
    needed_base: str | None = None


def compare(found: Mapping[str, Figure], statements: Iterable[Stated]) -> list[Line]:
    """One line a statement, in their order."""
    return [_unstated(found, s) if s.figure == USE_RATE else _line(found.get(s.figure), s) for s in statements]


def _line(figure: Figure | None, stated: Stated) -> Line:
    if figure is None or figure.value is None:
        return Line(stated, "not_in_books", None, None)
    exact, told, places = figure.value * _IN_UNIT[stated.unit], Fraction(stated.value), _places(stated.value)
    if rounded(exact, places) == told:
        return Line(stated, "agrees", printed(exact, places), printed(Fraction(0), places))
    cut = Fraction(int(exact * 10**places), 10**places)
    outcome: Outcome = "cut_off" if cut == told else "differs"
    return Line(stated, outcome, printed(exact, places), printed(told - rounded(exact, places), places))


def _unstated(found: Mapping[str, Figure], stated: Stated) -> Line:
    """The rate on each base that is known, and the base in 万元 that the printed rate would need."""
    places, told = _places(stated.value), Fraction(stated.value)
    rates = [f for code, f in sorted(found.items()) if code.startswith(f"{USE_RATE}:") and f.value is not None]
    bases = tuple((f.code, printed(f.value * _IN_UNIT[stated.unit], places)) for f in rates if f.value is not None)
    benefits = found["benefits"].value
    needed = None if benefits is None or not told else benefits * _IN_UNIT["wan"] * _IN_UNIT[stated.unit] / told
    return Line(stated, "base_unstated", None, None, bases, None if needed is None else printed(needed, 1))


def rounded(value: Fraction, places: int) -> Fraction:
    """Half up, away from zero on the negative side."""
    scaled = abs(value) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**places)


def printed(value: Fraction, places: int) -> str:
    """With exactly these places, rounded half up."""
    whole = rounded(value, places) * 10**places
    sign, digits = "-" if whole < 0 else "", str(abs(int(whole))).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _places(text: str) -> int:
    return len(text.partition(".")[2])
