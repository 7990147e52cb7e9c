"""Who has reached a yearly cap: listed from the counts, by page, a township its own."""

import pytest

from tests.component.claims.world import World


@pytest.mark.requirement("WC-03", "persons who used up the yearly cap are listed with what they used")
@pytest.mark.requirement("HL-10", "persons at the outpatient cap are listed, and nobody below it")
async def test_persons_at_a_cap_are_listed(world: World) -> None:
    rich, poor, ill = [await world.member() for _ in range(3)]
    await world.settled(rich, "90000.00")  # 63,000 of which 60,000 are paid
    await world.settled(poor, "1000.00")
    for _ in range(4):
        await world.settled(ill, "100.00", kind="outpatient")
    path = "/persons-at-cap?day=2010-03-01"
    shown = (await world.pool("auditor", "GET", path)).json()
    rows = {(one["name"], one["amount"], one["used"]) for one in shown["items"]}
    assert ("60000.00", "60000.00") in {row[1:] for row in rows}
    assert len(shown["items"]) == len(rows) == 2, shown
    first = (await world.pool("auditor", "GET", f"{path}&limit=1")).json()
    second = (await world.pool("auditor", "GET", f"{path}&limit=1&cursor={first['next_cursor']}")).json()
    assert [*first["items"], *second["items"]] == shown["items"]
    assert second["next_cursor"] is None
    mine = await world.pool("township_clerk", "GET", path, areas=("522422100",))
    other = await world.pool("township_clerk", "GET", path, areas=("522422999",))
    assert (len(mine.json()["items"]), other.json()["items"]) == (2, [])
    none = await world.pool("auditor", "GET", "/persons-at-cap?day=2001-01-01")
    assert none.json()["code"] == "no_policy_in_force"
