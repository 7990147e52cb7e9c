"""Health, metrics, traces and logs of an HTTP process."""

import json
from typing import Any

import httpx

from tests.component.http.conftest import POOL, Bench

NOTES = f"/v1/pools/{POOL}/notes"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_alive_and_ready(bench: Bench) -> None:
    assert (await bench.client.get("/livez")).json() == {"status": "alive"}
    assert (await bench.client.get("/readyz")).json() == {"ready": True, "database": "reachable"}


async def test_not_ready_without_its_database(bench: Bench, monkeypatch: Any) -> None:
    from shared.db.engine import create_engine

    url = bench.database.app.rsplit("/", 1)[0] + "/there_is_none"
    monkeypatch.setattr(bench.app.state.heyi, "engine", create_engine(url))
    answer = await bench.client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


async def test_a_database_that_cannot_be_reached_is_busy_and_not_an_error_of_ours(
    bench: Bench, monkeypatch: Any
) -> None:
    from shared.db.engine import create_engine

    nowhere = "postgresql://nobody:x@127.0.0.1:1/none"
    monkeypatch.setattr(bench.app.state.heyi, "engine", create_engine(nowhere))
    answer = await bench.client.post(NOTES, json={"text": "好", "amount": "1.00"}, headers=bench.headers("k1"))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]


async def test_metrics_count_requests_by_route(bench: Bench) -> None:
    await bench.client.get(NOTES, headers=bench.headers())
    told = (await bench.client.get("/metrics")).text
    assert 'heyi_requests_total{route="/pools/{pool_code}/notes",status="200"} 1.0' in told


async def test_a_trace_is_carried_on(bench: Bench) -> None:
    seen: list[str | None] = []
    tracing = bench.app.state.heyi.tracing
    span = tracing.span

    def noted(name: str, headers: Any = None, **options: Any) -> Any:
        seen.append(headers.get("traceparent"))
        return span(name, headers, **options)

    tracing.span = noted
    answer = await bench.client.post(
        NOTES, json={"text": "trace", "amount": "1.00"}, headers=bench.headers("k1") | {"traceparent": TRACE}
    )
    assert seen == [TRACE]
    assert answer.json()["trace"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert TRACE not in answer.json()["trace"], "a span of its own within the caller's trace"


async def test_every_answer_names_its_request(bench: Bench) -> None:
    given = await bench.client.get(NOTES, headers=bench.headers() | {"X-Request-Id": "his-20100301-0001"})
    assert given.headers["x-request-id"] == "his-20100301-0001"
    made = await bench.client.get(NOTES, headers=bench.headers() | {"X-Request-Id": "bad id; drop"})
    assert len(made.headers["x-request-id"]) == 32
    unknown = await bench.client.get("/v1/nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_path")


async def test_a_body_beyond_the_limit_is_refused(bench: Bench) -> None:
    huge = json.dumps({"text": "x" * 3_000_000, "amount": "1.00"}).encode()
    answer: httpx.Response = await bench.client.post(NOTES, content=huge, headers=bench.headers("k1"))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
