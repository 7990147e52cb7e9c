"""Rules of the fund without a database: banks, totals of a day, the payment file, the identities."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.closing.sources import AMOUNT_OF, SOURCES
from services.settlement.closing.totals import Difference, Total, differences
from services.settlement.funding.accounts import BANK_OWNERSHIP, TRANSFERS, may_hold_fund_money
from services.settlement.inquiry.identities import BankCheck, bank_equals_book, identities
from services.settlement.payouts.paymentfile import Party, PaymentFile, Transfer, control_sum, render
from shared.messaging.consumer import payload_types


@pytest.mark.requirement("ZZ-12", "only state-owned and state-controlled banks may keep an account of the fund")
def test_banks_of_the_fund() -> None:
    assert [may_hold_fund_money(ownership) for ownership in BANK_OWNERSHIP] == [True, True, False]


@pytest.mark.requirement("ZZ-14", "income and expenditure sides meet in the fiscal account alone")
def test_transfers_pass_the_fiscal_account() -> None:
    ends = {kind: {route.source, route.target} for kind, route in TRANSFERS.items()}
    floats = {kind for kind in ends if kind.startswith("float_")}
    assert all("1002" in ends[kind] for kind in ends.keys() - floats)
    assert all(ends[kind] == {"1001.02", "1001.03"} for kind in floats), "cash comes from the expenditure side alone"


def test_the_counted_member_exists_in_every_payload() -> None:
    known = payload_types()
    assert all(amount in known[kind].model_fields or hasattr(known[kind], amount) for kind, amount in AMOUNT_OF.items())
    assert frozenset().union(*SOURCES.values()) == frozenset(AMOUNT_OF)


def test_only_consumed_types_are_compared_and_a_missing_one_is_zero() -> None:
    published = {"a": Total(2, 10), "b": Total(1, 1), "other": Total(9, 9)}
    received = {"a": Total(2, 9), "c": Total(1, 0)}
    found = differences("claims", published, received, frozenset("abc"))
    assert [(d.kind, d.missing_count, d.missing_fen) for d in found] == [("a", 0, 1), ("b", 1, 1), ("c", -1, 0)]
    assert isinstance(found[0], Difference)


def payment_file(transfers: list[Transfer]) -> PaymentFile:
    payer = Party("基金", "工行", "6222")
    return PaymentFile("M" * 26, datetime(2010, 3, 1, tzinfo=UTC), date(2010, 3, 1), payer, transfers)


@given(st.permutations([Transfer(f"E{n}", Party(f"院{n}&", "农行", "95599"), n * 101, "补偿") for n in range(1, 6)]))
def test_the_file_does_not_depend_on_the_order_of_its_payments(transfers: list[Transfer]) -> None:
    assert render(payment_file(transfers)) == render(payment_file(sorted(transfers, key=lambda t: t.end_to_end_id)))
    assert control_sum(transfers) == 1515
    assert b"<CtrlSum>15.15</CtrlSum>" in render(payment_file(transfers))


def test_two_errors_of_bank_and_book_never_cancel() -> None:
    checks = [BankCheck("1002", "专户", "fiscal", 101, 100, 0, 0), BankCheck("1003", "收入户", "income", 99, 100, 0, 0)]
    found = bank_equals_book(checks)
    assert found.left_fen == found.right_fen
    assert not found.ties
    assert found.broken == ("1002", "1003")


@given(st.dictionaries(st.sampled_from(["settled", "approved", "cut", "open", "confirmed"]), st.integers(0, 10**9)))
def test_an_identity_ties_only_to_the_fen(figures: dict[str, int]) -> None:
    found = {identity.letter: identity for identity in identities(figures, [])}
    get = figures.get
    assert sorted(found) == list("abcdef")
    assert found["c"].ties == (get("settled", 0) == get("approved", 0) + get("cut", 0) + get("open", 0))
    assert found["d"].ties == (get("approved", 0) == get("confirmed", 0))
