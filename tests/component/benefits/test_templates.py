"""The city's templates: written, checked and decided by the city, inherited by its counties (ZZ-07)."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.claims.benefits.library import text_of
from services.claims.benefits.queries import policy_for
from services.claims.benefits.quote import Question, quote
from shared.db.scope import Scope, transaction
from tests.component.benefits.conftest import POOL, Office

COUNTY, ELSEWHERE = "410182", "522422"
YAML = {"Content-Type": "application/yaml"}
CODE = "zhengzhou-2012"
TEMPLATE = (
    text_of("zhengzhou-2011")
    .replace("policy: zhengzhou-2011", f"policy: {CODE}")
    .replace("effective_from: 2011-05-12", "effective_from: 2010-01-01")
    .replace("deductible: 300, ratio: 65%", "deductible: 300, ratio: 66%")
)
CHILD = """
policy: xingyang-2012
inherits: zhengzhou-2012
title: 荥阳市新型农村合作医疗补偿方案
pools: ["410182"]
layers:
  basic:
    benefits:
      inpatient:
        rules:
          township: {deductible: 40, ratio: 82%, note: 本县规定。}
"""
GRANDCHILD = """policy: dafang-2010-04
inherits: dafang-2010
effective_from: 2010-04-01
layers:
  basic: {benefits: {inpatient: {rules: {
    county: {ratio: 0%, clause: 不补偿},
  }}}}
