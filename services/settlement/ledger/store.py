"""The ledger's reading SQL. What cannot be served from an index by period or business number is refused."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetch, fetchrow, fetchval

EXPORT_CHUNK = 1_000

_BOOKS = """
SELECT b.book, b.chart, b.first_day, c.title_zh, c.title_en, b.genesis, h.last_number, h.last_hash, h.open_day,
       h.sealed_through, h.closed_through
FROM book b JOIN book_head h ON h.pool_code = b.pool_code AND h.book = b.book JOIN chart c ON c.chart = b.chart
WHERE b.pool_code = $1
"""
_ACCOUNTS = """
SELECT a.account, a.name_zh, a.name_en, a.normal_side, a.keeper, a.guarded
FROM book b JOIN chart_account a ON a.chart = b.chart WHERE b.pool_code = $1 AND b.book = $2 ORDER BY a.account
"""
_VOUCHER_COLUMNS = """number, month, month_number, source_event, posting_date, value_date, reason, reversal_of,
       preparer, checker, poster, text, sheets, papers, postings_digest, hash"""
_VOUCHERS = f"""
SELECT {_VOUCHER_COLUMNS} FROM voucher
WHERE pool_code = $1 AND book = $2 AND number > $3 AND number <= $4 ORDER BY number LIMIT $5
"""
_BY_SOURCE = f"SELECT {_VOUCHER_COLUMNS} FROM voucher WHERE pool_code = $1 AND book = $2 AND source_event = $3"
_POSTINGS = """
SELECT number, line, debit, credit, amount_fen, party, ref, memo FROM posting
WHERE pool_code = $1 AND book = $2 AND number >= $3 AND number <= $4 ORDER BY number, line
"""
_NUMBERS = """
SELECT coalesce(min(first_number), 1) AS first, coalesce(max(last_number), 0) AS last FROM book_day
WHERE pool_code = $1 AND book = $2 AND posting_date >= $3 AND posting_date <= $4
"""
_TURNOVER = """
SELECT a.account, a.name_zh, a.name_en, a.normal_side, t.debit_fen, t.credit_fen,
       CASE a.normal_side WHEN 'debit' THEN t.debit_fen - t.credit_fen ELSE t.credit_fen - t.debit_fen END
         AS balance_fen
FROM book b JOIN chart_account a ON a.chart = b.chart
CROSS JOIN LATERAL (
  SELECT coalesce(sum(d.debit_fen), 0)::bigint AS debit_fen, coalesce(sum(d.credit_fen), 0)::bigint AS credit_fen
  FROM account_day d
  WHERE d.pool_code = b.pool_code AND d.book = b.book AND d.account = a.account AND {date} <= $3
) t
WHERE b.pool_code = $1 AND b.book = $2 {account} ORDER BY a.account
"""
_BY_POSTING = _TURNOVER.format(date="d.posting_date", account="")
_BY_VALUE = _TURNOVER.format(date="d.value_date", account="")
_ONE_BY_POSTING = _TURNOVER.format(date="d.posting_date", account="AND a.account = $4")
_CACHED = "SELECT account, posted_fen, pending_fen FROM balance WHERE pool_code = $1 AND book = $2 ORDER BY account"
_ENTRIES = """
SELECT p.number, p.line, p.debit, p.credit, p.amount_fen, p.party, p.ref, p.memo, v.posting_date, v.value_date, v.month,
       v.month_number, v.text, v.reason
FROM posting p JOIN voucher v ON v.pool_code = p.pool_code AND v.book = p.book AND v.number = p.number
WHERE p.pool_code = $1 AND p.book = $2 AND p.number >= $3 AND p.number <= $4 AND (p.number, p.line) > ($5, $6)
  {filters} ORDER BY p.number, p.line LIMIT $7
