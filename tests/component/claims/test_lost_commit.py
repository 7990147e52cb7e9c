"""A COMMIT whose acknowledgement never comes, on a real PostgreSQL behind a proxy that drops it (contracts §4).

Whoever asked gets the right answer, read by its key on a new connection, or is told that the outcome is not known;
never a wrong answer, and nothing happens twice.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.claims.visits.settling import COALESCER
from tests.component.claims.conftest import running_world
from tests.component.claims.world import COUNTY, World, line
from tests.support.postgres import ServiceDatabase
from tests.support.proxy import Losses, lossy_postgres
from tests.support.tokens import TestTokens
from tests.support.waiting import gate, until

Lossy = tuple[World, Losses]
KEY_AWAITED = """
SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Somebody waits for the lock of a key, which is one number; a test's gate has two."""


@pytest.fixture
async def lossy(claims_database: ServiceDatabase, tokens: TestTokens) -> AsyncIterator[Lossy]:
    """The service behind the proxy; the tests arrange and look past it."""
    async with (
        lossy_postgres(claims_database.app) as (address, losses),
        running_world(replace(claims_database, app=address), tokens) as world,
    ):
        await world.heard()
        yield world, losses


async def visits_of(world: World, count: int) -> list[str]:
    return [await world.visit(await world.member()) for _ in range(count)]


async def effects(world: World) -> tuple[int, int, int, int]:
    """Claims, entries on accumulators, events of settlements and audit rows of them."""
    (row,) = await world.sql(
        "SELECT (SELECT count(*) FROM claim), (SELECT count(*) FROM accumulator_entry),"
        " (SELECT count(*) FROM outbox WHERE type LIKE '%claim.settled%'),"
        " (SELECT count(*) FROM audit WHERE action = 'settle_visit' AND outcome = 'done')"
    )
    return row[0], row[1], row[2], row[3]


def gathered(world: World) -> int:
    """Settlements that wait for the run before theirs."""
    return sum(len(lane.waiting) for lane in world.app.state.heyi.resources[COALESCER]._lanes.values())


@pytest.mark.parametrize(("committed", "late"), [(True, 0.0), (True, 0.5), (False, 0.0)])
async def test_a_batch_whose_commit_is_lost_is_answered_by_its_keys(
    lossy: Lossy, *, committed: bool, late: float
) -> None:
    """Committed or not, at once or only while we ask already: every settlement is answered as it stands, once."""
    world, losses = lossy
    visits = await visits_of(world, 5)
    losses.acknowledgements, losses.commits, losses.late_seconds = int(committed), int(not committed), late
    answers = await asyncio.gather(*(world.settle(visit, line(), key=visit) for visit in visits))
    assert losses.lost == 1
    assert [answer.status_code for answer in answers] == [201] * 5, [answer.text for answer in answers]
    assert [answer.json()["visit_id"] for answer in answers] == visits
    assert await effects(world) == (5, 5, 5, 5)
    again = await asyncio.gather(*(world.settle(visit, line(), key=visit) for visit in visits))
    assert [(a.json(), a.headers["Idempotency-Replayed"]) for a in again] == [(a.json(), "true") for a in answers]


async def test_a_batch_of_several_is_answered_by_its_keys(lossy: Lossy) -> None:
    """The first settlement runs alone; while the database holds it up the others gather, and theirs is the lost one."""
    world, losses = lossy
    visits = await visits_of(world, 6)
    async with gate(world.database.admin, "claim", f"WHEN (NEW.visit_id = '{UUID(visits[0])}')") as held:
        first = asyncio.ensure_future(world.settle(visits[0], line()))
        await until(held.waiting, doing=first)
        others = asyncio.gather(*(world.settle(visit, line(), key=visit) for visit in visits[1:]))
        await until(lambda: gathered(world) == 5, doing=others)
        losses.acknowledgements, losses.passing = 1, 1  # not the first one's, which comes before
        await held.open()
        assert (await first).status_code == 201
        answers = await others
    assert losses.lost == 1
    assert [answer.status_code for answer in answers] == [201] * 5, [answer.text for answer in answers]
    assert {answer.headers.get("Idempotency-Replayed") for answer in answers} == {"true"}, "one batch, found by key"
    assert await effects(world) == (6, 6, 6, 6)


