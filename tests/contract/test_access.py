"""The authorisation matrix: every route of the OpenAPI files × every role × own pool, another's, no token.

Allowed cells are called without an idempotency key, so that they get past the rule and no further; forbidden ones must
be refused by name, and an answer to them must carry nothing of the other pool.
"""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.contract.access import Expected, Route, declared, routes
from tests.support.services import SERVICES, RunningApp
from tests.support.tokens import TestTokens

OWN, OTHER = "522422", "410182"
OWN_INSTITUTION, OTHER_INSTITUTION = "H52242200001", "H52242200002"
ROLES = (
    "hospital insurer_intake insurer_reviewer insurer_approver insurer_finance insurer_manager township_clerk "
    "township_director county_recheck county_inspector county_director city_health county_finance city_finance sponsor "
    "auditor insurance_regulator discipline supervisor coordination_secretary service operator"
).split()
"""Rulings §8, less the public, who have no token."""

PUBLIC_SIDE_ONLY = ("decision", "agreements", "institutions/{institution_code}", "standards")
FILLED = {"institution_code": OWN_INSTITUTION, "year": "2010", "day": "2010-03-01", "level": "county", "book": "basic",
          "account": "1002", "version": "2010", "region": "5224",
          "area_code": "52242201", "period": "2010-03", "township_code": "52242201",
          "blind_index": "00" * 32, "topic": "heyi.claims.claim.v1", "indicator": "review_time"}  # fmt: skip
NOBODY_ANSWERS = {"enrollment_silent"}
"""Peers are switched off here: a route that asks one may say so."""
SOME_ID = "0127e2f0-0000-7000-8000-000000000000"


def filled(route: Route, pool_code: str, institution_code: str = OWN_INSTITUTION) -> str:
    """The path with something in each parameter."""
    values = FILLED | {"pool_code": pool_code, "institution_code": institution_code}
    path = route.path
    while "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        path = path.replace("{" + name + "}", values.get(name, SOME_ID))
    return path


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_has_a_declared_rule(apps: dict[str, RunningApp], service: str) -> None:
    document = apps[service].app.openapi()
    expected = declared(service)
    assert {route.name for route in routes(service, document)} == set(expected)
    for route in routes(service, document):
        rule = document["paths"][route.path][route.method]["x-heyi-access"]
        assert Expected(rule["scope"], frozenset(rule["roles"])) == expected[route.name], route.name


@pytest.mark.requirement("ZZ-03", "no insurer role may decide policies, catalogues, agreements or standards")
@pytest.mark.requirement("ZZ-49", "functions kept by the public side are closed to insurer roles on every route")
@pytest.mark.parametrize("service", SERVICES)
def test_the_insurer_decides_nothing_that_belongs_to_the_public_side(service: str) -> None:
    for name, rule in declared(service).items():
        method, path = name.split(" ", 1)
        if method != "GET" and any(path.rstrip("/").endswith(end) for end in PUBLIC_SIDE_ONLY):
            assert not [role for role in rule.roles if role.startswith("insurer_")], name


@pytest.mark.parametrize("service", SERVICES)
async def test_matrix(apps: dict[str, RunningApp], tokens: TestTokens, service: str) -> None:
    expected = declared(service)
    cells: Counter[str] = Counter()
    for route in routes(service, apps[service].app.openapi()):
        rule = expected[route.name]
        for role in ROLES:
            for pool_code in (OWN, OTHER):
                found = await ask(apps[service], tokens, route, role, pool_code)
                assert found == wanted(rule, role, pool_code), f"{role} of {OWN}: {route.name} for {pool_code}"
                cells[found] += 1
        answer = await apps[service].client.request(route.method, filled(route, OWN))
        assert (answer.status_code == 401) == (rule.scope != "public"), f"no token: {route.name}"
        cells["no token"] += 1
    print(f"authorisation matrix of {service}: {sum(cells.values())} cells, {dict(cells)}")
    assert cells["forbidden_role"] and cells["forbidden_pool"], "a matrix that refuses nobody shows nothing"


