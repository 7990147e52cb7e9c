"""Cancellation by the table of rulings §2, for the states that a claim can have so far."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.component.claims.world import COUNTY, TOWNSHIP, World, line


async def test_a_cancelled_claim_leaves_no_trace_in_the_counts_and_is_settled_again(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member, "1000.00")
    answer = await world.cancel(claim["claim_id"], key="c1")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["version"], answer.json()["payable"]) == ("cancelled", 2, "0.00")
    assert await world.used(member) == {}
    again = await world.cancel(claim["claim_id"], key="c1")
    assert again.content == answer.content
    twice = await world.cancel(claim["claim_id"])
    assert (twice.status_code, twice.json()["code"]) == (409, "claim_cancelled")
    second = await world.settle(claim["visit_id"], line("A1", "2000.00"))
    assert (second.status_code, second.json()["benefit"]) == (201, "1400.00")
    assert await world.used(member) == {"basic.inpatient.benefit": 140000}
    rows = await world.sql("SELECT envelope FROM outbox WHERE type LIKE '%cancelled%'")
    data = json.loads(rows[0]["envelope"])["data"]
    assert (data["before"], data["approved"], data["benefit"]) == ("settled", "700.00", "700.00")
    (row,) = await world.sql("SELECT reason, cancelled_by FROM cancellation")
    assert tuple(row) == ("录入错误", "hospital-1")


async def test_within_the_hour_a_later_claim_does_not_stand_in_the_way(world: World) -> None:
    member = await world.member()
    first = await world.settled(member, "80000.00")
    second = await world.settled(member, "80000.00", of=TOWNSHIP)
    assert second["benefit"] == "4000.00"
    world.clock.advance(timedelta(minutes=59))
    assert (await world.cancel(first["claim_id"])).status_code == 200
    assert await world.used(member) == {"basic.inpatient.benefit": 400000}, "exactly what its claim added"
    kept = await world.pool("hospital", "GET", f"/claims/{second['claim_id']}", of=TOWNSHIP)
    assert kept.json()["benefit"] == "4000.00", "the later one keeps its result"
    (listed,) = await world.sql("SELECT claim_id, cancelled_claim_id, institution_code FROM readjudication")
    assert (str(listed["claim_id"]), listed["institution_code"]) == (second["claim_id"], TOWNSHIP)
    (shown,) = (await world.pool("county_recheck", "GET", "/readjudications")).json()["items"]
    assert (shown["claim_id"], shown["cancelled_claim_id"]) == (second["claim_id"], first["claim_id"])


@pytest.mark.parametrize(("of", "code"), [(COUNTY, "later_claim"), (TOWNSHIP, "later_claim_elsewhere")])
async def test_after_the_hour_the_later_claim_goes_first(world: World, of: str, code: str) -> None:
    member = await world.member()
    first = await world.settled(member)
    second = await world.settled(member, of=of)
    world.clock.advance(timedelta(hours=2))
    before = await world.counts()
    answer = await world.cancel(first["claim_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (second["claim_id"] in answer.text) == (of == COUNTY), "another hospital's claim is not named"
    assert await world.counts() == before
    assert (await world.cancel(second["claim_id"], of=of)).status_code == 200
    assert (await world.cancel(first["claim_id"])).status_code == 200
    assert await world.used(member) == {}


async def test_other_people_and_other_counts_do_not_matter(world: World) -> None:
    member = await world.member()
    first = await world.settled(member)
    await world.settled(await world.member())
    await world.settled(member, "20.00", kind="outpatient")
    world.clock.advance(timedelta(hours=2))
    assert (await world.cancel(first["claim_id"])).status_code == 200


async def _approve(world: World, claim: dict[str, Any]) -> None:
    answer = await world.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/approval", json={})
    assert answer.status_code == 200, answer.text


async def test_an_approved_claim_is_cancelled_and_a_released_one_is_not(world: World) -> None:
    one, other = await world.settled(await world.member()), await world.settled(await world.member())
    await _approve(world, one)
    await _approve(world, other)
    assert (await world.cancel(one["claim_id"])).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    assert (await world.pool("insurer_approver", "POST", "/cutoffs", json=body)).json()["claims"] == 1
    refused = await world.cancel(other["claim_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "claim_released")
    assert "付款" in refused.json()["detail"], "it says when to retry"


async def _release(world: World, claim_id: str, **options: Any) -> Any:
    path, body = f"/claims/{claim_id}/cancellation-release", {"reason": "录入差错,经核实"}
    return await world.pool("county_recheck", "POST", path, json=body, **options)


async def test_the_county_office_releases_what_another_hospital_stands_on(world: World) -> None:
    member = await world.member()
    first = await world.settled(member, "80000.00")
    second = await world.settled(member, "80000.00", of=TOWNSHIP)
    world.clock.advance(timedelta(hours=2))
    assert (await world.cancel(first["claim_id"])).json()["code"] == "later_claim_elsewhere"
    tied = await _release(world, first["claim_id"], home_institution=COUNTY)
    assert (tied.status_code, tied.json()["code"]) == (403, "conflict_of_interest")
    assert (await world.cancel(first["claim_id"])).status_code == 409, "a refused release moved nothing"
    assert (await _release(world, first["claim_id"])).status_code == 201
    again = await _release(world, first["claim_id"])
    assert (again.status_code, again.json()["code"]) == (409, "cancellation_released_already")
    assert (await world.cancel(first["claim_id"])).status_code == 200
    assert await world.used(member) == {"basic.inpatient.benefit": 400000}, "exactly what its claim added"
    (shown,) = (await world.pool("county_recheck", "GET", "/readjudications")).json()["items"]
    assert (shown["claim_id"], shown["cancelled_claim_id"]) == (second["claim_id"], first["claim_id"])
    late = await _release(world, first["claim_id"])
    assert (late.status_code, late.json()["code"]) == (409, "claim_cancelled")
    (row,) = await world.sql(
        "SELECT outcome, detail FROM audit WHERE action = 'release_cancellation' AND outcome = 'done'"
    )
    assert "录入差错" not in str(row["detail"])


async def test_a_released_cancellation_still_lets_the_hospitals_own_later_claim_go_first(world: World) -> None:
    member = await world.member()
    first, own = await world.settled(member), await world.settled(member)
    await world.settled(member, of=TOWNSHIP)
    world.clock.advance(timedelta(hours=2))
    assert (await _release(world, first["claim_id"])).status_code == 201
    answer = await world.cancel(first["claim_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "later_claim")
    assert own["claim_id"] in answer.text
