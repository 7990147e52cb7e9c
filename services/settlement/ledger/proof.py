"""The proof that one voucher stands in the book as sealed (docs/ledger-format.md, section 7)."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import export, store
from services.settlement.ledger.merkle import audit_path
from services.settlement.ledger.refusals import (
    LEDGER_BOOK_UNKNOWN,
    LEDGER_ENTRY_NOT_SEALED,
    LEDGER_VOUCHER_UNKNOWN,
    book_words,
)

FORMAT = "heyi-proof-1"


async def prove(conn: AsyncConnection, pool_code: str, name: str, number: int) -> dict[str, Any]:
    """Voucher, hash before it, path to the root of its day and that day's seal; four statements.

    Raises LEDGER_BOOK_UNKNOWN, LEDGER_VOUCHER_UNKNOWN, LEDGER_ENTRY_NOT_SEALED.
    """
    book = await store.book(conn, pool_code, name)
    if book is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(name))
    found = await store.vouchers(conn, pool_code, name, after=number - 1, through=number, limit=1)
    if not found:
        raise LEDGER_VOUCHER_UNKNOWN(book=book_words(name), number=number)
    seal = await store.seal_over(conn, pool_code, name, number)
    if seal is None:
        raise LEDGER_ENTRY_NOT_SEALED(book=book_words(name), number=number, day=found[0][0]["posting_date"])
    first = seal["first_number"]
    hashes = await store.hashes(conn, pool_code, name, max(first - 1, 1), seal["last_number"])
    day = hashes if first == 1 else hashes[1:]
    before = hashes[number - first] if first > 1 else ([book["genesis"], *hashes])[number - first]
    return {
        "format": FORMAT,
        "pool_code": pool_code,
        "book": name,
        "previous": before.hex(),
        "voucher": export.voucher_fields(*found[0]),
        "path": [{"side": side, "hash": node.hex()} for side, node in audit_path(day, number - first)],
        "seal": export.seal_fields(seal),
    }
