"""The window: a patient paid in full and brings his papers; the intake desk enters them (rulings §14).

Identity comes from the ID number, duplicates from three keys: the original invoices (once in all pools), the hospital's
own number of the visit, and the number of a basic settlement made elsewhere. The benefit is owed to the person.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.claims.benefits.model import Outcome
from services.claims.benefits.queries import NO_POLICY, policy_for
from services.claims.visits import store
from services.claims.visits.commands import check_stay, member_with, record
from services.claims.visits.coverage import Coverage
from services.claims.visits.deciding import INPATIENT, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.entitlements import late_on
from services.claims.visits.problems import (
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    FIELD_WORDS,
    INVOICE_USED,
    TIME_AHEAD,
    WINDOW_STAY,
    refused,
)
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date, too_far_ahead
from shared.kernel.errors import Problem

Invoice = tuple[str, str]
"""Code and number of an original invoice."""


async def enter(
    unit: Unit, told: Callable[[UUID], Visit], id_number: str, invoices: Sequence[Invoice], given: Given | None
) -> tuple[Visit, bool]:
    """Enters care that is over from its papers, which make a visit of the member; False where the same was entered
    before.

    Raises WINDOW_STAY, DISCHARGE_BEFORE_ADMISSION, TIME_AHEAD, MEMBER_UNKNOWN, VISIT_EXISTS, VISIT_NUMBER_USED,
    INVOICE_USED, ELSEWHERE_SUMS, ELSEWHERE_TWICE, and the refusal of papers after their deadline.
    """
    if given is not None and not given.adds_up:
        raise ELSEWHERE_SUMS()
    member = await member_with(unit, id_number)
    new = replace(told(member.member_id), submitted_on=shanghai_date(unit.now))
    _check_times(new, unit.now)
    visit, is_new = await record(unit, new)
    if not is_new:
        return visit, False
    await check_deadline(unit, new, member)
    if used := await store.use_invoices(unit.conn, unit.pool_code, new.id, sorted(set(invoices)), now=unit.now):
        raise INVOICE_USED(numbers="、".join(used))
    if given is not None:
        await _keep_given(unit, new.id, given)
    kept = await store.visit(unit.conn, unit.pool_code, new.id)
    assert kept is not None
    return kept, True


async def check_deadline(unit: Unit, new: Visit, member: Coverage) -> None:
    """Raises the refusal of papers that came after the deadline of the policy of the care, without an approval.

    A deadline that the pool has not accepted by name, and care of days without a policy, are the settlement's to
    refuse.
    """
    try:
        policy = await policy_for(unit.conn, unit.pool_code, new.admitted_on)
    except Problem as problem:
        if problem.kind is not NO_POLICY:
            raise
        return
    deadline = policy.deadline_for(new.kind)
    if deadline is None or not policy.has_accepted(deadline.origin):
        return
    ended_on, submitted_on = new.ended_on, new.submitted_on
    last_day = deadline.last_day(ended_on)
    assert submitted_on is not None
    if submitted_on > last_day and not late_on(member.entitlements, ended_on):
        zh = f"{deadline.name}:{ended_on} 结束的,{last_day} 以前送到,今天是 {submitted_on}"
        en = f"care ended on {ended_on}, last day {last_day}, today is {submitted_on}"
        raise refused(Outcome.SUBMITTED_LATE, (zh, en))


async def _keep_given(unit: Unit, visit_id: UUID, given: Given) -> None:
    if await store.set_elsewhere(unit.conn, unit.pool_code, visit_id, given) is not None:
        raise ELSEWHERE_TWICE(settlement=given.settlement)


def _check_times(new: Visit, now: datetime) -> None:
    if (new.kind == INPATIENT) != (new.discharged_at is not None):
        raise WINDOW_STAY()
    if new.discharged_at is not None:
        check_stay(new.admitted_at, new.discharged_at)
    for field, at in (("admitted_at", new.admitted_at), ("discharged_at", new.discharged_at)):
        if at is not None and too_far_ahead(at, now):
            raise TIME_AHEAD(field=FIELD_WORDS[field])
