"""Coverage as claims knows it: the five cases of contracts §7, with a real HTTP stand-in for enrollment."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.kernel.ids import new_id
from tests.component.claims.world import ENROLLED, World, line

LAPSED = date(2010, 2, 1)


async def cases(world: World) -> list[tuple[UUID, str]]:
    """Open cases with their kind."""
    return [(row["claim_id"], row["kind"]) for row in await world.sql("SELECT * FROM coverage_case ORDER BY id")]


async def test_enrolled_and_settled_with_the_consumer_stopped(world: World) -> None:
    told = world.coverage()
    world.enrollment.known[told.member_id] = told
    visit = await world.visit(told.member_id)
    answer = await world.settle(visit, line("A1", "100.00"))
    assert (answer.status_code, answer.json()["benefit"], answer.json()["coverage_sequence"]) == (201, "70.00", 1)
    (row,) = await world.sql("SELECT learnt_from FROM member_coverage")
    assert row["learnt_from"] == "answer"


async def test_lapsed_and_settled_with_the_consumer_stopped(world: World) -> None:
    member = await world.member()
    lapse = world.coverage((ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2)
    world.enrollment.known[member] = lapse
    asked = world.enrollment.asked
    claim = await world.settled(member)
    assert (claim["status"], claim["coverage_sequence"]) == ("settled", 1), "paid: the hospital relied on our answer"
    assert world.enrollment.asked == asked, "a fresh 'covered' is trusted"
    assert await cases(world) == []
    await world.tell(lapse)
    assert await cases(world) == [(UUID(claim["claim_id"]), "coverage_withdrawn")]
    await world.tell(lapse)
    assert len(await cases(world)) == 1, "once"
    (listed,) = (await world.pool("county_inspector", "GET", "/coverage-cases?status=open")).json()["items"]
    assert (listed["claim_id"], listed["coverage_sequence"]) == (claim["claim_id"], 2)
    shown = await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}")
    assert shown.json() == claim, "the settled claim stands"
    (event,) = await world.sql("SELECT envelope, amount_fen FROM outbox WHERE topic = 'heyi.claims.case.v1'")
    assert json.loads(event["envelope"])["data"]["claim_id"] == claim["claim_id"]


async def test_an_old_event_after_a_newer_answer(world: World) -> None:
    first = world.coverage((date(2010, 2, 25), 1, "covered"))
    second = world.coverage(
        (date(2010, 2, 25), 1, "covered"), (ENROLLED, 2, "covered"), member_id=first.member_id, sequence=2
    )
    await world.tell(first)
    world.enrollment.known[first.member_id] = second
    claim = await world.settled(first.member_id)
    assert claim["coverage_sequence"] == 2, "not covered by what is known: enrollment was asked"
    old = world.coverage((date(2010, 2, 25), 1, "covered"), member_id=first.member_id, sequence=1)
    await world.tell(old)
    (row,) = await world.sql("SELECT sequence FROM member_coverage")
    assert row["sequence"] == 2
    assert await cases(world) == []


async def test_a_back_dated_lapse(world: World) -> None:
    member = await world.member()
    before, after = await world.settled(member), await world.settled(member, admitted="2010-01-20T09:00")
    await world.tell(world.coverage((ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2))
    assert await cases(world) == [(UUID(before["claim_id"]), "coverage_withdrawn")], "the January stay was covered"
    assert after["status"] == "settled"
    visit = await world.visit(member)
    world.enrollment.known[member] = world.coverage(
        (ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2
    )
    refused = await world.settle(visit, line())
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_not_covered")


async def test_a_back_dated_birth(world: World) -> None:
    """A child that nobody told us of is refused; once enrolled from its birth the claim is sent again and paid."""
    child = new_id(world.clock.now())
    unborn = world.coverage((date(2010, 3, 1), 1, "none"), member_id=child, birth_date=date(2010, 2, 15))
    world.enrollment.known[child] = unborn
    visit = await world.visit(child)
    refused = await world.settle(visit, line(), key="again")
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_not_covered")
    born = world.coverage(
        (date(2010, 3, 1), 1, "none"), (date(2010, 2, 15), 2, "covered"), (date(2010, 3, 1), 3, "covered"),
        member_id=child, sequence=2, birth_date=date(2010, 2, 15),
    )  # fmt: skip
    await world.tell(born)
    assert await cases(world) == []
    world.enrollment.silent = True
    answer = await world.settle(visit, line(), key="again")
    assert (answer.status_code, answer.json()["benefit"]) == (201, "70.00")


async def test_no_answer_is_503_and_nothing_moves(world: World) -> None:
    told = world.coverage((ENROLLED, 1, "none"))
    world.enrollment.known[told.member_id] = told
    visit = await world.visit(told.member_id)
    before = await world.counts()
    world.enrollment.silent = True
    answer = await world.settle(visit, line(), key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "enrollment_silent")
    assert int(answer.headers["Retry-After"]) > 0
    world.enrollment.silent, world.enrollment.slow_seconds = False, 0.8
    answer = await world.settle(visit, line(), key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "enrollment_silent"), "500 ms and no longer"
    assert await world.counts() == before
    locks = await world.sql("SELECT 1 FROM pg_locks WHERE locktype IN ('advisory', 'tuple') AND NOT granted")
    assert locks == []


async def test_a_stale_stream_is_not_trusted(world: World) -> None:
    member = await world.member()
    visit = await world.visit(member)
    await world.heard(datetime.now(UTC) - timedelta(minutes=11))
    asked = world.enrollment.asked
    assert (await world.settle(visit, line())).status_code == 201
    assert world.enrollment.asked == asked + 1
    await world.sql("DELETE FROM stream_heartbeat WHERE partition = 7")
    world.enrollment.silent = True
    answer = await world.settle(await world.visit(member), line())
    assert answer.status_code == 503, "one partition never heard of"


async def test_enrollment_knows_nobody(world: World) -> None:
    stranger = new_id(world.clock.now())
    body = {
        "institution_code": "H52242200001",
        "institution_number": "ZY1",
        "member_id": str(stranger),
        "kind": "outpatient",
        "admitted_at": "2010-02-20T09:00",
        "diagnosis_code": "J18.9",
        "diagnosis_name": "肺炎",
    }
    answer = await world.pool("hospital", "PUT", f"/visits/{UUID(int=3)}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
