"""A stay over 31 December whose costs count in the years of their days: a part for each year (decision 0295)."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.component.claims.test_midway import POLICY, midway, put_in_force
from tests.component.claims.world import World, line

BY_LINES = POLICY.replace(
    "value: settlement, clause: 以当年内实际获得补偿金额累计计算", "value: lines, clause: 分年计算"
)
PER_HEAD = """
          family: {name: 全家全年, amount: 400, per_head: true, period: household_year, clause: 每人四百}
"""
OUTPATIENT = """
      outpatient:
        name: 门诊
        kind: outpatient
        account: "5001.02"
        rules:
          all: {name: 门诊, when: {designation: designated}, ratio: 50%, clause: 门诊}
      inpatient:
"""
DECEMBER, JANUARY = "2010-12-28", "2011-01-03"
LEFT = "2011-01-05T08:00"


@pytest.fixture
async def years(world: World) -> World:
    """In force: 70% over a deductible of 300, at most 1,000 a year; it is 14 January 2011."""
    await put_in_force(world, BY_LINES.replace("amount: 60000", "amount: 1000"))
    return world


async def over_new_year(world: World, member: Any) -> str:
    """A stay from 20 December 2010 to 5 January 2011."""
    if world.clock.now().year == 2010:
        world.clock.advance(timedelta(days=319))
        await world.member()  # the worker makes the months' partitions
    return await world.visit(member, admitted="2010-12-20T09:00", discharged=LEFT)


async def upload(world: World, visit: str, *lines: dict[str, Any]) -> None:
    answer = await world.pool("hospital", "POST", f"/visits/{visit}/lines", json={"lines": list(lines)})
    assert answer.status_code == 201, answer.text


def told(answer: Any) -> tuple[Any, ...]:
    assert answer.status_code == 201, answer.text
    claim = answer.json()
    return claim["part"], claim["midway"], claim["benefit_year"], claim["total"], claim["benefit"]


async def test_each_year_has_its_part_and_its_cap(years: World) -> None:
    member = await years.member()
    visit = await over_new_year(years, member)
    await upload(years, visit, line("A1", "800.00", day=DECEMBER))
    await upload(years, visit, line("A1", "500.00"), line("A1", "0.00", day=DECEMBER))
    await upload(years, visit, line("A1", "2000.00", day=JANUARY))
    before = await years.counts()
    refused = await years.settle(visit)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_claim")
    assert "第 4 行" in refused.json()["detail"] and "中途结算" in refused.json()["detail"]
    quoted = await years.pool("hospital", "POST", f"/visits/{visit}/quote", json={})
    assert quoted.json()["code"] == "bad_claim", "what would not be settled is not quoted"
    assert await years.counts() == before
    assert told(await midway(years, visit)) == (1, True, 2010, "1300.00", "700.00"), "a line without a day: admission"
    assert told(await years.settle(visit)) == (2, False, 2011, "2000.00", "1000.00"), "the cap of 2011, no deductible"
    rows = await years.sql(
        "SELECT year, used->>'basic.inpatient.benefit' AS fen FROM accumulator WHERE scope = 'person_year' "
        "AND owner_id = $1 ORDER BY year", member,
    )  # fmt: skip
    assert [(row["year"], row["fen"]) for row in rows] == [(2010, "70000"), (2011, "100000")]


async def test_lines_sent_along_are_of_one_year(years: World) -> None:
    visit = await over_new_year(years, await years.member())
    december, january = line("A1", "1300.00", day=DECEMBER), line("A1", "100.00", day=JANUARY)
    both = await years.settle(visit, january, december)
    assert (both.status_code, both.json()["code"]) == (422, "bad_claim")
    assert "第 1 行" in both.json()["detail"], "that of the later year"
    last = await midway(years, visit, january)
    assert (last.status_code, last.json()["code"]) == (409, "not_midway"), "the patient has left: it is the last part"
    assert told(await midway(years, visit, december)) == (1, True, 2010, "1300.00", "700.00")
    assert told(await years.settle(visit, january)) == (2, False, 2011, "100.00", "70.00")


async def test_an_upload_of_both_years_is_withdrawn_and_sent_again(years: World) -> None:
    visit = await over_new_year(years, await years.member())
    await upload(years, visit, line("A1", "1300.00", day=DECEMBER), line("A1", "100.00", day=JANUARY))
    assert (await midway(years, visit)).json()["code"] == "bad_claim"
    withdrawn = await years.pool("hospital", "POST", f"/visits/{visit}/lines/1/withdrawal", json={"reason": "分年上传"})
    assert withdrawn.status_code == 200, withdrawn.text
    await upload(years, visit, line("A1", "1300.00", day=DECEMBER))
    await upload(years, visit, line("A1", "100.00", day=JANUARY))
    assert told(await midway(years, visit)) == (1, True, 2010, "1300.00", "700.00")
    assert told(await years.settle(visit)) == (2, False, 2011, "100.00", "70.00")


async def test_a_stay_of_one_year_is_settled_as_ever(years: World) -> None:
    member = await years.member()
    visit = await over_new_year(years, member)
    await upload(years, visit, line("A1", "1300.00", day=DECEMBER))
    assert told(await years.settle(visit)) == (1, False, 2010, "1300.00", "700.00"), "all of it in the year before"


async def test_a_visit_of_an_outpatient_is_of_its_day(world: World) -> None:
    """Begun on New Year's eve, its last line after midnight: no stay, so nothing is split."""
    extra = OUTPATIENT.join(BY_LINES.split("      inpatient:\n"))
    await put_in_force(world, extra)
    member = await world.member()
    world.clock.advance(timedelta(days=319))
    await world.member()
    visit = await world.visit(member, kind="outpatient", admitted="2010-12-31T23:30", discharged=None)
    both = line("A1", "10.00", day="2010-12-31"), line("A1", "10.00", day="2011-01-01")
    assert told(await world.settle(visit, *both)) == (1, False, 2010, "20.00", "10.00")


async def test_a_stay_holds_nobody_in_a_year_that_it_did_not_count_in(years: World) -> None:
    member = await years.member()
    before = await years.settled(member, "1000.00", admitted="2010-02-20T09:00")
    visit = await over_new_year(years, member)
    assert told(await years.settle(visit, line("A1", "500.00", day=JANUARY)))[2] == 2011
    assert (await years.cancel(before["claim_id"])).status_code == 200


async def test_the_heads_of_the_family_are_those_of_the_year(world: World) -> None:
    await put_in_force(world, BY_LINES.replace("        caps:\n", f"        caps:{PER_HEAD}"))
    one = world.coverage()
    world.enrollment.known[one.member_id] = one
    await world.tell(one)
    visit = await over_new_year(world, one.member_id)
    joined = world.coverage((date(2011, 1, 1), 1, "covered"), household_id=one.household_id)
    await world.tell(joined)
    assert told(await midway(world, visit, line("A1", "1300.00", day=DECEMBER)))[4] == "400.00", "one head in 2010"
    assert told(await world.settle(visit, line("A1", "1300.00", day=JANUARY)))[4] == "800.00", "two in 2011"
