"""The deadline of the bank: a payment without a result by then is ``unknown`` and keeps its hold (contracts §11)."""

from services.settlement.payouts import result_store
from shared.db.business_day import business_day
from shared.db.scope import Scope, transaction
from shared.db.sql import fetch
from shared.messaging.jobs import Job, WorkerContext

EVERY_SECONDS = 60.0
_POOLS = """
SELECT pool_code FROM audit_head WHERE pool_code <> '-' UNION SELECT pool_code FROM pool_day ORDER BY 1
"""


async def mark_unknown(context: WorkerContext) -> None:
    """Marks overdue payments of every pool, one transaction a pool."""
    for pool in await _pools(context):
        async with transaction(context.engine, Scope("worker", (pool,))) as conn:
            await result_store.overdue(conn, pool, await business_day(conn, pool, context.clock.now()))


async def _pools(context: WorkerContext) -> list[str]:
    async with transaction(context.engine, Scope("worker"), read_only=True) as conn:
        return [row["pool_code"] for row in await fetch(conn, _POOLS)]


def jobs() -> list[Job]:
    """What the worker repeats for payouts."""
    return [Job("payment_deadlines", EVERY_SECONDS, mark_unknown)]
