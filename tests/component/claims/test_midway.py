"""A long stay settled in the middle: one admission, one deductible, one count, each part a claim of its own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.component.claims.world import World, line

# Dafang 2010 pays 70% at county level without a deductible; in the policy below 300 yuan stay with the patient.
POLICY = """
policy: midway-2010
title: 中途结算测试方案
scheme: nrcms
effective_from: 2010-01-05
source: decree
sources:
  decree: {title: 测试, issuer: 测试, number: 测1, verified_on: 2026-11-22}
parameters:
  year_by: {value: settlement, clause: 以当年内实际获得补偿金额累计计算}
layers:
  basic:
    name: 新农合
    payer: 新农合基金
    account: "1001.02"
    book: basic
    risk_bearer: pool
    clause: 补偿
    benefits:
      inpatient:
        name: 住院
        kind: inpatient
        account: "5001.01"
        rules:
          all: {name: 定点医院, when: {designation: designated}, deductible: 300, ratio: 70%, clause: 起付线三百元}
          birth: {name: 分娩定额, when: {designation: designated}, diseases: O80, fixed: 400, clause: 每例四百元}
          stones:
            name: 胆石症限额
            when: {designation: designated}
            diseases: K80
            limit: {amount: 4000, shared_up_to: 20%, share: 50%}
            ratio: 75%
            off_path_over: 20000
            clause: 限额四千元
          chronic:
            name: 分段
            when: {designation: designated}
            diseases: E11
            deductible: 300
            deductible_waived_from: 2
            bands: [{up_to: 1000, ratio: 50%}, {ratio: 70%}]
            clause: 分段补偿,第二次起免起付线
        caps:
          stay: {name: 每次住院封顶, amount: 5000, period: admission, clause: 每次五千元}
          year: {name: 全年封顶, amount: 60000, period: person_year, clause: 全年六万元}
