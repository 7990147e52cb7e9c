"""Interfaces only grow: what breaks a client is found, what is added is let through."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.compatible import broken, broken_event

OLD: dict[str, Any] = {
    "paths": {
        "/v1/claims": {
            "post": {
                "parameters": [
                    {"in": "query", "name": "limit", "required": False, "schema": {"type": "integer", "maximum": 200}}
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}},
                },
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Told"}}}},
                    "422": {"content": {}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Ask": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["inpatient", "outpatient"]},
                    "note": {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}]},
                },
            },
            "Told": {
                "type": "object",
                "required": ["id", "parts"],
                "properties": {
                    "id": {"type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Told"}},
                },
            },
        }
    },
}
Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]
POST = ("/v1/claims", "post")


def changed(change: Change) -> dict[str, Any]:
    """The document after ``change(operation, request schema, answer schema)``."""
    new = copy.deepcopy(OLD)
    schemas = new["components"]["schemas"]
    change(new["paths"][POST[0]][POST[1]], schemas["Ask"], schemas["Told"])
    return new


BREAKS: dict[str, Change] = {
    "limit is gone": lambda post, ask, told: post["parameters"].clear(),
    "maximum is now 100": lambda post, ask, told: post["parameters"][0]["schema"].update(maximum=100),
    "parameter year is now required": lambda post, ask, told: post["parameters"].append(
        {"in": "query", "name": "year", "required": True, "schema": {}}
    ),
    "body.day: is now required": lambda post, ask, told: ask["required"].append("day"),
    "body.note: is gone": lambda post, ask, told: ask["properties"].pop("note"),
    "'outpatient' is no longer taken": lambda post, ask, told: ask["properties"]["kind"]["enum"].remove("outpatient"),
    "maxLength is now 20": lambda post, ask, told: ask["properties"]["note"]["anyOf"][0].update(maxLength=20),
    "body.note: type 'null'": lambda post, ask, told: ask["properties"].update(note={"type": "string"}),
    "201.id: is no longer always there": lambda post, ask, told: told["required"].remove("id"),
    "201.id: is gone": lambda post, ask, told: told["properties"].pop("id"),
    "201.id: type 'integer'": lambda post, ask, told: told["properties"]["id"].update(type="integer"),
    "201: is no longer answered": lambda post, ask, told: post["responses"].pop("201"),
}
ADDITIONS: dict[str, Change] = {
    "a route, a parameter": lambda post, ask, told: post["parameters"].append(
        {"in": "query", "name": "day", "required": False, "schema": {"type": "string"}}
    ),
    "a member of the request": lambda post, ask, told: ask["properties"].update(day={"type": "string"}),
    "a member of the answer": lambda post, ask, told: told["properties"].update(day={"type": "string"}),
    "a value that is taken": lambda post, ask, told: ask["properties"]["kind"]["enum"].append("maternity"),
    "a wider limit": lambda post, ask, told: ask["properties"]["note"]["anyOf"][0].update(maxLength=500),
    "another refusal": lambda post, ask, told: post["responses"].update({"409": {}}),
}


@pytest.mark.parametrize("told", BREAKS)
def test_a_broken_promise_is_named(told: str) -> None:
    found = list(broken(OLD, changed(BREAKS[told])))
    assert any(told in line for line in found), found


@pytest.mark.parametrize("added", ADDITIONS)
def test_additions_are_let_through(added: str) -> None:
    assert list(broken(OLD, changed(ADDITIONS[added]))) == []


def test_a_route_that_is_gone_is_named() -> None:
    assert list(broken(OLD, {"paths": {}})) == ["POST /v1/claims: is gone"]


def test_an_event_keeps_its_members() -> None:
    old = OLD["components"]["schemas"]["Told"] | {"$id": "settled.v1", "components": OLD["components"]}
    more = copy.deepcopy(old)
    more["properties"]["day"] = {"type": "string"}
    assert list(broken_event(old, more)) == []
    assert "settled.v1.id: is gone" in list(broken_event(old, old | {"properties": {"parts": {}}, "required": []}))
