"""Routes of standards: the working days of a year, and the time limit of an indicator.

Insurer roles read them and never set them (rulings §8): standards are the public side's word, with its document.
"""

from datetime import date
from typing import Annotated

from fastapi import Path, status
from pydantic import Field

from services.performance.roles import DECIDERS, READERS
from services.performance.standards import store
from services.performance.standards.store import DayException, Standard
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import UnitDep
from shared.http.wire import Reason, WireModel
from shared.kernel.errors import define

router = ServiceRouter()

DAY_OF_OTHER_YEAR = define(
    "day_of_other_year",
    422,
    "日期不属于这一年",
    "The day belongs to another year",
    "{day} 不在 {year} 年内;请按年分别登记放假与调休。",
    "{day} is not in {year}; record holidays year by year.",
)
DAY_TWICE = define(
    "day_twice",
    422,
    "同一天写了两次",
    "A day stands twice",
    "{day} 在清单中出现两次,请只保留一行。",
    "{day} stands twice in the list; keep one line.",
)


Year = Annotated[int, Path(ge=2003, le=2100)]


class WorkingDay(WireModel):
    """A day that differs from Monday to Friday."""

    day: date
    working: bool
    source: Reason


class WorkingDays(WireModel):
    """The exceptions of a year, with the notice that published them."""

    exceptions: Annotated[list[WorkingDay], Field(max_length=120)]


class StandardBody(WireModel):
    """A time limit in working days, as decided."""

    valid_from: date
    limit_working_days: Annotated[int, Field(ge=1, le=250)]
    document_number: Reason
    decided_on: date


class StandardAnswer(StandardBody):
    """A recorded limit; a higher ``recorded_seq`` of the same date corrects a lower one."""

    recorded_seq: int


class Standards(WireModel):
    """Every limit that was recorded, corrections included."""

    items: list[StandardAnswer]


@router.put(
    "/working-days/{year}",
    status_code=status.HTTP_200_OK,
    openapi_extra=access(DECIDERS, scope="free", command="record_working_days"),
)
async def record_working_days(year: Year, body: WorkingDays, unit: UnitDep) -> WorkingDays:
    """Records holidays and working weekends of a year; days not named again stay as they were."""
    seen: set[date] = set()
    for exception in body.exceptions:
        if exception.day.year != year:
            raise DAY_OF_OTHER_YEAR(day=exception.day, year=year)
        if exception.day in seen:
            raise DAY_TWICE(day=exception.day)
        seen.add(exception.day)
    recorded = [DayException(e.day, e.working, e.source) for e in body.exceptions]
    await store.add_exceptions(unit.conn, year, recorded, unit.actor.subject, unit.now)
    unit.result("working_days", year)
    return await _working_days(unit, year)


@router.get("/working-days/{year}", openapi_extra=access(READERS, scope="free", command="read_working_days"))
async def read_working_days(year: Year, unit: UnitDep) -> WorkingDays:
    """The exceptions of a year in force."""
    return await _working_days(unit, year)


async def _working_days(unit: UnitDep, year: int) -> WorkingDays:
    exceptions = await store.exceptions_between(unit.conn, date(year, 1, 1), date(year, 12, 31))
    return WorkingDays(exceptions=[WorkingDay(day=e.day, working=e.working, source=e.source) for e in exceptions])


@router.post(
    "/pools/{pool_code}/standards/review_time",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=access(DECIDERS, command="decide_review_time_limit"),
)
async def decide_review_time_limit(pool_code: str, body: StandardBody, unit: UnitDep) -> StandardAnswer:
    """Records the limit of the review time from a date on, with the deciding document."""
    standard = await store.add_standard(
        unit.conn,
        pool_code,
        "review_time",
        valid_from=body.valid_from,
        limit_working_days=int(body.limit_working_days),
        document_number=body.document_number,
        decided_on=body.decided_on,
        subject=unit.actor.subject,
        now=unit.now,
    )
    unit.result("standard", f"review_time/{standard.valid_from}/{standard.recorded_seq}")
    return answer_of(standard)


@router.get(
    "/pools/{pool_code}/standards/review_time", openapi_extra=access(READERS, command="read_review_time_limits")
)
async def read_review_time_limits(pool_code: str, unit: UnitDep) -> Standards:
    """Every limit of the review time."""
    recorded = await store.standards_of(unit.conn, pool_code, "review_time")
    return Standards(items=[answer_of(standard) for standard in recorded])


def answer_of(standard: Standard) -> StandardAnswer:
    """The wire form of a limit."""
    return StandardAnswer(
        valid_from=standard.valid_from,
        limit_working_days=standard.limit_working_days,
        document_number=standard.document_number,
        decided_on=standard.decided_on,
        recorded_seq=standard.recorded_seq,
    )
