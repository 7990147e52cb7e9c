"""Routes of what is signed together: the papers of a book's year, and of every book's month."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query

from services.settlement.funding.roles import READERS
from services.settlement.numbers import CoverageYear, Month
from services.settlement.reporting import commands, store
from services.settlement.reporting.api import Book, Format, FormOut, asked_of, cover_of, document, form_out, standing
from services.settlement.reporting.form import Printed
from services.settlement.reporting.problems import FORM_AHEAD, FORM_BOOK, FORM_TOO_LONG
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep

router = ServiceRouter()


class YearPapersOut(WireModel):
    """A year of a book at its close: whether all ties, and every paper."""

    year: int
    ties: bool
    papers: list[FormOut]


@router.get(
    "/pools/{pool_code}/books/{book}/years/{year}/papers",
    response_model=YearPapersOut,
    responses=documented(FORM_BOOK, FORM_AHEAD, FORM_TOO_LONG),
    openapi_extra=access(READERS, command="print_year"),
)
async def get_year_papers(
    pool_code: str,
    book: Book,
    year: CoverageYear,
    unit: UnitDep,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """年结报表:一本账一年的全部报表一次出齐。 All papers of a book's year, in one workbook or document."""
    asked = await asked_of(unit, date(year, 1, 1), date(year, 12, 31), book)
    forms = await standing(asked, await commands.year_package(asked))
    cover = await cover_of(unit, book)
    if wanted != "json":
        unit.note(form="year", format=wanted)
        return document(unit, [Printed(form, cover) for form in forms], wanted)
    ties = all(form.ties is not False for form in forms)
    return YearPapersOut(year=year, ties=ties, papers=[form_out(form, cover) for form in forms])


class ClosedDayOut(WireModel):
    """A day that is closed."""

    day: date
    closed_by: str
    closed_at: datetime


class MonthReportOut(WireModel):
    """A month at its close: its books, which days are closed, whether all ties, and every paper of every book."""

    month: str
    books: list[str]
    days_closed: list[ClosedDayOut]
    days_open: list[date]
    ties: bool
    papers: list[FormOut]


@router.get(
    "/pools/{pool_code}/months/{month}/report",
    response_model=MonthReportOut,
    responses=documented(FORM_BOOK, FORM_AHEAD, FORM_TOO_LONG),
    openapi_extra=access(READERS, command="print_month"),
)
async def get_month_report(
    pool_code: str,
    month: Month,
    unit: UnitDep,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """月结报表:各账簿的全部报表一次出齐(工作簿或一份文件)。

    All papers of a month's close, of every book that is open, in one workbook or document.
    """
    first, last = commands.month_of(month)
    asked = await asked_of(unit, first, last)
    by_book = await commands.month_package(asked)
    printed = [
        Printed(form, cover)
        for book, forms in by_book.items()
        for cover in [await cover_of(unit, book)]
        for form in await standing(replace(asked, book=book), forms)
    ]
    if wanted != "json":
        unit.note(form="month", format=wanted)
        return document(unit, printed, wanted)
    closed = await store.days_closed(unit.conn, pool_code, first, last)
    done = {row["day"] for row in closed}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return MonthReportOut(
        month=month,
        books=list(by_book),
        days_closed=[ClosedDayOut(**row) for row in closed],
        days_open=[day for day in days if day not in done],
        ties=all(one.form.ties is not False for one in printed),
        papers=[form_out(one.form, one.cover) for one in printed],
    )
