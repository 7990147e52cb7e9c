"""The audit log after it was written: numbered, chained, and a change of it found."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.ext.asyncio import AsyncEngine

from heyi_verify.check import verify
from shared.db import audit
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from tests.component.http.conftest import OTHER_POOL, POOL, Bench

NOTES = f"/v1/pools/{POOL}/notes"
WORKER = Scope("worker", (POOL,))


async def write(bench: Bench, count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        body = {"text": f"第 {n} 条", "amount": "1.00"}
        assert (await bench.client.post(NOTES, json=body, headers=bench.headers(f"k{n}"))).status_code == 201


async def seal(bench: Bench) -> int:
    engine = create_engine(bench.database.worker)
    async with transaction(engine, WORKER) as conn:
        sealed = await audit.seal_pending(conn, POOL)
    await engine.dispose()
    return sealed


async def export(bench: Bench, after: int = 0) -> list[str]:
    """The log as an auditor fetches it."""
    path = f"/v1/pools/{POOL}/audit"
    answer = await bench.client.get(path, params={"after": after}, headers=bench.headers(role="auditor"))
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


async def verdict(bench: Bench, roots: Sequence[dict[str, Any]] | None = None, after: int = 0) -> list[tuple[str, str]]:
    """What the verifier, which shares no code with the log, says of it."""
    return [(found.code, found.subject) for found in verify(await export(bench, after), roots)]


async def test_committed_rows_are_numbered_and_chained(bench: Bench) -> None:
    await write(bench, 5)
    assert await seal(bench) == 5
    assert await seal(bench) == 0
    await write(bench, 2, first=5)
    assert await seal(bench) == 2
    rows = await bench.rows("SELECT number FROM audit ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, 8))
    assert await verdict(bench) == []
    assert await verdict(bench, after=5) == [], "two rows that follow what was kept"


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("UPDATE audit SET subject = 'somebody else' WHERE number = 2", ("row_edited", "2")),
        ("UPDATE audit SET detail = jsonb_set(detail, '{amount_fen}', '101') WHERE number = 3", ("row_edited", "3")),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE number = 1", ("row_edited", "1")),
        ("UPDATE audit SET hash = overlay(hash PLACING '\\x00' FROM 32) WHERE number = 4", ("row_edited", "4")),
        ("DELETE FROM audit WHERE number = 2", ("row_missing", "2")),
        ("DELETE FROM audit WHERE number IN (2, 3)", ("row_missing", "2–3")),
        ("DELETE FROM audit WHERE number = 4", ("rows_cut", "4–4")),
    ],
)
async def test_a_change_by_the_mightiest_is_found_and_named(bench: Bench, act: str, told: tuple[str, str]) -> None:
    await write(bench, 4)
    await seal(bench)
    await bench.rows("ALTER TABLE audit DISABLE TRIGGER audit_sealed_once")
    await bench.rows(act)
    assert await verdict(bench) == [told]


def verified(file: Path) -> "subprocess.CompletedProcess[str]":
    """The command's word on a file."""
    command = [sys.executable, "-m", "heyi_verify", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_a_byte_of_the_file_is_enough(bench: Bench, tmp_path: Path) -> None:
    """The command says which row, and leaves with 1."""
    await write(bench, 3)
    await seal(bench)
    lines = await export(bench)
    lines[2] = lines[2].replace('"county_director"', '"county_directer"')
    file = tmp_path / "audit.ndjson"
    file.write_text("\n".join(lines))
    done = await asyncio.to_thread(verified, file)
    assert (done.returncode, "第 2 条操作记录的内容被改动" in done.stdout) == (1, True), done.stdout + done.stderr
    file.write_text("\n".join(await export(bench)))
    done = await asyncio.to_thread(verified, file)
    assert (done.returncode, "操作日志完整" in done.stdout) == (0, True), done.stdout + done.stderr


async def test_a_chain_rewritten_as_a_whole_is_told_by_the_root_kept_outside(bench: Bench) -> None:
    await write(bench, 3)
    await seal(bench)
    bench.clock.advance(timedelta(days=1))
    await write(bench, 1, first=3)
    await seal(bench)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    engine = create_engine(bench.database.worker)
    async with transaction(engine, WORKER) as conn:
        key_id = hashlib.sha256(public).hexdigest()[:16]
        await audit.sign_day(conn, POOL, bench.clock.now(), key.sign, key_id)
    kept = [json.loads(line) for line in await export(bench) if '"kind":"root"' in line]
    assert [(root["day"], root["through_number"]) for root in kept] == [("2010-03-01", 3)]
    assert verify(await export(bench), kept, [public]) == []
    assert [f.code for f in verify(await export(bench), kept, [bytes(32)])] == ["signature_wrong"]
    await bench.rows("ALTER TABLE audit DISABLE TRIGGER audit_sealed_once")
    await bench.rows("DELETE FROM audit_root")
    await bench.rows("DELETE FROM audit_head")
    await bench.rows("UPDATE audit SET subject = 'nobody', number = NULL, hash = NULL")
    async with transaction(engine, WORKER) as conn:
        await audit.seal_pending(conn, POOL)
    await engine.dispose()
    assert await verdict(bench) == [], "beside the data nothing shows"
    assert await verdict(bench, kept) == [("chain_rewritten", "2010-03-01")]


async def test_the_log_is_the_auditors(bench: Bench) -> None:
    path = f"/v1/pools/{POOL}/audit"
    for role in ("county_director", "operator", "hospital"):
        assert (await bench.client.get(path, headers=bench.headers(role=role))).status_code == 403
    foreign = await bench.client.get(f"/v1/pools/{OTHER_POOL}/audit", headers=bench.headers(role="auditor"))
    assert foreign.json()["code"] == "forbidden_pool"
    await export(bench)
    reads = await bench.rows("SELECT 1 FROM audit WHERE action = 'export_audit' AND outcome = 'read'")
    assert len(reads) == 1, "reading it is logged too"
    none = await bench.client.get("/v1/audit", headers=bench.headers(role="auditor"))
    assert json.loads(none.text.splitlines()[0])["pool_code"] == "-"


@pytest.mark.parametrize(
    "act",
    ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "UPDATE audit SET number = 9, hash = '\\x00'"],
)
async def test_the_application_cannot_touch_its_own_log(bench: Bench, act: str) -> None:
    await write(bench, 1)
    conn = await asyncpg.connect(bench.database.app)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with conn.transaction():
            await conn.execute("SELECT heyi_set_scope('county_director', ARRAY['522422'], ARRAY['*'])")
            await conn.execute(act)
    await conn.close()


