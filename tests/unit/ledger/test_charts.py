"""The charts as data: the closed loop read from the YAML files themselves (contracts §9, rulings §19)."""

import pytest

from services.settlement.ledger.charts import Chart, Flow, chart_of, charts, keeper_roles
from shared.http.roles import ROLES

BASIC = next(chart for chart in charts() if chart.book == "basic")
FUND_MONEY = {"1001.02", "1002", "1003", "1009.01", "1009.02", "1009.03", "1009.04", "1009.05"}


def _reaches(start: str, without: str) -> set[str]:
    """Accounts that money on ``start`` can get to without passing ``without``."""
    reached, todo = set(), [start]
    while todo:
        at = todo.pop()
        if at in reached or at == without:
            continue
        reached.add(at)
        todo += [f.debit for f in BASIC.flows if f.credit == at and f.debit in FUND_MONEY]
    return reached


@pytest.mark.requirement("ZZ-10", "income and expenditure are two lines: money reaches the insurer through 1002 alone")
@pytest.mark.parametrize("start", ["1003", "1009.01", "1009.02", "1009.05"])
def test_income_reaches_the_expenditure_account_only_through_the_fiscal_account(start: str) -> None:
    assert "1001.02" not in _reaches(start, without="1002")
    assert "1001.02" in _reaches(start, without="-")


@pytest.mark.requirement("ZZ-14", "the ring is closed: money leaves the fund's accounts for benefits and refunds alone")
def test_money_leaves_the_ring_only_for_benefits_refunds_and_the_risk_fund() -> None:
    out = {f.debit for f in BASIC.flows if f.credit in FUND_MONEY and f.debit not in FUND_MONEY}
    assert out == {"5001.01", "5001.02", "5002", "4001", "4002", "2101", "1101", "1201"}


@pytest.mark.requirement("LS-12", "administration is an account of the budget book; the fund's book has none")
def test_no_book_but_the_budget_has_a_fee_or_administration() -> None:
    for chart in charts():
        words = {
            a.code
            for a in chart.accounts.values()
            if any(w in a.name_zh for w in ("管理费", "管理经费", "工资", "质押"))
        }
        assert bool(words) == (chart.book == "budget")


def test_every_flow_touches_one_keeper_at_most() -> None:
    for chart in charts():
        for flow in chart.flows:
            chart.keeper_of(flow)
    with pytest.raises(ValueError, match="two keepers"):
        BASIC.keeper_of(Flow("1001.02", "1002", None))


def test_each_book_has_one_chart_and_every_keeper_has_roles() -> None:
    assert [chart_of(book) for book in ("basic", "obligations", "supplementary", "budget")] == [
        "basic-2008", "obligations-1", "supplementary-1", "budget-1",
    ]  # fmt: skip
    keepers = {a.keeper for c in charts() for a in c.accounts.values() if a.keeper}
    acting = list(keeper_roles())
    assert keepers <= {keeper for keeper, _ in acting}
    assert {role for keeper, role in acting if keeper != "*"} <= ROLES
    with pytest.raises(ValueError, match="no chart"):
        chart_of("fees")


def test_income_is_closed_to_the_pooled_fund() -> None:
    closed = {f.debit for f in BASIC.flows if f.reason == "closing" and f.credit == "3001.01"}
    assert {a for a in BASIC.accounts if a.startswith("4")} <= closed


def test_a_chart_is_complete() -> None:
    for chart in charts():
        assert isinstance(chart, Chart)
        used = {code for f in chart.flows for code in (f.debit, f.credit)}
        assert used == set(chart.accounts), (chart.chart, set(chart.accounts) ^ used)
