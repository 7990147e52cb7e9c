"""Routes of a coverage year, its standard, and of the closed day; what all routes of financing share."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path

from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.closing import close_day
from services.enrollment.financing.rules import collected_from
from services.enrollment.financing.standards import NewStandard, put_standard
from services.enrollment.registry.model import LEVELS
from services.enrollment.registry.territory import (
    areas_named,
)
from services.enrollment.registry.texts import Text60
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
Year = Annotated[int, Path(ge=2003, le=2200)]
MONEY_READERS = (
    "township_clerk",
    "township_director",
    "county_recheck",
    "county_inspector",
    "county_director",
    "city_health",
    "county_finance",
    "city_finance",
    "insurer_manager",
    "insurer_finance",
    "auditor",
    "supervisor",
    "service",
)


class Subsidies(WireModel):
    """What each fiscal level adds a head."""

    central: Yuan
    province: Yuan
    city: Yuan
    county: Yuan


class StandardBody(WireModel):
    """A coverage year: what it costs and when it runs.

    Paid by ``collection_until`` (the first covered day unless stated): covered from ``coverage_from``; later by
    ``late_start``. No payment is older than ``collection_from`` (half a year ahead of coverage unless stated).
    ``receipt_numbers``: any number once, or only those of books issued to the township.
    """

    premium: Yuan
    subsidies: Subsidies
    coverage_from: date
    coverage_to: date
    collection_from: date | None = None
    collection_until: date | None = None
    late_start: Literal["payment_day", "next_day", "next_month", "refused"] = "payment_day"
    receipt_numbers: Literal["any", "issued_books"] = "any"
    document_number: Text60 | None = None


class StandardAnswer(WireModel):
    """A year's standard as recorded."""

    pool_code: str
    year: int
    premium: Yuan
    subsidies: Subsidies
    coverage_from: date
    coverage_to: date
    collection_from: date
    collection_until: date
    late_start: str
    receipt_numbers: str


class DayAnswer(WireModel):
    """A closed business day with what was published in it."""

    pool_code: str
    day: date
    totals: list["DayTotalItem"]


class DayTotalItem(WireModel):
    """Events of one type."""

    type: str
    count: int
    amount: Yuan


@router.put("/pools/{pool_code}/standards/{year}", openapi_extra=access(("county_director",), command="put_standard"))
async def record_standard(pool_code: PoolCode, year: Year, body: StandardBody, unit: UnitDep) -> StandardAnswer:
    """Records what a coverage year costs and when it runs; recorded once."""
    new = NewStandard(
        year=year,
        premium_fen=body.premium,
        subsidies_fen={level: getattr(body.subsidies, level) for level in LEVELS},
        coverage_from=body.coverage_from,
        coverage_to=body.coverage_to,
        collection_from=body.collection_from or collected_from(body.coverage_from),
        collection_until=body.collection_until or body.coverage_from,
        late_start=body.late_start,
        receipt_numbers=body.receipt_numbers,
        document_number=body.document_number,
    )
    await put_standard(unit.conn, pool_code, new, unit.actor.subject, unit.now)
    unit.result("standard", year)
    return await read_standard(pool_code, year, unit)


@router.get("/pools/{pool_code}/standards/{year}", openapi_extra=access(MONEY_READERS, command="read_standard"))
async def read_standard(pool_code: PoolCode, year: Year, unit: UnitDep) -> StandardAnswer:
    """The standard of a coverage year."""
    standard = await standard_for(unit.conn, pool_code, year)
    return StandardAnswer(
        pool_code=pool_code,
        year=year,
        premium=standard.premium_fen,
        subsidies=Subsidies(**standard.subsidies_fen),
        coverage_from=standard.coverage_from,
        coverage_to=standard.coverage_to,
        collection_from=standard.collection_from,
        collection_until=standard.collection_until,
        late_start=standard.late_start,
        receipt_numbers=standard.receipt_numbers,
    )


@router.post(
    "/pools/{pool_code}/days/{day}/close", openapi_extra=access(("county_director", "service"), command="close_day")
)
async def close_business_day(pool_code: PoolCode, day: date, unit: UnitDep) -> DayAnswer:
    """Closes every open day through this one and tells their totals; what comes later counts for the next day."""
    closed = await close_day(unit.conn, pool_code, day, unit.now)
    unit.result("day", f"{pool_code}:{day}")
    unit.note(days=len(closed))
    return DayAnswer(
        pool_code=pool_code,
        day=day,
        totals=[DayTotalItem(type=t.type, count=t.count, amount=t.amount_fen) for t in closed[-1].totals],
    )
