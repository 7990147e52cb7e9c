"""Numbers for people, ``410182-20261121-000123``: per pool and business day, gaps allowed (contracts §2).

A counter's row is locked until its transaction ends, so a busy writer does not touch it in his own: ``NumberStock``
takes a range ahead. Acts of which there are a few a day take their number with ``next_number``, as late as they can.
"""

import re
from collections import deque
from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.scope import Scope, transaction
from shared.db.sql import fetchval
from shared.kernel.dates import shanghai_date

NUMBER_FORM = r"^\d{6}-\d{8}-\d{6,9}$"
Number = Annotated[str, Field(pattern=NUMBER_FORM, description="number for people: pool, business day, serial")]
RANGE = 256
"""Numbers that a process takes ahead; what it has left when the day or the process ends stays unused."""

_TAKE = """
INSERT INTO number_series AS s (pool_code, day, last) VALUES ($1, $2, $3)
ON CONFLICT (pool_code, day) DO UPDATE SET last = s.last + EXCLUDED.last RETURNING last
"""


def number_of(pool_code: str, day: date, serial: int) -> str:
    """The number as people read it; beyond 999,999 a day it grows longer."""
    return f"{pool_code}-{day:%Y%m%d}-{serial:06d}"


def day_of(number: str) -> date:
    """The business day in a number; raises ValueError where there is none."""
    if not re.fullmatch(NUMBER_FORM, number):
        raise ValueError("not a number of ours")
    return datetime.strptime(number.split("-")[1], "%Y%m%d").date()  # noqa: DTZ007 a day has no zone


async def _take(conn: AsyncConnection, pool_code: str, day: date, count: int) -> range:
    last: int = await fetchval(conn, _TAKE, pool_code, day, count)
    return range(last - count + 1, last + 1)


async def next_number(conn: AsyncConnection, pool_code: str, day: date) -> str:
    """The next number, in the caller's transaction: others of the pool and day wait for its end."""
    return number_of(pool_code, day, (await _take(conn, pool_code, day, 1))[0])


class NumberStock:
    """The numbers that a process holds ready, a pool at a time for its present business day."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._days: dict[str, date] = {}
        self._serials: dict[str, deque[int]] = {}

    async def fill(self, pool_code: str, count: int, now: datetime) -> None:
        """Sees to it that ``count`` numbers are at hand, with a range in a transaction of its own where they are not;
        to be called before the caller opens his."""
        day = max(self._days.get(pool_code, date.min), shanghai_date(now))
        self._move_to(pool_code, day)
        if len(self._serials[pool_code]) >= count:
            return
        async with transaction(self._engine, Scope("numbers", (pool_code,))) as conn:
            taken = await _take(conn, pool_code, day, RANGE + count)
        if self._days[pool_code] == day:
            self._serials[pool_code].extend(taken)

    async def draw(self, conn: AsyncConnection, pool_code: str, day: date, count: int) -> list[str]:
        """``count`` numbers of a business day, no statement as a rule; those of a day that ``fill`` did not foresee
        come from the counter, in the caller's transaction, once."""
        self._move_to(pool_code, day)
        ready = self._serials[pool_code]
        if len(ready) >= count:
            serials = [ready.popleft() for _ in range(count)]
        else:
            serials = list(await _take(conn, pool_code, day, count))
        return [number_of(pool_code, day, serial) for serial in serials]

    def _move_to(self, pool_code: str, day: date) -> None:
        if self._days.get(pool_code) != day:
            self._days[pool_code] = day
            self._serials[pool_code] = deque()
