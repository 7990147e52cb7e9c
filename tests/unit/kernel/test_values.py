"""Exact numbers, ids, dates and timelines."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.wire import JsonNumber, Yuan
from shared.kernel import money
from shared.kernel.canonical import canonical_json, digest
from shared.kernel.clock import FileClock, write_clock
from shared.kernel.dates import age_on, hospital_time, next_month, shanghai_date, too_far_ahead
from shared.kernel.errors import define
from shared.kernel.ids import from_base32, new_id, to_base32
from shared.kernel.timelines import Start, current, state_on

NOW = datetime(2010, 3, 1, 1, 2, 3, tzinfo=UTC)


@given(st.integers(-money.AMOUNT_MAX_FEN + 1, money.AMOUNT_MAX_FEN - 1))
def test_an_amount_survives_the_wire(amount_fen: int) -> None:
    assert money.parse_yuan(money.format_yuan(amount_fen)) == amount_fen


@pytest.mark.parametrize("text", ["1", "1.0", "1.000", "01.00", "+1.00", " 1.00", "1,000.00", "1e2", "", "-", "١.٠٠"])
def test_other_forms_of_an_amount_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="two places"):
        money.parse_yuan(text)


def test_json_numbers_are_no_amounts() -> None:
    amount = TypeAdapter(Yuan)
    assert amount.validate_python("123.45") == 12345
    assert amount.validate_json('"123.45"') == 12345
    assert amount.dump_json(12345) == b'"123.45"'
    for number in (JsonNumber(1), 1.5, True):
        with pytest.raises(ValidationError, match="never as a JSON number"):
            amount.validate_python(number)
    with pytest.raises(ValidationError, match="never as a JSON number"):
        amount.validate_json("1")


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 10, 1), (4, 10, 0), (-5, 10, -1), (-4, 10, 0), (15, 10, 2), (0, 3, 0), (7, 1, 7)],
)
def test_half_up(numerator: int, denominator: int, expected: int) -> None:
    assert money.round_half_up(numerator, denominator) == expected


def test_price_times_quantity_is_rounded_once() -> None:
    assert money.line_amount_fen(money.parse_unit_price("0.333333"), money.parse_quantity("3")) == 100
    assert money.line_amount_fen(money.parse_unit_price("0.005"), money.parse_quantity("1")) == 1
    assert money.line_amount_fen(money.parse_unit_price("12.5"), money.parse_quantity("0.5")) == 625


@given(st.integers(0, 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any))
def test_shares_add_up(amount_fen: int, weights: list[int]) -> None:
    shares = money.split_by_weight(amount_fen, weights)
    assert sum(shares) == amount_fen
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - amount_fen * weight) < sum(weights)


@given(st.uuids())
def test_ids_survive_base32(identifier: UUID) -> None:
    short = to_base32(identifier)
    assert len(short) == 26
    assert from_base32(short.lower()) == identifier


@pytest.mark.parametrize("text", ["", "A" * 25, "U" * 26, "Z" * 26])
def test_what_is_not_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        from_base32(text)


def test_an_id_carries_the_injected_time_and_is_unique() -> None:
    ids = {new_id(NOW) for _ in range(1000)}
    assert len(ids) == 1000
    for identifier in ids:
        assert identifier.version == 7
        assert identifier.variant == "specified in RFC 4122"
        assert identifier.int >> 80 == int(NOW.timestamp() * 1000)


def test_dates_are_shanghais() -> None:
    assert shanghai_date(datetime(2010, 2, 28, 16, 0, tzinfo=UTC)) == date(2010, 3, 1)
    assert hospital_time("2010-03-01 09:00:00") == datetime(2010, 3, 1, 1, tzinfo=UTC)
    assert hospital_time("2010-03-01T09:00:00+08:00") == datetime(2010, 3, 1, 1, tzinfo=UTC)
    assert not too_far_ahead(NOW + timedelta(minutes=10), NOW)
    assert too_far_ahead(NOW + timedelta(minutes=10, seconds=1), NOW)
    assert next_month(date(2010, 12, 31)) == date(2011, 1, 1)


def test_born_on_29_february() -> None:
    assert age_on(date(1950, 2, 29 - 1), date(2010, 2, 28)) == 60
    assert age_on(date(1952, 2, 29), date(2010, 2, 28)) == 57
    assert age_on(date(1952, 2, 29), date(2010, 3, 1)) == 58


def test_a_correction_replaces_a_start() -> None:
    starts = [
        Start(date(2010, 1, 1), 1, "covered"),
        Start(date(2010, 6, 1), 2, "none"),
        Start(date(2010, 6, 1), 3, "covered"),
    ]
    assert state_on(starts, date(2009, 12, 31)) == "none"
    assert state_on(starts, date(2010, 7, 1)) == "covered"
    assert [s.recorded_seq for s in current(reversed(starts))] == [1, 3]


def test_one_canonical_form() -> None:
    assert canonical_json({"b": 1, "a": ["好", None]}) == '{"a":["好",null],"b":1}'.encode()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    for bad in (1.0, {"a": [0.5]}, {1: 2}, {"a": object()}):
        with pytest.raises(TypeError):
            canonical_json(bad)


def test_the_local_clock_moves_when_the_file_does(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    write_clock(path, NOW)
    clock = FileClock(path)
    assert abs(clock.now() - NOW) < timedelta(seconds=5)
    write_clock(path, NOW + timedelta(days=30))
    assert abs(clock.now() - NOW - timedelta(days=30)) < timedelta(seconds=5)


def test_a_problem_tells_in_two_languages_and_is_defined_once() -> None:
    kind = define("test_only_problem", 409, "标题", "Title", "请做 {what}", "Do {what}")
    assert kind(what="x").body("zh")["detail"] == "请做 x"
    assert kind(what="x").body("en")["detail"] == "Do x"
    assert kind().body("en")["detail"] == "Do {what}"
    with pytest.raises(ValueError, match="twice"):
        define("test_only_problem", 409, "", "", "", "")
