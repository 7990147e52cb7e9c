"""Year-end closing with carry-forward: income and expenditure of the year go to the funds (practice (ii), rulings §6).

The chart says which fund takes each account: its flows of reason ``closing``.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.ledger.charts import Chart, charts
from services.settlement.ledger.figures import EXPENDITURE, FUND, INCOME, YEAR_CLOSE, turnover
from services.settlement.ledger.posting import CLOSING, SYSTEM

RULE = "rule:year-close"


async def carry_forward(desk: Desk, year: int) -> None:
    """One voucher a book: every account of income and expenditure ends the year at nothing. Books without any are left
    alone. It is posted on 31 December, or on the open day where the book has moved on, and counts for the old year."""
    last = date(year, 12, 31)
    entries = []
    for chart in charts():
        since, today = last + timedelta(days=1), desk.day + timedelta(days=1)
        rows = await turnover(desk.conn, desk.pool_code, chart.book, since, today)
        lines = _lines(chart, *at_years_end(rows))
        if lines:
            entries.append(
                Entry(
                    chart.book,
                    f"{YEAR_CLOSE}{year}",
                    last,
                    f"{year} 年度收支结转",
                    lines,
                    preparer=SYSTEM,
                    checker=RULE,
                    reason=CLOSING,
                    posting_date=last,
                )
            )
    await book(desk, entries)


def at_years_end(rows: Sequence[Any]) -> tuple[dict[str, int], dict[str, int]]:
    """What income and expenditure accounts earned through the year's end (an expense below zero), and what each fund
    has for it; in fen, from the turnover whose period is all that was posted since.

    The year is often closed when the next one has begun: what is posted since belongs to that one. A fund has what it
    had on the last day, less what was taken since. Closings of earlier years that were themselves posted since count.
    """
    at_end = {row["account"]: row["credit_before"] - row["debit_before"] + row["closing_credit"] for row in rows}
    results = {
        row["account"]: at_end[row["account"]] - row["closing_debit"]
        for row in rows
        if row["account"][0] in (INCOME, EXPENDITURE)
    }
    funds = {row["account"]: at_end[row["account"]] - row["debit"] for row in rows if row["account"].startswith(FUND)}
    return {account: fen for account, fen in results.items() if fen}, funds


def _lines(chart: Chart, results: dict[str, int], funds: dict[str, int]) -> tuple[tuple[str, str, int], ...]:
    """(debit, credit, fen): what an account earned goes to its fund; what it spent comes first from what was set aside
    for it, as far as that goes, then from the general fund."""
    left = dict(funds)
    lines = []
    for account, fen in sorted(results.items()):
        if fen > 0:
            lines.append((account, _funds(chart, account)[-1], fen))
            continue
        needed = -fen
        *aside, general = _funds(chart, account)
        for fund in aside:
            taken = min(needed, max(left.get(fund, 0), 0))
            left[fund] = left.get(fund, 0) - taken
            needed -= taken
            lines.append((fund, account, taken))
        lines.append((general, account, needed))
    return tuple(line for line in lines if line[2])


def _funds(chart: Chart, account: str) -> list[str]:
    """The funds that bear an account, what was set aside for it first and the general fund last; raises LookupError
    where the chart names none."""
    found = [
        fund
        for flow in chart.flows
        if flow.reason == CLOSING
        for fund, other in ((flow.debit, flow.credit), (flow.credit, flow.debit))
        if other == account and fund.startswith(FUND)
    ]
    if not found:
        raise LookupError(f"{chart.chart}: {account} has no fund to be closed to")
    return sorted(set(found), reverse=True)
