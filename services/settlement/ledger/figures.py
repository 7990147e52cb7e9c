"""Sums of a book that other capabilities ask for, from its turnover by day and its vouchers of closing."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetch, fetchval

INCOME, EXPENDITURE, FUND = "4", "5", "3"
"""The first figure of an account's code says its class in every chart."""
YEAR_CLOSE, _AFTER_YEAR_CLOSE = "year-close:", "year-close;"
"""Source events of the year-end closing begin so; the second is the next text after all of them."""


async def balances_now(conn: AsyncConnection, pool: str, book: str) -> dict[str, int]:
    """Posted balances in fen by account, with the sign of the account's normal side."""
    rows = await fetch(conn, "SELECT account, posted_fen FROM balance WHERE pool_code = $1 AND book = $2", pool, book)
    return {row["account"]: row["posted_fen"] for row in rows}


async def available_now(conn: AsyncConnection, pool: str, book: str, account: str) -> int:
    """Fen of an account that can be spent: its balance less what is held; 0 where nothing was ever posted."""
    found: int | None = await fetchval(
        conn,
        "SELECT posted_fen + pending_fen FROM balance WHERE pool_code = $1 AND book = $2 AND account = $3",
        pool,
        book,
        account,
    )
    return found or 0


async def turnover(conn: AsyncConnection, pool: str, book: str, first: date, last: date) -> list[Any]:
    """Of every account of the chart: debits and credits before a period, in it, and what of the latter is year-end
    closing; in fen, by posting date."""
    return await fetch(conn, _TURNOVER, pool, book, first, last, YEAR_CLOSE, _AFTER_YEAR_CLOSE)


_TURNOVER = """
WITH days AS (
  SELECT account, sum(debit_fen) FILTER (WHERE posting_date < $3) AS debit_before,
         sum(credit_fen) FILTER (WHERE posting_date < $3) AS credit_before,
         sum(debit_fen) FILTER (WHERE posting_date >= $3) AS debit, sum(credit_fen) FILTER (WHERE posting_date >= $3)
           AS credit
  FROM account_day WHERE pool_code = $1 AND book = $2 AND posting_date <= $4 GROUP BY account
), closing AS (
  SELECT x.account, sum(x.debit) AS debit, sum(x.credit) AS credit
  FROM voucher v
  JOIN posting p ON p.pool_code = v.pool_code AND p.book = v.book AND p.number = v.number
  CROSS JOIN LATERAL (VALUES (p.debit, p.amount_fen, 0::bigint), (p.credit, 0::bigint, p.amount_fen))
    AS x (account, debit, credit)
  WHERE v.pool_code = $1 AND v.book = $2 AND v.source_event >= $5 AND v.source_event < $6
    AND v.posting_date BETWEEN $3 AND $4
  GROUP BY x.account
)
SELECT a.account, a.name_zh, a.name_en, a.normal_side, coalesce(d.debit_before, 0)::bigint AS debit_before,
       coalesce(d.credit_before, 0)::bigint AS credit_before, coalesce(d.debit, 0)::bigint AS debit,
       coalesce(d.credit, 0)::bigint AS credit, coalesce(c.debit, 0)::bigint AS closing_debit,
       coalesce(c.credit, 0)::bigint AS closing_credit
FROM book b JOIN chart_account a ON a.chart = b.chart
LEFT JOIN days d ON d.account = a.account LEFT JOIN closing c ON c.account = a.account
WHERE b.pool_code = $1 AND b.book = $2 ORDER BY a.account
"""


async def is_carried_forward(conn: AsyncConnection, pool: str, book: str, year: int) -> bool:
    """Whether a year-end closing of this book, of the year or a later one, has used what the funds had."""
    found: bool = await fetchval(
        conn,
        """
        SELECT EXISTS (SELECT FROM voucher WHERE pool_code = $1 AND book = $2
                       AND source_event >= $3 AND source_event < $4)""",
        pool,
        book,
        f"{YEAR_CLOSE}{year}",
        _AFTER_YEAR_CLOSE,
    )
    return found


async def income_of_year(conn: AsyncConnection, pool: str, book: str, year: int) -> int:
    """Income of a calendar year in fen by posting date, refunds deducted, before the year-end closing."""
    rows = await turnover(conn, pool, book, date(year, 1, 1), date(year, 12, 31))
    return sum(
        row["credit"] - row["debit"] - row["closing_credit"] + row["closing_debit"]
        for row in rows
        if row["account"].startswith(INCOME)
    )
