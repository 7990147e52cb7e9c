"""Bulk writes (contracts §4): each line a write of its own, or all in one transaction."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.http import bulk_lines, idempotency
from shared.http.access import access
from shared.http.edge import ServiceRouter
from tests.component.http.conftest import OTHER_POOL, POOL, Bench
from tests.support.waiting import gate, until

NOTES = f"/v1/pools/{POOL}/notes"
BULK = f"{NOTES}/bulk"


def line(key: str, text: str = "好", amount: Any = "1.00") -> dict[str, Any]:
    return {"key": key, "body": {"text": text, "amount": amount}}


def ndjson(*lines: Any) -> bytes:
    """One line each; bytes stand as they are."""
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines)


async def send(bench: Bench, body: bytes, *, atomic: str | None = None, path: str = BULK, **options: Any) -> Any:
    """``atomic`` is the key of the whole."""
    headers = bench.headers(atomic, **options) | {"Content-Type": "application/x-ndjson", "Accept-Language": "en"}
    return await bench.client.post(path + ("?atomic=true" if atomic else ""), content=body, headers=headers)


def results(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(one) for one in answer.text.splitlines()]


async def notes(bench: Bench) -> list[str]:
    return [row["text"] for row in await bench.rows("SELECT text FROM note ORDER BY id")]


async def keys(bench: Bench) -> list[str]:
    return [row["key"] for row in await bench.rows("SELECT key FROM idempotency ORDER BY key")]


async def test_each_line_is_a_write_of_its_own(bench: Bench) -> None:
    told = results(await send(bench, ndjson(line("k1", "甲"), b"", line("k2", "乙"), b"")))
    assert [(one["line"], one["key"], one["status"], one["body"]["id"]) for one in told] == [
        (1, "k1", 201, 1),
        (3, "k2", 201, 2),
    ]
    assert await notes(bench) == ["甲", "乙"]
    audited = await bench.rows("SELECT action, outcome, request_id FROM audit ORDER BY request_id")
    assert [(row["action"], row["outcome"]) for row in audited] == [("write_note", "done")] * 2
    assert [row["request_id"].rsplit(".", 1)[1] for row in audited] == ["1", "3"]


BROKEN = [
    (b"not json", "bulk_line_broken"),
    (b'["key"]', "bulk_line_broken"),
    (b'{"body": {"text": "x", "amount": "1.00"}}', "bulk_line_broken"),
    (b'{"key": "", "body": {"text": "x", "amount": "1.00"}}', "idempotency_key_missing"),
    ('{"key": "键", "body": {"text": "x", "amount": "1.00"}}'.encode(), "idempotency_key_missing"),
    (b'{"key": 7, "body": {"text": "x", "amount": "1.00"}}', "idempotency_key_missing"),
    (b'{"key": "b1", "more": 1, "body": {"text": "x", "amount": "1.00"}}', "bulk_line_broken"),
    (b'{"key": "b2", "body": {"text": "x\\u0000", "amount": "1.00"}}', "invalid_request"),
    (b'{"key": "b3", "body": {"text": "x\x00", "amount": "1.00"}}', "bulk_line_broken"),
    (b'{"key": "b4", "body": {"text": "\\ud800", "amount": "1.00"}}', "invalid_request"),
    (b'{"key": "b5", "body": {"text": "x", "amount": 1.50}}', "invalid_request"),
    (b'{"key": "b6", "body": {"text": "x", "amount": "1.00", "colour": "red"}}', "invalid_request"),
    (b'{"key": "b7", "body": null}', "invalid_request"),
    (b'{"key": "b8", "body": {"text": "raise", "amount": "1.00"}}', "note_refused"),
    (b'{"key": "b9", "body": {"text": "crash", "amount": "1.00"}}', "internal_error"),
    (b'{"key": "b10", "body": {"text": "' + b"x" * 2 * 1024 * 1024 + b'", "amount": "1.00"}}', "too_large"),
    (b'{"key": "\xff", "body": {}}', "bulk_line_broken"),
    (b"[" * 100_000, "bulk_line_broken"),
]


async def test_a_broken_line_is_its_own_refusal_and_harms_nobody(bench: Bench) -> None:
    mixed = [one for n, (broken, _) in enumerate(BROKEN) for one in (line(f"k{n}", f"好{n}"), broken)]
    told = results(await send(bench, ndjson(*mixed)))
    good, bad = told[::2], told[1::2]
    assert [one["status"] for one in good] == [201] * len(BROKEN)
    assert [one["problem"]["code"] for one in bad] == [code for _, code in BROKEN]
    assert all(one["status"] == one["problem"]["status"] and 400 <= one["status"] <= 500 for one in bad)
    assert all("body" not in one for one in bad)
    assert bad[7]["problem"]["instance"].endswith(".16")
    assert await notes(bench) == [f"好{n}" for n in range(len(BROKEN))]
    assert sorted(await keys(bench)) == sorted(f"k{n}" for n in range(len(BROKEN))), "a refusal keeps no key"
    refused = await bench.rows("SELECT request_id, detail->>'code' AS code FROM audit WHERE outcome = 'refused'")
    told_apart = {int(row["request_id"].rsplit(".", 1)[1]): row["code"] for row in refused}
    assert told_apart == {2 * n + 2: code for n, (_, code) in enumerate(BROKEN) if code != "internal_error"}


async def test_sent_again_it_is_replayed_line_by_line_and_a_single_write_is_the_same_write(bench: Bench) -> None:
    single = await bench.client.post(NOTES, json=line("k1")["body"], headers=bench.headers("k1"))
    first = results(await send(bench, ndjson(line("k1"), line("k2"))))
    again = results(await send(bench, ndjson(line("k1"), line("k2"), line("k2", "另一个"), line("k2"))))
    assert first[0]["replayed"] and first[0]["body"] == single.json()
    assert "replayed" not in first[1]
    assert [one.get("replayed") for one in again] == [True, True, None, True]
    assert [one["body"] for one in again[:2]] == [one["body"] for one in first]
    assert again[2]["problem"]["code"] == "idempotency_key_reused"
    assert len(await notes(bench)) == 2
    single = await bench.client.post(NOTES, json=line("k2")["body"], headers=bench.headers("k2"))
    assert single.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"\n \n", {}, "bulk_empty"),
        (ndjson(line("k1")), {"Content-Type": "application/json"}, "bulk_not_ndjson"),
        (b"\n".join([b"{}"] * (bulk_lines.LINES_MAX + 1)), {}, "bulk_too_many_lines"),
    ],
)
async def test_what_is_no_bulk_is_refused_before_the_first_line(
    bench: Bench, body: bytes, headers: dict[str, str], code: str
) -> None:
    sent = bench.headers() | {"Content-Type": "application/x-ndjson"} | headers
    answer = await bench.client.post(BULK, content=body, headers=sent)
    assert (answer.json()["code"], await notes(bench)) == (code, [])


async def test_a_body_over_the_limit_is_refused_whole(bench: Bench, monkeypatch: Any) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for n in range(bulk_lines.BULK_BYTES_MAX // 1024 + 1):
            yield ndjson(line(f"k{n}")).ljust(1023) + b"\n"

    answer = await bench.client.post(
        BULK, content=endless(), headers=bench.headers() | {"Content-Type": "application/x-ndjson"}
    )
    assert (answer.status_code, answer.json()["code"], await notes(bench)) == (413, "too_large", [])


@pytest.mark.parametrize("atomic", [None, "whole"])
async def test_a_token_of_another_pool_or_role_reaches_no_line(bench: Bench, atomic: str | None) -> None:
    elsewhere = f"/v1/pools/{OTHER_POOL}/notes/bulk"
    assert (await send(bench, ndjson(line("k1")), path=elsewhere, atomic=atomic)).json()["code"] == "forbidden_pool"
    stranger = await send(bench, ndjson(line("k1")), role="auditor", atomic=atomic)
    assert stranger.json()["code"] == "forbidden_role"
    nobody = await bench.client.post(BULK, content=ndjson(line("k1")))
    assert nobody.status_code == 401
    assert (await notes(bench), await keys(bench)) == ([], [])


async def test_what_people_edit_names_the_edition_it_replaces_line_by_line(bench: Bench) -> None:
    path = f"/v1/pools/{POOL}/titles/bulk"

    def title(key: str, code: str, text: str, **conditions: Any) -> dict[str, Any]:
        return line(key, text) | {"code": code} | conditions

    first = results(await send(bench, ndjson(title("k1", "a", "甲"), title("k2", "b", "乙")), path=path))
    tags = [one["etag"] for one in first]
    lines = [
        title("k3", "a", "丙", if_match=tags[0]),
        title("k4", "b", "丁", if_match=tags[0]),
        title("k5", "b", "戊"),
        title("k6", "c", "己", if_none_match="*"),
        title("k7", "c", "庚", if_match=7),
    ]
    told = results(await send(bench, ndjson(*lines), path=path))
    assert [one["status"] for one in told] == [200, 412, 428, 200, 422]
    again = results(await send(bench, ndjson(*lines), path=path))
    assert [one.get("etag") for one in again] == [one.get("etag") for one in told], "a replay tells the edition it made"
    whole = await send(bench, ndjson(lines[0], lines[3]), path=path, atomic="true")
    assert [one["etag"] for one in whole.json()["lines"]] == [told[0]["etag"], told[3]["etag"]]
    assert await notes(bench) == ["a:甲", "b:乙", "a:丙", "c:己"]
    unasked = results(await send(bench, ndjson(line("k8") | {"if_match": "*"})))
    assert unasked[0]["problem"]["code"] == "bulk_line_broken", "a condition that nobody looks at is refused"
    headers = bench.headers() | {"Content-Type": "application/x-ndjson", "If-Match": "*"}
    whole = await bench.client.post(path, content=ndjson(title("k9", "b", "辛")), headers=headers)
    assert results(whole)[0]["status"] == 200


# ---------------------------------------------------------------- faults and hang-ups


async def break_text(bench: Bench, text: str) -> None:
    """From now on the session that writes this text is ended by the server."""
    await bench.rows(
        "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    await bench.rows(
        f"CREATE TRIGGER broken BEFORE INSERT ON note FOR EACH ROW WHEN (NEW.text = '{text}') "
        "EXECUTE FUNCTION end_session()"
    )


async def test_a_fault_at_the_database_in_the_middle_fails_its_line_alone(bench: Bench) -> None:
    await break_text(bench, "坏")
    body = ndjson(line("k1", "甲"), line("k2", "坏"), line("k3", "丙"))
    told = results(await send(bench, body))
    assert [one["status"] for one in told] == [201, 503, 201]
    assert told[1]["problem"]["code"] == "busy"
    assert (await notes(bench), await keys(bench)) == (["甲", "丙"], ["k1", "k3"])
    await bench.rows("DROP TRIGGER broken ON note")
    again = results(await send(bench, body))
    assert [(one["status"], one.get("replayed")) for one in again] == [(201, True), (201, None), (201, True)]


async def test_a_fault_at_the_database_undoes_the_whole(bench: Bench) -> None:
    await break_text(bench, "坏")
    body = ndjson(line("k1", "甲"), line("k2", "坏"), line("k3", "丙"))
    answer = await send(bench, body, atomic="whole")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (await notes(bench), await keys(bench)) == ([], [])
    await bench.rows("DROP TRIGGER broken ON note")
    assert (await send(bench, body, atomic="whole")).status_code == 200


async def count_inserts(bench: Bench, then: str) -> None:
    """Each note that is written is counted, also where it is undone; ``then`` is done besides."""
    await bench.rows("CREATE SEQUENCE inserts")
    await bench.rows(
        "CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        f"$$ BEGIN PERFORM nextval('inserts'); {then}; RETURN NEW; END $$"
    )
    await bench.rows("CREATE TRIGGER counted BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION counted()")


async def inserts(bench: Bench) -> int:
    return int((await bench.rows("SELECT last_value FROM inserts"))[0]["last_value"])


MEETING = """
PERFORM pg_advisory_xact_lock(hashtextextended(NEW.text, 0));
IF nextval('meeting') <= 2 THEN
  WHILE (SELECT last_value FROM meeting) < 2 LOOP PERFORM pg_sleep(0.01); END LOOP;
