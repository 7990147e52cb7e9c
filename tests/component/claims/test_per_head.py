"""A cap of so much for each insured member of the household, shared by the family (decision 0251), over HTTP."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.claims.benefits.library import text_of
from shared.kernel.ids import new_id
from tests.component.claims.world import ACCEPTED, ADMITTED, POOL, VILLAGE, World, line

ID_NUMBER = "522422197005010017"
SHARED = (
    text_of("dafang-2010")
    .replace("policy: dafang-2010", "policy: dafang-2010-02")
    .replace("effective_from: 2010-01-01\n\nsource", "effective_from: 2010-02-10\n\nsource")
    .replace("ratio: 50%", "ratio: 80%")
    .replace(
        "amount: 150\n            period: person_year",
        "amount: 60\n            period: household_year\n            per_head: true",
    )
)
LAPSED = ((date(2009, 1, 1), 1, "covered"), (date(2010, 1, 1), 1, "none"))
NEXT_YEAR = ((date(2011, 1, 1), 1, "covered"),)


async def in_force(world: World) -> str:
    """The version with the shared cap, decided; its id."""
    assert "per_head" in SHARED
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=SHARED.encode(), headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "方合管〔2010〕3号", "decided_on": "2010-02-09", "accept_illustrative": ACCEPTED}
    assert (await world.call("county_director", "POST", f"{path}/decision", json=decision)).status_code == 200
    return str(made.json()["id"])


async def visited(world: World, member: UUID, amount: str) -> dict[str, Any]:
    """An outpatient visit at the village clinic, settled."""
    visit = await world.visit(member, kind="outpatient", of=VILLAGE)
    answer = await world.settle(visit, line("A1", amount), of=VILLAGE)
    assert answer.status_code == 201, answer.text
    settled: dict[str, Any] = answer.json()
    return settled


async def family(world: World) -> tuple[UUID, UUID, UUID]:
    """(household, member, member): two who are insured, one whose cover ended and one whose begins next year."""
    household = new_id(world.clock.now())
    first = await world.member(household_id=household, id_number=ID_NUMBER)
    second = await world.member(household_id=household)
    for starts in (LAPSED, NEXT_YEAR):
        await world.tell(world.coverage(*starts, household_id=household))
    return household, first, second


@pytest.mark.requirement("HL-10", "an outpatient cap of so much a head is shared by those insured of the household")
async def test_the_family_shares_what_its_heads_have(world: World) -> None:
    await in_force(world)
    household, first, second = await family(world)
    mine = await visited(world, first, "200.00")
    assert (mine["benefit"], mine["outcome"]) == ("120.00", "capped"), "60 yuan for each of the two who are insured"
    ours = await visited(world, second, "200.00")
    assert (ours["benefit"], ours["outcome"]) == ("0.00", "cap_exhausted")
    (kept,) = await world.sql(
        "SELECT facts ->> 'insured' AS insured FROM claim_detail WHERE claim_id = $1", mine["claim_id"]
    )
    assert kept["insured"] == "2", "the decision can be made again on what it was made on"
    slip = await world.pool("hospital", "GET", f"/claims/{mine['claim_id']}/slip", of=VILLAGE)
    assert "每人 60.00 元,全家参合 2 人:60.00 × 2 = 120.00 元。" in slip.text

    await world.tell(world.coverage(household_id=household))
    looked = await world.pool("hospital", "POST", "/lookups", json={"id_number": ID_NUMBER, "day": ADMITTED[:10]})
    left = {one["cap"]: (one["amount"], one["remaining"]) for one in looked.json()["remaining"]}
    assert left["basic.outpatient.year"] == ("180.00", "60.00"), "a third is insured now"
    assert (await visited(world, second, "200.00"))["benefit"] == "60.00"


async def test_a_cancellation_gives_the_family_back_what_it_took(world: World) -> None:
    await in_force(world)
    household, first, second = await family(world)
    claim = await visited(world, first, "200.00")
    assert (await world.cancel(claim["claim_id"], of=VILLAGE)).status_code == 200
    assert await world.used(household) == {}
    assert (await visited(world, second, "200.00"))["benefit"] == "120.00"


async def test_who_alone_is_known_of_a_household_counts_one(world: World) -> None:
    await in_force(world)
    told = world.coverage()
    world.enrollment.known[told.member_id] = told
    assert (await visited(world, told.member_id, "200.00"))["benefit"] == "60.00"


async def test_a_late_version_counts_the_household_as_it_is_known(world: World) -> None:
    _, first, _ = await family(world)
    claim = await visited(world, first, "200.00")
    assert claim["benefit"] == "100.00"
    policy_id = await in_force(world)
    page = await world.pool("county_director", "GET", f"/policies/{policy_id}/late-differences")
    (told,) = page.json()["items"]
    assert (told["benefit_before"], told["benefit"], told["to_pay"]) == ("100.00", "120.00", "20.00")
