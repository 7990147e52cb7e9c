"""Books side by side: urban residents, budgets of payers, a trial balance in either chart (contracts §9)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.settlement.ledger.posting import Posting, open_books, post
from services.settlement.ledger.refusals import LEDGER_FLOW_NOT_PERMITTED, LEDGER_NOT_KEEPER, LEDGER_SCOPE
from shared.db.scope import Scope, transaction
from shared.kernel.errors import Problem
from tests.component.ledger.conftest import DAY, POOL, Ledger, fund, open_ledger, voucher
from tests.support.postgres import TestPostgres
from tests.support.services import running_app
from tests.support.tokens import TestTokens

CITY = "410100"
PREMIUM = Posting("1009.01", "4001", 3_000, party="52242201")


class Api:
    """The service over HTTP with a token a call."""

    def __init__(self, ledger: Ledger, client: httpx.AsyncClient, tokens: TestTokens) -> None:
        self.ledger, self.client, self.tokens = ledger, client, tokens
        self._keys = 0

    async def get(self, path: str, pool: str = POOL) -> Any:
        """A read of an auditor."""
        headers = self.tokens.headers("auditor", pools=(POOL, CITY))
        return (await self.client.get(f"/v1/pools/{pool}{path}", headers=headers)).json()

    async def open(self, book: str, role: str, pool: str = POOL, day: str = "2010-01-01") -> httpx.Response:
        """Asks for a new book."""
        self._keys += 1
        headers = self.tokens.headers(role, pools=(pool,)) | {"Idempotency-Key": f"open-{self._keys}"}
        return await self.client.put(f"/v1/pools/{pool}/books/{book}", json={"first_day": day}, headers=headers)


@pytest.fixture(scope="module")
async def api(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Api]:
    """Funded books of one pool behind the service."""
    async with open_ledger(postgres) as ledger:
        await fund(ledger)
        async with running_app(ledger.database, tokens) as running:
            yield Api(ledger, running.client, tokens)


@pytest.mark.requirement("CQ-07", "urban residents have a book and balances of their own under the same office")
@pytest.mark.requirement("ZZ-09", "each pool has one fund and one set of books: number, chain and seals of its own")
@pytest.mark.requirement("CQ-09", "subsidies stay with the population they were paid for")
@pytest.mark.requirement("ZZ-11", "separate books per fund: what one books does not move the other")
async def test_urban_residents_are_booked_apart(api: Api) -> None:
    opened = await api.open("urban", "county_director")
    assert (opened.status_code, opened.json()["chart"], opened.json()["last_number"]) == (200, "urban-2008", 0)
    assert (await api.open("urban", "county_director")).status_code == 200
    assert (await api.open("urban", "county_director", day="2010-02-01")).json()["code"] == "ledger_book_open_already"
    before = await api.ledger.balances()
    subsidy = voucher("subsidy", Posting("1002", "4004.01", 7_000), book="urban")  # the rural book has this source too
    assert await api.ledger.post(subsidy, voucher("premium", PREMIUM, book="urban")) == [1, 2]
    assert await api.ledger.balances() == before
    assert await api.ledger.balances("urban") == {
        "1002": (7_000, 0), "1009.01": (3_000, 0), "4001": (3_000, 0), "4004.01": (7_000, 0),
    }  # fmt: skip
    names = {a["account"]: a["name_zh"] for a in (await api.get("/books/urban/accounts"))["items"]}
    assert names["4001"] == "城镇居民个人缴费收入"
    with pytest.raises(Problem) as refused:
        await api.ledger.post(voucher("fee", Posting("5001", "1002", 1), book="urban"))
    assert refused.value.kind is LEDGER_FLOW_NOT_PERMITTED
    assert await api.ledger.replay("urban") == []


@pytest.mark.requirement("ZZ-50", "fee and administration are booked under their payer, never in a book of the fund")
@pytest.mark.requirement("WC-17", "a county's start-up and office money is booked in its budget book")
@pytest.mark.requirement("WC-12", "the bonus for collecting premiums is administration money of the budget book")
async def test_a_payer_has_a_budget_book_under_its_own_code(api: Api) -> None:
    assert (await api.open("budget", "city_finance", CITY)).status_code == 200
    assert (await api.open("county_budget", "county_finance")).status_code == 200
    city, machine = Scope("city_finance", (CITY,)), Scope("service", (CITY,))
    async with transaction(api.ledger.engine, city) as conn:
        appropriation = voucher("appropriation", Posting("1001", "4001", 900_000), book="budget")
        assert await post(conn, CITY, [appropriation]) == [1]
    office = [Posting("1001", "4001", 3_500_000), Posting("5002", "1001", 3_000_000, memo="办公经费")]
    bonus = voucher("bonus", Posting("5002", "1001", 20_000, memo="筹资奖励"), book="county_budget")
    async with transaction(api.ledger.engine, Scope("county_finance", (POOL,))) as conn:
        assert await post(conn, POOL, [voucher("office", *office, book="county_budget"), bonus]) == [1, 2]
    with pytest.raises(Problem) as refused:
        async with transaction(api.ledger.engine, Scope("city_finance", (POOL,))) as conn:
            await post(conn, POOL, [voucher("x", Posting("1001", "4001", 1), book="county_budget")])
    assert refused.value.kind is LEDGER_NOT_KEEPER
    with pytest.raises(Problem) as outside:
        async with transaction(api.ledger.engine, city) as conn:
            await post(conn, POOL, [voucher("x", Posting("1001", "4001", 1), book="budget")])
    assert outside.value.kind is LEDGER_SCOPE
    async with transaction(api.ledger.engine, machine) as conn:
        await open_books(conn, CITY, DAY, ("budget",))  # opening it again changes nothing
    assert [b["book"] for b in (await api.get("/books", CITY))["items"]] == ["budget"]


@pytest.mark.parametrize(
    ("book", "role", "code"),
    [
        ("budget", "city_finance", "ledger_book_not_under_code"),
        ("county_budget", "city_finance", "ledger_not_keeper"),
        ("urban", "city_finance", "ledger_not_keeper"),
        ("fees", "county_finance", "ledger_chart_unknown"),
        ("urban", "insurer_manager", "forbidden_role"),
        ("urban", "auditor", "forbidden_role"),
    ],
)
async def test_a_book_is_opened_by_a_keeper_of_its_accounts(api: Api, book: str, role: str, code: str) -> None:
    answer = await api.open(book, role)
    assert answer.json()["code"] == code, answer.text


@pytest.mark.requirement("ZZ-50", "no code bears both a fund and a city's budget, not even empty")
async def test_a_payers_code_bears_its_budget_alone(api: Api) -> None:
    assert (await api.open("budget", "county_finance", CITY)).json()["code"] == "ledger_not_keeper"
    before = (await api.get("/books", POOL))["items"]
    for book, role, pool in (("budget", "city_finance", POOL), ("urban", "county_finance", CITY)):
        answer = await api.open(book, role, pool)
        assert (answer.status_code, answer.json()["code"]) == (422, "ledger_book_not_under_code"), answer.text
        assert pool in answer.json()["detail"]
    assert (await api.get("/books", POOL))["items"] == before


async def test_a_book_is_not_opened_ahead_of_time(api: Api) -> None:
    ahead = await api.open("county_budget", "county_finance", day="2099-01-01")
    assert ahead.json()["code"] == "ledger_first_day_ahead"


async def test_a_trial_balance_in_either_chart(api: Api) -> None:
    kept = await api.get("/books/basic/balances?at=2010-03-31")
    shown = await api.get("/books/basic/balances?at=2010-03-31&chart=fund-2017")
    assert (kept["chart"], shown["chart"]) == ("basic-2008", "fund-2017")
    assert shown["ties"] and shown["debit"] == shown["credit"] == kept["debit"] == kept["credit"] == "2000.00"
    assert {i["account"]: (i["name_zh"], i["balance"]) for i in shown["items"] if i["balance"] != "0.00"} == {
        "1003.02": ("支出户存款——商业保险机构", "500.00"),
        "1004": ("财政专户存款", "500.00"),
        "4002.01": ("财政补贴收入——中央", "1000.00"),
    }
    charts = await api.get("/books/basic/charts")
    assert [(c["chart"], c["mapping"]["1001.02"]) for c in charts["items"]] == [("fund-2017", "1003.02")]
    again = await api.get("/books/basic/balances?at=2010-03-31&chart=basic-2008")
    assert again == kept


async def test_a_chart_in_which_the_book_cannot_be_shown_is_refused(api: Api) -> None:
    for book, chart in (("basic", "urban-2008"), ("basic", "x"), ("obligations", "fund-2017")):
        assert (await api.get(f"/books/{book}/balances?chart={chart}"))["code"] == "ledger_view_unknown"
    assert (await api.get("/books/none/charts"))["code"] == "ledger_book_unknown"


@pytest.mark.parametrize("path", ["/books/none/balances", "/books/none/charts", "/books/none/vouchers/1/proof"])
async def test_a_book_that_is_not_there(api: Api, path: str) -> None:
    assert (await api.get(path))["code"] == "ledger_book_unknown"
