"""Dates on which no money can have moved are refused where they are typed, before anything waits for them."""

from typing import Any

import pytest

from tests.component.funds.test_floats import FLOAT, HEAD
from tests.component.funds.test_orders import order
from tests.component.funds.world import FISCAL, INCOME, POOL, World

IMPOSSIBLE = ("0210-03-01", "2002-12-31", "2010-03-02", "2110-03-01")
TODAY = "2010-03-01"


@pytest.mark.requirement("HL-08", "a year typed wrongly in a statement's line never keeps an event from being booked")
async def test_a_line_of_an_impossible_date_is_refused_by_its_number(world: World) -> None:
    await world.collect("60.00")
    told, reference = world.remittance("60.00")
    body = world.statement_body(INCOME, ("in", 100, "LX"), ("in", 6000, reference))
    for day in IMPOSSIBLE:
        body["lines"][1]["value_date"] = day
        problem = await world.refused("statement_line_date", "/bank-statements", body, role="county_recheck")
        assert "第 2 行" in problem["detail"] and day in problem["detail"], problem
    body["lines"][1]["value_date"] = "2003-01-01"
    assert (await world.done("/bank-statements", body, role="county_recheck"))["open"] == 2
    await world.feed(told)
    waiting = (await world.get("/open-items"))["at_bank_not_in_book"]
    assert [line["reference"] for line in waiting] == ["LX"], "the remittance is matched when it is told"


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        ("/money-orders", order("donation", "10.00", party="某某企业", bank_reference="JZ-1"), "value_date"),
        (
            "/subsidy-arrivals",
            {"level": "central", "coverage_year": 2010, "amount": "9.00", "bank_reference": "CZ-1"},
            "arrived_on",
        ),
    ],
)
async def test_a_date_before_the_scheme_is_refused_by_the_first_hand(
    world: World, path: str, body: dict[str, Any], member: str
) -> None:
    for day in ("1999-01-01", "2002-12-31"):
        await world.refused("date_before_scheme", path, body | {member: day}, role="county_finance")
    await world.refused("date_in_future", path, body | {member: "2010-03-02"}, role="county_finance")
    made = await world.done(path, body | {member: TODAY}, role="county_finance")
    approval = f"{'/money-orders' if 'kind' in body else '/arrivals'}/{made['id']}/approval"
    await world.done(approval, role="county_finance", subject="county_finance-2")
    await world.statement(FISCAL, ("in", 1000 if "kind" in body else 900, body["bank_reference"]))
    assert (await world.get("/open-items"))["at_bank_not_in_book"] == []


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "2002-12", "2101-01", "9999-12"])
async def test_months_that_are_none_are_refused(world: World, month: str) -> None:
    """Beyond what a date can hold, or before its beginning: told in words, never an internal error or a long wait."""
    reads = (f"/months/{month}/report", f"{FLOAT}/months/{month}")
    for path in reads:
        answer = await world.client.get(f"/v1/pools/{POOL}{path}", headers=world.tokens.headers("auditor"))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
        assert "2003-01 到 2100-12" in answer.text
    writes: list[tuple[str, dict[str, Any]]] = [
        (f"/months/{month}/close", {"role": "county_finance"}),
        (f"{FLOAT}/months/{month}/signature", HEAD),
        (f"{FLOAT}/months/{month}/acceptance", {"role": "county_recheck"}),
    ]
    for path, who in writes:
        await world.refused("invalid_request", path, **who)


async def test_the_last_month_there_is_can_be_asked_for(world: World) -> None:
    assert (await world.get(f"{FLOAT}/months/2100-12"))["closing"] == "0.00"
    assert (await world.get(f"{FLOAT}/months/2003-01"))["closing"] == "0.00"