"""
_OF_REF = """AND p.number IN (SELECT f.number FROM posting f
    WHERE f.pool_code = $1 AND f.book = $2 AND f.ref = ${n} AND f.ref > '' AND f.line = 1)"""
_SEAL_COLUMNS = """pool_code, book, day, seal_number, first_number, last_number, root, last_hash, previous, signed_at,
       key_id, signature"""
_SEALS = f"SELECT {_SEAL_COLUMNS} FROM day_seal WHERE pool_code = $1 AND book = $2 ORDER BY seal_number"
_SEAL = f"SELECT {_SEAL_COLUMNS} FROM day_seal WHERE pool_code = $1 AND book = $2 AND day = $3"
_SEAL_OVER = f"""
SELECT {_SEAL_COLUMNS} FROM day_seal
WHERE pool_code = $1 AND book = $2 AND first_number <= $3 AND last_number >= $3
"""
_HASHES = """
SELECT string_agg(hash, ''::bytea ORDER BY number) FROM voucher
WHERE pool_code = $1 AND book = $2 AND number >= $3 AND number <= $4
"""
_HASH_BYTES = 32
_ROOTS = f"""
SELECT {_SEAL_COLUMNS} FROM day_seal
WHERE (pool_code, book, seal_number) > ($1, $2, $3) AND ($4::text IS NULL OR pool_code = $4)
  AND ($5::text IS NULL OR book = $5) ORDER BY pool_code, book, seal_number LIMIT $6
"""
_UNSEALED = """
SELECT d.posting_date FROM book_day d JOIN book_head h ON h.pool_code = d.pool_code AND h.book = d.book
WHERE d.pool_code = $1 AND d.book = $2 AND d.posting_date > h.sealed_through AND d.posting_date < $3
ORDER BY d.posting_date
"""
_REPLAY = "SELECT kind, subject, stored, computed FROM ledger_replay($1, $2)"


async def books(conn: AsyncConnection, pool_code: str) -> list[Any]:
    """The pool's books with their heads."""
    return await fetch(conn, _BOOKS + "ORDER BY b.book", pool_code)


async def book(conn: AsyncConnection, pool_code: str, name: str) -> Any:
    """One book with its head, or None."""
    return await fetchrow(conn, _BOOKS + "AND b.book = $2", pool_code, name)


async def accounts(conn: AsyncConnection, pool_code: str, name: str) -> list[Any]:
    """The accounts of the book's chart."""
    return await fetch(conn, _ACCOUNTS, pool_code, name)


async def numbers_of(conn: AsyncConnection, pool_code: str, name: str, first: date, last: date) -> tuple[int, int]:
    """First and last voucher number of a period by posting date; (1, 0) where there is none."""
    row = await fetchrow(conn, _NUMBERS, pool_code, name, first, last)
    return row["first"], row["last"]


async def vouchers(
    conn: AsyncConnection, pool_code: str, name: str, *, after: int, through: int, limit: int
) -> list[tuple[Any, list[Any]]]:
    """Vouchers with their postings in the order of numbers, in two statements."""
    return await _with_postings(
        conn, pool_code, name, await fetch(conn, _VOUCHERS, pool_code, name, after, through, limit)
    )


async def voucher_of_source(
    conn: AsyncConnection, pool_code: str, name: str, source: str
) -> list[tuple[Any, list[Any]]]:
    """The voucher of a source event with its postings; an empty list where the book has none."""
    return await _with_postings(conn, pool_code, name, await fetch(conn, _BY_SOURCE, pool_code, name, source))


async def _with_postings(
    conn: AsyncConnection, pool_code: str, name: str, rows: list[Any]
) -> list[tuple[Any, list[Any]]]:
    if not rows:
        return []
    lines: dict[int, list[Any]] = {row["number"]: [] for row in rows}
    for line in await fetch(conn, _POSTINGS, pool_code, name, rows[0]["number"], rows[-1]["number"]):
        lines[line["number"]].append(line)
    return [(row, lines[row["number"]]) for row in rows]


async def balances(conn: AsyncConnection, pool_code: str, name: str, at: date, *, by_value: bool) -> list[Any]:
    """Turnover and balance of every account through a day, by posting or by value date, in fen."""
    return await fetch(conn, _BY_VALUE if by_value else _BY_POSTING, pool_code, name, at)


