"""Attachments of a voucher that came after it was booked (补附单据): how many sheets, what they are, whose hand, when.

What was attached when it was booked stands in the voucher and under the chain. What comes later cannot: it is a row of
its own, never changed or deleted, and its hash stands in the audit log, which is chained and sealed daily.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import charts, store
from services.settlement.ledger.refusals import (
    LEDGER_NOT_KEEPER,
    LEDGER_PAPER_ATTACHED,
    LEDGER_VOUCHER_UNKNOWN,
    book_words,
    keeper_words,
)
from shared.db.sql import fetch, fetchval
from shared.http.roles import role_words


@dataclass(frozen=True, slots=True)
class Attachment:
    """Sheets that belong to a voucher; ``sha256`` is that of the kept document in hexadecimal, empty for mere paper."""

    number: int
    text: str
    sheets: int
    sha256: str


_ADD = """
INSERT INTO voucher_attachment (pool_code, id, book, number, text, sheets, sha256, added_by, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (pool_code, book, number, sha256) WHERE sha256 > '' DO NOTHING
RETURNING id
"""
_OF = """
SELECT number, text, sheets, sha256, added_by, added_at FROM voucher_attachment
WHERE pool_code = $1 AND book = $2 AND number >= $3 AND number <= $4 ORDER BY number, added_at, id
"""


async def attach(
    conn: AsyncConnection, pool_code: str, book: str, added: Attachment, *, new: UUID, by: str, role: str, now: datetime
) -> None:
    """Attaches sheets to a voucher; ``role`` acts for a keeper of one of its accounts.

    Raises LEDGER_VOUCHER_UNKNOWN, LEDGER_NOT_KEEPER, LEDGER_PAPER_ATTACHED (the same document is there already).
    """
    found = await store.vouchers(conn, pool_code, book, after=added.number - 1, through=added.number, limit=1)
    if not found:
        raise LEDGER_VOUCHER_UNKNOWN(book=book_words(book), number=added.number)
    voucher, postings = found[0]
    _check_keeper(book, postings, role)
    kept = added.sha256 and added.sha256 in voucher["papers"].split(",")
    values = (added.number, added.text, added.sheets, added.sha256, by, now)
    if kept or await fetchval(conn, _ADD, pool_code, new, book, *values) is None:
        raise LEDGER_PAPER_ATTACHED(book=book_words(book), number=added.number)


def _check_keeper(book: str, postings: Sequence[Any], role: str) -> None:
    accounts = next(chart.accounts for chart in charts.charts() if chart.book == book)
    touched = {code for posting in postings for code in (posting["debit"], posting["credit"])}
    keepers = {keeper for code in touched if (keeper := accounts[code].keeper)} or {charts.NOBODY}
    if not any((keeper, role) in set(charts.keeper_roles()) for keeper in keepers):
        raise LEDGER_NOT_KEEPER(keeper=keeper_words(sorted(keepers)), role=role_words(role))


async def attachments_of(
    conn: AsyncConnection, pool_code: str, book: str, first: int, last: int
) -> dict[int, list[Any]]:
    """What was attached later to vouchers of a range of numbers, by number, in the order in which it came."""
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in await fetch(conn, _OF, pool_code, book, first, last):
        rows[row["number"]].append(row)
    return rows
