"""The gateway: what it passes on, what it answers itself."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.gateway import Gateway, build
from deploy.issuer import Issuer, Scope
from deploy.state import StateDirectory
from shared.http.transport import Transport

ORIGIN = "http://gateway.test"


async def _parts(body: bytes) -> AsyncIterator[bytes]:
    """A body that arrives in pieces."""
    for start in range(0, len(body), 16):
        yield body[start : start + 16]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """A gateway before one upstream that tells what it was asked, and one that is down."""
    state = StateDirectory(tmp_path / "state")
    state.make()

    async def upstream(request: httpx.Request) -> httpx.Response:
        if request.url.host == "down.test":
            raise httpx.ConnectError("refused")
        if request.url.host == "lost.test":
            raise httpx.ReadError("gone")
        body = await request.aread()
        told = {
            "url": str(request.url),
            "headers": dict(request.headers),
            "body": body.decode(),
            "method": request.method,
        }
        headers = {"ETag": '"1"', "Connection": "close", "Content-Type": "application/json"}
        return httpx.Response(201, content=_parts(json.dumps(told).encode()), headers=headers)

    upstreams = {"claims": "http://up.test", "settlement": "http://down.test", "performance": "http://lost.test"}
    client = httpx.AsyncClient(transport=httpx.MockTransport(upstream))
    return Gateway(state, Issuer.generate(ORIGIN), upstreams, [], client)


@pytest.fixture
async def browser(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    transport = httpx.ASGITransport(app=build(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


async def test_requests_reach_the_service_unchanged(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/claims/v1/pools/522422/claims%2F1?a=1&a=2",
        content=b'{"x": "1.00"}',
        headers={"Idempotency-Key": "k", "Authorization": "Bearer t", "traceparent": "00-1-2-3"},
    )
    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert told["url"] == "http://up.test/v1/pools/522422/claims%2F1?a=1&a=2"
    assert told["method"] == "POST"
    assert told["body"] == '{"x": "1.00"}'
    assert told["headers"]["idempotency-key"] == "k"
    assert told["headers"]["authorization"] == "Bearer t"
    assert told["headers"]["traceparent"] == "00-1-2-3"
    assert told["headers"]["host"] == "up.test"


async def test_a_request_without_a_body_stays_without(browser: httpx.AsyncClient) -> None:
    told = (await browser.get("/claims/v1/x")).json()
    assert "transfer-encoding" not in told["headers"]
    assert told["body"] == ""


async def test_only_the_public_paths_are_passed_on(browser: httpx.AsyncClient) -> None:
    for path in ("/claims/metrics", "/claims/readyz", "/other/v1/x"):
        assert (await browser.get(path)).status_code == 404


async def test_a_service_that_is_down_moved_nothing_and_a_lost_answer_says_so(browser: httpx.AsyncClient) -> None:
    down = await browser.post("/settlement/v1/x", json={})
    assert (down.status_code, down.json()["code"]) == (503, "service_unavailable")
    assert down.headers["retry-after"] == "1"
    lost = await browser.post("/performance/v1/x", json={})
    assert (lost.status_code, lost.json()["code"]) == (502, "outcome_unknown")
    assert "Idempotency-Key" in lost.json()["detail"]


async def test_client_credentials(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    secret = gateway.state.keys()["client_secrets"]["claims"]
    form = {"grant_type": "client_credentials", "client_id": "claims", "client_secret": secret}
    answer = (await browser.post("/token", data=form)).json()
    keys: Any = (await browser.get("/.well-known/jwks.json")).json()
    claims = jwt.decode(answer["access_token"], KeySet.import_key_set(keys)).claims
    assert (claims["role"], claims["sub"], claims["pools"]) == ("service", "service:claims", ["522422"])
    assert "d" not in keys["keys"][0]
    assert (await browser.post("/token", data=form | {"client_secret": "x"})).status_code == 401
    assert (await browser.post("/token", data=form | {"client_id": "x"})).status_code == 401
    assert (await browser.post("/token", data=form | {"grant_type": "password"})).status_code == 400
    basic = await browser.post("/token", data={"grant_type": "client_credentials"}, auth=("claims", secret))
    assert basic.status_code == 200


async def test_discovery_names_this_origin(browser: httpx.AsyncClient) -> None:
    told = (await browser.get("/.well-known/openid-configuration")).json()
    assert told["issuer"] == ORIGIN
    assert told["jwks_uri"] == f"{ORIGIN}/.well-known/jwks.json"


async def test_only_an_operator_moves_the_clock_and_only_forward(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    def bearer(issuer: Issuer, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(role, subject='x', scope=Scope())}"}

    target = {"business_at": "2010-03-31T18:00"}
    assert (await browser.post("/clock", json=target)).status_code == 403
    assert (await browser.post("/clock", json=target, headers=bearer(gateway.issuer, "auditor"))).status_code == 403
    stranger = Issuer.generate(ORIGIN)
    assert (await browser.post("/clock", json=target, headers=bearer(stranger, "operator"))).status_code == 403
    operator = bearer(gateway.issuer, "operator")
    assert (await browser.post("/clock", content=b"{}", headers=operator)).status_code == 422
    moved = await browser.post("/clock", json=target, headers=operator)
    assert moved.json() == {"business_at": "2010-03-31T18:00:00+08:00"}
    now = datetime.fromisoformat((await browser.get("/clock")).json()["business_at"])
    assert timedelta() <= now - datetime.fromisoformat("2010-03-31T18:00:00+08:00") < timedelta(minutes=1)
    back = await browser.post("/clock", json={"business_at": "2010-03-30T18:00"}, headers=operator)
    assert (back.status_code, back.json()["code"]) == (409, "clock_moves_forward")
    assert json.loads(gateway.state.clock_file.read_text())["business_at"].startswith("2010-03-31T10:00")


async def test_a_peer_that_dies_while_the_connection_opens_is_a_lost_answer(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> httpx.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")  # what httpcore lets out

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", gone)
    gateway.client = httpx.AsyncClient(transport=Transport())
    inside = httpx.ASGITransport(app=build(gateway))
    async with httpx.AsyncClient(transport=inside, base_url=ORIGIN) as browser:
        lost = await browser.post("/claims/v1/x", json={})
    assert (lost.status_code, lost.json()["code"]) == (502, "outcome_unknown")
