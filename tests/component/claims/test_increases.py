"""What a late decision gives more: listed, approved by another person, counted toward the caps, payable to persons."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.claims.increases.events import consumer
from shared.contracts.settlement import PaymentConfirmed, PaymentReturned
from shared.kernel.ids import from_base32, new_id
from tests.component.claims.test_campaigns import settlement_tells
from tests.component.claims.test_entitlements import POLICY, granted
from tests.component.claims.test_late_decision import _decide, _recorded
from tests.component.claims.test_review import events
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, World

APPROVAL = {"document_number": "方合管〔2010〕8号"}


async def released(world: World, *claims: dict[str, Any], of: str = COUNTY) -> None:
    """The claims reviewed and their hospital's cut-off made."""
    for claim in claims:
        path = f"/claims/{claim['claim_id']}/approval"
        assert (await world.pool("insurer_reviewer", "POST", path, json={"cuts": []})).status_code == 200
    body = {"institution_code": of, "up_to": "2010-12-31"}
    assert (await world.pool("insurer_approver", "POST", "/cutoffs", json=body)).status_code == 201


async def late(world: World) -> str:
    policy_id = await _recorded(world)
    await _decide(world, policy_id)
    world.clock.advance(timedelta(minutes=5))
    return policy_id


async def prepared(world: World, policy_id: str, **who: Any) -> Any:
    return await world.pool("county_recheck", "POST", f"/policies/{policy_id}/increases", **who)


async def approved(world: World, list_id: str, **who: Any) -> Any:
    return await world.pool("county_director", "POST", f"/increases/{list_id}/approval", json=APPROVAL, **who)


async def lines(world: World, list_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await world.pool("auditor", "GET", f"/increases/{list_id}/lines")).json()["items"]
    return items


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement(
    "DF-09", "what a late decision gives more is approved by another person and payable to persons"
)
async def test_increases_are_listed_approved_and_payable(world: World) -> None:
    member, poorer = await world.member(), await world.member()
    first, second = await world.settled(member, "50000.00"), await world.settled(member, "50000.00")
    less = await world.settled(poorer, of=TOWNSHIP)
    await released(world, first, second)
    await released(world, less, of=TOWNSHIP)
    waiting = await world.settled(await world.member())
    policy_id = await late(world)

    made = (await prepared(world, policy_id)).json()
    shown = made["list"]
    assert (shown["status"], shown["lines"], shown["listed"]) == ("prepared", 2, "10000.00")
    assert made["left_out"] == {"settled": 1}
    assert refused(await prepared(world, policy_id)) == (409, "no_increases"), "each claim stands on one list"
    assert await world.used(member) == {"basic.inpatient.benefit": 6_000_000}, "nothing counts before the approval"

    own = await approved(world, shown["list_id"], subject="county_recheck-1")
    assert refused(own) == (403, "four_eyes")
    done = (await approved(world, shown["list_id"])).json()
    assert (done["status"], done["approved"], done["document_number"]) == ("approved", "10000.00", "方合管〔2010〕8号")
    assert await world.used(member) == {"basic.inpatient.benefit": 7_000_000}, "it counts toward the new cap"
    told = {event["data"]["claim_id"]: event["data"] for event in await events(world, "increase.released")}
    assert {claim: data["amount"] for claim, data in told.items()} == {
        first["claim_id"]: "2500.00",
        second["claim_id"]: "7500.00",
    }
    data = told[first["claim_id"]]
    assert (data["member_id"], data["layer"], data["book"], data["account"]) == (
        str(member), "basic", "basic", "1001.02",
    )  # fmt: skip
    assert refused(await approved(world, shown["list_id"])) == (409, "increases_state")
    claims = await world.sql("SELECT benefit_fen FROM claim ORDER BY benefit_fen")
    assert [row["benefit_fen"] for row in claims] == [70_000, 80_000, 2_500_000, 3_500_000], "no slip changes"

    await released(world, waiting)
    again = (await prepared(world, policy_id)).json()
    assert (again["list"]["lines"], again["list"]["listed"], again["left_out"]) == (1, "50.00", {})
    listed = (await world.pool("auditor", "GET", f"/policies/{policy_id}/increases")).json()["items"]
    assert {one["status"] for one in listed} == {"approved", "prepared"}


