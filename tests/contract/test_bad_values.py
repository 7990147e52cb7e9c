"""Bad values in every place where a route takes one: each is told as an error of the caller, never as one of ours.

The places come from the OpenAPI documents, so a new route is tried without anybody thinking of it.
"""

import base64
import json
import re
import re._parser as grammar  # type: ignore[import-not-found]
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from shared.contracts.wire import FREE_TEXT_MARK
from tests.contract.access import Route, declared, routes
from tests.contract.test_access import FILLED, NOBODY_ANSWERS, OWN, OWN_INSTITUTION, SOME_ID
from tests.support.services import SERVICES, RunningApp
from tests.support.tokens import TestTokens

INTEGERS = (10**20, -(10**20), 2**63, 2**31, -1)
TEXTS = ("\0", "a\0b", "%", "'", "\U0001f3e5" * 300)
PHONE = "请联系 13812345678"
NOT_FREE = {
    ("enrollment", "RemittanceBody", "receipt_numbers"): "numbers of receipt books, looked up",
    ("enrollment", "NewbornBody", "id_number"): "is the ID number; sealed in its column",
    ("enrollment", "SponsorshipBody", "group"): "a code, checked against the list",
    ("claims", "ElsewhereIn", "scheme"): "a code of a scheme",
    ("claims", "ElsewhereIn", "settlement"): "the number of a settlement",
    ("claims", "ElsewhereIn", "id_number"): "is the ID number; compared by its blind index, not kept",
    ("claims", "GivenIn", "scheme"): "a code of a scheme",
    ("claims", "GivenIn", "settlement"): "the number of a settlement",
    ("claims", "WindowVisitIn", "institution_number"): "the number of a visit in its hospital",
    ("claims", "WindowVisitIn", "id_number"): "is the ID number; compared by its blind index, not kept",
    ("settlement", "StatedIn", "figure"): "the name of a figure, looked up",
    ("claims", "PaperIn", "reference"): "the number of a paper",
    ("claims", "SelectionIn", "groups"): "groups of the policy, looked up",
    ("claims", "SelectionIn", "diseases"): "codes of diseases",
    ("claims", "LookupIn", "id_number"): "is the ID number; only its blind index is used",
    ("claims", "AgreementIn", "bank_account"): "is the account; sealed in its column",
    ("claims", "AgreementIn", "bank_name"): "a bank's name, with the account",
    ("claims", "AgreementIn", "payee"): "an institution's name, with the account",
    ("claims", "InstitutionIn", "name"): "an institution's name",
    ("claims", "ItemWire-Input", "code"): "a code of the catalogue",
    ("claims", "ItemWire-Input", "name"): "a name of the catalogue",
    ("claims", "ItemWire-Input", "restriction"): "a clause of the catalogue",
    ("claims", "LineIn", "item_code"): "a code of the hospital's",
    ("claims", "LineIn", "item_name"): "a name of the hospital's catalogue",
    ("claims", "VisitIn", "institution_number"): "the hospital's own number of the visit",
    ("settlement", "LineIn", "counterparty"): "the bank's words; sealed in their column",
    ("settlement", "LineIn", "text"): "the bank's words; sealed in their column",
    ("settlement", "LineIn", "reference"): "the bank's number",
    ("settlement", "BankAccountIn", "bank_name"): "a bank's name, with the account",
    ("settlement", "BankAccountIn", "holder_name"): "who holds the account, with it",
    ("settlement", "PayeeIn", "bank_name"): "a bank's name, with the account",
    ("settlement", "PayeeIn", "payee_name"): "who is paid, with the account",
}
"""Texts that are no free texts, and why."""
CODES = {"topic", "policy", "disease", "diagnosis_code", "institution_code", "member_id", "account",
         "groups", "disease_code", "accept_illustrative"}  # fmt: skip
"""Members whose values are compared with what is known and kept nowhere else."""


