"""What a posting costs while its book grows to three million postings: ``python -m tests.bench.ledger_growth``.

The same path and settings as ``ledger_ratio``. At each size the next batches are measured: the median of their time
and the CPU time of the database's process, both a posting. A book that grew dear with its size would show here.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from services.settlement.ledger.posting import open_books, post
from shared.db.engine import create_engine
from shared.db.scope import transaction
from shared.db.sql import driver
from tests.bench.ledger_ratio import POOL, SCOPE, batch, make_durable
from tests.bench.results import Result, tell
from tests.support.postgres import ServiceDatabase, TestPostgres

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
POSTINGS, PER_VOUCHER, MEASURED = 10_000, 4, 5
_TICK_MICROSECONDS = 10_000


def cpu_ticks(pid: int) -> int:
    """CPU time of a process so far, in ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def post_batch(app: AsyncEngine, number: int) -> tuple[float, int]:
    """Seconds of one batch, and the database's CPU time for it in microseconds."""
    vouchers = batch(number, POSTINGS, PER_VOUCHER)
    started = time.perf_counter()
    async with transaction(app, SCOPE) as conn:
        pid = driver(conn).get_server_pid()
        before = cpu_ticks(pid)
        await post(conn, POOL, vouchers)
        spent = cpu_ticks(pid) - before
    return time.perf_counter() - started, spent * _TICK_MICROSECONDS


async def grow(database: ServiceDatabase, sizes: tuple[int, ...]) -> None:
    """Fills one book and measures the batches that follow each size."""
    app = create_engine(database.app, pool_size=1, statement_timeout_seconds=60)
    figures: list[str] = []
    posted = 0
    try:
        async with transaction(app, SCOPE) as conn:
            await open_books(conn, POOL)
        for size in sizes:
            while posted * POSTINGS < size:
                await post_batch(app, posted)
                posted += 1
            seen = [await post_batch(app, posted + n) for n in range(MEASURED)]
            posted += MEASURED
            wall = statistics.median(seconds for seconds, _ in seen) / POSTINGS * 1e6
            cpu = statistics.median(spent for _, spent in seen) / POSTINGS
            figures.append(f"{cpu:.0f}")
            print(f"book of {size:>9,} postings: {wall:5.1f} us a posting, {cpu:.1f} us CPU of PostgreSQL", flush=True)
    finally:
        await app.dispose()
    tell(
        Result(
            "ledger, CPU us a posting by size",
            " / ".join(figures),
            "flat",
            f"books of {' / '.join(f'{size:,}' for size in sizes)} postings",
        )
    )


def main() -> None:
    """Starts a cluster of its own, fills, measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--up-to", type=int, default=SIZES[-1], help="postings in the book at the end")
    options = parser.parse_args()
    server = TestPostgres()
    server.start()
    try:
        asyncio.run(make_durable(server.cluster.url()))
        database = server.clone("settlement")
        asyncio.run(grow(database, tuple(size for size in SIZES if size <= options.up_to)))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
