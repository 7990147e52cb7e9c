"""The promises of contracts §4 about one request."""

import asyncio
from typing import Any

import asyncpg
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.scope import Scope, set_scope
from shared.db.sql import OutsideTransaction, fetchval
from tests.component.http.conftest import OTHER_POOL, POOL, Bench

NOTES = f"/v1/pools/{POOL}/notes"
GOOD = {"text": "好", "amount": "1.00"}


async def count(bench: Bench, table: str = "note") -> int:
    return int((await bench.rows(f"SELECT count(*) FROM {table}"))[0][0])


async def test_the_commit_comes_before_the_first_byte_of_the_answer(bench: Bench, monkeypatch: Any) -> None:
    order: list[str] = []
    commit = AsyncConnection.commit

    async def noted(self: AsyncConnection) -> None:
        await commit(self)
        order.append("commit")

    monkeypatch.setattr(AsyncConnection, "commit", noted)

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        async def heard(message: Any) -> None:
            order.append(message["type"])
            await send(message)

        await bench.app(scope, receive, heard)

    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listening), base_url="http://small") as client:
        answer = await client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    assert answer.status_code == 201
    assert order == ["commit", "http.response.start", "http.response.body"]


async def test_what_fastapi_would_do_with_a_plain_yield_dependency() -> None:
    """Why the edge is a route class: a plain dependency ends after the answer, a function-scoped one before."""
    import httpx

    order: list[str] = []

    async def plain() -> Any:
        yield
        order.append("plain ends")

    async def function() -> Any:
        yield
        order.append("function ends")

    app = FastAPI()

    @app.get("/", dependencies=[Depends(plain), Depends(function, scope="function")])
    async def route() -> None: ...

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        async def heard(message: Any) -> None:
            order.append(message["type"])
            await send(message)

        await app(scope, receive, heard)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listening), base_url="http://x") as client:
        await client.get("/")
    assert order == ["function ends", "http.response.start", "http.response.body", "plain ends"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (NOTES, {"text": "raise", "amount": "1.00"}, 409),
        (NOTES, {"text": "crash", "amount": "1.00"}, 500),
        (NOTES, {"text": "好", "amount": 1}, 422),
        (NOTES, {"text": "好", "amount": 1.5}, 422),
        (NOTES, {"text": "好", "amount": "1.0"}, 422),
        (NOTES, {"text": "好", "amount": "1.00", "extra": 1}, 422),
        (f"/v1/pools/{POOL}/returned", {}, 409),
    ],
)
async def test_not_2xx_means_nothing_moved(bench: Bench, path: str, body: dict[str, Any], status: int) -> None:
    answer = await bench.client.post(path, json=body, headers=bench.headers("k1"))
    assert answer.status_code == status
    assert await count(bench) == 0
    assert await count(bench, "idempotency") == 0
    good = await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    assert good.status_code == 201, "a refused request may come again with its key"


async def test_a_repeat_is_answered_from_the_key_and_does_nothing(bench: Bench) -> None:
    first = await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    again = await bench.client.post(NOTES, json={"amount": "1.00", "text": "好"}, headers=bench.headers("k1"))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(bench) == 1


async def test_the_same_key_for_another_request_is_refused(bench: Bench) -> None:
    await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    other = await bench.client.post(NOTES, json=GOOD | {"amount": "2.00"}, headers=bench.headers("k1"))
    elsewhere = await bench.client.post(f"/v1/pools/{POOL}/returned", json=GOOD, headers=bench.headers("k1"))
    assert [a.json()["code"] for a in (other, elsewhere)] == ["idempotency_key_reused"] * 2
    somebody = await bench.client.post(
        NOTES, json=GOOD | {"amount": "2.00"}, headers=bench.headers("k1", subject="another")
    )
    assert somebody.status_code == 201, "keys belong to the subject"


async def test_two_at_once_have_one_effect(bench: Bench) -> None:
    answers = await asyncio.gather(
        *[
            bench.client.post(NOTES, json={"text": "slow", "amount": "1.00"}, headers=bench.headers("k1"))
            for _ in range(4)
        ]
    )
    assert [a.status_code for a in answers] == [201] * 4
    assert len({a.text for a in answers}) == 1
    assert await count(bench) == 1


