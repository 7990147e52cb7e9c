"""Rules without I/O: bills, coverage, accumulators, cuts, array literals."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.benefits.model import AccumulatorKey, Interval, Movement
from services.claims.review.rules import WantedCut, check_cuts, payable_layers
from services.claims.visits.bill import checked
from services.claims.visits.claims import Claim
from services.claims.visits.counters import Counters, Owners, Ref, Row, in_lock_order
from services.claims.visits.coverage import Coverage
from services.claims.visits.settling_store import text_array
from shared.kernel.errors import Problem
from shared.kernel.timelines import Start

MEMBER, HOUSEHOLD = UUID(int=1), UUID(int=2)


def bill(price: int, quantity: int, amount: int | None) -> int:
    return checked(["A1"], ["项目"], [None], [price], [quantity], [amount], [False]).amounts_fen[0]


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_within_a_fen_the_hospitals_amount_counts(off: int) -> None:
    assert bill(333_333, 30_000, 100 + off) == 100 + off


@pytest.mark.parametrize("off", [-2, 2])
def test_beyond_a_fen_the_line_is_named(off: int) -> None:
    with pytest.raises(Problem, match="line_amount"):
        bill(333_333, 30_000, 100 + off)


@pytest.mark.parametrize(("price", "quantity", "sent"), [(10**16, 10**14, None), (10**21, 10_000, 10**17)])
def test_an_amount_that_no_bill_holds_is_refused_by_its_line(price: int, quantity: int, sent: int | None) -> None:
    with pytest.raises(Problem, match="line_too_large"):
        bill(price, quantity, sent)


def test_a_bill_that_no_amount_holds_is_refused_by_the_line_that_passes_it() -> None:
    most = 10**15
    one = [most * 10**4] * 2
    with pytest.raises(Problem, match="line_too_large") as refused:
        checked(["A1"] * 2, ["项目"] * 2, [None] * 2, one, [10_000] * 2, [most, most], [False] * 2)
    assert refused.value.params["line"] == 2


def test_a_missing_amount_is_computed_and_negatives_are_refused() -> None:
    assert bill(1_250_000, 20_000, None) == 250
    with pytest.raises(Problem, match="line_negative"):
        bill(1_250_000, -20_000, None)


def coverage(*starts: tuple[date, int, str]) -> Coverage:
    timeline = tuple(Start(*start) for start in starts)
    return Coverage(MEMBER, HOUSEHOLD, b"x", "522422100", date(1970, 1, 1), "male", len(starts), timeline, ())


def test_intervals_follow_the_latest_record_of_each_day() -> None:
    known = coverage(
        (date(2010, 1, 1), 1, "covered"), (date(2010, 6, 1), 2, "none"), (date(2010, 6, 1), 3, "covered"),
        (date(2010, 9, 1), 4, "none"), (date(2011, 1, 1), 5, "covered"),
    )  # fmt: skip
    assert known.intervals() == (
        Interval(date(2010, 1, 1), date(2010, 8, 31)),
        Interval(date(2011, 1, 1), None),
    )
    assert known.covered_on(date(2010, 8, 31))
    assert not known.covered_on(date(2010, 9, 1))


KEY = AccumulatorKey("person_year", "inpatient", 2010)
OUT = AccumulatorKey("person_year", "outpatient", 2010)
OWNERS = Owners(MEMBER, HOUSEHOLD)
ROW = Ref(MEMBER, "person_year", 2010, "")


def test_cancelling_takes_back_exactly_what_was_added() -> None:
    counters = Counters(rows={ROW: Row({}, 0)})
    first, second, third = UUID(int=11), UUID(int=12), UUID(int=13)
    counters.add(OWNERS, first, "H1", [KEY], [Movement(KEY, 500)])
    counters.add(OWNERS, second, "H2", [KEY], [Movement(KEY, 300)])
    counters.add(OWNERS, third, "H1", [OUT], [Movement(OUT, 70)])
    assert counters.standing_on(first) == {second: "H2"}, "the outpatient claim reads another name"
    assert counters.standing_on(second) == {}
    counters.take_back_once(first)
    counters.take_back_once(first)
    assert counters.rows[ROW].used == {"inpatient": 300, "outpatient": 70}
    assert counters.rows[ROW].moves == 4
    assert counters.standing_on(first) == {}


def test_a_claim_that_read_a_cap_stands_on_it_even_when_it_added_nothing() -> None:
    counters = Counters(rows={ROW: Row({}, 0)})
    counters.add(OWNERS, UUID(int=11), "H1", [KEY], [Movement(KEY, 500)])
    counters.add(OWNERS, UUID(int=12), "H1", [KEY], [])
    assert list(counters.standing_on(UUID(int=11))) == [UUID(int=12)]


def test_what_is_paid_beside_claims_is_no_later_claim() -> None:
    counters = Counters(rows={ROW: Row({}, 0)})
    first, campaign, second = UUID(int=11), UUID(int=12), UUID(int=13)
    counters.add(OWNERS, first, "H1", [KEY], [Movement(KEY, 500)])
    counters.count(ROW, campaign, KEY.name, 100)
    assert counters.standing_on(first) == {}
    counters.add(OWNERS, second, "H2", [KEY], [Movement(KEY, 300)])
    assert counters.standing_on(first) == {second: "H2"}
    assert counters.rows[ROW].used == {"inpatient": 900}


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.data())
def test_after_cancelling_all_nothing_is_left(amounts: list[int], data: st.DataObject) -> None:
    counters = Counters(rows={ROW: Row({}, 0)})
    claims = [UUID(int=100 + i) for i in range(len(amounts))]
    for claim, amount in zip(claims, amounts, strict=True):
        counters.add(OWNERS, claim, "H1", [KEY], [Movement(KEY, amount)])
    for claim in data.draw(st.permutations(claims)):
        counters.take_back_once(claim)
        assert counters.rows[ROW].used.get("inpatient", 0) >= 0
    assert counters.rows[ROW].used.get("inpatient", 0) == 0


def test_households_are_locked_before_persons() -> None:
    refs = [Ref(MEMBER, "person_day", 0, "2010-03-01"), ROW, Ref(HOUSEHOLD, "household_year", 2010, ""), ROW]
    assert [ref.scope for ref in in_lock_order(refs)] == ["household_year", "person_year", "person_day"]


def claim(total_fen: int, *layers: int) -> Claim:
    at = datetime(2010, 3, 1, tzinfo=UTC)
    return Claim(
        UUID(int=5), "H1", UUID(int=6), MEMBER, HOUSEHOLD, "522422100", "inpatient", "settled", 1, at.date(), None,
        at.date(), at, "hospital-1", 2010, "settled", total_fen, total_fen, sum(layers), sum(layers), "p", "h", "c", 1,
        [{"layer": str(i), "amount_fen": amount} for i, amount in enumerate(layers)],
    )  # fmt: skip


def test_a_cut_is_spread_over_the_layers_without_losing_a_fen() -> None:
    decided = claim(10_000, 4_001, 2_000)
    cut = payable_layers(decided, 1_000)
    assert sum(layer["amount_fen"] for layer in cut) == 5_001
    assert [layer["amount_fen"] for layer in decided.layers] == [4_001, 2_000], "the record stays as settled"


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        (WantedCut(3, "hospital", 100, 50, 0, "x"), "cut_line"),
        (WantedCut(1, "hospital", 6_001, 50, 0, "x"), "cut_too_large"),
        (WantedCut(1, "hospital", 100, 101, 0, "x"), "cut_too_large"),
        (WantedCut(None, "hospital", 10_000, 7_001, 0, "x"), "cut_too_large"),
        (WantedCut(None, "hospital", 10_001, 50, 0, "x"), "cut_too_large"),
    ],
)
def test_a_cut_beyond_line_bill_or_benefit_is_refused(cut: WantedCut, code: str) -> None:
    with pytest.raises(Problem, match=code):
        check_cuts(claim(10_000, 7_000), [6_000, 4_000], [cut])


def test_who_is_owed_what_by_whom() -> None:
    assert WantedCut(1, "hospital", 100, 70, 0, "x").patient_owed_fen == 30
    assert WantedCut(1, "patient", 100, 70, 0, "x").patient_owed_fen == 0


@pytest.mark.parametrize("texts", [["a", "b"], ['say "x"', "back\\slash", "", "NULL", "a,b", "{}", "行"], []])
def test_text_arrays_are_written_as_postgresql_reads_them(texts: list[str]) -> None:
    literal = text_array(texts)
    read: list[str] = []
    position = 1
    while position < len(literal) - 1:
        assert literal[position] == '"'
        position += 1
        element = ""
        while literal[position] != '"':
            position += literal[position] == "\\"
            element += literal[position]
            position += 1
        read.append(element)
        position += 2
    assert read == texts
