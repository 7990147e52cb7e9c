"""Routes of subsidies: due and arrived by coverage year and level, and what is carried on to the next year."""

from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import arrivals, arrivals_store
from services.settlement.funding.accounts import LEVELS
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import NOTHING_TO_CARRY, SUBSIDY_NOT_AUDITED
from services.settlement.funding.roles import READERS
from services.settlement.numbers import CoverageYear
from shared.contracts.wire import Line, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep
from shared.kernel.money import round_half_up

router = ServiceRouter()


_RATIO_SCALE = 10_000


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


class SubsidyDueOut(WireModel):
    """One word of enrollment about what a level owes; the highest ``sequence`` of a ``due_id`` counts."""

    due_id: UUID
    sequence: int
    level: str
    head_count: int
    standard: Yuan
    amount: Yuan
    audited: bool
    business_day: date


@router.get(
    "/pools/{pool_code}/subsidies/{coverage_year}/dues",
    response_model=list[SubsidyDueOut],
    openapi_extra=access(READERS, command="list_subsidy_dues"),
)
async def get_subsidy_dues(pool_code: str, coverage_year: CoverageYear, unit: UnitDep) -> list[SubsidyDueOut]:
    """应补助额的历次核定(按日可查). Every word about what is due of a year, also what was corrected since."""
    named = ("sequence", "level", "head_count", "audited", "business_day")
    return [
        SubsidyDueOut(
            due_id=row["id"],
            standard=row["standard_fen"],
            amount=row["amount_fen"],
            **{name: row[name] for name in named},
        )
        for row in await arrivals_store.subsidy_dues(unit.conn, pool_code, coverage_year)
    ]


class CarryIn(WireModel):
    """The document that settles the year's subsidies with the levels above."""

    document: Line


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
