"""SQL of the papers, beside that of the ledger's own sums."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import stands
from shared.db.sql import fetch, fetchrow, fetchval


async def unit_name(conn: AsyncConnection, pool: str, account: str) -> str | None:
    """Who holds a bank account, whose books these are; None where it is not registered."""
    name: str | None = await fetchval(
        conn,
        """
        SELECT holder_name FROM bank_account WHERE pool_code = $1 AND account = $2 ORDER BY version DESC LIMIT 1""",
        pool,
        account,
    )
    return name


async def is_open(conn: AsyncConnection, pool: str, book: str) -> bool:
    """Whether the pool has this book."""
    found: bool = await fetchval(
        conn, "SELECT EXISTS (SELECT FROM book WHERE pool_code = $1 AND book = $2)", pool, book
    )
    return found


async def head(conn: AsyncConnection, pool: str, book: str) -> Any:
    """Through which days a book is sealed and closed, or None where it is not open."""
    return await fetchrow(
        conn, "SELECT sealed_through, closed_through FROM book_head WHERE pool_code = $1 AND book = $2", pool, book
    )


async def books_open(conn: AsyncConnection, pool: str, last: date) -> frozenset[str]:
    """The pool's books that were open by a day."""
    rows = await fetch(conn, "SELECT book FROM book WHERE pool_code = $1 AND first_day <= $2", pool, last)
    return frozenset(row["book"] for row in rows)


async def accounts(conn: AsyncConnection, pool: str, book: str) -> dict[str, Any]:
    """The chart of a book by account."""
    rows = await fetch(
        conn,
        """
        SELECT a.account, a.name_zh, a.normal_side FROM book b JOIN chart_account a USING (chart)
        WHERE b.pool_code = $1 AND b.book = $2""",
        pool,
        book,
    )
    return {row["account"]: row for row in rows}


_IN_PERIOD = """
  (SELECT coalesce(min(first_number), 1) AS first, coalesce(max(last_number), 0) AS last FROM book_day
   WHERE pool_code = $1 AND book = $2 AND posting_date BETWEEN $3 AND $4)
"""


async def entries(
    conn: AsyncConnection, pool: str, book: str, account: str, first: date, last: date, limit: int
) -> list[Any]:
    """Postings of an account in a period, in the order of vouchers, ``limit`` at most."""
    return await fetch(
        conn,
        f"""
        SELECT v.posting_date, v.month, v.month_number, v.text, p.debit, p.credit, p.amount_fen
        FROM {_IN_PERIOD} n
        JOIN posting p ON p.pool_code = $1 AND p.book = $2 AND p.number BETWEEN n.first AND n.last
          AND $5 IN (p.debit, p.credit)
        JOIN voucher v ON v.pool_code = p.pool_code AND v.book = p.book AND v.number = p.number
        ORDER BY p.number, p.line LIMIT $6""",
        pool,
        book,
        first,
        last,
        account,
        limit,
    )


async def line_counts(conn: AsyncConnection, pool: str, book: str, first: date, last: date) -> dict[str, int]:
    """How many postings each account that moved in a period has."""
    rows = await fetch(
        conn,
        f"""
        SELECT x.account, count(*) AS lines FROM {_IN_PERIOD} n
        JOIN posting p ON p.pool_code = $1 AND p.book = $2 AND p.number BETWEEN n.first AND n.last
        CROSS JOIN LATERAL (VALUES (p.debit), (p.credit)) AS x (account) GROUP BY x.account""",
        pool,
        book,
        first,
        last,
    )
    return {row["account"]: row["lines"] for row in rows}


async def entries_of(
    conn: AsyncConnection, pool: str, book: str, accounts: list[str], first: date, last: date
) -> list[Any]:
    """Postings of several accounts in a period, in the order of vouchers; the caller has counted them."""
    return await fetch(
        conn,
        f"""
        SELECT v.posting_date, v.month, v.month_number, v.text, p.debit, p.credit, p.amount_fen
        FROM {_IN_PERIOD} n
        JOIN posting p ON p.pool_code = $1 AND p.book = $2 AND p.number BETWEEN n.first AND n.last
          AND (p.debit = ANY ($5::text[]) OR p.credit = ANY ($5::text[]))
        JOIN voucher v ON v.pool_code = p.pool_code AND v.book = p.book AND v.number = p.number
        ORDER BY p.number, p.line""",
        pool,
        book,
        first,
        last,
        accounts,
    )


