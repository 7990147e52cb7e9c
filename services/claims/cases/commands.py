"""What people do to a case. Each command takes the request's transaction and never commits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.claims.benefits.model import FULL_RATIO
from services.claims.cases import store
from services.claims.cases.inquiry import check_notice, check_told
from services.claims.cases.model import (
    ACCIDENT,
    CODES,
    DECIDABLE,
    DENIED,
    ENDED,
    ENDORSED,
    FOR_DISEASE,
    GRANTED,
    OPPOSED,
    SUBMITTED,
    Case,
    due_on,
)
from services.claims.cases.problems import CASE_FORM, CASE_OPEN, CASE_STATE
from services.claims.cases.steps import (
    CHECK,
    DECIDE,
    END,
    STATUS,
    SUBMIT,
    add_step,
    at_step,
    by_a_third,
    by_another,
    check_area,
    known,
)
from services.claims.visits import commands as visits
from services.claims.visits import queries
from services.claims.visits.coverage import Coverage
from services.claims.visits.deciding import ADVANCED
from services.claims.visits.entitlements import Days, Entitled, left, setting, timeline
from services.claims.visits.ties import check_tie
from shared.http.problems import FORBIDDEN_INSTITUTION, from_validation
from shared.http.unit import Unit
from shared.kernel.ids import new_id
from shared.kernel.timelines import NONE

INSTITUTION_MISSING = "医院提交时写明本机构的编码 / a hospital names its own institution"


@dataclass(frozen=True, slots=True)
class Application:
    """A case as it is handed in."""

    kind: str
    member_id: UUID
    institution_code: str
    visit_id: UUID | None
    disease_code: str
    valid_from: date
    valid_to: date | None
    papers: list[dict[str, str]]
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check or a decision says; liability and share (1/10,000) for accidents, days for everything else.

    Of what the fund advances the third party owes the share, and all of it where no share is named (rulings §13).
    """

    yes: bool
    note: str
    liability: str | None = None
    share: int = 0
    valid_from: date | None = None
    valid_to: date | None = None
    late_reason: str = ""
    """Why what was told too late is granted all the same."""


async def submit(unit: Unit, asked: Application) -> Case:
    """Takes a case in. Raises CASE_FORM, CASE_OPEN, CASE_UNKNOWN outside one's area, MEMBER_UNKNOWN, VISIT_UNKNOWN."""
    if unit.actor.role == "hospital" and not asked.institution_code:
        raise from_validation([{"loc": ("body", "institution_code"), "msg": INSTITUTION_MISSING}])
    if unit.actor.role == "hospital" and asked.institution_code not in unit.actor.institutions:
        raise FORBIDDEN_INSTITUTION(institution_code=asked.institution_code)
    _check_form(asked)
    day = await unit.business_day()
    coverage = await visits.member_coverage(unit, asked.member_id)
    if asked.visit_id is not None:
        await _check_visit(unit, asked.visit_id, asked)
    new = Case(
        id=new_id(unit.now),
        institution_code=asked.institution_code if unit.actor.role == "hospital" else "",
        kind=asked.kind,
        member_id=asked.member_id,
        household_id=coverage.household_id,
        township_code=coverage.township_code,
        visit_id=asked.visit_id,
        disease_code=asked.disease_code,
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        papers=asked.papers,
        status=SUBMITTED,
        version=1,
        submitted_by=unit.actor.subject,
        submitted_at=unit.now,
        due_on=due_on(day),
    )
    check_area(unit, new)
    if not await store.add(unit.conn, unit.pool_code, new):
        other = await store.open_case(unit.conn, unit.pool_code, new)
        # A hospital does not see what another place submitted: it is told that there is one.
        raise CASE_OPEN(case=(f" {other} ", f"Case {other}") if other else ("(由别处提交)", "A case from elsewhere"))
    await add_step(unit, new, SUBMITTED, asked.note, {})
    return new


