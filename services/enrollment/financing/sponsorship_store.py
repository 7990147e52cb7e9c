"""SQL of sponsorships. Every function runs at most two statements, whatever the number of rows; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import columns, execute, execute_counted, fetch, fetchrow

_SPONSORABLE = """
SELECT l.member_id, l.bill_id, l.premium_fen, b.due_fen - b.paid_fen AS open_fen FROM bill_line l
JOIN bill b ON b.pool_code = l.pool_code AND b.bill_id = l.bill_id
WHERE l.pool_code = $1 AND b.year = $2 AND l.member_id = ANY($3::uuid[]) AND l.kind = 'payable'
  AND l.settled_on IS NULL AND b.due_fen - b.paid_fen >= l.premium_fen
  AND NOT EXISTS (SELECT 1 FROM refund f WHERE f.pool_code = $1 AND f.bill_id = b.bill_id AND f.status = 'applied')
  AND NOT EXISTS (SELECT 1 FROM sponsorship_line sl
                  JOIN sponsorship s ON s.pool_code = sl.pool_code AND s.sponsorship_id = sl.sponsorship_id
                  WHERE sl.pool_code = $1 AND sl.member_id = l.member_id AND s.year = $2 AND s.status <> 'refused')
ORDER BY l.member_id
"""
_SPONSOR_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.sponsor:' || $1, 0))"
_INSERT_SPONSORSHIP = """
INSERT INTO sponsorship (pool_code, sponsorship_id, sponsor, group_code, year, head_count, amount_fen, status,
                         applied_by, applied_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'applied', $8, $9)
"""
_INSERT_SPONSORSHIP_LINES = """
INSERT INTO sponsorship_line (pool_code, sponsorship_id, member_id, bill_id, premium_fen)
SELECT $1, $2, n.* FROM unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS n
"""
_SPONSORSHIP_COLUMNS = """
sponsorship_id, sponsor, group_code, year, head_count, amount_fen, status, applied_by, applied_at, decided_by,
decided_at, reason
"""
_SPONSORSHIP = f"""
SELECT {_SPONSORSHIP_COLUMNS} FROM sponsorship WHERE pool_code = $1 AND sponsorship_id = $2
"""
_SPONSORSHIPS = f"""
SELECT {_SPONSORSHIP_COLUMNS} FROM sponsorship
WHERE pool_code = $1 AND ($2::text IS NULL OR applied_by = $2) AND sponsorship_id > $3
ORDER BY sponsorship_id LIMIT $4
"""
_SPONSORED_BILLS = """
SELECT bill_id, sum(premium_fen)::bigint AS amount_fen FROM sponsorship_line
WHERE pool_code = $1 AND sponsorship_id = $2 GROUP BY bill_id ORDER BY bill_id
"""
_DECIDE_SPONSORSHIP = """
UPDATE sponsorship SET status = $3, decided_by = $4, decided_at = $5, reason = $6
WHERE pool_code = $1 AND sponsorship_id = $2 AND status = 'applied'
"""
_TAKE_OVER = """
UPDATE bill_line AS l SET kind = 'sponsored', sponsorship_id = sl.sponsorship_id FROM sponsorship_line sl
WHERE sl.pool_code = $1 AND sl.sponsorship_id = $2 AND l.pool_code = $1 AND l.bill_id = sl.bill_id
  AND l.member_id = sl.member_id AND l.kind = 'payable' AND l.settled_on IS NULL
"""
_SPONSOR_DAY = """
UPDATE bill SET last_paid_on = greatest(last_paid_on, $3) WHERE pool_code = $1 AND bill_id = ANY($2::uuid[])
"""


async def lock_sponsorships(conn: AsyncConnection, pool_code: str) -> None:
    """One application or decision at a time in a pool, so that no head is sponsored twice."""
    await execute(conn, _SPONSOR_LOCK, pool_code)


async def sponsorable(conn: AsyncConnection, pool_code: str, year: int, member_ids: Sequence[UUID]) -> list[Any]:
    """Of these members the lines that are payable, open, not applied for by a sponsor and not being refunded."""
    return await fetch(conn, _SPONSORABLE, pool_code, year, list(member_ids))


async def insert_sponsorship(
    conn: AsyncConnection, pool_code: str, lines: Sequence[tuple[UUID, UUID, int]], *values: Any
) -> None:
    """Records an application (id, sponsor, group, year, heads, amount, by, now) and its lines."""
    await execute(conn, _INSERT_SPONSORSHIP, pool_code, *values)
    await execute(conn, _INSERT_SPONSORSHIP_LINES, pool_code, values[0], *columns(lines, 3))


async def sponsorship(conn: AsyncConnection, pool_code: str, sponsorship_id: UUID) -> Any:
    """One sponsorship or None."""
    return await fetchrow(conn, _SPONSORSHIP, pool_code, sponsorship_id)


async def sponsorship_page(
    conn: AsyncConnection, pool_code: str, applied_by: str | None, after: UUID, limit: int
) -> list[Any]:
    """Sponsorships in order of their id, all or those of one applicant."""
    return await fetch(conn, _SPONSORSHIPS, pool_code, applied_by, after, limit)


async def sponsored_bills(conn: AsyncConnection, pool_code: str, sponsorship_id: UUID) -> list[Any]:
    """The bills that a sponsorship touches, with its amount in each."""
    return await fetch(conn, _SPONSORED_BILLS, pool_code, sponsorship_id)


async def decide_sponsorship(
    conn: AsyncConnection,
    pool_code: str,
    sponsorship_id: UUID,
    status: str,
    by: str,
    now: datetime,
    reason: str | None,
) -> bool:
    """Confirms or refuses; False where it was decided before."""
    values = (pool_code, sponsorship_id, status, by, now, reason)
    return await execute_counted(conn, _DECIDE_SPONSORSHIP, *values) == 1


async def take_over_lines(conn: AsyncConnection, pool_code: str, sponsorship_id: UUID) -> int:
    """Marks the lines as sponsored; returns how many were still payable and open."""
    return await execute_counted(conn, _TAKE_OVER, pool_code, sponsorship_id)


async def note_sponsor_day(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID], day: date) -> None:
    """The day of confirmation counts as a day of payment of these bills."""
    await execute(conn, _SPONSOR_DAY, pool_code, list(bill_ids), day)
