"""Second compensation: the three formulas, the pot, what returns."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.benefits.model import Band
from services.claims.benefits.second import (
    BadCampaign,
    Campaign,
    Candidate,
    PaymentList,
    banded,
    proportional,
    top_up,
)

WUZHOU = (Band(1_000_000, 5_000), Band(2_000_000, 5_500), Band(3_000_000, 6_000), Band(None, 6_500))
"""Bands of the excess over 10,000 yuan, as an example of practice.md (vi)."""


def amounts(payments: PaymentList) -> dict[str, int]:
    return {payment.person: payment.amount_fen for payment in payments.payments}


@pytest.mark.requirement("ZA-23", "a pot is shared over the own payments of the year of care, to the fen")
def test_proportional_shares_the_whole_pot() -> None:
    people = [Candidate("a", 1_000_000, 400_000), Candidate("b", 500_000, 200_000), Candidate("c", 100, 100)]
    shared = proportional(people, Campaign(300_000))
    assert amounts(shared) == {"a": 200_000, "b": 100_000}
    assert (shared.paid_fen, shared.left_fen, shared.due_fen) == (300_000, 0, 900_000)
    thirds = proportional([Candidate(x, 100, 0) for x in "abc"], Campaign(100))
    assert sorted(amounts(thirds).values()) == [33, 33, 34], "the last fen by largest remainder"


def test_a_cap_changes_nobodys_factor() -> None:
    """k = 5,000 / 11,000; who has a cap of 500 gets his 454.55 whole, and what a cap takes stays in the pot."""
    capped = [Candidate("a", 100_000, 0, room_fen=50_000), Candidate("b", 1_000_000, 0)]
    assert [one.amount_fen for one in proportional(capped, Campaign(500_000)).payments] == [45_455, 454_545]
    both = [Candidate("a", 1_000_000, 0, room_fen=100_000), Candidate("b", 1_000_000, 0)]
    shared = proportional(both, Campaign(500_000))
    assert [one.amount_fen for one in shared.payments] == [100_000, 250_000]
    assert shared.left_fen == 150_000


def test_proportional_never_pays_more_than_was_paid() -> None:
    people = [Candidate("a", 1_000, 400), Candidate("b", 500, 200, excluded_fen=100)]
    rich = proportional(people, Campaign(10_000))
    assert amounts(rich) == {"a": 600, "b": 200}
    assert rich.left_fen == 9_200


@pytest.mark.requirement("ZA-23", "second compensation by bands over a threshold, under a combined cap")
@pytest.mark.parametrize(
    ("own", "paid"),
    [
        (1_000_000, 0),
        (1_000_002, 1),
        (2_000_000, 500_000),
        (3_500_000, 500_000 + 550_000 + 300_000),
        (6_000_000, 500_000 + 550_000 + 600_000 + 1_300_000),
    ],
)
def test_banded(own: int, paid: int) -> None:
    campaign = Campaign(10**9, threshold_fen=1_000_000, combined_cap_fen=15_000_000)
    got = banded([Candidate("a", own + 5_000_000, 5_000_000)], campaign, WUZHOU)
    assert amounts(got) == ({"a": paid} if paid else {})


def test_the_combined_cap_counts_the_first_compensation() -> None:
    campaign = Campaign(10**9, combined_cap_fen=15_000_000)
    for first, paid in ((14_900_000, 100_000), (15_000_000, 0), (16_000_000, 0)):
        got = banded([Candidate("a", 30_000_000, first)], campaign, [Band(None, 9_000)])
        assert amounts(got) == ({"a": paid} if paid else {})


def test_top_up_to_a_floor() -> None:
    people = [Candidate("a", 100_000, 40_000), Candidate("b", 100_000, 75_000), Candidate("c", 101, 0)]
    got = top_up(people, Campaign(10**9), 7_500)
    assert amounts(got) == {"a": 35_000, "c": 76}
    assert amounts(top_up(people, Campaign(10**9, threshold_fen=30_000), 7_500)) == {"a": 30_000}


def test_a_short_pot_cuts_everybody_alike() -> None:
    people = [Candidate("a", 100_000, 0), Candidate("b", 300_000, 0)]
    got = banded(people, Campaign(100_000), [Band(None, 5_000)])
    assert [(one.due_fen, one.amount_fen) for one in got.payments] == [(50_000, 25_000), (150_000, 75_000)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: proportional([], Campaign(-1)),
        lambda: proportional([], Campaign(1, threshold_fen=-1)),
        lambda: proportional([], Campaign(1, combined_cap_fen=-1)),
        lambda: proportional([Candidate("a", 1, 0), Candidate("a", 2, 0)], Campaign(1)),
        lambda: proportional([Candidate("a", 1, 2)], Campaign(1)),
        lambda: proportional([Candidate("a", -1, -1)], Campaign(1)),
        lambda: proportional([Candidate("a", 1, 0, beside_fen=-1)], Campaign(1)),
        lambda: proportional([Candidate("a", 1, 0, 0, -1)], Campaign(1)),
        lambda: top_up([], Campaign(1), 10_001),
        lambda: top_up([], Campaign(1), -1),
        lambda: banded([], Campaign(1), []),
        lambda: banded([], Campaign(1), [Band(5, 1)]),
        lambda: banded([], Campaign(1), [Band(None, 1), Band(None, 1)]),
        lambda: banded([], Campaign(1), [Band(5, 1), Band(4, 1), Band(None, 1)]),
        lambda: banded([], Campaign(1), [Band(None, 10_001)]),
    ],
)
def test_a_bad_campaign(wrong: Any) -> None:
    with pytest.raises(BadCampaign):
        wrong()


@st.composite
def people(draw: Any) -> list[Candidate]:
    """Up to twelve persons with drawn years."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        eligible = draw(st.integers(0, 10_000_000))
        first = draw(st.integers(0, eligible))
        room = draw(st.none() | st.integers(0, 3_000_000))
        found.append(Candidate(f"p{number}", eligible, first, draw(st.integers(0, 500_000)), room))
    return found