class Document:
    """An OpenAPI document with what can be sent to its routes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths = document["paths"]
        self.schemas = document.get("components", {}).get("schemas", {})

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself, without reference and without null."""
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rsplit("/", 1)[-1]]
            else:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        return schema

    def parameters(self, route: Route) -> list[dict[str, Any]]:
        """Path and query parameters of a route."""
        given = self.paths[route.path][route.method].get("parameters", [])
        return [one for one in given if one["in"] in ("path", "query")]

    def body(self, route: Route) -> dict[str, Any] | None:
        """The schema of a route's JSON body."""
        content = self.paths[route.path][route.method].get("requestBody", {}).get("content", {})
        return self.resolved(content["application/json"]["schema"]) if "application/json" in content else None

    def sample(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """A value of the declared form; what is not required is left out below the first level."""
        schema = self.resolved(schema)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        if schema.get("type") == "object" or "properties" in schema:
            wanted = schema.get("required", []) if depth else schema.get("properties", {})
            return {name: self.sample(schema["properties"][name], depth + 1) for name in wanted}
        if schema.get("type") == "array":
            return [self.sample(schema["items"], depth + 1)] if schema.get("maxItems", 1) else []
        return _plain(schema)

    def places(self, schema: dict[str, Any], value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Each place in a sample that holds a text or a number."""
        schema = self.resolved(schema)
        if isinstance(value, dict):
            for name, part in value.items():
                yield from self.places(schema["properties"][name], part, (*at, name))
        elif isinstance(value, list):
            for number, part in enumerate(value):
                yield from self.places(schema["items"], part, (*at, number))
        else:
            yield at

    def at(self, schema: dict[str, Any], place: tuple[Any, ...]) -> dict[str, Any]:
        """The schema of a place."""
        for step in place:
            schema = self.resolved(schema)
            schema = schema["items"] if isinstance(step, int) else schema["properties"][step]
        return schema


def _plain(schema: dict[str, Any]) -> Any:
    if schema.get("type") == "integer":
        return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
    if schema.get("type") == "boolean":
        return False
    form = {"date": "2010-03-01", "date-time": "2010-03-01T00:00:00Z", "uuid": SOME_ID}.get(schema.get("format", ""))
    if form is None and "examples" in schema:
        form = schema["examples"][0]
    if form is None and "pattern" in schema:
        form = matching(schema["pattern"])
    return form or "x" * max(schema.get("minLength", 1), 1)


def matching(pattern: str) -> str:
    """A text that a pattern takes, as short as it allows."""

    def of(parts: Any) -> str:
        return "".join(one(*part) for part in parts)

    def one(kind: Any, what: Any) -> str:
        name = str(kind)
        if name == "LITERAL":
            return chr(what)
        if name == "IN":
            return one(*what[0])
        if name == "RANGE":
            return chr(what[0])
        if name == "CATEGORY":
            return "1"
        if name == "MAX_REPEAT":
            return of(what[2]) * what[0]
        if name == "SUBPATTERN":
            return of(what[3])
        if name == "BRANCH":
            return of(what[1][0])
        return ""

    found = of(grammar.parse(pattern))
    assert re.search(pattern, found), f"no sample for {pattern}"
    return found


def with_value(sample: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of a sample with another value at one place."""
    changed = json.loads(json.dumps(sample))
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return changed


def cursors() -> list[str]:
    """Texts that are no cursor of ours, some of them well formed."""
    parts: list[Any] = [None, "x", "", 10**30, -1, 1.5, "\0", [], {"a": 1}, "2010-13-45", SOME_ID, True, "9" * 30]
    keys = [[part] * count for part in parts for count in (1, 2, 3, 4)] + [[SOME_ID, 10**30], ["2010-03-01", "\0"]]
    written = [base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=") for key in keys]
    return [*written, "", "AA", "====", "e30", "bnVsbA", "中"]


def values_of(parameter: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """What to try in a parameter."""
    if parameter["name"] == "cursor":
        return list(cursors())
    if schema.get("type") == "integer":
        return list(INTEGERS)
    return list(TEXTS) if schema.get("type") == "string" else []


def tries(document: Document, route: Route) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Path, query and body of each try of a route, one bad value in each."""
    body_schema = document.body(route)
    body = None if body_schema is None else document.sample(body_schema)
    path = {"pool_code": OWN, "institution_code": OWN_INSTITUTION}
    query: dict[str, Any] = {}
    for parameter in document.parameters(route):
        schema = document.resolved(parameter["schema"])
        if parameter["in"] == "path":
            path.setdefault(parameter["name"], FILLED.get(parameter["name"]) or _plain(schema))
        elif parameter.get("required"):
            query[parameter["name"]] = _plain(schema)
    yield route.path.format_map(path), query, body
    for parameter in document.parameters(route):
        for value in values_of(parameter, document.resolved(parameter["schema"])):
            if parameter["in"] == "path":
                yield route.path.format_map(path | {parameter["name"]: _in_path(value)}), query, body
            else:
                yield route.path.format_map(path), query | {parameter["name"]: value}, body
    for place in document.places(body_schema, body) if body_schema else ():
        kind = document.resolved(document.at(body_schema or {}, place)).get("type")
        for value in INTEGERS if kind == "integer" else ("a\0b", "\U0001f3e5" * 300, "9" * 40, 10**20, None):
            yield route.path.format_map(path), query, with_value(body, place, value)


def _in_path(value: Any) -> str:
    return quote(str(value), safe="")


@pytest.mark.parametrize("service", SERVICES)
async def test_no_bad_value_is_an_error_of_ours(
    apps: dict[str, RunningApp], tokens: TestTokens, service: str, capfd: pytest.CaptureFixture[str]
) -> None:
    document = Document(apps[service].app.openapi())
    found: Counter[str] = Counter()
    wrong = []
    for route in routes(service, apps[service].app.openapi()):
        rule = declared(service)[route.name]
        role = sorted(rule.roles)[0] if rule.roles else "auditor"
        headers = tokens.headers(role, pools=(OWN,), institutions=(OWN_INSTITUTION,))
        for path, query, body in tries(document, route):
            answer = await apps[service].client.request(
                route.method, path, params=query, json=body, headers=headers | {"Idempotency-Key": str(uuid4())}
            )
            found[f"{answer.status_code // 100}xx"] += 1
            problem = answer.json() if answer.status_code >= 500 else {}
            if problem and problem["code"] not in NOBODY_ANSWERS:
                wrong.append(f"{route.name}: {path} {query} {body}: {answer.status_code} {problem['code']}")
    assert "refusal not audited" not in capfd.readouterr().out
    assert wrong == []
    assert found["4xx"] > 100


@pytest.mark.parametrize("service", SERVICES)
async def test_a_number_of_a_person_in_a_free_text_is_refused_by_name(
    apps: dict[str, RunningApp], tokens: TestTokens, service: str
) -> None:
    document = Document(apps[service].app.openapi())
    asked = 0
    for route in routes(service, apps[service].app.openapi()):
        schema = document.body(route)
        body = document.sample(schema) if schema else None
        for place in document.places(schema, body) if schema else ():
            if FREE_TEXT_MARK not in document.resolved(document.at(schema or {}, place)):
                continue
            asked += 1
            role = sorted(declared(service)[route.name].roles)[0]
            headers = tokens.headers(role, pools=(OWN,), institutions=(OWN_INSTITUTION,))
            path = next(iter(tries(document, route)))[0]
            answer = await apps[service].client.request(
                route.method,
                path,
                json=with_value(body, place, PHONE),
                headers=headers | {"Idempotency-Key": str(uuid4())},
            )
            told = {one["at"]: one["reason"] for one in answer.json().get("errors", [])}
            name = ".".join(map(str, ("body", *place)))
            assert (answer.status_code, "请删去" in told.get(name, "")) == (422, True), f"{route.name} {name}: {told}"
    assert asked, "no free text at all"


@pytest.mark.parametrize("service", SERVICES)
async def test_every_text_of_a_body_is_free_or_explained(apps: dict[str, RunningApp], service: str) -> None:
    document = Document(apps[service].app.openapi())
    for route in routes(service, apps[service].app.openapi()):
        for name in _models(document, document.paths[route.path][route.method].get("requestBody", {})):
            for member, schema in document.schemas[name].get("properties", {}).items():
                form = document.resolved(schema)
                form = document.resolved(form["items"]) if form.get("type") == "array" else form
                plain = form.get("type") == "string" and not {"pattern", "enum", "format", "const"} & set(form)
                an_id = form.get("minLength") == form.get("maxLength") == 26  # read as an id, 26 characters
                if plain and not an_id and member not in CODES and FREE_TEXT_MARK not in form:
                    assert (service, name, member) in NOT_FREE, (
                        f"{service} {name}.{member}: a free text, or say why not"
                    )


def _models(document: Document, part: Any) -> set[str]:
    """Names of the models that a part of the document refers to, through all levels."""
    if isinstance(part, list):
        return {name for one in part for name in _models(document, one)}
    if not isinstance(part, dict):
        return set()
    found = {name for one in part.values() for name in _models(document, one)}
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        found |= {name} | _models(document, document.schemas[name])
    return found
