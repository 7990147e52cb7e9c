"""The export of a book as NDJSON (docs/ledger-format.md): everything that an outsider needs to verify it offline."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

from services.settlement.ledger import store
from services.settlement.ledger.refusals import LEDGER_BOOK_UNKNOWN, book_words
from shared.http.unit import StreamUnit
from shared.kernel.money import format_yuan

FORMAT = "heyi-ledger-1"
_LAST_DAY = date(9999, 12, 31)
_LINES_A_CHUNK = 200


def moment(at: datetime) -> str:
    """A time as the format writes it: UTC with six places of a second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seal_fields(row: Any) -> dict[str, Any]:
    """A seal as it is published and exported."""
    return {
        "pool_code": row["pool_code"],
        "book": row["book"],
        "day": row["day"].isoformat(),
        "seal_number": row["seal_number"],
        "first_number": row["first_number"],
        "last_number": row["last_number"],
        "root": row["root"].hex(),
        "last_hash": row["last_hash"].hex(),
        "previous": row["previous"].hex(),
        "signed_at": moment(row["signed_at"]),
        "key_id": row["key_id"],
        "signature": row["signature"].hex(),
    }


async def lines(unit: StreamUnit, pool_code: str, name: str) -> AsyncIterator[bytes]:
    """The export in pieces of whole lines; one REPEATABLE READ session from the first to the last."""
    async with unit.session() as conn:
        buffer: list[str] = []
        async for document in documents(conn, pool_code, name, unit.now):
            buffer.append(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
            if len(buffer) >= _LINES_A_CHUNK:
                yield _joined(buffer)
        yield _joined(buffer)


def _joined(buffer: list[str]) -> bytes:
    piece = "".join(line + "\n" for line in buffer).encode()
    buffer.clear()
    return piece


async def documents(conn: Any, pool_code: str, name: str, now: datetime) -> AsyncIterator[dict[str, Any]]:
    """The export, one object a line; raises LEDGER_BOOK_UNKNOWN. ``conn`` is in a REPEATABLE READ transaction."""
    book = await store.book(conn, pool_code, name)
    if book is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(name))
    yield {
        "kind": "book",
        "format": FORMAT,
        "pool_code": pool_code,
        "book": name,
        "chart": book["chart"],
        "genesis": book["genesis"].hex(),
        "last_number": book["last_number"],
        "last_hash": book["last_hash"].hex(),
        "open_day": book["open_day"].isoformat(),
        "sealed_through": book["sealed_through"].isoformat(),
        "exported_at": moment(now),
    }
    for account in await store.accounts(conn, pool_code, name):
        yield {
            "kind": "account",
            "account": account["account"],
            "name_zh": account["name_zh"],
            "name_en": account["name_en"],
            "normal_side": account["normal_side"],
        }
    vouchers = postings = 0
    async for voucher, own in store.all_vouchers(conn, pool_code, name, book["last_number"]):
        vouchers, postings = vouchers + 1, postings + len(own)
        yield {"kind": "voucher"} | voucher_fields(voucher, own)
    for seal in await store.seals(conn, pool_code, name):
        yield {"kind": "seal"} | seal_fields(seal)
    cached = {row["account"]: row["posted_fen"] for row in await store.cached_balances(conn, pool_code, name)}
    for row in await store.balances(conn, pool_code, name, _LAST_DAY, by_value=False):
        yield {
            "kind": "balance",
            "account": row["account"],
            "debit": format_yuan(row["debit_fen"]),
            "credit": format_yuan(row["credit_fen"]),
            "balance": format_yuan(cached.get(row["account"], 0)),
        }
    yield {"kind": "end", "vouchers": vouchers, "postings": postings}


def papers_of(row: Any) -> list[str]:
    """SHA-256 of the kept documents that a voucher names, in hexadecimal."""
    return row["papers"].split(",") if row["papers"] else []


def voucher_fields(row: Any, postings: list[Any]) -> dict[str, Any]:
    """A voucher as it is exported and proved."""
    return {
        "number": row["number"],
        "month": row["month"].isoformat(),
        "month_number": row["month_number"],
        "source_event": row["source_event"],
        "posting_date": row["posting_date"].isoformat(),
        "value_date": row["value_date"].isoformat(),
        "reason": row["reason"],
        "reversal_of": row["reversal_of"],
        "preparer": row["preparer"],
        "checker": row["checker"],
        "poster": row["poster"],
        "text": row["text"],
        "sheets": row["sheets"],
        "papers": papers_of(row),
        "postings": [
            {
                "line": p["line"],
                "debit": p["debit"],
                "credit": p["credit"],
                "amount": format_yuan(p["amount_fen"]),
                "party": p["party"],
                "ref": p["ref"],
                "memo": p["memo"],
            }
            for p in postings
        ],
        "hash": row["hash"].hex(),
    }
