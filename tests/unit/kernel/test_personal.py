"""Personal data in the column and in the logs."""

import pytest
from cryptography.exceptions import InvalidTag

from shared.db.personal import Keys, Sealer
from shared.kernel.id_numbers import normal_form
from shared.observe.logs import redact

KEYS = Keys(data={1: b"1" * 32, 2: b"2" * 32}, version=2, lookup=b"k" * 32)


def test_a_sealed_value_opens_in_its_place_only() -> None:
    sealer = Sealer(KEYS)
    sealed = sealer.seal("person", "id_number", "p1", "522422195001010010")
    assert b"5224" not in sealed
    assert sealer.open("person", "id_number", "p1", sealed) == "522422195001010010"
    for place in (("person", "id_number", "p2"), ("person", "phone", "p1"), ("other", "id_number", "p1")):
        with pytest.raises(InvalidTag):
            sealer.open(*place, sealed)
    assert sealer.seal("person", "id_number", "p1", "x") != sealer.seal("person", "id_number", "p1", "x")


def test_an_older_key_still_opens() -> None:
    old = Sealer(Keys(data={1: b"1" * 32}, version=1, lookup=b"k" * 32))
    assert Sealer(KEYS).open("t", "c", 1, old.seal("t", "c", 1, "x")) == "x"


def test_the_blind_index_finds_equal_values_only() -> None:
    sealer = Sealer(KEYS)
    number = normal_form(" 52242219500101001x ")
    assert sealer.blind_index("id_number", number) == sealer.blind_index("id_number", "52242219500101001X")
    assert sealer.blind_index("phone", number) != sealer.blind_index("id_number", number)
    other = Sealer(Keys(KEYS.data, 2, b"o" * 32))
    assert other.blind_index("id_number", number) != sealer.blind_index("id_number", number)


def test_keys_do_not_show_in_a_repr() -> None:
    assert "1111" not in repr(KEYS)


def test_logs_hold_no_personal_data() -> None:
    line = redact(None, "info", {"event": "卡 522422195001010010 电话 13800138000", "phone": "x", "claim": "c" * 32})
    assert line == {"event": "卡 *** 电话 ***", "phone": "***", "claim": "c" * 32}
