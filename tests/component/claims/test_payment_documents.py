"""How a hospital is paid: its document decided by the agency, its month and year stated and signed by both sides."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.claims.visits import paid
from shared.db.counting import count_statements
from shared.kernel.ids import from_base32
from tests.component.claims.test_increases import released as reviewed_and_released
from tests.component.claims.test_increases_reversed import confirmed, let
from tests.component.claims.world import COUNTY, OTHER_POOL, POOL, TOWNSHIP, World, line

YAML = {"Content-Type": "application/yaml"}
DOCUMENT = f"""payment: dafang-county-2010
title: 大方县人民医院住院费用支付办法
pool: "{POOL}"
institution: {COUNTY}
kind: inpatient
effective_from: 2010-11-01
source: {{title: 服务协议, verified_on: 2010-10-20}}
clause: 按协议
monthly_share: 90%
method: {{by: item}}
diseases:
  pneumonia: {{name: 肺炎, diseases: [J18.9], way: fixed, price: 1200, fund_share: 80%, clause: 单病种定额}}
  appendix: {{name: 阑尾炎, diseases: [K35], way: limit, price: 4000, fund_share: 75%, clause: 单病种限额}}
over: {{share: 50%, up_to: 20%}}
under: {{share: 30%, up_to: 3%}}
"""
BY_POINTS = DOCUMENT[: DOCUMENT.index("method:")] + (
    "method: {by: points, point_value: 500, weights: {ES13: 1.25}, unlisted: 0.5}\n"
)
DECISION = {"document_number": "方合管协〔2010〕9号", "decided_on": "2010-10-28"}
DECEMBER = datetime(2010, 12, 5, 1, 0, tzinfo=UTC)
NOVEMBER, JANUARY = datetime(2010, 11, 20, 1, 0, tzinfo=UTC), datetime(2011, 1, 5, 1, 0, tzinfo=UTC)
STAY = {"admitted": "2010-11-02T09:00", "discharged": "2010-11-08T10:00"}


async def submitted(world: World, text: str = DOCUMENT, role: str = "insurer_manager", **who: Any) -> httpx.Response:
    return await world.pool(role, "POST", "/payment-documents", content=text.encode(), headers=dict(YAML), **who)


async def decided(world: World, text: str = DOCUMENT) -> str:
    made = await submitted(world, text)
    assert (made.status_code, made.json()["status"]) == (201, "proposed"), made.text
    path = f"/payment-documents/{made.json()['id']}"
    assert (await world.pool("county_recheck", "POST", f"{path}/check")).status_code == 200
    answer = await world.pool("county_director", "POST", f"{path}/decision", json=DECISION)
    assert (answer.status_code, answer.json()["status"]) == (200, "decided"), answer.text
    return str(made.json()["id"])


async def released(world: World) -> list[str]:
    """Three cases of November: pneumonia, an appendix below its limit, another with 70 yuan cut in review."""
    claims = []
    for disease, amount, cut in (("J18.9", "1000.00", None), ("K35", "3000.00", None), ("I10", "1000.00", "70.00")):
        visit = await world.visit(await world.member(), diagnosis_code=disease, **STAY)
        claim = (await world.settle(visit, line("A1", amount))).json()
        cuts = [] if cut is None else [
            {"line": 1, "bearer": "hospital", "amount": "100.00", "fund_share": cut, "reason": "超价"}
        ]  # fmt: skip
        path = f"/claims/{claim['claim_id']}/approval"
        assert (await world.pool("insurer_reviewer", "POST", path, json={"cuts": cuts})).status_code == 200
        claims.append(claim["setl_id"])
    body = {"institution_code": COUNTY, "up_to": "2010-11-30"}
    assert (await world.pool("insurer_approver", "POST", "/cutoffs", json=body)).status_code == 201
    return claims


def month(day: str, **more: Any) -> dict[str, Any]:
    return {"institution_code": COUNTY, "kind": "inpatient", "month": day} | more


async def stated(world: World, body: dict[str, Any], **who: Any) -> httpx.Response:
    return await world.pool("county_recheck", "POST", "/payment-statements/months", json=body, **who)


@pytest.mark.parametrize("wrong", ["0000-01", "0001-01", "9999-12"])
async def test_a_month_that_is_none_is_refused(world: World, wrong: str) -> None:
    answer = await stated(world, month(wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text


async def signed(world: World, statement: str) -> None:
    path = f"/payment-statements/{statement}/signature"
    assert (await world.pool("county_director", "POST", path)).json()["status"] == "issued"
    assert (await world.pool("hospital", "POST", path)).json()["status"] == "agreed"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement("ZA-06", "cases with a fixed amount or a limit are stated to the hospital, month and year")
async def test_a_month_and_a_year_are_stated_and_signed(world: World) -> None:
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world)
    claims = await released(world)
    early = await stated(world, month("2010-11"))
    assert refused(early) == (409, "payment_period_open")
    world.clock.set(JANUARY)
    with count_statements() as counted:
        made = await stated(world, month("2010-11"))
    assert made.status_code == 201, made.text
    assert counted.total() <= 12
    shown = made.json()
    assert {one["what"]: one["due"] for one in shown["lines"]} == dict(
        zip(claims, ("960.00", "2250.00", "630.00"), strict=True)
    ), "1,200 × 80% whatever it cost; 3,000 × 75%; what patients got less the cut"
    figures = {name: shown[name] for name in ("cases", "due", "pay", "kept", "advanced", "status")}
    assert figures == {
        "cases": 3, "due": "3840.00", "pay": "3456.00", "kept": "384.00", "advanced": "3430.00", "status": "prepared",
    }  # fmt: skip
    words = (await world.pool("hospital", "GET", f"/payment-statements/{shown['statement_id']}/words")).text
    for said in ("医疗机构支付结算单 2010 年 11 月", "每例定额 1,200.00 元", f"{claims[1]}:1,2,250.00 元",
                 "应付合计 3,840.00 元,本月支付 3,456.00 元,留到年终清算 384.00 元"):  # fmt: skip
        assert said in words
    await signed(world, shown["statement_id"])

    december = (await stated(world, month("2010-12"))).json()
    year = {"institution_code": COUNTY, "kind": "inpatient", "year": 2010}
    path = "/payment-statements/years"
    waits = await world.pool("county_recheck", "POST", path, json=year)
    assert refused(waits) == (409, "payment_months_missing")
    assert "2010-12" in waits.json()["detail"]
    await signed(world, december["statement_id"])
    (cleared,) = (await world.pool("county_recheck", "POST", path, json=year)).json()
    figures = {
        name: cleared[name] for name in ("first_day", "last_day", "due", "advanced", "shared", "returned", "pay")
    }
    assert figures == {
        "first_day": "2010-11-01", "last_day": "2010-12-31", "due": "3840.00", "advanced": "3430.00",
        "shared": "0.00", "returned": "294.80", "pay": "89.20",
    }, "of a surplus of 410.00 the hospital keeps 30%, at most 3% of 3,840: 115.20"  # fmt: skip
    words = (await world.pool("auditor", "GET", f"/payment-statements/{cleared['statement_id']}/words")).text
    assert "结余退回基金 294.80 元" in words
    assert "清算应补付 89.20 元" in words
    await signed(world, cleared["statement_id"])
    assert await world.sql("SELECT 1 FROM claim WHERE benefit_fen <> 70000 AND benefit_fen <> 210000") == []


async def test_points_need_their_groups_and_are_cleared_at_their_value(world: World) -> None:
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world, BY_POINTS)
    claims = await released(world)
    world.clock.set(JANUARY)
    lacking = await stated(world, month("2010-11", groups={claims[0]: "ES13"}))
    assert refused(lacking) == (422, "payment_groups")
    unknown = await stated(world, month("2010-11", groups=dict.fromkeys(claims, "ES13") | {"0" * 26: "ES13"}))
    assert refused(unknown) == (422, "payment_groups")
    heads = await stated(world, month("2010-11", groups=dict.fromkeys(claims, "ES13"), heads=5))
    assert refused(heads) == (422, "payment_heads")
    groups = {claims[0]: "ES13", claims[1]: "ES13", claims[2]: "XX99"}
    made = (await stated(world, month("2010-11", groups=groups))).json()
    assert sorted((one["units"], one["due"]) for one in made["lines"]) == [
        ("0.5000", "250.00"), ("1.2500", "625.00"), ("1.2500", "625.00"),
    ]  # fmt: skip
    await signed(world, made["statement_id"])
    await signed(world, (await stated(world, month("2010-12"))).json()["statement_id"])
    year = {"institution_code": COUNTY, "kind": "inpatient", "year": 2010}
    path = "/payment-statements/years"
    assert refused(await world.pool("county_recheck", "POST", path, json=year)) == (422, "payment_point_value")
    (cleared,) = (await world.pool("county_recheck", "POST", path, json=year | {"point_value": "480.00"})).json()
    assert (cleared["due"], cleared["pay"]) == ("1440.00", "90.00"), "3 points at 480, less 90% of 1,500"


async def test_a_statement_is_withdrawn_before_the_hospital_signs(world: World) -> None:
    world.clock.set(NOVEMBER)
    await decided(world)
    world.clock.set(JANUARY)
    made = (await stated(world, month("2010-11"))).json()
    assert refused(await stated(world, month("2010-11"))) == (409, "payment_statement_exists")
    path = f"/payment-statements/{made['statement_id']}"
    early = await world.pool("hospital", "POST", f"{path}/signature")
    assert refused(early) == (409, "payment_statement_state")
    own = await world.pool("county_recheck", "POST", f"{path}/signature")
    assert refused(own) == (403, "four_eyes")
    home = await world.pool("county_director", "POST", f"{path}/signature", home_institution=COUNTY)
    assert refused(home) == (403, "conflict_of_interest")
    gone = await world.pool("county_director", "POST", f"{path}/withdrawal", json={"reason": "人数有误"})
    assert gone.json()["status"] == "withdrawn"
    world.clock.advance(timedelta(seconds=1))
    assert (await stated(world, month("2010-11"))).status_code == 201
    foreign = await world.pool("hospital", "GET", path, of=TOWNSHIP)
    assert refused(foreign) == (404, "payment_statement_unknown"), "another hospital does not see it"
    listed = (await world.pool("hospital", "GET", "/payment-statements")).json()["items"]
    assert [one["status"] for one in listed] == ["prepared", "withdrawn"]
    assert (await world.pool("hospital", "GET", "/payment-statements", of=TOWNSHIP)).json()["items"] == []
    signed_by_both = listed[0]["statement_id"]
    await signed(world, signed_by_both)
    late = await world.pool(
        "county_director", "POST", f"/payment-statements/{signed_by_both}/withdrawal", json={"reason": "x"}
    )
    assert refused(late) == (409, "payment_statement_state")
    none = await stated(world, month("2010-10"))
    assert refused(none) == (409, "not_paid_by_document")


@pytest.mark.requirement("ZZ-49", "the insurer proposes how a hospital is paid and decides nothing of it")
async def test_who_decides_a_payment_document(world: World) -> None:
    world.clock.set(NOVEMBER)
    made = (await submitted(world)).json()
    path = f"/payment-documents/{made['id']}"
    for role in ("insurer_manager", "insurer_finance", "hospital"):
        for step, body in (("check", None), ("decision", DECISION)):
            answer = await world.pool(role, "POST", f"{path}/{step}", json=body)
            assert refused(answer) == (403, "forbidden_role")
    assert refused(await world.pool("county_director", "POST", f"{path}/decision", json=DECISION)) == (
        409,
        "policy_state",
    )
    tied = await world.pool("county_recheck", "POST", f"{path}/check", home_institution=COUNTY)
    assert refused(tied) == (403, "conflict_of_interest")
    assert (await world.pool("county_recheck", "POST", f"{path}/check")).status_code == 200
    ahead = await world.pool(
        "county_director", "POST", f"{path}/decision", json=DECISION | {"decided_on": "2011-01-01"}
    )
    assert refused(ahead) == (422, "decided_in_the_future")
    assert refused(await submitted(world)) == (409, "payment_document_known")
    world.clock.advance(timedelta(seconds=1))
    own = (await submitted(world, DOCUMENT.replace("90%", "85%"), "county_director", subject="li")).json()
    assert own["status"] == "draft"
    mine = await world.pool("county_director", "POST", f"/payment-documents/{own['id']}/check", subject="li")
    assert refused(mine) == (403, "four_eyes")
    detail = (await world.pool("hospital", "GET", path)).json()
    assert "每例限额 4,000.00 元" in detail["words"]
    assert (await world.pool("hospital", "GET", f"{path}/words")).text == detail["words"]
    assert refused(await world.pool("hospital", "GET", path, of=TOWNSHIP)) == (404, "payment_document_unknown")
    listed = (await world.pool("auditor", "GET", f"/payment-documents?institution_code={COUNTY}&limit=1")).json()
    assert [one["id"] for one in listed["items"]] == [own["id"]]
    assert listed["next_cursor"]


BAD = [
    (DOCUMENT.replace(f'"{POOL}"', f'"{OTHER_POOL}"'), 422, "payment_document_of_another_pool"),
    (DOCUMENT.replace(COUNTY, "H52242200009"), 404, "agreement_unknown"),
    (DOCUMENT.replace("monthly_share: 90%", "monthly_share: 190%"), 422, "policy_document_invalid"),
    (DOCUMENT.replace("2010-11-01", "2010-11-02"), 422, "policy_document_invalid"),
    (DOCUMENT.replace("[K35]", "[J18.9]"), 422, "policy_document_invalid"),
]


async def test_bad_documents_name_their_line_and_move_nothing(world: World) -> None:
    for text, status, code in BAD:
        answer = await submitted(world, text)
        assert refused(answer) == (status, code), text
        if code == "policy_document_invalid":
            changed = {a for a, b in zip(text.splitlines(), DOCUMENT.splitlines(), strict=True) if a != b}
            assert text.splitlines()[answer.json()["errors"][0]["line"] - 1] in changed
    assert await world.sql("SELECT 1 FROM payment_document") == []
    accepted = (
        await submitted(world, DOCUMENT.replace("clause: 按协议", "illustrative: true\nclause: 按协议", 1))
    ).json()
    path = f"/payment-documents/{accepted['id']}"
    await world.pool("county_recheck", "POST", f"{path}/check")
    body = DECISION | {"decided_on": "2010-02-01"}
    answer = await world.pool("county_director", "POST", f"{path}/decision", json=body)
    assert refused(answer) == (422, "payment_document_illustrative")
    taken = await world.pool("county_director", "POST", f"{path}/decision", json=body | {"accept_illustrative": True})
    assert taken.json()["status"] == "decided"
    with pytest.raises(Exception, match="does not change"):
        await world.sql("UPDATE payment_document SET title = 'x'")
    assert from_base32(accepted["id"])


async def test_a_stay_in_parts_is_one_case_and_the_window_s_is_none(world: World) -> None:
    """Two parts of one stay at one price; what a patient paid in full is no business of the hospital's statement."""
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world)
    stay = await world.visit(await world.member(), admitted=STAY["admitted"], discharged=None)
    midway = {"midway": True, "lines": [line("A1", "1000.00")]}
    first = await world.pool("hospital", "POST", f"/visits/{stay}/settlement", json=midway)
    assert first.status_code == 201, first.text
    path = f"/pools/{POOL}/visits/{stay}/discharge"
    left = await world.call("hospital", "POST", path, json={"discharged_at": STAY["discharged"]})
    assert left.status_code < 300, left.text
    last = await world.settle(stay, line("A2", "500.00"))
    assert last.status_code == 201, last.text
    window = (await world.settle(await world.visit(await world.member(), **STAY), line("A1", "900.00"))).json()
    for claim in (first.json(), last.json(), window):
        path = f"/claims/{claim['claim_id']}/approval"
        assert (await world.pool("insurer_reviewer", "POST", path, json={"cuts": []})).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-11-30"}
    assert (await world.pool("insurer_approver", "POST", "/cutoffs", json=body)).status_code == 201
    await world.sql("UPDATE claim SET paid_to = 'person' WHERE id = $1", UUID(window["claim_id"]))
    world.clock.set(JANUARY)
    made = (await stated(world, month("2010-11"))).json()
    assert [(one["what"], one["due"]) for one in made["lines"]] == [(last.json()["setl_id"], "960.00")]
    assert (made["cases"], made["advanced"]) == (1, "1050.00"), "70% of 1,500 over both parts"


