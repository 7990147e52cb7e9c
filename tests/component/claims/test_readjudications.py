"""Claims that stood on a cancelled one: decided again, listed with their differences, approved, payable."""

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from services.claims.visits import paid
from shared.kernel.money import parse_yuan
from tests.component.claims.test_increases import approved, late, lines, refused, released
from tests.component.claims.test_increases_again import decided, listed, told
from tests.component.claims.test_increases_reversed import confirmed, let, paid_claim, pay
from tests.component.claims.test_late_decision import NEWER
from tests.component.claims.test_midway import POLICY as STAYS
from tests.component.claims.test_midway import discharge, midway, put_in_force, staying
from tests.component.claims.test_review import events
from tests.component.claims.world import POOL, TOWNSHIP, World, line

WITHDRAWAL = {"reason": "另有更正"}


async def differences(world: World) -> list[dict[str, Any]]:
    """What waits, decided again."""
    items: list[dict[str, Any]] = (await world.pool("auditor", "GET", "/readjudications/differences")).json()["items"]
    return items


async def again(world: World, **who: Any) -> Any:
    """A list of what waits."""
    return await world.pool("county_recheck", "POST", "/readjudications/lists", **who)


async def states(world: World) -> list[tuple[str, str]]:
    rows = (await world.pool("auditor", "GET", "/readjudications")).json()["items"]
    return sorted((row["claim_id"], row["state"]) for row in rows)


async def cancelled(world: World, claim: dict[str, Any], **of: Any) -> None:
    """The county office lets the claim go, on which one of another hospital stands; its hospital cancels it."""
    path = f"/claims/{claim['claim_id']}/cancellation-release"
    done = await world.pool("county_recheck", "POST", path, json={"reason": "录入差错,经核实"})
    assert done.status_code == 201, done.text
    assert (await world.cancel(claim["claim_id"], **of)).status_code == 200


async def two_hospitals(world: World, member: UUID, first: str = "80000.00", second: str = "80000.00") -> Any:
    """A stay in the county's hospital, after it one in the township's; more than an hour ago."""
    claims = await world.settled(member, first), await world.settled(member, second, of=TOWNSHIP)
    world.clock.advance(timedelta(hours=2))
    return claims


@pytest.mark.requirement("ZA-10", "what a claim gets more once it is decided again is approved before it is payable")
async def test_what_stood_on_a_cancelled_claim_is_decided_again_listed_approved_and_payable(world: World) -> None:
    member = await world.member()
    first, second = await two_hospitals(world, member)
    assert (first["benefit"], second["benefit"]) == ("56000.00", "4000.00"), "the cap of 60,000"
    assert await differences(world) == []
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)

    (shown,) = await differences(world)
    assert (shown["claim_id"], shown["cancelled_claims"]) == (second["claim_id"], [first["claim_id"]])
    assert (shown["benefit_before"], shown["benefit"], shown["difference"]) == ("4000.00", "60000.00", "56000.00")
    assert (shown["to_pay"], shown["let_stand"], shown["left_out"]) == ("56000.00", "0.00", None)
    assert shown["layers"] == [
        {"layer": "basic", "benefit_before": "4000.00", "benefit": "60000.00", "difference": "56000.00"}
    ]
    made = (await again(world)).json()
    one = made["list"]
    assert (one["ground"], one["policy_id"], one["status"]) == ("readjudication", None, "prepared")
    assert (one["claims"], one["lines"], one["listed"], made["left_out"]) == (1, 1, "56000.00", {})
    assert await states(world) == [(second["claim_id"], "listed")]
    assert await differences(world) == []
    assert refused(await again(world)) == (409, "no_readjudications"), "a claim waits on one list"
    assert await world.used(member) == {"basic.inpatient.benefit": 400_000}, "nothing counts before the approval"

    assert refused(await approved(world, one["list_id"], subject="county_recheck-1")) == (403, "four_eyes")
    done = (await approved(world, one["list_id"])).json()
    assert (done["status"], done["approved"]) == ("approved", "56000.00")
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}, "the cap to the fen"
    (event,) = await events(world, "increase.released")
    assert (event["data"]["claim_id"], event["data"]["amount"]) == (second["claim_id"], "56000.00")
    assert (event["data"]["member_id"], event["data"]["layer"]) == (str(member), "basic")
    assert await states(world) == [(second["claim_id"], "decided")]
    assert refused(await again(world)) == (409, "no_readjudications"), "decided once"
    assert refused(await approved(world, one["list_id"])) == (409, "increases_state")
    kept = await world.pool("hospital", "GET", f"/claims/{second['claim_id']}", of=TOWNSHIP)
    assert kept.json()["benefit"] == "4000.00", "an earlier slip is never changed"


