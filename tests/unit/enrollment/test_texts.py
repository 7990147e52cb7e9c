"""Parts of cursors of the register."""

import pytest

from services.enrollment.registry.texts import cursor_text


@pytest.mark.parametrize("part", [1, None, ["x"], "a\0b", "\ud800"])
def test_a_cursor_holds_texts_that_a_column_can_hold(part: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        cursor_text(part)
