"""ID numbers in free texts are found however they are written; other numbers are left alone."""

import pytest

from services.enrollment.registry.texts import cursor_text, holds_id_number

NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"本人{NUMBER}的申请",
        "11010519491231002x",
        "110105 19491231 002X",
        "110105-1949-1231-002X",
        "R11010519491231002X001",
        "110105194912310021 11010519491231002X",
        "11010519491231002X",
        "2010-02-01 11010519491231002X",
    ],
)
def test_a_number_is_found(text: str) -> None:
    assert holds_id_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "毕署〔2009〕12号", "110105194912310021", "R000001", "13800000000", "2010-02-01 至 2010-12-31", "1" * 30],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert not holds_id_number(text)


@pytest.mark.parametrize("part", [1, None, ["x"], "a\0b", "\ud800"])
def test_a_cursor_holds_texts_that_a_column_can_hold(part: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        cursor_text(part)
