"""What a policy asks of an inquiry: that it is told in time, and hangs out in the village before it is decided.

Told in time are accidents and circumstances (rulings §13, decisions 0200 and 0256); only accidents hang out. An
objection is a step of the case under its number, and so is the reply.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from services.claims.benefits.model import Inquiry, Policy
from services.claims.benefits.queries import NO_POLICY, policy_for
from services.claims.benefits.words import CIRCUMSTANCES
from services.claims.cases import store
from services.claims.cases.model import ACCIDENT, DECIDABLE, OBJECTED, POSTED, REPLIED, Case, Step
from services.claims.cases.problems import (
    CASE_FORM,
    CASE_OBJECTION_UNKNOWN,
    CASE_OBJECTIONS_OPEN,
    CASE_STATE,
    LATE_UNAPPROVED,
    NOT_POSTED,
    NOTICE_LATE,
    NOTICE_OVER,
    NOTICE_RUNS,
    REPORT_LATE,
)
from services.claims.cases.steps import POST, Words, add_step, at_step, by_another
from services.claims.visits import commands as visits
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import Problem, ProblemType

APPROVER = "county_director"
REPORT: Words = ("意外伤害报告", "the report of an accident")
HANGS: Words = ("已经公示", "posted already")
OBJECT, REPLY = ("提出异议", "object"), ("答复异议", "reply to it")


@dataclass(frozen=True, slots=True)
class Posting:
    """Where an accident hangs out, since when and for how long; what is left out follows today and the policy."""

    village_code: str
    place: str
    proof: str
    posted_on: date | None
    days: int | None


async def post(unit: Unit, case_id: UUID, asked: Posting) -> Case:
    """Hangs the township's opinion on an accident out in the village.

    Raises CASE_UNKNOWN, CASE_STATE, CASE_FORM.
    """
    case = await at_step(unit, case_id, DECIDABLE, POST)
    if case.kind != ACCIDENT:
        raise CASE_FORM(reason=("只有意外伤害在村里公示。", "Only an accident hangs out in its village."))
    if case.posted_on is not None:
        raise CASE_STATE(case_id=case_id, status=HANGS, act=POST)
    if not asked.village_code.startswith(case.township_code):
        raise CASE_FORM(reason=("公示的村不在该乡镇。", "The village is not of this township."))
    day, days = await _first_day(unit, case, asked.posted_on), await _days(unit, case, asked.days)
    now = replace(case, version=case.version + 1, posted_on=day, posted_until=day + timedelta(days=days))
    await store.set_case(unit.conn, unit.pool_code, now)
    told = {"village_code": asked.village_code, "proof": asked.proof, "days": days, "posted_on": day.isoformat()}
    await add_step(unit, now, POSTED, asked.place, told)
    return now


async def _first_day(unit: Unit, case: Case, asked: date | None) -> date:
    """Today, or an earlier day of the notice that is not before the opinion. Raises CASE_FORM."""
    today = await unit.business_day()
    opinion = (await store.steps(unit.conn, unit.pool_code, case.id))[-1].on
    if asked is not None and not opinion <= asked <= today:
        raise CASE_FORM(
            reason=(
                f"公示起始日须在乡镇签署意见({opinion})以后、今天({today})以前。",
                f"The notice begins between the opinion ({opinion}) and today ({today}).",
            )
        )
    return asked or today


async def _days(unit: Unit, case: Case, asked: int | None) -> int:
    """For how long it hangs out: as long as the policy says, or longer. Raises CASE_FORM."""
    rules = await rules_of(unit, case)
    least = None if rules is None else rules.posted_days
    if asked is None and least is None:
        raise CASE_FORM(
            reason=(
                "方案没有规定公示天数,请写明公示天数。",
                "The policy names no days for the notice: write them in days.",
            )
        )
    if asked is not None and least is not None and asked < least:
        raise CASE_FORM(
            reason=(f"方案规定公示至少 {least} 天。", f"The policy asks for a notice of {least} days at least.")
        )
    return asked or least or 0


async def object_to(unit: Unit, case_id: UUID, ground: str) -> int:
    """Records an objection while the case hangs out; its number. Raises CASE_UNKNOWN, CASE_STATE, NOTICE_OVER."""
    case = await at_step(unit, case_id, DECIDABLE, OBJECT)
    today = await unit.business_day()
    if case.posted_on is None or case.posted_until is None or not case.posted_on <= today <= case.posted_until:
        raise NOTICE_OVER(case_id=case_id)
    now = replace(case, version=case.version + 1)
    await store.set_case(unit.conn, unit.pool_code, now)
    await add_step(unit, now, OBJECTED, ground, {})
    return now.version


async def reply(unit: Unit, case_id: UUID, number: int, upheld: bool, note: str) -> Case:
    """Replies to an objection, by another person than who recorded it.

    Raises CASE_UNKNOWN, CASE_STATE, CASE_OBJECTION_UNKNOWN, FOUR_EYES.
    """
    case = await at_step(unit, case_id, DECIDABLE, REPLY)
    raised = next((step for step in await _unanswered(unit, case) if step.number == number), None)
    if raised is None:
        raise CASE_OBJECTION_UNKNOWN(number=number)
    by_another(unit, raised.by, ("记录异议", "record the objection"), REPLY)
    now = replace(case, version=case.version + 1)
    await store.set_case(unit.conn, unit.pool_code, now)
    await add_step(unit, now, REPLIED, note, {"objection": number, "upheld": upheld})
    return now


async def _unanswered(unit: Unit, case: Case) -> list[Step]:
    steps = await store.steps(unit.conn, unit.pool_code, case.id)
    answered = {step.detail["objection"] for step in steps if step.act == REPLIED}
    return [step for step in steps if step.act == OBJECTED and step.number not in answered]


async def check_notice(unit: Unit, case: Case) -> None:
    """Nothing is granted before the notice has run and every objection has its reply.

    Raises NOT_POSTED where the policy asks for a notice, NOTICE_RUNS, CASE_OBJECTIONS_OPEN.
    """
    rules = await rules_of(unit, case)
    if case.posted_until is None:
        if rules is not None and rules.posted_days is not None:
            raise NOT_POSTED(case_id=case.id, days=rules.posted_days)
        return
    if await unit.business_day() <= case.posted_until:
        raise NOTICE_RUNS(until=case.posted_until)
    if waiting := await _unanswered(unit, case):
        raise CASE_OBJECTIONS_OPEN(count=len(waiting))


async def rules_of(unit: Unit, case: Case) -> Inquiry | None:
    """What the policy of the admission asks of an accident's inquiry."""
    assert case.visit_id is not None
    visit = await visits.open_visit(unit, case.visit_id)
    policy = await _policy_on(unit, visit.admitted_on)
    return None if policy is None else policy.inquiry()


