"""Closing business days of a publishing service: counts and sums by type go out for every day (contracts §10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import EventPayload
from shared.db.business_day import close_business_days
from shared.db.sql import fetchval
from shared.messaging.outbox import DayTotal, day_totals, emit

_FIRST_BUSINESS = "SELECT min(business_day) FROM outbox WHERE pool_code = $1"


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that was closed, with the final totals of what was published in it."""

    day: date
    totals: list[DayTotal]


Tell = Callable[[ClosedDay], EventPayload]
"""Makes the service's own ``day.closed`` payload."""


async def days_to_close(conn: AsyncConnection, pool_code: str, day: date, now: datetime) -> list[date]:
    """Closes every open day of the pool through ``day``; raises DAY_CLOSED_ALREADY, DAY_NOT_OVER."""
    first = await fetchval(conn, _FIRST_BUSINESS, pool_code)
    return await close_business_days(conn, pool_code, day, now, first)


async def close_days(
    conn: AsyncConnection, pool_code: str, day: date, now: datetime, *, service: str, tell: Tell
) -> list[ClosedDay]:
    """Closes every open day through ``day`` and emits one ``day.closed`` each; returns them, ``day`` last."""
    closed = []
    for one in await days_to_close(conn, pool_code, day, now):
        closed.append(ClosedDay(one, await day_totals(conn, pool_code, one)))
        await tell_closed(conn, pool_code, closed[-1], now, service=service, tell=tell)
    return closed


async def tell_closed(
    conn: AsyncConnection, pool_code: str, closed: ClosedDay, now: datetime, *, service: str, tell: Tell
) -> None:
    """Emits the ``day.closed`` of one day; its subject is the pool and the day."""
    await emit(
        conn,
        tell(closed),
        pool_code=pool_code,
        subject=f"{pool_code}:{closed.day}",
        sequence=1,
        business_day=closed.day,
        now=now,
        service=service,
    )
