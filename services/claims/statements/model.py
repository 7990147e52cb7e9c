"""A statement as it stands, and what it says in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.claims.benefits.diseases import covering
from services.claims.benefits.payment import Case, Clearing, Month, PaymentLine, Statement, month_statement
from services.claims.benefits.payment_document import ByPoints, PaymentDoc, payment_words
from services.claims.benefits.slip import yuan
from shared.kernel.errors import Words
from shared.kernel.money import format_quantity, format_yuan

PREPARED, ISSUED, AGREED, WITHDRAWN = "prepared", "issued", "agreed", "withdrawn"
MONTH, YEAR = "month", "year"
STATUS: Mapping[str, Words] = MappingProxyType(
    {
        PREPARED: ("已编制,待经办机构签章", "prepared, to be signed by the agency"),
        ISSUED: ("经办机构已签章,待医疗机构签章", "signed by the agency, to be signed by the hospital"),
        AGREED: ("双方已签章", "signed by both"),
        WITHDRAWN: ("已撤回", "withdrawn"),
    }
)
REVERSED = "reversed:"
"""Name of the line that takes off cases of an earlier month, with the month behind."""
_E4 = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement as it is kept; sums in fen."""

    id: UUID
    institution_code: str
    kind: str
    span: str
    """``month`` or ``year``."""
    first_day: date
    last_day: date
    document_id: UUID
    document_hash: str
    status: str
    cases: int
    heads: int
    point_value_fen: int | None
    input: list[list[Any]]
    """The cases as they were counted; of a year none, its months have them."""
    gone: list[list[Any]]
    """Cases of earlier signed months that are taken off in this one, because their claims were taken back: the first
    day of the month, and the case's claim."""
    lines: list[list[Any]]
    due_fen: int
    advanced_fen: int
    pay_fen: int
    """Of a month the agreed share of the due; of a year what is still to be paid, or comes back below 0."""
    kept_fen: int
    shared_fen: int
    returned_fen: int
    prepared_by: str
    prepared_at: datetime
    issued_by: str | None = None
    issued_at: datetime | None = None
    agreed_by: str | None = None
    agreed_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None

    @property
    def month(self) -> Month:
        """The month as it happened."""
        return self.without(frozenset())

    @property
    def gone_of_year(self) -> list[str]:
        """Claims that it takes off of months of its own year."""
        return [claim for first_day, claim in self.gone if first_day[:4] == f"{self.first_day:%Y}"]

    def without(self, claims: Set[str]) -> Month:
        """The month as it would have been without the cases of some claims."""
        cases = [Case(*one) for one in self.input]
        return Month(self.first_day.month, [one for one in cases if one.claim not in claims], self.heads)


COLUMNS = tuple(Kept.__dataclass_fields__)