async def test_what_was_settled_again_meanwhile_is_not_paid_twice(world: World) -> None:
    """The cancelled stay is settled again before the approval: together they pay the cap to the fen."""
    member = await world.member()
    first, second = await two_hospitals(world, member)
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)
    made = (await again(world)).json()["list"]
    anew = await world.settle(first["visit_id"], line("A1", "50000.00"))
    assert anew.json()["benefit"] == "35000.00"
    done = (await approved(world, made["list_id"])).json()
    assert (done["listed"], done["approved"]) == ("56000.00", "21000.00")
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}
    (paid_line,) = await lines(world, made["list_id"])
    assert (paid_line["amount"], paid_line["status"]) == ("21000.00", "released")


async def test_lists_and_settlements_at_the_same_moment(world: World) -> None:
    """Two persons prepare, and the cancelled stay is settled again while the list is approved: one list, one cap."""
    member = await world.member()
    first, second = await two_hospitals(world, member)
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)
    both = await asyncio.gather(again(world), again(world, subject="li"))
    assert sorted(one.status_code for one in both) == [201, 409]
    (made,) = [one.json()["list"]["list_id"] for one in both if one.status_code == 201]
    done, anew = await asyncio.gather(approved(world, made), world.settle(first["visit_id"], line("A1", "50000.00")))
    assert (done.status_code, anew.status_code) == (200, 201), (done.text, anew.text)
    together = parse_yuan(done.json()["approved"]) + parse_yuan(anew.json()["benefit"])
    assert together == 5_600_000, "what the cap of 60,000 leaves beside the 4,000"
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}


async def test_several_later_claims_share_what_became_free(world: World) -> None:
    """In the order in which they were counted, each with the increases of those before it."""
    member = await world.member()
    first, second = await two_hospitals(world, member, "60000.00", "20000.00")
    third = await world.settled(member, "50000.00", of=TOWNSHIP)
    assert [one["benefit"] for one in (first, second, third)] == ["42000.00", "16000.00", "2000.00"]
    fourth = await world.settled(member, "50000.00", of=TOWNSHIP)
    assert fourth["benefit"] == "0.00"
    world.clock.advance(timedelta(hours=2))
    await cancelled(world, first)
    await released(world, second, third, fourth, of=TOWNSHIP)
    shown = [(one["claim_id"], one["benefit"], one["to_pay"]) for one in await differences(world)]
    assert shown == [
        (second["claim_id"], "16000.00", "0.00"),
        (third["claim_id"], "40000.00", "38000.00"),
        (fourth["claim_id"], "4000.00", "4000.00"),
    ]
    made = (await again(world)).json()["list"]
    assert (made["claims"], made["lines"], made["listed"]) == (3, 2, "42000.00")
    assert (await approved(world, made["list_id"])).json()["approved"] == "42000.00"
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}
    assert [state for _, state in await states(world)] == ["decided"] * 3


async def yearly_deductible(world: World) -> None:
    """A version that charges 300 yuan of the year's first stay."""
    text = STAYS.replace("deductible: 300, ratio: 70%", "deductible: 300, deductible_per: person_year, ratio: 70%")
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=text.encode(), headers=headers)
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕1号", "decided_on": "2010-01-04", "accept_illustrative": []}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=decision)).status_code == 200


async def test_what_had_too_much_keeps_it(world: World) -> None:
    """The cancelled stay had taken the year's deductible: the later one would have to bear it, and does not."""
    await yearly_deductible(world)
    member = await world.member()
    first, second = await two_hospitals(world, member, "1000.00", "1000.00")
    assert (first["benefit"], second["benefit"]) == ("490.00", "700.00")
    await cancelled(world, first)
    (shown,) = await differences(world)
    assert (shown["benefit"], shown["difference"]) == ("490.00", "-210.00")
    assert (shown["to_pay"], shown["let_stand"], shown["left_out"]) == ("0.00", "210.00", None)
    made = (await again(world)).json()["list"]
    assert (made["claims"], made["lines"], made["listed"], made["let_stand"]) == (1, 0, "0.00", "210.00")
    before = await world.used(member)
    done = await approved(world, made["list_id"])
    assert (done.status_code, done.json()["approved"]) == (200, "0.00"), done.text
    assert await world.used(member) == before, "its counts stay"
    assert await events(world, "increase.released") == []
    assert await states(world) == [(second["claim_id"], "decided")]
    (kept,) = (await world.pool("auditor", "GET", f"/increases/{made['list_id']}/differences")).json()["items"]
    assert (kept["let_stand"], kept["layers"][0]["difference"]) == ("210.00", "-210.00")