async def test_what_was_used_of_the_cap_meanwhile_is_not_paid_twice(world: World) -> None:
    member = await world.member()
    first, second = await world.settled(member, "50000.00"), await world.settled(member, "50000.00")
    await released(world, first, second)
    policy_id = await late(world)
    later = await world.settled(member, "8000.00")
    assert (later["policy_id"], later["benefit"]) == ("dafang-2010-02", "6000.00"), "60,000 of 70,000 were used"
    made = (await prepared(world, policy_id)).json()["list"]
    done = (await approved(world, made["list_id"])).json()
    assert (done["listed"], done["approved"]) == ("10000.00", "4000.00")
    assert await world.used(member) == {"basic.inpatient.benefit": 7_000_000}, "the cap to the fen"
    paid = sorted(one["amount"] for one in await lines(world, made["list_id"]))
    assert paid in (["0.00", "4000.00"], ["1500.00", "2500.00"])
    states = {one["status"] for one in await lines(world, made["list_id"])}
    assert states <= {"released", "exhausted"}
    assert len(await events(world, "increase.released")) == sum(amount != "0.00" for amount in paid)


async def test_a_list_is_withdrawn_and_made_again(world: World) -> None:
    claim = await world.settled(await world.member())
    await released(world, claim)
    policy_id = await late(world)
    made = (await prepared(world, policy_id)).json()["list"]
    path = f"/increases/{made['list_id']}"
    gone = await world.pool("county_director", "POST", f"{path}/withdrawal", json={"reason": "核对"})
    assert gone.json()["status"] == "withdrawn"
    assert (await world.pool("auditor", "GET", path)).json()["withdrawal_reason"] == "核对"
    assert [one["status"] for one in await lines(world, made["list_id"])] == ["withdrawn"]
    assert refused(await approved(world, made["list_id"])) == (409, "increases_state")
    assert (await prepared(world, policy_id)).json()["list"]["listed"] == "50.00"
    unknown = await world.pool("auditor", "GET", f"/increases/{'0' * 26}")
    assert refused(unknown) == (404, "increases_unknown")
    nobody = await prepared(world, "0127e2f0-0000-7000-8000-000000000000")
    assert refused(nobody) == (404, "policy_undecided")


@pytest.mark.requirement("WC-07", "nobody approves an increase of his household or of his home unit's hospital")
async def test_who_may_not_approve(world: World) -> None:
    member = await world.member()
    await released(world, await world.settled(member))
    made = (await prepared(world, await late(world))).json()["list"]["list_id"]
    household = str(world.enrollment.known[member].household_id)
    assert refused(await approved(world, made, household_id=household)) == (403, "conflict_of_interest")
    assert refused(await approved(world, made, home_institution=COUNTY)) == (403, "conflict_of_interest")
    for role in ("insurer_manager", "insurer_approver", "county_recheck", "hospital"):
        answer = await world.pool(role, "POST", f"/increases/{made}/approval", json=APPROVAL)
        assert refused(answer) == (403, "forbidden_role")
    assert await events(world, "increase.released") == []


async def test_claims_of_one_moment_are_followed_as_they_were_counted(world: World) -> None:
    """Six stays settled in one second: their ids say nothing of which came first, the cap's row does."""
    member = await world.member()
    claims = [await world.settled(member, "16000.00") for _ in range(6)]
    assert {one["settled_at"] for one in claims} == {claims[0]["settled_at"]}
    paid = ["11200.00"] * 5 + ["4000.00"]
    assert [one["benefit"] for one in claims] == paid
    policy_id = await late(world)
    page = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")).json()["items"]
    assert [one["claim_id"] for one in page] == [one["claim_id"] for one in claims]
    assert [one["benefit"] for one in page] == ["12000.00"] * 5 + ["10000.00"]
    assert {one["reproduced"] for one in page} == {True}


async def test_what_is_kept_takes_the_room_that_it_has(world: World) -> None:
    """A stay that the new version pays less keeps its benefit, so it leaves no more under the cap for the next."""
    member = await world.member()
    less = await world.settled(member, "50000.00", of=TOWNSHIP)
    more = await world.settled(member, "60000.00")
    assert (less["benefit"], more["benefit"]) == ("40000.00", "20000.00")
    policy_id = await late(world)
    page = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")).json()["items"]
    told = [(one["benefit"], one["difference"], one["to_pay"]) for one in page]
    assert told == [("39000.00", "-1000.00", "0.00"), ("30000.00", "10000.00", "10000.00")]
    assert 40_000 + 30_000 == 70_000, "together the new cap and not 1,000 more"


