"""Wire forms as pydantic types (contracts §3): strings outside, integers inside, JSON numbers refused."""

import unicodedata
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.kernel import money
from shared.kernel.disclosure import has_personal_number
from shared.kernel.ids import from_base32, to_base32


class JsonNumber(int):
    """A whole number as it stood in a JSON body: the edge parses to this type, so that an amount can refuse it."""


def _from_text(parse: Callable[[str], int], what: str, example: str) -> BeforeValidator:
    def read(value: Any, info: Any) -> int:
        own = isinstance(value, int) and not isinstance(value, bool | JsonNumber) and info.mode == "python"
        if own:
            return int(value)  # our own code fills the model with the integer form
        if not isinstance(value, str):
            raise ValueError(
                f"要写成带双引号的字符串(如“{example}”),不能是 JSON 数字"
                f" / {what} is written as a string, never as a JSON number"
            )
        return parse(value)

    return BeforeValidator(read)


def _number(parse: Any, form: Any, pattern: str, what: str, example: str) -> Any:
    schema = {"type": "string", "pattern": pattern, "description": what, "examples": [example]}
    written = PlainSerializer(form, return_type=str, when_used="json")
    return Annotated[int, _from_text(parse, what, example), written, WithJsonSchema(schema)]


Yuan = _number(
    money.parse_yuan,
    money.format_yuan,
    r"^-?(0|[1-9]\d{0,12})\.\d{2}$",
    "an amount of yuan with exactly two places",
    "123.45",
)
UnitPrice = _number(
    money.parse_unit_price,
    money.format_unit_price,
    r"^(0|[1-9]\d{0,9})(\.\d{1,6})?$",
    "a unit price in yuan with up to six places",
    "1.250000",
)
Quantity = _number(
    money.parse_quantity,
    money.format_quantity,
    r"^-?(0|[1-9]\d{0,9})(\.\d{1,4})?$",
    "a quantity with up to four places",
    "2",
)
Ratio = _number(money.parse_ratio, money.format_ratio, r"^[01]\.\d{4}$", "a ratio with four places", "0.7000")


def _identifier(value: Any) -> Any:
    """The id of its 26 characters; anything else as it is, for pydantic to judge and to tell."""
    try:
        return from_base32(value) if isinstance(value, str) else value
    except ValueError:
        return value


ShortId = Annotated[
    UUID,
    BeforeValidator(_identifier),
    PlainSerializer(to_base32, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "minLength": 26, "maxLength": 26}),
]
"""An id in its 26 characters, as hospitals carry it."""


def _names_nobody(text: str) -> str:
    if has_personal_number(text):
        raise ValueError(
            "不能写身份证号、银行卡号或电话号码,请删去后重发;要指明某人某事,请写参合编号、结算编号或单据号 / "
            "must hold no ID, bank card or telephone number: take it out and send again, naming a member or document"
        )
    return text


FREE_TEXT_MARK = "x-heyi-text"
_NAMES_NOBODY = AfterValidator(_names_nobody)
_MARKED = Field(json_schema_extra={FREE_TEXT_MARK: "free"})
FreeText = Annotated[str, Field(max_length=200), _NAMES_NOBODY, _MARKED]
"""What a person writes in his own words (a reason, note, title, document number), 200 characters at most.

An ID, bank card or telephone number in it is refused: such texts are shown to others, exported and kept.
"""
Reason = Annotated[FreeText, Field(min_length=1)]
"""A free text that cannot be left empty."""


_BREAKS = frozenset({"Cc", "Zl", "Zp"})
_NO_CHARACTERS = frozenset("\ufffe\uffff")


def _one_line(text: str) -> str:
    if any(unicodedata.category(one) in _BREAKS or one in _NO_CHARACTERS for one in text):
        raise ValueError(
            "只能写一行,请删去换行、制表符和看不见的控制字符后重发"
            " / must be one line: take out line breaks, tabs and control characters and send again"
        )
    return text


_ONE_LINE = AfterValidator(_one_line)
Line = Annotated[Reason, _ONE_LINE]
"""A free text of one line: it stands on a voucher, whose records are framed by TAB and line break."""
Name = Annotated[str, Field(min_length=1, max_length=200), _ONE_LINE]
"""What somebody, or a bank, is called, as it stands in a payment file: XML holds no control characters."""


class WireModel(BaseModel):
    """Base of requests, answers and event payloads: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="hex", val_json_bytes="hex")
