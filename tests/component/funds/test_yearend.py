"""The year's end: income and expenditure go to the funds, next year begins clean, ratios say what they divide."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from tests.component.funds.test_orders import CITY, fee, order
from tests.component.funds.world import World, at


async def balances(world: World, book: str = "basic") -> dict[str, int]:
    """Balances of a book that are not zero, in fen."""
    rows = await world.rows("SELECT account, posted_fen FROM balance WHERE book = $1 AND posted_fen <> 0", book)
    return {row["account"]: row["posted_fen"] for row in rows}


async def to_new_year(world: World, first: int = 1, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
    """Closes 31 December on a day of January, after what is done on it before."""
    last = date(2010, 12, 31)
    world.clock.set(world.clock.now().replace(year=2011, month=1, day=first))
    if meanwhile:
        await meanwhile()
    for day in range(20, 32):
        await world.sources_close(last.replace(day=day))
    await world.done(f"/days/{last}/close", role="county_director")


@pytest.mark.requirement("DF-01", "the year is closed and carried forward by the book itself, once, to the funds")
async def test_income_and_expenditure_are_carried_to_the_funds(world: World) -> None:
    world.clock.set(world.clock.now().replace(month=12, day=20))
    await world.fund("1000.00", "500.00")
    await world.collect("60.00")
    await world.collect("20.00", year=2011)
    await world.paid("70.00")
    await to_new_year(world)
    found = await balances(world)
    assert not {a for a in found if a[0] in "45"} - {"4001"}, found
    assert (found["3001.01"], found["4001"]) == (100000 + 6000 - 7000, 2000), "next year's premiums are income now"
    (voucher,) = await world.rows("SELECT * FROM voucher WHERE reason = 'closing'")
    assert (voucher["value_date"], voucher["source_event"]) == (date(2010, 12, 31), "year-close:2010")
    assert (voucher["preparer"], voucher["checker"]) == ("system", "rule:year-close")
    await world.collect("5.00", year=2011)
    year = await world.get("/years/2011/fund-indicators")
    assert (year["income"], year["expenditure"], year["accumulated"]) == ("25.00", "0.00", "1015.00")
    await world.identities()
    await world.check_books()


async def set_aside(world: World, yuan: str, year: int, kind: str = "inpatient_pool_allocation") -> None:
    """What goes to a fund, that of inpatients unless another is named, by two hands."""
    asked = order(kind, yuan, coverage_year=year)
    made = await world.done("/money-orders", asked, role="county_recheck")
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance")


@pytest.mark.requirement("DF-01", "last year's benefits are never paid out of what next year sets aside")
@pytest.mark.parametrize(
    ("before", "left"), [((), {"3001.01": 43000, "3001.03": 50000}), (("30.00",), {"3001.01": 43000, "3001.03": 50000})]
)
async def test_what_next_year_sets_aside_stays_its_own(
    world: World, before: tuple[str, ...], left: dict[str, int]
) -> None:
    """The year is closed on 3 January; by then 500.00 are set aside for the new one."""
    world.clock.set(world.clock.now().replace(month=12, day=20))
    await world.fund("1000.00", "500.00")
    for yuan in before:
        await set_aside(world, yuan, 2010)
    await world.paid("70.00")
    await to_new_year(world, first=3, meanwhile=lambda: set_aside(world, "500.00", 2011))
    found = await balances(world)
    assert {account: found.get(account, 0) for account in left} == left
    assert not {a for a in found if a[0] in "45"}, found
    await world.identities()
    await world.check_books()


REVERSAL = {"reason": "比例有误", "document": "大农合〔2011〕1号"}


async def _propose(world: World, made: Any, role: str = "county_finance") -> str:
    """Proposes to reverse an order; the path of its reversal."""
    path = f"/money-orders/{made['id']}/reversal"
    await world.done(path, REVERSAL, role=role)
    return path


async def _allocation(world: World, status: str = "booked") -> Any:
    return (await world.get(f"/money-orders?kind=inpatient_pool_allocation&status={status}"))["items"][0]


@pytest.mark.requirement("DF-01", "what a fund was given stays once the closing has paid out of it")
async def test_an_allocation_of_a_year_carried_forward_stands(world: World) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    await world.fund("1000.00", "500.00")
    await set_aside(world, "300.00", 2010)
    await world.paid("350.00")
    waits = await _propose(world, await _allocation(world), "county_recheck")
    await to_new_year(world)
    assert "3001.03" not in await balances(world), "the closing has used all of it"
    await world.refused("order_year_over", f"{waits}/approval", role="county_finance", subject="county_finance-2")
    await world.done(f"{waits}/refusal", {"reason": "已结转"}, role="county_finance")
    await world.refused("order_year_over", waits, REVERSAL, role="county_recheck")
    assert (await balances(world))["3001.01"] == 65000
    await set_aside(world, "200.00", 2011)
    path = await _propose(world, await _allocation(world), "county_recheck")
    await world.done(f"{path}/approval", role="county_finance")
    assert "3001.03" not in await balances(world), "the year that lasts"
    await world.check_books()


async def test_a_wrong_allocation_is_taken_back_in_january_before_the_closing(world: World) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    await world.fund("1000.00", "500.00")
    await set_aside(world, "300.00", 2010)
    await world.paid("350.00")

    async def take_back() -> None:
        path = await _propose(world, await _allocation(world), "county_recheck")
        await world.done(f"{path}/approval", role="county_finance")

    await to_new_year(world, first=3, meanwhile=take_back)
    found = await balances(world)
    assert (found["3001.01"], found.get("3001.03")) == (65000, None)
    await world.check_books()


@pytest.mark.requirement("DF-01", "a year's income is not lessened by an order of the year before")
async def test_income_of_a_year_that_is_over_stands(world: World) -> None:
    world.clock.set(at("2010-12-20T09:00"))
    given = order("donation", "300.00", party="某某企业", bank_reference="JZ-1")
    made = await world.receive(given, role="county_finance")
    other = await world.receive(given | {"bank_reference": "JZ-2"}, role="county_finance")
    await set_aside(world, "20.00", 2010, "risk_fund_set_aside")
    sent = await world.done("/money-orders", order("risk_fund_deposit", "20.00"), role="county_finance")
    await world.done(f"/money-orders/{sent['id']}/approval", role="county_finance", subject="county_finance-2")
    back = await world.receive(order("risk_fund_return", "5.00", bank_reference="JZ-3"), role="county_finance")
    waits = await _propose(world, made)
    world.clock.set(at("2011-01-01T09:00"))
    second = {"role": "county_finance", "subject": "county_finance-2"}
    await world.refused("order_year_over", f"{waits}/approval", **second)
    await world.refused("order_year_over", f"/money-orders/{other['id']}/reversal", REVERSAL, **second)
    year = await world.get("/years/2011/fund-indicators")
    assert year["income"] == "0.00"
    path = await _propose(world, back)
    await world.done(f"{path}/approval", **second)


@pytest.mark.requirement("ZZ-35", "the papers of a closed year tie, as data, workbook and document, for each book")
async def test_the_papers_of_a_closed_year_tie(world: World) -> None:
    world.clock.set(world.clock.now().replace(month=12, day=20))
    await world.fund("1000.00", "500.00")
    await world.paid("70.00")
    await to_new_year(world)
    year = await world.get("/books/basic/years/2010/papers")
    assert year["ties"]
    papers = {paper["title_zh"]: paper for paper in year["papers"]}
    assert {
        "资产负债表",
        "收支表",
        "净资产变动表",
        "试算平衡表",
        "总账",
        "银行存款余额调节表",
        "未了事项清单",
    } <= papers.keys()
    result = {row["cells"][0]: row["cells"][2] for row in papers["收支表"]["rows"]}
    assert (result["收入合计"], result["支出合计"]) == ("1000.00", "70.00"), "the closing voucher is no expenditure"
    sheet = {row["cells"][0]: row["cells"][3] for row in papers["资产负债表"]["rows"]}
    assert sheet["净资产合计"] == sheet["资产合计"] == "930.00"
    assert "  本年收支结余(未结转)" not in sheet, "the year is carried forward"
    assert (await world.get("/books/obligations/years/2010/papers"))["ties"]
    headers = world.tokens.headers("county_finance")
    path = "/v1/pools/522422/books/basic/years/2010/papers?format="
    assert (await world.client.get(path + "pdf", headers=headers)).content.startswith(b"%PDF")
    assert (await world.client.get(path + "xlsx", headers=headers)).status_code == 200


@pytest.mark.requirement("ZZ-10", "use rate and surplus limits are told with numerator, denominator and limit")
async def test_ratios_name_what_they_divide(world: World) -> None:
    await world.fund("1000.00", "900.00")
    await world.paid("860.00")
    year = await world.get("/years/2010/fund-indicators")
    ratios = {ratio["code"]: ratio for ratio in year["ratios"]}
    use = ratios["use_rate"]
    assert (use["value"], use["numerator"], use["denominator"], use["least"]) == (
        "0.8600",
        "860.00",
        "1000.00",
        "0.8500",
    )
    assert use["within_limits"]
    assert "收入" in use["denominator_means"]
    assert (ratios["year_surplus_rate"]["value"], ratios["year_surplus_rate"]["within_limits"]) == ("0.1400", True)
    assert ratios["accumulated_surplus_rate"]["most"] == "0.2500"
    report = await world.get("/books/basic/years/2010/report")
    told = {ratio["code"]: ratio["value"] for ratio in report["ratios"]}
    assert told["use_rate:income"] == use["value"], "the report and the limits know one use rate"
    assert told["surplus_rate"] == ratios["year_surplus_rate"]["value"]
    empty = {ratio["code"]: ratio for ratio in (await world.get("/years/2009/fund-indicators"))["ratios"]}
    assert (empty["use_rate"]["value"], empty["use_rate"]["within_limits"]) == (None, None), "no base, no ratio"


@pytest.mark.requirement("ZZ-50", "a payer's budget is closed by day, month and year by its own keeper")
async def test_the_city_closes_and_carries_forward_its_budget(world: World) -> None:
    """No other service tells of a payer: its first close begins with its first voucher."""
    city = {"role": "city_finance", "pool": CITY}
    world.clock.set(at("2010-12-20T09:00"))
    await world.receive(order("budget_appropriation", "2800.00", bank_reference="YS-1"), **city)
    await fee(world, "", "city_finance", CITY)
    world.clock.set(at("2011-01-05T09:00"))
    await world.refused("ledger_not_closer", "/days/2011-01-04/close", role="county_director", pool=CITY)
    assert (await world.done("/days/2011-01-04/close", **city))["business_day"] == "2011-01-05"
    closed = await world.rows("SELECT min(day) AS first, count(*) AS n FROM day_close WHERE pool_code = $1", CITY)
    assert tuple(closed[0]) == (date(2010, 12, 20), 16)
    assert await balances(world, "budget") == {"1001": 50000, "3001": 50000}
    await world.refused("ledger_not_closer", "/months/2010-12/close", role="county_finance", pool=CITY)
    assert (await world.done("/months/2010-12/close", **city))["closed_through"] == "2010-12-31"
    await world.receive(order("budget_appropriation", "100.00", bank_reference="YS-2"), **city)
    await world.done("/books/budget/days/2011-01-05/seal", **city)
    assert await balances(world, "budget") == {"1001": 60000, "3001": 50000, "4001": 10000}
    headers = world.tokens.headers("auditor", pools=(CITY,))
    papers = (await world.client.get(f"/v1/pools/{CITY}/books/budget/years/2010/papers", headers=headers)).json()
    assert papers["ties"], papers


async def test_the_city_closes_no_countys_books(world: World) -> None:
    day = world.clock.now().date()
    for path in (f"/days/{day}/close", f"/months/{day:%Y-%m}/close", f"/books/basic/days/{day}/seal"):
        problem = await world.refused("ledger_not_closer", path, role="city_finance")
        assert "县合管办" in problem["detail"], problem
