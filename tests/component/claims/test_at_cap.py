"""Who has reached a yearly cap: listed from the counts, by page, a township its own."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from services.claims.benefits.library import loaded
from services.claims.visits.at_cap import Move, reached_on, yearly_caps
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


async def on(world: World, month: int, day: int) -> None:
    world.clock.set(datetime(2010, month, day, 2, tzinfo=UTC))
    await world.heard()


async def counts(world: World, role: str = "auditor", **options: Any) -> list[tuple[str, str, int]]:
    answer = await world.pool(role, "GET", "/persons-at-cap/counts?day=2010-03-01", **options)
    return [(one["village_code"], one["month"], one["persons"]) for one in answer.json()["items"]]


@pytest.mark.requirement("WC-03", "persons at the cap are counted by village and by the month in which they reached it")
@pytest.mark.requirement("HL-10", "persons at a cap are listed and counted by village and month")
async def test_persons_at_a_cap_are_counted_by_village_and_month(world: World) -> None:
    first, second, third = [
        await world.member(village_code=code) for code in ("52242210001", "52242210002", "52242210002")
    ]
    await world.settled(first, "90000.00")
    again = await world.settled(second, "90000.00")
    await world.settled(third, "1000.00")
    assert await counts(world) == [("52242210001", "2010-03", 1), ("52242210002", "2010-03", 1)]
    assert (await world.cancel(again["claim_id"])).status_code == 200
    assert await counts(world) == [("52242210001", "2010-03", 1)], "what was cancelled was not used up"
    await on(world, 4, 6)
    for member in (second, third):
        await world.settled(member, "90000.00")
    assert await counts(world) == [("52242210001", "2010-03", 1), ("52242210002", "2010-04", 2)]
    assert await counts(world, "township_clerk", areas=("522422999",)) == []
    shown = (await world.pool("auditor", "GET", "/persons-at-cap?day=2010-03-01")).json()["items"]
    days = {(one["psn_no"], one["village_code"], one["reached_on"]) for one in shown}
    assert {row[1:] for row in days} == {("52242210001", "2010-03-01"), ("52242210002", "2010-04-06")}
    sheet = await world.pool("auditor", "GET", "/persons-at-cap/counts?day=2010-03-01&format=csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert (rows[0][1:3], rows[0][-1], len(rows)) == (["参合村", "达到封顶线的月份"], "人数", 3)


def test_the_day_is_that_of_the_last_time_the_cap_was_reached() -> None:
    cap = yearly_caps(loaded("dafang-2010").policy)[0]
    full, some = cap.amount_fen, cap.amount_fen // 2
    days = [datetime(2010, month, 5, tzinfo=UTC).date() for month in range(1, 6)]
    moves = [Move(day, {cap.counts: amount}) for day, amount in zip(days, (some, full, -full, full, 1), strict=True)]
    assert reached_on(moves[:1], cap) is None
    assert reached_on(moves[:2], cap) == days[1]
    assert reached_on(moves[:3], cap) is None
    assert reached_on(moves, cap) == days[3]
    assert reached_on([Move(days[0], {"other": full})], cap) is None
