"""The sums behind a year's fund indicators."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.accounts import BASIC, RISK_FUND
from services.settlement.inquiry import fund_store
from services.settlement.inquiry.fund_figures import Year
from services.settlement.inquiry.indicators import YearSums
from services.settlement.ledger.figures import EXPENDITURE, FUND, INCOME, turnover
from shared.db.sql import fetchval

_EARLIER = """
SELECT (coalesce((SELECT sum(l.sign * l.amount_fen) FROM paid_line l
                  JOIN claim_state c ON c.pool_code = l.pool_code AND c.claim_id = l.claim_id
                  WHERE l.pool_code = $1 AND l.booked_on BETWEEN $2 AND $3 AND c.benefit_year < $4), 0)
      - coalesce((SELECT sum(r.amount_fen) FROM receivable r WHERE r.pool_code = $1 AND r.booked_on BETWEEN $2 AND $3
                    AND r.book = 'basic' AND r.care_year < $4
                    AND r.origin IN ('recovery', 'accident', 'cancellation')), 0)
      + coalesce((SELECT sum(w.amount_fen) FROM waiver w
                  WHERE w.pool_code = $1 AND w.booked_on BETWEEN $2 AND $3 AND w.care_year < $4), 0))::bigint
"""


async def year_sums(conn: AsyncConnection, pool: str, year: int) -> YearSums:
    """Sums of the fund's book through the year's end; income and expenditure are those of the year's report."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = await turnover(conn, pool, BASIC, first, last)
    report = Year(await fund_store.flows(conn, pool, BASIC, first, last), None, None)
    return YearSums(
        income=report.total(INCOME),
        expenditure=report.total(EXPENDITURE),
        for_earlier_years=await fetchval(conn, _EARLIER, pool, first, last, year),
        accumulated=sum(_balance(row) for row in rows if row["account"][0] in (FUND, INCOME, EXPENDITURE)),
        risk_fund=sum(_balance(row) for row in rows if row["account"] == RISK_FUND),
    )


def _balance(row: Any) -> int:
    return int(row["credit_before"] + row["credit"] - row["debit_before"] - row["debit"])
