"""Late decisions about claims that were cut by the review, or that earlier lists have given more already."""

from datetime import timedelta
from typing import Any

import pytest

from tests.component.claims.test_increases import approved, late, lines, prepared, refused, released
from tests.component.claims.test_late_decision import NEWER
from tests.component.claims.test_review import events
from tests.component.claims.world import ACCEPTED, COUNTY, POOL, World, line

THIRD = (
    NEWER.replace("dafang-2010-02", "dafang-2010-03").replace("75%", "85%").replace("2010-02-10", "2010-02-15")
)  # fmt: skip


async def decided(world: World, text: str, decided_on: str = "2010-03-01") -> str:
    """A version recorded, checked and decided; its id."""
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("county_recheck", "POST", path, content=text.encode(), headers=headers, subject="li")
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check", subject="wang")).status_code == 200
    body = {"document_number": "方合管〔2010〕9号", "decided_on": decided_on, "accept_illustrative": ACCEPTED}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=body)).status_code == 200
    world.clock.advance(timedelta(minutes=5))
    return str(made.json()["id"])


async def told(world: World, policy_id: str) -> list[tuple[str, str, str]]:
    """Of each claim what the version gives it more than it was settled with, what lists gave, what is left."""
    page = await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")
    return [(one["difference"], one["paid_more"], one["to_pay"]) for one in page.json()["items"]]


async def listed(world: World, policy_id: str) -> dict[str, Any]:
    made: dict[str, Any] = (await prepared(world, policy_id)).json()
    return made


@pytest.mark.requirement("DF-09", "a second late decision about a claim pays what the first has not")
async def test_a_second_late_decision_pays_the_rest(world: World) -> None:
    member = await world.member()
    claim = await world.settled(member, "1000.00")
    await released(world, claim)
    second = await late(world)
    first_list = (await listed(world, second))["list"]["list_id"]
    assert (await approved(world, first_list)).json()["approved"] == "50.00"
    assert await told(world, second) == [("50.00", "50.00", "0.00")]
    third = await decided(world, THIRD)
    assert await told(world, third) == [("150.00", "50.00", "100.00")], "what was approved counts as paid"
    rest = (await listed(world, third))["list"]
    assert (rest["lines"], rest["listed"]) == (1, "100.00")
    assert (await approved(world, rest["list_id"])).json()["approved"] == "100.00"
    amounts = [event["data"]["amount"] for event in await events(world, "increase.released")]
    assert sorted(amounts) == ["100.00", "50.00"]
    assert await world.used(member) == {"basic.inpatient.benefit": 85_000}, "700 and all that was given more"
    assert refused(await prepared(world, third)) == (409, "no_increases")
    assert await told(world, third) == [("150.00", "150.00", "0.00")]


async def test_a_list_that_another_version_has_overtaken_is_not_approved(world: World) -> None:
    claim = await world.settled(await world.member(), "1000.00")
    await released(world, claim)
    waiting = (await listed(world, await late(world)))["list"]["list_id"]
    third = await decided(world, THIRD)
    other = await prepared(world, third)
    assert refused(other) == (409, "no_increases"), "its line on the other list waits"
    assert "另有 1 例" in other.json()["detail"]
    assert refused(await approved(world, waiting)) == (409, "increases_overtaken")
    assert await events(world, "increase.released") == []
    gone = await world.pool("county_recheck", "POST", f"/increases/{waiting}/withdrawal", json={"reason": "另有更正"})
    assert gone.status_code == 200
    assert (await listed(world, third))["list"]["listed"] == "150.00"


async def test_a_version_that_was_corrected_for_the_same_day_lists_nothing(world: World) -> None:
    await released(world, await world.settled(await world.member(), "1000.00"))
    wrong = await late(world)
    right = await decided(world, NEWER.replace("dafang-2010-02", "dafang-2010-02a").replace("75%", "72%"))
    for method, noun, role in (("GET", "late-differences", "auditor"), ("POST", "increases", "county_recheck")):
        answer = await world.pool(role, method, f"/policies/{wrong}/{noun}")
        assert refused(answer) == (409, "policy_superseded")
        assert right in answer.json()["detail"]
    assert (await listed(world, right))["list"]["listed"] == "20.00"


