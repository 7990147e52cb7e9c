"""The route of a year's fund indicators."""

from services.settlement.funding.roles import READERS
from services.settlement.inquiry import indicators_store as store
from services.settlement.inquiry.indicators import Ratio, ratios
from services.settlement.numbers import CoverageYear
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import UnitDep
from shared.kernel.money import format_ratio

router = ServiceRouter()


class FundRatioOut(WireModel):
    """A ratio with what it divides, in words; limits are empty where it has none."""

    code: str
    name_zh: str
    name_en: str
    value: str | None
    least: str | None
    most: str | None
    within_limits: bool | None
    numerator: Yuan
    numerator_means: str
    denominator: Yuan
    denominator_means: str


class FundYearOut(WireModel):
    """A year of the fund."""

    year: int
    income: Yuan
    expenditure: Yuan
    paid_for_earlier_years: Yuan
    accumulated: Yuan
    risk_fund: Yuan
    ratios: list[FundRatioOut]


def _ratio(ratio: Ratio) -> FundRatioOut:
    def told(value: int | None) -> str | None:
        return None if value is None else format_ratio(value)

    return FundRatioOut(
        code=ratio.code,
        name_zh=ratio.zh,
        name_en=ratio.en,
        value=told(ratio.value),
        least=told(ratio.least),
        most=told(ratio.most),
        within_limits=ratio.within,
        numerator=ratio.numerator,
        numerator_means=ratio.numerator_zh,
        denominator=ratio.denominator,
        denominator_means=ratio.denominator_zh,
    )


@router.get(
    "/pools/{pool_code}/years/{year}/fund-indicators",
    response_model=FundYearOut,
    openapi_extra=access(READERS, command="show_fund_indicators"),
)
async def get_fund_indicators(pool_code: str, year: CoverageYear, unit: UnitDep) -> FundYearOut:
    """基金使用率、当年和累计结余率,分子分母写明. Use rate and surplus limits, each with its stated denominator."""
    sums = await store.year_sums(unit.conn, pool_code, year)
    return FundYearOut(
        year=year,
        income=sums.income,
        expenditure=sums.expenditure,
        paid_for_earlier_years=sums.for_earlier_years,
        accumulated=sums.accumulated,
        risk_fund=sums.risk_fund,
        ratios=[_ratio(ratio) for ratio in ratios(sums)],
    )
