"""SQL of standards and bills. Every function runs one statement, whatever the number of rows; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import columns, execute, execute_counted, fetch, fetchrow

# -- year standards

_STANDARD_COLUMNS = """
year, premium_fen, central_fen, province_fen, city_fen, county_fen, coverage_from, coverage_to,
collection_from, collection_until, late_start, receipt_numbers, document_number
"""
_STANDARD = f"SELECT {_STANDARD_COLUMNS} FROM standard WHERE pool_code = $1 AND year = $2"
_STANDARDS = f"SELECT {_STANDARD_COLUMNS} FROM standard WHERE pool_code = $1 ORDER BY year"
_INSERT_STANDARD = """
INSERT INTO standard (pool_code, year, premium_fen, central_fen, province_fen, city_fen, county_fen, coverage_from,
                      coverage_to, collection_from, collection_until, late_start, receipt_numbers, document_number,
                      recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING
"""


async def standard(conn: AsyncConnection, pool_code: str, year: int) -> Any:
    """The standard of a year, or None."""
    return await fetchrow(conn, _STANDARD, pool_code, year)


async def standards(conn: AsyncConnection, pool_code: str) -> list[Any]:
    """All standards of the pool in order of year."""
    return await fetch(conn, _STANDARDS, pool_code)


async def insert_standard(conn: AsyncConnection, *values: Any) -> bool:
    """Records a year's standard; False where the year has one."""
    return await execute_counted(conn, _INSERT_STANDARD, *values) == 1


# -- bills

_BILL_COLUMNS = "b.bill_id, b.household_id, b.township_code, b.year, b.due_fen, b.paid_fen, b.last_paid_on, b.version"
_BILLS_OF = f"""
SELECT {_BILL_COLUMNS} FROM bill b WHERE b.pool_code = $1 AND b.year = $2 AND b.household_id = ANY($3::uuid[])
ORDER BY b.bill_id FOR UPDATE
"""
_LOCK_BILLS = f"""
SELECT {_BILL_COLUMNS}, s.collection_from, s.receipt_numbers FROM bill b
JOIN standard s ON s.pool_code = b.pool_code AND s.year = b.year
WHERE b.pool_code = $1 AND b.bill_id = ANY($2::uuid[]) ORDER BY b.bill_id FOR UPDATE OF b
"""
_INSERT_BILLS = """
INSERT INTO bill (pool_code, year, recorded_at, due_fen, bill_id, household_id, township_code)
SELECT $1, $2, $3, 0, n.* FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS n
"""
_LINES_OF = """
SELECT bill_id, member_id, kind, reason, premium_fen, settled_on FROM bill_line
WHERE pool_code = $1 AND bill_id = ANY($2::uuid[])
"""
_INSERT_LINES = """
INSERT INTO bill_line (pool_code, bill_id, member_id, kind, premium_fen, reason)
SELECT $1, n.* FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[]) AS n
"""
_CHANGE_LINES = """
UPDATE bill_line AS l SET kind = n.kind, premium_fen = n.premium_fen, reason = n.reason
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[])
  AS n (bill_id, member_id, kind, premium_fen, reason)
WHERE l.pool_code = $1 AND l.bill_id = n.bill_id AND l.member_id = n.member_id
"""
_RECOUNT = """
UPDATE bill AS b SET due_fen = s.due_fen
FROM (SELECT bill_id, coalesce(sum(premium_fen) FILTER (WHERE kind = 'payable'), 0)::bigint AS due_fen FROM bill_line
      WHERE pool_code = $1 AND bill_id = ANY($2::uuid[]) GROUP BY bill_id) AS s
WHERE b.pool_code = $1 AND b.bill_id = s.bill_id AND b.due_fen <> s.due_fen
"""
_SETTLE = """
UPDATE bill_line AS l SET settled_on = n.settled_on, covered_from = n.covered_from
FROM unnest($2::uuid[], $3::date[], $4::date[]) AS n (bill_id, settled_on, covered_from)
WHERE l.pool_code = $1 AND l.bill_id = n.bill_id AND l.kind <> 'excused' AND l.settled_on IS NULL
RETURNING l.member_id, l.kind, l.covered_from
"""
_SETTLED_LINES = """
SELECT l.member_id, l.kind, l.covered_from, s.coverage_to FROM bill_line l
JOIN bill b ON b.pool_code = l.pool_code AND b.bill_id = l.bill_id
JOIN standard s ON s.pool_code = b.pool_code AND s.year = b.year
WHERE l.pool_code = $1 AND l.member_id = ANY($2::uuid[]) AND l.settled_on IS NOT NULL
ORDER BY l.member_id, b.year DESC
"""
_BILL_PAGE = f"""
SELECT b.bill_id, b.household_id, b.township_code, b.year, b.due_fen, b.paid_fen, b.refunded_fen, b.last_paid_on,
       h.village_code, h.group_name, h.household_number, a.name AS village_name,
       (SELECT m.name FROM member m WHERE m.pool_code = $1 AND m.household_id = h.household_id
          AND m.relation = 'head' AND m.status <> 'ended' ORDER BY m.member_number LIMIT 1) AS head_name
FROM bill b JOIN household h ON h.pool_code = b.pool_code AND h.household_id = b.household_id
JOIN area a ON a.area_code = h.village_code
WHERE b.pool_code = $1 AND b.year = $2 AND b.bill_id > $3 AND ($4::text IS NULL OR b.township_code = $4)
  AND ($5::boolean IS NULL OR (b.due_fen > b.paid_fen) = $5)
  AND {lies_within("h.village_code", "$6")}
ORDER BY b.bill_id LIMIT $7
"""
_BILL_LINES = """
SELECT l.member_id, l.kind, l.premium_fen, l.reason, l.settled_on, l.covered_from FROM bill_line l
WHERE l.pool_code = $1 AND l.bill_id = $2 ORDER BY l.member_id
"""


async def bills_of(conn: AsyncConnection, pool_code: str, year: int, household_ids: Sequence[UUID]) -> list[Any]:
    """The bills of households for a year, locked."""
    return await fetch(conn, _BILLS_OF, pool_code, year, list(household_ids))


async def lock_bills(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> list[Any]:
    """Bills, locked in order of their id."""
    return await fetch(conn, _LOCK_BILLS, pool_code, list(bill_ids))


async def insert_bills(
    conn: AsyncConnection, pool_code: str, year: int, rows: Sequence[tuple[UUID, UUID, str]], now: datetime
) -> None:
    """Records empty bills (bill, household, township)."""
    await execute(conn, _INSERT_BILLS, pool_code, year, now, *columns(rows, 3))


async def lines_of(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> list[Any]:
    """The lines of bills."""
    return await fetch(conn, _LINES_OF, pool_code, list(bill_ids))


Line = tuple[UUID, UUID, str, int, str | None]
"""bill, member, kind, premium in fen, reason of an excuse"""


async def insert_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[Line]) -> None:
    """Records lines of bills."""
    await execute(conn, _INSERT_LINES, pool_code, *columns(rows, 5))


async def change_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[Line]) -> None:
    """Changes kind, premium and reason of lines."""
    await execute(conn, _CHANGE_LINES, pool_code, *columns(rows, 5))


async def recount(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> None:
    """Sets what bills ask for to the sum of their payable lines."""
    await execute(conn, _RECOUNT, pool_code, list(bill_ids))


async def settle_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, date, date]]) -> list[Any]:
    """Settles the open lines of complete bills (bill, settled_on, covered_from); returns them."""
    return await fetch(conn, _SETTLE, pool_code, *columns(rows, 3))


async def settled_lines(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """The settled lines of members with the end of their coverage year, later years first."""
    return await fetch(conn, _SETTLED_LINES, pool_code, list(member_ids))


async def bill_page(
    conn: AsyncConnection,
    pool_code: str,
    year: int,
    after: UUID,
    township: str | None,
    is_open: bool | None,
    areas: Sequence[str],
    limit: int,
) -> list[Any]:
    """Bills of a year in order of their id, of villages whose code begins with one of ``areas``."""
    return await fetch(conn, _BILL_PAGE, pool_code, year, after, township, is_open, list(areas), limit)


async def bill_lines(conn: AsyncConnection, pool_code: str, bill_id: UUID) -> list[Any]:
    """The lines of one bill."""
    return await fetch(conn, _BILL_LINES, pool_code, bill_id)