async def check_told(unit: Unit, case: Case, late_reason: str) -> None:
    """Nothing is granted that was told too late, unless the policy lets the director approve that with a reason.

    Raises NOTICE_LATE, REPORT_LATE, LATE_UNAPPROVED, and CASE_FORM for a reason where nothing is late.
    """
    days, approved, refused = await _limit(unit, case)
    submitted_on = shanghai_date(case.submitted_at)
    if days is None or submitted_on <= case.valid_from + timedelta(days):
        if late_reason:
            raise CASE_FORM(reason=("没有逾期,不写逾期理由。", "It is not late: there is no reason to give."))
        return
    what = REPORT if case.kind == ACCIDENT else CIRCUMSTANCES[case.code]
    if not approved:
        raise refused(what=what, days=days, valid_from=case.valid_from, submitted_on=submitted_on)
    if unit.actor.role != APPROVER or not late_reason:
        raise LATE_UNAPPROVED(what=what, days=days, valid_from=case.valid_from, submitted_on=submitted_on)


async def _limit(unit: Unit, case: Case) -> tuple[int | None, bool, ProblemType]:
    """Within how many days it is told, whether a later one can be approved, and what refuses it otherwise."""
    if case.kind == ACCIDENT:
        rules = await rules_of(unit, case)
        return (None, False, REPORT_LATE) if rules is None else (rules.report_days, rules.late_approved, REPORT_LATE)
    policy = await _policy_on(unit, case.valid_from)
    asked = None if policy is None else next((one for one in policy.circumstances if one.code == case.code), None)
    return (None, False, NOTICE_LATE) if asked is None else (asked.notice_days, asked.late_approved, NOTICE_LATE)


async def _policy_on(unit: Unit, day: date) -> Policy | None:
    """The policy of a day; None before the first, when nothing was asked for."""
    try:
        return await policy_for(unit.conn, unit.pool_code, day)
    except Problem as problem:
        if problem.kind is not NO_POLICY:
            raise
        return None
