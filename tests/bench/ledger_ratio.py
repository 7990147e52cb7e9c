"""Posting through the whole path against plain COPY of the same rows: ``python -m tests.bench.ledger_ratio``.

10,000 postings, 4 a voucher, one connection, durable settings. The floor copies the same vouchers and postings into
tables with only a primary key. Both are measured in turns in the same run; printed are the medians and their ratio.
The machine's noise is in both, so the ratio is what counts; the goal is 40%.
"""

import argparse
import asyncio
import statistics
import time
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger.posting import Posting, Voucher, by_rule, open_books, post
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.db.sql import driver, execute, fetch
from shared.kernel.dates import month_of
from tests.bench.results import Result, tell
from tests.support.postgres import ServiceDatabase, TestPostgres

POOL = "522422"
SCOPE = Scope("service", (POOL,))
FLOWS = (("1009.01", "4001"), ("1009.01", "2101"), ("1009.01", "4003"), ("1009.01", "4001"))
FLOOR = (("voucher", "pool_code, book, number"), ("posting", "pool_code, book, number, line"))
DURABLE = ("fsync = on", "synchronous_commit = on", "full_page_writes = on")


def batch(run: int, postings: int, per_voucher: int) -> list[Voucher]:
    """One run's vouchers."""
    day = date(2010, 3, 1)
    preparer, checker, poster = by_rule("premium")
    return [
        Voucher(
            "basic", f"bench:{run}:{n}", day, day, "收取个人缴费", preparer, checker, poster,
            tuple(
                Posting(*FLOWS[i % len(FLOWS)], 2_000 + i, party="52242201", ref=f"SK-{run}-{n}")
                for i in range(per_voucher)
            ),
        )
        for n in range(postings // per_voucher)
    ]  # fmt: skip


async def floor(conn: AsyncConnection, vouchers: list[Voucher]) -> None:
    """COPY of the same rows, numbers and hashes made up."""
    rows: list[tuple[Any, ...]] = [
        (POOL, v.book, n, month_of(v.posting_date), n, v.source_event, v.posting_date, v.value_date, v.reason, None,
         v.preparer, v.checker, v.poster, v.text, b"d" * 32, b"h" * 32)
        for n, v in enumerate(vouchers, 1)
    ]  # fmt: skip
    lines = [
        (POOL, v.book, n, i, p.debit, p.credit, p.amount_fen, p.party, p.ref, p.memo)
        for n, v in enumerate(vouchers, 1)
        for i, p in enumerate(v.postings, 1)
    ]
    await driver(conn).copy_records_to_table("floor_voucher", records=rows)
    await driver(conn).copy_records_to_table("floor_posting", records=lines)


async def measure(
    database: ServiceDatabase, runs: int, postings: int, per_voucher: int
) -> tuple[list[float], list[float]]:
    """Seconds of each run of the ledger and of the floor; raises where the books do not replay afterwards."""
    owner, app = create_engine(database.owner), create_engine(database.app)
    ours, theirs = [], []
    try:
        async with transaction(owner, SCOPE) as conn:
            for table, key in FLOOR:
                await execute(conn, f"CREATE TABLE floor_{table} (LIKE {table}, PRIMARY KEY ({key}))")
        async with transaction(app, SCOPE) as conn:
            await open_books(conn, POOL)
        for run in range(runs):
            vouchers = batch(run, postings, per_voucher)
            started = time.perf_counter()
            async with transaction(app, SCOPE) as conn:
                await post(conn, POOL, vouchers)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            async with transaction(owner, SCOPE) as conn:
                await floor(conn, vouchers)
            theirs.append(time.perf_counter() - started)
            async with transaction(owner, SCOPE) as conn:
                await execute(conn, "TRUNCATE floor_voucher, floor_posting")
        async with transaction(app, SCOPE, read_only=True) as conn:
            differing = await fetch(conn, "SELECT * FROM ledger_replay($1, 'basic')", POOL)
        if differing:
            raise AssertionError(f"the books do not replay: {differing[:3]}")
    finally:
        await owner.dispose()
        await app.dispose()
    return ours, theirs


async def make_durable(url: str) -> None:
    """The test cluster is volatile; a benchmark is not."""
    conn = await asyncpg.connect(url)
    try:
        for setting in DURABLE:
            await conn.execute(f"ALTER SYSTEM SET {setting}")
        await conn.execute("SELECT pg_reload_conf()")
    finally:
        await conn.close()


def main() -> None:
    """Starts a cluster of its own, measures, prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--postings", type=int, default=10_000)
    parser.add_argument("--per-voucher", type=int, default=4)
    options = parser.parse_args()
    server = TestPostgres()
    server.start()
    try:
        asyncio.run(make_durable(server.cluster.url()))
        database = server.clone("settlement")
        ours, theirs = asyncio.run(measure(database, options.runs, options.postings, options.per_voucher))
    finally:
        server.stop()
    middle, least = (statistics.median(ours), statistics.median(theirs)), (min(ours), min(theirs))
    tell(
        Result(
            "ledger, posting as a share of COPY",
            f"{middle[1] / middle[0]:.0%}",
            "40%",
            f"batches of {options.postings:,} postings, {options.per_voucher} a voucher, {options.runs} runs: "
            f"post {middle[0] * 1e3:.0f} ms ({options.postings / middle[0]:,.0f}/s), COPY {middle[1] * 1e3:.0f} ms "
            f"({options.postings / middle[1]:,.0f}/s); of the fastest runs {least[1] / least[0]:.0%}",
        )
    )


if __name__ == "__main__":
    main()
