"""A business day is closed once, with counts and sums of all that was published in it (contracts §5, §10)."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.act import SERVICE
from shared.contracts.enrollment import DayClosed, TypeTotal
from shared.db.business_day import close_business_day
from shared.messaging.outbox import DayTotal, day_totals, emit


async def close_day(conn: AsyncConnection, pool_code: str, day: date, now: datetime) -> list[DayTotal]:
    """Closes the day and tells its totals. Raises DAY_CLOSED_ALREADY, DAY_NOT_OVER."""
    await close_business_day(conn, pool_code, day, now)
    totals = await day_totals(conn, pool_code, day)
    payload = DayClosed(
        day=day, totals=[TypeTotal(type=t.type, count=t.count, amount=t.amount_fen) for t in totals], at=now
    )
    await emit(
        conn,
        payload,
        pool_code=pool_code,
        subject=f"{pool_code}:{day}",
        sequence=1,
        business_day=day,
        now=now,
        service=SERVICE,
    )
    return totals
