"""A business day is closed once, with counts and sums of all that was published in it (contracts §5, §10)."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.act import SERVICE
from shared.contracts.enrollment import DayClosed, TypeTotal
from shared.messaging.closing import ClosedDay, close_days


async def close_day(conn: AsyncConnection, pool_code: str, day: date, now: datetime) -> list[ClosedDay]:
    """Closes every open day through ``day`` and tells their totals; ``day`` is the last of them.

    Raises DAY_CLOSED_ALREADY, DAY_NOT_OVER.
    """

    def told(closed: ClosedDay) -> DayClosed:
        totals = [TypeTotal(type=t.type, count=t.count, amount=t.amount_fen) for t in closed.totals]
        return DayClosed(day=closed.day, totals=totals, at=now)

    return await close_days(conn, pool_code, day, now, service=SERVICE, tell=told)
