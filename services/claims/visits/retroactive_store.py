"""The SQL of claims that a late decision concerns: by household, so that caps are followed claim by claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.claims import COLUMNS, Claim, claim_of
from services.claims.visits.counters import Ref
from services.claims.visits.deciding import Visit
from services.claims.visits.retroactive import Moved, as_counted
from services.claims.visits.visit_rows import visit_of
from shared.db.sql import fetch

_IN_BETWEEN = """
pool_code = $1 AND settled_on >= $2 AND settled_at < $3 AND admitted_on >= $2
  AND ($4::date IS NULL OR admitted_on < $4) AND status IN ('settled', 'approved', 'released')
  AND policy_hash <> $5
"""
_CLAIMS = f"""
WITH page AS (
  SELECT DISTINCT household_id FROM claim
  WHERE {_IN_BETWEEN} AND ($6::uuid IS NULL OR household_id > $6)
  ORDER BY household_id LIMIT $7
)
SELECT {", ".join(COLUMNS)} FROM claim
WHERE {_IN_BETWEEN} AND household_id IN (SELECT household_id FROM page)
ORDER BY id
"""
_MOVED = """
SELECT claim_id, owner_id, scope, year, detail, move FROM accumulator_entry
WHERE pool_code = $1 AND owner_id = ANY ($2::uuid[]) AND claim_id = ANY ($3::uuid[]) AND NOT takes_back
"""
_DETAILS = "SELECT * FROM claim_detail WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[])"
_VISITS = "SELECT * FROM visit WHERE pool_code = $1 AND id = ANY ($2::uuid[])"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Claims admitted from `since` (before `until`) and settled before a moment, by another version, that stand:
    those cancelled, rejected or returned get nothing more."""

    since: date
    until: date | None
    before: datetime
    policy_hash: str
    after: UUID | None
    households: int


async def claims_in_between(conn: AsyncConnection, pool_code: str, wanted: Wanted) -> list[Claim]:
    """The claims of a page of households, as they were counted."""
    rows = await fetch(
        conn,
        _CLAIMS,
        pool_code,
        wanted.since,
        wanted.before,
        wanted.until,
        wanted.policy_hash,
        wanted.after,
        wanted.households,
    )
    claims = [claim_of(row) for row in rows]
    return as_counted(claims, await _moved(conn, pool_code, claims))


async def _moved(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> list[Moved]:
    """When each claim moved which accumulator."""
    owners = {owner for claim in claims for owner in (claim.member_id, claim.household_id)}
    rows = await fetch(conn, _MOVED, pool_code, sorted(owners), [claim.id for claim in claims])
    return [Moved(r["claim_id"], Ref(r["owner_id"], r["scope"], r["year"], r["detail"]), r["move"]) for r in rows]


async def details(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, Any]:
    """Bill, facts and decision of each claim."""
    rows = await fetch(conn, _DETAILS, pool_code, [claim.id for claim in claims])
    return {row["claim_id"]: row for row in rows}


async def visits(conn: AsyncConnection, pool_code: str, claims: Sequence[Claim]) -> dict[UUID, Visit]:
    """The visit of each claim, by the visit's id."""
    rows = await fetch(conn, _VISITS, pool_code, [claim.visit_id for claim in claims])
    return {row["id"]: visit_of(row) for row in rows}
