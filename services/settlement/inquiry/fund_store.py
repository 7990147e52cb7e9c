"""SQL of the fund's year: flows of a book from its postings, and what enrollment's events say is due."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.dues import dues
from services.settlement.inquiry.fund_figures import Flow
from shared.db.sql import fetch, fetchrow

# a reversal lessens what its voucher moved: nothing came in or went out by it
# numbers and posting dates rise together: the days give a range of the primary key
_FLOWS = """
SELECT CASE v.reason WHEN 'reversal' THEN p.credit ELSE p.debit END AS debit,
       CASE v.reason WHEN 'reversal' THEN p.debit ELSE p.credit END AS credit,
       sum(CASE v.reason WHEN 'reversal' THEN -p.amount_fen ELSE p.amount_fen END)::bigint AS fen
FROM (SELECT min(first_number) AS first, max(last_number) AS last FROM book_day
      WHERE pool_code = $1 AND book = $2 AND posting_date >= $3 AND posting_date <= $4) r
JOIN voucher v ON v.pool_code = $1 AND v.book = $2 AND v.number >= r.first AND v.number <= r.last
JOIN posting p ON p.pool_code = $1 AND p.book = $2 AND p.number = v.number
WHERE v.reason NOT IN ('opening', 'closing') GROUP BY 1, 2 ORDER BY 1, 2
"""
# a level has a due for each payer (LS-20): together they are its heads, and every level counts all of them
_DUE = f"""
SELECT (SELECT sum(amount_fen)::bigint FROM {dues()} d WHERE coverage_year = $2) AS subsidies,
       (SELECT max(l.heads)::bigint FROM (SELECT sum(head_count) AS heads FROM {dues()} d
        WHERE coverage_year = $2 GROUP BY level) l) AS heads,
       coalesce((SELECT sum(amount_fen)::bigint FROM premium WHERE pool_code = $1 AND coverage_year = $2), 0)
         - coalesce((SELECT sum(amount_fen)::bigint FROM money_order WHERE pool_code = $1 AND coverage_year = $2
                     AND kind = 'premium_refund' AND status = 'booked'), 0)
         + coalesce((SELECT sum(amount_fen)::bigint FROM sponsorship WHERE pool_code = $1 AND coverage_year = $2), 0)
         AS premiums
"""


async def flows(conn: AsyncConnection, pool: str, book: str, first: date, last: date) -> tuple[Flow, ...]:
    """What went between each two accounts in a period of posting dates, less what was reversed in it; opening and
    closing vouchers apart."""
    rows = await fetch(conn, _FLOWS, pool, book, first, last)
    return tuple(Flow(row["debit"], row["credit"], row["fen"]) for row in rows)


async def due(conn: AsyncConnection, pool: str, year: int) -> tuple[int | None, int | None]:
    """Due income of a coverage year in fen and its heads; None where enrollment has told no subsidy of it."""
    row = await fetchrow(conn, _DUE, pool, year)
    return (None, None) if row["subsidies"] is None else (row["subsidies"] + row["premiums"], row["heads"])