END IF
"""


async def test_two_wholes_over_the_same_rows_in_opposite_order_are_both_done(bench: Bench) -> None:
    """Each note takes a lock of its text, and the first of each whole waits for the first of the other: the two then
    wait for each other in a circle, and one is begun again."""
    await bench.rows("CREATE SEQUENCE meeting")
    await count_inserts(bench, MEETING)
    orders = (["甲", "乙"], ["乙", "甲"])
    bodies = [ndjson(*(line(f"k{n}{at}", text) for at, text in enumerate(order))) for n, order in enumerate(orders)]
    answers = await asyncio.gather(*(send(bench, body, atomic=f"whole-{n}") for n, body in enumerate(bodies)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(await notes(bench)) == sorted(["甲", "乙"] * 2)
    assert await inserts(bench) > 4, "they did meet"


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_second_deadlock_is_told_and_nothing_moved(bench: Bench, atomic: bool) -> None:
    await count_inserts(bench, "RAISE EXCEPTION 'a circle' USING ERRCODE = '40P01'")
    if atomic:
        answer = await send(bench, ndjson(line("k1"), line("k2")), atomic="whole")
    else:
        answer = await bench.client.post(NOTES, json=line("k1")["body"], headers=bench.headers("k1"))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (await notes(bench), await keys(bench), await inserts(bench)) == ([], [], 2)


@asynccontextmanager
async def served(bench: Bench) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """The small service on a real socket; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(bench.app, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    yield listening.getsockname()[1], server
    server.should_exit = True
    await task


async def test_who_hangs_up_leaves_done_what_is_done_and_the_rest_is_not_begun(bench: Bench) -> None:
    body = ndjson(*[line(f"k{n:03}", f"第{n}行") for n in range(200)])
    async with gate(bench.database.admin, "note", "WHEN (NEW.text = '第4行')") as held, served(bench) as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = [f"POST {BULK} HTTP/1.1", "Host: small", f"Content-Length: {len(body)}"]
        head += [f"{k}: {v}" for k, v in (bench.headers() | {"Content-Type": "application/x-ndjson"}).items()]
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        seen = await reader.readuntil(b'"k003"')
        assert b'"k001"' in seen, "answers come line by line, before the last line is done"
        await until(held.waiting)
        writer.transport.abort()
        await until(lambda: not server.server_state.connections)  # now it knows that nobody listens
        await held.open()
        await until(lambda: not server.server_state.tasks)  # and now it has ended what it does about it
        done = len(await notes(bench))
    assert done == 5, "the line held up had begun and was ended, no other was begun"
    assert await keys(bench) == [f"k{n:03}" for n in range(done)]
    again = results(await send(bench, body))
    assert [one.get("replayed", False) for one in again] == [n < done for n in range(200)]
    assert len(await notes(bench)) == 200


# ---------------------------------------------------------------- all or nothing


async def test_all_lines_move_in_one_transaction_with_one_answer(bench: Bench, monkeypatch: Any) -> None:
    commits, commit = 0, AsyncConnection.commit

    async def counted(self: AsyncConnection) -> None:
        nonlocal commits
        commits += 1
        await commit(self)

    monkeypatch.setattr(AsyncConnection, "commit", counted)
    body = ndjson(line("k1", "甲"), line("k2", "乙"))
    answer = await send(bench, body, atomic="whole")
    assert answer.status_code == 200
    assert [(one["line"], one["key"], one["status"], one["body"]["id"]) for one in answer.json()["lines"]] == [
        (1, "k1", 201, 1),
        (2, "k2", 201, 2),
    ]
    assert await keys(bench) == ["k1", "k2", "whole"]
    assert commits == 1
    audited = await bench.rows("SELECT action, outcome FROM audit ORDER BY id")
    assert sorted(tuple(row) for row in audited) == [("write_note", "done")] * 2 + [("write_note_bulk", "done")]
    again = await send(bench, body, atomic="whole")
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", answer.json())


async def test_one_bad_line_undoes_all_and_every_bad_line_is_named(bench: Bench) -> None:
    body = ndjson(line("k1"), line("k2", "raise"), line("k3"), line("k4", amount=1), line("k5"))
    answer = await send(bench, body, atomic="whole")
    assert (answer.status_code, answer.json()["code"]) == (422, "bulk_refused")
    told = [(error["at"], error["key"], error["code"]) for error in answer.json()["errors"]]
    assert told == [("lines.2", "k2", "note_refused"), ("lines.4", "k4", "invalid_request")]
    assert answer.json()["errors"][0]["reason"] == "Send another."
    assert answer.json()["errors"][1]["errors"][0]["at"] == "body.amount"
    assert (await notes(bench), await keys(bench)) == ([], [])
    audited = await bench.rows("SELECT action, outcome FROM audit")
    assert [tuple(row) for row in audited] == [("write_note_bulk", "refused")]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([line("k1"), b"not json", line("k3")], [("lines.2", "bulk_line_broken")]),
        ([line("k1"), line("k2"), line("k1")], [("lines.3", "bulk_key_twice")]),
        ([line("k1"), line("whole")], [("lines.2", "idempotency_key_reused")]),
    ],
)
async def test_lines_that_cannot_be_read_or_share_a_key_undo_all(bench: Bench, lines: list[Any], named: Any) -> None:
    answer = await send(bench, ndjson(*lines), atomic="whole")
    assert [(error["at"], error["code"]) for error in answer.json()["errors"]] == named
    assert (await notes(bench), await keys(bench)) == ([], [])


