"""What pydantic finds wrong in a document, told in the office's language with the path of the document."""

from __future__ import annotations

from typing import Any

from services.claims.benefits.document import Path

_MESSAGES = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项,请核对名称",
    "string_pattern_mismatch": "写法不对,应符合 {pattern}",
    "string_too_short": "不能为空",
    "date_from_datetime_parsing": "日期写作 2010-01-01",
    "date_parsing": "日期写作 2010-01-01",
    "bool_parsing": "写 true 或 false",
    "int_parsing": "写整数",
    "dict_type": "应是若干“名称: 值”",
    "model_type": "应是若干“名称: 值”",
    "model_attributes_type": "应是若干“名称: 值”",
    "list_type": "应是一个列表",
    "too_short": "至少写一项",
    "literal_error": "只能是 {expected} 之一",
    "value_error": "{error}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
}


def message_of(error: Any) -> str:
    """What pydantic found wrong, in the office's language."""
    template = _MESSAGES.get(error["type"])
    return template.format_map(error.get("ctx", {})) if template else str(error["msg"])


def path_of(loc: tuple[int | str, ...]) -> Path:
    """The path in the document of a pydantic location, which also names wrapped values and keys."""
    return tuple(part for part in loc if part not in ("value", "[key]"))