async def test_a_key_in_flight_for_too_long_is_409_with_retry_after(hasty: Bench) -> None:
    blocker = await asyncpg.connect(hasty.database.admin)
    async with blocker.transaction():
        await blocker.execute(
            "INSERT INTO idempotency VALUES ($1, 'county_director-1', 'k1', '\\x00', NULL, NULL, NULL, NULL, $2)",
            POOL,
            hasty.clock.now(),
        )
        answer = await hasty.client.post(NOTES, json=GOOD, headers=hasty.headers("k1"))
    await blocker.close()
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("done", [True, False])
async def test_a_lost_acknowledgement_of_the_commit(bench: Bench, monkeypatch: Any, done: bool) -> None:
    commit = AsyncConnection.commit

    async def lost(self: AsyncConnection) -> None:
        if done:
            await commit(self)
        monkeypatch.setattr(AsyncConnection, "commit", commit)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr(AsyncConnection, "commit", lost)
    answer = await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    if done:
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    monkeypatch.setattr(AsyncConnection, "commit", commit)
    again = await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    assert again.status_code == 201
    assert await count(bench) == 1


async def test_writes_refusals_and_reads_of_personal_data_are_audited(bench: Bench) -> None:
    await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    await bench.client.post(NOTES, json={"text": "raise", "amount": "1.00"}, headers=bench.headers("k2"))
    await bench.client.get(NOTES, headers=bench.headers())
    await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k3", role="hospital"))
    await bench.client.get(f"/v1/pools/{OTHER_POOL}/notes", headers=bench.headers())
    rows = await bench.rows("SELECT pool_code, action, outcome, role, detail FROM audit ORDER BY id")
    told = sorted((r["pool_code"], r["action"], r["outcome"], r["role"]) for r in rows)
    assert told == sorted(
        [
            (POOL, "write_note", "done", "county_director"),
            (POOL, "write_note", "refused", "county_director"),
            (POOL, "list_notes", "read", "county_director"),
            ("-", "write_note", "refused", "hospital"),
            ("-", "list_notes", "refused", "county_director"),
        ]
    )


async def test_a_stream_reads_from_a_session_of_its_own(bench: Bench) -> None:
    await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    answer = await bench.client.get(f"/v1/pools/{POOL}/stream", headers=bench.headers())
    assert answer.text == "repeatable read on\n好\n"


async def test_a_statement_outside_a_transaction_is_refused(bench: Bench) -> None:
    engine = bench.app.state.heyi.engine
    async with engine.connect() as conn:
        with pytest.raises(OutsideTransaction):
            await fetchval(conn, "SELECT 1")
        await set_scope(conn, Scope("auditor", (POOL,)))
        assert await fetchval(conn, "SELECT current_setting('heyi.pools')") == "{522422}"
        await conn.rollback()
        with pytest.raises(OutsideTransaction):
            await fetchval(conn, "SELECT 1")
        await set_scope(conn, Scope("auditor"))
        assert await fetchval(conn, "SELECT current_setting('heyi.pools')") == "{}", "a scope ends with its transaction"


async def test_nothing_set_nothing_seen(bench: Bench) -> None:
    await bench.client.post(NOTES, json=GOOD, headers=bench.headers("k1"))
    app = await asyncpg.connect(bench.database.app)
    assert await app.fetchval("SELECT count(*) FROM note") == 0
    async with app.transaction():
        await app.execute("SELECT heyi_set_scope('auditor', ARRAY['522422'], ARRAY['*'])")
        assert await app.fetchval("SELECT count(*) FROM note") == 1
    assert await app.fetchval("SELECT current_setting('heyi.pools', true)") == ""
    assert await app.fetchval("SELECT count(*) FROM note") == 0
    await app.close()


async def test_tokens(bench: Bench) -> None:
    nobody = await bench.client.get(NOTES)
    forged = await bench.client.get(NOTES, headers={"Authorization": "Bearer a.b.c"})
    expired = await bench.client.get(NOTES, headers=bench.headers(seconds=-3600))
    assert [a.status_code for a in (nobody, forged, expired)] == [401, 401, 401]
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert nobody.headers["content-type"] == "application/problem+json"


async def test_problems_in_the_callers_language(bench: Bench) -> None:
    chinese = await bench.client.get(f"/v1/pools/{OTHER_POOL}/notes", headers=bench.headers())
    english = await bench.client.get(
        f"/v1/pools/{OTHER_POOL}/notes", headers=bench.headers() | {"Accept-Language": "en-GB"}
    )
    assert chinese.json()["title"] == "不属于您的统筹区"
    assert english.json()["title"] == "Not your pool"
    assert chinese.json()["code"] == english.json()["code"] == "forbidden_pool"