@pytest.mark.requirement("ZZ-14", "a case whose claim was reversed is taken off the hospital's statements, once")
async def test_a_reversed_case_is_taken_off_in_the_month_of_its_reversal(world: World) -> None:
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world)
    first, other = [await world.visit(await world.member(), diagnosis_code="J18.9", **STAY) for _ in range(2)]
    claim, stands = [(await world.settle(one, line("A1", "1000.00"))).json() for one in (first, other)]
    await reviewed_and_released(world, claim, stands, of=COUNTY)
    await confirmed(world, UUID(claim["claim_id"]), claim["payable"], paid.consumer)
    world.clock.set(DECEMBER)
    await world.heard()
    november = (await stated(world, month("2010-11"))).json()
    assert (november["cases"], november["due"], november["advanced"]) == (2, "1920.00", "1400.00")
    await signed(world, november["statement_id"])
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    again = (await world.settle(first, line("A1", "900.00"))).json()
    await reviewed_and_released(world, again, of=COUNTY)

    world.clock.set(JANUARY)
    made = (await stated(world, month("2010-12"))).json()
    lines = {one["what"]: (one["units"], one["due"]) for one in made["lines"]}
    assert lines.pop("reversed:2010-11") == ("1.0000", "-960.00")
    assert list(lines.values()) == [("1.0000", "960.00")]
    assert (made["cases"], made["due"], made["pay"], made["advanced"]) == (1, "0.00", "0.00", "-70.00")
    words = await world.pool("auditor", "GET", f"/payment-statements/{made['statement_id']}/words")
    assert "2010-11 已列、后来取消或冲销的病例:1,-960.00 元" in words.text
    await signed(world, made["statement_id"])
    body = {"institution_code": COUNTY, "kind": "inpatient", "year": 2010}
    (year,) = (await world.pool("county_recheck", "POST", "/payment-statements/years", json=body)).json()
    assert (year["cases"], year["due"], year["advanced"]) == (2, "1920.00", "1330.00"), "each stay once"


