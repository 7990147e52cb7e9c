"""The window: care that was paid in full, entered from its papers; the benefit is owed to the person."""

import asyncio
import json
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.component.claims.world import COUNTY, OTHER_POOL, TOWNSHIP, World, line

ID_NUMBER, INTAKE = "522422197005010017", "insurer_intake-1"


def papers(number: str = "ZY-900", **more: Any) -> dict[str, Any]:
    return {
        "institution_code": COUNTY,
        "institution_number": number,
        "id_number": ID_NUMBER,
        "kind": "inpatient",
        "admitted_at": "2010-02-20T09:00",
        "discharged_at": "2010-02-27T10:00",
        "diagnosis_code": "J18.9",
        "diagnosis_name": "肺炎",
        "invoices": [{"code": "152001", "number": f"A{number}"}],
    } | more


async def enter(world: World, body: dict[str, Any], visit: str = "", **options: Any) -> Any:
    visit = visit or str(new_id(world.clock.now()))
    return await world.pool("insurer_intake", "PUT", f"/window-visits/{visit}", json=body, **options)


async def entered(world: World, **more: Any) -> str:
    answer = await enter(world, papers(**more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["visit_id"])


async def intake(world: World, path: str, body: dict[str, Any]) -> Any:
    return await world.pool("insurer_intake", "POST", path, json=body)


async def settled(world: World, visit: str, amount: str = "1000.00") -> dict[str, Any]:
    answer = await intake(world, f"/visits/{visit}/settlement", {"lines": [line("A1", amount)]})
    assert answer.status_code == 201, answer.text
    claim: dict[str, Any] = answer.json()
    return claim


@pytest.mark.requirement(
    "ZZ-38", "papers brought to the window are entered and settled, the benefit owed to the person"
)
async def test_papers_are_entered_settled_reviewed_and_owed_to_the_person(world: World) -> None:
    member = await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    shown = (await world.pool("insurer_intake", "GET", f"/visits/{visit}")).json()
    assert (shown["member_id"], shown["channel"], shown["status"]) == (str(member), "window", "discharged")
    quoted = await intake(world, f"/visits/{visit}/quote", {"lines": [line("A1", "1000.00")]})
    claim = await settled(world, visit)
    assert (claim["benefit"], claim["paid_to"]) == (quoted.json()["benefit"], "person") == ("700.00", "person")
    own = await world.pool(
        "insurer_reviewer",
        "POST",
        f"/claims/{claim['claim_id']}/approval",
        json={"cuts": []},
        subject="insurer_intake-1",
    )
    assert own.json()["code"] == "four_eyes", "nobody reviews what he entered"
    approved = await world.pool("insurer_reviewer", "POST", f"/claims/{claim['claim_id']}/approval", json={"cuts": []})
    assert approved.status_code == 200, approved.text
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    none = await world.pool("insurer_approver", "POST", "/cutoffs", json=body)
    assert none.json()["code"] == "nothing_to_release", "the hospital is owed nothing"
    released = await world.pool("insurer_approver", "POST", "/window-cutoffs", json=body)
    assert [(one["claims"], one["amount"]) for one in released.json()] == [(1, "700.00")], released.text
    (row,) = await world.sql("SELECT envelope FROM outbox WHERE type = 'heyi.claims.claim.released.v1'")
    told = json.loads(row["envelope"])["data"]
    assert (told["paid_to"], told["member_id"], told["cutoff_count"]) == ("person", str(member), 1)


async def test_the_same_papers_again_change_nothing(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    again = await enter(world, papers(), visit)
    assert (again.status_code, again.json()["visit_id"]) == (200, visit)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({"number": "ZY-901", "invoices": [{"code": "152001", "number": "AZY-900"}]}, "invoice_used"),
        ({"invoices": [{"code": "152001", "number": "other"}]}, "visit_number_used"),
        ({"number": "ZY-902", "id_number": "522422197005010025"}, "member_unknown"),
        ({"number": "ZY-903", "discharged_at": None}, "window_stay"),
        ({"number": "ZY-904", "kind": "outpatient"}, "window_stay"),
        ({"number": "ZY-905", "discharged_at": "2010-02-19T09:00"}, "discharge_before_admission"),
        ({"number": "ZY-906", "institution_code": "H99999900001"}, "institution_unknown"),
        ({"number": "ZY-907", "invoices": []}, "invalid_request"),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_moves(world: World, second: dict[str, Any], code: str) -> None:
    await world.member(id_number=ID_NUMBER)
    await entered(world)
    before = await world.sql("SELECT (SELECT count(*) FROM visit) AS v, (SELECT count(*) FROM invoice_use) AS i")
    more = dict(second)
    answer = await enter(world, papers(more.pop("number", "ZY-900"), **more))
    assert answer.json()["code"] == code, answer.text
    now = await world.sql("SELECT (SELECT count(*) FROM visit) AS v, (SELECT count(*) FROM invoice_use) AS i")
    assert now == before


async def test_an_invoice_of_another_pool_is_used_too(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    await world.sql(
        "INSERT INTO invoice_use VALUES ('152001', 'AZY-900', $1, gen_random_uuid(), clock_timestamp())", OTHER_POOL
    )
    assert (await enter(world, papers())).json()["code"] == "invoice_used"


async def test_two_desks_enter_one_invoice_at_once(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    same = [{"code": "152001", "number": "ONE"}]
    answers = await asyncio.gather(*(enter(world, papers(f"ZY-{n}", invoices=same)) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await world.sql("SELECT count(*) AS n FROM visit"))[0]["n"] == 1


async def test_each_desk_enters_its_own_visits(world: World) -> None:
    member = await world.member(id_number=ID_NUMBER)
    window, bedside = await entered(world), await world.visit(member)
    lines = {"lines": [line("A1", "1000.00")]}
    for path, body in ((f"/visits/{window}/lines", lines), (f"/visits/{window}/settlement", lines)):
        answer = await world.pool("hospital", "POST", path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "visit_not_yours"), path
        answer = await intake(world, path.replace(window, bedside), body)
        assert (answer.status_code, answer.json()["code"]) == (403, "visit_not_yours"), path
    claim = await settled(world, window)
    path = f"/claims/{claim['claim_id']}/cancellation"
    hospital = await world.pool("hospital", "POST", path, json={"reason": "录入错误"})
    assert hospital.json()["code"] == "visit_not_yours"
    assert (await intake(world, path, {"reason": "录入错误"})).status_code == 200
    other = await world.pool("hospital", "PUT", f"/window-visits/{new_id(world.clock.now())}", json=papers("Z"))
    assert other.json()["code"] == "forbidden_role"


@pytest.mark.requirement("ZZ-38", "a basic settlement made elsewhere is entered at the window with the papers")
async def test_a_settlement_of_elsewhere_comes_with_the_papers(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    given = {"scheme": "390", "settlement": "S-9", "total": "2500.00", "eligible": "2000.00", "benefit": "900.00"}
    visit = await entered(world, elsewhere=given)
    shown = (await world.pool("insurer_intake", "GET", f"/visits/{visit}")).json()
    assert shown["elsewhere"] == "390/S-9"
    wrong = await enter(world, papers("ZY-2", elsewhere=given | {"settlement": "S-8", "benefit": "2600.00"}))
    assert wrong.json()["code"] == "elsewhere_sums"
    twice = await enter(world, papers("ZY-3", elsewhere=given, institution_code=TOWNSHIP))
    assert twice.json()["code"] == "elsewhere_twice"
    assert (await world.sql("SELECT count(*) AS n FROM invoice_use"))[0]["n"] == 1


async def test_a_member_never_heard_of_is_asked_for(world: World) -> None:
    told = world.coverage(id_number=ID_NUMBER)
    world.enrollment.known[told.member_id] = told
    visit = await entered(world)
    assert world.enrollment.asked
    assert (await settled(world, visit))["member_id"] == str(told.member_id)