def _check_form(asked: Application) -> None:
    """Raises CASE_FORM for what its kind asks for and the form lacks, all in the words of the office."""
    if asked.kind == ACCIDENT and asked.visit_id is None:
        raise CASE_FORM(reason=("意外伤害调查须写明就诊编号。", "An accident inquiry names its visit."))
    if asked.kind != ACCIDENT and asked.visit_id is not None:
        raise CASE_FORM(reason=("只有意外伤害调查写就诊编号。", "Only an accident inquiry names a visit."))
    if (asked.kind in FOR_DISEASE) != bool(asked.disease_code):
        raise CASE_FORM(
            reason=(
                "慢性病、特殊病和专项须写病种编码,其他申请不写。",
                "Cards and programmes name a disease by its code; other cases do not.",
            )
        )
    _check_days(asked.valid_from, asked.valid_to)
    if not asked.papers:
        raise CASE_FORM(reason=("请至少附一份材料。", "Name at least one paper."))


def _check_days(valid_from: date, valid_to: date | None) -> None:
    if valid_to is not None and valid_to < valid_from:
        raise CASE_FORM(reason=("有效期止早于有效期起。", "The last day lies before the first."))


async def _check_visit(unit: Unit, visit_id: UUID, asked: Application) -> None:
    """The visit is of this person, after the accident, waits for an inquiry and is not settled. Raises CASE_FORM."""
    visit = await visits.open_visit(unit, visit_id)
    if visit.member_id != asked.member_id:
        raise CASE_FORM(reason=("就诊不是该参合人员的。", "The visit is another member's."))
    if visit.third_party == "none":
        raise CASE_FORM(reason=("该次就诊没有登记为意外伤害。", "The visit was not registered as an accident."))
    if asked.valid_from > visit.admitted_on:
        raise CASE_FORM(reason=("发生意外的日期晚于就诊日期。", "The accident (valid_from) lies after the visit."))


async def check(unit: Unit, case_id: UUID, finding: Finding) -> Case:
    """The township's check; of an accident by its director with scene and liability (WW-10).

    Raises CASE_UNKNOWN, CASE_STATE, FOUR_EYES, CASE_FORM.
    """
    case = await at_step(unit, case_id, frozenset({SUBMITTED}), CHECK)
    by_another(unit, case.submitted_by, SUBMIT, CHECK)
    if case.kind == ACCIDENT:
        if unit.actor.role != "township_director":
            raise CASE_FORM(
                reason=("意外伤害由乡镇负责人签署意见。", "The township's director gives the opinion on an accident.")
            )
        _check_liability(finding)
    elif finding.liability is not None:
        raise CASE_FORM(reason=("只有意外伤害写责任认定。", "Only an accident has a liability."))
    status = ENDORSED if finding.yes else OPPOSED
    now = replace(case, status=status, version=case.version + 1, liability=finding.liability, share=_share(finding))
    await store.set_case(unit.conn, unit.pool_code, now)
    await add_step(unit, now, status, finding.note, _told(finding))
    return now


async def decide(unit: Unit, case_id: UUID, finding: Finding) -> Case:
    """The county's decision: the fact stands from its first day on, and the visit of an accident can be settled.

    Raises CASE_UNKNOWN, CASE_STATE, FOUR_EYES, CONFLICT_OF_INTEREST, CASE_FORM, NOTICE_LATE, REPORT_LATE,
    LATE_UNAPPROVED, NOT_POSTED, NOTICE_RUNS, CASE_OBJECTIONS_OPEN, VISIT_SETTLED.
    """
    case = await at_step(unit, case_id, DECIDABLE, DECIDE)
    check_tie(unit.actor, case.institution_code, case.household_id)
    await by_a_third(unit, case)
    if finding.late_reason and not finding.yes:
        raise CASE_FORM(reason=("不予批准的,不写逾期理由。", "What is denied has no reason for being late."))
    if case.kind == ACCIDENT:
        now = await _decide_accident(unit, case, finding)
    else:
        now = await _decide_fact(unit, case, finding)
    await store.set_case(unit.conn, unit.pool_code, now)
    await add_step(unit, now, now.status, finding.note, _told(finding))
    return now


async def _decide_fact(unit: Unit, case: Case, finding: Finding) -> Case:
    if finding.liability is not None:
        raise CASE_FORM(reason=("只有意外伤害写责任认定。", "Only an accident has a liability."))
    start, end = finding.valid_from or case.valid_from, finding.valid_to or case.valid_to
    _check_days(start, end)
    status = GRANTED if finding.yes else DENIED
    now = replace(case, status=status, version=case.version + 1, valid_from=start, valid_to=end)
    if finding.yes:
        await check_told(unit, now, finding.late_reason)
        coverage = await queries.lock_entitlements(unit.conn, unit.pool_code, case.member_id)
        await _record(unit, now, coverage, GRANTED, [(start, end)])
    return now


