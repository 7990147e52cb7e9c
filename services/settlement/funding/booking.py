"""How this service's capabilities book: one entry a fact, all entries of a transaction in one call a book."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger.posting import BOOKS, SYSTEM, Posting, Voucher, open_books, post
from shared.db.business_day import business_day
from shared.db.sql import fetchval
from shared.http.unit import Unit
from shared.messaging.consumer import EventUnit

_BOOKS_OPEN = "SELECT count(*) FROM book WHERE pool_code = $1 AND book = ANY ($2::text[])"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an act happens: the open transaction, the pool, the time, the business day and whose hand it is.

    Has taken the day's shared lock, so that closing the day waits for the act.
    """

    conn: AsyncConnection
    pool_code: str
    now: datetime
    day: date
    by: str
    home_institution: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One voucher to be: ``source`` is unique in its book, lines are (debit, credit, fen).

    Without a ``preparer`` it is whoever acts, and without a ``checker`` the rule that the source names: one who enters
    a fact alone is its preparer and never its checker (contracts §9).
    """

    book: str
    source: str
    value_date: date
    text: str
    lines: tuple[tuple[str, str, int], ...]
    preparer: str = ""
    checker: str = ""
    hold_id: UUID | None = None
    party: str = ""
    ref: str = ""


async def desk_of(unit: Unit) -> Desk:
    """The desk of a request."""
    day, actor = await unit.business_day(), unit.actor
    return Desk(unit.conn, unit.pool_code, unit.now, day, actor.subject, actor.home_institution)


async def desk_of_event(unit: EventUnit) -> Desk:
    """The desk of a consumed event: the system's own hand under an approved rule (contracts §9)."""
    day = await business_day(unit.conn, unit.pool_code, unit.now)
    return Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)


async def ensure_books(conn: AsyncConnection, pool_code: str) -> None:
    """Opens the books of a pool at its first act of settlement."""
    if await fetchval(conn, _BOOKS_OPEN, pool_code, list(BOOKS)) < len(BOOKS):
        await open_books(conn, pool_code)


async def book(desk: Desk, entries: Sequence[Entry]) -> None:
    """Posts the entries on the desk's business day, in order; nothing to do for none.

    Raises the ledger's refusals: flow not permitted, overdrawn, not the keeper, source booked already.
    """
    if entries:
        await ensure_books(desk.conn, desk.pool_code)
        await post(desk.conn, desk.pool_code, [_voucher(desk, entry) for entry in entries])


def _voucher(desk: Desk, entry: Entry) -> Voucher:
    return Voucher(
        book=entry.book,
        source_event=entry.source,
        posting_date=desk.day,
        value_date=entry.value_date,
        text=entry.text,
        preparer=entry.preparer or desk.by,
        checker=entry.checker or f"rule:{entry.source.split(':')[0]}",
        poster=SYSTEM,
        hold_id=entry.hold_id,
        postings=tuple(
            Posting(debit, credit, fen, party=entry.party, ref=entry.ref) for debit, credit, fen in entry.lines if fen
        ),
    )
