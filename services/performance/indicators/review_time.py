"""Review time 审核时限: from the settlement at the bedside to the insurer's approval.

Hours are hundredths of an hour, from whole seconds, rounded half up at the one place named here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.performance.standards.working_days import working_days_after
from shared.kernel.dates import shanghai_date
from shared.kernel.money import round_half_up
from shared.kernel.timelines import NONE, Start, state_on

INDICATOR = "review_time"
_SECONDS_AN_HOUR = 3600
_HUNDREDTHS = 100
_FULL = 10_000


@dataclass(frozen=True, slots=True)
class Review:
    """One approval with the settlement it ends; ``settled_at`` is None while that event has not arrived."""

    business_day: date
    approved_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figure:
    """What a month's reviews come to; None where there is nothing to divide."""

    measured: int
    """Approvals of the month whose settlement is known: the base of median and mean."""
    unmatched: int
    """Approvals left out because their settlement event has not arrived."""
    median_hours_e2: int | None
    mean_hours_e2: int | None
    judged: int
    """Denominator of the share: measured on a day for which a limit was in force."""
    within_limit: int
    """Numerator of the share: judged and approved within the limit."""
    share_e4: int | None


def measure(reviews: Sequence[Review], limits: Sequence[Start], exceptions: Mapping[date, bool]) -> Figure:
    """The figure of a month; ``limits`` is the timeline of the limit in working days, as text in its states."""
    matched = [(review, review.settled_at) for review in reviews if review.settled_at is not None]
    seconds = sorted(int((review.approved_at - settled).total_seconds()) for review, settled in matched)
    judged = within = 0
    for review, settled in matched:
        limit = state_on(limits, review.business_day)
        if limit != NONE:
            judged += 1
            within += _working_days(settled, review.approved_at, exceptions) <= int(limit)
    return Figure(
        measured=len(seconds),
        unmatched=len(reviews) - len(seconds),
        median_hours_e2=_median_hours_e2(seconds),
        mean_hours_e2=hours_e2(sum(seconds), len(seconds)) if seconds else None,
        judged=judged,
        within_limit=within,
        share_e4=round_half_up(within * _FULL, judged) if judged else None,
    )


def _working_days(settled: datetime, approved: datetime, exceptions: Mapping[date, bool]) -> int:
    first, last = shanghai_date(settled), shanghai_date(approved)
    return working_days_after(first, max(first, last), exceptions)


def _median_hours_e2(seconds: Sequence[int]) -> int | None:
    if not seconds:
        return None
    middle = len(seconds) // 2
    if len(seconds) % 2:
        return hours_e2(seconds[middle], 1)
    return hours_e2(seconds[middle - 1] + seconds[middle], 2)


def hours_e2(seconds: int, count: int) -> int:
    """Hundredths of an hour of the average of ``count`` values that add up to ``seconds``, half up."""
    return round_half_up(seconds * _HUNDREDTHS, _SECONDS_AN_HOUR * count)


DEFINITION: dict[str, str] = {
    "version": "1",
    "name_zh": "审核时限",
    "name_en": "Review time",
    "measure_zh": "自结算事件时刻至审核通过事件时刻的小时数;列中位数与平均数",
    "measure_en": "Hours from the moment of the settlement event to that of the approval event; median and mean",
    "base_zh": "当月(按审核通过事件的业务日)全部审核通过,逐次计;结算事件尚未到达的另列,不计入",
    "base_en": "Every approval of the month (by the business day of the approval event), one each; approvals whose "
    "settlement event has not arrived are counted apart and left out",
    "numerator_zh": "基数中,自结算次日起算、在限定工作日数内审核通过的次数",
    "numerator_en": "Of the base, approvals within the limit in working days, counted from the day after settlement",
    "denominator_zh": "基数中,审核通过当日已有限定工作日标准的次数",
    "denominator_en": "Of the base, approvals on a day for which a limit had been decided",
    "working_days_zh": "周一至周五,扣除公布的放假日,加上公布的调休上班日",
    "working_days_en": "Monday to Friday, less published holidays, plus published working weekends",
    "rounding_zh": "小时保留两位小数、比例保留四位小数,均四舍五入,不截断",
    "rounding_en": "Hours to two places, shares to four, half up, never truncated",
    "source_zh": "仅由结算、审核事件计算,不采信填报数",
    "source_en": "Computed from settlement and approval events alone; no reported figure enters",
}
"""Stored beside every figure: a ratio without its base is what the published figures of the sources failed by."""
