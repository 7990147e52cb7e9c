"""SQL of voided receipts and refunds. Every function runs one statement; amounts in fen."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import execute, execute_counted, fetch, fetch_newest, fetchrow

# -- receipts and the bills they paid

_RECEIPT = """
SELECT r.receipt_id, r.receipt_number, r.bill_id, r.township_code, r.year, r.amount_fen, r.paid_on,
       EXISTS (SELECT FROM receipt_void v WHERE v.pool_code = $1 AND v.receipt_id = r.receipt_id) AS voided,
       EXISTS (SELECT FROM remittance_line l WHERE l.pool_code = $1 AND l.receipt_id = r.receipt_id) AS remitted
FROM receipt r WHERE r.pool_code = $1 AND r.receipt_number = $2
"""
_VOID = """
INSERT INTO receipt_void (pool_code, receipt_id, reason, voided_on, voided_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
# the last payment that still counts; a sponsor's day stays where a sponsor pays for anybody
_TAKE_BACK = """
UPDATE bill AS b SET paid_fen = b.paid_fen - $3, version = b.version + 1, last_paid_on = CASE
  WHEN EXISTS (SELECT FROM bill_line l WHERE l.pool_code = $1 AND l.bill_id = $2 AND l.kind = 'sponsored')
  THEN b.last_paid_on
  ELSE (SELECT max(r.paid_on) FROM receipt r WHERE r.pool_code = $1 AND r.bill_id = $2 AND NOT EXISTS (
    SELECT FROM receipt_void v WHERE v.pool_code = $1 AND v.receipt_id = r.receipt_id)) END
WHERE b.pool_code = $1 AND b.bill_id = $2
"""
_UNSETTLE = """
WITH known AS (
  SELECT member_id, covered_from FROM bill_line
  WHERE pool_code = $1 AND bill_id = $2 AND settled_on IS NOT NULL FOR UPDATE
)
UPDATE bill_line l SET settled_on = NULL, covered_from = NULL FROM known
WHERE l.pool_code = $1 AND l.bill_id = $2 AND l.member_id = known.member_id
RETURNING l.member_id, known.covered_from
"""
_UNREMITTED = """
SELECT r.receipt_number FROM receipt r WHERE r.pool_code = $1 AND r.bill_id = $2
  AND NOT EXISTS (SELECT FROM remittance_line l WHERE l.pool_code = $1 AND l.receipt_id = r.receipt_id)
  AND NOT EXISTS (SELECT FROM receipt_void v WHERE v.pool_code = $1 AND v.receipt_id = r.receipt_id)
ORDER BY r.receipt_number
"""


async def receipt(conn: AsyncConnection, pool_code: str, number: str) -> Any:
    """A receipt by its number, with whether it was voided or remitted, or None."""
    return await fetchrow(conn, _RECEIPT, pool_code, number)


async def void(conn: AsyncConnection, pool_code: str, receipt_id: UUID, *values: Any) -> None:
    """Records that a receipt never counted (reason, day, by, now)."""
    await execute(conn, _VOID, pool_code, receipt_id, *values)


async def take_back(conn: AsyncConnection, pool_code: str, bill_id: UUID, fen: int) -> None:
    """The bill of a voided receipt was paid that much less, and last on the day of what is left."""
    await execute(conn, _TAKE_BACK, pool_code, bill_id, fen)


async def unsettle(conn: AsyncConnection, pool_code: str, bill_id: UUID) -> list[Any]:
    """The lines of a bill that is complete no more, with the day from which each had covered its member."""
    return await fetch(conn, _UNSETTLE, pool_code, bill_id)


async def unremitted(conn: AsyncConnection, pool_code: str, bill_id: UUID) -> list[str]:
    """Numbers of receipts of a bill whose money is still with the township."""
    return [row["receipt_number"] for row in await fetch(conn, _UNREMITTED, pool_code, bill_id)]


# -- refunds

_COLUMNS = """
f.refund_id, f.bill_id, b.household_id, f.township_code, f.year, f.cause, f.amount_fen, f.reason, f.status,
f.applied_by, f.applied_at, f.ended_on,
(SELECT count(*)::integer FROM refund_line l WHERE l.pool_code = f.pool_code AND l.refund_id = f.refund_id) AS heads
"""
_FROM = "FROM refund f JOIN bill b ON b.pool_code = f.pool_code AND b.bill_id = f.bill_id"
_REFUND = f"SELECT {_COLUMNS} {_FROM} WHERE f.pool_code = $1 AND f.refund_id = $2"
_REFUNDS = f"""
SELECT {_COLUMNS} {_FROM} WHERE f.pool_code = $1 AND ($2::integer IS NULL OR f.year = $2)
  AND ($3::text IS NULL OR f.status = $3) AND {lies_within("f.township_code", "$4")}
"""
_OPEN = "SELECT bill_id FROM refund WHERE pool_code = $1 AND bill_id = ANY($2::uuid[]) AND status = 'applied'"
_INSERT = """
INSERT INTO refund (pool_code, refund_id, bill_id, township_code, year, cause, amount_fen, reason, status, applied_by,
                    applied_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'applied', $9, $10)
"""
_INSERT_LINES = """
INSERT INTO refund_line (pool_code, refund_id, bill_id, member_id, premium_fen)
SELECT $1, $2, $3, n.* FROM unnest($4::uuid[], $5::bigint[]) AS n
"""
_END = """
UPDATE refund SET status = $3, ended_on = $4 WHERE pool_code = $1 AND refund_id = $2 AND status = 'applied'
"""
# refunded lines ask for nothing any more; what each had covered is answered
_STRIKE = """
WITH known AS (
  SELECT l.member_id, l.covered_from FROM bill_line l
  JOIN refund_line f ON f.pool_code = l.pool_code AND f.bill_id = l.bill_id AND f.member_id = l.member_id
  WHERE l.pool_code = $1 AND l.bill_id = $2 AND f.refund_id = $3 FOR UPDATE OF l
)
UPDATE bill_line l SET kind = 'excused', premium_fen = 0, reason = 'refunded', settled_on = NULL, covered_from = NULL
FROM known WHERE l.pool_code = $1 AND l.bill_id = $2 AND l.member_id = known.member_id
RETURNING l.member_id, known.covered_from
"""
# what the bill asks for falls with its lines in the same statement: it was never paid more than it asks for
_PAY_BACK = """
UPDATE bill SET paid_fen = paid_fen - $3, refunded_fen = refunded_fen + $3,
  due_fen = (SELECT coalesce(sum(l.premium_fen), 0) FROM bill_line l
             WHERE l.pool_code = $1 AND l.bill_id = $2 AND l.kind = 'payable')
WHERE pool_code = $1 AND bill_id = $2
"""
_CREDIT = """
SELECT credit_id, head_count, amount_fen, withdrawn_fen, version FROM family_account_credit
WHERE pool_code = $1 AND household_id = $2 AND year = $3 FOR UPDATE
"""
_WITHDRAW = """
UPDATE family_account_credit SET withdrawn_fen = withdrawn_fen + $3, version = version + 1
WHERE pool_code = $1 AND credit_id = $2
"""


async def refund(conn: AsyncConnection, pool_code: str, refund_id: UUID) -> Any:
    """A refund or None."""
    return await fetchrow(conn, _REFUND, pool_code, refund_id)


async def refunds(
    conn: AsyncConnection,
    pool_code: str,
    year: int | None,
    status: str | None,
    areas: Sequence[str],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """Refunds of townships within ``areas``, newest first after the last (moment, id) shown."""
    by = ("f.applied_at", "f.refund_id")
    return await fetch_newest(conn, _REFUNDS, by, after, limit, pool_code, year, status, list(areas))


async def under_way(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these bills have a refund that settlement has neither paid nor refused.

    The caller holds the bills locked, as an application does: nothing that moves what a bill asks for or was paid, and
    nothing that takes its lines over, may go past a refund whose amount was computed from them.
    """
    return {row["bill_id"] for row in await fetch(conn, _OPEN, pool_code, list(bill_ids))}


async def insert(
    conn: AsyncConnection, pool_code: str, lines: Sequence[tuple[UUID, int]], refund_id: UUID, bill_id: UUID, *rest: Any
) -> None:
    """Records an application (township, year, cause, fen, reason, by, now) and its lines (member, premium)."""
    await execute(conn, _INSERT, pool_code, refund_id, bill_id, *rest)
    members, premiums = [line[0] for line in lines], [line[1] for line in lines]
    await execute(conn, _INSERT_LINES, pool_code, refund_id, bill_id, members, premiums)


async def end(conn: AsyncConnection, pool_code: str, refund_id: UUID, status: str, day: date) -> bool:
    """applied ▸ paid or refused; False where it was ended before."""
    return await execute_counted(conn, _END, pool_code, refund_id, status, day) == 1


async def strike(conn: AsyncConnection, pool_code: str, bill_id: UUID, refund_id: UUID) -> list[Any]:
    """The refunded lines, with the day from which each had covered its member (None where it had not)."""
    return await fetch(conn, _STRIKE, pool_code, bill_id, refund_id)


async def pay_back(conn: AsyncConnection, pool_code: str, bill_id: UUID, fen: int) -> None:
    """What was refunded is paid no longer, and the bill asks for its remaining lines."""
    await execute(conn, _PAY_BACK, pool_code, bill_id, fen)


async def credit_of(conn: AsyncConnection, pool_code: str, household_id: UUID, year: int) -> Any:
    """The credit of a household's family account for a year, or None."""
    return await fetchrow(conn, _CREDIT, pool_code, household_id, year)


async def withdraw(conn: AsyncConnection, pool_code: str, credit_id: UUID, fen: int) -> None:
    """Part of a credit is taken back."""
    await execute(conn, _WITHDRAW, pool_code, credit_id, fen)