async def test_returned_and_rejected_claims_get_nothing(world: World) -> None:
    kept, back, none = [await world.settled(await world.member()) for _ in range(3)]
    for claim, verb, body in (
        (back, "return", {"ground": "papers", "note": "缺发票"}),
        (none, "rejection", {"ground": "price", "bearer": "hospital", "note": "超价"}),
    ):
        path = f"/claims/{claim['claim_id']}/{verb}"
        assert (await world.pool("insurer_reviewer", "POST", path, json=body)).status_code == 200
    policy_id = await late(world)
    page = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")).json()["items"]
    assert [one["claim_id"] for one in page] == [kept["claim_id"]]


async def _in_force(world: World, text: str, decided_on: str) -> str:
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=text.encode(), headers=headers)
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕1号", "decided_on": decided_on, "accept_illustrative": []}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=decision)).status_code == 200
    return str(made.json()["id"])


async def test_granted_circumstances_and_layers(world: World) -> None:
    """A referral by a decided case is read back; of two layers one pays more and the other less: the sum is payable."""
    text = POLICY.decode()
    await _in_force(world, text, "2010-01-10")
    member = await world.member()
    await granted(world, member, "referral", valid_to="2010-03-31")
    claim = await world.settled(member)
    assert claim["benefit"] == "748.00", "80% of 900, and 10% of the 280 that are left"
    await released(world, claim)
    newer = text.replace("policy: facts-2010", "policy: facts-2010-02").replace("2010-01-15", "2010-02-10")
    policy_id = await _in_force(world, newer.replace("ratio: 80%", "ratio: 90%"), "2010-02-20")
    world.clock.advance(timedelta(minutes=5))
    (shown,) = (await world.pool("auditor", "GET", f"/policies/{policy_id}/late-differences")).json()["items"]
    assert (shown["benefit"], shown["to_pay"], shown["reproduced"]) == ("829.00", "81.00", True)
    made = (await prepared(world, policy_id)).json()["list"]
    assert (await approved(world, made["list_id"])).json()["approved"] == "81.00"
    (paid,) = await lines(world, made["list_id"])
    assert (paid["layer"], paid["amount"]) == ("basic", "81.00"), "basic 90.00 more, assistance 9.00 less"


async def test_settlement_tells_what_became_of_a_line(world: World) -> None:
    claim = await world.settled(await world.member())
    await released(world, claim)
    made = (await prepared(world, await late(world))).json()["list"]["list_id"]
    await approved(world, made)
    (line,) = await lines(world, made)
    of = {
        "claim_id": from_base32(line["payment_id"]), "layer": "basic", "institution_code": "psn:x", "amount": 50_00,
        "instruction_id": new_id(world.clock.now()), "end_to_end_id": "E1", "at": world.clock.now(),
        "paid": 50_00, "set_off": 0, "withheld": 0,
    }  # fmt: skip
    other = of | {"claim_id": new_id(world.clock.now())}
    paid = PaymentConfirmed(**of, confirmed_on=date(2010, 3, 2))
    await settlement_tells(world, paid, PaymentConfirmed(**other, confirmed_on=date(2010, 3, 2)), reader=consumer)
    (line,) = await lines(world, made)
    assert (line["status"], line["paid_on"]) == ("paid", "2010-03-02")
    await settlement_tells(world, PaymentReturned(**of, returned_on=date(2010, 3, 3)), reader=consumer)
    (line,) = await lines(world, made)
    assert (line["status"], line["paid_on"]) == ("released", None)


async def test_a_large_county_is_listed_in_parts(world: World) -> None:
    """A call looks at so many households and says where the next goes on; nobody is listed twice or left out."""
    claims = [await world.settled(await world.member()) for _ in range(3)]
    less = await world.settled(await world.member(), of=TOWNSHIP)
    await released(world, *claims)
    await released(world, less, of=TOWNSHIP)
    path = f"/policies/{await late(world)}/increases"
    listed, cursor, calls = 0, "", 0
    while True:
        answer = await world.pool("county_recheck", "POST", f"{path}?limit=1{cursor}")
        calls += 1
        if answer.status_code == 409:
            assert answer.json()["code"] == "no_increases"
            break
        assert answer.status_code == 201, answer.text
        told = answer.json()
        listed += 0 if told["list"] is None else told["list"]["lines"]
        if told["next_cursor"] is None:
            break
        cursor = f"&cursor={told['next_cursor']}"
    assert (listed, calls) == (3, 5)
    again = await world.pool("county_recheck", "POST", path)
    assert refused(again) == (409, "no_increases")
