"""What other capabilities may ask the ledger."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import store
from services.settlement.ledger.attachments import attachments_of
from services.settlement.ledger.refusals import LEDGER_VOUCHER_UNKNOWN, book_words


async def account_names(conn: AsyncConnection, pool_code: str, book: str) -> dict[str, tuple[str, str]]:
    """Chinese and English names of a book's accounts by code; empty for a book that is not open."""
    return {row["account"]: (row["name_zh"], row["name_en"]) for row in await store.accounts(conn, pool_code, book)}


Whole = tuple[Any, list[Any], list[Any]]
"""A voucher, its postings, and what was attached to it after it was booked."""


async def voucher(conn: AsyncConnection, pool_code: str, book: str, number: int) -> Whole:
    """One voucher; raises LEDGER_VOUCHER_UNKNOWN."""
    found = await _vouchers(conn, pool_code, book, number, number, 1)
    if not found:
        raise LEDGER_VOUCHER_UNKNOWN(book=book_words(book), number=number)
    return found[0]


async def vouchers_of_period(
    conn: AsyncConnection, pool_code: str, book: str, first: date, last: date, limit: int
) -> list[Whole]:
    """Vouchers by posting date in the order of their numbers, ``limit`` at most."""
    return await _vouchers(conn, pool_code, book, *await store.numbers_of(conn, pool_code, book, first, last), limit)


async def _vouchers(conn: AsyncConnection, pool_code: str, book: str, first: int, last: int, limit: int) -> list[Whole]:
    found = await store.vouchers(conn, pool_code, book, after=first - 1, through=last, limit=limit)
    later = await attachments_of(conn, pool_code, book, first, last) if found else {}
    return [(row, postings, later.get(row["number"], [])) for row, postings in found]
