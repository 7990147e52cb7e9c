"""Routes of money that arrives on the fiscal account: subsidies by year and level, sponsors."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.settlement.funding import arrivals, arrivals_store
from services.settlement.funding.accounts import LEVELS
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    NOTHING_TO_CARRY,
    REFERENCE_USED,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
    SUBSIDY_NOT_AUDITED,
)
from services.settlement.funding.roles import READERS
from services.settlement.numbers import CoverageYear
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep
from shared.kernel.money import round_half_up

router = ServiceRouter()


Reference = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


Positive = Annotated[Yuan, Field(gt=0)]


Level = Literal["central", "province", "city", "county"]


_RATIO_SCALE = 10_000


class SubsidyArrivalIn(WireModel):
    """A subsidy that the fiscal account's bank advised."""

    level: Level
    coverage_year: Annotated[int, Field(ge=2003, le=2100)]
    amount: Positive
    bank_reference: Reference
    arrived_on: date


class SponsorArrivalIn(WireModel):
    """A sponsor's money that the fiscal account's bank advised."""

    sponsorship_id: UUID
    amount: Positive
    bank_reference: Reference
    arrived_on: date


class Made(WireModel):
    """The id of what was made."""

    id: UUID


@router.post(
    "/pools/{pool_code}/subsidy-arrivals",
    status_code=201,
    response_model=Made,
    responses=documented(REFERENCE_USED),
    openapi_extra=access({"county_finance"}, command="record_subsidy_arrival"),
)
async def post_subsidy_arrival(pool_code: str, body: SubsidyArrivalIn, unit: UnitDep) -> Made:
    """财政补助到账 (LS-11, ZZ-28). A subsidy of one level and coverage year arrived on the fiscal account."""
    arrival_id = await arrivals.record_subsidy(
        await desk_of(unit), body.level, body.coverage_year, body.amount, body.bank_reference, body.arrived_on
    )
    unit.result("arrival", arrival_id)
    return Made(id=arrival_id)


@router.post(
    "/pools/{pool_code}/sponsor-arrivals",
    status_code=201,
    response_model=Made,
    responses=documented(SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED, REFERENCE_USED),
    openapi_extra=access({"county_finance"}, command="record_sponsor_arrival"),
)
async def post_sponsor_arrival(pool_code: str, body: SponsorArrivalIn, unit: UnitDep) -> Made:
    """资助参合资金到账 (LS-14). A sponsor's money for a group's premiums arrived on the fiscal account."""
    arrival_id = await arrivals.record_sponsor(
        await desk_of(unit), body.sponsorship_id, body.amount, body.bank_reference, body.arrived_on
    )
    unit.result("arrival", arrival_id)
    return Made(id=arrival_id)


class SubsidyLevelOut(WireModel):
    """Due and arrived of one level. ``due`` is of the year's heads, ``total_due`` with what the year before left over
    or overpaid, and the rate's denominator; ``carried_on`` stands in the next year's due."""

    level: str
    head_count: int
    audited: bool
    due: Yuan
    carried_in: Yuan
    total_due: Yuan
    arrived: Yuan
    carried_on: Yuan
    outstanding: Yuan
    arrival_rate: str | None
    denominator: str


class SubsidyYearOut(WireModel):
    """All levels of a coverage year."""

    coverage_year: int
    levels: list[SubsidyLevelOut]


@router.get(
    "/pools/{pool_code}/subsidies/{coverage_year}",
    response_model=SubsidyYearOut,
    openapi_extra=access(READERS, command="show_subsidies"),
)
async def get_subsidies(pool_code: str, coverage_year: CoverageYear, unit: UnitDep) -> SubsidyYearOut:
    """各级财政补助应到、已到和到位率(分母写明). Subsidies due and arrived by level, the rate with its denominator."""
    rows = {row["level"]: row for row in await arrivals_store.subsidy_year(unit.conn, pool_code, coverage_year)}
    return SubsidyYearOut(
        coverage_year=coverage_year, levels=[_subsidy_level(level, rows[level]) for level in LEVELS if level in rows]
    )


def _subsidy_level(level: str, row: Any) -> SubsidyLevelOut:
    due, arrived = row["due_fen"] + row["carried_in_fen"], row["arrived_fen"]
    scaled = round_half_up(arrived * _RATIO_SCALE, due) if due > 0 else 0
    rate = f"{scaled // _RATIO_SCALE}.{scaled % _RATIO_SCALE:04d}" if due > 0 else None
    return SubsidyLevelOut(
        level=level,
        head_count=row["head_count"],
        audited=row["audited"],
        due=row["due_fen"],
        carried_in=row["carried_in_fen"],
        total_due=due,
        arrived=arrived,
        carried_on=row["carried_on_fen"],
        outstanding=due - arrived - row["carried_on_fen"],
        arrival_rate=rate,
        denominator="参合人数 × 年度补助标准 + 上年结转 (heads × standard of the year + carried in)",
    )


class CarryIn(WireModel):
    """The document that settles the year's subsidies with the levels above."""

    document: Reason


@router.post(
    "/pools/{pool_code}/subsidies/{coverage_year}/carry-forward",
    response_model=SubsidyYearOut,
    responses=documented(SUBSIDY_NOT_AUDITED, NOTHING_TO_CARRY),
    openapi_extra=access({"county_finance"}, command="carry_subsidies"),
)
async def post_subsidy_carry(
    pool_code: str, coverage_year: CoverageYear, body: CarryIn, unit: UnitDep
) -> SubsidyYearOut:
    """补助清算:差额转入下年应到. Carries the differences of an audited year on to the next year's due."""
    await arrivals.carry_subsidies(await desk_of(unit), coverage_year, body.document)
    unit.result("subsidy_carry", coverage_year)
    return await get_subsidies(pool_code, coverage_year, unit)
