"""The audit log after it was written: numbered, chained, and a change of it found."""

from collections.abc import Callable
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import audit
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from tests.component.http.conftest import POOL, Bench

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


async def verdict(bench: Bench) -> str | None:
    engine = create_engine(bench.database.worker)
    async with transaction(engine, WORKER, read_only=True) as conn:
        found = await audit.verify_chain(conn, POOL)
    await engine.dispose()
    return found


async def test_committed_rows_are_numbered_and_chained(bench: Bench) -> None:
    await write(bench, 5)
    assert await seal(bench) == 5
    assert await seal(bench) == 0
    await write(bench, 2, first=5)
    assert await seal(bench) == 2
    rows = await bench.rows("SELECT number FROM audit ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, 8))
    assert await verdict(bench) is None


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("UPDATE audit SET subject = 'somebody else' WHERE number = 2", "row 2 was changed"),
        ("DELETE FROM audit WHERE number = 2", "row 2 is missing"),
        ("DELETE FROM audit WHERE number = 4", "rows after 3 are missing"),
    ],
)
async def test_a_change_by_the_mightiest_is_found(bench: Bench, act: str, told: str) -> None:
    await write(bench, 4)
    await seal(bench)
    await bench.rows("ALTER TABLE audit DISABLE TRIGGER audit_sealed_once")
    await bench.rows(act)
    assert await verdict(bench) == told


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
