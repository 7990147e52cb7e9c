"""The window: a patient paid in full and brings his papers; the intake desk enters them (rulings §14).

Identity comes from the ID number, duplicates from three keys: the original invoices (once in all pools), the hospital's
own number of the visit, and the number of a basic settlement made elsewhere. The benefit is owed to the person. Each
registration has an acceptance slip with a number; missing papers are named all together and hold up the settlement.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Outcome, Policy
from services.claims.benefits.queries import NO_POLICY, policy_for
from services.claims.visits import store, window_store
from services.claims.visits.commands import check_desk, check_stay, member_with, open_visit, record
from services.claims.visits.coverage import Coverage
from services.claims.visits.deciding import INPATIENT, WINDOW, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.entitlements import late_on
from services.claims.visits.problems import (
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    FIELD_WORDS,
    INVOICE_USED,
    NOT_OF_THE_WINDOW,
    SLIP_UNKNOWN,
    TIME_AHEAD,
    WINDOW_STAY,
    refused,
)
from services.claims.visits.window_store import Invoice, Paper
from shared.db.numbers import next_number
from shared.http.unit import Unit
from shared.kernel.dates import shanghai_date, too_far_ahead
from shared.kernel.errors import Problem


async def enter(
    unit: Unit,
    told: Callable[[UUID], Visit],
    id_number: str,
    invoices: Sequence[Invoice],
    given: Given | None,
    papers: Sequence[Paper] = (),
) -> tuple[Visit, bool]:
    """Enters care that is over from its papers, which make a visit of the member; False where the same was entered
    before.

    Raises WINDOW_STAY, DISCHARGE_BEFORE_ADMISSION, TIME_AHEAD, MEMBER_UNKNOWN, VISIT_EXISTS, VISIT_NUMBER_USED,
    VISIT_WITHDRAWN, INVOICE_USED, ELSEWHERE_SUMS, ELSEWHERE_TWICE, and the refusal of papers after their deadline.
    """
    if given is not None and not given.adds_up:
        raise ELSEWHERE_SUMS()
    day = await unit.business_day()
    member = await member_with(unit, id_number)
    new = replace(told(member.member_id), submitted_on=shanghai_date(unit.now))
    _check_times(new, unit.now)
    visit, is_new = await record(unit, new)
    if not is_new:
        return visit, False
    policy = await _policy(unit, new)
    check_deadline(policy, new, member)
    await _use(unit, new, sorted(set(invoices)))
    if given is not None:
        await _keep_given(unit, new.id, given)
    needed = policy.papers_for(new.kind) if policy is not None else ()
    number = await next_number(unit.conn, unit.pool_code, day)
    await window_store.add_slip(
        unit.conn, unit.pool_code, new, number, needed, now=unit.now, by=unit.actor.subject
    )  # fmt: skip
    await _bring(unit, new, needed, papers)
    kept = await store.visit(unit.conn, unit.pool_code, new.id)
    assert kept is not None
    return kept, True


async def _use(unit: Unit, new: Visit, invoices: Sequence[Invoice]) -> None:
    """Raises INVOICE_USED, which leaves behind what was tried, for the county office to look at."""
    taken = await window_store.use_invoices(unit.conn, unit.pool_code, new.id, invoices, now=unit.now)
    if not taken:
        return
    tried = [
        window_store.attempt(unit.pool_code, new, used, now=unit.now, by=unit.actor.subject)
        for used in await window_store.uses(unit.conn, taken)
    ]
    raise INVOICE_USED(numbers="、".join(number for _, number in taken)).keeping(*tried)


async def _policy(unit: Unit, new: Visit) -> Policy | None:
    """The policy of the care; care of days without one is the settlement's to refuse."""
    try:
        return await policy_for(unit.conn, unit.pool_code, new.admitted_on)
    except Problem as problem:
        if problem.kind is not NO_POLICY:
            raise
        return None


async def in_time(unit: Unit, new: Visit, member: Coverage) -> None:
    """Raises the refusal of papers that came after the deadline of the policy of the care, without an approval."""
    check_deadline(await _policy(unit, new), new, member)


def check_deadline(policy: Policy | None, new: Visit, member: Coverage) -> None:
    """The same of a policy that is at hand; a deadline that the pool has not accepted by name is the settlement's to
    refuse."""
    deadline = None if policy is None else policy.deadline_for(new.kind)
    if policy is None or deadline is None or not policy.has_accepted(deadline.origin):
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


# ---------------------------------------------------------------- slip, papers, withdrawal


async def slip(unit: Unit, number: str) -> Any:
    """The slip with a number and what became of it. Raises SLIP_UNKNOWN."""
    row = await window_store.slip_numbered(unit.conn, unit.pool_code, number)
    if row is None:
        raise SLIP_UNKNOWN(number=number)
    return row


async def bring_papers(unit: Unit, visit_id: UUID, papers: Sequence[Paper]) -> None:
    """Records papers that came later, or whose original was given back.

    Raises VISIT_UNKNOWN, VISIT_NOT_YOURS, VISIT_SETTLED, VISIT_WITHDRAWN, NOT_OF_THE_WINDOW.
    """
    visit = _of_window(check_desk(unit, await open_visit(unit, visit_id)))
    row = await window_store.slip_of(unit.conn, unit.pool_code, visit_id)
    if row is None:
        raise NOT_OF_THE_WINDOW(visit_id=visit_id)
    await _bring(unit, visit, row["needed"], papers)


async def _bring(unit: Unit, visit: Visit, needed: Sequence[str], papers: Sequence[Paper]) -> None:
    """Records papers, and with the visit all that are still missing."""
    before = await window_store.papers(unit.conn, unit.pool_code, visit.id)
    if papers:
        await window_store.add_papers(
            unit.conn, unit.pool_code, visit, len(before), papers, now=unit.now, by=unit.actor.subject
        )  # fmt: skip
    here = {row["kind"] for row in before} | {paper.kind for paper in papers}
    missing = [kind for kind in needed if kind not in here]
    if tuple(missing) != visit.missing_papers:
        await window_store.set_missing(unit.conn, unit.pool_code, visit.id, missing)


async def withdraw(unit: Unit, visit_id: UUID, reason: str) -> int:
    """Withdraws a registration with wrong papers that is not settled; how many invoices are free again.

    Raises VISIT_UNKNOWN, VISIT_NOT_YOURS, VISIT_SETTLED, VISIT_WITHDRAWN, NOT_OF_THE_WINDOW.
    """
    visit = _of_window(check_desk(unit, await open_visit(unit, visit_id)))
    return await window_store.withdraw(
        unit.conn, unit.pool_code, visit, reason, now=unit.now, by=unit.actor.subject
    )  # fmt: skip


def _of_window(visit: Visit) -> Visit:
    if visit.channel != WINDOW:
        raise NOT_OF_THE_WINDOW(visit_id=visit.id)
    return visit
