"""Waiting period, and a stay over the end of the coverage year, as hospitals meet them over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.kernel.timelines import NONE
from tests.component.claims.test_midway import POLICY
from tests.component.claims.world import World, line


async def decided(world: World, parameters: str) -> None:
    """The county's policy with these parameters beside, in force from 5 January."""
    text = POLICY.replace("parameters:\n", f"parameters:\n{parameters}")
    path, headers = "/pools/522422/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=text.encode(), headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕2号", "decided_on": "2010-01-04", "accept_illustrative": []}
    answer = await world.call("county_director", "POST", f"{path}/decision", json=decision)
    assert answer.status_code == 200, answer.text


async def test_a_waiting_period_ends_on_its_day(world: World) -> None:
    await decided(world, "  waiting_days: {value: 30, clause: 参合三十日后}\n")
    late = await world.member(birth_date=date(1980, 1, 1))
    newer = world.coverage((date(2010, 1, 21), 1, "covered"), member_id=late, sequence=2)
    await world.tell(newer)
    early = await world.visit(late, admitted="2010-02-19T09:00", discharged="2010-02-25T09:00")
    refused = await world.settle(early, line("A1", "1000.00"))
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_waiting"), refused.text
    waited = await world.settled(late, "1000.00", admitted="2010-02-20T09:00")
    assert waited["benefit"] == "490.00", "thirty days after the first covered day"


@pytest.mark.parametrize(
    ("way", "eligible", "benefit"), [("excluded", "1000.00", "490.00"), ("covered", "3000.00", "1890.00")]
)
async def test_lines_after_the_coverage_year_of_a_stay_that_began_covered(
    world: World, way: str, eligible: str, benefit: str
) -> None:
    """Not enrolled in the new year: lines dated after 31 December count as the policy says (rulings §4)."""
    await decided(world, f"  lines_after_coverage: {{value: {way}, clause: 次年未参合的}}\n")
    world.clock.advance(timedelta(days=320))  # 15 January 2011
    member = await world.member()
    left = world.coverage((date(2010, 1, 1), 1, "covered"), (date(2011, 1, 1), 1, NONE), member_id=member, sequence=2)
    world.enrollment.known[member] = left
    await world.tell(left)
    visit = await world.visit(member, admitted="2010-12-20T09:00", discharged="2011-01-10T09:00")
    lines: list[dict[str, Any]] = [line("A1", "1000.00", day="2010-12-31"), line("A2", "2000.00", day="2011-01-01")]
    answer = await world.settle(visit, *lines)
    assert answer.status_code == 201, answer.text
    claim = answer.json()
    assert (claim["eligible"], claim["benefit"]) == (eligible, benefit)
