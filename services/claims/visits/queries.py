"""What other capabilities may ask of visits and claims, and the one thing they may do: take back a claim's counts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits import settling_store, store
from services.claims.visits.claims import Claim
from services.claims.visits.counters import Counters, in_lock_order
from shared.db.sql import execute_together


async def lock_claim(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> Claim | None:
    """A claim that the scope may see, locked until the transaction ends."""
    return await store.claim(conn, pool_code, claim_id, lock=True)


async def line_amounts(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> list[int]:
    """The amounts of a claim's lines in fen, by their order."""
    detail = await store.detail(conn, pool_code, claim_id)
    return list(detail["amounts_fen"])


async def take_back_counts(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> None:
    """Takes from the accumulators exactly what a claim added, once; before the claim is locked (contracts §4)."""
    heads = await settling_store.claim_heads(conn, pool_code, [claim_id])
    refs = in_lock_order((await settling_store.refs_of_claims(conn, pool_code, heads.values())).get(claim_id, []))
    if not refs:
        return
    counters = Counters(rows=await settling_store.lock_rows(conn, pool_code, refs))
    counters.earlier = await settling_store.entries_on(conn, pool_code, refs)
    counters.take_back_once(claim_id)
    if counters.new:
        await execute_together(conn, settling_store.counts_written(pool_code, counters))