async def test_a_year_paid_by_two_documents_counts_a_reversed_case_where_it_was_counted(world: World) -> None:
    """The case of November, by the first document, is reversed in December, whose month the second prices."""
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world)
    since = "effective_from: 2010-11-01"
    assert since in DOCUMENT
    await decided(world, DOCUMENT.replace("county-2010", "county-2010b").replace(since, since[:-5] + "12-01"))
    visit = await world.visit(await world.member(), diagnosis_code="J18.9", **STAY)
    claim = (await world.settle(visit, line("A1", "1000.00"))).json()
    await reviewed_and_released(world, claim, of=COUNTY)
    await confirmed(world, UUID(claim["claim_id"]), claim["payable"], paid.consumer)
    world.clock.set(DECEMBER)
    await world.heard()
    await signed(world, (await stated(world, month("2010-11"))).json()["statement_id"])
    await let(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    world.clock.set(JANUARY)
    await signed(world, (await stated(world, month("2010-12"))).json()["statement_id"])
    body = {"institution_code": COUNTY, "kind": "inpatient", "year": 2010}
    years = (await world.pool("county_recheck", "POST", "/payment-statements/years", json=body)).json()
    shown = [(one["first_day"], one["cases"], one["due"]) for one in years]
    assert shown == [("2010-11-01", 0, "0.00"), ("2010-12-01", 0, "0.00")], "no case is less than none"


@pytest.mark.requirement("ZZ-14", "a stay whose refused last part is settled again is paid the hospital once")
async def test_a_stay_whose_refused_part_is_settled_again_is_one_case(world: World) -> None:
    """Part 1 is released, part 2 refused, the month signed; the hospital cancels part 2 and settles it again."""
    world.clock.set(NOVEMBER)
    await world.heard()
    await decided(world)
    stay = await world.visit(await world.member(), diagnosis_code="J18.9", admitted=STAY["admitted"], discharged=None)
    midway = {"midway": True, "lines": [line("A1", "1000.00")]}
    first = (await world.pool("hospital", "POST", f"/visits/{stay}/settlement", json=midway)).json()
    path = f"/pools/{POOL}/visits/{stay}/discharge"
    await world.call("hospital", "POST", path, json={"discharged_at": STAY["discharged"]})
    last = (await world.settle(stay, line("A2", "500.00"))).json()
    papers = {"ground": "papers", "bearer": "hospital", "note": "缺材料"}
    path = f"/claims/{last['claim_id']}/rejection"
    assert (await world.pool("insurer_reviewer", "POST", path, json=papers)).status_code == 200
    await reviewed_and_released(world, first, of=COUNTY)
    world.clock.set(DECEMBER)
    await world.heard()
    november = (await stated(world, month("2010-11"))).json()
    assert (november["cases"], november["due"]) == (1, "960.00")
    await signed(world, november["statement_id"])
    assert (await world.cancel(last["claim_id"])).json()["status"] == "cancelled"
    again = (await world.settle(stay, line("A2", "500.00"))).json()
    await reviewed_and_released(world, again, of=COUNTY)
    world.clock.set(JANUARY)
    made = (await stated(world, month("2010-12"))).json()
    lines = {one["what"]: (one["units"], one["due"]) for one in made["lines"]}
    assert lines.pop("reversed:2010-11") == ("1.0000", "-960.00")
    assert list(lines.values()) == [("1.0000", "960.00")]
    assert (made["cases"], made["due"]) == (1, "0.00"), "one fixed price for one stay"
    words = await world.pool("auditor", "GET", f"/payment-statements/{made['statement_id']}/words")
    assert "2010-11 已列、后来取消或冲销的病例:1,-960.00 元" in words.text
