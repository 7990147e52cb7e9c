"""What a clinic kept while it was offline, sent in one go: visits, then fee lines (contracts §4)."""

import asyncio
import json
from typing import Any
from uuid import UUID

from shared.kernel.ids import new_id
from tests.component.claims.world import HELD, OTHER_POOL, POOL, TOWNSHIP, VILLAGE, World, line


async def send(world: World, path: str, lines: list[Any], **options: Any) -> Any:
    content = "\n".join(json.dumps(one) for one in lines).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    return await world.call("hospital", "POST", path, of=VILLAGE, content=content, headers=headers, **options)


def told(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [json.loads(one) for one in answer.text.splitlines()]


def visit(world: World, member_id: UUID, number: int, of: str = VILLAGE) -> dict[str, Any]:
    """The line that registers a visit."""
    body = {
        "institution_code": of,
        "institution_number": f"MZ{number:04}",
        "member_id": str(member_id),
        "kind": "outpatient",
        "admitted_at": "2010-02-20T09:00",
        "diagnosis_code": "J00",
        "diagnosis_name": "感冒",
    }
    return {"key": f"visit-{number}", "visit_id": str(new_id(world.clock.now())), "body": body}


def sheet(number: int, visit_id: str, amount: Any = "10.00") -> dict[str, Any]:
    """The line that uploads a fee line."""
    return {"key": f"sheet-{number}", "visit_id": visit_id, "body": {"lines": [line("A1", amount)]}}


async def test_visits_and_fee_lines_of_an_offline_clinic(world: World) -> None:
    member = await world.member()
    visits = [visit(world, member, 1), visit(world, member, 2, of=TOWNSHIP), visit(world, member, 3)]
    registered = told(await send(world, f"/pools/{POOL}/visits/bulk", visits))
    assert [one["status"] for one in registered] == [201, 403, 201]
    assert registered[1]["problem"]["code"] == "forbidden_institution"
    sheets = [sheet(1, visits[0]["visit_id"]), sheet(2, visits[1]["visit_id"]), sheet(3, visits[2]["visit_id"], 5.5)]
    uploaded = told(await send(world, f"/pools/{POOL}/visits/lines/bulk", sheets))
    assert [one["status"] for one in uploaded] == [201, 404, 422]
    assert uploaded[0]["body"]["total"] == "10.00"
    before = await world.counts()
    again = told(await send(world, f"/pools/{POOL}/visits/lines/bulk", sheets))
    assert [(one["status"], one.get("replayed", False)) for one in again] == [(201, True), (404, False), (422, False)]
    assert await world.counts() == before


async def test_all_visits_or_none(world: World) -> None:
    member = await world.member()
    visits = [visit(world, member, 1), visit(world, member, 1)]
    visits[1]["key"] = "another"
    before = await world.counts()
    answer = await send(world, f"/pools/{POOL}/visits/bulk?atomic=true", visits, key="whole")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "visit_number_used")
    assert await world.counts() == before
    assert await world.sql("SELECT 1 FROM visit") == []


async def test_a_token_of_another_pool_reaches_no_line(world: World) -> None:
    member = await world.member()
    answer = await send(world, f"/pools/{OTHER_POOL}/visits/bulk", [visit(world, member, 1)])
    assert answer.json()["code"] == "forbidden_pool"
    assert await world.sql("SELECT 1 FROM visit") == []


async def test_members_never_heard_of_are_asked_for_together_with_nothing_held(world: World) -> None:
    told = [world.coverage() for _ in range(12)]
    for one in told:
        world.enrollment.known[one.member_id] = one
    visits = [visit(world, one.member_id, number) for number, one in enumerate(told)]
    path = f"/pools/{POOL}/visits/bulk?atomic=true"
    world.enrollment.hold()
    waiting = asyncio.create_task(send(world, path, visits, key="whole"))
    await world.until_asked(2)
    held = await world.sql(HELD)
    world.enrollment.let(12)
    answer = await waiting
    assert [one["status"] for one in answer.json()["lines"]] == [201] * 12
    assert held == [], "no key and no row waits for enrollment"
    assert world.enrollment.asked == 12, "each once"
    again = await send(world, path, visits, key="whole")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (answer.content, "true")


async def test_enrollment_silent_leaves_nothing_of_the_whole(world: World) -> None:
    heard, unheard = await world.member(), [world.coverage() for _ in range(40)]
    visits = [visit(world, one, number) for number, one in enumerate([heard, *(u.member_id for u in unheard)])]
    before, asked = await world.counts(), world.enrollment.asked
    world.enrollment.silent = True
    answer = await send(world, f"/pools/{POOL}/visits/bulk?atomic=true", visits, key="whole")
    assert (answer.status_code, answer.json()["code"]) == (503, "enrollment_silent")
    assert await world.counts() == before
    assert world.enrollment.asked - asked <= 16, "who gets no answer does not ask for all the others"