"""
DECISION = {"document_number": "郑卫〔2009〕80号", "decided_on": "2009-12-20"}


async def _city(office: Office, step: str, subject: str, **body: Any) -> httpx.Response:
    path = f"/policy-templates/{CODE}/{step}"
    return await office.call("city_health", "POST", path, subject=subject, pools=(COUNTY,), **body)


async def _submitted(office: Office, text: str = TEMPLATE, **who: Any) -> httpx.Response:
    asked = {"subject": "li", "pools": (COUNTY,)} | who
    path = f"/regions/{asked.pop('region', '4101')}/policy-templates"
    return await office.call("city_health", "POST", path, content=text.encode(), headers=YAML, **asked)


async def _child(office: Office, text: str = CHILD, pool: str = COUNTY) -> httpx.Response:
    path = f"/pools/{pool}/policies"
    return await office.call(
        "county_recheck", "POST", path, content=text.encode(), headers=YAML, pools=(pool,), subject="zhou"
    )


async def _decided(office: Office) -> None:
    assert (await _submitted(office)).status_code == 201
    assert (await _city(office, "check", "wang")).status_code == 200
    assert (await _city(office, "decision", "wang", json=DECISION)).status_code == 200


def _refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement("ZZ-07", "the city decides a template and a county inherits from it over the API")
async def test_a_county_inherits_what_the_city_decided(office: Office) -> None:
    handed_in = await _submitted(office)
    assert (handed_in.status_code, handed_in.json()["status"]) == (201, "draft")
    assert any("没有规定" in one["message"] for one in handed_in.json()["findings"])
    early = await _child(office)
    assert _refused(early) == (422, "policy_document_invalid"), "a draft is nobody's parent"
    assert early.json()["errors"] == [{"line": 3, "path": "inherits", "reason": f"没有编号为 {CODE} 的方案"}]
    assert (await _city(office, "check", "wang")).json()["status"] == "checked"
    assert (await _city(office, "decision", "wang", json=DECISION)).json()["status"] == "decided"

    made = await _child(office)
    assert made.status_code == 201, made.text
    path = f"/pools/{COUNTY}/policies/{made.json()['id']}"
    assert (await office.call("county_recheck", "POST", f"{path}/check", pools=(COUNTY,))).status_code == 200
    decision = DECISION | {"accept_illustrative": made.json()["illustrative"]}
    done = await office.call("county_director", "POST", f"{path}/decision", pools=(COUNTY,), json=decision)
    assert done.json()["status"] == "in_force"
    async with transaction(office.app.state.heyi.engine, Scope("auditor", (COUNTY,), ("*",))) as conn:
        policy = await policy_for(conn, COUNTY, date(2010, 3, 1))
    paid = [
        quote(Question("inpatient", level, 1_000_000, date(2010, 3, 1)), policy).benefit_fen
        for level in ("township", "county")
    ]
    assert paid == [816_720, 640_200], "its own 82% over 40; the city's 66% over 300"


async def test_a_county_inherits_its_own_decided_version(office: Office) -> None:
    await office.decided()
    newer = "policy: dafang-2010-04\ninherits: dafang-2010\neffective_from: 2010-04-01\n"
    newer += "layers: {basic: {benefits: {inpatient: {rules: {county: {ratio: 72%, clause: 提高到72%}}}}}}\n"
    made = await _child(office, newer, POOL)
    assert made.status_code == 201, made.text
    detail = await office.call("auditor", "GET", f"/pools/{POOL}/policies/{made.json()['id']}/table")
    assert "补偿 72%" in detail.text


async def test_a_check_names_the_document_that_a_row_is_inherited_from(office: Office) -> None:
    await _decided(office)
    made = await _child(office)
    checked = await office.call(
        "county_recheck", "POST", f"/pools/{COUNTY}/policies/{made.json()['id']}/check", pools=(COUNTY,)
    )
    assert checked.json()["findings"] == made.json()["findings"], "the second person reads what the first was told"
    told = {one["path"]: one for one in checked.json()["findings"]}
    inherited = told["basic.inpatient.county"]
    line = next(n for n, text in enumerate(TEMPLATE.splitlines(), start=1) if text.strip().startswith("county:"))
    assert inherited["line"] is None
    assert inherited["message"].startswith(f"(在所继承的 {CODE} 第 {line} 行)")


async def test_a_check_after_the_parent_changed_still_names_it(office: Office) -> None:
    await office.decided()
    made = await _child(office, GRANDCHILD, POOL)
    office.clock.advance(timedelta(minutes=1))
    await office.decided(text_of("dafang-2010").replace("ratio: 60%", "ratio: 61%"))
    checked = await office.call("county_recheck", "POST", f"/pools/{POOL}/policies/{made.json()['id']}/check")
    told = {one["path"]: one for one in checked.json()["findings"]}
    inherited = told["basic.outpatient.pool"]
    assert (inherited["line"], inherited["message"][:20]) == (None, "(在所继承的 dafang-2010 里)来源没有写明"[:20])
    assert told["layers.basic.benefits.inpatient.rules.county"]["line"] == 6


async def test_the_system_s_template_comes_before_the_document_of_the_same_code(office: Office) -> None:
    same = TEMPLATE.replace(f"policy: {CODE}", "policy: zhengzhou-2011")
    assert (await _submitted(office, same)).status_code == 201
    for step, body in (("check", {}), ("decision", {"json": DECISION})):
        path = f"/policy-templates/zhengzhou-2011/{step}"
        answer = await office.call("city_health", "POST", path, subject="wang", pools=(COUNTY,), **body)
        assert answer.status_code == 200, answer.text
    child = CHILD.replace(f"inherits: {CODE}", "inherits: zhengzhou-2011")
    made = await _child(office, child)
    table = await office.call("auditor", "GET", f"/pools/{COUNTY}/policies/{made.json()['id']}/table", pools=(COUNTY,))
    assert "补偿 66%" in table.text


async def test_who_may_what_and_when(office: Office) -> None:
    assert _refused(await _submitted(office, region="5224")) == (403, "policy_template_of_another_region")
    assert _refused(
        await _submitted(office, CHILD.replace("inherits: zhengzhou-2012", "inherits: zhengzhou-2011"))
    ) == (
        422,
        "policy_template_names_pools",
    )
    bad = await _submitted(office, TEMPLATE.replace("ratio: 66%", "ratio: 166%"))
    assert _refused(bad) == (422, "policy_document_invalid")
    assert (
        "ratio: 166%" in TEMPLATE.replace("ratio: 66%", "ratio: 166%").splitlines()[bad.json()["errors"][0]["line"] - 1]
    )
    assert await office.rows("SELECT 1 FROM policy_template") == []
    assert (await _submitted(office)).status_code == 201
    assert _refused(await _submitted(office)) == (409, "policy_template_known")
    assert _refused(await _city(office, "decision", "wang", json=DECISION)) == (409, "policy_state")
    assert _refused(await _city(office, "check", "li")) == (403, "four_eyes")
    elsewhere = await office.call("city_health", "POST", f"/policy-templates/{CODE}/check", pools=(ELSEWHERE,))
    assert _refused(elsewhere) == (403, "policy_template_of_another_region")
    assert (await _city(office, "check", "wang")).status_code == 200
    assert _refused(await _city(office, "decision", "li", json=DECISION)) == (403, "four_eyes")
    ahead = await _city(office, "decision", "wang", json=DECISION | {"decided_on": "2010-03-02"})
    assert _refused(ahead) == (422, "decided_in_the_future")
    assert _refused(await _city(office, "check", "wang")) == (409, "policy_state")


async def test_templates_are_open_to_read_and_never_change(office: Office) -> None:
    await _decided(office)
    listed = (await office.call("auditor", "GET", "/policy-templates")).json()["items"]
    assert [(one["code"], one["status"], one["region"]) for one in listed] == [(CODE, "decided", "4101")]
    detail = (await office.call("hospital", "GET", f"/policy-templates/{CODE}")).json()
    assert detail["document"] == TEMPLATE
    table = await office.call("insurer_manager", "GET", f"/policy-templates/{CODE}/table")
    assert "新农合报销最高封顶线" in table.text
    assert _refused(await office.call("auditor", "GET", "/policy-templates/other")) == (404, "policy_template_unknown")
    with pytest.raises(Exception, match="a decided policy does not change"):
        await office.rows("UPDATE policy_template SET title = 'x'")


async def test_another_city_s_template_is_no_parent(office: Office) -> None:
    await _decided(office)
    answer = await _child(office, CHILD.replace('["410182"]', '["522422"]'), ELSEWHERE)
    assert _refused(answer) == (422, "policy_document_invalid")


@pytest.mark.requirement("ZZ-49", "the insurer writes, checks and decides no template")
async def test_the_insurer_has_no_part_in_it(office: Office) -> None:
    for role in ("insurer_manager", "insurer_approver", "county_director"):
        path = "/regions/4101/policy-templates"
        answer = await office.call(role, "POST", path, content=TEMPLATE.encode(), headers=YAML, pools=(COUNTY,))
        assert _refused(answer) == (403, "forbidden_role")
