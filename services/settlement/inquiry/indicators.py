"""Use rate and surplus limits of a year's fund, each with its numerator and denominator in words (pure).

A ratio whose base is not stated cannot be compared (published-figures.md: no county's use rate was computed on its
stated income). Limits are those of practice (ii): surplus of the year 15%, accumulated 25%, use rate 85%.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.kernel.money import RATIO_PLACES, round_half_up

USE_LEAST_E4, YEAR_SURPLUS_MOST_E4, SURPLUS_MOST_E4 = 8_500, 1_500, 2_500


@dataclass(frozen=True, slots=True)
class YearSums:
    """Fen of a pool's fund in a calendar year by posting date: income less refunds, expenditure less recoveries, of
    the latter what was paid for care of earlier years, and the fund's accumulated balance at the year's end, the risk
    fund included and apart."""

    income: int
    expenditure: int
    for_earlier_years: int
    accumulated: int
    risk_fund: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio in 1/10,000, None where the denominator is not above zero; ``least`` and ``most`` are its limits."""

    code: str
    zh: str
    en: str
    numerator: int
    numerator_zh: str
    denominator: int
    denominator_zh: str
    least: int | None = None
    most: int | None = None

    @property
    def value(self) -> int | None:
        """The ratio, rounded half up."""
        if self.denominator <= 0:
            return None
        return round_half_up(self.numerator * 10**RATIO_PLACES, self.denominator)

    @property
    def within(self) -> bool | None:
        """Whether it keeps its limits; None where there is no ratio or no limit."""
        value = self.value
        if value is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


_INCOME = "当年基金收入(按记账日期,已扣退费,不含下年度暂收款)"


def ratios(sums: YearSums) -> Sequence[Ratio]:
    """The four ratios of a year."""
    own = sums.expenditure - sums.for_earlier_years
    return (
        Ratio(
            "use_rate",
            "基金使用率",
            "use rate",
            sums.expenditure,
            "当年基金支出(按支付月份,含补付以前年度)",
            sums.income,
            _INCOME,
            least=USE_LEAST_E4,
        ),
        Ratio(
            "use_rate_of_care_year",
            "基金使用率(不含补付以前年度)",
            "use rate without payments for earlier years of care",
            own,
            "当年基金支出中属于当年就医的部分",
            sums.income,
            _INCOME,
        ),
        Ratio(
            "year_surplus_rate",
            "当年结余率",
            "surplus of the year",
            sums.income - sums.expenditure,
            "当年收入减当年支出(含提取的风险基金)",
            sums.income,
            _INCOME,
            most=YEAR_SURPLUS_MOST_E4,
        ),
        Ratio(
            "accumulated_surplus_rate",
            "累计结余率",
            "accumulated surplus",
            sums.accumulated,
            "年末累计结余(含风险基金)",
            sums.income,
            _INCOME,
            most=SURPLUS_MOST_E4,
        ),
    )
