"""SQL of what the bank said, or did not say: payments confirmed, returned, overdue, undone, and their payables."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import columns, execute, execute_counted, fetch, fetchval


async def overdue(conn: AsyncConnection, pool: str, day: date) -> int:
    """released or sent ▸ unknown for instructions whose deadline has passed; how many. Their holds stay."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction SET status = 'unknown'
        WHERE pool_code = $1 AND status IN ('released', 'sent') AND deadline < $2""",
        pool,
        day,
    )


async def instruction_sums(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Sums of instructions by expense account: what is paid, and what is set off."""
    return await fetch(
        conn,
        """
        SELECT c.instruction_id, i.institution_code, i.end_to_end_id, i.status, coalesce(i.hold_id, i.id) AS hold_id,
               c.expense_account,
               b.layer AS purse, sum(c.amount_fen - c.set_off_fen - c.withheld_fen)::bigint AS fen,
               sum(c.set_off_fen)::bigint AS set_off_fen
        FROM instruction_claim c JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE c.pool_code = $1 AND c.instruction_id = ANY ($2::uuid[])
        GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 6""",
        pool,
        list(ids),
    )


async def claim_amounts(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Of each claim of instructions: what it is owed by them, and what of that is set off or withheld; in fen."""
    return await fetch(
        conn,
        """
        SELECT c.instruction_id, c.claim_id, c.layer, c.expense_account, c.amount_fen, c.set_off_fen, c.withheld_fen,
               i.institution_code, b.layer AS purse
        FROM instruction_claim c JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE c.pool_code = $1 AND c.instruction_id = ANY ($2::uuid[])
        ORDER BY c.instruction_id, c.claim_id, c.layer""",
        pool,
        list(ids),
    )


async def write_shares(conn: AsyncConnection, pool: str, rows: Sequence[tuple[UUID, UUID, str, int, int]]) -> None:
    """Each claim's part of what is set off and withheld: (instruction, claim, layer, set off, withheld) a row."""
    await execute(
        conn,
        """
        UPDATE instruction_claim c SET set_off_fen = s.set_off, withheld_fen = s.withheld
        FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[])
          AS s (instruction_id, claim_id, layer, set_off, withheld)
        WHERE c.pool_code = $1 AND c.instruction_id = s.instruction_id AND c.claim_id = s.claim_id
          AND c.layer = s.layer""",
        pool,
        *columns(rows, 5),
    )


async def confirm(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> int:
    """released, sent, unknown or declared not executed ▸ confirmed; how many."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction i SET status = 'confirmed', confirmed_on = a.day
        FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE i.pool_code = $1 AND i.id = a.id AND i.status IN ('released', 'sent', 'unknown', 'not_executed')""",
        pool,
        list(ids),
        list(days),
    )


async def bounce(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> int:
    """confirmed ▸ returned; how many."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction i SET status = 'returned', returned_on = a.day
        FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE i.pool_code = $1 AND i.id = a.id AND i.status = 'confirmed'""",
        pool,
        list(ids),
        list(days),
    )


async def undo(conn: AsyncConnection, pool: str, instruction_id: UUID, after: str) -> bool:
    """unknown ▸ not_executed, or not_executed ▸ paid_twice; False if it is in another state by now."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE instruction SET status = $3 WHERE pool_code = $1 AND id = $2
          AND status = CASE $3 WHEN 'not_executed' THEN 'unknown' WHEN 'paid_twice' THEN 'not_executed' END""",
            pool,
            instruction_id,
            after,
        )
        == 1
    )


async def times_too_often(conn: AsyncConnection, pool: str, instruction_id: UUID) -> int:
    """How many times the bank has executed an instruction too often."""
    sql = "SELECT count(*) FROM receivable WHERE pool_code = $1 AND instruction_id = $2"
    times: int = await fetchval(conn, sql, pool, instruction_id)
    return times


async def outstanding_again(conn: AsyncConnection, pool: str, instruction_id: UUID, hold_id: UUID) -> bool:
    """not_executed ▸ unknown, under a hold of its own; False if it is in another state by now."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE instruction SET status = 'unknown', hold_id = $3
        WHERE pool_code = $1 AND id = $2 AND status = 'not_executed'""",
            pool,
            instruction_id,
            hold_id,
        )
        == 1
    )


async def is_open_whole(conn: AsyncConnection, pool: str, instruction_id: UUID) -> bool:
    """Whether all that an instruction was to pay is bounced, and nothing else has become of it."""
    return not await fetch(
        conn,
        """
        SELECT FROM instruction_claim c JOIN payable p USING (pool_code, claim_id, layer)
        WHERE c.pool_code = $1 AND c.instruction_id = $2
          AND (p.instruction_id, p.status) IS DISTINCT FROM ($2, 'bounced') LIMIT 1""",
        pool,
        instruction_id,
    )


async def move_payables(
    conn: AsyncConnection, pool: str, ids: Sequence[UUID], before: Sequence[str], after: str
) -> list[Any]:
    """Payables of instructions from one state to the next, each with the sequence of the event that tells it."""
    return await fetch(
        conn,
        """
        WITH locked AS (
          SELECT claim_id, layer FROM payable
          WHERE pool_code = $1 AND instruction_id = ANY ($2::uuid[]) AND status = ANY ($3::text[])
          ORDER BY claim_id, layer FOR UPDATE
        )
        UPDATE payable p SET status = $4, published = p.published + 1 FROM locked
        WHERE p.pool_code = $1 AND p.claim_id = locked.claim_id AND p.layer = locked.layer
        RETURNING p.claim_id, p.layer, p.institution_code, p.instruction_id, p.expense_account, p.amount_fen,
                  p.published, p.care_kind""",
        pool,
        list(ids),
        list(before),
        after,
    )
