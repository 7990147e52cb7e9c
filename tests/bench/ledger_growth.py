"""What a posting costs while its book grows to three million postings: ``python -m tests.bench.ledger_growth``
(ten with ``--up-to 10000000``, for the soak).

The same path and settings as ``ledger_ratio``. At each size the next batches are measured: the median of their time
and of their CPU time (this process's and the database's), both a posting. A book that grew dear with
its size would show here.
"""

import argparse
import asyncio
import statistics

from sqlalchemy.ext.asyncio import AsyncEngine

from services.settlement.ledger.posting import open_books
from shared.db.engine import create_engine
from shared.db.scope import transaction
from tests.bench.ledger_ratio import POOL, SCOPE, Spent, batch, book_events, events_of
from tests.bench.results import Result, tell
from tests.support.postgres import ServiceDatabase, TestPostgres

SIZES = (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
UP_TO = 3_000_000
POSTINGS, PER_VOUCHER, MEASURED = 10_000, 4, 5


async def post_batch(worker: AsyncEngine, number: int, spent: Spent) -> None:
    """Posts one batch."""
    vouchers = batch(number, POSTINGS, PER_VOUCHER)
    ids = events_of(vouchers)
    await spent.run(worker, lambda conn: book_events(conn, vouchers, ids))


async def grow(database: ServiceDatabase, sizes: tuple[int, ...]) -> None:
    """Fills one book and measures the batches that follow each size."""
    worker = create_engine(database.worker, pool_size=1, statement_timeout_seconds=60)
    figures: list[str] = []
    posted = 0
    try:
        async with transaction(worker, SCOPE) as conn:
            await open_books(conn, POOL)
        for size in sizes:
            while posted * POSTINGS < size:
                await post_batch(worker, posted, Spent())
                posted += 1
            seen = Spent()
            for _ in range(MEASURED):
                await post_batch(worker, posted, seen)
                posted += 1
            wall, cpu = (statistics.median(times) / POSTINGS * 1e6 for times in (seen.clock, seen.cpu))
            figures.append(f"{cpu:.0f}")
            print(f"book of {size:>9,} postings: {wall:5.1f} us a posting, {cpu:.1f} us CPU", flush=True)
    finally:
        await worker.dispose()
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
    parser.add_argument(
        "--up-to", type=int, default=UP_TO, help="postings in the book at the end; the soak goes to ten million"
    )
    options = parser.parse_args()
    server = TestPostgres(durable=True)
    server.start()
    try:
        database = server.clone("settlement")
        asyncio.run(grow(database, tuple(size for size in SIZES if size <= options.up_to)))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
