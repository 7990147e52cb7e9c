"""Review time: the figures recomputed by hand, and the base that each of them stands on."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.performance.indicators.review_time import DEFINITION, Review, hours_e2, measure
from shared.kernel.timelines import Start

MONDAY = datetime(2010, 3, 1, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def review(hours: float, *, settled: datetime | None = MONDAY, at: datetime = MONDAY) -> Review:
    approved = at + timedelta(hours=hours)
    return Review(approved.date(), approved, settled)


def test_no_review_gives_no_figure_and_not_zero() -> None:
    figure = measure([], [], {})
    assert (figure.measured, figure.median_hours_e2, figure.mean_hours_e2, figure.share_e4) == (0, None, None, None)


def test_median_of_an_even_count_is_the_mean_of_the_middle_two() -> None:
    figure = measure([review(h) for h in (1, 2, 4, 100)], [], {})
    assert figure.median_hours_e2 == 300
    assert figure.mean_hours_e2 == 2675


def test_hours_round_half_up_to_two_places_where_the_sources_truncated() -> None:
    assert hours_e2(18, 1) == 1  # 0.005 h
    assert hours_e2(17, 1) == 0


@pytest.mark.requirement("ZZ-21", "the share within the limit is judged only where a limit was in force, and says so")
def test_a_review_without_a_limit_in_force_is_no_part_of_the_denominator() -> None:
    limits = [Start(date(2010, 3, 3), 1, "1")]
    figure = measure([review(2), review(49), review(72)], limits, {})
    assert (figure.measured, figure.judged) == (3, 2)
    # 49 h after Monday 09:00 is Wednesday: two working days. 72 h is Thursday: three.
    assert (figure.within_limit, figure.share_e4) == (0, 0)


def test_a_weekend_does_not_count_against_the_insurer() -> None:
    friday = datetime(2010, 3, 5, 8, tzinfo=UTC)
    limits = [Start(date(2010, 1, 1), 1, "1")]
    figure = measure([review(72, settled=friday, at=friday)], limits, {})
    assert (figure.within_limit, figure.share_e4) == (1, 10_000)
    worked = {date(2010, 3, 6): True}  # the Saturday worked instead of a holiday counts
    assert measure([review(72, settled=friday, at=friday)], limits, worked).within_limit == 0


def test_a_correction_of_the_limit_takes_the_place_of_what_it_corrects() -> None:
    limits = [Start(date(2010, 3, 1), 1, "1"), Start(date(2010, 3, 1), 2, "3")]
    assert measure([review(72)], limits, {}).within_limit == 1


def test_an_approval_whose_settlement_has_not_arrived_is_told_and_left_out() -> None:
    figure = measure([review(1), review(5, settled=None)], [Start(date(2010, 1, 1), 1, "3")], {})
    assert (figure.measured, figure.unmatched, figure.judged, figure.median_hours_e2) == (1, 1, 1, 100)


def test_days_are_those_of_shanghai_and_not_of_utc() -> None:
    late = datetime(2010, 3, 1, 15, 50, tzinfo=UTC)  # 23:50 on 1 March in Shanghai
    figure = measure([review(1, settled=late, at=late)], [Start(date(2010, 1, 1), 1, "1")], {})
    assert figure.within_limit == 1  # approved on 2 March in Shanghai: one working day, though both are 1 March in UTC


@pytest.mark.requirement(
    "ZZ-21", "numerator, denominator and base are written down in both languages beside the figure"
)
def test_the_definition_states_numerator_denominator_and_base() -> None:
    for part in ("measure", "base", "numerator", "denominator", "rounding"):
        assert DEFINITION[f"{part}_zh"]
        assert DEFINITION[f"{part}_en"]


@given(st.lists(st.integers(0, 60 * 24 * 30), min_size=1, max_size=40))
def test_median_lies_between_the_extremes_and_order_does_not_matter(minutes: list[int]) -> None:
    reviews = [review(m / 60) for m in minutes]
    limits = [Start(date(2010, 1, 1), 1, "3")]
    figure = measure(reviews, limits, {})
    assert figure == measure(reviews[::-1], limits, {})
    assert figure.median_hours_e2 is not None
    assert hours_e2(min(minutes) * 60, 1) <= figure.median_hours_e2 <= hours_e2(max(minutes) * 60, 1)
    assert 0 <= figure.within_limit <= figure.judged == len(minutes)
