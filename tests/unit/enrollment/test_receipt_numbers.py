"""Numbers printed on receipts: which two make a range, and how every number between them is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.financing.receipt_numbers import Span, printed, span


@pytest.mark.parametrize(
    ("first", "last", "numbers"),
    [
        ("DF2010-000009", "DF2010-000011", ["DF2010-000009", "DF2010-000010", "DF2010-000011"]),
        ("0098", "0099", ["0098", "0099"]),
        ("A7", "A7", ["A7"]),
    ],
)
def test_a_range_is_written_as_its_ends_are(first: str, last: str, numbers: list[str]) -> None:
    found = span(first, last)
    assert found is not None
    assert (found.texts(), found.count) == (numbers, len(numbers))


@pytest.mark.parametrize(
    ("first", "last"), [("A1", "B2"), ("A01", "A1"), ("A2", "A1"), ("A", "A"), ("", "1"), ("A1", "A1B"), ("99", "100")]
)
def test_no_range(first: str, last: str) -> None:
    assert span(first, last) is None


@given(st.from_regex(r"([0-9A-Z-]{0,8}[A-Z-])?", fullmatch=True), st.integers(1, 12), st.data())
def test_what_is_printed_is_read_again(series: str, digits: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 10**digits - 1))
    last = data.draw(st.integers(first, 10**digits - 1))
    assert span(printed(series, digits, first), printed(series, digits, last)) == Span(series, digits, first, last)
