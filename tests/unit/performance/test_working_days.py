"""Working days: the ordinary week, and the published exceptions of the Chinese calendar."""

from datetime import date

import pytest

from services.performance.standards.working_days import is_working, working_days_after

QINGMING_2010 = {date(2010, 4, 5): False}  # Monday
SPRING_FESTIVAL_2010 = {date(2010, 2, day): False for day in (15, 16, 17, 18, 19)} | {
    date(2010, 2, 20): True,
    date(2010, 2, 21): True,
}


@pytest.mark.parametrize(
    ("start", "end", "exceptions", "expected"),
    [
        (date(2010, 3, 1), date(2010, 3, 1), {}, 0),
        (date(2010, 3, 1), date(2010, 3, 2), {}, 1),
        (date(2010, 3, 5), date(2010, 3, 7), {}, 0),
        (date(2010, 3, 5), date(2010, 3, 8), {}, 1),
        (date(2010, 4, 2), date(2010, 4, 6), QINGMING_2010, 1),
        (date(2010, 2, 12), date(2010, 2, 22), SPRING_FESTIVAL_2010, 3),
    ],
)
def test_working_days_after(start: date, end: date, exceptions: dict[date, bool], expected: int) -> None:
    assert working_days_after(start, end, exceptions) == expected


def test_a_recorded_exception_beats_the_weekday() -> None:
    assert not is_working(date(2010, 4, 5), QINGMING_2010)
    assert is_working(date(2010, 2, 20), SPRING_FESTIVAL_2010)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError):
        working_days_after(date(2010, 3, 2), date(2010, 3, 1), {})
