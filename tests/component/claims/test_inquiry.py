"""An accident over the API as the policy wants it inquired into: reported in time, and hung out in the village."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.component.claims.test_entitlements import checked, submitted
from tests.component.claims.test_stating import in_force
from tests.component.claims.world import World, line

VILLAGE = "522422100201"
POSTED = "accidents: {posted_days: 7, clause: 在村里公示七天}\n"
IN_TIME = "accidents: {report_days: 3, clause: 三日内报告}\n"
APPROVED = "accidents: {report_days: 3, late: approved, clause: 三日内报告}\n"
FOUND = {"liability": "accident"}
GRANT = {"granted": True, "note": "同意"} | FOUND
BOARD = {"village_code": VILLAGE, "place": "村务公开栏"}


async def hurt(world: World, happened: str = "2010-02-27", **more: Any) -> tuple[str, str]:
    """An accident of 27 February, treated the same day, reported and endorsed on 1 March: (case, visit)."""
    member = await world.member()
    visit = await world.visit(member, accident=True, admitted="2010-02-27T09:00", discharged="2010-02-28T10:00")
    case = await submitted(world, member, "accident", visit_id=visit, valid_from=happened, **more)
    await checked(world, case, **FOUND)
    return case, visit


async def act(world: World, role: str, case: str, path: str, body: dict[str, Any], **who: Any) -> Any:
    return await world.pool(role, "POST", f"/cases/{case}{path}", json=body, **who)


async def refused(world: World, role: str, case: str, path: str, body: dict[str, Any], **who: Any) -> tuple[int, str]:
    answer = await act(world, role, case, path, body, **who)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement("WW-10", "what the township's director finds hangs out in the village before it is decided")
async def test_an_accident_hangs_out_before_it_is_paid(world: World) -> None:
    await in_force(world, POSTED)
    case, visit = await hurt(world)
    early = await act(world, "county_director", case, "/decision", GRANT)
    assert (early.status_code, early.json()["code"]) == (409, "case_not_posted")
    assert "公示 7 天" in early.json()["detail"]
    posted = (await act(world, "township_clerk", case, "/notice", BOARD | {"proof": "照片 12"})).json()
    assert (posted["posted_on"], posted["posted_until"], posted["status"]) == ("2010-03-01", "2010-03-08", "endorsed")
    assert await refused(world, "township_clerk", case, "/notice", BOARD) == (409, "case_state")
    world.clock.advance(timedelta(days=7))
    running = await act(world, "county_director", case, "/decision", GRANT)
    assert (running.status_code, running.json()["code"]) == (409, "case_notice_runs")
    assert "2010-03-08" in running.json()["detail"]
    waiting = await world.settle(visit, line("A1", "1100.00"))
    assert waiting.json()["code"] == "refused_third_party_pending"
    world.clock.advance(timedelta(days=1))
    granted = await act(world, "county_director", case, "/decision", GRANT)
    assert (granted.status_code, granted.json()["status"]) == (200, "granted"), granted.text
    assert (await world.settle(visit, line("A1", "1100.00"))).status_code == 201
    steps = (await world.pool("auditor", "GET", f"/cases/{case}")).json()["steps"]
    assert [step["act"] for step in steps] == ["submitted", "endorsed", "posted", "granted"]
    assert (steps[2]["note"], steps[2]["detail"]) == (
        "村务公开栏",
        {"village_code": VILLAGE, "proof": "照片 12", "days": 7, "posted_on": "2010-03-01"},
    )


async def test_an_objection_is_answered_by_another_person_before_the_decision(world: World) -> None:
    await in_force(world, POSTED)
    case, _ = await hurt(world)
    ground = {"ground": "是打架受伤"}
    assert await refused(world, "township_clerk", case, "/objections", ground) == (409, "case_notice_over")
    assert (await act(world, "township_clerk", case, "/notice", BOARD)).status_code == 200
    made = await act(world, "county_recheck", case, "/objections", ground)
    assert (made.status_code, made.json()) == (201, {"number": 4})
    world.clock.advance(timedelta(days=8))
    assert await refused(world, "township_clerk", case, "/objections", ground) == (409, "case_notice_over")
    open_one = await act(world, "county_director", case, "/decision", GRANT)
    assert (open_one.status_code, open_one.json()["code"]) == (409, "case_objections_open")
    assert "1 件异议" in open_one.json()["detail"]
    answer = {"upheld": False, "reply": "经查是摔伤"}
    assert await refused(world, "county_recheck", case, "/objections/4/reply", answer) == (403, "four_eyes")
    assert await refused(world, "county_director", case, "/objections/3/reply", answer) == (
        404, "case_objection_unknown",
    )  # fmt: skip
    assert (await act(world, "county_director", case, "/objections/4/reply", answer)).status_code == 200
    assert await refused(world, "county_director", case, "/objections/4/reply", answer) == (
        404, "case_objection_unknown",
    )  # fmt: skip
    assert (await act(world, "county_director", case, "/decision", GRANT)).status_code == 200
    steps = (await world.pool("auditor", "GET", f"/cases/{case}")).json()["steps"]
    assert [(step["number"], step["act"], step["note"]) for step in steps[3:5]] == [
        (4, "objected", "是打架受伤"),
        (5, "replied", "经查是摔伤"),
    ]
    assert steps[4]["detail"] == {"objection": 4, "upheld": False}


async def test_whoever_posted_does_not_decide_and_a_denial_needs_no_notice(world: World) -> None:
    await in_force(world, POSTED)
    case, visit = await hurt(world)
    assert (await act(world, "township_clerk", case, "/notice", BOARD, subject="chen")).status_code == 200
    denial = {"granted": False, "note": "查明由第三方负责"}
    own = await act(world, "county_director", case, "/decision", denial, subject="chen")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    reasoned = denial | {"late_reason": "住院"}
    assert await refused(world, "county_director", case, "/decision", reasoned) == (422, "case_form")
    answer = await act(world, "county_director", case, "/decision", denial)
    assert (answer.status_code, answer.json()["status"]) == (200, "denied")
    assert (await world.settle(visit, line())).json()["code"] == "refused_third_party_liable"


@pytest.mark.parametrize(
    ("policy", "body", "words"),
    [
        (POSTED, BOARD | {"village_code": "522422999201"}, "不在该乡镇"),
        (POSTED, BOARD | {"days": 6}, "公示至少 7 天"),
        (POSTED, BOARD | {"posted_on": "2010-02-28"}, "2010-03-01"),
        (POSTED, BOARD | {"posted_on": "2010-03-02"}, "2010-03-01"),
        ("", BOARD, "写明公示天数"),
    ],
)
async def test_a_notice_that_does_not_fit_is_refused(
    world: World, policy: str, body: dict[str, Any], words: str
) -> None:
    await in_force(world, policy)
    case, _ = await hurt(world)
    answer = await act(world, "township_clerk", case, "/notice", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "case_form"), answer.text
    assert words in answer.json()["detail"]
    (kept,) = await world.sql("SELECT posted_on, version FROM entitlement_case WHERE id = $1", UUID(case))
    assert (kept["posted_on"], kept["version"]) == (None, 2)


async def test_only_an_accident_hangs_out_and_only_after_the_opinion(world: World) -> None:
    await in_force(world, POSTED)
    member = await world.member()
    visit = await world.visit(member, accident=True)
    case = await submitted(world, member, "accident", visit_id=visit)
    assert await refused(world, "township_clerk", case, "/notice", BOARD) == (409, "case_state")
    migrant = await submitted(world, member, "migrant")
    await checked(world, migrant)
    assert await refused(world, "township_clerk", migrant, "/notice", BOARD) == (422, "case_form")
    far = await act(world, "township_clerk", case, "/notice", BOARD, areas=("522422999",))
    assert (far.status_code, far.json()["code"]) == (404, "case_unknown")


async def test_a_notice_that_the_policy_does_not_ask_for_is_waited_for_too(world: World) -> None:
    await in_force(world, "")
    case, _ = await hurt(world)
    earlier, _ = await hurt(world)
    assert (await act(world, "county_director", earlier, "/decision", GRANT)).status_code == 200, "nothing asks for it"
    posted = await act(world, "township_clerk", case, "/notice", BOARD | {"days": 2})
    assert posted.json()["posted_until"] == "2010-03-03"
    assert await refused(world, "county_director", case, "/decision", GRANT) == (409, "case_notice_runs")


# ---------------------------------------------------------------- told in time


async def test_a_report_in_time_is_decided_and_a_late_one_denied(world: World) -> None:
    await in_force(world, IN_TIME)
    last, _ = await hurt(world, "2010-02-26")
    assert (await act(world, "county_director", last, "/decision", GRANT)).status_code == 200
    late, _ = await hurt(world, "2010-02-25")
    answer = await act(world, "county_director", late, "/decision", GRANT | {"late_reason": "住院"})
    assert (answer.status_code, answer.json()["code"]) == (409, "case_report_late"), answer.text
    assert "3 天内报告" in answer.json()["detail"] and "2010-02-25" in answer.json()["detail"]
    denied = await act(world, "county_director", late, "/decision", {"granted": False, "note": "逾期报告"})
    assert (denied.status_code, denied.json()["status"]) == (200, "denied")


@pytest.mark.requirement("WW-05", "an accident reported late is granted on the director's approval with a reason")
async def test_a_late_report_takes_the_director_and_a_reason_where_the_policy_says_so(world: World) -> None:
    await in_force(world, APPROVED)
    late, visit = await hurt(world, "2010-02-25")
    reason = GRANT | {"late_reason": "昏迷住院,家属在外务工"}
    unsaid = await act(world, "county_director", late, "/decision", GRANT)
    assert (unsaid.status_code, unsaid.json()["code"]) == (409, "case_late_unapproved"), unsaid.text
    assert "负责人" in unsaid.json()["detail"]
    assert await refused(world, "county_recheck", late, "/decision", reason) == (409, "case_late_unapproved")
    assert (await act(world, "county_director", late, "/decision", reason)).status_code == 200
    step = (await world.pool("auditor", "GET", f"/cases/{late}")).json()["steps"][-1]
    assert step["detail"]["late_reason"] == "昏迷住院,家属在外务工"
    assert (await world.settle(visit, line("A1", "1100.00"))).status_code == 201
    timely, _ = await hurt(world, "2010-02-27")
    assert await refused(world, "county_director", timely, "/decision", reason) == (422, "case_form")


async def test_a_late_emergency_is_granted_in_the_same_way(world: World) -> None:
    await in_force(world, "circumstances:\n  emergency: {notice_days: 3, late: approved, clause: 急诊三日内报告}\n")
    case = await submitted(world, await world.member(), "emergency", valid_from="2010-02-20")
    await checked(world, case)
    grant = {"granted": True, "note": "同意"}
    assert await refused(world, "county_director", case, "/decision", grant) == (409, "case_late_unapproved")
    answer = await act(world, "county_director", case, "/decision", grant | {"late_reason": "在外省抢救"})
    assert (answer.status_code, answer.json()["valid_from"]) == (200, "2010-02-20"), answer.text


async def test_an_accident_does_not_happen_after_its_visit(world: World) -> None:
    await in_force(world, "")
    member = await world.member()
    visit = await world.visit(member, accident=True)
    body = {"kind": "accident", "member_id": str(member), "visit_id": visit, "valid_from": "2010-02-21"}
    answer = await world.pool("township_clerk", "POST", "/cases", json=body | {"papers": [{"kind": "现场记录"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "case_form")
    assert "晚于就诊日期" in answer.json()["detail"]


async def test_a_presumed_rule_that_the_pool_has_not_accepted_asks_for_nothing(world: World) -> None:
    await in_force(world, "accidents: {posted_days: 7, report_days: 0, illustrative: true, note: 推定}\n")
    case, _ = await hurt(world)
    assert (await act(world, "county_director", case, "/decision", GRANT)).status_code == 200
