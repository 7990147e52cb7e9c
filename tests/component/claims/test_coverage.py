"""Coverage as claims knows it: the five cases of contracts §7, with a real HTTP stand-in for enrollment."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.claims.visits import asking
from services.claims.visits.asking import ANSWER_SECONDS
from shared.kernel.ids import new_id
from tests.component.claims.test_increases_reversed import let, paid_claim
from tests.component.claims.world import COUNTY, ENROLLED, HELD, POOL, WAITING, World, line
from tests.support.waiting import until

LAPSED = date(2010, 2, 1)
_LOCK_BATCH = "SELECT unnest(locked) AS visit FROM lock_batch($1, '{}', '{}', '{}', '{}', $2, '{}')"


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


async def withdrawn(world: World, household: UUID | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim of a member whose coverage was withdrawn afterwards, and its case."""
    member = await world.member(household_id=household)
    claim = await world.settled(member)
    lapse = world.coverage(
        (ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2, household_id=household
    )
    await world.tell(lapse)
    listed = (await world.pool("auditor", "GET", "/coverage-cases?status=open")).json()["items"]
    return claim, next(one for one in listed if one["claim_id"] == claim["claim_id"])


async def test_a_claim_that_was_reversed_opens_no_case(world: World) -> None:
    """Its money has been taken back: there is nothing to look at."""
    member, other = await world.member(), await world.member()
    claim, stands = await paid_claim(world, member, "1000.00"), await world.settled(other)
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    for one in (member, other):
        lapse = ((ENROLLED, 1, "covered"), (LAPSED, 2, "none"))
        household = world.enrollment.known[one].household_id
        await world.tell(world.coverage(*lapse, member_id=one, sequence=2, household_id=household))
    listed = (await world.pool("auditor", "GET", "/coverage-cases?status=open")).json()["items"]
    assert [one["claim_id"] for one in listed] == [stands["claim_id"]]


async def test_a_case_is_closed_once_with_its_outcome_and_reason(world: World) -> None:
    claim, case = await withdrawn(world)
    world.clock.advance(timedelta(days=9))
    path, body = f"/coverage-cases/{case['case_id']}/closing", {"outcome": "stands", "reason": "医院当时得到参合的答复"}
    (open_one,) = (await world.pool("county_inspector", "GET", "/coverage-cases?status=open")).json()["items"]
    assert (case["age_days"], open_one["age_days"], open_one["outcome"]) == (0, 9, None)
    closed = await world.pool("county_inspector", "POST", path, json=body)
    assert closed.status_code == 200, closed.text
    told = closed.json()
    assert (told["status"], told["outcome"], told["reason"], told["age_days"]) == (
        "closed", "stands", "医院当时得到参合的答复", None,
    )  # fmt: skip
    assert told["closed_by"] == "county_inspector-1"
    again = await world.pool("county_director", "POST", path, json=body | {"outcome": "repaid"})
    assert (again.status_code, again.json()["code"]) == (409, "coverage_case_closed")
    assert (await world.pool("auditor", "GET", "/coverage-cases?status=open")).json()["items"] == []
    rows = await world.sql("SELECT envelope FROM outbox WHERE topic = 'heyi.claims.case.v1' ORDER BY sequence")
    events = [json.loads(row["envelope"]) for row in rows]
    assert [(one["type"].rsplit(".", 2)[1], int(one["sequence"])) for one in events] == [("opened", 1), ("closed", 2)]
    assert (await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}")).json() == claim, "no money moves"


async def test_nobody_closes_a_case_of_his_household_or_his_home_unit(world: World) -> None:
    household = new_id(world.clock.now())
    _, case = await withdrawn(world, household)
    path, body = f"/coverage-cases/{case['case_id']}/closing", {"outcome": "stands", "reason": "维持"}
    for tie in ({"household_id": str(household)}, {"home_institution": COUNTY}):
        answer = await world.pool("county_inspector", "POST", path, json=body, **tie)
        assert (answer.status_code, answer.json()["code"]) == (403, "conflict_of_interest"), answer.text
    nobody = await world.pool("insurer_manager", "POST", path, json=body)
    assert nobody.json()["code"] == "forbidden_role"
    unknown = await world.pool("county_inspector", "POST", f"/coverage-cases/{household}/closing", json=body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "coverage_case_unknown")
    assert (await world.sql("SELECT status FROM coverage_case"))[0]["status"] == "open"


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


async def test_no_answer_is_503_and_nothing_moves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = world.coverage((ENROLLED, 1, "none"))
    world.enrollment.known[told.member_id] = told
    visit = await world.visit(told.member_id)
    before = await world.counts()
    world.enrollment.silent = True
    answer = await world.settle(visit, line(), key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "enrollment_silent")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.setattr(asking, "ANSWER_SECONDS", ANSWER_SECONDS)
    world.enrollment.silent = False
    world.enrollment.hold()
    waiting = asyncio.create_task(world.settle(visit, line(), key="k"))
    await world.until_asked(3)
    held = await world.sql(HELD)
    answer = await waiting
    assert (answer.status_code, answer.json()["code"], ANSWER_SECONDS) == (503, "enrollment_silent", 0.5)
    assert held == [], "nothing is held while enrollment is asked"
    assert await world.counts() == before


async def test_registering_somebody_never_heard_of_holds_nothing_while_enrollment_is_asked(world: World) -> None:
    mother, child = world.coverage(), world.coverage(birth_date=date(2010, 1, 20))
    for one in (mother, child):
        world.enrollment.known[one.member_id] = one
    before = await world.counts()
    world.enrollment.hold()
    waiting = asyncio.create_task(world.visit(child.member_id, mother_id=str(mother.member_id), discharged=None))
    held = []
    for times in (1, 2):
        await world.until_asked(times)
        held += await world.sql(HELD)
        world.enrollment.let(1)
    await waiting
    assert held == []
    assert world.enrollment.asked == 2, "each once"
    assert len(await world.sql("SELECT 1 FROM visit")) == 1
    assert await world.counts() == before | {"idempotency": before["idempotency"] + 1}


async def test_a_parked_event_makes_its_member_be_asked_about(world: World) -> None:
    member, other = await world.member(), await world.member()
    lapse = world.coverage((ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2)
    await world.tell(lapse, broken=True)
    (parked,) = await world.sql("SELECT subject, reason FROM parked WHERE released_at IS NULL")
    assert (parked["subject"], parked["reason"]) == (str(member), "error")
    world.enrollment.known[member] = lapse
    asked = world.enrollment.asked
    refused = await world.settle(await world.visit(member), line())
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_not_covered"), "enrollment's word counts"
    assert world.enrollment.asked == asked + 1
    quote = await world.pool("hospital", "POST", f"/visits/{await world.visit(member)}/quote", json={"lines": [line()]})
    assert (quote.status_code, quote.json()["decision"]["outcome"]) == (200, "not_covered")
    assert world.enrollment.asked == asked + 2
    await world.settled(other)
    assert world.enrollment.asked == asked + 2, "nobody else is in doubt"


async def test_a_parked_event_and_no_answer_is_503(world: World) -> None:
    member = await world.member()
    await world.tell(world.coverage(member_id=member, sequence=2), broken=True)
    visit = await world.visit(member)
    world.enrollment.silent = True
    answer = await world.settle(visit, line())
    assert (answer.status_code, answer.json()["code"]) == (503, "enrollment_silent")
    await world.sql("UPDATE parked SET released_at = parked_at")
    assert (await world.settle(visit, line())).status_code == 201, "released, it is trusted again"


async def test_a_claim_that_left_no_row_of_the_person_is_found_too(world: World) -> None:
    """As under a policy whose caps are all the household's, or that has none."""
    member = await world.member()
    claim, gone = await world.settled(member), await world.settled(member)
    assert (await world.cancel(gone["claim_id"])).status_code == 200
    await world.sql("DELETE FROM accumulator_entry")
    await world.tell(world.coverage((ENROLLED, 1, "covered"), (LAPSED, 2, "none"), member_id=member, sequence=2))
    assert await cases(world) == [(UUID(claim["claim_id"]), "coverage_withdrawn")]


async def _locked_by_another(conn: asyncpg.Connection, member: UUID) -> bool:
    """Whether somebody else holds a member's coverage."""
    try:
        async with conn.transaction():
            await conn.execute("SELECT FROM member_coverage WHERE member_id = $1 FOR UPDATE NOWAIT", member)
    except asyncpg.LockNotAvailableError:
        return True
    return False


async def _until_somebody_waits(world: World, task: "asyncio.Task[Any]") -> None:
    await until(lambda: world.sql(WAITING), doing=task)


async def test_the_consumer_takes_members_in_order_whatever_order_they_come_in(world: World) -> None:
    low, high = sorted([await world.member(), await world.member()])
    events = [world.coverage(member_id=member, sequence=2) for member in (high, low)]
    conn = await asyncpg.connect(world.database.admin)
    try:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("SELECT FROM member_coverage WHERE member_id = $1 FOR SHARE", low)
        telling = asyncio.create_task(world.tell(*events))
        await _until_somebody_waits(world, telling)
        assert not await _locked_by_another(conn, high)
        await transaction.rollback()
        await telling
    finally:
        await conn.close()
    assert {row["sequence"] for row in await world.sql("SELECT sequence FROM member_coverage")} == {2}


async def test_settlements_take_members_in_that_order_too(world: World) -> None:
    low, high = sorted([await world.member(), await world.member()])
    visits = [UUID(await world.visit(high))]
    world.clock.advance(timedelta(seconds=1))
    visits.append(UUID(await world.visit(low)))
    assert visits == sorted(visits), "the visits' own order is the other one"
    conn, batch = await asyncpg.connect(world.database.admin), await asyncpg.connect(world.database.admin)
    try:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("SELECT FROM member_coverage WHERE member_id = $1 FOR UPDATE", low)
        async with batch.transaction():
            locking = asyncio.create_task(batch.fetch(_LOCK_BATCH, POOL, visits))
            await _until_somebody_waits(world, locking)
            assert not await _locked_by_another(conn, high)
            await transaction.rollback()
            assert {row["visit"]["id"] for row in await locking} == set(visits)
    finally:
        await conn.close()
        await batch.close()


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
