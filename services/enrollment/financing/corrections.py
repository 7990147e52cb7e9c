"""Corrections of coverage: lapse, back-dated birth, death, reinstatement (contracts §7, rulings §17)."""

from datetime import date
from uuid import UUID

from services.enrollment.financing import store
from services.enrollment.financing.billing import standards_of
from services.enrollment.financing.rules import Standard
from services.enrollment.registry.act import Act
from services.enrollment.registry.coverage import NewStart, covered_since, died, lapsed
from services.enrollment.registry.model import Newborn
from services.enrollment.registry.people import add_newborn, end_membership, member_facts
from services.enrollment.registry.publish import ENROLLED, Timeline, change_coverage
from shared.db.personal import Sealer
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import define

KINDS = ("lapse", "death", "birth", "reinstatement")
_CAUSES = {"birth": "birth", "reinstatement": "reinstated"}

NO_YEAR = define(
    "coverage_year_unknown",
    422,
    "日期不在任何保障年度内",
    "The day is in no coverage year",
    "{day} 不在已公布标准的任何保障年度内。",
    "{day} lies in no coverage year with a standard.",
)
NOTHING_CHANGES = define(
    "coverage_unchanged",
    409,
    "更正没有变化",
    "The correction changes nothing",
    "该成员自 {day} 起的保障状态已经如此。",
    "From {day} on the member's coverage is so already.",
)
NOT_BIRTH = define(
    "coverage_not_birth_date",
    422,
    "不是出生日期",
    "Not the date of birth",
    "出生补登的起始日应等于登记的出生日期。",
    "A birth correction starts on the registered date of birth.",
)
NOT_ENROLLED = define(
    "member_not_enrolled",
    409,
    "该成员尚不能享受保障",
    "The member cannot be covered",
    "该成员的状态是待核实或已终止;请先核实身份。",
    "The member is to be verified or ended; verify the identity first.",
)
UNPAID = define(
    "reinstatement_unpaid",
    409,
    "没有缴费,须另一人同意",
    "No premium was paid; another person has to agree",
    "{day} 没有该成员的缴费或资助;请提出恢复申请,由另一人决定。",
    "No premium or sponsor covers {day}; apply for a reinstatement, which another person decides.",
)
IN_FUTURE = define(
    "correction_in_future",
    422,
    "日期在将来",
    "The day is in the future",
    "{day} 还没有到;更正只能对已发生的事。",
    "{day} has not come; a correction tells what has happened.",
)


def year_of(standards: dict[int, Standard], day: date) -> Standard:
    """The coverage year that holds a day; raises NO_YEAR."""
    for standard in standards.values():
        if standard.coverage_from <= day <= standard.coverage_to:
            return standard
    raise NO_YEAR(day=day)


async def correct(act: Act, sealer: Sealer, member_id: UUID, kind: str, on: date, reason: str) -> None:
    """Records a correction of a member's coverage and tells the whole timeline with a higher sequence.

    A reinstatement takes back a lapse of what was paid for; without a premium it needs two people (UNPAID).
    Raises NOT_FOUND, NO_YEAR, NOTHING_CHANGES, NOT_BIRTH, NOT_ENROLLED, IN_FUTURE, UNPAID.
    """
    if on > act.day:
        raise IN_FUTURE(day=on)
    facts = await member_facts(act.conn, act.pool_code, member_id)
    if facts is None:
        raise NOT_FOUND(what=(f"参合人员 {member_id}", f"member {member_id}"))
    if kind == "birth" and facts["birth_date"] != on:
        raise NOT_BIRTH()
    last = year_of(await standards_of(act.conn, act.pool_code), on).coverage_to
    if kind == "reinstatement" and facts["status"] == ENROLLED and not await _is_paid(act, member_id, on):
        raise UNPAID(day=on)

    def decide(_: UUID, timeline: Timeline) -> list[NewStart]:
        if kind == "lapse":
            return lapsed(timeline, on, last)
        if kind == "death":
            return died(timeline, on)
        return covered_since(timeline, on, last, _CAUSES[kind])

    changed = await change_coverage(act, sealer, [member_id], decide, reason=reason)
    if changed.not_enrolled:
        raise NOT_ENROLLED()
    if not changed.changed and kind != "death":
        raise NOTHING_CHANGES(day=on)
    if kind == "death":
        await end_membership(act, member_id)


async def _is_paid(act: Act, member_id: UUID, on: date) -> bool:
    """Whether a premium, of the household or of a sponsor, covers the day."""
    lines = await store.settled_lines(act.conn, act.pool_code, [member_id])
    return any(line["covered_from"] <= on <= line["coverage_to"] for line in lines)


async def enrol_newborn(act: Act, sealer: Sealer, household_id: UUID, newborn: Newborn) -> UUID:
    """Enrols a newborn and covers it from birth to the end of that coverage year."""
    if newborn.birth_date > act.day:
        raise IN_FUTURE(day=newborn.birth_date)
    last = year_of(await standards_of(act.conn, act.pool_code), newborn.birth_date).coverage_to
    member_id = await add_newborn(act, sealer, household_id, newborn)

    def decide(_: UUID, timeline: Timeline) -> list[NewStart]:
        return covered_since(timeline, newborn.birth_date, last, "birth")

    await change_coverage(act, sealer, [member_id], decide)
    return member_id
