"""Parts of a stay and late decisions: together they pay what the stay is worth, whichever comes first."""

from uuid import UUID

import pytest

from services.claims.visits import paid
from tests.component.claims.test_increases import approved, late, prepared, released
from tests.component.claims.test_increases_reversed import confirmed, increased, let, pay
from tests.component.claims.test_midway import discharge, midway, staying
from tests.component.claims.world import World, line

pytestmark = pytest.mark.requirement("ZZ-23", "parts of a stay and increases pay together what the stay is worth")
BILL = line("A1", "10000.00")  # two of them: 14,000 by the old version, 15,000 by the late one


async def test_what_a_later_part_made_up_is_not_listed(world: World) -> None:
    visit = await staying(world, await world.member())
    first = (await midway(world, visit, BILL)).json()
    policy = await late(world)
    await discharge(world, visit)
    second = (await world.settle(visit, BILL)).json()
    assert (first["benefit"], second["benefit"]) == ("7000.00", "8000.00"), (
        "the second part makes up what the first lacks"
    )
    await released(world, first, second)
    refused = await prepared(world, policy)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_increases"), refused.text


async def test_what_a_part_made_up_after_the_list_was_prepared_is_not_paid(world: World) -> None:
    visit = await staying(world, await world.member())
    first = (await midway(world, visit, BILL)).json()
    await released(world, first)
    policy = await late(world)
    listed = (await prepared(world, policy)).json()["list"]
    assert listed["listed"] == "500.00"
    await discharge(world, visit)
    assert (await world.settle(visit, BILL)).json()["benefit"] == "8000.00"
    done = await approved(world, listed["list_id"])
    assert (done.status_code, done.json()["approved"]) == (200, "0.00"), done.text


async def test_what_a_list_gave_for_a_part_is_not_made_up_by_the_next(world: World) -> None:
    visit = await staying(world, await world.member())
    first = (await midway(world, visit, BILL)).json()
    await released(world, first)
    policy = await late(world)
    listed = (await prepared(world, policy)).json()["list"]
    assert (await approved(world, listed["list_id"])).json()["approved"] == "500.00"
    await discharge(world, visit)
    assert (await world.settle(visit, BILL)).json()["benefit"] == "7500.00"


async def test_a_part_that_is_settled_again_stands_on_what_the_first_got_more(world: World) -> None:
    visit = await staying(world, await world.member())
    first = (await midway(world, visit, BILL)).json()
    await discharge(world, visit)
    second = (await world.settle(visit, BILL)).json()
    await released(world, first, second)
    more = await increased(world, await late(world))
    assert [one["amount"] for one in more] == ["500.00", "500.00"]
    for one in more:
        await pay(world, one)
    for claim in (first, second):
        await confirmed(world, UUID(claim["claim_id"]), claim["payable"], paid.consumer)
    await let(world, second)
    assert (await world.cancel(second["claim_id"])).json()["status"] == "reversed"
    assert (await world.settle(visit, BILL)).json()["benefit"] == "7500.00", "15,000 less 7,000 and its 500"