async def test_a_list_is_withdrawn_and_made_again(world: World) -> None:
    first, second = await two_hospitals(world, await world.member())
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)
    made = (await again(world, key="k1")).json()["list"]["list_id"]
    assert (await again(world, key="k1")).json()["list"]["list_id"] == made, "sent twice, made once"
    gone = await world.pool("county_recheck", "POST", f"/increases/{made}/withdrawal", json=WITHDRAWAL)
    assert gone.json()["status"] == "withdrawn"
    assert await states(world) == [(second["claim_id"], "waiting")]
    world.clock.advance(timedelta(minutes=1))
    anew = (await again(world)).json()["list"]
    assert (await approved(world, anew["list_id"])).json()["approved"] == "56000.00"
    page = (await world.pool("auditor", "GET", "/readjudications/lists")).json()["items"]
    assert [(one["list_id"], one["status"]) for one in page] == [
        (anew["list_id"], "approved"), (made, "withdrawn"),
    ]  # fmt: skip


async def test_a_claim_that_is_not_released_waits(world: World) -> None:
    first, second = await two_hospitals(world, await world.member())
    await cancelled(world, first)
    (shown,) = await differences(world)
    assert shown["left_out"] == "settled"
    answer = await again(world)
    assert refused(answer) == (409, "no_readjudications")
    assert "1 例" in answer.json()["detail"]
    await released(world, second, of=TOWNSHIP)
    assert (await again(world)).json()["list"]["listed"] == "56000.00"


async def test_a_later_claim_that_is_taken_back_itself_gets_nothing(world: World) -> None:
    member = await world.member()
    first = await world.settled(member, "80000.00", of=TOWNSHIP)
    second = await world.settled(member, "80000.00")
    world.clock.advance(timedelta(hours=2))
    await cancelled(world, first, of=TOWNSHIP)
    await released(world, second)
    made = (await again(world)).json()["list"]
    await confirmed(world, UUID(second["claim_id"]), second["payable"], paid.consumer)
    await let(world, second)
    done = (await approved(world, made["list_id"])).json()
    assert (done["status"], done["approved"]) == ("approved", "0.00")
    assert await states(world) == [(second["claim_id"], "waiting")], "it was not decided"
    assert (await world.cancel(second["claim_id"])).json()["status"] == "reversed"
    assert await states(world) == [(second["claim_id"], "void")]
    assert await differences(world) == []
    assert await events(world, "increase.released") == []


@pytest.mark.requirement("WC-07", "nobody approves that a claim of his household or his home unit is decided again")
async def test_who_may_not_approve(world: World) -> None:
    """Also where nothing is to be paid: to let stand is a decision too."""
    await yearly_deductible(world)
    member = await world.member()
    first, _ = await two_hospitals(world, member, "1000.00", "1000.00")
    await cancelled(world, first)
    made = (await again(world)).json()["list"]["list_id"]
    household = str(world.enrollment.known[member].household_id)
    for tie in ({"household_id": household}, {"home_institution": TOWNSHIP}):
        assert refused(await approved(world, made, **tie)) == (403, "conflict_of_interest")
    for role in ("hospital", "insurer_manager", "insurer_reviewer", "county_inspector"):
        answer = await world.pool(role, "POST", "/readjudications/lists")
        assert refused(answer) == (403, "forbidden_role")


async def test_a_second_cancellation_pays_what_the_first_has_not(world: World) -> None:
    """Two stays of the first hospital are cancelled, one list between them: each pays what it made free."""
    member = await world.member()
    first, second = await world.settled(member, "40000.00"), await world.settled(member, "40000.00")
    third = await world.settled(member, "80000.00", of=TOWNSHIP)
    world.clock.advance(timedelta(hours=2))
    assert [one["benefit"] for one in (first, second, third)] == ["28000.00", "28000.00", "4000.00"]
    await cancelled(world, second)
    await released(world, third, of=TOWNSHIP)
    made = (await again(world)).json()["list"]
    assert made["listed"] == "28000.00"
    await cancelled(world, first)
    (waits,) = await differences(world)
    assert (waits["difference"], waits["to_pay"]) == ("56000.00", "56000.00")
    waiting = await again(world)
    assert refused(waiting) == (409, "no_readjudications"), "its line on the first list waits"
    assert (await approved(world, made["list_id"])).json()["approved"] == "28000.00"
    (shown,) = await differences(world)
    assert (shown["difference"], shown["paid_more"], shown["to_pay"]) == ("56000.00", "28000.00", "28000.00")
    rest = (await again(world)).json()["list"]
    assert (await approved(world, rest["list_id"])).json()["approved"] == "28000.00"
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}
    assert [state for _, state in await states(world)] == ["decided", "decided"]


