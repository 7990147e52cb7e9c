"""What the edge refuses before anything else, and what it writes down about refusals."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from shared.db.answers import ANSWERS_KEPT, forget_answers_before
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.http import failures
from shared.http.settings import ServiceSettings
from shared.kernel.faults import VARIABLE
from tests.component.http.conftest import POOL, Bench

NOTES = f"/v1/pools/{POOL}/notes"
KEY = "11" * 32


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (NOTES, {"content": b'{"text": "a\\u0000b", "amount": "1.00"}'}),
        (NOTES, {"content": b'{"text": "a\\ud800b", "amount": "1.00"}'}),
        (NOTES, {"content": b'{"text": "a\xed\xa0\x80b", "amount": "1.00"}'}),
        (NOTES + "?x=%00", {"json": {"text": "a", "amount": "1.00"}}),
        (NOTES + "?amuont=1", {"json": {"text": "a", "amount": "1.00"}}),
    ],
)
async def test_what_no_text_can_hold_and_filters_that_do_not_exist(bench: Bench, path: str, options: Any) -> None:
    headers = bench.headers("k1") | {"Content-Type": "application/json"}
    answer = await bench.client.post(path, headers=headers, **options)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"]


async def test_an_escaped_backslash_is_no_nul(bench: Bench) -> None:
    headers = bench.headers("k1") | {"Content-Type": "application/json"}
    body = b'{"text": "a\\\\u0000b", "amount": "1.00"}'
    assert (await bench.client.post(NOTES, content=body, headers=headers)).status_code == 201


async def test_a_character_written_as_two_escapes_is_whole(bench: Bench) -> None:
    headers = bench.headers("k1") | {"Content-Type": "application/json"}
    body = b'{"text": "\\ud840\\udc00", "amount": "1.00"}'
    assert (await bench.client.post(NOTES, content=body, headers=headers)).status_code == 201


async def test_raw_bytes_in_a_query_are_no_error_of_ours(bench: Bench) -> None:
    answer = await bench.client.get(NOTES + "?%ff=1", headers=bench.headers())
    assert answer.status_code == 422


async def test_a_filter_that_does_not_exist_is_refused_and_told(bench: Bench) -> None:
    answer = await bench.client.get(NOTES + "?colour=red", headers=bench.headers())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "query.colour"


async def test_a_returned_refusal_is_audited_too(bench: Bench) -> None:
    await bench.client.post(f"/v1/pools/{POOL}/returned", json={}, headers=bench.headers("k1"))
    rows = await bench.rows("SELECT action, outcome FROM audit")
    assert [tuple(row) for row in rows] == [("return_refusal", "refused")]


async def test_a_refused_read_of_personal_data_is_audited(bench: Bench) -> None:
    await bench.client.get(NOTES + "?colour=red", headers=bench.headers())
    rows = await bench.rows("SELECT action, outcome FROM audit")
    assert [tuple(row) for row in rows] == [("list_notes", "refused")]


async def test_bodies_of_answers_are_forgotten_and_keys_are_not(bench: Bench) -> None:
    first = await bench.client.post(NOTES, json={"text": "a", "amount": "1.00"}, headers=bench.headers("k1"))
    engine = create_engine(bench.database.worker)
    for days, dropped in ((89, 0), (91, 1)):
        async with transaction(engine, Scope("worker")) as conn:
            moment = bench.clock.now() + timedelta(days=days) - ANSWERS_KEPT
            assert await forget_answers_before(conn, moment) == dropped
    await engine.dispose()
    again = await bench.client.post(NOTES, json={"text": "a", "amount": "1.00"}, headers=bench.headers("k1"))
    assert again.status_code == 201
    assert again.json() == {"result": {"kind": "note", "id": str(first.json()["id"])}}
    assert (await bench.rows("SELECT count(*) FROM note"))[0][0] == 1


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"), False),
        (asyncpg.InterfaceError("connection is closed"), True),
        (FileNotFoundError("no such file"), False),
        (ConnectionRefusedError(), True),
        (asyncpg.DeadlockDetectedError("x"), True),
        (ValueError("x"), False),
    ],
)
def test_our_own_mistakes_are_not_told_as_busy(error: Exception, passes: bool) -> None:
    assert (failures.passing(error) is not None) is passes


def settings(**more: Any) -> ServiceSettings:
    return ServiceSettings(
        database_url=SecretStr("postgresql://x"), issuer="https://issuer", jwks_url="https://issuer/jwks",
        data_key=SecretStr(KEY), lookup_key=SecretStr(KEY), **more,
    )  # fmt: skip


def test_production_refuses_what_is_only_for_local_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().environment == "production"
    for more in ({"clock_file": "/tmp/clock"}, {"bus": "postgres"}, {"token_url": "http://issuer/token"}):
        with pytest.raises(ValidationError):
            settings(**more)
    monkeypatch.setenv(VARIABLE, "/tmp/fault")
    with pytest.raises(ValidationError, match="fault"):
        settings()


def test_an_older_data_key_still_opens() -> None:
    keys = settings(data_key_version=2, older_data_keys=SecretStr(f"1:{'22' * 32}")).personal_keys()
    assert (keys.version, set(keys.data)) == (2, {1, 2})
    with pytest.raises(ValueError, match="OLDER_DATA_KEYS"):
        settings(older_data_keys=SecretStr("1:22")).personal_keys()
