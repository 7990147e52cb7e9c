"""What counts only by a decided case, and papers that come to the window after their deadline."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.component.claims.test_entitlements import POLICY, granted, submitted
from tests.component.claims.test_window import ID_NUMBER, enter, intake, papers, settled
from tests.component.claims.world import DISCHARGED, POOL, World, line

NOTHING_DIRECT = (
    "direct: {name: 未经转诊, when: {level: [township, county], referred: false}, deductible: 100, ratio: 50%,",
    "direct: {name: 未经转诊, when: {level: [township, county], referred: false}, nothing: true,",
)
DECIDED = "circumstances:\n  referred: {counts: decided, clause: 转诊审批制}\n"
NOTICE = "circumstances:\n  emergency: {counts: decided, notice_days: 3, clause: 急诊三日内报告}\n"
DEADLINE = "window:\n  deadlines:\n    late: {name: 受理期限, days: 15, clause: 出院后十五天内}\n"


async def in_force(world: World, more: str, *changes: tuple[str, str]) -> None:
    """The policy of the facts with more said in it, decided by the public side."""
    text = POLICY.decode() + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path, headers = f"/pools/{POOL}/policies", {"Content-Type": "application/yaml"}
    made = await world.call("insurer_manager", "POST", path, content=text.encode(), headers=headers)
    assert made.status_code == 201, made.text
    path = f"{path}/{made.json()['id']}"
    assert (await world.call("county_recheck", "POST", f"{path}/check")).status_code == 200
    decision = {"document_number": "测〔2010〕2号", "decided_on": "2010-01-10", "accept_illustrative": []}
    answer = await world.call("county_director", "POST", f"{path}/decision", json=decision)
    assert answer.status_code == 200, answer.text


async def referred(world: World, member: UUID) -> str:
    return await world.visit(member, circumstances=["referred"])


# ---------------------------------------------------------------- circumstances


@pytest.mark.requirement("DU-01", "a stated referral counts by a decided case only, where the policy says so")
async def test_a_referral_without_a_decided_case_is_paid_as_none(world: World) -> None:
    await in_force(world, DECIDED)
    member = await world.member()
    visit = await referred(world, member)
    claim = (await world.settle(visit, line("A1", "1000.00"))).json()
    assert claim["benefit"] == "505.00", "(1,000 − 100) × 50%, and a tenth of the rest from the assistance"
    told = (await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}/slip")).text
    assert "转诊没有经县合管办批准的申请,按没有转诊计算" in told
    assert (await world.cancel(claim["claim_id"])).status_code == 200
    await granted(world, member, "referral", valid_to="2010-12-31")
    again = (await world.settle(visit, line("A1", "1000.00"))).json()
    assert again["benefit"] == "748.00", "(1,000 − 100) × 80%, and a tenth of the rest"
    told = (await world.pool("hospital", "GET", f"/claims/{again['claim_id']}/slip")).text
    assert "转诊经县合管办批准,计入" in told


@pytest.mark.requirement("DU-01", "where unreferred care is not paid, the refusal says to have the referral decided")
async def test_a_refusal_for_want_of_a_decided_referral_says_what_to_do(world: World) -> None:
    await in_force(world, DECIDED, NOTHING_DIRECT)
    member = await world.member()
    visit = await referred(world, member)
    refused = await world.settle(visit, line("A1", "1000.00"))
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_no_rule")
    assert "转诊须有县合管办批准的申请才计入" in refused.json()["detail"]
    await granted(world, member, "referral", valid_from="2010-02-20", valid_to="2010-02-20")
    assert (await world.settle(visit, line("A1", "1000.00"))).status_code == 201


async def test_a_referral_decided_for_other_days_does_not_count(world: World) -> None:
    await in_force(world, DECIDED, NOTHING_DIRECT)
    member = await world.member()
    await granted(world, member, "referral", valid_from="2010-02-21")
    refused = await world.settle(await referred(world, member), line("A1", "1000.00"))
    assert refused.json()["code"] == "refused_no_rule"


async def test_without_the_words_of_the_policy_a_statement_counts(world: World) -> None:
    await in_force(world, "", NOTHING_DIRECT)
    member = await world.member()
    assert (await world.settle(await referred(world, member), line("A1", "1000.00"))).status_code == 201


async def test_an_emergency_told_after_the_days_of_the_policy_is_not_granted(world: World) -> None:
    await in_force(world, NOTICE)
    member = await world.member()
    case = await submitted(world, member, "emergency", valid_from="2010-02-20")
    body = {"endorsed": True, "note": "属实"}
    assert (await world.pool("township_director", "POST", f"/cases/{case}/check", json=body)).status_code == 200
    decision: dict[str, Any] = {"granted": True, "note": "同意"}
    late = await world.pool("county_director", "POST", f"/cases/{case}/decision", json=decision)
    assert (late.status_code, late.json()["code"]) == (409, "case_notice_late"), late.text
    assert "3 天内" in late.json()["detail"]
    in_time = decision | {"valid_from": "2010-02-26"}
    answer = await world.pool("county_director", "POST", f"/cases/{case}/decision", json=in_time)
    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- the path of a disease

DISEASE = (
    "        accident: {name: 无责任人的意外伤害",
    "          appendix: {name: 阑尾炎, when: {level: [township, county]}, diseases: [K35], fixed: 300, clause: 定额}\n"
    "        accident: {name: 无责任人的意外伤害",
)


@pytest.mark.requirement(
    "ZA-06", "a case that left the path of its disease is paid by the ordinary rows, with the reason"
)
async def test_a_case_that_left_its_path_is_paid_by_the_ordinary_rows(world: World) -> None:
    await in_force(world, "", DISEASE)
    member = await world.member()
    visit = await world.visit(member, diagnosis_code="K35")
    body: dict[str, Any] = {"lines": [line("A1", "1000.00")], "off_path": "术中发现腹膜炎"}
    path = f"/visits/{visit}"
    plain = await world.pool("hospital", "POST", f"{path}/quote", json={"lines": body["lines"]})
    assert plain.json()["benefit"] == "370.00", "300 and a tenth of the rest"
    quoted = await world.pool("hospital", "POST", f"{path}/quote", json=body)
    claim = (await world.pool("hospital", "POST", f"{path}/settlement", json=body)).json()
    assert claim["benefit"] == quoted.json()["benefit"] == "505.00"
    told = (await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}/slip")).text
    assert "病例退出单病种路径,按一般规定补偿:术中发现腹膜炎。" in told
    (row,) = await world.sql("SELECT facts FROM claim_detail")
    assert json.loads(row["facts"])["off_path"] == "术中发现腹膜炎", "kept with what it was decided on"


LIMIT = (
    DISEASE[0],
    "          stones: {name: 胆石症, when: {level: [township, county]}, diseases: [K80], ratio: 75%,"
    " limit: {amount: 400, excess: hospital}, clause: 限额}\n" + DISEASE[0],
)


@pytest.mark.requirement("ZA-06", "what lies over the limit of a disease is the hospital's, where the policy says so")
async def test_the_hospital_bears_what_lies_over_the_limit(world: World) -> None:
    await in_force(world, "", LIMIT)
    claim = await world.settled(await world.member(), "1000.00", diagnosis_code="K80")
    parts = {name: claim[name] for name in ("benefit", "hospital", "patient")}
    assert parts == {"benefit": "310.00", "hospital": "600.00", "patient": "90.00"}, "300 and a tenth of 100"
    told = (await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}/slip")).text
    assert "超过限额没有计入的 600.00 元由医疗机构负担,不向病人收取。" in told
    assert "个人负担:1,000.00 − 310.00 − 600.00 = 90.00" in told
    paper = await world.pool("hospital", "GET", f"/claims/{claim['claim_id']}/slip.pdf")
    assert paper.status_code == 200


# ---------------------------------------------------------------- a wish that the policy cannot serve

ACCOUNT = POLICY.decode()[POLICY.decode().index("family_account:") :]


@pytest.mark.requirement("DF-18", "a wish to pay from the family account is served or refused, never passed over")
@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [([], "inpatient", "家庭账户不支付住院费用"), ([(ACCOUNT, "")], "outpatient", "没有家庭账户")],
)
async def test_a_wish_that_the_policy_cannot_serve_is_refused(
    world: World, changes: list[tuple[str, str]], kind: str, told: str
) -> None:
    await in_force(world, "", *changes)
    visit = await world.visit(await world.member(), kind=kind, discharged=DISCHARGED if kind == "inpatient" else None)
    before = await world.counts()
    lines = {"lines": [line("A1", "100.00")]}
    for verb in ("quote", "settlement"):
        answer = await world.pool("hospital", "POST", f"/visits/{visit}/{verb}", json=lines | {"from_account": "50.00"})
        assert (answer.status_code, answer.json()["code"]) == (422, "account_not_served"), verb
        assert told in answer.json()["detail"]
    assert await world.counts() == before
    assert (await world.pool("hospital", "POST", f"/visits/{visit}/settlement", json=lines)).status_code == 201


# ---------------------------------------------------------------- the deadline of papers


@pytest.mark.requirement("ZZ-38", "papers after the policy's deadline are refused unless the county office approves")
async def test_papers_after_their_deadline_need_an_approval(world: World) -> None:
    await in_force(world, DEADLINE)
    member = await world.member(id_number=ID_NUMBER)
    world.clock.set(datetime(2010, 3, 15, 2, tzinfo=UTC))
    await world.heard()
    late = await enter(world, papers())
    assert (late.status_code, late.json()["code"]) == (422, "refused_submitted_late")
    assert "2010-03-14" in late.json()["detail"] and "逾期受理" in late.json()["detail"]
    moved = await world.sql("SELECT (SELECT count(*) FROM visit) + (SELECT count(*) FROM invoice_use) AS n")
    assert moved[0]["n"] == 0
    await granted(world, member, "late_submission", valid_from="2010-02-27", valid_to="2010-02-27")
    entered = await enter(world, papers())
    assert entered.status_code == 201, entered.text
    claim = await settled(world, entered.json()["visit_id"])
    (step,) = [one for one in await trace(world, claim) if one["step"] == "submission"]
    assert step["inputs"] | {"clause": step["clause"]} == {
        "name": "受理期限", "submitted_on": "2010-03-15", "last_day": "2010-03-14", "late": "approved",
        "clause": "出院后十五天内",
    }  # fmt: skip
    other = await enter(world, papers("ZY-2", discharged_at="2010-02-26T10:00"))
    assert other.json()["code"] == "refused_submitted_late", "the approval is for care that ended on its days"


async def trace(world: World, claim: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await world.pool("auditor", "GET", f"/claims/{claim['claim_id']}/trace")
    steps: list[dict[str, Any]] = answer.json()["trace"]
    return steps


async def test_papers_in_time_may_be_settled_later(world: World) -> None:
    await in_force(world, DEADLINE)
    await world.member(id_number=ID_NUMBER)
    world.clock.set(datetime(2010, 3, 14, 2, tzinfo=UTC))
    await world.heard()
    entered = await enter(world, papers())
    assert entered.status_code == 201, entered.text
    world.clock.set(datetime(2010, 3, 20, 2, tzinfo=UTC))
    await world.heard()
    claim = await settled(world, entered.json()["visit_id"])
    (step,) = [one for one in await trace(world, claim) if one["step"] == "submission"]
    assert (step["inputs"]["submitted_on"], step["inputs"]["late"]) == ("2010-03-14", "no")


async def test_an_approval_that_ended_before_the_settlement_does_not_count(world: World) -> None:
    await in_force(world, DEADLINE)
    member = await world.member(id_number=ID_NUMBER)
    world.clock.set(datetime(2010, 3, 15, 2, tzinfo=UTC))
    await world.heard()
    case = await granted(world, member, "late_submission", valid_from="2010-02-27", valid_to="2010-02-28")
    visit = (await enter(world, papers())).json()["visit_id"]
    ended = {"from_day": "2010-02-27", "note": "误批"}
    answer = await world.pool("county_director", "POST", f"/cases/{case}/end", json=ended, subject="county_director-2")
    assert answer.status_code == 200, answer.text
    refused = await intake(world, f"/visits/{visit}/settlement", {"lines": [line("A1", "1000.00")]})
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_submitted_late")


async def test_a_bedside_settlement_has_no_deadline(world: World) -> None:
    await in_force(world, DEADLINE)
    visit = await world.visit(await world.member())
    world.clock.set(datetime(2010, 3, 25, 2, tzinfo=UTC))
    await world.heard()
    assert (await world.settle(visit, line("A1", "1000.00"))).status_code == 201
