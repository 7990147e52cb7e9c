"""What is owed after any change of state, and what the obligations book is told: always the difference, never less."""

from hypothesis import given
from hypothesis import strategies as st

from services.settlement.payouts.obligations import (
    ADVANCED_BY_HOSPITALS,
    OWED_APPROVED,
    OWED_UNDER_REVIEW,
    Flow,
    Owed,
    bounced,
    flows,
    owed,
    paid,
    totals,
)

FEN = st.integers(min_value=0, max_value=10**9)


@given(FEN, FEN, FEN, FEN)
def test_the_flows_turn_what_was_owed_into_what_is(review: int, approved: int, review_after: int, after: int) -> None:
    before, now = Owed(review, approved), Owed(review_after, after)
    balance = {OWED_UNDER_REVIEW: review, OWED_APPROVED: approved, ADVANCED_BY_HOSPITALS: review + approved}
    for (debit, credit), fen in totals(flows(before, now)).items():
        assert fen > 0
        for account, change in ((debit, -fen), (credit, fen)):
            balance[account] += -change if account == ADVANCED_BY_HOSPITALS else change
    assert balance == {
        OWED_UNDER_REVIEW: review_after,
        OWED_APPROVED: after,
        ADVANCED_BY_HOSPITALS: review_after + after,
    }


def test_an_approval_moves_what_was_checked_and_drops_what_was_cut() -> None:
    found = flows(owed("settled", 700, 0), owed("approved", 700, 650))
    assert found == (
        Flow(OWED_UNDER_REVIEW, OWED_APPROVED, 650),
        Flow(OWED_UNDER_REVIEW, ADVANCED_BY_HOSPITALS, 50),
    )


def test_nothing_is_owed_for_what_was_refused_or_withdrawn() -> None:
    assert {owed(state, 700, 0) for state in ("rejected", "returned", "cancelled")} == {Owed()}
    assert owed("released", 700, 650) == Owed(approved=650)
    assert flows(Owed(), Owed()) == ()


def test_a_bounce_undoes_a_payment() -> None:
    assert (paid(5).debit, paid(5).credit) == (bounced(5).credit, bounced(5).debit)
