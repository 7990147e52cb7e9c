"""The charts as data: the closed loop read from the YAML files themselves (contracts §9, rulings §19)."""

import pytest

from services.settlement.funding.accounts import RECEIVABLE
from services.settlement.ledger.charts import Chart, Flow, chart_of, charts, keeper_roles, views
from services.settlement.ledger.presentation import Line, shown_in
from services.settlement.ledger.refusals import BOOK_WORDS, KEEPERS
from services.settlement.payouts.purses import PURSES
from shared.contracts.layers import PAID_FROM
from shared.http.roles import ROLES


def test_every_book_and_keeper_has_words() -> None:
    assert {chart.book for chart in charts() if chart.book} == BOOK_WORDS.keys()
    assert {keeper for keeper, _ in keeper_roles()} <= KEEPERS.keys() | {"*"}


BASIC = next(chart for chart in charts() if chart.book == "basic")
FUND_MONEY = {
    "1001.01", "1001.02", "1001.03", "1002", "1003", "1009.01", "1009.02", "1009.03", "1009.04", "1009.05", "1009.06",
}  # fmt: skip


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
    assert not {"1001.01", "1001.02"} & _reaches(start, without="1002")
    assert {"1001.01", "1001.02"} <= _reaches(start, without="-")


CRITICAL_ILLNESS_PREMIUM = "5001.06"
"""What the fund pays for its members' critical illness cover (decision 0180): no benefit of its own, and no fee."""


@pytest.mark.requirement("ZZ-14", "the ring is closed: money leaves the fund's accounts for benefits and refunds alone")
def test_money_leaves_the_ring_only_for_benefits_refunds_and_the_risk_fund() -> None:
    leaving = [f for f in BASIC.flows if f.credit in FUND_MONEY and f.debit not in FUND_MONEY]
    out = {f.debit for f in leaving if f.reason is None}
    assert {(f.reason, f.debit, f.credit) for f in leaving if f.reason} == {("correction", "3001.01", "1002")}
    benefits = {a for a in BASIC.accounts if a.startswith("5")}
    receivables_and_deposits, refunds = {"1101", "1102", "1201"}, {"4001", "4002", "2101", "2001"}
    assert out == benefits | receivables_and_deposits | refunds
    assert benefits - {CRITICAL_ILLNESS_PREMIUM} == {"5001.01", "5001.02", "5001.03", "5001.04", "5001.05", "5002"}


@pytest.mark.requirement("ZZ-10", "the expenditure accounts pay benefits and give back; no income is spent before 1002")
def test_benefits_are_paid_from_an_expenditure_account_alone() -> None:
    """Or in cash from a township's float, a part of the advance; or set off against what their payee owes (1101), which
    moves no money."""
    spent = [f for f in BASIC.flows if f.debit.startswith("5") and f.reason is None]
    paying = {f.credit for f in spent if f.debit != CRITICAL_ILLNESS_PREMIUM}
    assert paying & FUND_MONEY == {"1001.01", "1001.02", "1001.03"}
    assert paying - FUND_MONEY == {"1101"}, "set off against what a hospital owes: posted gross, no money moves"
    assert {f.credit for f in spent if f.debit == CRITICAL_ILLNESS_PREMIUM} == {"1002"}


@pytest.mark.requirement("LS-12", "administration is an account of the budget book; the fund's book has none")
def test_no_book_but_the_budget_has_a_fee_or_administration() -> None:
    for chart in charts():
        words = {
            a.code
            for a in chart.accounts.values()
            if any(w in a.name_zh for w in ("管理费", "管理经费", "工资", "质押"))
        }
        assert bool(words) == (chart.book in ("budget", "county_budget")), chart.chart


@pytest.mark.requirement("ZZ-23", "each layer of a policy has an account, a book and permitted flows to pay it with")
def test_what_policies_promise_can_be_paid_and_booked() -> None:
    """The places that claims lets a policy name are those that settlement pays from, and the books permit it."""
    books = {chart.book: {(f.debit, f.credit) for f in chart.flows if f.reason is None} for chart in charts()}
    paid = [(layer, purse) for purse in PURSES.values() for layer in purse.pays]
    assert {layer for layer, _ in paid} == set(PAID_FROM)
    for layer, purse in paid:
        promised = PAID_FROM[layer]
        assert (promised.book, promised.account) == (purse.bank.book, purse.bank.ledger_account), layer
        for expense in promised.expenses:
            out, back = (expense, promised.account), (promised.account, expense)
            assert {out, back} <= books[promised.book], (layer, expense)
        second = (RECEIVABLE, promised.account)
        assert {second, second[::-1]} <= books[promised.book], "paid twice by the bank, and given back"


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


@pytest.mark.requirement("CQ-07", "one administration, a book for each original scheme: same accounts, books apart")
def test_the_urban_residents_book_has_the_rural_accounts_and_flows() -> None:
    urban = next(chart for chart in charts() if chart.book == "urban")
    assert (urban.chart, urban.flows) == ("urban-2008", BASIC.flows)
    assert {a: (x.normal_side, x.keeper, x.guarded) for a, x in urban.accounts.items()} == {
        a: (x.normal_side, x.keeper, x.guarded) for a, x in BASIC.accounts.items()
    }
    assert urban.accounts["4001"].name_zh == "城镇居民个人缴费收入"


@pytest.mark.requirement("WC-17", "a county's own administration money has a budget book that its finance bureau keeps")
def test_each_budget_book_is_kept_by_its_own_payer() -> None:
    keepers = {c.book: c.accounts["1001"].keeper for c in charts() if "budget" in c.book}
    assert keepers == {"budget": "city_finance", "county_budget": "finance"}
    roles = {keeper: {role for k, role in keeper_roles() if k == keeper} for keeper in keepers.values()}
    assert roles == {"city_finance": {"city_finance"}, "finance": {"county_finance"}}


@pytest.mark.parametrize("chart", ["basic-2008", "urban-2008"])
def test_every_account_kept_has_one_place_in_the_chart_of_2017(chart: str) -> None:
    kept, view = next(c for c in charts() if c.chart == chart), views()["fund-2017"]
    places = view.mapping[chart]
    assert places.keys() == kept.accounts.keys()
    assert len(set(places.values())) == len(places)
    for code, place in places.items():
        assert view.accounts[place].normal_side == kept.accounts[code].normal_side
    assert sorted(view.accounts.keys() - places.values()) == [
        "1005", "1201", "1301", "3102", "4005", "4006", "5002", "5003", "5005",
    ]  # fmt: skip


def test_a_total_over_the_view_is_a_total_over_the_book() -> None:
    places = views()["fund-2017"].mapping["basic-2008"]
    lines = [
        Line(code, "", "", a.normal_side, 1 << n, 3 << n, 2 << n if a.normal_side == "credit" else -2 << n)
        for n, (code, a) in enumerate(sorted(BASIC.accounts.items()))
    ]  # fmt: skip
    shown = {line.account: line for line in shown_in(views()["fund-2017"], "basic-2008", lines)}
    assert shown.keys() == views()["fund-2017"].accounts.keys()
    for line in lines:
        there = shown[places[line.account]]
        assert (there.debit_fen, there.credit_fen, there.balance_fen) == (
            line.debit_fen, line.credit_fen, line.balance_fen,
        )  # fmt: skip
    assert sum(x.debit_fen for x in shown.values()) == sum(x.debit_fen for x in lines)
    assert shown["5005"].debit_fen == shown["1005"].balance_fen == 0
