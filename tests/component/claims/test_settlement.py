"""A settlement from registration to record: amounts, rows, replay, refusals."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.claims.visits.claims_api import ClaimOut
from tests.component.claims.world import COUNTY, OTHER_POOL, POOL, SUSPENDED, TOWNSHIP, World, line


async def test_an_inpatient_is_settled_at_the_bedside(world: World) -> None:
    member = await world.member()
    visit = await world.visit(member)
    answer = await world.settle(visit, line("A1", "9000.00"), line("C1", "500.00"), line("X9", "500.00"))
    assert answer.status_code == 201, answer.text
    claim = answer.json()
    assert ClaimOut.model_validate(claim)
    assert (claim["total"], claim["eligible"], claim["benefit"], claim["patient"]) == (
        "10000.00",
        "9000.00",
        "6300.00",
        "3700.00",
    )
    assert (claim["status"], claim["outcome"], claim["policy_id"]) == ("settled", "settled", "dafang-2010")
    assert await world.used(member) == {"basic.inpatient.benefit": 630000}
    shown = await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}")
    assert shown.json() == claim
    (event,) = await world.sql("SELECT * FROM outbox WHERE topic = 'heyi.claims.claim.v1'")
    envelope = json.loads(event["envelope"])
    assert (event["subject"], event["sequence"], event["amount_fen"]) == (claim["claim_id"], 1, 630000)
    assert envelope["data"]["layers"][0]["amount"] == "6300.00"
    (row,) = await world.sql("SELECT * FROM audit WHERE action = 'settle_visit'")
    assert (row["outcome"], row["resource_id"], row["subject"]) == ("done", claim["claim_id"], "hospital-1")


async def test_the_record_shows_lines_trace_and_slip(world: World) -> None:
    named = {"valid_from": "2010-02-01", "name": "大方县人民医院", "level": "county", "area_code": POOL}
    body = named | {"ownership": "public"}
    assert (await world.call("county_director", "PUT", f"/institutions/{COUNTY}", json=body)).status_code == 200
    visit = await world.visit(await world.member())
    claim = (await world.settle(visit, line("A1", "300.00"), line("X9", "20.00"))).json()
    path = f"/claims/{claim['claim_id']}"
    trace = (await world.pool("auditor", "GET", f"{path}/trace")).json()
    assert [(one["item_code"], one["eligible"], one["reason"]) for one in trace["lines"]] == [
        ("A1", "300.00", "eligible"),
        ("X9", "0.00", "not_in_catalogue"),
    ]
    assert [step["step"] for step in trace["trace"]] == ["lines", "rule", "deductible", "ratio", "cap", "layer"]
    slip = await world.pool("hospital", "GET", f"{path}/slip")
    assert slip.headers["content-type"].startswith("text/plain")
    assert "300.00 × 70% = 210.00 元" in slip.text
    assert "个人负担:320.00 − 210.00 = 110.00" in slip.text
    assert claim["setl_id"] in slip.text
    assert f"医疗机构:大方县人民医院({COUNTY})\n姓名:王**\n" in slip.text, "hospital and person by name"
    world.enrollment.silent = True
    unnamed = await world.pool("hospital", "GET", f"{path}/slip")
    assert "\n姓名:________\n" in unnamed.text, "without enrollment's answer the name is written by hand"


async def test_uploaded_lines_are_settled(world: World) -> None:
    visit = await world.visit(await world.member())
    for amount in ("10.00", "20.50"):
        answer = await world.pool("hospital", "POST", f"/visits/{visit}/lines", json={"lines": [line("A1", amount)]})
        assert answer.status_code == 201, answer.text
    assert (answer.json()["sheet"], answer.json()["lines"], answer.json()["total"]) == (2, 2, "30.50")
    refused = await world.settle(visit, line())
    assert (refused.status_code, refused.json()["code"]) == (422, "bill_twice")
    claim = (await world.settle(visit)).json()
    assert (claim["total"], claim["benefit"]) == ("30.50", "21.35")
    late = await world.pool("hospital", "POST", f"/visits/{visit}/lines", json={"lines": [line()]})
    assert (late.status_code, late.json()["code"]) == (409, "visit_settled")


async def test_a_quote_tells_and_stores_nothing(world: World) -> None:
    visit = await world.visit(await world.member(), discharged=None)
    before = await world.counts()
    quote = await world.pool("hospital", "POST", f"/visits/{visit}/quote", json={"lines": [line("A1", "1000.00")]})
    assert quote.status_code == 200, quote.text
    assert (quote.json()["benefit"], quote.json()["decision"]["outcome"]) == ("700.00", "settled")
    assert "700.00" in quote.json()["slip"]
    assert await world.counts() == before


async def test_the_same_key_answers_the_same(world: World) -> None:
    visit = await world.visit(await world.member())
    first = await world.settle(visit, line(), key="settle-1")
    before = await world.counts()
    again = await world.settle(visit, line(), key="settle-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await world.settle(visit, line("A1", "99.00"), key="settle-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    second = await world.settle(visit, line(), key="settle-2")
    assert (second.status_code, second.json()["code"]) == (409, "visit_settled")
    assert await world.counts() == before


async def test_a_replay_needs_neither_coverage_nor_enrollment(world: World) -> None:
    visit = await world.visit(await world.member())
    first = await world.settle(visit, line(), key="settle-1")
    await world.sql("DELETE FROM stream_heartbeat")
    world.enrollment.silent = True
    assert (await world.settle(visit, line(), key="settle-1")).content == first.content


async def test_a_refusal_frees_its_key(world: World) -> None:
    visit = await world.visit(await world.member(), discharged=None)
    refused = await world.settle(visit, line(), key="settle-1")
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_not_discharged")
    body = {"discharged_at": "2010-02-27T10:00"}
    assert (await world.pool("hospital", "POST", f"/visits/{visit}/discharge", json=body)).status_code == 200
    assert (await world.settle(visit, line(), key="settle-1")).status_code == 201


BAD_LINES = [
    (line(amount="100.02", price="100.00"), "line_amount"),
    (line(amount="-1.00", price="1.00", quantity="-1"), "line_negative"),
    (line(amount="0.00", price="0"), "bill_empty"),
    (line() | {"amount": 100}, "invalid_request"),
    (line() | {"price": 1.5}, "invalid_request"),
    (line() | {"amount": "1.5"}, "invalid_request"),
    (line() | {"colour": "red"}, "invalid_request"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_LINES)
async def test_a_bad_line_is_refused_and_nothing_moves(world: World, bad: dict[str, Any], code: str) -> None:
    visit = await world.visit(await world.member())
    before = await world.counts()
    answer = await world.settle(visit, *([line()] if code != "bill_empty" else []), bad)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    if code.startswith("line"):
        assert "2" in answer.json()["detail"], "the line is named"
    assert await world.counts() == before


async def test_one_fen_off_is_the_hospitals(world: World) -> None:
    visit = await world.visit(await world.member())
    lines = [line(price="0.333333", quantity="3", amount="1.00"), line(price="3.333", quantity="3", amount="10.01")]
    claim = (await world.settle(visit, *lines)).json()
    assert claim["total"] == "11.01"


async def test_bad_visits_are_refused(world: World) -> None:
    member = await world.member()
    visit = await world.visit(member, discharged=None)
    path = f"/visits/{visit}/discharge"
    early = await world.pool("hospital", "POST", path, json={"discharged_at": "2010-02-19T10:00"})
    assert (early.status_code, early.json()["code"]) == (422, "discharge_before_admission")
    ahead = await world.pool("hospital", "POST", path, json={"discharged_at": "2010-03-01T09:11"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "time_ahead")
    wrong = await world.pool("hospital", "POST", path, json={"discharged_at": "2010-02-30T10:00"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_time")
    answer = await world.settle(str(UUID(int=7)), line())
    assert (answer.status_code, answer.json()["code"]) == (404, "visit_unknown")


async def test_registering_again(world: World) -> None:
    member = await world.member()
    body = {
        "institution_code": COUNTY,
        "institution_number": "ZY1",
        "member_id": str(member),
        "kind": "inpatient",
        "admitted_at": "2010-02-20T09:00",
        "diagnosis_code": "J18.9",
        "diagnosis_name": "肺炎",
    }
    path = f"/visits/{UUID(int=8)}"
    assert (await world.pool("hospital", "PUT", path, json=body)).status_code == 201
    assert (await world.pool("hospital", "PUT", path, json=body)).status_code == 200
    other = await world.pool("hospital", "PUT", path, json=body | {"kind": "outpatient"})
    assert (other.status_code, other.json()["code"]) == (409, "visit_exists")
    taken = await world.pool("hospital", "PUT", f"/visits/{UUID(int=9)}", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "visit_number_used")
    theirs = await world.pool("hospital", "PUT", f"/visits/{UUID(int=9)}", json=body, of=TOWNSHIP)
    assert (theirs.status_code, theirs.json()["code"]) == (403, "forbidden_institution")
    barred = body | {"institution_code": SUSPENDED, "institution_number": "ZY2"}
    answer = await world.pool("hospital", "PUT", f"/visits/{UUID(int=9)}", json=barred, of=SUSPENDED)
    assert (answer.status_code, answer.json()["code"]) == (422, "refused_institution_suspended")


@pytest.mark.requirement("WC-10", "patients admitted before a suspension are settled to discharge, new ones refused")
async def test_who_was_admitted_before_a_suspension_is_settled_after_it(world: World) -> None:
    member = await world.member()
    stay = {"of": SUSPENDED, "admitted": "2010-01-31T09:00", "discharged": "2010-02-10T09:00"}
    claim = await world.settled(member, "1000.00", **stay)
    assert (claim["benefit"], claim["settled_on"]) == ("800.00", "2010-03-01")


async def test_a_hospital_sees_its_own_only(world: World) -> None:
    claim = await world.settled(await world.member())
    for path in (f"/claims/{claim['claim_id']}", f"/visits/{claim['visit_id']}"):
        assert (await world.pool("hospital", "GET", path, of=TOWNSHIP)).status_code == 404
    assert (await world.pool("hospital", "GET", "/claims", of=TOWNSHIP)).json()["items"] == []
    assert len((await world.pool("hospital", "GET", "/claims")).json()["items"]) == 1
    assert (await world.cancel(claim["claim_id"], of=TOWNSHIP)).status_code == 404
    assert (await world.settle(claim["visit_id"], line(), of=TOWNSHIP)).json()["code"] == "visit_unknown"
    other = await world.call("hospital", "GET", f"/pools/{OTHER_POOL}/claims")
    assert other.status_code == 403


async def test_lists_and_totals(world: World) -> None:
    member = await world.member()
    claims = [await world.settled(member, "100.00") for _ in range(3)]
    await world.cancel(claims[0]["claim_id"])
    first = (await world.pool("auditor", "GET", "/claims?limit=2")).json()
    second = (await world.pool("auditor", "GET", f"/claims?limit=2&cursor={first['next_cursor']}")).json()
    shown = [one["claim_id"] for one in (*first["items"], *second["items"])]
    assert shown == sorted((one["claim_id"] for one in claims), reverse=True)
    assert second["next_cursor"] is None
    settled = (await world.pool("auditor", "GET", "/claims?status=settled&day=2010-03-01")).json()["items"]
    assert len(settled) == 2
    totals = (await world.pool("auditor", "GET", "/totals?from=2010-03-01&to=2010-03-01")).json()
    assert (totals["count"], totals["benefit"]) == (3, "210.00")
    assert {one["status"]: one["payable"] for one in totals["states"]} == {"cancelled": "0.00", "settled": "140.00"}


async def test_a_line_that_no_amount_holds_is_refused_by_its_number(world: World) -> None:
    visit = await world.visit(await world.member())
    huge = {"item_code": "A1", "item_name": "项目A1", "price": "9999999999", "quantity": "9999999999"}
    for verb in ("lines", "quote", "settlement"):
        body = {"lines": [line("A1", "1.00"), huge]}
        answer = await world.pool("hospital", "POST", f"/visits/{visit}/{verb}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "line_too_large"), verb
        assert "第 2 行" in answer.json()["detail"]


async def test_an_accident_waits_for_the_inquiry(world: World) -> None:
    visit = await world.visit(await world.member(), accident=True)
    answer = await world.settle(visit, line())
    assert (answer.status_code, answer.json()["code"]) == (422, "refused_third_party_pending")


async def test_a_lookup_by_id_number(world: World) -> None:
    number = "52242219700501123X"
    member = await world.member(id_number=number)
    await world.settled(member, "1000.00")
    answer = await world.pool("hospital", "POST", "/lookups", json={"id_number": number.lower()})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["member_id"], found["covered"], found["name"]) == (str(member), True, "王**")
    left = {one["cap"]: one["remaining"] for one in found["remaining"] if one["kind"] == "inpatient"}
    assert "59300.00" in left.values()
    unknown = await world.pool("hospital", "POST", "/lookups", json={"id_number": "522422197005011248"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_unknown")
    (row,) = await world.sql("SELECT * FROM audit WHERE action = 'look_up_member' AND outcome = 'read'")
    assert number not in json.dumps(dict(row), default=str)


@pytest.mark.parametrize(
    "written", ["110105491231002", " 110105-491231-002", "１１０１０５４９１２３１００２", "11010519491231002x"]
)
async def test_a_number_of_the_first_generation_finds_its_member(world: World, written: str) -> None:
    member = await world.member(id_number="11010519491231002X")
    answer = await world.pool("hospital", "POST", "/lookups", json={"id_number": written})
    assert (answer.status_code, answer.json().get("member_id")) == (200, str(member))


async def test_settlements_of_one_person_see_each_other(world: World) -> None:
    member = await world.member()
    first = await world.settled(member, "80000.00")
    assert first["benefit"] == "56000.00"
    second = await world.settled(member, "80000.00", of=TOWNSHIP)
    assert (second["benefit"], second["outcome"]) == ("4000.00", "capped")
    third = await world.settled(member, "100.00")
    assert (third["benefit"], third["outcome"]) == ("0.00", "cap_exhausted")
    assert await world.used(member) == {"basic.inpatient.benefit": 6000000}


def test_the_pool_is_the_demo_countys() -> None:
    assert POOL == "522422"


DIRECT_BODIES = [
    {"lines": []},
    {"lines": [{"item_code": "A1"}]},
    {"lines": [line() | {"day": "2010-13-01"}]},
    {"lines": [line() | {"price": "1.1234567"}]},
    {"lines": [line() | {"quantity": "x"}]},
    {"lines": [line() | {"item_code": ""}]},
    {"lines": "none"},
    {"other": 1},
    [],
]


@pytest.mark.parametrize("body", DIRECT_BODIES)
async def test_the_short_way_refuses_what_the_declared_form_refuses(world: World, body: Any) -> None:
    """The quote goes through the declared model, the settlement through its own schema: both tell the same."""
    visit = await world.visit(await world.member())
    told = [
        await world.pool("hospital", "POST", f"/visits/{visit}/{verb}", json=body) for verb in ("quote", "settlement")
    ]
    assert [answer.status_code for answer in told] == [422, 422]
    quote, settlement = (answer.json() for answer in told)
    assert quote["code"] == settlement["code"] == "invalid_request"
    assert [one["at"] for one in quote["errors"]] == [one["at"] for one in settlement["errors"]]


async def test_the_slip_as_a_paper(world: World) -> None:
    visit = await world.visit(await world.member())
    claim = (await world.settle(visit, line("A1", "300.00"), line("X9", "20.00"))).json()
    path = f"/claims/{claim['claim_id']}/slip.pdf"
    answer = await world.pool("hospital", "GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert b"/FontFile" in answer.content
    assert (await world.pool("auditor", "GET", path)).content == answer.content, "the same each time"
    seen = await world.sql("SELECT * FROM audit WHERE action = 'read_slip'")
    assert {(one["outcome"], one["resource_id"]) for one in seen} == {("read", claim["claim_id"])}
    assert sorted(one["subject"] for one in seen) == ["auditor-1", "hospital-1"]
    world.enrollment.silent = True
    unnamed = await world.pool("hospital", "GET", path)
    assert unnamed.status_code == 200
    assert unnamed.content != answer.content, "without enrollment's answer the name is left to be written"
    other = await world.pool("hospital", "GET", path, of=TOWNSHIP)
    assert (other.status_code, other.json()["code"]) == (404, "claim_unknown")


async def test_the_slip_of_a_cancelled_claim_is_void(world: World) -> None:
    claim = (await world.settle(await world.visit(await world.member()), line("A1", "300.00"))).json()
    path = f"/claims/{claim['claim_id']}/slip"
    before = [(await world.pool("hospital", "GET", one)).content for one in (path, f"{path}.pdf")]
    await world.cancel(claim["claim_id"])
    after = [(await world.pool("hospital", "GET", one)).content for one in (path, f"{path}.pdf")]
    assert "作废" not in before[0].decode()
    assert after[0].decode().count("作废") == 3, "in the title, above and below the sum"
    assert after[1] != before[1]
