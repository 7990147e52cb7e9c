"""A version decided later than its effective date: the claims in between are listed with their differences."""

from datetime import timedelta
from typing import Any

import pytest

from services.claims.benefits.library import text_of
from tests.component.claims.world import ACCEPTED, POOL, TOWNSHIP, World, line

EFFECTIVE = "2010-02-10"
NEWER = (
    text_of("dafang-2010")
    .replace("policy: dafang-2010", "policy: dafang-2010-02")
    .replace("effective_from: 2010-01-01\n\nsource", f"effective_from: {EFFECTIVE}\n\nsource")
    .replace("ratio: 70%", "ratio: 75%")
    .replace("ratio: 80%", "ratio: 78%")
    .replace("amount: 60000", "amount: 70000")
)


async def _recorded(world: World) -> str:
    headers = {"Content-Type": "application/yaml"}
    path = f"/pools/{POOL}/policies"
    made = await world.call("county_recheck", "POST", path, content=NEWER.encode(), headers=headers, subject="li")
    assert made.status_code == 201, made.text
    checked = await world.call("county_recheck", "POST", f"{path}/{made.json()['id']}/check", subject="wang")
    assert checked.status_code == 200, checked.text
    return str(made.json()["id"])


async def _decide(world: World, policy_id: str) -> dict[str, Any]:
    body = {"document_number": "方合管〔2010〕3号", "decided_on": "2010-03-01", "accept_illustrative": ACCEPTED}
    answer = await world.call("county_director", "POST", f"/pools/{POOL}/policies/{policy_id}/decision", json=body)
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


def _told(page: dict[str, Any]) -> list[tuple[str, ...]]:
    members = ("claim_id", "benefit_before", "benefit", "difference", "to_pay")
    return [tuple(one[member] for member in members) for one in page["items"]]


@pytest.mark.requirement("DF-09", "a decision after its effective date lists the claims in between with differences")
@pytest.mark.requirement("ZA-05", "a cap raised within the year helps each claim since its first day")
async def test_claims_in_between_are_listed_with_their_differences(world: World) -> None:
    member, other = await world.member(), await world.member()
    before = await world.settled(other, admitted="2010-02-01T09:00")
    cancelled = await world.settled(other)
    assert (await world.cancel(cancelled["claim_id"])).status_code == 200
    first = await world.settled(member, "50000.00")
    world.clock.advance(timedelta(minutes=1))
    second = await world.settled(member, "50000.00")
    policy_id = await _recorded(world)
    path = f"/policies/{policy_id}/late-differences"
    undecided = await world.pool("county_director", "GET", path)
    assert (undecided.status_code, undecided.json()["code"]) == (404, "policy_undecided")
    decided = await _decide(world, policy_id)
    assert decided["retroactive"] == {"admitted_from": EFFECTIVE, "admitted_to": "2010-03-01"}
    world.clock.advance(timedelta(minutes=5))
    later = await world.settled(await world.member())
    assert later["policy_id"] == "dafang-2010-02"

    page = (await world.pool("county_director", "GET", path)).json()
    assert _told(page) == [
        (first["claim_id"], "35000.00", "37500.00", "2500.00", "2500.00"),
        (second["claim_id"], "25000.00", "32500.00", "7500.00", "7500.00"),
    ], "the second stands on what the first would have counted under the higher cap"
    assert {one["reproduced"] for one in page["items"]} == {True}
    assert {one["policy_before"] for one in page["items"]} == {"dafang-2010"}
    assert page["next_cursor"] is None
    assert before["claim_id"] not in str(page)


async def test_a_lower_ratio_takes_nothing_back_and_pages_hold_whole_households(world: World) -> None:
    people = [await world.member() for _ in range(3)]
    claims = [await world.settled(one, of=TOWNSHIP) for one in people]
    policy_id = await _recorded(world)
    await _decide(world, policy_id)
    seen: list[tuple[str, ...]] = []
    cursor = ""
    for _ in people:
        query = f"?limit=1&cursor={cursor}" if cursor else "?limit=1"
        page = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences{query}")).json()
        seen += _told(page)
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted((one["claim_id"], "800.00", "780.00", "-20.00", "0.00") for one in claims)
    query = f"?limit=1&cursor={cursor}"
    last = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences{query}")).json()
    assert last == {"items": [], "next_cursor": None}


async def test_lines_that_did_not_count_stay_out(world: World) -> None:
    visit = await world.visit(await world.member())
    claim = (await world.settle(visit, line("A1", "1000.00"), line("C1", "50.00"), line("X9", "20.00"))).json()
    policy_id = await _recorded(world)
    await _decide(world, policy_id)
    page = (await world.pool("supervisor", "GET", f"/policies/{policy_id}/late-differences")).json()
    assert _told(page) == [(claim["claim_id"], "700.00", "750.00", "50.00", "50.00")]
    assert page["items"][0]["reproduced"] is True
