"""Every body that a guide shows is one that its route takes: members, codes, forms; a placeholder stands in <…>."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
_TOKEN = re.compile(
    r"(?P<method>POST|PUT) /(?P<service>enrollment|claims|settlement|performance)(?P<path>/v1/[^\s`?,;▸)]*)"
    r"|```json\n(?P<block>.*?)```|`(?P<inline>\{\"[^`]*\})`|^(?P<plain>\{\".*?)```",
    re.DOTALL | re.MULTILINE,
)
_NOT_JSON = "自己的键"
"""How the guides show a line of NDJSON, whose body is described and not given."""
LEAST = {"county-office": 14, "fund-accountant": 2, "hospital-developer": 5, "insurer-back-office": 6,
         "regulator": 3, "township-clerk": 4}  # fmt: skip


@cache
def document(service: str) -> dict[str, Any]:
    """The OpenAPI document of a service."""
    read: dict[str, Any] = json.loads((ROOT / f"docs/openapi/{service}.json").read_text())
    return read


def shown(page: Path) -> Iterator[tuple[str, str, str, str]]:
    """Method, service, path and the body shown after it."""
    route = ("", "", "")
    for token in _TOKEN.finditer(page.read_text()):
        if token["method"]:
            route = (token["method"], token["service"], token["path"])
        elif _NOT_JSON not in (body := token["block"] or token["inline"] or token["plain"]):
            yield *route, body


def faults(service: str, schema: dict[str, Any], value: Any, at: str = "") -> Iterator[str]:
    """What of a value its schema does not take."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = document(service)["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        else:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    if isinstance(value, dict):
        members = schema.get("properties", {})
        yield from (f"{at}.{name} does not exist" for name in value.keys() - members.keys())
        yield from (f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value)
        for name in value.keys() & members.keys():
            yield from faults(service, members[name], value[name], f"{at}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from faults(service, schema.get("items", {}), one, at + "[]")
    elif isinstance(value, str) and not value.startswith("<"):
        if value not in schema.get("enum", [value]) or schema.get("type") != "string":
            yield f"{at}: {value}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value} has another form"


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_body_that_a_guide_shows_is_taken_by_its_route(page: Path) -> None:
    wrong, checked = [], 0
    for method, service, path, text in shown(page):
        operation = document(service)["paths"][path][method.lower()]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        wrong += [f"{method} {path}{fault}" for fault in faults(service, schema, json.loads(text))]
        checked += 1
    assert wrong == []
    assert checked >= LEAST[page.stem]


def test_the_check_bites() -> None:
    schema = {"$ref": "#/components/schemas/CheckIn"}
    assert list(faults("claims", schema, {"endorsed": True, "note": "材料属实"})) == []
    found = list(faults("claims", schema, {"endorsed": True, "remark": "", "liability": "nobody"}))
    assert found == [".remark does not exist", ".note is missing", ".liability: nobody"]