@given(
    people(), st.integers(0, 30_000_000), st.integers(0, 2_000_000), st.none() | st.integers(0, 9_000_000), st.randoms()
)
def test_what_holds_for_every_formula(
    candidates: list[Candidate], pot: int, threshold: int, cap: int | None, shuffle: Any
) -> None:
    campaign = Campaign(pot, threshold, cap)
    known = {candidate.person: candidate for candidate in candidates}
    bases = {one.person: max(0, one.own_fen - threshold) for one in candidates}
    for number, formula in enumerate(
        (
            lambda c: proportional(c, campaign),
            lambda c: banded(c, campaign, WUZHOU),
            lambda c: top_up(c, campaign, 7_500),
        )
    ):
        got = formula(candidates)
        assert 0 <= got.paid_fen <= pot
        by_pot = number > 0  # the factor of the proportional one is made from the pot and all own payments
        assert not by_pot or got.paid_fen == min(pot, got.due_fen)
        for one in got.payments:
            candidate = known[one.person]
            assert 0 < one.amount_fen <= one.due_fen <= one.base_fen <= candidate.own_fen
            assert cap is None or candidate.first_fen + one.due_fen <= cap
            assert candidate.room_fen is None or one.due_fen <= candidate.room_fen
            if by_pot:
                share = Fraction(one.due_fen * pot, got.due_fen)
                assert got.due_fen <= pot or abs(one.amount_fen - share) < 1
            else:
                share = bases[one.person] * min(Fraction(1), Fraction(pot, sum(bases.values())))
                assert abs(one.amount_fen - min(share, one.due_fen)) < 1
        shuffled = list(candidates)
        shuffle.shuffle(shuffled)
        assert formula(shuffled) == got
