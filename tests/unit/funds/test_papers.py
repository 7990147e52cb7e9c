"""What papers say in words, and the one convention of the changes of the funds."""

import re
from datetime import date
from typing import Any

import pytest

from services.settlement.funding.accounts import TRANSFERS
from services.settlement.reporting import books, reconciling
from services.settlement.reporting.commands import MOVEMENTS
from services.settlement.reporting.form import Form
from services.settlement.reporting.voucher_form import SOURCES, source_zh

MARCH = books.Span("基本基金账", date(2010, 3, 1), date(2010, 3, 31))
DECEMBER = books.Span("基本基金账", date(2010, 12, 1), date(2010, 12, 31))
YEAR = books.Span("基本基金账", date(2010, 1, 1), date(2010, 12, 31))


def turned(account: str, before: int, debit: int = 0, credit: int = 0, closed: int = 0) -> dict[str, Any]:
    """An account's turnover; ``before`` and ``closed`` are credits less debits, the latter by the year-end closing."""
    return {
        "account": account,
        "name_zh": account,
        "debit_before": max(-before, 0),
        "credit_before": max(before, 0),
        "debit": debit + max(-closed, 0),
        "credit": credit + max(closed, 0),
        "closing_debit": max(-closed, 0),
        "closing_credit": max(closed, 0),
    }


def moved(form: Form) -> list[tuple[int, ...]]:
    """Opening, increase, decrease, closing transfer and closing of each line, the sums last."""
    return [row.cells[2:] for row in form.rows]  # type: ignore[misc]


@pytest.mark.requirement("HL-08", "the changes of the funds are gross in a month, in December and in a year alike")
def test_changes_of_the_funds_have_one_convention() -> None:
    month = books.fund_changes(MARCH, [turned("3001", 50), turned("4001", 0, 5, 105), turned("5001", 0, 40, 10)])
    assert moved(month) == [(50, 0, 0, 0, 50), (0, 100, 30, 0, 70), (50, 100, 30, 0, 120)]
    closing = [turned("3001", 50, closed=70), turned("4001", 100, closed=-100), turned("5001", -30, closed=30)]
    december = books.fund_changes(DECEMBER, closing)
    assert moved(december) == [(50, 0, 0, 70, 120), (70, 0, 0, -70, 0), (120, 0, 0, 0, 120)], "no income, none shown"
    year = books.fund_changes(
        YEAR, [turned("3001", 50, closed=70), turned("4001", 0, 5, 105, -100), turned("5001", 0, 40, 10, 30)]
    )
    assert moved(year) == [(50, 0, 0, 70, 120), (0, 100, 30, -70, 0), (50, 100, 30, 0, 120)]
    assert month.ties and december.ties and year.ties


def test_totals_that_agree_are_ticked() -> None:
    row = {"day": date(2010, 3, 1), "source": "claims", "kind": "heyi.claims.claim.settled.v1", "published_count": 3,
           "published_fen": 100, "received_count": 3, "received_fen": 100}  # fmt: skip
    told = reconciling.control_totals(date(2010, 3, 1), date(2010, 3, 31), [row, row | {"received_count": 2}])
    assert [line.cells[-1] for line in told.rows] == ["√", "不符"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("payment:01274595-1:confirmed", "银行对账单上的补偿款已支付(编号 01274595-1)"),
        ("order:7:2:returned", "资金单据被退回(编号 7:2)"),
        ("obligations:2010-03-12", "日结应付变动(编号 2010-03-12)"),
        ("year-close:2010", "年末结转(编号 2010)"),
    ],
)
def test_the_source_of_a_voucher_is_told_in_words(event: str, words: str) -> None:
    assert source_zh(event) == words


@pytest.mark.parametrize("source", [*SOURCES, "cash", "recheck", "overspent", "write-off", "something-new"])
def test_a_difference_of_expenditure_is_told_in_words(source: str) -> None:
    """Every source of vouchers may touch expenditure one day: none is printed by its code."""
    month = reconciling.Spending("2010-03", 500, {2010: 200}, {source: 300})
    told = reconciling.spending_by_care_year(date(2010, 3, 1), date(2010, 3, 31), [month])
    (listed,) = [str(row.cells[0]) for row in told.rows if str(row.cells[0]).startswith("其中")]
    assert not re.search("[A-Za-z]", listed), listed


def test_every_kind_of_money_on_its_way_has_its_words() -> None:
    assert set(TRANSFERS) <= set(MOVEMENTS)
    assert not [zh for zh in MOVEMENTS.values() if re.search("[A-Za-z]", zh) or "补偿款" in zh]