def wanted(rule: Expected, role: str, pool_code: str) -> str:
    """What the declared table says of a cell."""
    if rule.scope == "public":
        return "admitted"
    if role not in rule.roles:
        return "forbidden_role"
    if rule.scope != "free" and pool_code == OTHER:
        return "forbidden_pool"
    return "admitted"


@cache
def _token(tokens: TestTokens, role: str) -> dict[str, str]:
    return tokens.headers(role, pools=(OWN,), institutions=(OWN_INSTITUTION,))


async def ask(running: RunningApp, tokens: TestTokens, route: Route, role: str, pool_code: str) -> str:
    """The refusal that a cell really gets, ``admitted`` for anything else that the edge lets pass."""
    path = filled(route, pool_code)
    answer = await running.client.request(route.method, path, headers=_token(tokens, role))
    assert answer.status_code != 401
    assert answer.status_code < 500 or answer.json()["code"] in NOBODY_ANSWERS, f"{role}: {route.name}: {answer.text}"
    code: Any = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else None
    if pool_code == OTHER and answer.status_code == 403:
        assert set(answer.json()) <= {"type", "title", "status", "code", "detail", "instance"}
    return code if code in ("forbidden_role", "forbidden_pool", "forbidden_institution") else "admitted"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_hospital_reaches_only_its_own_institution(
    apps: dict[str, RunningApp], tokens: TestTokens, service: str
) -> None:
    headers = tokens.headers("hospital", pools=(OWN,), institutions=(OWN_INSTITUTION,))
    for route in routes(service, apps[service].app.openapi()):
        rule = declared(service)[route.name]
        if "hospital" in rule.roles and "{institution_code}" in route.path and "{pool_code}" in route.path:
            answer = await apps[service].client.request(
                route.method, filled(route, OWN, OTHER_INSTITUTION), headers=headers
            )
            assert answer.json()["code"] == "forbidden_institution", route.name


@pytest.mark.parametrize("service", SERVICES)
async def test_a_filter_that_does_not_exist_is_refused_on_every_route(
    apps: dict[str, RunningApp], tokens: TestTokens, service: str
) -> None:
    for route in routes(service, apps[service].app.openapi()):
        rule = declared(service)[route.name]
        headers = _token(tokens, min(rule.roles)) if rule.roles else {}
        answer = await apps[service].client.request(
            route.method, filled(route, OWN), params={"no_such_filter": "1"}, headers=headers
        )
        assert answer.status_code == 422, route.name
        assert answer.json()["errors"][0]["at"] == "query.no_such_filter", route.name


@pytest.mark.parametrize("service", SERVICES)
async def test_a_bulk_route_asks_for_what_its_single_route_asks(apps: dict[str, RunningApp], service: str) -> None:
    document = apps[service].app.openapi()
    rules = {
        route.name: document["paths"][route.path][route.method]["x-heyi-access"] for route in routes(service, document)
    }
    singles = {name.replace(" /v1", " "): rule for name, rule in rules.items() if "bulk" in rule}
    many = {rule["bulk_of"]: (name, rule) for name, rule in rules.items() if "bulk_of" in rule}
    assert set(singles) == set(many)
    for name, single in singles.items():
        path, rule = many[name]
        assert (rule["roles"], rule["scope"]) == (single["roles"], single["scope"]), path
        operation = document["paths"][path.split(" ")[1]]["post"]
        line = operation["requestBody"]["content"]["application/x-ndjson"]["schema"]
        assert line["properties"]["body"]["$ref"].rsplit("/", 1)[1] in document["components"]["schemas"], path
        assert len(line["required"]) == 2 + name.count("{") - path.count("{"), path


def test_a_route_without_a_rule_cannot_be_declared() -> None:
    from shared.http.edge import ServiceRouter

    router = ServiceRouter()
    with pytest.raises(ValueError, match="needs openapi_extra=access"):
        router.get("/open")(lambda: None)
