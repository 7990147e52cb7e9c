"""Routes of closing: control totals of a day, closing a day, closing a month."""

from datetime import date

from fastapi import Request

from services.settlement.closing import commands, store
from services.settlement.closing.problems import DAY_TOTALS_DIFFER, MONTH_DAYS_OPEN
from services.settlement.closing.sources import sources_of
from services.settlement.funding.roles import READERS
from services.settlement.ledger.closers import check_closer
from services.settlement.ledger.refusals import LEDGER_NOT_CLOSER
from services.settlement.numbers import Month
from shared.contracts.wire import WireModel, Yuan
from shared.db.business_day import DAY_CLOSED_ALREADY, DAY_NOT_OVER
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented, language_of
from shared.http.unit import UnitDep
from shared.kernel.errors import in_language

router = ServiceRouter()


class TotalOut(WireModel):
    """Events of one source and type that arrived here for the day."""

    source: str
    type: str
    count: int
    amount: Yuan


class ControlTotalsOut(WireModel):
    """What arrived, which sources closed the day, and what differs."""

    day: date
    sources_closed: list[str]
    sources_open: list[str]
    received: list[TotalOut]
    differences: list[dict[str, str]]


@router.get(
    "/pools/{pool_code}/days/{day}/control-totals",
    response_model=ControlTotalsOut,
    openapi_extra=access(READERS | {"operator", "service"}, command="show_control_totals"),
)
async def get_control_totals(pool_code: str, day: date, unit: UnitDep, request: Request) -> ControlTotalsOut:
    """当日控制总数与差异. Control totals of a day against those of its sources."""
    closed = await store.sources_closed(unit.conn, pool_code, day)
    rows = await store.received(unit.conn, pool_code, day)
    found = await commands.day_differences(unit.conn, pool_code, day)
    return ControlTotalsOut(
        day=day,
        sources_closed=sorted(closed),
        sources_open=sorted(sources_of(pool_code).keys() - closed),
        received=[
            TotalOut(source=r["source"], type=r["kind"], count=r["count"], amount=r["amount_fen"])
            for r in sorted(rows, key=lambda r: (r["source"], r["kind"]))
        ],
        differences=[dict(in_language(one, language_of(request))) for one in found],
    )


class DayClosedOut(WireModel):
    """The day that was closed, and the business day from here on."""

    day: date
    business_day: date


@router.post(
    "/pools/{pool_code}/days/{day}/close",
    response_model=DayClosedOut,
    responses=documented(DAY_TOTALS_DIFFER, DAY_CLOSED_ALREADY, DAY_NOT_OVER, LEDGER_NOT_CLOSER),
    openapi_extra=access({"city_finance", "county_director", "county_finance", "service"}, command="close_day"),
)
async def post_day_close(pool_code: str, day: date, unit: UnitDep) -> DayClosedOut:
    """日结:各方总数相符才能结账,各账簿封账. Closes a day when all totals agree, and seals every book."""
    check_closer(pool_code, unit.actor.role)
    desk = await commands.close_day(unit, day)
    unit.result("day", day)
    return DayClosedOut(day=day, business_day=desk.day)


class MonthClosedOut(WireModel):
    """The last day of the month that was closed."""

    closed_through: date


@router.post(
    "/pools/{pool_code}/months/{month}/close",
    response_model=MonthClosedOut,
    responses=documented(MONTH_DAYS_OPEN, LEDGER_NOT_CLOSER),
    openapi_extra=access({"city_finance", "county_finance", "county_director"}, command="close_month"),
)
async def post_month_close(pool_code: str, month: Month, unit: UnitDep) -> MonthClosedOut:
    """月结:该月各日都已结账才能结. Closes a month of every book when all its days are closed."""
    check_closer(pool_code, unit.actor.role)
    closed = await commands.close_month(unit, date.fromisoformat(f"{month}-01"))
    unit.result("month", month)
    return MonthClosedOut(closed_through=closed)
