"""SQL of orders that the bank executed twice."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetch


async def declared(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Declarations about payments by order, each with its order's book and payee."""
    return await fetch(
        conn,
        """
        SELECT d.id, d.order_id, o.book, o.party
        FROM order_declaration d JOIN money_order o ON o.pool_code = d.pool_code AND o.id = d.order_id
        WHERE d.pool_code = $1 AND d.id = ANY ($2::uuid[])""",
        pool,
        list(ids),
    )
