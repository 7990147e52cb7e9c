"""Dates of the scheme: all business dates are those of Asia/Shanghai (contracts §5)."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTH_PATTERN = r"^(200[3-9]|20[1-9]\d|2100)-(0[1-9]|1[0-2])$"
"""A month as it is written: ``YYYY-MM``, from the year the scheme began to 2100, as a coverage year."""
AHEAD_MAX = timedelta(minutes=10)
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


def shanghai_date(now: datetime) -> date:
    """The calendar day in Shanghai at ``now`` (aware)."""
    return now.astimezone(SHANGHAI).date()


def shanghai_time(moment: datetime) -> str:
    """A moment as people in Shanghai write it, to the minute: 2010-03-01 09:00."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def hospital_time(text: str) -> datetime:
    """A hospital's time as aware UTC; a naive one is Asia/Shanghai. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def written_day(text: str) -> date | None:
    """A day in one of the spellings of an office (1980-01-31, 19800131, 1980年1月31日), or None."""
    match = _DAY.fullmatch("".join(text.split()))
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def too_far_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a stated time lies more than ten minutes after ``now``."""
    return moment > now + AHEAD_MAX


def age_on(birth: date, day: date) -> int:
    """Completed years of age; who was born on 29 February comes of age on 1 March in common years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def month_of(day: date) -> date:
    """The first day of the month, which stands for the month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
