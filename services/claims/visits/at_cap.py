"""Who has reached a yearly cap (WC-03, HL-10, rulings §21): from the counts that settlements stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import Cap, Policy
from services.claims.benefits.queries import policy_for
from shared.db.sql import fetch
from shared.http.unit import Unit
from shared.kernel.areas import within

PERSON_YEAR = "person_year"
_READ_AT_ONCE = 1_000
# What stands in a count is compared here and not there: an operator on JSON would look below the row policies.
_COUNTED = """
SELECT a.owner_id, a.used, m.township_code FROM accumulator a
JOIN member_coverage m ON m.pool_code = a.pool_code AND m.member_id = a.owner_id
WHERE a.pool_code = $1 AND a.scope = 'person_year' AND a.year = $2 AND a.detail = '' AND a.owner_id > $3
ORDER BY a.owner_id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class AtCap:
    """A person who has used up a cap of the year, in fen."""

    member_id: UUID
    township_code: str
    cap: Cap
    used_fen: int


def yearly_caps(policy: Policy) -> tuple[Cap, ...]:
    """The caps a person and year of all buckets, each count once."""
    found = {
        (cap.counts, cap.amount_fen): cap
        for layer in policy.layers
        for bucket in layer.buckets
        for cap in bucket.caps
        if cap.period == PERSON_YEAR
    }
    return tuple(found[key] for key in sorted(found))


async def persons_at_cap(
    unit: Unit, day: date, areas: Sequence[str], after: UUID, limit: int
) -> tuple[list[AtCap], UUID | None]:
    """Persons who reached a cap of the policy of a day in its year, in the order of their ids; ``limit`` persons at
    most, and after whom the next page begins. Raises NO_POLICY."""
    caps = yearly_caps(await policy_for(unit.conn, unit.pool_code, day))
    found: list[AtCap] = []
    persons: list[UUID] = []
    while caps:
        rows = await _counted(unit.conn, unit.pool_code, day.year, after)
        for row in rows:
            after = row["owner_id"]
            reached = _reached(row, caps) if within(areas, row["township_code"]) else []
            if reached and len(persons) == limit:
                return found, persons[-1]
            if reached:
                persons.append(after)
                found += reached
        if len(rows) < _READ_AT_ONCE:
            break
    return found, None


def _reached(row: Any, caps: Sequence[Cap]) -> list[AtCap]:
    used: dict[str, int] = row["used"]
    return [
        AtCap(row["owner_id"], row["township_code"], cap, used[cap.counts])
        for cap in caps
        if used.get(cap.counts, 0) >= cap.amount_fen
    ]


async def _counted(conn: AsyncConnection, pool_code: str, year: int, after: UUID) -> list[Any]:
    return await fetch(conn, _COUNTED, pool_code, year, after, _READ_AT_ONCE)
