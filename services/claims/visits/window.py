"""The window: a patient paid in full and brings his papers; the intake desk enters them (rulings §14).

Identity comes from the ID number, duplicates from three keys: the original invoices (once in all pools), the hospital's
own number of the visit, and the number of a basic settlement made elsewhere. The benefit is owed to the person.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from services.claims.visits import coverage_store, store
from services.claims.visits.asking import EnrollmentDesk
from services.claims.visits.commands import record
from services.claims.visits.coverage import ID_NUMBER, Coverage
from services.claims.visits.deciding import INPATIENT, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.problems import (
    DISCHARGE_BEFORE_ADMISSION,
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    FIELD_WORDS,
    INVOICE_USED,
    MEMBER_UNKNOWN,
    TIME_AHEAD,
    WINDOW_STAY,
)
from services.claims.visits.settling import DESK
from shared.db.personal import Sealer
from shared.http.unit import Unit
from shared.kernel.dates import too_far_ahead
from shared.kernel.id_numbers import normal_form

Invoice = tuple[str, str]
"""Code and number of an original invoice."""


async def member_of(unit: Unit, id_number: str) -> Coverage:
    """The member with an ID number; enrollment is asked about one never heard of. Raises MEMBER_UNKNOWN."""
    index = Sealer(unit.settings.personal_keys()).blind_index(ID_NUMBER, normal_form(id_number))
    known = await coverage_store.by_index(unit.conn, unit.pool_code, index)
    if known is not None:
        return known
    desk: EnrollmentDesk = unit.app.resources[DESK]
    question = ("index", index)
    told: tuple[Coverage, str | None] | None = unit.ask({question: partial(desk.by_index, unit.pool_code, index)})[
        question
    ]
    if told is None:
        raise MEMBER_UNKNOWN(pool_code=unit.pool_code)
    await coverage_store.replace(unit.conn, unit.pool_code, told[0], coverage_store.ANSWER, unit.now)
    return told[0]


async def enter(
    unit: Unit, new: Visit, id_number: str, invoices: Sequence[Invoice], given: Given | None
) -> tuple[Visit, bool]:
    """Enters care that is over from its papers; False where the same was entered before.

    Raises WINDOW_STAY, DISCHARGE_BEFORE_ADMISSION, TIME_AHEAD, MEMBER_UNKNOWN, VISIT_EXISTS, VISIT_NUMBER_USED,
    INVOICE_USED, ELSEWHERE_SUMS, ELSEWHERE_TWICE.
    """
    _check_times(new, unit.now)
    if given is not None and not given.adds_up:
        raise ELSEWHERE_SUMS()
    member = await member_of(unit, id_number)
    visit, is_new = await record(unit, replace(new, member_id=member.member_id))
    if not is_new:
        return visit, False
    if used := await store.use_invoices(unit.conn, unit.pool_code, new.id, sorted(set(invoices)), now=unit.now):
        raise INVOICE_USED(numbers="、".join(used))
    if given is not None:
        await _keep_given(unit, new.id, given)
    kept = await store.visit(unit.conn, unit.pool_code, new.id)
    assert kept is not None
    return kept, True


async def _keep_given(unit: Unit, visit_id: UUID, given: Given) -> None:
    if await store.set_elsewhere(unit.conn, unit.pool_code, visit_id, given) is not None:
        raise ELSEWHERE_TWICE(settlement=given.settlement)


def _check_times(new: Visit, now: datetime) -> None:
    if (new.kind == INPATIENT) != (new.discharged_at is not None):
        raise WINDOW_STAY()
    if new.discharged_at is not None and new.discharged_at < new.admitted_at:
        raise DISCHARGE_BEFORE_ADMISSION(
            discharged_at=new.discharged_at.isoformat(), admitted_at=new.admitted_at.isoformat()
        )
    for field, at in (("admitted_at", new.admitted_at), ("discharged_at", new.discharged_at)):
        if at is not None and too_far_ahead(at, now):
            raise TIME_AHEAD(field=FIELD_WORDS[field])
