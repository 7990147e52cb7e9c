"""What is wrong with a document that pydantic refused, in the office's language: on which line, and what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from services.claims.benefits import words
from services.claims.benefits.document import Finding, Path, PolicyErrors, Source
from services.claims.benefits.spelling import like, misspelt

_MESSAGES = {
    "missing": "缺少这一项",
    "string_too_short": "不能为空",
    "string_too_long": "不能超过 {max_length} 个字",
    "string_type": "写文字",
    "bool_parsing": "写 true 或 false",
    "bool_type": "写 true 或 false",
    "int_parsing": "写整数",
    "int_from_float": "写整数",
    "int_type": "写整数",
    "dict_type": "应是若干“名称: 值”",
    "model_type": "应是若干“名称: 值”",
    "model_attributes_type": "应是若干“名称: 值”",
    "list_type": "应是一个列表",
    "too_short": "至少写一项",
    "too_long": "最多写 {max_length} 项",
    "value_error": "{error}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
}
_OTHERWISE = "写法不对,请对照 policies/README.md"
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]{0,63}$": "只用小写英文字母、数字、“-”和“_”,以字母或数字开头,最多 64 个字",
    r"^[A-Za-z0-9._-]{1,32}$": "编码只用英文字母、数字、“.”、“_”和“-”,最多 32 个字",
    r"^[a-z0-9_.-]{1,64}$": "累计项的名称只用小写英文字母、数字、“_”、“.”和“-”",
    r"^[0-9.]{4,16}$": "科目写编码,例如 5001.01",
    r"^[0-9]{6}$": "统筹区编码是六位数字",
    r"^[A-Z0-9]{1,20}$": "机构编码只用大写英文字母和数字,最多 20 个字",
    r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$": "写数字,最多四位小数,不能为负",
}
"""What the patterns of the documents ask for."""
_CHOICES: dict[str, words.Words] = {
    "level": words.LEVELS,
    "ceilings": words.LEVELS,
    "place": words.PLACES,
    "ownership": words.OWNERSHIPS,
    "designation": words.DESIGNATIONS,
    "period": words.PERIODS,
    "kind": words.KINDS,
    "kinds": words.KINDS,
    "book": words.BOOKS,
    "risk_bearer": words.RISK_BEARERS,
    "circumstances": words.CIRCUMSTANCES,
    "decided": words.CIRCUMSTANCES,
    "class": words.ITEM_CLASSES,
    "scheme": words.SCHEMES,
    "base": words.BASES,
    "year_by": words.YEARS,
    "method": words.PAYMENT_METHODS,
    "third_party": words.THIRD_PARTIES,
}
"""The words of the values of a member."""
_QUOTE = "'"
_MOST_PLACES = 2
_EACH = "*"


def refused(source: Source, wrong: ValidationError, model: type[BaseModel]) -> PolicyErrors:
    """Every error of a validation, each with its line; `model` is what the whole document was read as."""
    return PolicyErrors([finding_of(source, error, model) for error in wrong.errors()])


def finding_of(source: Source, error: Any, model: type[BaseModel]) -> Finding:
    """One error with path and line."""
    if error["type"] == "extra_forbidden":
        return source.finding(error["loc"], _unknown(error["loc"], model))
    path = path_of(error["loc"])
    return source.finding(path, message_of(error) + _no_heir(source, path, error["type"]))


def _no_heir(source: Source, path: Path, kind: str) -> str:
    """Of a row that lacks a member: which inherited row it was perhaps meant to change."""
    row = path[:-1]
    if kind != "missing" or not row or row in source.inherited:
        return ""
    rows = [known[-1] for known in source.inherited if known[:-1] == row[:-1] and isinstance(known[-1], str)]
    meant = like(str(row[-1]), rows)
    return f"(所继承的方案里没有 {row[-1]}{meant})" if meant else ""


def message_of(error: Any) -> str:
    """What pydantic found wrong, in the office's language."""
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        return f"只能是 {_choices(path_of(error['loc']), context['expected'])} 之一"
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        codes = ", ".join(f"'{code}'" for code in words.PAYMENT_METHODS)
        return f"{context['discriminator'].strip(_QUOTE)} 只能是 {_choices(('method',), codes)} 之一"
    if error["type"] == "string_pattern_mismatch":
        return misformed(context["pattern"])
    if error.get("input") is None and error["type"] != "missing":
        return "没有写值"
    template = _MESSAGES.get(error["type"], _OTHERWISE)
    return template.format_map(context)


