"""SQL of the two-person reversal of orders and arrivals: both tables have the same columns for it."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import stands
from shared.db.sql import change_row, fetchrow

Table = Literal["money_order", "arrival"]


async def propose(
    conn: AsyncConnection, table: Table, pool: str, one: UUID, by: str, reason: str, document: str
) -> None:
    """What is booked waits for another person's word on its reversal."""
    changes = "reversal_by = $3, reversal_reason = $4, reversal_document = $5"
    await change_row(conn, table, pool, one, changes, by, reason, document)


async def decline(conn: AsyncConnection, table: Table, pool: str, one: UUID) -> None:
    """It stays as it was booked, and its reversal may be proposed again."""
    await change_row(conn, table, pool, one, "reversal_by = NULL, reversal_reason = NULL, reversal_document = NULL")


async def done(conn: AsyncConnection, table: Table, pool: str, one: UUID, by: str, day: date) -> None:
    """booked ▸ reversed."""
    await change_row(conn, table, pool, one, "status = 'reversed', reversed_by = $3, reversed_on = $4", by, day)


async def movement_of(conn: AsyncConnection, pool: str, account: str, kind: str, reference: str) -> Any:
    """The movement of this kind that is booked under a reference, and whether a statement shows it."""
    return await fetchrow(
        conn,
        f"""
        SELECT m.id, EXISTS (SELECT FROM line_match x WHERE x.pool_code = m.pool_code AND x.movement_id = m.id) AS seen
        FROM movement m WHERE m.pool_code = $1 AND m.account = $2 AND m.kind = $3 AND m.reference = $4
          AND {stands()}""",
        pool,
        account,
        kind,
        reference,
    )