async def test_the_key_of_each_line_is_kept_and_a_known_one_is_not_done_twice(bench: Bench) -> None:
    first = results(await send(bench, ndjson(line("k1"))))
    answer = await send(bench, ndjson(line("k1"), line("k2")), atomic="whole")
    told = answer.json()["lines"]
    assert (told[0]["replayed"], told[0]["body"]) == (True, first[0]["body"])
    single = await bench.client.post(NOTES, json=line("k2")["body"], headers=bench.headers("k2"))
    assert (single.headers["idempotency-replayed"], single.json()) == ("true", told[1]["body"])
    reused = await send(bench, ndjson(line("k1", "另一个"), line("k9")), atomic="another")
    assert [(e["at"], e["code"]) for e in reused.json()["errors"]] == [("lines.1", "idempotency_key_reused")]
    assert (len(await notes(bench)), await keys(bench)) == (2, ["k1", "k2", "whole"])


async def test_a_crash_of_ours_in_one_line_is_the_answer_of_the_whole(bench: Bench) -> None:
    answer = await send(bench, ndjson(line("k1"), line("k2", "crash")), atomic="whole")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert (await notes(bench), await keys(bench)) == ([], [])


async def test_the_limits_and_the_key_of_the_whole(bench: Bench) -> None:
    many = ndjson(*[line(f"k{n}") for n in range(bulk_lines.ATOMIC_LINES_MAX + 1)])
    assert (await send(bench, many, atomic="whole")).json()["code"] == "bulk_too_many_lines"
    headers = bench.headers() | {"Content-Type": "application/x-ndjson"}
    unnamed = await bench.client.post(BULK + "?atomic=true", content=ndjson(line("k1")), headers=headers)
    assert unnamed.json()["code"] == "idempotency_key_missing"
    unclear = await bench.client.post(BULK + "?atomic=perhaps", content=ndjson(line("k1")), headers=headers)
    assert unclear.json()["code"] == "invalid_request"
    assert await notes(bench) == []