"""


@pytest.fixture
async def stays(world: World) -> World:
    """A policy with a deductible and a cap an admission."""
    await put_in_force(world, POLICY)
    return world


async def put_in_force(world: World, policy: str) -> None:
    """The policy, checked and decided."""
    path, headers = "/pools/522422/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=policy.encode(), headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕1号", "decided_on": "2010-01-04", "accept_illustrative": []}
    answer = await world.call("county_director", "POST", f"{path}/decision", json=decision)
    assert answer.status_code == 200, answer.text


async def staying(world: World, member: UUID) -> str:
    return await world.visit(member, discharged=None)


async def upload(world: World, visit: str, amount: str) -> None:
    answer = await world.pool("hospital", "POST", f"/visits/{visit}/lines", json={"lines": [line("A1", amount)]})
    assert answer.status_code == 201, answer.text


async def midway(world: World, visit: str, *lines: dict[str, Any]) -> Any:
    body: dict[str, Any] = {"midway": True} | ({"lines": list(lines)} if lines else {})
    return await world.pool("hospital", "POST", f"/visits/{visit}/settlement", json=body)


async def discharge(world: World, visit: str) -> None:
    body = {"discharged_at": "2010-03-01T08:00"}
    answer = await world.pool("hospital", "POST", f"/visits/{visit}/discharge", json=body)
    assert answer.status_code == 200, answer.text


def told(claim: dict[str, Any]) -> tuple[Any, ...]:
    return claim["part"], claim["midway"], claim["total"], claim["benefit"]


async def test_one_deductible_and_one_cap_for_all_parts(stays: World) -> None:
    member = await stays.member()
    visit = await staying(stays, member)
    await upload(stays, visit, "200.00")
    first = await midway(stays, visit)
    assert first.status_code == 201, first.text
    assert told(first.json()) == (1, True, "200.00", "0.00"), "all of it is below the deductible"
    await upload(stays, visit, "1000.00")
    quoted = await stays.pool("hospital", "POST", f"/visits/{visit}/quote", json={})
    assert quoted.json()["benefit"] == "630.00", "(1,000 - what is left of the deductible, 100) x 70%"
    second = await midway(stays, visit)
    assert told(second.json()) == (2, True, "1000.00", "630.00")
    await upload(stays, visit, "10000.00")
    await discharge(stays, visit)
    last = (await stays.settle(visit)).json()
    assert told(last) == (3, False, "10000.00", "4370.00"), "5,000 an admission, of which 630 are paid"
    assert (await stays.used(member))["basic.inpatient.benefit"] == 500_000
    whole = await stays.settled(await stays.member(), "11200.00")
    assert whole["benefit"] == "5000.00", "the same stay in one settlement"
    again = await midway(stays, visit, line("A1", "1.00"))
    assert (again.status_code, again.json()["code"]) == (409, "visit_settled")


async def test_parts_are_taken_back_from_the_last(stays: World) -> None:
    member = await stays.member()
    visit = await staying(stays, member)
    await upload(stays, visit, "1000.00")
    first = (await midway(stays, visit)).json()
    await upload(stays, visit, "2000.00")
    second = (await midway(stays, visit)).json()
    assert (first["benefit"], second["benefit"]) == ("490.00", "1400.00")
    early = await stays.cancel(first["claim_id"])
    assert (early.status_code, early.json()["code"]) == (409, "later_claim")
    assert second["claim_id"] in early.json()["detail"]
    assert (await stays.cancel(second["claim_id"])).status_code == 200
    assert (await stays.cancel(first["claim_id"])).status_code == 200
    assert await stays.used(member) == {}, "exactly what was added is taken back"
    await discharge(stays, visit)
    whole = (await stays.settle(visit)).json()
    assert told(whole) == (1, False, "3000.00", "1890.00"), "all uploads are open again: (3,000 - 300) x 70%"


@pytest.mark.requirement("ZA-06", "fixed amounts and limits are those of the admission, however often it is settled")
@pytest.mark.parametrize(
    ("disease", "parts", "whole"),
    [
        ("O80.000", ["400.00", "0.00", "0.00"], "400.00"),
        ("K80.200", ["750.00", "1500.00", "1050.00"], "3300.00"),
        ("E11", ["350.00", "1340.00", "2100.00"], "3790.00"),
    ],
)
async def test_parts_pay_together_what_one_settlement_pays(
    stays: World, disease: str, parts: list[str], whole: str
) -> None:
    """1,000, 2,000 and 3,000: a fixed amount, a limit (4,000 and half of 800 at 75%), a deductible and bands."""
    member = await stays.member()
    visit = await stays.visit(member, discharged=None, diagnosis_code=disease)
    paid = []
    for amount in ("1000.00", "2000.00"):
        await upload(stays, visit, amount)
        paid.append((await midway(stays, visit)).json())
    await upload(stays, visit, "3000.00")
    quoted = await stays.pool("hospital", "POST", f"/visits/{visit}/quote", json={})
    await discharge(stays, visit)
    paid.append((await stays.settle(visit)).json())
    assert [one["benefit"] for one in paid] == parts
    assert quoted.json()["benefit"] == parts[-1]
    slip = await stays.pool("hospital", "GET", f"/claims/{paid[-1]['claim_id']}/slip")
    assert "此前已中途结算:可补偿费用 3,000.00 元" in slip.text and "整次住院减去此前各次:" in slip.text
    once = await stays.visit(await stays.member(), diagnosis_code=disease)
    assert (await stays.settle(once, line("A1", "6000.00"))).json()["benefit"] == whole
    await stays.cancel(paid[-1]["claim_id"])
    again = (await stays.settle(visit)).json()
    assert again["benefit"] == parts[-1], "what is taken back leaves what the parts before it said"


async def test_only_a_stay_that_goes_on_is_settled_midway(stays: World) -> None:
    member = await stays.member()
    outpatient = await stays.visit(member, kind="outpatient")
    left = await stays.visit(member)
    for visit in (outpatient, left):
        answer = await midway(stays, visit, line("A1", "100.00"))
        assert (answer.status_code, answer.json()["code"]) == (409, "not_midway")
    visit = await staying(stays, member)
    nothing = await midway(stays, visit)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "bill_empty"), nothing.text
    assert (await midway(stays, visit, line("A1", "500.00"))).json()["benefit"] == "140.00"
    early = await stays.settle(visit, line("A1", "500.00"))
    assert early.json()["code"] == "visit_not_discharged"
    given = {"scheme": "390", "settlement": "S-1", "id_number": "522422197005010017", "total": "500.00",
             "eligible": "500.00", "benefit": "100.00"}  # fmt: skip
    entered = await stays.pool("hospital", "PUT", f"/visits/{visit}/elsewhere", json=given)
    assert entered.json()["code"] == "visit_settled"


async def test_a_stay_over_the_end_of_the_year(stays: World) -> None:
    """Counted by the day of settlement: each part counts in its year, and the deductible is taken once."""
    member = await stays.member()
    stays.clock.advance(timedelta(days=300))  # 26 December
    await stays.member()  # the worker makes the months' partitions
    visit = await stays.visit(member, admitted="2010-12-20T09:00", discharged=None)
    await upload(stays, visit, "1300.00")
    first = (await midway(stays, visit)).json()
    stays.clock.advance(timedelta(days=20))
    await stays.member()
    await upload(stays, visit, "1000.00")
    body = {"discharged_at": "2011-01-14T08:00"}
    assert (await stays.pool("hospital", "POST", f"/visits/{visit}/discharge", json=body)).status_code == 200
    last = (await stays.settle(visit)).json()
    assert (first["benefit"], last["benefit"]) == ("700.00", "700.00"), "300 are taken once"
    assert (first["benefit_year"], last["benefit_year"]) == (2010, 2011)


async def test_a_deductible_that_was_waived_stays_waived_over_the_year(stays: World) -> None:
    """The second admission of 2010 pays none; in 2011 its rest would be the first of that year."""
    member = await stays.member()
    first = await stays.visit(member, diagnosis_code="E11")
    assert (await stays.settle(first, line("A1", "1300.00"))).json()["benefit"] == "500.00"
    stays.clock.advance(timedelta(days=300))  # 26 December
    await stays.member()
    visit = await stays.visit(member, admitted="2010-12-20T09:00", discharged=None, diagnosis_code="E11")
    await upload(stays, visit, "1000.00")
    assert (await midway(stays, visit)).json()["benefit"] == "500.00"
    stays.clock.advance(timedelta(days=20))
    await stays.member()
    await upload(stays, visit, "1000.00")
    body = {"discharged_at": "2011-01-14T08:00"}
    assert (await stays.pool("hospital", "POST", f"/visits/{visit}/discharge", json=body)).status_code == 200
    last = (await stays.settle(visit)).json()
    assert (last["benefit_year"], last["benefit"]) == (2011, "700.00")


async def test_two_parts_at_once_are_one_after_the_other(stays: World) -> None:
    """The same upload is never settled twice, whichever of two requests comes first."""

    member = await stays.member()
    visit = await staying(stays, member)
    await upload(stays, visit, "1000.00")
    answers = await asyncio.gather(midway(stays, visit), midway(stays, visit))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    (refused,) = [answer.json()["code"] for answer in answers if answer.status_code == 422]
    assert refused == "bill_empty"
    assert (await stays.used(member))["basic.inpatient.benefit"] == 49_000


async def test_an_upload_that_a_part_stands_on_is_not_withdrawn(stays: World) -> None:
    visit = await staying(stays, await stays.member())
    await upload(stays, visit, "1000.00")
    part = (await midway(stays, visit)).json()
    await upload(stays, visit, "500.00")
    settled = await stays.pool("hospital", "POST", f"/visits/{visit}/lines/1/withdrawal")
    assert (settled.status_code, settled.json()["code"]) == (409, "visit_settled")
    assert part["claim_id"] in settled.json()["detail"]
    open_one = await stays.pool("hospital", "POST", f"/visits/{visit}/lines/2/withdrawal")
    assert open_one.status_code == 200, open_one.text
    assert (await midway(stays, visit)).json()["code"] == "bill_empty"


async def test_a_part_that_was_no_care_of_his_leaves_the_rest_whole(stays: World) -> None:
    """Its 490 take nothing of the 5,000 that an admission may have."""
    visit = await staying(stays, await stays.member())
    first = (await midway(stays, visit, line("A1", "1000.00"))).json()
    assert first["benefit"] == "490.00"
    why = {"ground": "fictitious", "bearer": "hospital", "note": "没有这次治疗"}
    path = f"/claims/{first['claim_id']}/rejection"
    assert (await stays.pool("insurer_reviewer", "POST", path, json=why)).status_code == 200
    await discharge(stays, visit)
    rest = (await stays.settle(visit, line("A1", "10000.00"))).json()
    assert rest["benefit"] == "5000.00"