@pytest.mark.parametrize(
    ("amounts", "first_list", "shown", "second_list"),
    [
        pytest.param(
            ("30000.00", "15000.00"), "3500.00",
            [("6000.00", "2000.00", "4000.00"), ("4500.00", "1500.00", "3000.00"), ("-750.00", "0.00", "0.00")],
            "6250.00", id="the one settled after the first list was approved saw it already",
        ),
        pytest.param(
            ("45000.00", "8000.00"), "4250.00",
            [("6000.00", "2000.00", "4000.00"), ("4500.00", "2250.00", "2250.00"), ("-6000.00", "0.00", "0.00")],
            "250.00", id="the one settled before it did not",
        ),
    ],
)  # fmt: skip
async def test_what_lists_counted_is_seen_once(
    world: World, amounts: tuple[str, str], first_list: str, shown: list[tuple[str, ...]], second_list: str
) -> None:
    """Under a cap of 70,000 a further list gives each claim what the cap leaves beside all that was given before."""
    member = await world.member()
    first, second = await world.settled(member, "40000.00"), await world.settled(member, amounts[0])
    await released(world, first, second)
    done = await approved(world, (await listed(world, await late(world)))["list"]["list_id"])
    assert done.json()["approved"] == first_list
    await released(world, await world.settled(member, amounts[1]))
    third = await decided(world, THIRD)
    assert await told(world, third) == shown
    done = await approved(world, (await listed(world, third))["list"]["list_id"])
    assert done.json()["approved"] == second_list
    assert await world.used(member) == {"basic.inpatient.benefit": 7_000_000}, "the cap to the fen"


async def cut(world: World, member: Any, *cuts: dict[str, Any]) -> dict[str, Any]:
    """A stay of two lines, 1,000 and 200, reviewed with cuts and released."""
    visit = await world.visit(member)
    answer = await world.settle(visit, line("A1", "1000.00"), line("A1", "200.00"))
    claim: dict[str, Any] = answer.json()
    assert claim["benefit"] == "840.00", answer.text
    path = f"/claims/{claim['claim_id']}/approval"
    done = await world.pool("insurer_reviewer", "POST", path, json={"cuts": list(cuts)})
    assert done.status_code == 200, done.text
    body = {"institution_code": COUNTY, "up_to": "2010-12-31"}
    assert (await world.pool("insurer_approver", "POST", "/cutoffs", json=body)).status_code == 201
    return claim


def _cut(amount: str, share: str, **more: Any) -> dict[str, Any]:
    return {"bearer": "hospital", "amount": amount, "fund_share": share, "reason": "没有这项服务"} | more


@pytest.mark.requirement("DF-09", "nothing more is paid for what the review found not owed")
async def test_what_the_review_cut_is_not_increased(world: World) -> None:
    gone = await cut(world, await world.member(), _cut("1000.00", "700.00", line=1), _cut("200.00", "140.00", line=2))
    left = await cut(world, await world.member(), _cut("200.00", "140.00", line=2))
    whole = await cut(world, await world.member(), _cut("100.00", "70.00"))
    policy_id = await late(world)
    page = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")).json()["items"]
    shown = {one["claim_id"]: (one["difference"], one["to_pay"], one["cut"]) for one in page}
    assert shown == {
        gone["claim_id"]: ("60.00", "0.00", False),
        left["claim_id"]: ("60.00", "50.00", False),
        whole["claim_id"]: ("60.00", "0.00", True),
    }, "5% of the 1,000 that are left; of a cut without a line a person decides"
    made = await listed(world, policy_id)
    assert (made["list"]["lines"], made["list"]["listed"], made["left_out"]) == (1, "50.00", {"cut": 1})
    await approved(world, made["list"]["list_id"])
    assert [one["claim_id"] for one in await lines(world, made["list"]["list_id"])] == [left["claim_id"]]
    again = await prepared(world, policy_id)
    assert refused(again) == (409, "no_increases")