async def _decide_accident(unit: Unit, case: Case, finding: Finding) -> Case:
    """Granted: the benefit follows the liability that was found. Denied: a third party is held to pay all.

    Whoever submitted the case, the hospital it touches is that of the visit.
    """
    assert case.visit_id is not None
    liability, share = (finding.liability, _share(finding)) if finding.yes else ("liable", 0)
    _check_liability(replace(finding, liability=liability, share=share))
    visit = await visits.open_visit(unit, case.visit_id)
    check_tie(unit.actor, visit.institution_code)
    if finding.yes:
        await check_told(unit, case, finding.late_reason)
        await check_notice(unit, case)
    assert liability is not None
    await queries.set_third_party(unit.conn, unit.pool_code, case.visit_id, liability, share)
    status = GRANTED if finding.yes else DENIED
    return replace(case, status=status, version=case.version + 1, liability=liability, share=share)


async def end(unit: Unit, case_id: UUID, from_day: date, note: str) -> Case:
    """Ends what was granted from a day on, by another person than who decided it; claims settled before stand, and so
    does what another case grants of the same fact.

    Raises CASE_UNKNOWN, CASE_STATE, FOUR_EYES, CASE_FORM.
    """
    await unit.business_day()
    case = await known(unit, case_id, lock=True)
    if case.status != GRANTED or case.kind == ACCIDENT:
        raise CASE_STATE(case_id=case_id, status=STATUS[case.status], act=END)
    check_tie(unit.actor, case.institution_code, case.household_id)
    decided = (await store.steps(unit.conn, unit.pool_code, case_id))[-1]
    by_another(unit, decided.by, DECIDE, END)
    if from_day < case.valid_from or (case.valid_to is not None and from_day > case.valid_to):
        raise CASE_FORM(reason=("终止日须在有效期内。", "The day has to lie within the validity."))
    last = max(case.valid_from, from_day - timedelta(days=1))
    now = replace(case, status=ENDED, version=case.version + 1, valid_to=last)
    coverage = await queries.lock_entitlements(unit.conn, unit.pool_code, case.member_id)
    others = await store.granted_by_others(unit.conn, unit.pool_code, case)
    await _record(unit, now, coverage, NONE, left(from_day, case.valid_to, others))
    await store.set_case(unit.conn, unit.pool_code, now)
    await add_step(unit, now, ENDED, note, {"from_day": from_day.isoformat()})
    return now


async def _record(unit: Unit, case: Case, coverage: Coverage, state: str, days: Sequence[Days]) -> None:
    """Appends starts of disjoint periods to the locked member's timeline and brings what settlements read to them."""
    code, disease = CODES[case.kind], case.disease_code
    before = timeline(coverage.entitlements, code, disease)
    starts = [
        Entitled(code, disease, day, coverage.entitlement_seq + number, state_then)
        for number, (day, state_then) in enumerate(
            (one for start, end in days for one in setting(before, state, start, end)), start=1
        )
    ]
    await store.add_starts(unit.conn, unit.pool_code, case, starts, unit.now)
    await queries.set_entitlements(unit.conn, unit.pool_code, case.member_id, (*coverage.entitlements, *starts))


def _check_liability(finding: Finding) -> None:
    if finding.liability is None:
        raise CASE_FORM(reason=("意外伤害须写明责任认定。", "An accident needs a liability."))
    if finding.liability != ADVANCED and (finding.liability == "shared") != (finding.share > 0):
        raise CASE_FORM(
            reason=(
                "按份分担或垫付追偿时写明他方承担比例,其他情形不写。",
                "Write the other's share where the liability is shared or the fund advances, and nowhere else.",
            )
        )


def _share(finding: Finding) -> int:
    """What the third party bears, in 1/10,000."""
    return finding.share or FULL_RATIO if finding.liability == ADVANCED else finding.share


def _told(finding: Finding) -> dict[str, Any]:
    told = {
        "liability": finding.liability,
        "share": _share(finding) or None,
        "late_reason": finding.late_reason or None,
    }
    return {name: value for name, value in told.items() if value is not None}
