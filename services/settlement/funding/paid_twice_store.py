"""SQL of orders that the bank executed twice."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import fetch


async def orders(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Orders, each with its book and payee."""
    sql = "SELECT id, book, party FROM money_order WHERE pool_code = $1 AND id = ANY ($2::uuid[])"
    return await fetch(conn, sql, pool, list(ids))
