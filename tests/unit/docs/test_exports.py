"""Every list that is offered as a file has a heading for every member of its rows, and the headings are Chinese."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.http.exports import Sheet

OPENAPI = Path(__file__).parents[3] / "docs/openapi"
SERVICES = {"enrollment": 4, "claims": 6, "settlement": 11, "performance": 1}
"""How many lists each service offers at least."""


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def places(document: dict[str, Any], schema: dict[str, Any], each: set[str]) -> set[str]:
    """Where the values of a row stand: its members, and those of the objects in its lists."""
    found = set()
    for name, member in schema["properties"].items():
        inner = resolved(document, member.get("items", {}))
        if name in each:
            found |= {f"*.{part}" for part in inner["properties"]} | ({"*"} if len(each) > 1 else set())
        elif "properties" in inner:
            found |= {f"{name}.{part}" for part in inner["properties"]}
        else:
            found.add(name)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_file_has_a_column_for_every_member_of_the_list(service: str) -> None:
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    offered = 0
    for path, operations in document["paths"].items():
        sheet = operations.get("get", {}).get("x-heyi-export")
        if sheet is None:
            continue
        offered += 1
        content = operations["get"]["responses"]["200"]["content"]
        assert {"application/json", "text/csv"} < set(content), path
        answer = resolved(document, content["application/json"]["schema"])
        listed = answer["properties"][sheet["items"]] if sheet["items"] else answer
        row = resolved(document, listed["items"])
        columns = set(sheet["columns"])
        around = {f"^.{name}" for name in answer.get("properties", {})}
        shown = {name.split(".")[0] if name.startswith("price_ceilings.") else name for name in columns - around}
        assert shown == places(document, row, set(sheet["each"])), path
        assert len(set(sheet["columns"].values())) == len(columns), f"{path}: two columns have one heading"
        english = Sheet(**sheet).in_language("en", operations["get"]["x-heyi-access"]["command"])
        assert len(set(english.columns.values())) == len(columns), f"{path}: two columns have one English heading"
        assert all(text.isascii() for text in (english.title, *english.columns.values())), path
        for text in (sheet["title"], *sheet["columns"].values()):
            assert any("一" <= character <= "鿿" for character in text), path
        assert len(sheet["title"]) <= 31, f"{path}: Excel takes no longer name"
    assert offered >= SERVICES[service]


def schema_at(document: dict[str, Any], schema: dict[str, Any], place: str) -> dict[str, Any]:
    """The schema of the value at a place of a row, without null and list."""
    for name in [*filter(None, place.split(".")), ""]:
        schema = resolved(document, schema)
        schema = next((resolved(document, one) for one in schema.get("anyOf", [schema]) if one.get("type") != "null"))
        schema = resolved(document, schema.get("items", schema))
        schema = schema.get("properties", {}).get(name, {}) if name else schema
    return schema


@pytest.mark.parametrize("service", SERVICES)
def test_every_code_of_an_enumeration_has_words_in_a_file(service: str) -> None:
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    enumerations = 0
    for path, operations in document["paths"].items():
        sheet = operations.get("get", {}).get("x-heyi-export")
        if sheet is None:
            continue
        answer = resolved(document, operations["get"]["responses"]["200"]["content"]["application/json"]["schema"])
        row = answer["properties"][sheet["items"]] if sheet["items"] else answer
        for place in sheet["columns"]:
            at = answer if place.startswith("^.") else row
            start = next(iter(sheet["each"]), "") + "." if place.startswith("*.") else ""
            schema = schema_at(document, at, start + place.removeprefix("^.").removeprefix("*.").rstrip("*"))
            codes = set(schema.get("enum", [schema["const"]] if "const" in schema else []))
            words = sheet["words"].get(place, {})
            enumerations += bool(codes)
            assert codes <= words.keys(), f"{path}: {place}"
            for chinese, english in words.values():
                assert any("一" <= character <= "鿿" for character in chinese), f"{path}: {place}"
                assert english.isascii(), f"{path}: {place}"
    assert enumerations >= {"enrollment": 2, "claims": 9}.get(service, 0)


WHOLE = {
    "catalogues": "a handful of versions",
    "areas": "the areas of one county",
    "policies": "a handful of versions of one county",
    "policy-findings": "the versions of one county that count now or later",
    "quote/policies": "the documents that stand in the repository",
    "bank-accounts": "three accounts",
    "books": "the books of one county",
    "accounts": "one chart",
    "charts": "the charts of one book",
    "available": "one chart",
    "balances": "one chart",
    "identities": "six",
    "money-ring": "the nodes of the ring",
    "settlement/payments": "at most 366 days of one hospital: a longer period is refused",
    "standards/review_time": "one a decision of the city",
    "indicators": "the indicators that there are",
    "campaigns": "at most one a year",
    "entitlements": "what one person was granted",
    "places": "the townships of one county",
    "money-order-kinds": "the kinds that there are",
    "non-executions": "one a payment of one order",
    "settlement/dues": "the words about four levels in one year",
    "township-floats": "the townships of one county",
    "papers": "the papers of one book's year",
    "voucher-forms": "at most 500 vouchers: a longer period is refused",
    "form": "one voucher",
    "attachments": "what was attached to one voucher",
    "persons-at-cap/counts": "the villages of one county by month",
}
"""Lists that are always answered whole, and why they can be."""


@pytest.mark.parametrize("service", SERVICES)
def test_a_list_has_pages_or_is_told_to_be_whole(service: str) -> None:
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    paged = 0
    for path, operations in document["paths"].items():
        read = operations.get("get", {})
        content = read.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        answer = resolved(document, content.get("schema", {}))
        members = answer.get("properties", {})
        parameters = {one["name"] for one in read.get("parameters", [])}
        if answer.get("type") != "array" and "items" not in members and "next_cursor" not in members:
            continue
        last = path.removeprefix("/v1/pools/{pool_code}/").removeprefix("/v1/").rsplit("}/", 1)[-1]
        whole = last in WHOLE or f"{service}/{last}" in WHOLE
        assert ({"cursor", "limit"} <= parameters and "next_cursor" in members) != whole, path
        paged += "next_cursor" in members
    assert paged
