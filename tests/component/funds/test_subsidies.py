"""Subsidies by coverage year and level: paid ahead, due, arrived, confirmed, and the difference carried on (§6)."""

import asyncio
from datetime import date
from typing import Any

import pytest

from tests.component.funds.test_orders import balances
from tests.component.funds.world import World, at

CARRY = {"document": "财社〔2011〕8号"}
FINANCE = {"role": "county_finance"}


async def arrived(world: World, level: str, yuan: str, year: int = 2010) -> None:
    """A subsidy of a level and coverage year on the fiscal account."""
    day = world.clock.now().date().isoformat()
    body = {"level": level, "coverage_year": year, "amount": yuan, "bank_reference": f"B{next(world._keys)}"}
    await world.arrival("subsidy", body | {"arrived_on": day})


async def level(world: World, name: str, year: int) -> dict[str, Any]:
    """What stands of a level in a coverage year."""
    levels = (await world.get(f"/subsidies/{year}"))["levels"]
    return next(item for item in levels if item["level"] == name)


@pytest.mark.requirement("LS-11", "the difference of an audited year goes on to the next year's due, level by level")
@pytest.mark.requirement("ZZ-28", "arrival rate of each level and coverage year over what is due, carried in included")
async def test_a_difference_is_carried_into_the_next_years_due(world: World) -> None:
    central = await world.due("central", "1240.00")
    await world.due("county", "300.00", audited=True)
    await arrived(world, "central", "1300.00")
    await arrived(world, "county", "250.00")
    path = "/subsidies/2010/carry-forward"
    await world.refused("subsidy_not_audited", path, CARRY, **FINANCE)
    await world.due("central", "1200.00", audited=True, due=central)
    told = await world.done(path, CARRY, **FINANCE)
    assert {(x["level"], x["carried_on"], x["outstanding"]) for x in told["levels"]} == {
        ("central", "-100.00", "0.00"), ("county", "50.00", "0.00"),
    }  # fmt: skip
    await world.due("central", "1000.00", year=2011)
    await world.due("county", "200.00", year=2011)
    await arrived(world, "county", "250.00", 2011)
    now = await level(world, "central", 2011)
    assert (now["due"], now["carried_in"], now["total_due"], now["outstanding"]) == (
        "1000.00", "-100.00", "900.00", "900.00",
    )  # fmt: skip
    assert (await level(world, "county", 2011))["arrival_rate"] == "1.0000"
    paper = await world.get("/papers/outstanding?from=2010-01-01&to=2010-12-31")
    waits = [row["cells"][3:] for row in paper["rows"] if row["cells"][0] == "应到未到的财政补助"]
    assert waits == [["中央", "2011 年度", "900.00"]], "what was carried on waits in one year alone"
    assert (await level(world, "county", 2010))["arrival_rate"] == "0.8333", "the old year's rate stays what it was"
    await world.refused("subsidy_nothing_to_carry", path, CARRY, **FINANCE)
    await arrived(world, "county", "30.00")
    await world.done(path, CARRY, **FINANCE)
    assert (await level(world, "county", 2011))["total_due"] == "220.00", "what came late lowers what was carried"


def waits(paper: dict[str, Any]) -> list[list[str]]:
    """What is due and has not arrived, as the list of a day says."""
    return [row["cells"][1:] for row in paper["rows"] if row["cells"][0] == "应到未到的财政补助"]


@pytest.mark.requirement("LS-11", "what was due on a day stays what was due, whatever was corrected since")
async def test_a_corrected_due_keeps_what_was_due_before(world: World) -> None:
    central = await world.due("central", "1240.00", heads=124)
    first = "/papers/outstanding?from=2010-03-01&to=2010-03-01"
    before = await world.get(first)
    assert waits(before) == [["2010-03-01", "0", "中央", "2010 年度", "1240.00"]]
    world.clock.set(at("2010-03-05T09:00"))
    await world.due("central", "1200.00", heads=120, audited=True, due=central)
    after = await world.get(first)
    assert waits(after) == waits(before), "the list of a day is that of the day"
    now = await world.get("/papers/outstanding?from=2010-03-05&to=2010-03-05")
    assert waits(now) == [["2010-03-01", "4", "中央", "2010 年度", "1200.00"]], "due since the first word"
    told = await level(world, "central", 2010)
    assert (told["due"], told["head_count"], told["audited"]) == ("1200.00", 120, True)
    words = await world.get("/subsidies/2010/dues")
    assert [(one["sequence"], one["amount"], one["business_day"], one["audited"]) for one in words] == [
        (1, "1240.00", "2010-03-01", False), (2, "1200.00", "2010-03-05", True),
    ]  # fmt: skip
    await arrived(world, "central", "300.00")
    report = await world.get("/books/basic/years/2010/report")
    totals = {one["code"]: one["amount"] for one in report["totals"]}
    assert (totals["due"], report["heads"]) == ("1200.00", 120), "the year's report counts the last word alone"
    now = await world.get("/papers/outstanding?from=2010-03-05&to=2010-03-05")
    assert waits(now) == [["2010-03-01", "4", "中央", "2010 年度", "900.00"]]
    assert waits(await world.get(first)) == waits(before)


async def test_two_who_carry_at_once_carry_once(world: World) -> None:
    await world.due("city", "100.00", audited=True)
    both = await asyncio.gather(*(world.send("/subsidies/2010/carry-forward", CARRY, **FINANCE) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert (await level(world, "city", 2011))["carried_in"] == "100.00"


@pytest.mark.requirement("LS-11", "a subsidy paid ahead backs nothing before its coverage year begins")
async def test_a_subsidy_of_a_later_year_is_a_temporary_receipt(world: World) -> None:
    await arrived(world, "province", "500.00", 2011)
    assert await balances(world, "basic") == {"1002": 50000, "2101": 50000}
    assert await world.term("b", "subsidy_province") == "500.00"
    assert (await level(world, "province", 2011))["arrived"] == "500.00"
    world.clock.set(at("2011-01-01T09:00"))
    await world.sources_close(date(2010, 12, 31))
    await world.done("/days/2010-12-31/close", role="county_director")
    found = await balances(world, "basic")
    assert (found["4004.02"], found.get("2101")) == (50000, None), "income on 1 January of its year"
