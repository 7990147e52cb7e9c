"""Which days of a grant end when its case ends: those that no other case grants."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.claims.visits.entitlements import Days, left

FIRST = date(2010, 1, 1)
days = st.integers(0, 30).map(lambda number: FIRST + timedelta(days=number))
periods = st.tuples(days, st.none() | days).filter(lambda pair: pair[1] is None or pair[0] <= pair[1])
DAYS = [FIRST + timedelta(days=number) for number in range(-1, 33)]


def holds(period: Days, day: date) -> bool:
    return period[0] <= day and (period[1] is None or day <= period[1])


@given(periods, st.lists(periods, max_size=4))
def test_a_day_is_left_where_no_other_period_holds_it(own: Days, others: list[Days]) -> None:
    found = left(*own, others)
    for day in DAYS:
        expected = holds(own, day) and not any(holds(other, day) for other in others)
        assert sum(holds(one, day) for one in found) == expected, day
    assert found == sorted(found, key=lambda period: period[0])