async def balance_of(conn: AsyncConnection, pool_code: str, name: str, account: str, at: date) -> Any:
    """The same for one account by posting date; None for an account that the chart does not have."""
    return await fetchrow(conn, _ONE_BY_POSTING, pool_code, name, at, account)


async def cached_balances(conn: AsyncConnection, pool_code: str, name: str) -> list[Any]:
    """The balances of this moment with what is held, in fen; proved by ``replay``."""
    return await fetch(conn, _CACHED, pool_code, name)


async def entries(
    conn: AsyncConnection,
    pool_code: str,
    name: str,
    *,
    numbers: tuple[int, int],
    after: tuple[int, int],
    limit: int,
    account: str | None,
    party: str | None,
    ref: str | None,
) -> list[Any]:
    """Postings of a range of vouchers that match all the filters given, in the order of numbers."""
    filters, values = "", []
    for value, condition in (
        (account, "AND ${n} IN (p.debit, p.credit)"),
        (party, "AND p.party = ${n}"),
        (ref, _OF_REF),
    ):
        if value is not None:
            values.append(value)
            filters += condition.format(n=7 + len(values)) + " "
    sql = _ENTRIES.format(filters=filters)
    return await fetch(conn, sql, pool_code, name, *numbers, *after, limit, *values)


async def unsealed_before(conn: AsyncConnection, pool_code: str, name: str, day: date) -> list[date]:
    """Days before ``day`` that have vouchers and no seal, the earliest first."""
    return [row["posting_date"] for row in await fetch(conn, _UNSEALED, pool_code, name, day)]


async def seal(conn: AsyncConnection, pool_code: str, name: str, day: date) -> Any:
    """The seal of a day."""
    return await fetchrow(conn, _SEAL, pool_code, name, day)


async def seal_over(conn: AsyncConnection, pool_code: str, name: str, number: int) -> Any:
    """The seal of the day that a voucher was posted on; None where that day is open."""
    return await fetchrow(conn, _SEAL_OVER, pool_code, name, number)


async def hashes(conn: AsyncConnection, pool_code: str, name: str, first: int, last: int) -> list[bytes]:
    """Chain hashes of vouchers, in the order of their numbers."""
    whole = await fetchval(conn, _HASHES, pool_code, name, first, last) or b""
    return [whole[at : at + _HASH_BYTES] for at in range(0, len(whole), _HASH_BYTES)]


async def seals(conn: AsyncConnection, pool_code: str, name: str) -> list[Any]:
    """All seals of a book in order."""
    return await fetch(conn, _SEALS, pool_code, name)


async def roots(
    conn: AsyncConnection, *, after: tuple[str, str, int], pool_code: str | None, name: str | None, limit: int
) -> list[Any]:
    """Seals of all pools, which are public."""
    return await fetch(conn, _ROOTS, *after, pool_code, name, limit)


async def replay(conn: AsyncConnection, pool_code: str, name: str) -> list[Any]:
    """What differs between the book's caches or chain and its postings; nothing when all holds."""
    return await fetch(conn, _REPLAY, pool_code, name)


async def seal_statement(conn: AsyncConnection, pool_code: str, name: str, day: date, signed_at: Any) -> str:
    """The bytes to sign; the head stays locked until the transaction ends."""
    statement: str = await fetchval(conn, "SELECT seal_statement($1, $2, $3, $4)", pool_code, name, day, signed_at)
    return statement


async def write_seal(
    conn: AsyncConnection, pool_code: str, name: str, day: date, signed_at: Any, key_id: str, signature: bytes
) -> None:
    """Seals the day with the signature of its statement."""
    await fetchval(conn, "SELECT seal($1, $2, $3, $4, $5, $6)", pool_code, name, day, signed_at, key_id, signature)


async def all_vouchers(
    conn: AsyncConnection, pool_code: str, name: str, last: int
) -> AsyncIterator[tuple[Any, list[Any]]]:
    """Every voucher through ``last`` with its postings, read in chunks."""
    done = 0
    while chunk := await vouchers(conn, pool_code, name, after=done, through=last, limit=EXPORT_CHUNK):
        for voucher, lines in chunk:
            yield voucher, lines
        done = chunk[-1][0]["number"]
