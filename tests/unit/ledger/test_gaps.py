"""Numbers left out, kept as ranges: the same answers as a set of them would give."""

from hypothesis import given
from hypothesis import strategies as st

from heyi_verify.walk import Gaps

_STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


@given(_STEPS, st.lists(st.integers(0, 70), max_size=30), st.integers(0, 70), st.integers(0, 70))
def test_gaps_answer_like_a_set(steps: list[tuple[int, int]], found: list[int], first: int, last: int) -> None:
    gaps, missing, at = Gaps(), set[int](), 0
    for here, gone in steps:
        gaps.add(at + here, at + here + gone - 1)
        missing |= set(range(at + here, at + here + gone))
        at += here + gone + 1
    for number in found:
        assert (number in gaps) == (number in missing)
        gaps.discard(number)
        missing.discard(number)
    assert gaps.meets(first, last) == any(number in missing for number in range(first, last + 1))
    assert [n for a, b in gaps.ranges for n in range(a, b + 1)] == sorted(missing)


def test_a_gap_longer_than_any_memory() -> None:
    gaps = Gaps()
    gaps.add(7, 10**15)
    gaps.discard(10**9)
    assert gaps.ranges == [(7, 10**9 - 1), (10**9 + 1, 10**15)]
