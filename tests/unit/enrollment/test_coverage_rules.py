"""How coverage timelines change: paid, lapsed, died, born; properties over drawn histories."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.financing.billing import periods_paid
from services.enrollment.financing.rules import LATE_STARTS, Standard, covered_from
from services.enrollment.registry.coverage import COVERED, NewStart, covered_since, died, lapsed, paid
from shared.kernel.timelines import Start, state_on

FIRST, LAST = date(2010, 1, 1), date(2010, 12, 31)
NEXT_FIRST, NEXT_LAST = date(2011, 1, 1), date(2011, 12, 31)
DAY = timedelta(days=1)
days = st.dates(FIRST, LAST)
STANDARD = Standard(2010, 2000, {"central": 6000}, FIRST, LAST, date(2009, 7, 1), date(2010, 2, 28), "payment_day")


def after(starts: tuple[Start, ...], added: list[NewStart]) -> tuple[Start, ...]:
    """The timeline with one more recorded change; a date twice in one change would be lost, so it is an error."""
    assert len({start.valid_from for start in added}) == len(added)
    sequence = max((s.recorded_seq for s in starts), default=0) + 1
    return (*starts, *(Start(new.valid_from, sequence, new.state) for new in added))


def covered_days(starts: tuple[Start, ...]) -> set[date]:
    """Every covered day of two years."""
    return {FIRST + DAY * n for n in range(730) if state_on(starts, FIRST + DAY * n) == COVERED}


histories = st.lists(
    st.one_of(
        st.tuples(st.just("paid"), days),
        st.tuples(st.just("next"), days),
        st.tuples(st.just("lapse"), days),
        st.tuples(st.just("back"), days),
    ),
    max_size=6,
)


def played(history: list[tuple[str, date]]) -> tuple[Start, ...]:
    starts: tuple[Start, ...] = ()
    for act, day in history:
        if act == "paid":
            starts = after(starts, paid(starts, day, LAST, "premium"))
        elif act == "next":
            starts = after(starts, paid(starts, NEXT_FIRST, NEXT_LAST, "premium"))
        elif act == "lapse":
            starts = after(starts, lapsed(starts, day, LAST))
        else:
            starts = after(starts, covered_since(starts, day, LAST, "reinstated"))
    return starts


def test_a_paid_year_is_covered_and_ends() -> None:
    assert covered_days(after((), paid((), FIRST, LAST, "premium"))) == {FIRST + DAY * n for n in range(365)}


def test_years_may_be_paid_in_any_order() -> None:
    this, following = (FIRST, LAST, "premium"), (NEXT_FIRST, NEXT_LAST, "premium")
    forward = after((), paid((), FIRST, LAST, "premium"))
    forward = after(forward, paid(forward, NEXT_FIRST, NEXT_LAST, "premium"))
    together = after((), periods_paid((), [following, this]))
    backward = after((), paid((), NEXT_FIRST, NEXT_LAST, "premium"))
    backward = after(backward, paid(backward, FIRST, LAST, "premium"))
    assert covered_days(forward) == covered_days(together) == covered_days(backward)
    assert len(covered_days(forward)) == 730


@given(histories, days)
def test_a_lapse_uncovers_the_rest_of_its_year_and_nothing_else(history: list[tuple[str, date]], day: date) -> None:
    starts = played(history)
    left = covered_days(after(starts, lapsed(starts, day, LAST)))
    assert left == {d for d in covered_days(starts) if d < day or d > LAST}


@given(histories, days)
def test_death_covers_its_day_and_nothing_after(history: list[tuple[str, date]], day: date) -> None:
    starts = played(history)
    assert covered_days(after(starts, died(starts, day))) == {d for d in covered_days(starts) if d <= day}


@given(histories, days)
def test_covered_since_covers_to_the_end_of_the_year(history: list[tuple[str, date]], day: date) -> None:
    starts = played(history)
    now = covered_days(after(starts, covered_since(starts, day, LAST, "birth")))
    assert now == covered_days(starts) | {d for d in (day + DAY * n for n in range(366)) if d <= LAST}


@given(histories, days)
def test_a_correction_twice_changes_nothing_the_second_time(history: list[tuple[str, date]], day: date) -> None:
    starts = played(history)
    for change in (lambda s: lapsed(s, day, LAST), lambda s: died(s, day), lambda s: covered_since(s, day, LAST, "x")):
        assert change(after(starts, change(starts))) == []


@pytest.mark.parametrize(
    ("rule", "paid_on", "first"),
    [
        ("payment_day", date(2010, 2, 28), FIRST),
        ("payment_day", date(2009, 11, 5), FIRST),
        ("payment_day", date(2010, 3, 1), date(2010, 3, 1)),
        ("next_day", date(2010, 3, 1), date(2010, 3, 2)),
        ("next_month", date(2010, 3, 31), date(2010, 4, 1)),
        ("next_month", date(2010, 12, 1), None),
        ("next_day", LAST, None),
        ("refused", date(2010, 3, 1), None),
    ],
)
def test_the_first_covered_day(rule: str, paid_on: date, first: date | None) -> None:
    standard = Standard(2010, 2000, {}, FIRST, LAST, date(2009, 7, 1), date(2010, 2, 28), rule)
    assert covered_from(standard, paid_on) == first


@given(st.sampled_from(LATE_STARTS), st.dates(date(2009, 10, 1), LAST))
def test_coverage_never_begins_before_the_year_or_a_late_payment(rule: str, paid_on: date) -> None:
    first = covered_from(Standard(2010, 2000, {}, FIRST, LAST, date(2009, 7, 1), date(2010, 2, 28), rule), paid_on)
    if first is not None:
        assert FIRST <= first <= LAST
        assert first == FIRST or first >= paid_on
