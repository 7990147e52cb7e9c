"""The nightly proof that balances are caches and nothing else: every book is worked out again from its postings."""

import structlog

from services.settlement.ledger import store
from shared.db.sql import fetch
from shared.messaging.jobs import Job, WorkerContext

DAY_SECONDS = 86_400.0
_POOLS = "SELECT DISTINCT pool_code FROM book"

_log = structlog.get_logger("heyi.ledger")


class LedgerDiffers(RuntimeError):
    """A cache or the chain of a book differs from its postings: stop posting and look before anything else."""


async def replay_books(context: WorkerContext) -> None:
    """Replays every book of every pool; raises LedgerDiffers, which the worker logs and counts."""
    async with context.transaction() as conn:
        pools = [row["pool_code"] for row in await fetch(conn, _POOLS)]
    differing = []
    for pool_code in pools:
        async with context.transaction(pool_code) as conn:
            for book in await store.books(conn, pool_code):
                for row in await store.replay(conn, pool_code, book["book"]):
                    _log.error("ledger_differs", pool_code=pool_code, book=book["book"], **dict(row))
                    differing.append((pool_code, book["book"]))
    if differing:
        raise LedgerDiffers(", ".join(sorted({f"{pool}/{book}" for pool, book in differing})))


def jobs() -> list[Job]:
    """What the worker repeats for the ledger."""
    return [Job("ledger_replay", DAY_SECONDS, replay_books)]
