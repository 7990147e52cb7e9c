"""Sealing days of a book: the database says what is sealed, the signer signs it, the event tells it at once."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger import store
from services.settlement.ledger.refusals import (
    LEDGER_BOOK_UNKNOWN,
    LEDGER_SEAL_NOT_YET,
    book_words,
    refused_by_the_database,
)
from services.settlement.ledger.signing import Signer
from shared.contracts.settlement import DaySealed
from shared.messaging.outbox import Outgoing, emit_many

SERVICE = "settlement"


async def seal_through(
    conn: AsyncConnection, pool_code: str, book: str, day: date, *, today: date, now: datetime, signer: Signer
) -> list[DaySealed]:
    """Seals ``day`` and the earlier days that have vouchers and no seal, in order; tells each by an event.

    ``today`` is the pool's business day. Raises LEDGER_SEAL_NOT_YET, LEDGER_SEALED_ALREADY, LEDGER_BOOK_UNKNOWN.
    """
    if day > today:
        raise LEDGER_SEAL_NOT_YET(day=day, today=today)
    if await store.book(conn, pool_code, book) is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    days = [*await store.unsealed_before(conn, pool_code, book, day), day]
    sealed = [await _seal(conn, pool_code, book, one, now, signer) for one in days]
    await emit_many(
        conn,
        [
            Outgoing(payload, pool_code, f"{pool_code}:{book}", payload.seal_number, today, now, SERVICE)
            for payload in sealed
        ],
    )
    return sealed


async def _seal(
    conn: AsyncConnection, pool_code: str, book: str, day: date, now: datetime, signer: Signer
) -> DaySealed:
    with refused_by_the_database():
        statement = await store.seal_statement(conn, pool_code, book, day, now)
        signature = signer.sign(statement)
        await store.write_seal(conn, pool_code, book, day, now, signer.key_id, signature)
    return as_payload(await store.seal(conn, pool_code, book, day))


def as_payload(row: Any) -> DaySealed:
    """The event of a seal as stored."""
    return DaySealed(
        book=row["book"],
        day=row["day"],
        seal_number=row["seal_number"],
        first_number=row["first_number"],
        last_number=row["last_number"],
        root=row["root"].hex(),
        last_hash=row["last_hash"].hex(),
        previous=row["previous"].hex(),
        signed_at=row["signed_at"],
        key_id=row["key_id"],
        signature=row["signature"].hex(),
    )
