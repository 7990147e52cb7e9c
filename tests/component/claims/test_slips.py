"""The acceptance slip of the window: missing papers, status by number, a withdrawn registration, a second use."""

import json
from typing import Any

import pytest

from shared.kernel.ids import new_id
from tests.component.claims.reversing import let_go
from tests.component.claims.test_stating import in_force
from tests.component.claims.test_window import ID_NUMBER, enter, entered, intake, papers, settled
from tests.component.claims.world import COUNTY, OTHER_POOL, World, line

PAPERS = "window:\n  papers:\n    inpatient: {needed: [发票, 费用清单, 出院小结], clause: 三种材料}\n"
INVOICE, LIST, SUMMARY = [{"kind": kind} for kind in ("发票", "费用清单", "出院小结")]


async def slip(world: World, visit: str, role: str = "insurer_intake") -> dict[str, Any]:
    answer = await world.pool(role, "GET", f"/window-visits/{visit}/slip")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def withdrawn(world: World, visit: str, **options: Any) -> Any:
    body = {"reason": "登错了人"}
    return await world.pool("insurer_intake", "POST", f"/window-visits/{visit}/withdrawal", json=body, **options)


@pytest.mark.requirement("ZZ-38", "a slip names all missing papers together; without them nothing is settled")
async def test_missing_papers_are_named_together_and_hold_up_the_settlement(world: World) -> None:
    await in_force(world, PAPERS)
    await world.member(id_number=ID_NUMBER)
    visit = await entered(world, papers=[INVOICE])
    told = await slip(world, visit)
    assert (told["state"], told["missing"]) == ("papers_missing", ["费用清单", "出院小结"])
    assert told["number"].startswith("522422-20100301-")
    assert [(one["kind"], one["original"]) for one in told["papers"]] == [("发票", "kept")]
    body = {"lines": [line("A1", "1000.00")]}
    refused = await intake(world, f"/visits/{visit}/settlement", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "papers_missing")
    assert "费用清单、出院小结" in refused.json()["detail"]
    quoted = await intake(world, f"/visits/{visit}/quote", body)
    assert quoted.status_code == 200, "what it would give may be asked"
    path = f"/window-visits/{visit}/papers"
    one = await intake(world, path, {"papers": [SUMMARY | {"original": "copy"}]})
    assert (one.json()["state"], one.json()["missing"]) == ("papers_missing", ["费用清单"])
    rest = await intake(world, path, {"papers": [LIST, INVOICE | {"original": "returned"}]})
    assert (rest.json()["state"], rest.json()["missing"]) == ("accepted", [])
    claim = await settled(world, visit)
    found = await world.pool("county_recheck", "GET", f"/window-slips/{told['number']}")
    shown = found.json()
    assert (shown["state"], shown["claim_number"], shown["benefit"]) == ("settled", claim["number"], claim["benefit"])
    assert [(one["kind"], one["original"]) for one in shown["papers"]] == [
        ("发票", "kept"), ("出院小结", "copy"), ("费用清单", "kept"), ("发票", "returned"),
    ]  # fmt: skip
    late = await intake(world, path, {"papers": [INVOICE]})
    assert late.json()["code"] == "visit_settled"


async def test_a_slip_that_is_not_there(world: World) -> None:
    unknown = await world.pool("insurer_intake", "GET", "/window-slips/522422-20100301-000099")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "slip_unknown")
    bedside = await world.visit(await world.member())
    for path, body in (("papers", {"papers": [INVOICE]}), ("withdrawal", {"reason": "登错了人"})):
        answer = await intake(world, f"/window-visits/{bedside}/{path}", body)
        assert answer.json()["code"] == "visit_not_yours", path
    none = await world.pool("insurer_intake", "GET", f"/window-visits/{bedside}/slip")
    assert none.json()["code"] == "not_of_the_window"


