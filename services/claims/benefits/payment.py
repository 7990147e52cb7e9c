"""What the fund owes a provider for a month and for the year, by its payment document (rulings §12). Pure.

Never what a patient gets: the benefits that the hospital has already given are among the input and come out untouched.
Amounts in fen; each line is rounded once, half up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.claims.benefits.diseases import covering
from services.claims.benefits.model import FULL_RATIO
from services.claims.benefits.payment_document import (
    ByHead,
    ByItem,
    ByPoints,
    ByTotal,
    ByUnit,
    DiseaseDoc,
    PaymentDoc,
    SharingDoc,
)
from shared.kernel.money import round_half_up

MONTHS = 12


class Case(NamedTuple):
    """An approved claim of the month."""

    claim: str
    total_fen: int
    """The eligible costs of the case."""
    benefit_fen: int
    """What the hospital gave the patient for the fund."""
    disease: str = ""
    group: str = ""
    """Its group of the grouper, where the method counts points."""
    days: int = 0
    """Bed days."""


class PaymentLine(NamedTuple):
    """One sum of a statement."""

    what: str
    """Claim, or the name of the method."""
    units: int
    """Cases, days, heads; 10⁻⁴ points where the method counts points."""
    due_fen: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it happened."""

    number: int
    """1 to 12."""
    cases: Sequence[Case]
    heads: int = 0
    """People who belong to the clinic."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a month comes to: pay = due × the agreed share, kept = the rest; advanced = what patients have got."""

    month: Month
    lines: tuple[PaymentLine, ...]
    due_fen: int
    pay_fen: int
    advanced_fen: int

    @property
    def kept_fen(self) -> int:
        """What stays until the year is cleared."""
        return self.due_fen - self.pay_fen


@dataclass(frozen=True, slots=True)
class Clearing:
    """The end of the year: final = due + shared − returned; pay is what is still to be paid, or comes back below 0."""

    due_fen: int
    advanced_fen: int
    shared_fen: int
    """Of the excess over what was due: the fund's part."""
    returned_fen: int
    """Of the surplus under what was due: what the hospital does not keep."""
    paid_fen: int

    @property
    def final_fen(self) -> int:
        """What the year comes to."""
        return self.due_fen + self.shared_fen - self.returned_fen

    @property
    def pay_fen(self) -> int:
        """Still to be paid; below nought it is set off against the next payments."""
        return self.final_fen - self.paid_fen


def month_statement(document: PaymentDoc, month: Month) -> Statement:
    """The statement of a month. Raises ValueError for a month that is none."""
    return _statement(document, month, None)


def year_clearing(
    document: PaymentDoc, statements: Iterable[Statement], point_value_fen: int | None = None
) -> Clearing:
    """The year over its monthly statements. `point_value_fen`: what a point turned out to be worth."""
    kept = list(statements)
    final = [_statement(document, one.month, point_value_fen) for one in kept]
    due, advanced = sum(one.due_fen for one in final), sum(one.advanced_fen for one in final)
    return Clearing(
        due_fen=due,
        advanced_fen=advanced,
        shared_fen=_shared(document.over, due, advanced - due),
        returned_fen=_returned(document.under, due, due - advanced),
        paid_fen=sum(one.pay_fen for one in kept),
    )


def _shared(over: SharingDoc | None, due_fen: int, excess_fen: int) -> int:
    """The fund's part of an excess: a share of what lies within a part of the due."""
    if over is None or excess_fen <= 0:
        return 0
    return round_half_up(min(excess_fen, _part(due_fen, over.up_to)) * over.share, FULL_RATIO)


def _returned(under: SharingDoc | None, due_fen: int, surplus_fen: int) -> int:
    """What of a surplus the hospital does not keep."""
    if under is None or surplus_fen <= 0:
        return 0
    return surplus_fen - min(_part(surplus_fen, under.share), _part(due_fen, under.up_to))


def _part(amount_fen: int, ratio: int) -> int:
    return round_half_up(amount_fen * ratio, FULL_RATIO)


# ---------------------------------------------------------------- a month


def _statement(document: PaymentDoc, month: Month, point_value_fen: int | None) -> Statement:
    if not 1 <= month.number <= MONTHS:
        raise ValueError(f"{month.number} is no month")
    rows = {code: row for row in document.diseases.values() for code in row.diseases}
    priced = [(case, covering(case.disease, rows)) for case in month.cases]
    lines = [_disease_line(rows[code], case) for case, code in priced if code is not None]
    lines += _method_lines(document, month, [case for case, code in priced if code is None], point_value_fen)
    due = sum(line.due_fen for line in lines)
    advanced = sum(case.benefit_fen for case in month.cases)
    return Statement(month, tuple(lines), due, _part(due, document.monthly_share), advanced)


def _disease_line(row: DiseaseDoc, case: Case) -> PaymentLine:
    """A case at the price of its disease, or its own costs up to the limit."""
    base = row.price if row.way == "fixed" else min(row.price, case.total_fen)
    return PaymentLine(case.claim, 1, _part(base, row.fund_share))


def _method_lines(
    document: PaymentDoc, month: Month, cases: Sequence[Case], point_value_fen: int | None
) -> list[PaymentLine]:
    """The lines of all cases that no disease row prices."""
    match document.method:
        case ByItem():
            return [PaymentLine(case.claim, 1, case.benefit_fen) for case in cases]
        case ByUnit(by=by, standard=standard, fund_share=share):
            units = len(cases) if by == "visit" else sum(case.days for case in cases)
            return [PaymentLine(by, units, _part(units * standard, share))]
        case ByHead(yearly=yearly):
            return [PaymentLine("head", month.heads, round_half_up(month.heads * yearly, MONTHS))]
        case ByTotal(yearly=yearly):
            # what twelve months pay is the year's amount to the fen
            return [PaymentLine("total", 1, _until(yearly, month.number) - _until(yearly, month.number - 1))]
        case ByPoints(point_value=provisional, weights=weights, unlisted=unlisted):
            value = provisional if point_value_fen is None else point_value_fen
            points = [weights.get(case.group, unlisted) for case in cases]
            return [
                PaymentLine(case.claim, count, round_half_up(count * value, 10_000))
                for case, count in zip(cases, points, strict=True)
            ]


def _until(yearly_fen: int, month: int) -> int:
    return round_half_up(yearly_fen * month, MONTHS)
