"""Computing a month's figure, and fixing it with its definition and the digest of its events."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.performance.indicators import store
from services.performance.indicators.review_time import DEFINITION, INDICATOR, Figure, measure
from services.performance.standards.queries import Standard, standards_of, working_day_exceptions
from shared.kernel.canonical import digest
from shared.kernel.dates import next_month, shanghai_date
from shared.kernel.errors import define
from shared.kernel.timelines import current

MONTH_NOT_OVER = define(
    "month_not_over",
    409,
    "这个月还没有过完",
    "The month is not over",
    "今天是 {today},{month} 过完后才能固定当月数字;之前请查询实时数字。",
    "Today is {today}; fix the figure of {month} after the month has ended, and read the live figure until then.",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with what it was measured by."""

    figure: Figure
    standards: tuple[Standard, ...]
    """The limits in force on any day of the month, in order of date."""
    evidence: tuple[UUID, ...]
    """The approval events counted, in the order in which evidence is listed."""


async def measure_month(conn: AsyncConnection, pool_code: str, month: date) -> Measured:
    """The review time of a month, in three statements whatever its size."""
    after = next_month(month)
    reviews = await store.reviews_of(conn, pool_code, month, after)
    recorded = await standards_of(conn, pool_code, INDICATOR)
    first = min((shanghai_date(r.settled_at) for _, r in reviews if r.settled_at), default=month)
    exceptions = await working_day_exceptions(conn, first, max(after, month))
    starts = current(standard.start() for standard in recorded)
    figure = measure([review for _, review in reviews], starts, exceptions)
    return Measured(figure, _in_force(recorded, month, after), tuple(event_id for event_id, _ in reviews))


def _in_force(recorded: list[Standard], month: date, after: date) -> tuple[Standard, ...]:
    latest = {standard.valid_from: standard for standard in recorded}  # recorded in order of date and sequence
    begun = [latest[day] for day in sorted(latest) if day < after]
    before = [standard for standard in begun if standard.valid_from <= month]
    return tuple(before[-1:] + [standard for standard in begun if standard.valid_from > month])


async def fix_figure(conn: AsyncConnection, pool_code: str, month: date, subject: str, now: datetime) -> int:
    """Fixes the month's figure; returns its recorded_seq. Raises MONTH_NOT_OVER."""
    today = shanghai_date(now)
    if today < next_month(month):
        raise MONTH_NOT_OVER(today=today, month=f"{month:%Y-%m}")
    measured = await measure_month(conn, pool_code, month)
    return await store.add_figure(
        conn,
        pool_code,
        INDICATOR,
        month,
        figure=figure_record(measured),
        definition=DEFINITION,
        evidence_count=len(measured.evidence),
        evidence_digest=digest([str(event_id) for event_id in measured.evidence]),
        subject=subject,
        now=now,
    )


def figure_record(measured: Measured) -> dict[str, Any]:
    """The stored form of a figure: its integers, and the limits that it was judged by."""
    return asdict(measured.figure) | {
        "standards": [
            {
                "valid_from": standard.valid_from.isoformat(),
                "limit_working_days": standard.limit_working_days,
                "document_number": standard.document_number,
            }
            for standard in measured.standards
        ]
    }
