"""Trial balance, balance sheet, income and expenditure, changes of funds: from the turnover of a period (pure).

Rows are those of ``ledger.figures.turnover``: of every account the debits and credits before the period, in it, and
what of the latter is the year-end closing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.settlement.reporting.form import Column, Form, Row, day_zh, period_zh

ASSET, LIABILITY, FUND, INCOME, EXPENDITURE = "1", "2", "3", "4", "5"


@dataclass(frozen=True, slots=True)
class Span:
    """A book and a period of it."""

    title_zh: str
    first: date
    last: date


def _opening(row: Any) -> int:
    """Debits less credits before the period, in fen."""
    return int(row["debit_before"] - row["credit_before"])


def _closing(row: Any) -> int:
    return _opening(row) + int(row["debit"] - row["credit"])


def _earned(row: Any) -> int:
    """Credits less debits of the period without the year-end closing."""
    return int(row["credit"] - row["debit"] - row["closing_credit"] + row["closing_debit"])


def _sides(net: int) -> tuple[int | None, int | None]:
    """A net amount in the debit or in the credit column."""
    return (net or None, None) if net >= 0 else (None, -net)


def trial_balance(span: Span, rows: Sequence[Any]) -> Form:
    """试算平衡表: opening, turnover and closing of every account on both sides, whose sums must agree."""
    lines, sums = [], [0] * 6
    for row in rows:
        cells = (*_sides(_opening(row)), row["debit"] or None, row["credit"] or None, *_sides(_closing(row)))
        if any(cells):
            lines.append(Row((row["account"], row["name_zh"], *cells)))
            sums = [total + (cell or 0) for total, cell in zip(sums, cells, strict=True)]
    ties = sums[0] == sums[1] and sums[2] == sums[3] and sums[4] == sums[5]
    return Form(
        "trial_balance",
        "试算平衡表",
        "Trial balance",
        period_zh(span.first, span.last),
        (
            Column("account", "科目编码", "account", "text", 9),
            Column("name", "科目名称", "name", "text", 22),
            Column("opening_debit", "期初借方余额", "opening debit", weight=14),
            Column("opening_credit", "期初贷方余额", "opening credit", weight=14),
            Column("debit", "本期借方发生额", "debits", weight=14),
            Column("credit", "本期贷方发生额", "credits", weight=14),
            Column("closing_debit", "期末借方余额", "closing debit", weight=14),
            Column("closing_credit", "期末贷方余额", "closing credit", weight=14),
        ),
        [*lines, Row(("", "合计", *sums), strong=True)],
        ("借贷双方合计相等。" if ties else "借贷双方合计不等,账簿有误,不得签字。",),
        ties=ties,
        in_words=("本期发生额合计", sums[2]),
        about_zh=span.title_zh,
    )


def balance_sheet(span: Span, rows: Sequence[Any]) -> Form:
    """资产负债表: assets against liabilities and net assets, at the year's beginning and at the day.

    ``span`` begins on 1 January. Income and expenditure that are not closed yet stand as the result of the year.
    """
    lines: list[Row] = []
    totals: dict[str, tuple[int, int]] = {}
    for key, heading, total in (
        (ASSET, "资产", "资产合计"),
        (LIABILITY, "负债", "负债合计"),
        (FUND, "净资产", "净资产合计"),
    ):
        sign = 1 if key == ASSET else -1
        lines.append(Row((heading, "", None, None), strong=True))
        part = [
            (row["name_zh"], row["account"], sign * _opening(row), sign * _closing(row))
            for row in rows
            if row["account"].startswith(key)
        ]
        if key == FUND:
            part.append(("本年收支结余(未结转)", "", _result(rows, _opening), _result(rows, _closing)))
        lines += [Row(("  " + name, *rest)) for name, *rest in part if any(rest[1:])]
        totals[key] = (sum(x[2] for x in part), sum(x[3] for x in part))
        lines.append(Row((total, "", *totals[key]), strong=True))
    owed = tuple(a + b for a, b in zip(totals[LIABILITY], totals[FUND], strict=True))
    lines.append(Row(("负债及净资产总计", "", *owed), strong=True))
    return Form(
        "balance_sheet",
        "资产负债表",
        "Balance sheet",
        day_zh(span.last),
        (
            Column("item", "项目", "item", "text", 34),
            Column("account", "科目编码", "account", "text", 12),
            Column("beginning", "年初数", "at the year's beginning", weight=20),
            Column("ending", "期末数", "at the day", weight=20),
        ),
        lines,
        ("资产总计等于负债及净资产总计。" if totals[ASSET] == owed else "资产与负债及净资产不等,账簿有误,不得签字。",),
        ties=totals[ASSET] == owed,
        in_words=("期末资产合计", totals[ASSET][1]),
        about_zh=span.title_zh,
    )


def _result(rows: Sequence[Any], net: Callable[[Any], int]) -> int:
    """Income less expenditure that stands on its accounts, in fen."""
    return -sum(net(row) for row in rows if row["account"][0] in (INCOME, EXPENDITURE))


def income_expenditure(span: Span, rows: Sequence[Any], year: Sequence[Any]) -> Form:
    """收支表: income and expenditure of a period and of the year so far, refunds and recoveries deducted."""
    so_far = {row["account"]: _earned(row) for row in year}
    lines: list[Row] = []
    sums: dict[str, tuple[int, int]] = {}
    for key, heading, total, sign in (
        (INCOME, "一、基金收入", "收入合计", 1),
        (EXPENDITURE, "二、基金支出", "支出合计", -1),
    ):
        lines.append(Row((heading, "", None, None), strong=True))
        part = [
            (row["name_zh"], row["account"], sign * _earned(row), sign * so_far[row["account"]])
            for row in rows
            if row["account"].startswith(key)
        ]
        lines += [Row(("  " + name, *rest)) for name, *rest in part if any(rest[1:])]
        sums[key] = (sum(x[2] for x in part), sum(x[3] for x in part))
        lines.append(Row((total, "", *sums[key]), strong=True))
    result = tuple(a - b for a, b in zip(sums[INCOME], sums[EXPENDITURE], strict=True))
    lines.append(Row(("三、本期收支结余", "", *result), strong=True))
    return Form(
        "income_expenditure",
        "收支表",
        "Income and expenditure",
        period_zh(span.first, span.last),
        (
            Column("item", "项目", "item", "text", 34),
            Column("account", "科目编码", "account", "text", 12),
            Column("period", "本期数", "period", weight=20),
            Column("year", "本年累计数", "year so far", weight=20),
        ),
        lines,
        ("收入已扣除退费,支出已扣除退票和追回款;年末结转凭证不计入发生额。",),
        in_words=("本期收支结余", result[0]),
        about_zh=span.title_zh,
    )


def fund_changes(span: Span, rows: Sequence[Any]) -> Form:
    """净资产变动表: each fund's opening, what came and went, what the year-end closing moved, and its closing.

    One convention for a month, a period and a year: the result not yet closed is a line whose increase is the income
    and whose decrease is the expenditure; the year-end closing stands in a column of its own, which adds up to nothing.
    """
    lines, sums = [], [0, 0, 0, 0, 0]
    for row in rows:
        if row["account"].startswith(FUND):
            closed = int(row["closing_credit"] - row["closing_debit"])
            came, went = int(row["credit"] - row["closing_credit"]), int(row["debit"] - row["closing_debit"])
            cells = (-_opening(row), came, went, closed, -_closing(row))
            if any(cells):
                lines.append(Row((row["name_zh"], row["account"], *cells)))
            sums = [a + b for a, b in zip(sums, cells, strict=True)]
    earned = sum(_earned(row) for row in rows if row["account"].startswith(INCOME))
    spent = -sum(_earned(row) for row in rows if row["account"].startswith(EXPENDITURE))
    before, after = _result(rows, _opening), _result(rows, _closing)
    result = (before, earned, spent, after - before - earned + spent, after)
    if any(result):
        lines.append(Row(("本年收支结余(未结转)", "", *result)))
    sums = [a + b for a, b in zip(sums, result, strict=True)]
    ties = sums[0] + sums[1] - sums[2] == sums[4] and not sums[3]
    return Form(
        "fund_changes",
        "净资产变动表",
        "Changes of the funds",
        period_zh(span.first, span.last),
        (
            Column("fund", "项目", "fund", "text", 30),
            Column("account", "科目编码", "account", "text", 12),
            Column("opening", "期初余额", "opening", weight=17),
            Column("increase", "本期增加", "increase", weight=17),
            Column("decrease", "本期减少", "decrease", weight=17),
            Column("transfer", "年末结转", "year-end closing", weight=17),
            Column("closing", "期末余额", "closing", weight=17),
        ),
        [*lines, Row(("合计", "", *sums), strong=True)],
        ("收支结余的增加为本期收入、减少为本期支出,均已扣除退费和追回;年末结转在各项之间转移,合计为零。",),
        ties=ties,
        in_words=("期末净资产合计", sums[4]),
        about_zh=span.title_zh,
    )
