"""SQL of receipt books. Every function runs one statement, whatever the number of rows; amounts in fen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import execute, fetch, fetch_newest, fetchrow

# -- issuing and the numbers of a book

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.receipt-books:' || $1, 0))"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended('heyi.receipt-books:' || $1, 0))"
_IN_BOOKS = """
SELECT receipt_number FROM receipt_leaf WHERE pool_code = $1 AND receipt_number = ANY($2::text[])
ORDER BY receipt_number
"""
_BOOKED = """
SELECT r.receipt_number, r.township_code, r.year, v.reason FROM receipt r
LEFT JOIN receipt_void v ON v.pool_code = r.pool_code AND v.receipt_id = r.receipt_id
WHERE r.pool_code = $1 AND r.receipt_number = ANY($2::text[]) ORDER BY r.receipt_number
"""
_INSERT_BOOK = """
INSERT INTO receipt_book (pool_code, book_id, number, township_code, year, series, digits, first_number, last_number,
                          issued_on, issued_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_INSERT_LEAVES = """
INSERT INTO receipt_leaf (pool_code, book_id, receipt_number, number, state)
SELECT $1, $2, n.*, 'out' FROM unnest($3::text[], $4::bigint[]) AS n
"""
_INSERT_HOLDER = """
INSERT INTO receipt_book_holder (pool_code, book_id, recorded_seq, collector, handed_on, recorded_by, recorded_at)
SELECT $1, $2, coalesce(max(recorded_seq), 0) + 1, $3, $4, $5, $6 FROM receipt_book_holder
WHERE pool_code = $1 AND book_id = $2
"""
_HOLDERS = """
SELECT collector, handed_on FROM receipt_book_holder WHERE pool_code = $1 AND book_id = $2 ORDER BY recorded_seq
"""
_LOCK_LEAVES = """
SELECT l.receipt_number, l.book_id, l.state, b.township_code, b.year FROM receipt_leaf l
JOIN receipt_book b ON b.pool_code = l.pool_code AND b.book_id = l.book_id
WHERE l.pool_code = $1 AND l.receipt_number = ANY($2::text[]) ORDER BY l.receipt_number FOR UPDATE OF l
"""
_MARK = """
UPDATE receipt_leaf AS l SET state = n.state, reason = n.reason, declaration = $3, changed_by = $4, changed_at = $5
FROM unnest($2::text[], $6::text[], $7::text[]) AS n (receipt_number, state, reason)
WHERE l.pool_code = $1 AND l.receipt_number = n.receipt_number
"""


async def lock_books(conn: AsyncConnection, pool_code: str) -> None:
    """One book is issued or handed over at a time, and while one is, no receipt is booked."""
    await execute(conn, _LOCK, pool_code)


async def lock_numbers(conn: AsyncConnection, pool_code: str) -> None:
    """While receipts are booked, no book is issued that would hold their numbers."""
    await execute(conn, _LOCK_SHARED, pool_code)


async def in_books(conn: AsyncConnection, pool_code: str, numbers: Sequence[str]) -> list[str]:
    """Which of these numbers stand in a book already."""
    return [row["receipt_number"] for row in await fetch(conn, _IN_BOOKS, pool_code, list(numbers))]


async def booked(conn: AsyncConnection, pool_code: str, numbers: Sequence[str]) -> list[Any]:
    """Receipts that were booked under these numbers, with the reason where one was voided."""
    return await fetch(conn, _BOOKED, pool_code, list(numbers))


async def insert_book(conn: AsyncConnection, pool_code: str, *values: Any) -> None:
    """Records a book (id, number, township, year, series, digits, first, last, day, by, now)."""
    await execute(conn, _INSERT_BOOK, pool_code, *values)


async def insert_leaves(
    conn: AsyncConnection, pool_code: str, book_id: UUID, texts: Sequence[str], numbers: Sequence[int]
) -> None:
    """Records the numbers of a book, all of them still out."""
    await execute(conn, _INSERT_LEAVES, pool_code, book_id, list(texts), list(numbers))


async def insert_holder(
    conn: AsyncConnection, pool_code: str, book_id: UUID, collector: str, on: date, by: str, now: datetime
) -> None:
    """From a day on somebody holds the book."""
    await execute(conn, _INSERT_HOLDER, pool_code, book_id, collector, on, by, now)


async def holders(conn: AsyncConnection, pool_code: str, book_id: UUID) -> list[Any]:
    """Who has held a book, in order."""
    return await fetch(conn, _HOLDERS, pool_code, book_id)


async def lock_leaves(conn: AsyncConnection, pool_code: str, numbers: Sequence[str]) -> list[Any]:
    """Those of these numbers that stand in a book, locked in order, with the book's township and year."""
    return await fetch(conn, _LOCK_LEAVES, pool_code, list(numbers))


Mark = tuple[str, str, str | None]
"""number, state, reason"""


async def mark(
    conn: AsyncConnection, pool_code: str, marks: Sequence[Mark], declaration: str | None, by: str, now: datetime
) -> None:
    """Says what became of numbers."""
    numbers, states, reasons = ([one[i] for one in marks] for i in range(3))
    await execute(conn, _MARK, pool_code, numbers, declaration, by, now, states, reasons)


# -- a book's account, and what is missing

_ACCOUNT = """
SELECT b.book_id, b.number, b.township_code, b.year, b.series, b.digits, b.first_number, b.last_number, b.issued_on,
       b.recorded_at, c.*, (SELECT h.collector FROM receipt_book_holder h WHERE h.pool_code = $1 AND
                              h.book_id = b.book_id ORDER BY h.recorded_seq DESC LIMIT 1) AS collector,
       (SELECT count(*) FROM receipt_leaf l WHERE l.pool_code = $1 AND l.book_id = b.book_id AND l.state = 'out'
          AND l.number < c.highest) AS missing,
       (SELECT coalesce(sum(r.amount_fen), 0)::bigint FROM receipt_leaf l
        JOIN receipt r ON r.pool_code = l.pool_code AND r.receipt_number = l.receipt_number
        WHERE l.pool_code = $1 AND l.book_id = b.book_id AND l.state = 'used') AS amount_fen
FROM receipt_book b CROSS JOIN LATERAL (
  SELECT count(*) AS issued, count(*) FILTER (WHERE l.state = 'used') AS used,
         count(*) FILTER (WHERE l.state = 'voided') AS voided, count(*) FILTER (WHERE l.state = 'lost') AS lost,
         count(*) FILTER (WHERE l.state = 'returned') AS returned, count(*) FILTER (WHERE l.state = 'out') AS out,
         max(l.number) FILTER (WHERE l.state = 'used' OR l.state = 'voided') AS highest
  FROM receipt_leaf l WHERE l.pool_code = $1 AND l.book_id = b.book_id
) c
WHERE b.pool_code = $1
"""
_BOOK = _ACCOUNT + " AND b.book_id = $2"
_BOOKS = f"""{_ACCOUNT}
  AND ($2::integer IS NULL OR b.year = $2) AND ($3::text IS NULL OR b.township_code = $3)
  AND ($4::boolean IS NULL OR (c.out > 0) = $4) AND {lies_within("b.township_code", "$5")}
  AND ($6::text IS NULL OR b.number = $6)
"""
_LEAVES = """
SELECT l.receipt_number, l.number, l.state, l.reason, l.declaration, l.changed_by, l.changed_at, r.amount_fen, r.paid_on
FROM receipt_leaf l LEFT JOIN receipt r ON r.pool_code = l.pool_code AND r.receipt_number = l.receipt_number
WHERE l.pool_code = $1 AND l.book_id = $2 AND ($3::text IS NULL OR l.state = $3) AND l.number > $4
ORDER BY l.number LIMIT $5
"""
# runs of numbers still out, below the highest that was written: consecutive ones share number - rank
_MISSING = f"""
WITH gone AS (
  SELECT l.book_id, l.number, max(l.number) FILTER (WHERE l.state = 'used' OR l.state = 'voided')
           OVER (PARTITION BY l.book_id) AS highest, l.state
  FROM receipt_leaf l JOIN receipt_book b ON b.pool_code = l.pool_code AND b.book_id = l.book_id
  WHERE l.pool_code = $1 AND b.year = ANY($2::integer[]) AND ($3::text IS NULL OR b.township_code = $3)
    AND {lies_within("b.township_code", "$4")}
), runs AS (
  SELECT book_id, number, number - row_number() OVER (PARTITION BY book_id ORDER BY number) AS run FROM gone
  WHERE state = 'out' AND number < highest
), spans AS (
  SELECT book_id, min(number) AS first_number, max(number) AS last_number, count(*) AS count FROM runs
  GROUP BY book_id, run
)
SELECT s.book_id, s.first_number, s.last_number, s.count, b.number, b.township_code, b.year, b.series, b.digits,
       (SELECT h.collector FROM receipt_book_holder h WHERE h.pool_code = $1 AND h.book_id = s.book_id
        ORDER BY h.recorded_seq DESC LIMIT 1) AS collector
FROM spans s JOIN receipt_book b ON b.pool_code = $1 AND b.book_id = s.book_id
WHERE ($5::uuid IS NULL OR (s.book_id, s.first_number) > ($5, $6::bigint))
ORDER BY s.book_id, s.first_number LIMIT $7
"""


async def book(conn: AsyncConnection, pool_code: str, book_id: UUID) -> Any:
    """A book with its account, or None."""
    return await fetchrow(conn, _BOOK, pool_code, book_id)


async def books(
    conn: AsyncConnection,
    pool_code: str,
    year: int | None,
    township: str | None,
    is_open: bool | None,
    areas: Sequence[str],
    number: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """Books of townships within ``areas`` with their accounts, newest first after the last (moment, id) shown; only the
    one with the number where one is given."""
    by, asked = ("b.recorded_at", "b.book_id"), (year, township, is_open, list(areas), number)
    return await fetch_newest(conn, _BOOKS, by, after, limit, pool_code, *asked)


async def leaves(
    conn: AsyncConnection, pool_code: str, book_id: UUID, state: str | None, after: int, limit: int
) -> list[Any]:
    """The numbers of a book in order, with the receipt of each that was booked."""
    return await fetch(conn, _LEAVES, pool_code, book_id, state, after, limit)


async def missing(
    conn: AsyncConnection,
    pool_code: str,
    years: Sequence[int],
    township: str | None,
    areas: Sequence[str],
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[Any]:
    """Runs of numbers of which nothing is known although a higher one of their book was written, in order of (book,
    first number) after the last shown; all of them without ``limit``."""
    key = after or (None, None)
    return await fetch(conn, _MISSING, pool_code, list(years), township, list(areas), *key, limit)