async def monthly(conn: AsyncConnection, pool: str, book: str, first: date, last: date) -> list[Any]:
    """Turnover of every account by month of posting, after one row with all that was before; those without any left
    out."""
    return await fetch(
        conn,
        """
        SELECT d.account, a.name_zh, a.normal_side, d.month, d.debit_fen, d.credit_fen FROM (
          SELECT account, NULL::date AS month, sum(debit_fen)::bigint AS debit_fen,
                 sum(credit_fen)::bigint AS credit_fen
          FROM (SELECT account, debit_fen, credit_fen FROM account_day
                WHERE pool_code = $1 AND book = $2 AND posting_date < $3
                UNION ALL SELECT DISTINCT account, 0, 0 FROM account_day
                WHERE pool_code = $1 AND book = $2 AND posting_date <= $4) b GROUP BY account
          UNION ALL
          SELECT account, date_trunc('month', posting_date)::date, sum(debit_fen)::bigint, sum(credit_fen)::bigint
          FROM account_day WHERE pool_code = $1 AND book = $2 AND posting_date BETWEEN $3 AND $4
          GROUP BY account, date_trunc('month', posting_date)) d
        JOIN book b ON b.pool_code = $1 AND b.book = $2
        JOIN chart_account a ON a.chart = b.chart AND a.account = d.account
        ORDER BY d.account, d.month NULLS FIRST""",
        pool,
        book,
        first,
        last,
    )


async def vouchers(
    conn: AsyncConnection, pool: str, book: str, first: date, last: date, limit: int, *, late: bool
) -> list[tuple[Any, list[Any]]]:
    """Vouchers of a period with their postings, ``limit`` at most; of late facts alone where asked."""
    heads = await fetch(
        conn,
        f"""
        SELECT v.number, v.month, v.month_number, v.posting_date, v.value_date, v.text, v.preparer, v.checker, v.poster
        FROM {_IN_PERIOD} n
        JOIN voucher v ON v.pool_code = $1 AND v.book = $2 AND v.number BETWEEN n.first AND n.last
        WHERE NOT $5 OR v.reason = 'late' ORDER BY v.number LIMIT $6""",
        pool,
        book,
        first,
        last,
        late,
        limit,
    )
    lines: dict[int, list[Any]] = {row["number"]: [] for row in heads}
    rows = await fetch(
        conn,
        """
        SELECT number, debit, credit, amount_fen, memo FROM posting
        WHERE pool_code = $1 AND book = $2 AND number = ANY ($3::bigint[]) ORDER BY number, line""",
        pool,
        book,
        list(lines),
    )
    for row in rows:
        lines[row["number"]].append(row)
    return [(row, lines[row["number"]]) for row in heads]


# -- the bank's side


async def last_statement(conn: AsyncConnection, pool: str, account: str, day: date) -> Any:
    """The newest statement of an account through a day, or None."""
    return await fetchrow(
        conn,
        """
        SELECT day, closing_fen FROM statement WHERE pool_code = $1 AND account = $2 AND day <= $3
        ORDER BY day DESC LIMIT 1""",
        pool,
        account,
        day,
    )


async def only_at_bank(conn: AsyncConnection, pool: str, account: str, day: date) -> list[Any]:
    """Lines of statements through a day that were not booked by then."""
    return await fetch(
        conn,
        """
        SELECT l.value_date AS day, l.reference, l.signed_fen FROM statement s
        JOIN statement_line l ON l.pool_code = s.pool_code AND l.statement_id = s.id
        LEFT JOIN line_match x ON x.pool_code = l.pool_code AND x.line_id = l.id
        LEFT JOIN movement m ON m.pool_code = x.pool_code AND m.id = x.movement_id
        WHERE s.pool_code = $1 AND s.account = $2 AND s.day <= $3 AND (m.id IS NULL OR m.booked_on > $3)
        ORDER BY l.value_date, l.id""",
        pool,
        account,
        day,
    )


async def only_in_book(conn: AsyncConnection, pool: str, account: str, day: date) -> list[Any]:
    """Movements booked through a day that no statement through it shows."""
    return await fetch(
        conn,
        f"""
        SELECT m.value_date AS day, m.reference, m.signed_fen, m.kind FROM movement m
        LEFT JOIN line_match x ON x.pool_code = m.pool_code AND x.movement_id = m.id
        LEFT JOIN statement_line l ON l.pool_code = x.pool_code AND l.id = x.line_id
        LEFT JOIN statement s ON s.pool_code = l.pool_code AND s.id = l.statement_id
        WHERE m.pool_code = $1 AND m.account = $2 AND m.booked_on <= $3 AND (s.id IS NULL OR s.day > $3)
          AND {stands(by="$3")}
        ORDER BY m.value_date, m.id""",
        pool,
        account,
        day,
    )


