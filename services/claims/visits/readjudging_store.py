"""The SQL of claims that stood on one that was cancelled (rulings §2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.claims import COLUMNS, Claim, claim_of
from shared.db.sql import execute, fetch

_WAITING = """
r.pool_code = $1 AND r.list_id IS NULL AND c.status IN ('settled', 'approved', 'released')
"""
_PAIRS = f"""
WITH page AS (
  SELECT DISTINCT c.household_id FROM readjudication r
  JOIN claim c ON c.pool_code = r.pool_code AND c.id = r.claim_id
  WHERE {_WAITING} AND ($2::uuid IS NULL OR c.household_id > $2) ORDER BY c.household_id LIMIT $3
)
SELECT r.claim_id, r.cancelled_claim_id, c.household_id FROM readjudication r
JOIN claim c ON c.pool_code = r.pool_code AND c.id = r.claim_id
WHERE {_WAITING} AND c.household_id IN (SELECT household_id FROM page)
ORDER BY r.claim_id, r.cancelled_claim_id
"""
_AROUND = f"""
WITH waiting AS (
  SELECT household_id, member_id, benefit_year, visit_id FROM claim WHERE pool_code = $1 AND id = ANY ($2::uuid[])
), owner AS (SELECT household_id AS id FROM waiting UNION SELECT member_id FROM waiting)
SELECT {", ".join(COLUMNS)} FROM claim c
WHERE pool_code = $1 AND status IN ('settled', 'approved', 'released')
  AND ((household_id, benefit_year) IN (SELECT household_id, benefit_year FROM waiting)
       OR visit_id IN (SELECT visit_id FROM waiting))
  AND id IN (SELECT e.claim_id FROM accumulator_entry e JOIN owner o ON o.id = e.owner_id
             WHERE e.pool_code = $1 AND NOT e.takes_back)
ORDER BY id
"""
_MADE_UP = """
SELECT c.id FROM claim c CROSS JOIN LATERAL policy_on(c.pool_code, c.admitted_on) n
WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[]) AND c.policy_hash <> n.hash AND EXISTS (
  SELECT FROM claim later WHERE later.pool_code = c.pool_code AND later.visit_id = c.visit_id AND later.part > c.part
    AND later.policy_hash = n.hash AND later.status IN ('settled', 'approved', 'released'))
"""
_GONE_ON = """
SELECT c.id FROM claim c WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[]) AND EXISTS (
  SELECT FROM claim later WHERE later.pool_code = c.pool_code AND later.visit_id = c.visit_id AND later.part > c.part
    AND later.settled_at >= $3 AND later.status IN ('settled', 'approved', 'released'))
"""
_PUT = """
UPDATE readjudication r SET list_id = $4 FROM unnest($2::uuid[], $3::uuid[]) AS q(claim_id, cancelled)
WHERE r.pool_code = $1 AND r.claim_id = q.claim_id AND r.cancelled_claim_id = q.cancelled AND r.list_id IS NULL
"""
_TAKE_OFF = """
UPDATE readjudication SET list_id = NULL
WHERE pool_code = $1 AND list_id = $2 AND ($3::uuid[] IS NULL OR claim_id = ANY ($3))
"""


class Pair(NamedTuple):
    """A claim that waits to be decided again since one on which it stood was cancelled."""

    claim_id: UUID
    cancelled_id: UUID
    household_id: UUID


async def waiting_pairs(conn: AsyncConnection, pool_code: str, after: UUID | None, households: int) -> list[Pair]:
    """What waits of a page of households; claims that were cancelled themselves, rejected or returned do not."""
    return [Pair(*row) for row in await fetch(conn, _PAIRS, pool_code, after, households)]


async def claims_around(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID]) -> list[Claim]:
    """Claims with all others of their households and benefit years, and of their stays in any year, that stand and were
    counted on a row of theirs."""
    return [claim_of(row) for row in await fetch(conn, _AROUND, pool_code, sorted(claims))]


async def made_up(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID]) -> set[UUID]:
    """Parts of stays that a later part was settled after by another version, which decides their day by now: it made up
    what the version gives more, and nothing of what a cap of the year had cut."""
    return {row["id"] for row in await fetch(conn, _MADE_UP, pool_code, sorted(claims))}


async def gone_on(conn: AsyncConnection, pool_code: str, claims: Iterable[UUID], since: datetime) -> set[UUID]:
    """Parts of stays that a later part was settled after since a moment: what a list of then gives more knows nothing
    of what that part took of a cap each admission."""
    return {row["id"] for row in await fetch(conn, _GONE_ON, pool_code, sorted(claims), since)}


async def put_on_list(conn: AsyncConnection, pool_code: str, pairs: Sequence[Pair], list_id: UUID) -> None:
    """From now on the claims wait on a list for their approval."""
    columns = [pair.claim_id for pair in pairs], [pair.cancelled_id for pair in pairs]
    await execute(conn, _PUT, pool_code, *columns, list_id)


async def take_off_list(
    conn: AsyncConnection, pool_code: str, list_id: UUID, claims: Sequence[UUID] | None = None
) -> None:
    """Claims of a list that was not approved, or for which nothing could be decided, wait again; all of them where
    none are named."""
    await execute(conn, _TAKE_OFF, pool_code, list_id, None if claims is None else list(claims))
