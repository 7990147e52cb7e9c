"""A book's balances in the chart that it is kept on, or in another one through a mapping (``charts.View``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.settlement.ledger.charts import View


@dataclass(frozen=True, slots=True)
class Line:
    """One account's turnover since the first voucher and its balance (sign of the normal side), in fen."""

    account: str
    name_zh: str
    name_en: str
    normal_side: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


def as_kept(rows: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines of the chart that the book is kept on."""
    return [Line(**{field: row[field] for field in Line.__slots__}) for row in rows]


def shown_in(view: View, chart: str, lines: Iterable[Line]) -> list[Line]:
    """The same money in the accounts of a view: every account of the view, in the order of codes.

    Debits, credits and each side's balances add up to those of the book, since every account kept has one place, on the
    same side.
    """
    sums = {code: [0, 0, 0] for code in view.accounts}
    for line in lines:
        at = sums[view.mapping[chart][line.account]]
        at[0] += line.debit_fen
        at[1] += line.credit_fen
        at[2] += line.balance_fen
    return [
        Line(code, account.name_zh, account.name_en, account.normal_side, *sums[code])
        for code, account in sorted(view.accounts.items())
    ]
