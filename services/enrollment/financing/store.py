"""SQL of financing. Every function runs one statement, whatever the number of rows; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow

# -- year standards

_STANDARD_COLUMNS = """
year, premium_fen, central_fen, province_fen, city_fen, county_fen, coverage_from, coverage_to,
collection_from, collection_until, late_start, document_number
"""
_STANDARD = f"SELECT {_STANDARD_COLUMNS} FROM standard WHERE pool_code = $1 AND year = $2"
_STANDARDS = f"SELECT {_STANDARD_COLUMNS} FROM standard WHERE pool_code = $1 ORDER BY year"
_INSERT_STANDARD = """
INSERT INTO standard (pool_code, year, premium_fen, central_fen, province_fen, city_fen, county_fen, coverage_from,
                      coverage_to, collection_from, collection_until, late_start, document_number, recorded_by,
                      recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING
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
SELECT {_BILL_COLUMNS}, (SELECT s.collection_from FROM standard s WHERE s.pool_code = b.pool_code AND s.year = b.year)
FROM bill b WHERE b.pool_code = $1 AND b.bill_id = ANY($2::uuid[]) ORDER BY b.bill_id FOR UPDATE
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
_BILL_PAGE = """
SELECT b.bill_id, b.household_id, b.township_code, b.year, b.due_fen, b.paid_fen, b.refunded_fen, b.last_paid_on,
       h.village_code, h.group_name, h.household_number, a.name AS village_name,
       (SELECT m.name FROM member m WHERE m.pool_code = $1 AND m.household_id = h.household_id
          AND m.relation = 'head' AND m.status <> 'ended' ORDER BY m.member_number LIMIT 1) AS head_name
FROM bill b JOIN household h ON h.pool_code = b.pool_code AND h.household_id = b.household_id
JOIN area a ON a.area_code = h.village_code
WHERE b.pool_code = $1 AND b.year = $2 AND b.bill_id > $3 AND ($4::text IS NULL OR b.township_code = $4)
  AND ($5::boolean IS NULL OR (b.due_fen > b.paid_fen) = $5)
  AND EXISTS (SELECT FROM unnest($6::text[]) AS mine
              WHERE h.village_code >= mine AND h.village_code < mine || ':')
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
    await execute(conn, _INSERT_BILLS, pool_code, year, now, *_columns(rows, 3))


async def lines_of(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> list[Any]:
    """The lines of bills."""
    return await fetch(conn, _LINES_OF, pool_code, list(bill_ids))


Line = tuple[UUID, UUID, str, int, str | None]
"""bill, member, kind, premium in fen, reason of an excuse"""


async def insert_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[Line]) -> None:
    """Records lines of bills."""
    await execute(conn, _INSERT_LINES, pool_code, *_columns(rows, 5))


async def change_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[Line]) -> None:
    """Changes kind, premium and reason of lines."""
    await execute(conn, _CHANGE_LINES, pool_code, *_columns(rows, 5))


async def recount(conn: AsyncConnection, pool_code: str, bill_ids: Sequence[UUID]) -> None:
    """Sets what bills ask for to the sum of their payable lines."""
    await execute(conn, _RECOUNT, pool_code, list(bill_ids))


async def settle_lines(conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, date, date]]) -> list[Any]:
    """Settles the open lines of complete bills (bill, settled_on, covered_from); returns them."""
    return await fetch(conn, _SETTLE, pool_code, *_columns(rows, 3))


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


# -- receipts and remittances

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
INSERT INTO remittance (pool_code, remittance_id, number, township_code, amount_fen, receipt_count, remitted_on,
                        recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_REMITTANCES = """
SELECT remittance_id, number, township_code, amount_fen, receipt_count, remitted_on, recorded_at FROM remittance
WHERE pool_code = $1
  AND EXISTS (SELECT FROM unnest($2::text[]) AS mine WHERE township_code >= mine AND township_code < mine || ':')
  AND ($3::text IS NULL OR number = $3)
  AND ($4::timestamptz IS NULL OR (recorded_at, remittance_id) < ($4, $5::uuid))
ORDER BY recorded_at DESC, remittance_id DESC LIMIT $6
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
    await execute(conn, _INSERT_RECEIPTS, pool_code, by, now, *_columns(rows, 7))


async def pay_bills(conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, int, int, date]]) -> None:
    """Adds payments to bills (bill, amount, receipts, latest payment day)."""
    await execute(conn, _PAY_BILLS, pool_code, *_columns(rows, 4))


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
    return await fetch(conn, _REMITTANCES, pool_code, list(areas), number, *(after or (None, None)), limit)


async def insert_remittance(conn: AsyncConnection, pool_code: str, receipt_ids: Sequence[UUID], *values: Any) -> None:
    """Records a remittance (id, number, township, amount, count, day, by, now) and its receipts."""
    await execute(conn, _INSERT_REMITTANCE, pool_code, *values)
    await execute(conn, _INSERT_REMITTANCE_LINES, pool_code, values[0], list(receipt_ids))


# -- sponsorships

_SPONSORABLE = """
SELECT l.member_id, l.bill_id, l.premium_fen, b.due_fen - b.paid_fen AS open_fen FROM bill_line l
JOIN bill b ON b.pool_code = l.pool_code AND b.bill_id = l.bill_id
WHERE l.pool_code = $1 AND b.year = $2 AND l.member_id = ANY($3::uuid[]) AND l.kind = 'payable'
  AND l.settled_on IS NULL AND b.due_fen - b.paid_fen >= l.premium_fen
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
    """Of these members the lines that are payable, open and not applied for by a sponsor."""
    return await fetch(conn, _SPONSORABLE, pool_code, year, list(member_ids))


async def insert_sponsorship(
    conn: AsyncConnection, pool_code: str, lines: Sequence[tuple[UUID, UUID, int]], *values: Any
) -> None:
    """Records an application (id, sponsor, group, year, heads, amount, by, now) and its lines."""
    await execute(conn, _INSERT_SPONSORSHIP, pool_code, *values)
    await execute(conn, _INSERT_SPONSORSHIP_LINES, pool_code, values[0], *_columns(lines, 3))


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


# -- subsidies due

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
    await execute(conn, _INSERT_DUES, pool_code, year, by, now, *_columns(rows, 9))


# -- totals of a year

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


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as the parallel arrays that ``unnest`` takes."""
    return [[row[i] for row in rows] for i in range(width)]
