"""Every refusal speaks one language at a time: no English words or codes in the Chinese text, nor the other way.

The texts are walked over as defined. The calls that raise them are read in the source: a parameter is declared as
neutral (an id, a day, an amount, a code), or it is words in both languages. What is raised while the other tests run
is checked as it is told (tests/conftest.py).
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import re
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from services.claims.benefits import engine
from services.claims.visits.problems import BAD_CLAIM_ZH
from services.claims.visits.schemas import Moment
from services.performance.indicators.api import MonthText
from shared.contracts.wire import JsonNumber, Quantity, Ratio, ShortId, UnitPrice, Yuan
from shared.db.numbers import Number
from shared.http.problems import from_validation
from shared.http.roles import ROLE_WORDS
from shared.http.wrong_forms import OF_PATTERN
from shared.kernel import errors
from shared.kernel.errors import Problem, ProblemType
from tests.support.services import SERVICES
from tests.support.words import NEUTRAL, mixed_problem, mixed_type

ROOT = Path(__file__).resolve().parents[2]
_TOLD_APART = {"errors", "retry_after_seconds"}


def _modules() -> Iterator[tuple[Path, ModuleType]]:
    for path in sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]):
        if "migrations" not in path.parts:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield path, importlib.import_module(name)


MODULES = list(_modules())
KINDS = sorted(errors._KINDS.values(), key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_kind_of_refusal_does_not_mix_languages(kind: ProblemType) -> None:
    assert mixed_type(kind) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_both_texts_tell_what_to_do_with_known_parameters(kind: ProblemType) -> None:
    chinese, english = (set(re.findall(r"\{(\w+)\}", text)) for text in (kind.detail_zh, kind.detail_en))
    assert kind.detail_zh.strip() and kind.detail_en.strip()
    assert chinese >= english - {"problem"}, "the Chinese text leaves out what the English one tells"


def test_every_call_gives_neutral_parameters_or_words_in_both_languages() -> None:
    found: list[str] = []
    calls = 0
    for path, module in MODULES:
        for function, call in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(_value(call.func, module), ProblemType):
                continue
            calls += 1
            for given in call.keywords:
                where = f"{path.relative_to(ROOT)}:{call.lineno}: {given.arg}={ast.unparse(given.value)}"
                if given.arg is None:
                    assert path.name == "refusals.py", where  # the database's own parameters, tested with the ledger
                elif given.arg not in _TOLD_APART and given.arg not in NEUTRAL:
                    found += [] if _is_words(given.value, module, function) else [where]
    assert found == []
    assert calls > 150, "the calls are no longer found in the source"


def test_every_contradiction_that_the_engine_finds_is_told_in_chinese() -> None:
    tree = ast.parse(Path(engine.__file__).read_text(encoding="utf-8"))
    raised = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "BadClaim"
        if isinstance(node.args[0], ast.Constant)
    }
    assert raised == BAD_CLAIM_ZH.keys()


def test_the_page_has_words_for_every_role() -> None:
    text = (ROOT / "console/src/words.js").read_text(encoding="utf-8")
    block = text.split("const ROLES = {")[1].split("};")[0]
    on_the_page = dict(re.findall(r'(\w+): \["([^"]+)", "[^"]+"\]', block))
    assert on_the_page == {role: zh for role, (zh, _) in ROLE_WORDS.items()}


def test_a_wrong_form_is_told_in_one_language_too() -> None:
    choice = {"msg": "Input should be 'a' or 'b'", "type": "literal_error", "ctx": {"expected": "'a' or 'b'"}}
    wrong = (
        {"msg": "Field required", "type": "missing"},
        {"msg": "Value error, 不可以 / not that", "type": "value_error"},
        choice,
    )
    problem = from_validation([{"loc": ("body", "day")} | one for one in wrong])
    assert [one["reason"] for one in problem.body("zh")["errors"]] == ["缺少这一项", "不可以", "只能是 “a”或“b”"]
    assert [one["reason"] for one in problem.body("en")["errors"]] == ["Field required", "not that", choice["msg"]]


@pytest.mark.parametrize(
    ("form", "given", "zh", "en"),
    [
        (Yuan, "40", "两位小数", "two places"),
        (Yuan, "40.0", "两位小数", "two places"),
        (Yuan, "40.001", "两位小数", "two places"),
        (Yuan, "1,000.00", "不加逗号", "no commas"),
        (Yuan, JsonNumber(40), "双引号", "as a string"),
        (UnitPrice, "1.2345678", "六位小数", "six places"),
        (Quantity, "2片", "四位小数", "four places"),
        (Ratio, "70%", "“0.7000”", '"0.7000"'),
        (date, "2010-02-30", "年-月-日", "year-month-day"),
        (date, "20100301", "年-月-日", "year-month-day"),
        (Moment, "2010-03-08", "2010-03-08T09:00:00", "2010-03-08T09:00:00"),
        (datetime, "昨天", "2010-03-08T09:00:00", "2010-03-08T09:00:00"),
        (MonthText, "2010-13", "年-月", "year-month"),
        (UUID, "…", "编号", "id"),
        (ShortId, "不是编号", "编号", "id"),
        (ShortId, "Z" * 26, "编号", "id"),
        (int, "二〇一〇", "整数", "whole number"),
        (bool, "是", "true", "true"),
        (Number, "123", "统筹区-日期-序号", "pool-day-serial"),
        (Literal["a", "b"], "c", "“a”或“b”", "'a' or 'b'"),
    ],
)
def test_a_wrong_form_is_told_with_what_to_write(form: Any, given: Any, zh: str, en: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        TypeAdapter(form).validate_python(given)
    problem = from_validation(list(wrong.value.errors()))
    assert mixed_problem(problem) == []
    chinese, english = (problem.body(language)["errors"][0]["reason"] for language in ("zh", "en"))
    assert zh in chinese and en in english


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_a_request_has_words(service: str) -> None:
    document = json.loads((ROOT / f"docs/openapi/{service}.json").read_text(encoding="utf-8"))
    asked = [
        part
        for operations in document["paths"].values()
        for operation in operations.values()
        for part in (operation.get("parameters"), operation.get("requestBody"))
    ]
    patterns = set(_patterns(asked, document["components"]["schemas"], set()))
    assert patterns and patterns - WRITTEN_AS_NUMBERS <= OF_PATTERN.keys()


WRITTEN_AS_NUMBERS = {TypeAdapter(form).json_schema()["pattern"] for form in (UnitPrice, Quantity, Ratio)}
"""Patterns for readers of the document: these forms are read by functions that tell themselves what is wrong."""


def _patterns(part: Any, schemas: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """The patterns of a part of an OpenAPI document, references followed."""
    if isinstance(part, list):
        for one in part:
            yield from _patterns(one, schemas, seen)
    elif isinstance(part, Mapping):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
        if name and name not in seen:
            seen.add(name)
            yield from _patterns(schemas[name], schemas, seen)
        for one in part.values():
            yield from _patterns(one, schemas, seen)


def test_the_check_bites() -> None:
    planted = ProblemType("planted", 409, "状态", "State", "状态是 {status}。", "It is {status}.")
    assert mixed_type(planted) == []
    assert mixed_problem(planted(status="released")) == ["planted: 'released' in “状态 状态是 released。”"]
    assert mixed_problem(planted(status=("已放行", "已放行"))) == ["planted: Chinese in 'State It is 已放行.'"]
    assert mixed_problem(planted(status=("已放行", "released"))) == []
    assert isinstance(planted(day=1), Problem)


# -- reading the source


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Calls of names in capitals with the function around them."""

    def walk(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            inside = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            if isinstance(child, ast.Call):
                yield function, child
            yield from walk(child, inside)

    return walk(tree, tree)


def _value(node: ast.expr, module: ModuleType) -> Any:
    """What a name of a module stands for; None where only the run can tell."""
    if isinstance(node, ast.Name):
        return getattr(module, node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, module)
        return getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
    return None


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _is_words(node: ast.expr, module: ModuleType, function: ast.AST) -> bool:
    """Whether an expression can only be (Chinese, English), or a number."""
    if isinstance(node, ast.Tuple):
        return len(node.elts) == 2
    if isinstance(node, ast.BoolOp):
        return all(_is_words(one, module, function) for one in node.values)
    if isinstance(node, ast.IfExp):
        return _is_words(node.body, module, function) and _is_words(node.orelse, module, function)
    if isinstance(node, ast.Subscript):
        table = _value(node.value, module)
        return isinstance(table, Mapping) and all(_is_pair(words) for words in table.values())
    if isinstance(node, ast.Call):
        made = _value(node.func, module)
        return callable(made) and typing.get_type_hints(made).get("return") == errors.Words
    value = _value(node, module)
    if value is not None:
        return _is_pair(value) or isinstance(value, int)
    return isinstance(node, ast.Name) and _local_words(node.id, module, function)


def _local_words(name: str, module: ModuleType, function: ast.AST) -> bool:
    """Whether a local name is a parameter declared as words, or is given words at each assignment."""
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        declared = {one.arg: one.annotation for one in [*function.args.args, *function.args.kwonlyargs]}
        if (annotation := declared.get(name)) is not None:
            return ast.unparse(annotation) in ("Words", "tuple[str, str]", "int")
    given = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    return bool(given) and all(_is_words(one, module, function) for one in given)
