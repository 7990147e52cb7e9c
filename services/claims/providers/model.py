"""Institutions and their dated agreements with pools (rulings §12)."""

from dataclasses import dataclass
from datetime import date

ACTIVE, SUSPENDED, NONE = "active", "suspended", "none"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of an institution with a pool as it stands on a day."""

    pool_code: str
    institution_code: str
    valid_from: date
    recorded_seq: int
    state: str
    """`active`, `suspended` (no new registrations) or `none` (ended)."""
    kinds: frozenset[str]
    grade: str
    payee: str
    place: str | None
    """Overrides what the area codes say, for areas pooled elsewhere (LS-20)."""


def place_of(pool_code: str, area_code: str) -> str:
    """Where an institution stands as seen from a pool: six digits are the county, the first two the province."""
    if area_code[:6] == pool_code[:6]:
        return "in_county"
    return "in_province" if area_code[:2] == pool_code[:2] else "out_of_province"