async def test_a_key_in_flight_elsewhere_holds_the_whole_up_until_it_is_told(hasty: Bench) -> None:
    conn = await asyncpg.connect(hasty.database.app)
    async with conn.transaction():
        await conn.execute("SELECT heyi_set_scope('county_director', ARRAY['522422'], ARRAY['*'])")
        await conn.execute(
            "INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at) "
            "VALUES ($1, 'county_director-1', 'k2', '', now())",
            POOL,
        )
        answer = await send(hasty, ndjson(line("k1"), line("k2")), atomic="whole")
    await conn.close()
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert answer.headers["retry-after"] == "1"
    assert await notes(hasty) == []


async def test_a_line_that_is_refused_leaves_nothing_behind_for_the_lines_after_it(bench: Bench) -> None:
    """Savepoints: were the refused line's row still there, the third line would be the second one of its text."""
    await bench.rows("CREATE UNIQUE INDEX once ON note (amount_fen)")
    answer = await send(bench, ndjson(line("k1", "raise", "7.00"), line("k2", "好", "7.00")), atomic="whole")
    assert [error["at"] for error in answer.json()["errors"]] == ["lines.1"]


async def test_a_line_leaves_the_key_row_of_the_single_write(bench: Bench) -> None:
    await send(bench, ndjson(line("k1")))
    engine = create_engine(bench.database.app)
    async with transaction(engine, Scope("county_director", (POOL,)), read_only=True) as conn:
        hashed = idempotency.request_hash("POST", NOTES, "", "application/json", ndjson(line("k1")["body"]))
        claim = idempotency.Claim(POOL, "county_director-1", "k1", hashed)
        assert (await idempotency.read(conn, claim)).status == 201
    await engine.dispose()


@pytest.mark.parametrize("mark", ["query", "stream", "coalesced"])
def test_bulk_is_for_writes_that_the_edge_commits(mark: str) -> None:
    async def endpoint() -> None: ...

    rule = access({"auditor"}, command="x", scope="free", bulk="/x/bulk", **{mark: True})
    with pytest.raises(ValueError, match="bulk is for writes"):
        ServiceRouter().post("/x", openapi_extra=rule)(endpoint)
