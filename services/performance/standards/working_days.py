"""Working days: Monday to Friday, less public holidays, plus the weekend days that are worked instead (data)."""

from collections.abc import Mapping
from datetime import date, timedelta

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


def is_working(day: date, exceptions: Mapping[date, bool]) -> bool:
    """Whether a day is worked: the recorded exception if there is one, else Monday to Friday."""
    return exceptions.get(day, day.weekday() < _SATURDAY)


def working_days_after(start: date, end: date, exceptions: Mapping[date, bool]) -> int:
    """Working days after ``start`` up to and including ``end``: the same day counts 0, the next working day 1.

    Raises ValueError when ``end`` lies before ``start``.
    """
    if end < start:
        raise ValueError("the end lies before the start")
    day, count = start, 0
    while day < end:
        day += _ONE_DAY
        count += is_working(day, exceptions)
    return count
