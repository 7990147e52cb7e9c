"""How this service's capabilities book: one entry a fact, all entries of a transaction in one call a book."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.problems import HOME_INSTITUTION
from services.settlement.ledger.payers import BUDGET, is_payer
from services.settlement.ledger.posting import BOOKS, NORMAL, SYSTEM, Posting, Voucher, open_books, post
from shared.db.business_day import business_day
from shared.db.sql import fetch
from shared.http.problems import CONFLICT_OF_INTEREST
from shared.http.unit import Unit
from shared.messaging.consumer import EventUnit

_BOOKS_OPEN = "SELECT book FROM book WHERE pool_code = $1 AND book = ANY ($2::text[])"


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
    a fact alone is its preparer and never its checker (contracts §9). ``posting_date`` is the desk's day where none is
    given. ``papers`` are the SHA-256 of the kept documents that belong to it, a sheet each.
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
    reason: str = NORMAL
    posting_date: date | None = None
    reversal_of: int | None = None
    papers: tuple[str, ...] = ()


async def desk_of(unit: Unit) -> Desk:
    """The desk of a request."""
    day, actor = await unit.business_day(), unit.actor
    return Desk(unit.conn, unit.pool_code, unit.now, day, actor.subject, actor.home_institution)


def keep_away_from_home(desk: Desk, institution_code: str) -> None:
    """Nobody acts for the hospital where his home unit sits (WC-07, rulings §8). Raises CONFLICT_OF_INTEREST."""
    if desk.home_institution == institution_code:
        raise CONFLICT_OF_INTEREST(tie=HOME_INSTITUTION)


async def desk_of_event(unit: EventUnit) -> Desk:
    """The desk of a consumed event: the system's own hand under an approved rule (contracts §9)."""
    day = await business_day(unit.conn, unit.pool_code, unit.now)
    return Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)


async def ensure_books(conn: AsyncConnection, pool_code: str, books: Iterable[str] = ()) -> None:
    """Opens the books of a pool at its first act of settlement, the named ones besides: those of assistance and of a
    county's budget come at their own. A payer has its budget alone."""
    wanted = sorted({*((BUDGET,) if is_payer(pool_code) else BOOKS), *books})
    known = {row["book"] for row in await fetch(conn, _BOOKS_OPEN, pool_code, wanted)}
    if missing := [name for name in wanted if name not in known]:
        await open_books(conn, pool_code, books=missing)


async def book(desk: Desk, entries: Sequence[Entry]) -> None:
    """Posts the entries on the desk's business day, in order; nothing to do for none.

    Raises the ledger's refusals: flow not permitted, overdrawn, not the keeper, source booked already.
    """
    if entries:
        await ensure_books(desk.conn, desk.pool_code, (entry.book for entry in entries))
        await post(desk.conn, desk.pool_code, [_voucher(desk, entry) for entry in entries])


def _voucher(desk: Desk, entry: Entry) -> Voucher:
    return Voucher(
        book=entry.book,
        source_event=entry.source,
        posting_date=entry.posting_date or desk.day,
        value_date=entry.value_date,
        text=entry.text,
        preparer=entry.preparer or desk.by,
        checker=entry.checker or f"rule:{entry.source.split(':')[0]}",
        poster=SYSTEM,
        hold_id=entry.hold_id,
        reason=entry.reason,
        reversal_of=entry.reversal_of,
        sheets=len(entry.papers),
        papers=entry.papers,
        postings=tuple(
            Posting(debit, credit, fen, party=entry.party, ref=entry.ref) for debit, credit, fen in entry.lines if fen
        ),
    )
