"""Capital numerals, as on receipts and vouchers."""

import pytest

from shared.kernel.money import capital_yuan


@pytest.mark.parametrize(
    ("amount_fen", "capital"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (10_000, "壹佰元整"),
        (1_025_006, "壹万零贰佰伍拾元零陆分"),
        (1_000_506, "壹万零伍元零陆分"),
        (10_700_053, "壹拾万零柒仟元伍角叁分"),
        (100_100_000, "壹佰万零壹仟元整"),
        (10_001_000_000, "壹亿零壹万元整"),
        (1_234_567_890_123, "壹佰贰拾叁亿肆仟伍佰陆拾柒万捌仟玖佰零壹元贰角叁分"),
        (-1_250, "负壹拾贰元伍角整"),
    ],
)
def test_capital_numerals(amount_fen: int, capital: str) -> None:
    assert capital_yuan(amount_fen) == capital
