"""SQL of one payment and of what an institution was paid."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetch, fetchrow, fetchval


async def paid_by(conn: AsyncConnection, pool: str, instruction_id: UUID) -> list[UUID]:
    """The claims that an instruction pays, or a person's payments."""
    rows = await fetch(
        conn,
        "SELECT claim_id FROM instruction_claim WHERE pool_code = $1 AND instruction_id = $2 ORDER BY claim_id",
        pool,
        instruction_id,
    )
    return [row["claim_id"] for row in rows]


async def instruction(conn: AsyncConnection, pool: str, instruction_id: UUID) -> Any:
    """An instruction with its batch's layer and the one that replaced it, or None."""
    return await fetchrow(
        conn,
        """
        SELECT i.*, b.layer, b.account,
               (SELECT r.id FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id
                  AND r.status <> 'cancelled') AS replaced_by
        FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE i.pool_code = $1 AND i.id = $2""",
        pool,
        instruction_id,
    )


async def repaid_by(conn: AsyncConnection, pool: str, batch_id: UUID) -> list[int]:
    """Fen of the instructions of a batch that pay another one again."""
    sql = "SELECT amount_fen FROM instruction WHERE pool_code = $1 AND batch_id = $2 AND replaces IS NOT NULL"
    return [row["amount_fen"] for row in await fetch(conn, sql, pool, batch_id)]


async def heard_of(conn: AsyncConnection, pool: str, institution: str) -> bool:
    """Whether the pool ever had a claim, a cut-off or a payee of an institution."""
    return bool(
        await fetchval(
            conn,
            """
            SELECT EXISTS (SELECT FROM payee WHERE pool_code = $1 AND institution_code = $2)
                OR EXISTS (SELECT FROM cutoff WHERE pool_code = $1 AND institution_code = $2)
                OR EXISTS (SELECT FROM claim_state WHERE pool_code = $1 AND institution_code = $2)""",
            pool,
            institution,
        )
    )


async def payments_to(conn: AsyncConnection, pool: str, institution: str, first: date, last: date) -> list[Any]:
    """Payments to an institution confirmed or returned in a period, oldest first."""
    return await fetch(
        conn,
        """
        SELECT i.id, i.end_to_end_id, i.batch_id, i.amount_fen, i.claim_count, i.status, i.confirmed_on, i.returned_on,
               i.replaces, i.institution_code, i.deadline, i.set_off_fen, i.withheld_fen, i.shown_as, b.layer,
               b.account
        FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE i.pool_code = $1 AND i.institution_code = $2 AND i.confirmed_on BETWEEN $3 AND $4
        ORDER BY i.confirmed_on, i.id""",
        pool,
        institution,
        first,
        last,
    )


async def claims_of(
    conn: AsyncConnection, pool: str, instruction_id: UUID, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Claims that an instruction pays, a layer a row, after the last (claim, layer) shown."""
    return await fetch(
        conn,
        """
        SELECT c.claim_id, c.layer, c.expense_account, c.amount_fen, c.set_off_fen, c.withheld_fen, p.cutoff_id,
               p.township_code, p.care_kind
        FROM instruction_claim c JOIN payable p USING (pool_code, claim_id, layer)
        WHERE c.pool_code = $1 AND c.instruction_id = $2
          AND ($3::uuid IS NULL OR (c.claim_id, c.layer) > ($3, $4::text))
        ORDER BY c.claim_id, c.layer LIMIT $5""",
        pool,
        instruction_id,
        *(after or (None, None)),
        limit,
    )
