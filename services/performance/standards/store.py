"""SQL of standards. Both kinds of record are only ever added to; the highest recorded_seq of a date counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, executemany, fetch, fetchval
from shared.kernel.timelines import Start

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.standard:' || $1, 0))"

_EXCEPTIONS = """
SELECT DISTINCT ON (day) day, working, source, recorded_seq FROM working_day_exception
WHERE day >= $1 AND day <= $2 ORDER BY day, recorded_seq DESC
"""
_EXCEPTION_SEQ = "SELECT coalesce(max(recorded_seq), 0) + 1 FROM working_day_exception WHERE day >= $1 AND day <= $2"
_ADD_EXCEPTION = """
INSERT INTO working_day_exception (day, recorded_seq, working, source, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_STANDARDS = """
SELECT valid_from, recorded_seq, limit_working_days, document_number, decided_on FROM indicator_standard
WHERE pool_code = $1 AND indicator = $2 ORDER BY valid_from, recorded_seq
"""
_STANDARD_SEQ = """
SELECT coalesce(max(recorded_seq), 0) + 1 FROM indicator_standard
WHERE pool_code = $1 AND indicator = $2 AND valid_from = $3
"""
_ADD_STANDARD = """
INSERT INTO indicator_standard (pool_code, indicator, valid_from, recorded_seq, limit_working_days, document_number,
  decided_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class DayException:
    """A weekday that is not worked, or a weekend day that is, with the notice that says so."""

    day: date
    working: bool
    source: str


@dataclass(frozen=True, slots=True)
class Standard:
    """A time limit in working days from a date on, with the document that decided it."""

    valid_from: date
    recorded_seq: int
    limit_working_days: int
    document_number: str
    decided_on: date

    def start(self) -> Start:
        """As an entry of the limit's timeline."""
        return Start(self.valid_from, self.recorded_seq, str(self.limit_working_days))


async def exceptions_between(conn: AsyncConnection, first: date, last: date) -> list[DayException]:
    """The exceptions of the working week in force between two days, both included."""
    rows = await fetch(conn, _EXCEPTIONS, first, last)
    return [DayException(row["day"], row["working"], row["source"]) for row in rows]


async def add_exceptions(
    conn: AsyncConnection, year: int, exceptions: Sequence[DayException], subject: str, now: datetime
) -> int:
    """Records a year's exceptions; returns their recorded_seq. Two writers of one year wait for each other."""
    await execute(conn, _LOCK, f"working-days:{year}")
    sequence: int = await fetchval(conn, _EXCEPTION_SEQ, date(year, 1, 1), date(year, 12, 31))
    await executemany(conn, _ADD_EXCEPTION, [(e.day, sequence, e.working, e.source, subject, now) for e in exceptions])
    return sequence


async def standards_of(conn: AsyncConnection, pool_code: str, indicator: str) -> list[Standard]:
    """Every recorded standard of an indicator, corrections included, by date."""
    rows = await fetch(conn, _STANDARDS, pool_code, indicator)
    return [Standard(**dict(row)) for row in rows]


async def add_standard(
    conn: AsyncConnection,
    pool_code: str,
    indicator: str,
    *,
    valid_from: date,
    limit_working_days: int,
    document_number: str,
    decided_on: date,
    subject: str,
    now: datetime,
) -> Standard:
    """Records a standard, or the correction of one that begins on the same day."""
    await execute(conn, _LOCK, f"{pool_code}:{indicator}")
    sequence: int = await fetchval(conn, _STANDARD_SEQ, pool_code, indicator, valid_from)
    await execute(
        conn, _ADD_STANDARD, pool_code, indicator, valid_from, sequence, limit_working_days, document_number,
        decided_on, subject, now,
    )  # fmt: skip
    return Standard(valid_from, sequence, limit_working_days, document_number, decided_on)