def after(first_day: date) -> date:
    """The first day of the month after the one that begins on a day."""
    return (first_day + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class TakenOff:
    """What an earlier signed month is less, because claims of it were taken back; in fen, none below 0."""

    first_day: date
    claims: tuple[str, ...]
    due_fen: int
    pay_fen: int
    advanced_fen: int

    @property
    def line(self) -> PaymentLine:
        """The line of the statement that takes them off."""
        return PaymentLine(f"{REVERSED}{self.first_day:%Y-%m}", len(self.claims), -self.due_fen)


def taken_off(earlier: Kept, document: PaymentDoc, before: Set[str], now: Set[str], *, whole: bool) -> TakenOff:
    """What a signed month comes to less without the cases of ``now``, those of ``before`` taken off already.

    ``whole``: its year is over, so that what was kept for the clearing is taken off too.
    """
    was = month_statement(document, earlier.without(before))
    left = month_statement(document, earlier.without(before | now))
    due = was.due_fen - left.due_fen
    pay = due if whole else was.pay_fen - left.pay_fen
    return TakenOff(earlier.first_day, tuple(sorted(now)), due, pay, was.advanced_fen - left.advanced_fen)


def month_figures(done: Statement, gone: Sequence[TakenOff]) -> dict[str, Any]:
    """What is kept of a month, with what it takes off."""
    due, pay = sum(one.due_fen for one in gone), sum(one.pay_fen for one in gone)
    return {
        "cases": len(done.month.cases),
        "heads": done.month.heads,
        "point_value_fen": None,
        "input": [list(case) for case in done.month.cases],
        "gone": [[one.first_day.isoformat(), claim] for one in gone for claim in one.claims],
        "lines": [list(line) for line in (*done.lines, *(one.line for one in gone))],
        "due_fen": done.due_fen - due,
        "advanced_fen": done.advanced_fen - sum(one.advanced_fen for one in gone),
        "pay_fen": done.pay_fen - pay,
        "kept_fen": done.kept_fen - (due - pay),
        "shared_fen": 0,
        "returned_fen": 0,
    }


def year_figures(months: Sequence[Kept], gone: Set[str], done: Clearing, point_value_fen: int | None) -> dict[str, Any]:
    """What is kept of a year whose months are counted without the cases of ``gone``, whichever month took them off."""
    return {
        "cases": sum(len(one.without(gone).cases) for one in months),
        "heads": 0,
        "point_value_fen": point_value_fen,
        "input": [],
        "gone": [],
        "lines": [],
        "due_fen": done.due_fen,
        "advanced_fen": done.advanced_fen,
        "pay_fen": done.pay_fen,
        "kept_fen": 0,
        "shared_fen": done.shared_fen,
        "returned_fen": done.returned_fen,
    }


def lines_of(kept: Kept, document: PaymentDoc) -> list[tuple[PaymentLine, int]]:
    """Each line with its units in 10⁻⁴: points are counted so, whatever else is counted whole."""
    lines = [PaymentLine(*one) for one in kept.lines]
    if not isinstance(document.method, ByPoints):
        return [(line, line.units * _E4) for line in lines]
    priced = {code for row in document.diseases.values() for code in row.diseases}
    whole = {case.claim for case in kept.month.cases if covering(case.disease, priced) is not None}
    return [(line, line.units * _E4 if line.what in whole or _reversed(line) else line.units) for line in lines]


def _reversed(line: PaymentLine) -> bool:
    return line.what.startswith(REVERSED)


# ---------------------------------------------------------------- in words

_LINES = {"visit": "人次", "day": "床日", "head": "人头", "total": "总额"}


def statement_words(kept: Kept, document: PaymentDoc) -> str:
    """The statement as both sides sign it: the document first, then each line and the sum, to be redone by hand."""
    span = f"{kept.first_day:%Y 年 %-m 月}" if kept.span == MONTH else f"{kept.first_day:%Y} 年年终清算"
    lines = [f"医疗机构支付结算单 {span}", "", payment_words(document), *_figures(kept, document)]
    lines += ["", f"状态:{STATUS[kept.status][0]}", f"编制:{kept.prepared_by}"]
    lines += [f"经办机构签章:{kept.issued_by or ''}", f"医疗机构签章:{kept.agreed_by or ''}"]
    return "\n".join(lines) + "\n"


def _figures(kept: Kept, document: PaymentDoc) -> list[str]:
    if kept.span == MONTH:
        told = [_line(line, units) for line, units in lines_of(kept, document)]
        return [
            f"本月结算 {kept.cases} 例,患者已得补偿 {_yuan(kept.advanced_fen)} 元。",
            *told,
            f"应付合计 {_yuan(kept.due_fen)} 元,本月支付 {_yuan(kept.pay_fen)} 元,"
            f"留到年终清算 {_yuan(kept.kept_fen)} 元。",
        ]
    told = [
        f"全年结算 {kept.cases} 例,应付 {_yuan(kept.due_fen)} 元,患者已得补偿 {_yuan(kept.advanced_fen)} 元。",
        f"超支由基金分担 {_yuan(kept.shared_fen)} 元,结余退回基金 {_yuan(kept.returned_fen)} 元。",
    ]
    if kept.point_value_fen is not None:
        told.insert(0, f"每分实际点值 {_yuan(kept.point_value_fen)} 元。")
    due = "清算应补付" if kept.pay_fen >= 0 else "清算应退回"
    return [*told, f"{due} {_yuan(abs(kept.pay_fen))} 元。"]


def _line(line: PaymentLine, units_e4: int) -> str:
    units = format_quantity(units_e4).rstrip("0").rstrip(".")
    if _reversed(line):
        month = line.what.removeprefix(REVERSED)
        return f"  {month} 已列、后来取消或冲销的病例:{units},{_yuan(line.due_fen)} 元"
    return f"  {_LINES.get(line.what, line.what)}:{units},{_yuan(line.due_fen)} 元"


def _yuan(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))
