"""Texts of the register: free ones, numbers on paper, and parts of cursors."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.contracts.wire import FreeText
from shared.kernel.disclosure import has_id_number

ID_NUMBER_TOLD = "不能写身份证号 / an ID number does not belong here"


def without_id_number(number: str) -> str:
    """The number of a paper; raises ValueError where it holds an ID number."""
    if has_id_number(number):
        raise ValueError(ID_NUMBER_TOLD)
    return number


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
