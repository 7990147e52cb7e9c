"""Each write of claims sent twice at once: one effect, one answer. Every route, none left out."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.component.benefits.test_templates import CODE, TEMPLATE
from tests.component.claims import test_campaigns as campaigns
from tests.component.claims import test_increases as increases
from tests.component.claims import test_inquiry as inquiry
from tests.component.claims import test_payment_documents as documents
from tests.component.claims import test_window as window
from tests.component.claims.conftest import running_world
from tests.component.claims.reversing import let_go
from tests.component.claims.test_bulk import sheet, visit
from tests.component.claims.test_cancellation import _release as release_cancellation
from tests.component.claims.test_coverage import withdrawn as withdrawn_coverage
from tests.component.claims.test_entitlements import ID_NUMBER, checked, decided, given, submitted
from tests.component.claims.test_given_file import number, settlement, upload, workbook
from tests.component.claims.test_review import decide
from tests.component.claims.test_slips import withdrawn as withdraw_registration
from tests.component.claims.test_stating import in_force
from tests.component.claims.test_uploads import upload as upload_lines
from tests.component.claims.test_uploads import withdraw
from tests.component.claims.world import COUNTY, POOL, TOWNSHIP, VILLAGE, World, line
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.tokens import TestTokens
from tests.support.twice import TwiceTransport

NDJSON = {"Content-Type": "application/x-ndjson"}
YAML = {"Content-Type": "application/yaml"}
CHANGE_NOTHING_AGAIN = (
    "PUT /v1/institutions/{institution_code}",
    "PUT /v1/pools/{pool_code}/agreements/{institution_code}",
    "POST /v1/pools/{pool_code}/campaigns/{campaign_id}/names",
    "POST /v1/pools/{pool_code}/visits/{visit_id}/discharge",
    "PUT /v1/catalogues/{version}",
    "PUT /v1/pools/{pool_code}/visits/{visit_id}",
    "PUT /v1/pools/{pool_code}/window-visits/{visit_id}",
    "POST /v1/pools/{pool_code}/visits/{visit_id}/lines/{sheet}/withdrawal",
    "POST /v1/pools/{pool_code}/elsewhere-files",
    "POST /v1/pools/{pool_code}/elsewhere-replies",
)
"""Under another key they are done again, and find what they would do."""
ADD_AGAIN = (
    "POST /v1/pools/{pool_code}/window-visits/{visit_id}/papers",
    "POST /v1/pools/{pool_code}/campaigns/{campaign_id}/objections",
    "POST /v1/pools/{pool_code}/cases/{case_id}/objections",
    "POST /v1/pools/{pool_code}/campaigns/{campaign_id}/void-request",
    "POST /v1/pools/{pool_code}/campaigns/{campaign_id}/proposal",
    "POST /v1/pools/{pool_code}/campaigns/{campaign_id}/candidates",
    "PUT /v1/pools/{pool_code}/visits/{visit_id}/elsewhere",
    "POST /v1/pools/{pool_code}/visits/{visit_id}/lines",
    "POST /v1/catalogues/{version}/items",
    "POST /v1/pools/{pool_code}/events/republish",
    "POST /v1/parked-events/{consumer}/{generation}/{event_id}/retry",
)
"""Under another key they are another act: another upload, another objection, computed or asked for anew."""


class Twice:
    """Worlds whose writes are all sent twice, and the routes that they have sent so far."""

    def __init__(self, postgres: TestPostgres, tokens: TestTokens) -> None:
        self.postgres, self.tokens = postgres, tokens
        self.left_out: set[str] | None = None

    @asynccontextmanager
    async def world(self, template: str = "") -> AsyncIterator[World]:
        """A world on a database of its own, empty or a copy."""
        database = self.postgres.clone("claims", template=template) if template else self.postgres.clone("claims")
        async with running_world(database, self.tokens) as world:
            inner = world.client._transport
            transport = TwiceTransport(world.app, inner, database.admin, same=CHANGE_NOTHING_AGAIN, again=ADD_AGAIN)
            world.client = httpx.AsyncClient(transport=transport, base_url=world.client.base_url)
            await world.heard()
            yield world
            await world.client.aclose()
        left = transport.left_out
        self.left_out = left if self.left_out is None else self.left_out & left
        self.postgres.drop(database.name)


@pytest.mark.requirement("ZZ-17", "whatever claims writes has one effect, however often it is sent")
async def test_every_write_sent_twice_at_once_has_one_effect(
    postgres: TestPostgres, tokens: TestTokens, prepared: ServiceDatabase
) -> None:
    twice = Twice(postgres, tokens)
    async with twice.world() as world:
        await world.prepare()
        await _rules(world)
    flows: tuple[Callable[[World], Awaitable[None]], ...] = (_claims, _facts, _paid_by_document, _campaigns)
    for flow in flows:
        async with twice.world(prepared.name) as world:
            await flow(world)
    assert twice.left_out == set(), f"no test sends these twice: {sorted(twice.left_out or ())}"


async def _done(world: World, role: str, method: str, path: str, **options: Any) -> Any:
    answer = await world.pool(role, method, path, **options)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def _bulk(world: World, role: str, path: str, lines: list[Any], **who: Any) -> None:
    content = "\n".join(json.dumps(one) for one in lines).encode()
    answer = await world.call(role, "POST", path, content=content, headers=dict(NDJSON), **who)
    assert {json.loads(one)["status"] for one in answer.text.splitlines()} <= {200, 201}, answer.text


async def _rules(world: World) -> None:
    body = {"valid_from": "2006-01-01", "name": "新院", "level": "township", "ownership": "public", "area_code": POOL}
    new = {"institution_code": "H52242200009"}
    await _bulk(world, "county_director", "/institutions/bulk", [new | {"key": "i-9", "body": body}])
    agreement = new | {"key": "a-9", "body": world._agreement()}
    await _bulk(world, "county_director", f"/pools/{POOL}/agreements/bulk", [agreement])
    city: dict[str, Any] = {"pools": ("410182",)}
    path, sent = "/regions/4101/policy-templates", {"content": TEMPLATE.encode(), "headers": dict(YAML)}
    assert (await world.call("city_health", "POST", path, subject="li", **sent, **city)).status_code == 201
    decision = {"document_number": "郑卫〔2009〕80号", "decided_on": "2009-12-20"}
    for step, more in (("check", {}), ("decision", {"json": decision})):
        path = f"/policy-templates/{CODE}/{step}"
        answer = await world.call("city_health", "POST", path, subject="wang", **more, **city)
        assert answer.status_code == 200, answer.text


async def _claims(world: World) -> None:
    stay = await world.visit(await world.member())
    await upload_lines(world, stay, line("A1", "100.00"))
    assert (await withdraw(world, stay, 1)).status_code == 200
    clinic = visit(world, await world.member(), 1)
    await _bulk(world, "hospital", f"/pools/{POOL}/visits/bulk", [clinic], of=VILLAGE)
    await _bulk(world, "hospital", f"/pools/{POOL}/visits/lines/bulk", [sheet(1, clinic["visit_id"])], of=VILLAGE)
    member = await world.member()
    first = await world.settled(member, "80000.00")
    second = await world.settled(member, "80000.00", of=TOWNSHIP)
    world.clock.advance(timedelta(hours=2))
    assert (await release_cancellation(world, first["claim_id"])).status_code == 201
    assert (await world.cancel(first["claim_id"])).status_code == 200
    await increases.released(world, second, of=TOWNSHIP)
    assert (await _done(world, "county_recheck", "POST", "/readjudications/lists"))["list"]
    for verb, body in (
        ("rejection", {"ground": "price", "bearer": "hospital", "note": "超价"}),
        ("return", {"ground": "papers", "note": "缺发票"}),
    ):
        claim = await world.settled(await world.member())
        assert (await decide(world, claim, verb, body)).status_code == 200
    claim = await world.settled(await world.member())
    await increases.released(world, claim)
    await _reversed(world, claim)
    await increases.released(world, await world.settled(await world.member()))
    policy_id = await increases.late(world)
    made = (await increases.prepared(world, policy_id)).json()["list"]
    path = f"/increases/{made['list_id']}/withdrawal"
    await _done(world, "county_director", "POST", path, json={"reason": "核对"})
    made = (await increases.prepared(world, policy_id)).json()["list"]
    assert (await increases.approved(world, made["list_id"])).status_code == 200
    _, case = await withdrawn_coverage(world)
    closing = {"outcome": "stands", "reason": "医院当时得到参合的答复"}
    await _done(world, "county_inspector", "POST", f"/coverage-cases/{case['case_id']}/closing", json=closing)
    await _operating(world)


async def _reversed(world: World, claim: dict[str, Any]) -> None:
    await let_go(world, claim)
    assert (await world.cancel(claim["claim_id"])).json()["status"] == "reversed"
    body = {"document": "大合管办〔2010〕1号"}
    await _done(world, "county_director", "POST", "/benefit-years/2009/closing", json=body)


async def _operating(world: World) -> None:
    await world.tell(world.coverage(), broken=True)
    (parked,) = await world.sql("SELECT consumer, generation, event_id FROM parked")
    path = f"/parked-events/{parked['consumer']}/{parked['generation']}/{parked['event_id']}/retry"
    assert (await world.call("operator", "POST", path)).status_code == 202
    topic = {"topic": "heyi.claims.claim.v1", "from": "2010-03-01"}
    await _done(world, "operator", "POST", "/events/republish", json=topic)
    world.clock.advance(timedelta(days=1))
    await _done(world, "county_director", "POST", "/days/2010-03-01/close")


async def _facts(world: World) -> None:
    await in_force(world, "")
    member = await world.member(id_number=ID_NUMBER)
    case = await submitted(world, member, "chronic_card", disease_code="I10", valid_to="2011-01-31")
    await checked(world, case)
    await decided(world, case)
    ending = {"from_day": "2010-06-01", "note": "已治愈"}
    await _done(world, "county_director", "POST", f"/cases/{case}/end", json=ending, subject="director-2")
    await _inquired(world)
    stay = await world.visit(member)
    await _done(world, "insurer_intake", "PUT", f"/visits/{stay}/elsewhere", json=given())
    for order in (1, 3):
        await world.member(id_number=number(order))
    assert (await upload(world, workbook(settlement(1)))).status_code == 201
    numbers = {"medfee_sumamt": 2500, "inscp_scp_amt": 2000.10, "fund_pay_sumamt": 900.55}
    info: dict[str, Any] = dict(settlement(3)) | numbers
    await _done(world, "insurer_intake", "POST", "/elsewhere-replies", json={"setlinfo": info})
    wrong = await window.entered(world, number="ZY-901", papers=[{"kind": "发票"}])
    papers = {"papers": [{"kind": "出院小结", "original": "copy"}]}
    await _done(world, "insurer_intake", "POST", f"/window-visits/{wrong}/papers", json=papers)
    assert (await withdraw_registration(world, wrong)).status_code == 200
    claim = await window.settled(world, await window.entered(world))
    assert (await decide(world, claim, "approval", {"cuts": []})).status_code == 200
    body = {"institution_code": COUNTY, "up_to": "2010-03-01"}
    await _done(world, "insurer_approver", "POST", "/window-cutoffs", json=body)


async def _inquired(world: World) -> None:
    """An accident hangs out, is objected to, and the objection answered."""
    case, _ = await inquiry.hurt(world)
    posting = inquiry.BOARD | {"days": 7}
    await _done(world, "township_clerk", "POST", f"/cases/{case}/notice", json=posting)
    path = f"/cases/{case}/objections"
    made = await _done(world, "county_recheck", "POST", path, json={"ground": "不是意外"})
    reply = {"upheld": False, "reply": "经查属实"}
    await _done(world, "county_director", "POST", f"{path}/{made['number']}/reply", json=reply)


async def _paid_by_document(world: World) -> None:
    world.clock.set(documents.NOVEMBER)
    await world.heard()
    await documents.decided(world)
    await documents.released(world)
    world.clock.set(documents.JANUARY)
    first = (await documents.stated(world, documents.month("2010-11"))).json()
    path = f"/payment-statements/{first['statement_id']}/withdrawal"
    await _done(world, "county_director", "POST", path, json={"reason": "人数有误"})
    world.clock.advance(timedelta(seconds=1))
    for day in ("2010-11", "2010-12"):
        made = await documents.stated(world, documents.month(day))
        assert made.status_code == 201, made.text
        await documents.signed(world, made.json()["statement_id"])
    year = {"institution_code": COUNTY, "kind": "inpatient", "year": 2010}
    await _done(world, "county_recheck", "POST", "/payment-statements/years", json=year)


async def _campaigns(world: World) -> None:
    for _ in range(3):
        await campaigns.reviewed(world, await world.member(), "10000.00")
    world.clock.set(campaigns.AFTER)
    campaign = await campaigns.opened(world, "3000.00")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    world.clock.advance(timedelta(days=8))
    await campaigns.done(world, "county_recheck", f"/{campaign}/void-request", {"reason": "有结算撤销"}, subject="li")
    await campaigns.done(world, "county_director", f"/{campaign}/void")
    await campaigns.done(world, "county_recheck", f"/{campaign}/candidates")
    await campaigns.approved(world, campaign)
    await campaigns.published(world, campaign)
    objection = {"payment_id": (await campaigns.payments(world, campaign))[-1]["payment_id"], "ground": "费用不实"}
    made = await campaigns.done(world, "township_clerk", f"/{campaign}/objections", objection)
    decision = {"outcome": "struck", "note": "经查属实"}
    path = f"/{campaign}/objections/{made['objection_id']}/decision"
    await campaigns.done(world, "county_director", path, decision)
    await campaigns.released(world, campaign)
    owed = [one for one in await campaigns.payments(world, campaign) if one["status"] == "released"]
    await campaigns.settlement_tells(world, *(campaigns.made(world, one) for one in owed))
    world.clock.advance(timedelta(days=90))
    await campaigns.done(world, "county_director", f"/{campaign}/closing")
