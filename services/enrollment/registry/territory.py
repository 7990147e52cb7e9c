"""Where a person of a township may look and act: the areas that his token names, and nowhere else (contracts §13)."""

from typing import Any
from uuid import UUID

from services.enrollment.registry import facts_store
from shared.http.problems import NOT_FOUND
from shared.http.territory import AREAS_MISSING as AREAS_MISSING
from shared.http.territory import TOWNSHIP_ROLES
from shared.http.territory import areas_of as areas_of
from shared.http.tokens import Actor
from shared.http.unit import Unit, UnitDep
from shared.kernel.areas import within


async def areas_named(unit: UnitDep) -> None:
    """Stands before every route of the register: a township role without areas is refused. Raises AREAS_MISSING."""
    areas_of(unit.actor)


def sees_whole_pool(actor: Actor) -> bool:
    """Whether nothing but the pool bounds what the caller may see."""
    return actor.role not in TOWNSHIP_ROLES


async def member_within(unit: Unit, member_id: UUID) -> Any:
    """What coverage tells of a member; raises NOT_FOUND where he does not live in the caller's areas."""
    facts = await facts_store.facts_by_id(unit.conn, unit.pool_code, member_id)
    if facts is None or not within(areas_of(unit.actor), facts["village_code"]):
        raise NOT_FOUND(what=(f"参合人员 {member_id}", f"member {member_id}"))
    return facts


async def household_within(unit: Unit, household_id: UUID) -> Any:
    """A household; raises NOT_FOUND where it does not lie in the caller's areas."""
    row = await facts_store.household(unit.conn, unit.pool_code, household_id)
    if row is None or not within(areas_of(unit.actor), row["village_code"]):
        raise NOT_FOUND(what=(f"家庭 {household_id}", f"household {household_id}"))
    return row
