"""What an operator can see and ask for, and that nobody else can."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from shared.http.app import create_service_app
from shared.http.settings import ServiceSettings
from shared.messaging.operator import router
from tests.component.messaging.bench import OTHER_POOL, POOL, SERVICE, Bench, deliveries, envelope
from tests.support.tokens import TestTokens


@pytest.fixture
async def client(bench: Bench, tokens: TestTokens) -> AsyncIterator[httpx.AsyncClient]:
    """The operator's routes behind the edge, as every service mounts them."""
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(bench.database.app),
        bus="postgres",
        issuer=tokens.origin,
        jwks_url=tokens.jwks_url,
    )
    app = create_service_app(settings, service=SERVICE, title="small", routers=[router], clock=bench.clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://small/v1") as client:
            yield client


def headers(tokens: TestTokens, role: str = "operator") -> dict[str, str]:
    return tokens.headers(role) | {"Idempotency-Key": uuid4().hex}


async def test_an_operator_sees_parked_events_of_every_pool_and_has_one_tried_again(
    bench: Bench, client: httpx.AsyncClient, tokens: TestTokens
) -> None:
    bench.broken.add("poison")
    processor = bench.processor()
    await processor.process(
        deliveries(
            envelope("a", 1, text="poison"),
            envelope("a", 2),
            envelope("b", 1, pool=OTHER_POOL, text="poison"),
            b"no event",
        )
    )
    first = (await client.get("/parked-events", params={"limit": 2}, headers=headers(tokens))).json()
    rest = (await client.get("/parked-events", params={"cursor": first["next_cursor"]}, headers=headers(tokens))).json()
    items = first["items"] + rest["items"]
    assert sorted((i["pool_code"], i["reason"]) for i in items) == [
        ("-", "unreadable"), (OTHER_POOL, "error"), (POOL, "behind"), (POOL, "error"),
    ]  # fmt: skip
    assert rest["next_cursor"] is None
    assert not any("envelope" in item or "data" in item for item in items)
    bench.broken.clear()
    behind = next(item for item in items if item["reason"] == "behind")
    answer = await client.post(f"/parked-events/notes/1/{behind['event_id']}/retry", headers=headers(tokens))
    assert (answer.status_code, answer.json()["sequence"]) == (202, 1), "the earliest of the subject goes first"
    assert await processor.release() == 2
    assert await bench.effects() == [("a", 1), ("a", 2)]
    again = await client.post(f"/parked-events/notes/1/{behind['event_id']}/retry", headers=headers(tokens))
    assert (again.status_code, again.json()["code"]) == (404, "parked_event_unknown")


async def test_nobody_else_sees_or_asks(bench: Bench, client: httpx.AsyncClient, tokens: TestTokens) -> None:
    await bench.processor().process(deliveries(envelope("a", 2)))
    for role in ("county_director", "service", "auditor"):
        assert (await client.get("/parked-events", headers=headers(tokens, role))).status_code == 403
        retry = await client.post(f"/parked-events/notes/1/{uuid4()}/retry", headers=headers(tokens, role))
        assert retry.status_code == 403
    assert (await client.get("/parked-events")).status_code == 401


async def test_a_bad_cursor_is_refused(client: httpx.AsyncClient, tokens: TestTokens) -> None:
    for cursor in ("x", "WyJhIiwiYiIsImMiXQ"):
        answer = await client.get("/parked-events", params={"cursor": cursor}, headers=headers(tokens))
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_a_topic_of_the_service_is_asked_for_again(
    bench: Bench, client: httpx.AsyncClient, tokens: TestTokens
) -> None:
    path = f"/pools/{POOL}/events/republish"
    body = {"topic": f"heyi.{SERVICE}.note.v1", "from": "2010-03-01"}
    answer = await client.post(path, json=body, headers=headers(tokens))
    assert answer.status_code == 202, answer.text
    rows = await bench.rows("SELECT pool_code, topic, from_day::text, asked_by, done_at FROM republish_request")
    assert [tuple(row) for row in rows] == [(POOL, body["topic"], "2010-03-01", "operator-1", None)]
    foreign = await client.post(path, json=body | {"topic": "heyi.other.note.v1"}, headers=headers(tokens))
    assert (foreign.status_code, foreign.json()["code"]) == (422, "topic_not_ours")
    other = await client.post(f"/pools/{OTHER_POOL}/events/republish", json=body, headers=headers(tokens))
    assert other.status_code == 403