async def test_without_words_of_the_policy_no_paper_is_missing(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    told = await slip(world, visit)
    assert (told["state"], told["needed"], told["missing"]) == ("accepted", [], [])


@pytest.mark.requirement("ZZ-38", "status by slip number, also where the claim was paid, reversed and settled again")
async def test_the_slip_shows_the_claim_that_stands(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    first = await settled(world, visit)
    path = f"/claims/{first['claim_id']}"
    assert (await world.pool("insurer_reviewer", "POST", f"{path}/approval", json={})).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    assert (await world.pool("insurer_approver", "POST", "/window-cutoffs", json=body)).status_code == 201
    assert (await slip(world, visit))["state"] == "released"
    await let_go(world, first)
    taken_back = await intake(world, f"{path}/cancellation", {"reason": "录入错误"})
    assert taken_back.json()["status"] == "reversed", taken_back.text
    told = await slip(world, visit)
    assert (told["state"], told["claim_id"], told["payable"]) == ("accepted", None, None), "to be settled again"
    second = await settled(world, visit, "900.00")
    told = await slip(world, visit)
    assert (told["state"], told["claim_number"], told["benefit"]) == ("settled", second["number"], "630.00")
    approval = f"/claims/{second['claim_id']}/approval"
    assert (await world.pool("insurer_reviewer", "POST", approval, json={})).status_code == 200
    assert (await slip(world, visit))["state"] == "approved"


# ---------------------------------------------------------------- a wrong registration


async def test_a_withdrawn_registration_frees_its_invoices_and_its_number(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    given = {"scheme": "390", "settlement": "S-9", "total": "2500.00", "eligible": "2000.00", "benefit": "900.00"}
    visit = await entered(world, elsewhere=given)
    answer = await withdrawn(world, visit)
    assert (answer.status_code, answer.json()["invoices_freed"]) == (200, 1), answer.text
    assert (await slip(world, visit))["state"] == "withdrawn"
    assert (await slip(world, visit))["withdrawn_because"] == "登错了人"
    for path, body in (
        (f"/visits/{visit}/lines", {"lines": [line()]}),
        (f"/visits/{visit}/settlement", {"lines": [line()]}),
        (f"/visits/{visit}/quote", {"lines": [line()]}),
        (f"/window-visits/{visit}/papers", {"papers": [INVOICE]}),
        (f"/window-visits/{visit}/withdrawal", {"reason": "再撤一次"}),
    ):
        refused = await intake(world, path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "visit_withdrawn"), path
    again = await enter(world, papers(elsewhere=given), visit)
    assert again.json()["code"] == "visit_withdrawn", "under a new id"
    right = await entered(world, elsewhere=given)
    assert (await slip(world, right))["state"] == "accepted"
    same = [{"code": "152001", "number": "AZY-900"}]
    twice = await enter(world, papers("ZY-2", invoices=same))
    assert twice.json()["code"] == "invoice_used"
    uses = await world.sql("SELECT visit_id::text, freed_at IS NULL AS used FROM invoice_use ORDER BY freed_at")
    assert [(row["visit_id"], row["used"]) for row in uses] == [(visit, False), (right, True)]


async def test_a_settled_registration_is_not_withdrawn_until_its_claim_is_cancelled(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    claim = await settled(world, visit)
    refused = await withdrawn(world, visit)
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_settled")
    assert (await intake(world, f"/claims/{claim['claim_id']}/cancellation", {"reason": "录入错误"})).status_code == 200
    assert (await withdrawn(world, visit)).status_code == 200


async def test_a_registration_withdrawn_while_it_is_settled(world: World) -> None:
    """Either the one or the other: never a claim on a registration that is gone."""
    import asyncio

    await world.member(id_number=ID_NUMBER)
    visit = await entered(world)
    body = {"lines": [line("A1", "1000.00")]}
    answers = await asyncio.gather(intake(world, f"/visits/{visit}/settlement", body), withdrawn(world, visit))
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409]), [a.text for a in answers]


# ---------------------------------------------------------------- a second use


@pytest.mark.requirement("HL-08", "a second use of an invoice is refused and kept for the county office")
async def test_a_second_use_is_kept_for_the_county_office(world: World) -> None:
    member = await world.member(id_number=ID_NUMBER)
    first = await entered(world)
    second = str(new_id(world.clock.now()))
    more = {"invoices": [{"code": "152001", "number": "AZY-900"}, {"code": "152001", "number": "fresh"}]}
    refused = await enter(world, papers("ZY-901", **more), second)
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_used")
    (tried,) = (await world.pool("county_inspector", "GET", "/invoice-attempts")).json()["items"]
    told = {name: tried[name] for name in ("code", "number", "institution_code", "member_id", "used_pool_code")}
    assert told == {
        "code": "152001", "number": "AZY-900", "institution_code": COUNTY, "member_id": str(member),
        "used_pool_code": "522422",
    }  # fmt: skip
    assert tried["attempted_by"] == "insurer_intake-1"
    rows = await world.sql("SELECT visit_id::text, used_visit_id::text FROM invoice_attempt")
    assert [tuple(row) for row in rows] == [(second, first)]
    moved = await world.sql("SELECT (SELECT count(*) FROM visit) AS v, (SELECT count(*) FROM invoice_use) AS i")
    assert tuple(moved[0]) == (1, 1), "nothing of the refused registration is there"
    (row,) = await world.sql(
        "SELECT detail FROM audit WHERE action = 'enter_window_visit' AND outcome = 'refused' ORDER BY id DESC LIMIT 1"
    )
    assert json.loads(row["detail"])["code"] == "invoice_used"
    nobody = await world.pool("insurer_manager", "GET", "/invoice-attempts")
    assert nobody.json()["code"] == "forbidden_role"


async def test_a_use_in_another_pool_is_told_too(world: World) -> None:
    await world.member(id_number=ID_NUMBER)
    await world.sql(
        "INSERT INTO invoice_use VALUES ('152001', 'AZY-900', $1, gen_random_uuid(), clock_timestamp())", OTHER_POOL
    )
    await enter(world, papers())
    (tried,) = (await world.pool("auditor", "GET", "/invoice-attempts")).json()["items"]
    assert tried["used_pool_code"] == OTHER_POOL
