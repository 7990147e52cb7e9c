"""The public keys that signed roots before the present one, as the settings name them."""

from datetime import date

import pytest

from services.settlement.ledger.signing import Signer, earlier_keys, key_id_of

PRESENT = Signer.from_hex("33" * 32).public_key
FIRST, SECOND = (Signer.from_hex(seed * 32).public_key for seed in ("44", "55"))


@pytest.mark.requirement("ZZ-35", "every key that signed roots is named with its days")
def test_earlier_keys_are_read_oldest_first() -> None:
    told = f"{SECOND.hex()}:2010-07-01:2011-12-31,{FIRST.hex()}:2009-01-01:2010-06-30"
    found = earlier_keys(told, PRESENT)
    assert [(key.key_id, key.first_day, key.last_day) for key in found] == [
        (key_id_of(FIRST), date(2009, 1, 1), date(2010, 6, 30)),
        (key_id_of(SECOND), date(2010, 7, 1), date(2011, 12, 31)),
    ]
    assert earlier_keys("", PRESENT) == ()


@pytest.mark.parametrize(
    "told",
    [
        "x",
        FIRST.hex(),
        f"{FIRST.hex()}:2009-01-01",
        f"{FIRST.hex()}:2009-01-01:later",
        f"{FIRST.hex()[2:]}:2009-01-01:2009-12-31",
        f"{FIRST.hex()}:2009-12-31:2009-01-01",
        f"{PRESENT.hex()}:2009-01-01:2009-12-31",
        f"{FIRST.hex()}:2009-01-01:2009-12-31,{FIRST.hex()}:2010-01-01:2010-12-31",
        f"{FIRST.hex()}:2009-01-01:2010-01-01,{SECOND.hex()}:2010-01-01:2010-12-31",
    ],
)
def test_what_is_not_named_right_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="EARLIER_PUBLIC_KEYS"):
        earlier_keys(told, PRESENT)
