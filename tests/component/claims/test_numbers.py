"""The number on a slip: per pool and business day, unique, found again, and in nobody's way (contracts §2)."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from services.claims.visits.batch import SettlementRun
from shared.db.numbers import RANGE, NumberStock, day_of, number_of
from shared.db.scope import Scope, transaction
from tests.component.claims.test_batch import LANE, settle
from tests.component.claims.world import OTHER_POOL, POOL, World
from tests.support.waiting import PATIENCE_SECONDS

TODAY = date(2010, 3, 1)


async def drawn(stock: NumberStock, world: World, day: date, count: int) -> list[str]:
    """Numbers drawn in a transaction of their own."""
    async with transaction(world.app.state.heyi.engine, Scope("hospital", (POOL,))) as conn:
        return await stock.draw(conn, POOL, day, count)


async def found(world: World, **query: str) -> list[dict[str, Any]]:
    """Claims listed with filters."""
    answer = await world.pool("auditor", "GET", "/claims", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_claim_is_met_by_its_number(world: World) -> None:
    claims = [await world.settled(await world.member()) for _ in range(3)]
    numbers = [claim["number"] for claim in claims]
    assert numbers == [f"{POOL}-20100301-{serial:06d}" for serial in (1, 2, 3)]
    slip = await world.pool("hospital", "GET", f"/claims/{claims[1]['claim_id']}/slip")
    assert numbers[1] in slip.text
    assert claims[1]["setl_id"] in slip.text
    assert [claim["claim_id"] for claim in await found(world, number=numbers[1])] == [claims[1]["claim_id"]]
    assert await found(world, number=numbers[1], status="cancelled") == [], "filters count together"
    assert await found(world, number=f"{OTHER_POOL}-20100301-000002") == []
    assert await found(world, number=f"{POOL}-20090301-000002") == []
    cancelled = (await world.cancel(claims[1]["claim_id"])).json()
    assert cancelled["number"] == numbers[1], "it stays with the claim"


@pytest.mark.parametrize("number", ["", "123", "522422-20100301", "522422-20101301-000001", "522422-2010-03-01-000001"])
async def test_what_is_no_number_is_told_so(world: World, number: str) -> None:
    answer = await world.pool("auditor", "GET", "/claims", params={"number": number})
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "query.number")


async def test_two_processes_never_give_the_same(world: World) -> None:
    """Each takes ranges of its own; what one has not used stays a gap."""
    engine, now = world.app.state.heyi.engine, world.clock.now()
    stocks = [NumberStock(engine) for _ in range(2)]

    async def use(stock: NumberStock) -> list[str]:
        found: list[str] = []
        for _ in range(RANGE // 10):
            await stock.fill(POOL, 32, now)
            found += await drawn(stock, world, TODAY, 32)
        return found

    first, second = await asyncio.gather(*map(use, stocks))
    assert len({*first, *second}) == len(first) + len(second) > 4 * RANGE
    assert {day_of(number) for number in first} == {TODAY}


async def test_nobody_waits_for_the_counter(world: World) -> None:
    """A settlement that has its numbers ready does not touch the counter, whoever holds its row."""
    visits = [await world.visit(await world.member()) for _ in range(3)]
    run = SettlementRun(world.app.state.heyi.engine)
    await run(LANE, [settle(world, visits[0])])
    holder = await asyncpg.connect(world.database.admin)
    try:
        async with holder.transaction():
            await holder.execute("UPDATE number_series SET last = last")
            outcomes = await asyncio.wait_for(
                run(LANE, [settle(world, visit) for visit in visits[1:]]), PATIENCE_SECONDS
            )
    finally:
        await holder.close()
    assert [outcome.status for outcome in outcomes] == [201, 201]  # type: ignore[union-attr]


async def test_a_day_that_nobody_foresaw(world: World) -> None:
    """The day was closed early: the number carries the next one, from the counter itself, once."""
    stock, now = NumberStock(world.app.state.heyi.engine), world.clock.now()
    await stock.fill(POOL, 2, now)
    tomorrow = date(2010, 3, 2)
    assert await drawn(stock, world, tomorrow, 2) == [number_of(POOL, tomorrow, serial) for serial in (1, 2)]
    await stock.fill(POOL, 1, now)
    assert await drawn(stock, world, tomorrow, 1) == [number_of(POOL, tomorrow, 3)], "ahead from then on"
    await world.pool("county_director", "POST", "/days/2010-03-01/close", json={})
    claim = await world.settled(await world.member())
    assert claim["number"].startswith(f"{POOL}-{claim['settled_on'].replace('-', '')}-")


async def test_the_database_refuses_a_number_twice(world: World) -> None:
    claim = await world.settled(await world.member())
    columns = [
        row["column_name"]
        for row in await world.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'claim' AND column_name <> 'id'"
        )
    ]
    listed = ", ".join(columns)
    with pytest.raises(asyncpg.UniqueViolationError, match="claim_number"):
        await world.sql(
            f"INSERT INTO claim (id, {listed}) SELECT gen_random_uuid(),"
            f" {listed.replace('status', repr('cancelled'), 1)} FROM claim WHERE id = $1",
            claim["claim_id"],
        )


def test_the_form() -> None:
    assert number_of("410182", date(2026, 11, 21), 123) == "410182-20261121-000123"
    assert number_of("410182", date(2026, 11, 21), 1_234_567) == "410182-20261121-1234567"
    assert day_of("410182-20261121-1234567") == date(2026, 11, 21)
    with pytest.raises(ValueError, match=r"number|data|format"):
        day_of("410182-20261332-000123")
