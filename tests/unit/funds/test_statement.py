"""Matching lines of a statement: same reference, same signed amount, each at most once, nothing guessed."""

from datetime import date
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.settlement.reconciliation.statement import (
    Candidate,
    Line,
    Match,
    adds_up,
    affordable,
    age_days,
    holds_nothing,
    match,
)

DAY = date(2010, 3, 1)
PAIRS = st.lists(st.tuples(st.sampled_from(["", "A", "B"]), st.sampled_from([-2, -1, 1, 2])), max_size=12)


def line(reference: str, fen: int) -> Line:
    return Line(uuid4(), "1002", fen, reference, DAY)


def candidate(reference: str, fen: int) -> Candidate:
    return Candidate("booked", uuid4(), fen, reference)


@given(PAIRS, PAIRS)
def test_every_pair_is_equal_and_nothing_is_used_twice(
    lines: list[tuple[str, int]], candidates: list[tuple[str, int]]
) -> None:
    found = match([line(*x) for x in lines], [candidate(*x) for x in candidates])
    used: list[UUID] = [m.line.id for m in found] + [m.candidate.source_id for m in found]
    assert len(used) == len(set(used))
    assert all(m.line.reference == m.candidate.reference and m.line.reference for m in found)
    assert all(m.line.signed_fen == m.candidate.signed_fen for m in found)
    fitting = {x[0] for x in lines if x[0] and x in candidates}
    assert {m.line.reference for m in found} == fitting and len(found) == len(fitting), "one line a reference at a time"


def test_another_amount_stays_open() -> None:
    assert match([line("A", -100)], [candidate("A", -101), candidate("A", 100)]) == ()


PARTS = st.lists(st.integers(-1, 9), max_size=8)


@given(PARTS, st.integers(1, 12))
def test_what_is_owed_comes_in_parts_and_never_more(parts: list[int], owed: int) -> None:
    one = uuid4()
    both = [Candidate("receivable", one, owed, name) for name in ("A", "B")]  # its own reference and its payment's
    lines = [line("AB"[number % 2], fen) for number, fen in enumerate(parts) if fen]
    expected, left = [], owed
    for one_line in lines:
        if 0 < one_line.signed_fen <= left:
            expected.append(one_line)
            left -= one_line.signed_fen
    found = match(lines, both)
    assert [m.line for m in found] == expected
    assert {m.candidate.source_id for m in found} <= {one}


def test_what_the_bank_paid_too_often_it_takes_back_before_it_sends_a_payment_back() -> None:
    returned, owed = Candidate("payment_return", uuid4(), 100, "A"), Candidate("receivable", uuid4(), 100, "A")
    first, second = line("A", 100), line("A", 100)
    assert match([first], [returned, owed]) == (Match(first, owed),)
    assert match([first, second], [returned, owed]) == (Match(first, owed), Match(second, returned))


def test_a_statement_adds_up_or_not() -> None:
    assert adds_up(100, [5, -3], 102)
    assert not adds_up(100, [5, -3], 103)


def test_an_item_of_tomorrow_has_no_age() -> None:
    assert [age_days(DAY, date(2010, 3, d)) for d in (1, 4)] == [0, 3]
    assert age_days(date(2010, 3, 2), DAY) == 0


def shown(kind: str, fen: int) -> Match:
    return Match(line("A", fen), Candidate(kind, uuid4(), fen, "A"))


KINDS = st.sampled_from(["payment", "late_payment", "second_payment", "booked"])


@given(
    st.lists(st.tuples(KINDS, st.integers(-9, -1)) | st.tuples(st.just("advance"), st.integers(1, 9))),
    st.integers(0, 20),
)
def test_what_holds_nothing_waits_for_money_and_all_else_is_booked(
    found: list[tuple[str, int]], available: int
) -> None:
    matches = [shown(kind, fen) for kind, fen in found]
    told = affordable(matches, available)
    borne, waits, lacking = told.now, told.waiting, told.lacking_fen
    assert {*borne, *waits} == set(matches) and not {*borne} & {*waits}
    assert all(holds_nothing(m.candidate.kind) for m in waits)
    came = sum(m.line.signed_fen for m in matches if m.candidate.kind == "advance")
    left = available + came + sum(m.line.signed_fen for m in borne if holds_nothing(m.candidate.kind))
    assert left >= 0
    assert lacking == (-sum(m.line.signed_fen for m in waits) - left if waits else 0)
    assert (lacking > 0) == bool(waits)