async def control_totals(conn: AsyncConnection, pool: str, first: date, last: date, kinds: list[str]) -> list[Any]:
    """Of each day, source and consumed type: count and fen published and received; days closed by their source."""
    return await fetch(
        conn,
        """
        SELECT coalesce(p.business_day, r.business_day) AS day, coalesce(p.source, r.source) AS source,
               coalesce(p.kind, r.kind) AS kind, coalesce(p.count, 0) AS published_count,
               coalesce(p.amount_fen, 0) AS published_fen, coalesce(r.count, 0) AS received_count,
               coalesce(r.amount_fen, 0) AS received_fen
        FROM (SELECT * FROM published_total WHERE pool_code = $1 AND business_day BETWEEN $2 AND $3
                AND kind = ANY ($4::text[])) p
        FULL JOIN (SELECT * FROM control_total WHERE pool_code = $1 AND business_day BETWEEN $2 AND $3) r
          ON r.source = p.source AND r.business_day = p.business_day AND r.kind = p.kind
        ORDER BY 1, 2, 3""",
        pool,
        first,
        last,
        kinds,
    )


async def spending(conn: AsyncConnection, pool: str, first: date, last: date) -> list[Any]:
    """By month: ('care', year, fen) of claims paid, come back or recovered (several of a year), and ('book', source of
    the voucher, fen) of what the book's expenditure accounts show, year-end closing left out."""
    return await fetch(
        conn,
        """
        SELECT to_char(date_trunc('month', l.booked_on), 'YYYY-MM') AS month, 'care' AS what,
               c.benefit_year::text AS name, sum(l.sign * l.amount_fen)::bigint AS fen
        FROM paid_line l JOIN claim_state c ON c.pool_code = l.pool_code AND c.claim_id = l.claim_id
        WHERE l.pool_code = $1 AND l.booked_on BETWEEN $2 AND $3 GROUP BY 1, 3
        UNION ALL
        SELECT to_char(date_trunc('month', booked_on), 'YYYY-MM'), 'care', care_year::text, -sum(amount_fen)::bigint
        FROM receivable WHERE pool_code = $1 AND booked_on BETWEEN $2 AND $3
          AND book = 'basic' AND origin IN ('recovery', 'accident', 'cancellation')
        GROUP BY 1, 3
        UNION ALL
        SELECT to_char(date_trunc('month', booked_on), 'YYYY-MM'), 'care', care_year::text, sum(amount_fen)::bigint
        FROM waiver WHERE pool_code = $1 AND booked_on BETWEEN $2 AND $3 AND care_year IS NOT NULL GROUP BY 1, 3
        UNION ALL
        SELECT to_char(v.month, 'YYYY-MM'), 'book', split_part(v.source_event, ':', 1),
               sum(CASE WHEN p.debit >= '5' AND p.debit < '6' THEN p.amount_fen ELSE 0 END
                 - CASE WHEN p.credit >= '5' AND p.credit < '6' THEN p.amount_fen ELSE 0 END)::bigint
        FROM (SELECT coalesce(min(first_number), 1) AS first, coalesce(max(last_number), 0) AS last FROM book_day
              WHERE pool_code = $1 AND book = 'basic' AND posting_date BETWEEN $2 AND $3) n
        JOIN posting p ON p.pool_code = $1 AND p.book = 'basic' AND p.number BETWEEN n.first AND n.last
          AND (p.debit >= '5' AND p.debit < '6' OR p.credit >= '5' AND p.credit < '6')
        JOIN voucher v ON v.pool_code = p.pool_code AND v.book = p.book AND v.number = p.number
        WHERE v.reason <> 'closing' GROUP BY 1, 3
        ORDER BY 1, 2, 3""",
        pool,
        first,
        last,
    )


async def days_closed(conn: AsyncConnection, pool: str, first: date, last: date) -> list[Any]:
    """Days of a period that are closed, with who closed them and when."""
    return await fetch(
        conn,
        "SELECT day, closed_by, closed_at FROM day_close WHERE pool_code = $1 AND day BETWEEN $2 AND $3 ORDER BY day",
        pool,
        first,
        last,
    )
