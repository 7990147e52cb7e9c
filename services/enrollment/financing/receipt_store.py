"""SQL of receipts and remittances. Every function runs at most two statements; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import columns, execute, fetch, fetch_newest, fetchrow

_NUMBERS_USED = "SELECT receipt_number FROM receipt WHERE pool_code = $1 AND receipt_number = ANY($2::text[])"
_INSERT_RECEIPTS = """
INSERT INTO receipt (pool_code, collected_by, recorded_at, receipt_id, receipt_number, bill_id, township_code, year,
                     amount_fen, paid_on)
SELECT $1, $2, $3, n.* FROM unnest($4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::smallint[], $9::bigint[],
                                   $10::date[]) AS n
"""
_PAY_BILLS = """
UPDATE bill AS b SET paid_fen = b.paid_fen + n.amount_fen, version = b.version + n.receipts,
  last_paid_on = greatest(b.last_paid_on, n.paid_on)
FROM unnest($2::uuid[], $3::bigint[], $4::integer[], $5::date[]) AS n (bill_id, amount_fen, receipts, paid_on)
WHERE b.pool_code = $1 AND b.bill_id = n.bill_id
"""
_REMIT_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.remit:' || $1 || ':' || $2, 0))"
_UNREMITTED = """
SELECT r.receipt_id, r.receipt_number, r.year, r.amount_fen, r.paid_on FROM receipt r
WHERE r.pool_code = $1 AND r.township_code = $2 AND ($3::date IS NULL OR r.paid_on <= $3)
  AND ($4::text[] IS NULL OR r.receipt_number = ANY($4))
  AND NOT EXISTS (SELECT 1 FROM remittance_line l WHERE l.pool_code = $1 AND l.receipt_id = r.receipt_id)
  AND NOT EXISTS (SELECT 1 FROM receipt_void v WHERE v.pool_code = $1 AND v.receipt_id = r.receipt_id)
ORDER BY r.receipt_number
"""
_INSERT_REMITTANCE = """
INSERT INTO remittance (pool_code, remittance_id, number, township_code, amount_fen, receipt_count, missing_numbers,
                        remitted_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_REMITTANCES = f"""
SELECT remittance_id, number, township_code, amount_fen, receipt_count, missing_numbers, remitted_on, recorded_at
FROM remittance
WHERE pool_code = $1 AND {lies_within("township_code", "$2")} AND ($3::text IS NULL OR number = $3)
"""
_REMITTANCE = "SELECT township_code FROM remittance WHERE pool_code = $1 AND remittance_id = $2"
_REMITTED = """
SELECT r.receipt_number, r.bill_id, r.year, r.amount_fen, r.paid_on, b.number AS book_number FROM remittance_line l
JOIN receipt r ON r.pool_code = l.pool_code AND r.receipt_id = l.receipt_id
LEFT JOIN receipt_leaf f ON f.pool_code = r.pool_code AND f.receipt_number = r.receipt_number
LEFT JOIN receipt_book b ON b.pool_code = f.pool_code AND b.book_id = f.book_id
WHERE l.pool_code = $1 AND l.remittance_id = $2 AND r.receipt_number > $3 ORDER BY r.receipt_number LIMIT $4
"""
_INSERT_REMITTANCE_LINES = """
INSERT INTO remittance_line (pool_code, remittance_id, receipt_id) SELECT $1, $2, n FROM unnest($3::uuid[]) AS n
"""
Receipt = tuple[UUID, str, UUID, str, int, int, date]
"""id, number, bill, township, year, amount in fen, paid on"""


async def numbers_used(conn: AsyncConnection, pool_code: str, numbers: Sequence[str]) -> set[str]:
    """Which of these receipt numbers the pool has seen."""
    return {row["receipt_number"] for row in await fetch(conn, _NUMBERS_USED, pool_code, list(numbers))}


async def insert_receipts(
    conn: AsyncConnection, pool_code: str, rows: Sequence[Receipt], by: str, now: datetime
) -> None:
    """Records receipts."""
    await execute(conn, _INSERT_RECEIPTS, pool_code, by, now, *columns(rows, 7))


async def pay_bills(conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, int, int, date]]) -> None:
    """Adds payments to bills (bill, amount, receipts, latest payment day)."""
    await execute(conn, _PAY_BILLS, pool_code, *columns(rows, 4))


async def lock_remittances(conn: AsyncConnection, pool_code: str, township: str) -> None:
    """One remittance of a township at a time."""
    await execute(conn, _REMIT_LOCK, pool_code, township)


async def unremitted(
    conn: AsyncConnection, pool_code: str, township: str, up_to: date | None, numbers: Sequence[str] | None
) -> list[Any]:
    """Receipts of a township that no remittance holds, by day or by number."""
    return await fetch(conn, _UNREMITTED, pool_code, township, up_to, list(numbers) if numbers is not None else None)


async def remittances(
    conn: AsyncConnection,
    pool_code: str,
    areas: Sequence[str],
    number: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """Remittances of townships within ``areas``, newest first after the last (moment, id) shown; only the one with the
    number where one is given."""
    by = ("recorded_at", "remittance_id")
    return await fetch_newest(conn, _REMITTANCES, by, after, limit, pool_code, list(areas), number)


async def township_of(conn: AsyncConnection, pool_code: str, remittance_id: UUID) -> str | None:
    """Whose remittance it is, or None."""
    row = await fetchrow(conn, _REMITTANCE, pool_code, remittance_id)
    return row["township_code"] if row else None


async def remitted(conn: AsyncConnection, pool_code: str, remittance_id: UUID, after: str, limit: int) -> list[Any]:
    """The receipts of a remittance in order of their number, with the book of each that came from one."""
    return await fetch(conn, _REMITTED, pool_code, remittance_id, after, limit)


async def insert_remittance(conn: AsyncConnection, pool_code: str, receipt_ids: Sequence[UUID], *values: Any) -> None:
    """Records a remittance (id, number, township, amount, count, missing, day, by, now) and its receipts."""
    await execute(conn, _INSERT_REMITTANCE, pool_code, *values)
    await execute(conn, _INSERT_REMITTANCE_LINES, pool_code, values[0], list(receipt_ids))
