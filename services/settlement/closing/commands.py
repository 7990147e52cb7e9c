"""Closing a business day and a month (contracts §10). Reopening does not exist."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.settlement.closing import store
from services.settlement.closing.problems import DAY_TOTALS_DIFFER, MONTH_DAYS_OPEN
from services.settlement.closing.sources import sources_of
from services.settlement.closing.totals import Difference, Total, differences
from services.settlement.closing.yearend import carry_forward
from services.settlement.funding import arrivals
from services.settlement.funding.accounts import OBLIGATIONS
from services.settlement.funding.booking import Desk, Entry, book, ensure_books
from services.settlement.ledger.posting import SYSTEM, close_period
from services.settlement.ledger.sealing import seal_through
from services.settlement.ledger.signing import Signer
from services.settlement.payouts import queries as payouts
from shared.contracts.settlement import DayClosed, TypeTotal
from shared.db.business_day import close_business_days
from shared.http.unit import Unit
from shared.kernel.dates import next_month, shanghai_date
from shared.kernel.errors import Words
from shared.kernel.money import format_yuan
from shared.messaging.closing import ClosedDay, Tell, tell_closed
from shared.messaging.outbox import day_totals

SERVICE = "settlement"


async def close_day(unit: Unit, day: date) -> Desk:
    """Closes every open day through ``day``: totals agree with every source, what is owed is booked, books are sealed.

    Raises DAY_TOTALS_DIFFER (naming the first day that does not agree; then nothing is closed), DAY_CLOSED_ALREADY,
    DAY_NOT_OVER. Takes the day's exclusive lock first, so that writers in flight finish before totals are read.
    """
    first = await store.first_business(unit.conn, unit.pool_code)
    days = await close_business_days(unit.conn, unit.pool_code, day, unit.now, first)
    today = max(shanghai_date(unit.now), day + timedelta(days=1))
    desk = Desk(unit.conn, unit.pool_code, unit.now, today, unit.actor.subject)
    for one in days:
        await _close_one(unit, desk, one)
    await arrivals.recognise_temporary_receipts(desk, desk.day.year)
    return desk


async def _close_one(unit: Unit, desk: Desk, day: date) -> None:
    found = await day_differences(desk.conn, desk.pool_code, day)
    if found:
        raise DAY_TOTALS_DIFFER(day=day, errors=found)
    if (day.month, day.day) == (12, 31):
        await carry_forward(desk, day.year)
    await _book_obligations(desk, day)
    await _seal_books(unit, desk, day)
    await store.add_day_close(desk.conn, desk.pool_code, day, desk.by, desk.now)
    totals = await day_totals(desk.conn, desk.pool_code, day)
    await tell_closed(
        desk.conn, desk.pool_code, ClosedDay(day, totals), desk.now, service=SERVICE, tell=_told_day(desk)
    )


def _told_day(desk: Desk) -> Tell:
    def told(closed: ClosedDay) -> DayClosed:
        totals = [TypeTotal(type=t.type, count=t.count, amount=t.amount_fen) for t in closed.totals]
        return DayClosed(day=closed.day, totals=totals, at=desk.now)

    return told


async def day_differences(conn: Any, pool: str, day: date) -> list[dict[str, str | Words]]:
    """What keeps a day from being closed, by source and type; empty where all agrees."""
    sources = sources_of(pool)
    closed = await store.sources_closed(conn, pool, day)
    theirs = _by_source(await store.published(conn, pool, day))
    ours = _by_source(await store.received(conn, pool, day))
    found: list[dict[str, str | Words]] = [
        {
            "day": str(day),
            "source": source,
            "type": "day.closed",
            "reason": _close_there(pool, source, day),
        }
        for source in sources
        if source not in closed
    ]
    for source in sorted(closed & sources.keys()):
        found += [_told(day, d) for d in differences(source, theirs[source], ours[source], sources[source])]
    return found


def _close_there(pool: str, source: str, day: date) -> Words:
    """Who has to close the day before, and where."""
    address = f"POST /{source}/v1/pools/{pool}/days/{day}/close"
    return (
        f"对方尚未结账;请县合管办负责人先办“{address}”,办完稍等片刻再结",
        f"not closed by the source: the county director first sends {address}, then close again a moment later",
    )


def _told(day: date, d: Difference) -> dict[str, str | Words]:
    return {
        "day": str(day),
        "source": d.source,
        "type": d.kind,
        "published_count": str(d.published.count),
        "received_count": str(d.received.count),
        "published_amount": format_yuan(d.published.amount_fen),
        "received_amount": format_yuan(d.received.amount_fen),
        "difference_count": str(d.missing_count),
        "difference_amount": format_yuan(d.missing_fen),
    }


def _by_source(rows: Sequence[Any]) -> Mapping[str, dict[str, Total]]:
    sources: dict[str, dict[str, Total]] = defaultdict(dict)
    for row in rows:
        sources[row["source"]][row["kind"]] = Total(row["count"], row["amount_fen"])
    return sources


async def _seal_books(unit: Unit, desk: Desk, day: date) -> None:
    """Seals every book through the day, but for one that its keeper has sealed already."""
    await ensure_books(desk.conn, desk.pool_code)
    signer: Signer = unit.app.resources["ledger.signer"]
    for name in await store.books_unsealed(desk.conn, desk.pool_code, day):
        await seal_through(desk.conn, desk.pool_code, name, day, today=desk.day, now=desk.now, signer=signer)


async def _book_obligations(desk: Desk, day: date) -> None:
    """One voucher of the day's changes in what is owed (rulings §19), on the day itself: its book holds nothing else,
    and is sealed with the day only after this voucher."""
    flows = await payouts.obligations_of(desk.conn, desk.pool_code, day)
    if flows:
        await book(
            desk,
            [
                Entry(
                    OBLIGATIONS,
                    f"obligations:{day}",
                    day,
                    f"{day} 应付补偿款变动",
                    tuple((f.debit, f.credit, f.amount_fen) for f in flows),
                    checker="rule:obligations",
                    preparer=SYSTEM,
                    posting_date=day,
                )
            ],
        )


async def close_month(unit: Unit, month: date) -> date:
    """Closes a month of every book when all its days are closed; returns its last day. Raises MONTH_DAYS_OPEN."""
    await unit.business_day()
    last = next_month(month) - timedelta(days=1)
    missing = await store.days_open(unit.conn, unit.pool_code, month.replace(day=1), last)
    if missing:
        raise MONTH_DAYS_OPEN(month=f"{month:%Y-%m}", errors=[{"day": str(day)} for day in missing])
    for name in await store.books(unit.conn, unit.pool_code):
        await close_period(unit.conn, unit.pool_code, name, month)
    return last
