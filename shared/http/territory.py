"""Where a person of a township may look and act: the areas that his token names, and nowhere else (contracts §13)."""

from collections.abc import Sequence

from shared.http.roles import role_words
from shared.http.tokens import Actor
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
