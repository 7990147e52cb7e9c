"""Posting through the whole path against plain COPY of the same rows: ``python -m tests.bench.ledger_ratio``.

10,000 postings, 4 a voucher and an event of the inbox each, one connection of the worker, a durable server on disk. The
floor copies the same vouchers and postings into tables with only a primary key. Both are measured in turns in the same
run; printed are the medians and their ratio. The machine's noise is in both, so the ratio is what counts; the goal is
40%.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.settlement.ledger.posting import Posting, Voucher, by_rule, open_books, post
from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.db.sql import driver, execute, fetch
from shared.kernel.dates import month_of
from shared.kernel.ids import new_id
from shared.messaging import inbox
from tests.bench.results import Result, tell
from tests.support.postgres import ServiceDatabase, TestPostgres

POOL = "522422"
SCOPE = Scope("service", (POOL,))
READER = inbox.Reader("bench", 1)
NOW = datetime(2010, 3, 1, 4, tzinfo=UTC)
FLOWS = (("1009.01", "4001"), ("1009.01", "2101"), ("1009.01", "4003"), ("1009.01", "4001"))
FLOOR = (("voucher", "pool_code, book, number"), ("posting", "pool_code, book, number, line"))


def events_of(vouchers: list[Voucher]) -> list[UUID]:
    """The ids of the events, which a consumer has from their envelopes."""
    return [UUID(v.source_event.partition(":")[2]) for v in vouchers]


async def book_events(conn: AsyncConnection, vouchers: list[Voucher], ids: list[UUID]) -> None:
    """What a consumer does with a poll batch: the events into the inbox, their vouchers into the book."""
    await inbox.take(conn, READER, POOL, ids, NOW)
    await post(conn, POOL, vouchers)


def batch(run: int, postings: int, per_voucher: int) -> list[Voucher]:
    """One run's vouchers, each of an event of its own."""
    day, step = NOW.date(), timedelta(milliseconds=1)
    preparer, checker, poster = by_rule("premium")
    return [
        Voucher(
            "basic", f"premium:{new_id(NOW + (run * postings + n) * step)}", day, day, "收取个人缴费", preparer,
            checker, poster,
            tuple(
                Posting(*FLOWS[i % len(FLOWS)], 2_000 + i, party="52242201", ref=f"SK-{run}-{n}")
                for i in range(per_voucher)
            ),
        )
        for n in range(postings // per_voucher)
    ]  # fmt: skip


async def floor(conn: AsyncConnection, vouchers: list[Voucher]) -> None:
    """COPY of the same rows, numbers and hashes made up."""
    rows = (
        (POOL, v.book, n, month_of(v.posting_date), n, v.source_event, v.posting_date, v.value_date, v.reason, None,
         v.preparer, v.checker, v.poster, v.text, v.sheets, "", b"d" * 32, b"h" * 32)
        for n, v in enumerate(vouchers, 1)
    )  # fmt: skip
    lines = (
        (POOL, v.book, n, i, p.debit, p.credit, p.amount_fen, p.party, p.ref, p.memo)
        for n, v in enumerate(vouchers, 1)
        for i, p in enumerate(v.postings, 1)
    )
    await driver(conn).copy_records_to_table("floor_voucher", records=rows)
    await driver(conn).copy_records_to_table("floor_posting", records=lines)


@dataclass
class Spent:
    """Seconds of each run of one side: by the clock, and CPU time of this process and the database's."""

    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    async def run(self, engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[object]]) -> None:
        """One transaction."""
        started, own = time.perf_counter(), time.process_time()
        async with transaction(engine, SCOPE) as conn:
            pid = driver(conn).get_server_pid()
            database = database_cpu(pid)
            await work(conn)
        self.clock.append(time.perf_counter() - started)
        self.cpu.append(time.process_time() - own + database_cpu(pid) - database)


def database_cpu(pid: int) -> float:
    """CPU seconds of a process of the database so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


async def measure(database: ServiceDatabase, runs: int, postings: int, per_voucher: int) -> tuple[Spent, Spent]:
    """What the ledger and the floor spent; raises where the books do not replay afterwards."""
    owner, worker = create_engine(database.owner), create_engine(database.worker)
    ours, theirs = Spent(), Spent()
    try:
        async with transaction(owner, SCOPE) as conn:
            for table, key in FLOOR:
                await execute(conn, f"CREATE TABLE floor_{table} (LIKE {table}, PRIMARY KEY ({key}))")
        async with transaction(worker, SCOPE) as conn:
            await open_books(conn, POOL)
        for run in range(runs):
            vouchers = batch(run, postings, per_voucher)
            ids = events_of(vouchers)
            await ours.run(worker, lambda conn, v=vouchers, i=ids: book_events(conn, v, i))  # type: ignore[misc]
            await theirs.run(owner, lambda conn, vouchers=vouchers: floor(conn, vouchers))  # type: ignore[misc]
            async with transaction(owner, SCOPE) as conn:
                await execute(conn, "TRUNCATE floor_voucher, floor_posting")
        async with transaction(worker, SCOPE, read_only=True) as conn:
            differing = await fetch(conn, "SELECT * FROM ledger_replay($1, 'basic')", POOL)
        if differing:
            raise AssertionError(f"the books do not replay: {differing[:3]}")
    finally:
        await owner.dispose()
        await worker.dispose()
    return ours, theirs


def main() -> None:
    """Starts a cluster of its own, measures, prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--postings", type=int, default=10_000)
    parser.add_argument("--per-voucher", type=int, default=4)
    options = parser.parse_args()
    server = TestPostgres(durable=True)
    server.start()
    try:
        database = server.clone("settlement")
        ours, theirs = asyncio.run(measure(database, options.runs, options.postings, options.per_voucher))
    finally:
        server.stop()
    tell(result(options, ours, theirs))


def result(options: argparse.Namespace, ours: Spent, theirs: Spent) -> Result:
    """The share by the clock (medians); beside it the fastest runs and CPU time, which noise disturbs less."""
    our, their = statistics.median(ours.clock), statistics.median(theirs.clock)
    cpu, floor_cpu = statistics.median(ours.cpu), statistics.median(theirs.cpu)
    return Result(
        "ledger, posting as a share of COPY",
        f"{their / our:.0%}",
        "40%",
        f"batches of {options.postings:,} postings, {options.per_voucher} a voucher, {options.runs} runs: post"
        f" {our * 1e3:.0f} ms ({options.postings / our:,.0f}/s), COPY {their * 1e3:.0f} ms"
        f" ({options.postings / their:,.0f}/s); of the fastest runs {min(theirs.clock) / min(ours.clock):.0%};"
        f" CPU {cpu * 1e3:.0f} ms and {floor_cpu * 1e3:.0f} ms, {floor_cpu / cpu:.0%}",
    )


if __name__ == "__main__":
    main()