@pytest.mark.parametrize("committed", [True, False])
async def test_where_nobody_can_be_asked_the_outcome_is_told_as_unknown(lossy: Lossy, *, committed: bool) -> None:
    world, losses = lossy
    before, visit = await visits_of(world, 2)
    assert (await world.settle(before, line())).status_code == 201  # takes the day's numbers, with a COMMIT of its own
    await world.app.state.heyi.engine.dispose()  # no connection left but the one that will be lost
    losses.acknowledgements, losses.commits, losses.refuse_after_loss = int(committed), int(not committed), True
    told = await world.settle(visit, line(), key="k")
    assert (told.status_code, told.json()["code"]) == (503, "outcome_unknown"), told.text
    assert int(told.headers["Retry-After"]) > 0
    losses.refuse = False
    answer = await world.settle(visit, line(), key="k")
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (201, "true" if committed else None)
    assert await effects(world) == (2, 2, 2, 2)


@pytest.mark.parametrize("committed", [True, False])
async def test_an_ordinary_write_whose_commit_is_lost(lossy: Lossy, *, committed: bool) -> None:
    """The edge reads the key; not finding it may mean "not yet", so only the same key sent again is certain."""
    world, losses = lossy
    visit_id, body = uuid4(), {
        "institution_code": COUNTY, "institution_number": "ZY7", "member_id": str(await world.member()),
        "kind": "outpatient", "admitted_at": "2010-02-20T09:00", "diagnosis_code": "J18.9", "diagnosis_name": "肺炎",
    }  # fmt: skip
    losses.acknowledgements, losses.commits = int(committed), int(not committed)
    answer = await world.pool("hospital", "PUT", f"/visits/{visit_id}", key="k", json=body)
    again = await world.pool("hospital", "PUT", f"/visits/{visit_id}", key="k", json=body)
    if committed:
        assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (again.status_code, "true")
        assert answer.json() == again.json()
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    assert again.status_code < 300
    (row,) = await world.sql("SELECT count(*) AS n FROM visit")
    assert row["n"] == 1


async def test_the_same_key_on_an_ordinary_route_holds_up_no_batch(world: World) -> None:
    """A registration in flight holds its key's lock; the settlement that reuses the key waits alone for it."""
    visits = await visits_of(world, 3)
    member = await world.member()
    body = {
        "institution_code": COUNTY, "institution_number": "ZY8", "member_id": str(member), "kind": "outpatient",
        "admitted_at": "2010-02-20T09:00", "diagnosis_code": "J18.9", "diagnosis_name": "肺炎",
    }  # fmt: skip
    async with gate(world.database.admin, "visit") as held:
        registering = asyncio.ensure_future(world.pool("hospital", "PUT", f"/visits/{uuid4()}", key="same", json=body))
        await until(held.waiting, doing=registering)
        reusing = asyncio.ensure_future(world.settle(visits[0], line(), key="same"))
        await until(lambda: world.sql(KEY_AWAITED), doing=reusing)
        others = await asyncio.gather(*(world.settle(visit, line()) for visit in visits[1:]))
        assert {answer.status_code for answer in others} == {201}
        assert not registering.done(), "the others did not wait for the key"
        await held.open()
        assert (await registering).status_code < 300
        told = await reusing
    assert (told.status_code, told.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_same_key_twice_on_an_ordinary_route(world: World) -> None:
    """The second waits for the first and is answered as it was."""
    body = {
        "institution_code": COUNTY, "institution_number": "ZY9", "member_id": str(await world.member()),
        "kind": "outpatient", "admitted_at": "2010-02-20T09:00", "diagnosis_code": "J18.9", "diagnosis_name": "肺炎",
    }  # fmt: skip
    path = f"/visits/{uuid4()}"
    answers = await asyncio.gather(*(world.pool("hospital", "PUT", path, key="k", json=body) for _ in range(4)))
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == ["", "true", "true", "true"]