async def test_beside_a_late_decision_each_pays_what_the_other_has_not(world: World) -> None:
    """The version in force decides again; a list of a late decision counts what was paid, and the other way round."""
    member, other = await world.member(), await world.member()
    pairs = [await two_hospitals(world, one, "80000.00", "50000.00") for one in (member, other)]
    assert [second["benefit"] for _, second in pairs] == ["4000.00", "4000.00"]
    await cancelled(world, pairs[0][0])
    await released(world, pairs[0][1], of=TOWNSHIP)
    made = (await again(world)).json()["list"]
    assert made["listed"] == "36000.00", "80% of 50,000 less 4,000"
    assert (await approved(world, made["list_id"])).json()["approved"] == "36000.00"
    policy_id = await decided(world, NEWER.replace("ratio: 78%", "ratio: 90%"))
    assert ("41000.00", "36000.00", "5000.00") in await told(world, policy_id), "90% less 80%, on what stands"
    await cancelled(world, pairs[1][0])
    await released(world, pairs[1][1], of=TOWNSHIP)
    first_list = (await listed(world, policy_id))["list"]
    assert (first_list["lines"], first_list["listed"]) == (2, "46000.00")
    assert (await approved(world, first_list["list_id"])).json()["approved"] == "46000.00"
    rest = (await again(world)).json()["list"]
    assert (rest["claims"], rest["lines"], rest["listed"]) == (1, 0, "0.00"), "all of it is paid"
    assert (await approved(world, rest["list_id"])).status_code == 200
    for one in (member, other):
        assert await world.used(one) == {"basic.inpatient.benefit": 4_500_000}, "90% of 50,000"


async def test_a_list_that_another_version_has_overtaken_is_not_approved(world: World) -> None:
    first, second = await two_hospitals(world, await world.member(), "80000.00", "50000.00")
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)
    made = (await again(world)).json()["list"]["list_id"]
    policy_id = await decided(world, NEWER.replace("ratio: 78%", "ratio: 90%"))
    assert (await listed(world, policy_id))["code"] == "no_increases", "its line on the first list waits"
    assert refused(await approved(world, made)) == (409, "increases_overtaken")
    await world.pool("county_recheck", "POST", f"/increases/{made}/withdrawal", json=WITHDRAWAL)
    (shown,) = await differences(world)
    assert (shown["policy_before"], shown["policy"], shown["to_pay"]) == (
        "dafang-2010", "dafang-2010-02", "41000.00",
    )  # fmt: skip


async def test_what_a_reversed_claim_had_more_is_free_as_well(world: World) -> None:
    """The increase of a late decision goes with its claim, and those that saw it counted are decided again."""
    member = await world.member()
    first = await paid_claim(world, member, "80000.00")
    policy_id = await late(world)
    made = (await listed(world, policy_id))["list"]
    assert (await approved(world, made["list_id"])).json()["approved"] == "4000.00"
    (one,) = await lines(world, made["list_id"])
    await pay(world, one)
    second = await world.settled(member, "50000.00", of=TOWNSHIP)
    assert second["benefit"] == "10000.00", "56,000 and 4,000 of 70,000 are used"
    world.clock.advance(timedelta(hours=2))
    await let(world, first)
    assert (await world.cancel(first["claim_id"])).json()["status"] == "reversed"
    await released(world, second, of=TOWNSHIP)
    (shown,) = await differences(world)
    assert (shown["benefit"], shown["to_pay"]) == ("39000.00", "29000.00"), "78% of 50,000"


