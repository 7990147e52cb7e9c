"""Zhengzhou's two layers over HTTP: 100,000 by the scheme, 120,000 more for who joined the supplementary cover."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.claims.benefits.library import text_of
from shared.contracts.enrollment import LayerStart
from tests.component.claims.world import POOL, World, line

ADMITTED, DISCHARGED = "2011-05-20T09:00", "2011-05-27T10:00"
ACCEPTED = ["basic.inpatient.county", "supplementary.inpatient.all"]


@pytest.fixture
async def city(world: World) -> World:
    """The city's template in force, in June 2011."""
    world.clock.advance(timedelta(days=457))
    path = f"/pools/{POOL}/policies"
    headers = {"Content-Type": "application/yaml"}
    content = text_of("zhengzhou-2011").encode()
    made = await world.call("insurer_manager", "POST", path, content=content, headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "郑政〔2011〕34号", "decided_on": "2011-05-12", "accept_illustrative": ACCEPTED}
    answer = await world.call("county_director", "POST", f"{path}/decision", json=decision)
    assert answer.status_code == 200, answer.text
    await member(world)  # the worker makes the month's partitions before it consumes
    return world


def joined(since: date, sequence: int = 1, state: Any = "joined") -> LayerStart:
    return LayerStart(layer="supplementary", valid_from=since, recorded_seq=sequence, state=state)


async def member(world: World, *layers: LayerStart, **facts: Any) -> UUID:
    """A member with voluntary layers, as enrollment tells it."""
    told = world.coverage(**facts).model_copy(update={"layers": list(layers)})
    world.enrollment.known[told.member_id] = told
    await world.tell(told)
    return told.member_id


async def settled(world: World, who: UUID, amount: str) -> dict[str, Any]:
    return await world.settled(who, amount, admitted=ADMITTED, discharged=DISCHARGED)


def amounts(claim: dict[str, Any]) -> dict[str, str]:
    return {one["layer"]: one["amount"] for one in claim["layers"]}


@pytest.mark.requirement("ZZ-25", "over HTTP: 100,000 by the scheme and up to 120,000 more by the supplementary layer")
@pytest.mark.requirement(
    "ZZ-23", "one claim, a payable a layer: the supplementary one begins where the scheme's cap ends"
)
async def test_the_layer_pays_for_who_joined(city: World) -> None:
    who = await member(city, joined(date(2011, 1, 1)))
    first = await settled(city, who, "200300.00")
    assert (first["benefit"], amounts(first)) == ("130000.00", {"basic": "100000.00", "supplementary": "30000.00"})
    second = await settled(city, who, "500300.00")
    assert amounts(second) == {"basic": "0.00", "supplementary": "90000.00"}
    third = await settled(city, who, "10300.00")
    assert third["benefit"] == "0.00"
    assert await city.used(who) == {
        "basic.inpatient.benefit": 10_000_000,
        "supplementary.inpatient.benefit": 12_000_000,
    }
    kept = await city.sql("SELECT facts ->> 'joined' AS joined FROM claim_detail LIMIT 1")
    assert kept[0]["joined"] == '["supplementary"]', "what it was decided on is kept"


@pytest.mark.requirement("ZZ-42", "the supplementary layer pays nothing for who has not joined it")
async def test_it_pays_nothing_for_others(city: World) -> None:
    claim = await settled(city, await member(city), "200300.00")
    assert (claim["benefit"], amounts(claim)) == ("100000.00", {"basic": "100000.00"})
    later = await member(city, joined(date(2011, 5, 21)))
    assert amounts(await settled(city, later, "200300.00")) == {"basic": "100000.00"}, "joined after the admission"
    left = await member(city, joined(date(2011, 1, 1)), joined(date(2011, 5, 1), state="none"))
    assert amounts(await settled(city, left, "200300.00")) == {"basic": "100000.00"}, "left before it"


async def test_an_answer_of_enrollment_tells_layers_too(city: World) -> None:
    told = city.coverage().model_copy(update={"layers": [joined(date(2011, 1, 1))]})
    city.enrollment.known[told.member_id] = told
    claim = await settled(city, told.member_id, "200300.00")
    assert city.enrollment.asked
    assert amounts(claim) == {"basic": "100000.00", "supplementary": "30000.00"}


async def test_a_newer_event_moves_the_layers(city: World) -> None:
    who = await member(city)
    newer = city.coverage(member_id=who, sequence=2).model_copy(update={"layers": [joined(date(2011, 1, 1))]})
    await city.tell(newer)
    assert amounts(await settled(city, who, "200300.00"))["supplementary"] == "30000.00"


async def test_a_quote_and_a_look_up_know_who_joined(city: World) -> None:
    number = "522422197005010017"
    who = await member(city, joined(date(2011, 1, 1)), id_number=number)
    visit = await city.visit(who, admitted=ADMITTED, discharged=DISCHARGED)
    body = {"lines": [line("A1", "200300.00")]}
    quoted = await city.pool("hospital", "POST", f"/visits/{visit}/quote", json=body)
    assert quoted.json()["benefit"] == "130000.00", quoted.text
    looked = await city.pool("hospital", "POST", "/lookups", json={"id_number": number})
    assert sorted(one["remaining"] for one in looked.json()["remaining"]) == ["100000.00", "120000.00"]
    other = await member(city, id_number="522422197005010025")
    assert other
    looked = await city.pool("hospital", "POST", "/lookups", json={"id_number": "522422197005010025"})
    assert [one["remaining"] for one in looked.json()["remaining"]] == ["100000.00"]
