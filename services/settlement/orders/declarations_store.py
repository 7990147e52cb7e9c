"""SQL of declarations that the bank never executed a payment by order."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow


async def add(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The first person's declaration about an order's present payment; who came first stays."""
    await execute(
        conn,
        """
        INSERT INTO order_declaration (pool_code, order_id, attempt, reference, reason, document, proposed_by,
                                       proposed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING""",
        *row,
    )


async def declaration(conn: AsyncConnection, pool: str, order_id: UUID, attempt: int) -> Any:
    """The declaration about one payment of an order, or None."""
    return await fetchrow(
        conn,
        "SELECT * FROM order_declaration WHERE pool_code = $1 AND order_id = $2 AND attempt = $3",
        pool,
        order_id,
        attempt,
    )


async def confirm(conn: AsyncConnection, pool: str, order_id: UUID, attempt: int, by: str, day: date) -> None:
    """The second person's word; the caller holds the order."""
    await execute_counted(
        conn,
        """
        UPDATE order_declaration SET confirmed_by = $4, confirmed_on = $5
        WHERE pool_code = $1 AND order_id = $2 AND attempt = $3""",
        pool,
        order_id,
        attempt,
        by,
        day,
    )


async def declarations(conn: AsyncConnection, pool: str, order_id: UUID) -> list[Any]:
    """All that was declared about an order's payments, in their order."""
    return await fetch(
        conn,
        "SELECT * FROM order_declaration WHERE pool_code = $1 AND order_id = $2 ORDER BY attempt",
        pool,
        order_id,
    )
