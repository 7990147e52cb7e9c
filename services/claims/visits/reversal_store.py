"""SQL of reversals: what settlement told, the county office's releases, negative claims, closed years."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.reversing import COLUMNS, Reversal
from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_SET_PAID = """
INSERT INTO claim_payment AS p (pool_code, claim_id, layer, institution_code, paid, told_at)
SELECT c.pool_code, c.id, $3, c.institution_code, $4, $5 FROM claim c WHERE c.pool_code = $1 AND c.id = $2
ON CONFLICT (pool_code, claim_id, layer) DO UPDATE SET paid = excluded.paid, told_at = excluded.told_at
"""
_ASK = """
INSERT INTO reversal_release (pool_code, claim_id, institution_code, reason, document, layers, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8) ON CONFLICT DO NOTHING
"""
_RELEASE = """
SELECT claim_id, institution_code, reason, document, layers, asked_by, asked_at, approved_by, approved_at
FROM reversal_release WHERE pool_code = $1 AND claim_id = $2
"""
_APPROVE = """
UPDATE reversal_release SET approved_by = $3, approved_at = $4
WHERE pool_code = $1 AND claim_id = $2 AND approved_by IS NULL
"""
_PAID = "SELECT layer FROM claim_payment WHERE pool_code = $1 AND claim_id = $2 AND paid"
_INCREASE_UNPAID = """
SELECT EXISTS (SELECT FROM increase WHERE pool_code = $1 AND claim_id = $2 AND status = 'released')
"""
_LOCK = "SELECT id FROM claim WHERE pool_code = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE"
_STANDING = """
SELECT id FROM claim c WHERE pool_code = $1 AND id = ANY ($2::uuid[]) AND status = 'released'
  AND NOT EXISTS (SELECT FROM reversal_release v WHERE v.pool_code = c.pool_code AND v.claim_id = c.id)
"""
_LOCK_CAMPAIGNS = """
SELECT id FROM campaign WHERE pool_code = $1
  AND year IN (SELECT benefit_year FROM claim WHERE pool_code = $1 AND id = ANY ($2::uuid[])) ORDER BY id FOR SHARE
"""
_COMPENSATED = """
SELECT c.id FROM claim c
JOIN campaign g ON g.pool_code = c.pool_code AND g.year = c.benefit_year
JOIN campaign_payment p ON p.pool_code = g.pool_code AND p.campaign_id = g.id AND p.list_number = g.list_number
  AND p.member_id = c.member_id AND p.status IN ('released', 'paid')
JOIN campaign_candidate k ON k.pool_code = g.pool_code AND k.campaign_id = g.id AND k.run = g.run
  AND k.member_id = c.member_id AND c.id = ANY (k.claims)
WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[])
"""
_CLOSE_YEAR = """
INSERT INTO benefit_year_close (pool_code, year, document, closed_by, closed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_REVERSALS = f"""
SELECT {", ".join(COLUMNS)} FROM claim_reversal
WHERE pool_code = $1 AND ($2::text IS NULL OR institution_code = $2) AND ($3::date IS NULL OR reversed_on >= $3)
  AND ($4::date IS NULL OR reversed_on <= $4) AND ($5::date IS NULL OR (reversed_on, id) < ($5, $6::uuid))
ORDER BY reversed_on DESC, id DESC LIMIT $7
"""


async def set_paid(
    conn: AsyncConnection, pool_code: str, claim_id: UUID, layer: str, now: datetime, *, paid: bool
) -> None:
    """A layer of a claim is paid, or is not any more; nothing where no claim has this id."""
    await execute(conn, _SET_PAID, pool_code, claim_id, layer, paid, now)


async def paid_layers(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> frozenset[str]:
    """The layers of a claim that are paid."""
    return frozenset(row["layer"] for row in await fetch(conn, _PAID, pool_code, claim_id))


async def increase_unpaid(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> bool:
    """Whether an increase of the claim is approved and not paid."""
    return bool(await fetchval(conn, _INCREASE_UNPAID, pool_code, claim_id))


async def lock_standing(conn: AsyncConnection, pool_code: str, claims: Sequence[UUID]) -> set[UUID]:
    """Locks claims; those that are released and of which nobody has asked that they be reversed.

    Two statements: what was committed while the first waited for a lock, only the second sees.
    """
    ids = sorted(set(claims))
    await execute(conn, _LOCK, pool_code, ids)
    return {row["id"] for row in await fetch(conn, _STANDING, pool_code, ids)}


async def lock_compensated(conn: AsyncConnection, pool_code: str, claims: Sequence[UUID]) -> set[UUID]:
    """Claims that a second compensation counts which is released or paid to its person. The campaigns of their years
    are locked, so that none is released before the transaction ends: two statements, as in `lock_standing`."""
    ids = list(set(claims))
    await execute(conn, _LOCK_CAMPAIGNS, pool_code, ids)
    return {row["id"] for row in await fetch(conn, _COMPENSATED, pool_code, ids)}


async def ask(
    conn: AsyncConnection,
    pool_code: str,
    claim_id: UUID,
    institution_code: str,
    reason: str,
    document: str,
    layers: Sequence[Any],
    by: str,
    now: datetime,
) -> bool:
    """The first person's word; False where it was given before."""
    kept = orjson.dumps(layers).decode()
    values = (pool_code, claim_id, institution_code, reason, document, kept, by, now)
    return bool(await execute_counted(conn, _ASK, *values))


async def release(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> Any:
    """What the county office has said of the reversal of a claim, or None."""
    return await fetchrow(conn, _RELEASE, pool_code, claim_id)


async def approve(conn: AsyncConnection, pool_code: str, claim_id: UUID, by: str, now: datetime) -> bool:
    """The second person's word; False where it was given before."""
    return bool(await execute_counted(conn, _APPROVE, pool_code, claim_id, by, now))


async def close_year(conn: AsyncConnection, pool_code: str, year: int, document: str, by: str, now: datetime) -> bool:
    """From now on claims of the year are corrected at the window alone; False where it was closed before."""
    return bool(await execute_counted(conn, _CLOSE_YEAR, pool_code, year, document, by, now))


async def reversals(
    conn: AsyncConnection,
    pool_code: str,
    institution: str | None,
    first: date | None,
    last: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Reversal]:
    """Negative claims by their business day, the latest first."""
    rows = await fetch(conn, _REVERSALS, pool_code, institution, first, last, *(after or (None, None)), limit)
    return [Reversal(**row) for row in rows]


async def reversal(conn: AsyncConnection, pool_code: str, reversal_id: UUID) -> Reversal | None:
    """A negative claim by its id."""
    sql = f"SELECT {', '.join(COLUMNS)} FROM claim_reversal WHERE pool_code = $1 AND id = $2"
    row = await fetchrow(conn, sql, pool_code, reversal_id)
    return None if row is None else Reversal(**row)
