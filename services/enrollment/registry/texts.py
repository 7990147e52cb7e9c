"""Texts and numbers that people write: an ID number does not belong there, since they are shown and published."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.contracts.wire import FreeText
from shared.kernel.id_numbers import check_character

ID_NUMBER_TOLD = "文字里不能写身份证号 / an ID number does not belong in this text"
_BETWEEN = re.compile(r"[\s.,,。、_'’`·\-]")
_LIKE_A_NUMBER = re.compile(
    r"(?=([0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]))"
)


def holds_id_number(text: str) -> bool:
    """Whether a resident ID number of 18 characters stands in a text, full-width, spaced or dashed ones included."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    return any(check_character(found[:17]) == found[17].upper() for found in _LIKE_A_NUMBER.findall(plain))


def without_id_number(text: str) -> str:
    """The text; raises ValueError where it holds an ID number."""
    if holds_id_number(text):
        raise ValueError(ID_NUMBER_TOLD)
    return text


def cursor_text(part: object) -> str:
    """A text as it stands in a cursor of ours; raises ValueError for anything that no column of ours holds."""
    if not isinstance(part, str) or "\0" in part:
        raise ValueError("not a text")
    part.encode()  # half of a surrogate pair raises UnicodeEncodeError, a ValueError
    return part


Text60 = Annotated[FreeText, Field(min_length=1, max_length=60)]
Reason = Annotated[FreeText, Field(min_length=2)]
ReceiptNumber = Annotated[
    str, Field(min_length=1, max_length=30, pattern=r"^[0-9A-Za-z-]+$"), AfterValidator(without_id_number)
]
"""The number printed on a receipt; a collector who writes an ID number there, letters around it, is told so."""
