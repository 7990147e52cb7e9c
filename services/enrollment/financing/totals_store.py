"""SQL of subsidies due and of the totals of a year. No function runs more than three statements; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import columns, execute, fetch

_DUES_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.dues:' || $1, 0))"
_HEADS = """
WITH known AS MATERIALIZED (
  SELECT DISTINCT ON (member_id, valid_from) member_id, state FROM coverage
  WHERE pool_code = $1 AND valid_from >= $3 AND valid_from <= $4 ORDER BY member_id, valid_from, recorded_seq DESC
), covered AS MATERIALIZED (SELECT DISTINCT member_id FROM known WHERE state = 'covered'),
billed AS MATERIALIZED (
  SELECT l.member_id, b.household_id FROM bill b JOIN bill_line l ON l.pool_code = b.pool_code AND l.bill_id = b.bill_id
  WHERE b.pool_code = $1 AND b.year = $2 AND l.settled_on IS NOT NULL
), counted AS MATERIALIZED (
  SELECT household_id, count(*) AS heads FROM billed JOIN covered USING (member_id) GROUP BY household_id
)
SELECT h.village_code, sum(c.heads)::bigint AS heads FROM counted c
JOIN household h ON h.pool_code = $1 AND h.household_id = c.household_id
GROUP BY h.village_code ORDER BY h.village_code
"""
_DUES = """
SELECT DISTINCT ON (level, payer) due_id, revision, level, payer, head_count, standard_fen, total_fen,
  audited FROM subsidy_due
WHERE pool_code = $1 AND year = $2 ORDER BY level, payer, revision DESC
"""
_INSERT_DUES = """
INSERT INTO subsidy_due (pool_code, year, recorded_by, recorded_at, due_id, revision, level, payer, head_count,
                         standard_fen, total_fen, change_fen, audited)
SELECT $1, $2, $3, $4, n.* FROM unnest($5::uuid[], $6::integer[], $7::text[], $8::text[], $9::integer[], $10::bigint[],
                                       $11::bigint[], $12::bigint[], $13::boolean[]) AS n
"""
DueRow = tuple[UUID, int, str, str, int, int, int, int, bool]
"""id, revision, level, payer, heads, standard, total, change (fen), audited"""


async def lock_dues(conn: AsyncConnection, pool_code: str) -> None:
    """One count of the heads at a time."""
    await execute(conn, _DUES_LOCK, pool_code)


async def heads_by_village(conn: AsyncConnection, pool_code: str, year: int, first: date, last: date) -> list[Any]:
    """Members whose line of the year is settled and who are covered in it, by village."""
    return await fetch(conn, _HEADS, pool_code, year, first, last)


async def dues(conn: AsyncConnection, pool_code: str, year: int) -> list[Any]:
    """The newest revision of each due of a year."""
    return await fetch(conn, _DUES, pool_code, year)


async def insert_dues(
    conn: AsyncConnection, pool_code: str, year: int, rows: Sequence[DueRow], by: str, now: datetime
) -> None:
    """Records revisions of dues."""
    await execute(conn, _INSERT_DUES, pool_code, year, by, now, *columns(rows, 9))


_BILL_TOTALS = """
SELECT township_code, count(*) AS households, count(*) FILTER (WHERE due_fen = paid_fen) AS complete,
       sum(due_fen)::bigint AS billed_fen, sum(paid_fen + refunded_fen)::bigint AS collected_fen,
       sum(refunded_fen)::bigint AS refunded_fen
FROM bill WHERE pool_code = $1 AND year = $2 GROUP BY township_code ORDER BY township_code
"""
_RECEIPT_TOTALS = """
SELECT r.township_code, count(*) AS receipts, sum(r.amount_fen)::bigint AS collected_fen,
       coalesce(sum(r.amount_fen) FILTER (WHERE l.receipt_id IS NOT NULL), 0)::bigint AS remitted_fen
FROM receipt r LEFT JOIN remittance_line l ON l.pool_code = r.pool_code AND l.receipt_id = r.receipt_id
WHERE r.pool_code = $1 AND r.year = $2
  AND NOT EXISTS (SELECT FROM receipt_void v WHERE v.pool_code = r.pool_code AND v.receipt_id = r.receipt_id)
GROUP BY r.township_code ORDER BY r.township_code
"""
_LINE_TOTALS = """
SELECT b.township_code, count(*) AS members, count(*) FILTER (WHERE l.kind = 'excused') AS excused,
       count(*) FILTER (WHERE l.kind = 'sponsored') AS sponsored,
       count(*) FILTER (WHERE m.status = 'to_verify') AS to_verify,
       count(*) FILTER (WHERE l.settled_on IS NOT NULL AND m.status <> 'to_verify') AS covered,
       coalesce(sum(l.premium_fen) FILTER (WHERE l.kind = 'sponsored'), 0)::bigint AS sponsored_fen
FROM bill_line l JOIN bill b ON b.pool_code = l.pool_code AND b.bill_id = l.bill_id
JOIN member m ON m.pool_code = l.pool_code AND m.member_id = l.member_id
WHERE l.pool_code = $1 AND b.year = $2 GROUP BY b.township_code ORDER BY b.township_code
"""


async def totals(conn: AsyncConnection, pool_code: str, year: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Bills, receipts and lines of a year by township, in three statements."""
    return (
        await fetch(conn, _BILL_TOTALS, pool_code, year),
        await fetch(conn, _RECEIPT_TOTALS, pool_code, year),
        await fetch(conn, _LINE_TOTALS, pool_code, year),
    )