@pytest.mark.parametrize("first_approved", [True, False])
async def test_the_parts_of_a_stay_pay_together_what_the_stay_is_worth(world: World, first_approved: bool) -> None:
    """What the cap had cut of a part is paid by the list alone, whether the next part is settled before it or after."""
    member = await world.member()
    first = await world.settled(member, "80000.00", of=TOWNSHIP)
    visit = await staying(world, member)
    part = (await midway(world, visit, line("A1", "20000.00"))).json()
    assert (first["benefit"], part["benefit"]) == ("60000.00", "0.00")
    world.clock.advance(timedelta(hours=2))
    await cancelled(world, first, of=TOWNSHIP)
    await released(world, part)
    made = (await again(world)).json()["list"]
    assert made["listed"] == "14000.00"
    if first_approved:
        assert (await approved(world, made["list_id"])).json()["approved"] == "14000.00"
    await discharge(world, visit)
    assert (await world.settle(visit, line("A1", "10000.00"))).json()["benefit"] == "7000.00"
    if not first_approved:
        assert (await approved(world, made["list_id"])).json()["approved"] == "0.00", "the stay went on meanwhile"
        world.clock.advance(timedelta(minutes=1))
        made = (await again(world)).json()["list"]
        assert (await approved(world, made["list_id"])).json()["approved"] == "14000.00"
    assert await world.used(member) == {"basic.inpatient.benefit": 2_100_000}, "70% of 30,000"
    assert await states(world) == [(part["claim_id"], "decided")]


@pytest.mark.parametrize("next_year", [True, False])
async def test_a_cap_each_admission_holds_for_parts_settled_meanwhile(world: World, next_year: bool) -> None:
    """5,000 an admission and 8,000 a year: the year left the first part 3,000, the last part had the rest."""
    await put_in_force(world, STAYS.replace("amount: 60000", "amount: 8000"))
    member = await world.member()
    if next_year:
        world.clock.advance(timedelta(days=300))  # 26 December
        await world.member()  # the worker makes the months' partitions
    first = await world.settled(member, "20000.00", of=TOWNSHIP)
    visit = await staying(world, member)
    part = (await midway(world, visit, line("A1", "20000.00"))).json()
    assert (first["benefit"], part["benefit"]) == ("5000.00", "3000.00")
    if not next_year:
        world.clock.advance(timedelta(hours=2))
        await cancelled(world, first, of=TOWNSHIP)
        await released(world, part)
        listed = (await again(world)).json()["list"]
        assert listed["listed"] == "2000.00"
    else:
        world.clock.advance(timedelta(days=20))
        await world.member()
    await discharge(world, visit)
    last = (await world.settle(visit, line("A1", "10000.00"))).json()
    assert last["benefit"] == "2000.00"
    if next_year:
        assert (part["benefit_year"], last["benefit_year"]) == (2010, 2011)
        await cancelled(world, first, of=TOWNSHIP)
        await released(world, part)
    else:
        assert (await approved(world, listed["list_id"])).json()["approved"] == "0.00"
    rest = (await again(world)).json()["list"]
    assert (rest["claims"], rest["listed"]) == (1, "0.00"), "5,000 are paid"


async def test_a_part_whose_next_part_another_version_settled_is_left_to_a_person(world: World) -> None:
    member = await world.member()
    first = await world.settled(member, "80000.00", of=TOWNSHIP)
    visit = await staying(world, member)
    part = (await midway(world, visit, line("A1", "20000.00"))).json()
    await released(world, part)
    await late(world)
    await discharge(world, visit)
    assert (await world.settle(visit, line("A1", "10000.00"))).status_code == 201
    world.clock.advance(timedelta(hours=2))
    await cancelled(world, first, of=TOWNSHIP)
    shown = {one["claim_id"]: one["left_out"] for one in await differences(world)}
    assert shown[part["claim_id"]] == "later_part"


async def test_the_differences_are_a_sheet_too(world: World) -> None:
    first, second = await two_hospitals(world, await world.member())
    await cancelled(world, first)
    await released(world, second, of=TOWNSHIP)
    waiting = await world.pool("auditor", "GET", "/readjudications/differences?format=xlsx")
    made = (await again(world)).json()["list"]["list_id"]
    kept = await world.pool("auditor", "GET", f"/increases/{made}/differences?format=xlsx")
    for answer in (waiting, kept):
        assert answer.status_code == 200, answer.text
        head, row = list(load_workbook(BytesIO(answer.content)).active.values)[-2:]
        cells = dict(zip(head, row, strict=True))
        assert (cells["原补偿"], cells["重新核算的补偿"], cells["应补"]) == ("4000.00", "60000.00", "56000.00")
        assert (cells["支付层次"], cells["该层差额"]) == ("基本医疗", "56000.00")
