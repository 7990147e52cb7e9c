"""What every act on a case needs: the case as the caller may see it, another pair of hands, a row of the timeline."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.claims.cases import store
from services.claims.cases.model import DENIED, ENDED, ENDORSED, GRANTED, OPPOSED, POSTED, SUBMITTED, Case, Step
from services.claims.cases.problems import CASE_STATE, CASE_UNKNOWN
from shared.http.problems import FOUR_EYES
from shared.http.territory import areas_of
from shared.http.unit import Unit
from shared.kernel.areas import within

Words = tuple[str, str]
STATUS: Mapping[str, Words] = MappingProxyType(
    {
        SUBMITTED: ("待乡镇核实", "waiting for the township"),
        ENDORSED: ("乡镇同意,待县级决定", "endorsed, waiting for the county"),
        OPPOSED: ("乡镇不同意,待县级决定", "opposed, waiting for the county"),
        GRANTED: ("已批准", "granted"),
        DENIED: ("未批准", "denied"),
        ENDED: ("已终止", "ended"),
    }
)
SUBMIT, CHECK, DECIDE = ("提交申请", "submit the case"), ("核实", "check it"), ("决定", "decide it")
END, POST = ("终止", "end it"), ("公示", "post it")
_BEFORE: Mapping[str, Words] = MappingProxyType({SUBMITTED: SUBMIT, ENDORSED: CHECK, OPPOSED: CHECK, POSTED: POST})
"""Whoever did one of these does not decide."""


async def known(unit: Unit, case_id: UUID, *, lock: bool = False) -> Case:
    """A case that the caller may see. Raises CASE_UNKNOWN."""
    case = await store.case(unit.conn, unit.pool_code, case_id, lock=lock)
    if case is None:
        raise CASE_UNKNOWN(case_id=case_id)
    check_area(unit, case)
    return case


async def at_step(unit: Unit, case_id: UUID, statuses: frozenset[str], act: Words) -> Case:
    """A case, locked, in one of the states. Raises CASE_UNKNOWN, CASE_STATE."""
    await unit.business_day()
    case = await known(unit, case_id, lock=True)
    if case.status not in statuses:
        raise CASE_STATE(case_id=case_id, status=STATUS[case.status], act=act)
    return case


def check_area(unit: Unit, case: Case) -> None:
    """Raises CASE_UNKNOWN for a case of another area than the caller's."""
    if not within(areas_of(unit.actor), case.township_code):
        raise CASE_UNKNOWN(case_id=case.id)


def by_another(unit: Unit, earlier: str, act: Words, then: Words) -> None:
    """Whoever did the one may not do the other. Raises FOUR_EYES."""
    if unit.actor.subject == earlier:
        raise FOUR_EYES(act=act, then=then)


async def by_a_third(unit: Unit, case: Case) -> None:
    """Whoever submitted, checked or posted a case does not decide it. Raises FOUR_EYES."""
    for step in await store.steps(unit.conn, unit.pool_code, case.id):
        if step.act in _BEFORE:
            by_another(unit, step.by, _BEFORE[step.act], DECIDE)


async def add_step(unit: Unit, case: Case, act: str, note: str, detail: dict[str, Any]) -> None:
    """Writes what was done under the version that the case has by it."""
    day = await unit.business_day()
    step = Step(act, unit.actor.subject, unit.actor.role, unit.now, day, note, detail)
    await store.add_step(unit.conn, unit.pool_code, case, step)
    unit.result("case", case.id)
    unit.note(kind=case.kind, act=act)