def misformed(pattern: str) -> str:
    """What a pattern of the documents asks for."""
    asked = _PATTERNS.get(pattern.replace(r"\d", "[0-9]"))
    return _OTHERWISE if asked is None else f"写法不对:{asked}"


def path_of(loc: tuple[int | str, ...]) -> Path:
    """The path in the document of a pydantic location, which ends with the name of a wrapped value or of a key.

    Anywhere else, and of a member that is not known, `value` is what somebody has written.
    """
    return loc[:-1] if loc and loc[-1] in ("value", "[key]") else loc


def choices(codes: Iterator[str] | list[str], table: words.Words) -> str:
    """`village(村级)、township(乡级)`: what may be written, and what it means."""
    return "、".join(f"{code}({words.word(table, code)})" if code in table else code for code in codes)


def _choices(path: Path, expected: str) -> str:
    names = [part for part in path if isinstance(part, str) and part in _CHOICES]
    return choices(re.findall(r"'([^']*)'", expected), _CHOICES[names[-1]] if names else {})


# ---------------------------------------------------------------- a member in the wrong place


def _unknown(path: Path, model: type[BaseModel]) -> str:
    """Why there is no such member here: misspelt, or right in another place."""
    key = str(path[-1])
    if told := misspelt(key):
        return told
    here = path[:-1]
    found = [place for place, name in _members(model, ()) if name == key]
    found.sort(key=lambda place: (-_shared(place, here), len(place)))
    if not found:
        return f"不认识这一项,请核对名称{_like(key, here, model)}"
    nearest = _shared(found[0], here)
    if nearest == len(found[0]) == len(here):
        return "这里所选的写法没有这一项,请去掉或改选"
    places = [".".join((*_shown(place, here), key)) for place in found if _shared(place, here) == nearest]
    return f"这一项不写在这里,应写作 {' 或 '.join(dict.fromkeys(places[:_MOST_PLACES]))}"


def _like(key: str, here: Path, model: type[BaseModel]) -> str:
    """The member of this place whose name is nearly the same."""
    return like(key, {name for place, name in _members(model, ()) if len(place) == len(here) == _shared(place, here)})


def _members(model: type[BaseModel], here: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(place, name) of every member that a document may have; a table's or list's rows are `*`."""
    for name, field in model.model_fields.items():
        written = field.alias or name
        yield here, written
        for inner, rows in _models(field.annotation, False):
            yield from _members(inner, (*here, written, _EACH) if rows else (*here, written))


def _models(annotation: Any, rows: bool) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models in the type of a member, and whether they are its rows; a single value with an origin is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if "value" not in annotation.model_fields:
            yield annotation, rows
        return
    origin = getattr(annotation, "__origin__", None)
    for inner in get_args(annotation):
        yield from _models(inner, rows or origin in (dict, list))


def _shared(place: tuple[str, ...], here: Path) -> int:
    """How many parts of the two paths agree from the top."""
    count = 0
    for one, other in zip(place, here, strict=False):
        if one not in (_EACH, other):
            break
        count += 1
    return count


def _shown(place: tuple[str, ...], here: Path) -> Iterator[str]:
    """The place with the names of the rows that the path goes through; a row of its own choice is an ellipsis."""
    agreed = _shared(place, here)
    for number, part in enumerate(place):
        yield str(here[number]) if number < agreed else "…" if part == _EACH else part
