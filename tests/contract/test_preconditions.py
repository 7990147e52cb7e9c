"""What people edit in place: nobody's change is lost, on every PUT of the OpenAPI documents (contracts §13)."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.access import routes
from tests.contract.test_access import OWN
from tests.support.services import SERVICES, RunningApp
from tests.support.tokens import TestTokens

HOSPITAL = "H52242200009"
ADDED_ONLY = {
    ("enrollment", "/v1/areas/{area_code}/pools"): "a timeline of starts: what was recorded stays",
    ("enrollment", "/v1/areas/{area_code}/payers"): "a timeline of starts: what was recorded stays",
    ("enrollment", "/v1/pools/{pool_code}/standards/{year}"): "recorded once; a different one is refused",
    ("enrollment", "/v1/pools/{pool_code}/layers/{layer}/standards/{year}"): "recorded once, like that of a year",
    ("settlement", "/v1/pools/{pool_code}/books/{book}"): "opened once, empty",
    ("settlement", "/v1/pools/{pool_code}/institutions/{institution_code}/deposit-rate"): "a timeline of starts",
    ("claims", "/v1/pools/{pool_code}/visits/{visit_id}/elsewhere"): "of the visit's hospital alone, until it settles",
    ("claims", "/v1/pools/{pool_code}/visits/{visit_id}"): "made once; a different one is refused",
    ("claims", "/v1/pools/{pool_code}/window-visits/{visit_id}"): "made once; a different one is refused",
    ("performance", "/v1/working-days/{year}"): "adds the days named; days not named stay, all recordings are kept",
}
"""PUT routes that overwrite nothing, and why (decision 0041)."""


@dataclass(frozen=True)
class Editable:
    """A resource, who edits it, and how: ``body`` with one member changed."""

    service: str
    path: str
    role: str
    body: dict[str, Any]
    member: str
    values: tuple[str, str, str]
    shown: bool = True

    def with_value(self, number: int) -> dict[str, Any]:
        """The body of one edition."""
        return self.body | {self.member: self.values[number]}


NAMES = ("甲", "乙", "丙")
ACCOUNT = {"bank_name": "农行", "bank_ownership": "state_owned", "holder_name": "甲", "account_number": "62220000"}
EDITABLE = [
    Editable("enrollment", "/v1/areas/522422", "city_health", {"kind": "county"}, "name", NAMES),
    Editable("enrollment", f"/v1/pools/{OWN}", "city_health",
             {"area_code": "522422", "valid_from": "2010-01-01", "payers": {"county": "县财政局"}}, "name", NAMES),
    Editable("claims", f"/v1/institutions/{HOSPITAL}", "city_health",
             {"valid_from": "2010-01-01", "level": "county", "ownership": "public", "area_code": OWN}, "name", NAMES),
    Editable("claims", f"/v1/pools/{OWN}/agreements/{HOSPITAL}", "county_director",
             {"valid_from": "2010-01-01", "kinds": ["inpatient"], "payee": "甲", "bank_name": "农行",
              "bank_account": "6228480000", "document_number": "1", "decided_on": "2009-12-20"}, "grade", NAMES),
    Editable("claims", "/v1/catalogues/draft", "county_recheck",
             {"region": OWN, "effective_from": "2010-01-01"}, "title", NAMES),
    Editable("settlement", f"/v1/pools/{OWN}/bank-accounts/1001.02", "insurer_finance", ACCOUNT, "holder_name", NAMES),
    Editable("settlement", f"/v1/pools/{OWN}/payees/{HOSPITAL}", "county_director",
             {"payee_name": "甲", "account_number": "62220000"}, "bank_name", NAMES),
]  # fmt: skip


class Clerks:
    """Several people of one role at one resource."""

    def __init__(self, running: RunningApp, tokens: TestTokens, what: Editable) -> None:
        self._running, self._tokens, self._what = running, tokens, what

    def _headers(self, role: str, subject: str) -> dict[str, str]:
        return self._tokens.headers(role, subject=subject, pools=(OWN,))

    async def put(self, number: int, subject: str, key: str | None = None, **said: str) -> httpx.Response:
        headers = self._headers(self._what.role, subject) | {"Idempotency-Key": key or str(uuid4())}
        headers |= {name.replace("_", "-"): value for name, value in said.items()}
        body = self._what.with_value(number)
        return await self._running.client.put(self._what.path, json=body, headers=headers)

    async def get(self) -> httpx.Response:
        return await self._running.client.get(self._what.path, headers=self._headers(self._reader, "r"))

    @property
    def _reader(self) -> str:
        return "auditor" if self._what.service != "enrollment" else "county_director"


@pytest.mark.parametrize("what", EDITABLE, ids=lambda what: what.path)
async def test_the_second_of_two_is_told(apps: dict[str, RunningApp], tokens: TestTokens, what: Editable) -> None:
    clerks = Clerks(apps[what.service], tokens, what)
    made = await clerks.put(0, "a", If_None_Match="*")
    assert made.status_code in (200, 201), made.text
    again = await clerks.put(1, "a", If_None_Match="*")
    assert (again.status_code, again.json()["code"]) == (412, "exists_already")
    read = await clerks.get()
    assert read.status_code == 200, read.text
    tag = read.headers["ETag"]
    assert tag == made.headers["ETag"]
    blind = await clerks.put(1, "a")
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    assert "If-Match" in blind.json()["detail"]
    at_once = await asyncio.gather(
        *(clerks.put(1 + n, who, key=who + what.path, If_Match=tag) for n, who in enumerate("bc"))
    )
    assert sorted(answer.status_code for answer in at_once) == [200, 412], [answer.text for answer in at_once]
    first = next(answer for answer in at_once if answer.status_code == 200)
    late = next(answer for answer in at_once if answer.status_code == 412)
    assert late.json()["code"] == "precondition_failed"
    shown = await clerks.get()
    assert shown.headers["ETag"] == first.headers["ETag"] != tag
    won = at_once.index(first)
    assert shown.json()[what.member] == what.values[1 + won]
    replayed = await clerks.put(1 + won, "bc"[won], key="bc"[won] + what.path, If_Match=tag)
    assert (replayed.status_code, replayed.text) == (200, first.text)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    third = await clerks.put(2 - won, "d", If_Match=f'"other", {shown.headers["ETag"]}')
    assert third.status_code == 200, third.text


@pytest.mark.parametrize("service", SERVICES)
async def test_every_put_is_editable_or_adds_only(apps: dict[str, RunningApp], service: str) -> None:
    document = apps[service].app.openapi()
    for route in routes(service, document):
        if route.method not in ("put", "patch"):
            continue
        parameters = document["paths"][route.path][route.method].get("parameters", [])
        names = {one["name"].lower() for one in parameters if one["in"] == "header"}
        assert ("if-match" in names) != ((service, route.path) in ADDED_ONLY), route.name
        if "if-match" in names:
            assert "get" in document["paths"][route.path], f"{route.name}: nowhere to read the ETag"


async def test_a_header_is_no_filter(apps: dict[str, RunningApp], tokens: TestTokens) -> None:
    headers = tokens.headers("city_health", pools=(OWN,)) | {"Idempotency-Key": str(uuid4())}
    answer = await apps["enrollment"].client.put("/v1/areas/522422?if-match=x", json={}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "query.if-match")
