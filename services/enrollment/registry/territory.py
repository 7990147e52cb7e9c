"""Where a person of a township may look and act: the areas that his token names, and nowhere else (contracts §13)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.enrollment.registry import store
from services.enrollment.registry.model import within
from shared.http.problems import NOT_FOUND
from shared.http.roles import role_words
from shared.http.tokens import Actor
from shared.http.unit import Unit, UnitDep
from shared.kernel.errors import define

TOWNSHIP_ROLES = frozenset({"township_clerk", "township_director"})
WHOLE_POOL = ("",)
"""The empty prefix, which every area code begins with."""

AREAS_MISSING = define(
    "areas_missing",
    403,
    "令牌没有写明辖区",
    "The token names no area",
    "角色“{role}”的令牌必须写明所辖乡镇或村(“areas”),请管理员补上。",
    "A token of role {role} has to name the townships or villages (areas) it is for; ask the operator.",
)


def areas_of(actor: Actor) -> Sequence[str]:
    """Prefixes of the area codes that are open to the caller; raises AREAS_MISSING for a township role without any."""
    if actor.role not in TOWNSHIP_ROLES:
        return WHOLE_POOL
    areas = sorted({area for area in actor.areas if area})
    if not areas:
        raise AREAS_MISSING(role=role_words(actor.role))
    return areas


async def areas_named(unit: UnitDep) -> None:
    """Stands before every route of the register: a township role without areas is refused. Raises AREAS_MISSING."""
    areas_of(unit.actor)


def sees_whole_pool(actor: Actor) -> bool:
    """Whether nothing but the pool bounds what the caller may see."""
    return actor.role not in TOWNSHIP_ROLES


async def member_within(unit: Unit, member_id: UUID) -> Any:
    """What coverage tells of a member; raises NOT_FOUND where he does not live in the caller's areas."""
    facts = await store.facts_by_id(unit.conn, unit.pool_code, member_id)
    if facts is None or not within(areas_of(unit.actor), facts["village_code"]):
        raise NOT_FOUND(what=(f"参合人员 {member_id}", f"member {member_id}"))
    return facts


async def household_within(unit: Unit, household_id: UUID) -> Any:
    """A household; raises NOT_FOUND where it does not lie in the caller's areas."""
    row = await store.household(unit.conn, unit.pool_code, household_id)
    if row is None or not within(areas_of(unit.actor), row["village_code"]):
        raise NOT_FOUND(what=(f"家庭 {household_id}", f"household {household_id}"))
    return row
