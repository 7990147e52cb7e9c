"""A day that the ledger can never book is refused at entry, naming the line, before anything is kept (0300)."""

from datetime import timedelta

import pytest

from shared.kernel.dates import shanghai_date
from tests.component.funds.test_orders import order
from tests.component.funds.world import FISCAL, INCOME, World

FINANCE = {"role": "county_finance"}
OLD = "2002-12-31"


@pytest.mark.requirement("LS-11", "a statement line with an impossible value date is refused before anything is kept")
@pytest.mark.parametrize("value_date", ["0210-03-01", OLD, "2011-03-01", "2010-03-02"])
async def test_a_line_with_an_impossible_value_date_parks_nothing(world: World, value_date: str) -> None:
    await world.collect("60.00")
    told, reference = world.remittance("60.00")
    body = world.statement_body(INCOME, ("in", 100, "LX"), ("in", 6000, reference))
    body["lines"][1]["value_date"] = value_date
    problem = await world.refused("statement_line_date_impossible", "/bank-statements", body, role="county_recheck")
    assert f"第 2 行的起息日 {value_date} 不在 2003-01-01 至 2010-03-01 之间" in problem["detail"]
    assert await world.rows("SELECT FROM statement") == []
    del body["lines"][1]["value_date"]
    answer = await world.done("/bank-statements", body, role="county_recheck")
    assert (answer["lines"], answer["matched"]) == (2, 0)
    await world.feed(told)
    (left,) = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert left["reference"] == "LX"


@pytest.mark.requirement("LS-11", "a line is taken back-valued or valued a little ahead")
async def test_a_line_may_be_valued_before_and_shortly_after_its_day(world: World) -> None:
    body = world.statement_body(FISCAL, ("in", 100, "A"), ("in", 200, "B"))
    day = shanghai_date(world.clock.now())
    world.clock.advance(timedelta(days=30))
    for number, value_date in ((0, "2003-01-01"), (1, str(day + timedelta(days=11)))):
        body["lines"][number]["value_date"] = value_date
    await world.refused("statement_line_date_impossible", "/bank-statements", body, **FINANCE)
    body["lines"][1]["value_date"] = str(day + timedelta(days=10))
    await world.done("/bank-statements", body, **FINANCE)
    for line in (await world.get("/open-items"))["at_bank_not_in_book"]:
        second = {"role": "county_finance", "subject": "county_finance-2"}
        await world.done(f"/open-items/{line['line_id']}/interest", None, **second)
    await world.check_books()


async def test_a_statement_of_a_day_before_the_scheme_is_refused(world: World) -> None:
    body = world.statement_body(FISCAL) | {"day": "0210-03-01"}
    await world.refused("date_too_early", "/bank-statements", body, **FINANCE)


async def test_arrivals_and_orders_keep_to_the_same_bound(world: World) -> None:
    arrival = {"level": "central", "coverage_year": 2010, "amount": "90.00", "bank_reference": "R9", "arrived_on": OLD}
    problem = await world.refused("date_too_early", "/subsidy-arrivals", arrival, **FINANCE)
    assert "2003-01-01" in problem["detail"]
    donation = order("donation", "10.00", party="某企业", bank_reference="R10", value_date=OLD)
    await world.refused("date_too_early", "/money-orders", donation, **FINANCE)
    made = await world.done("/money-orders", donation | {"value_date": "2003-01-01"}, **FINANCE)
    await world.done(f"/money-orders/{made['id']}/approval", role="county_finance", subject="county_finance-2")