async def test_a_sealed_row_is_not_sealed_again(bench: Bench) -> None:
    await write(bench, 1)
    await seal(bench)
    conn = await asyncpg.connect(bench.database.worker)
    with pytest.raises(asyncpg.PostgresError, match="sealed once"):
        async with conn.transaction():
            await conn.execute("SELECT heyi_set_scope('worker', ARRAY['522422'], ARRAY['*'])")
            await conn.execute("UPDATE audit SET number = 7, hash = '\\x00'")
    await conn.close()


async def sign_now(engine: AsyncEngine, bench: Bench, sign: Callable[[bytes], bytes]) -> None:
    async with transaction(engine, WORKER) as conn:
        await audit.sign_day(conn, POOL, bench.clock.now(), sign, "k1")


async def test_the_day_is_signed_once(bench: Bench) -> None:
    await write(bench, 2)
    await seal(bench)
    engine = create_engine(bench.database.worker)
    signed: list[bytes] = []

    def sign(root: bytes) -> bytes:
        signed.append(root)
        return b"signature"

    await sign_now(engine, bench, sign)
    assert signed == [], "today's rows are signed tomorrow"
    bench.clock.advance(timedelta(days=1))
    await write(bench, 1, first=2)
    await seal(bench)
    for _ in range(2):
        await sign_now(engine, bench, sign)
    await engine.dispose()
    rows = await bench.rows("SELECT day, through_number, signature FROM audit_root")
    assert [(str(r["day"]), r["through_number"], r["signature"]) for r in rows] == [("2010-03-01", 2, b"signature")]
