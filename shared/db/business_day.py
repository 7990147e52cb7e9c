"""The business day of a pool in one service (contracts §5)."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetchval
from shared.kernel.dates import shanghai_date
from shared.kernel.errors import define

DAY_CLOSED_ALREADY = define(
    "day_closed_already",
    409,
    "这一天已经结账",
    "The day is closed already",
    "{pool_code} 的 {day} 已经结账,现在可以结的是 {first_open_day};结过的账不能重开。",
    "{day} of {pool_code} is closed; the first open day is {first_open_day}. A closed day is never reopened.",
)
DAY_NOT_OVER = define(
    "day_not_over",
    409,
    "这一天还没有到",
    "The day has not begun",
    "今天是 {today},{day} 还没有到,当天才能结它的账。请核对日期。",
    "Today is {today}; {day} has not begun and can be closed on the day itself at the earliest. Check the date.",
)

_OPEN_DAY = "SELECT heyi_open_day($1)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.day:' || $1, 0))"
_FIRST_OPEN = "SELECT first_open_day FROM pool_day WHERE pool_code = $1"
_OPEN_NEXT = """
INSERT INTO pool_day (pool_code, first_open_day) VALUES ($1, $2)
ON CONFLICT (pool_code) DO UPDATE SET first_open_day = EXCLUDED.first_open_day
"""


async def business_day(conn: AsyncConnection, pool_code: str, now: datetime) -> date:
    """The later of Shanghai's date and the pool's first open day.

    Takes the day's shared lock until the transaction ends, so that closing waits for writers in flight. The function of
    the database locks first and reads in a statement of its own, because a statement reads what was committed before
    it began.
    """
    return later_day(now, await fetchval(conn, _OPEN_DAY, pool_code))


def later_day(now: datetime, first_open: date | None) -> date:
    """The business day where ``heyi_open_day`` gave ``first_open`` (None: no day was closed yet)."""
    today = shanghai_date(now)
    return today if first_open is None else max(today, first_open)


async def close_business_days(
    conn: AsyncConnection, pool_code: str, day: date, now: datetime, first: date | None
) -> list[date]:
    """Closes every open day through ``day``, in order, and returns them; the totals of these days are final from here
    on in this transaction.

    No day is left out: one without business is closed with empty totals, since a month needs all its days. The first
    close of a pool begins with ``first``, its earliest day with business (``day`` itself where there is none).
    Raises DAY_CLOSED_ALREADY and DAY_NOT_OVER (a day may be closed on its own date, after which facts count for the
    next; never before it has begun).
    """
    await execute(conn, _LOCK, pool_code)
    first_open = await fetchval(conn, _FIRST_OPEN, pool_code)
    if first_open is not None and day < first_open:
        raise DAY_CLOSED_ALREADY(pool_code=pool_code, day=day, first_open_day=first_open)
    if day > (today := shanghai_date(now)):
        raise DAY_NOT_OVER(day=day, today=today)
    await execute(conn, _OPEN_NEXT, pool_code, day + timedelta(days=1))
    begin = min(first_open or first or day, day)
    return [begin + timedelta(days=n) for n in range((day - begin).days + 1)]
