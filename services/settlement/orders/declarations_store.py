"""SQL of declarations that the bank never executed a payment by order, and of their withdrawal."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow


async def add(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The first person's declaration about an order's present payment; of those that stand, who came first stays."""
    await execute(
        conn,
        """
        INSERT INTO order_declaration (pool_code, id, order_id, attempt, reference, reason, document, proposed_by,
                                       proposed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING""",
        *row,
    )


async def declaration(conn: AsyncConnection, pool: str, declaration_id: UUID) -> Any:
    """A declaration."""
    return await fetchrow(
        conn, "SELECT * FROM order_declaration WHERE pool_code = $1 AND id = $2", pool, declaration_id
    )


async def standing(conn: AsyncConnection, pool: str, order_id: UUID, attempt: int | None = None) -> Any:
    """The declaration about one payment of an order, or about the last one declared, that was not withdrawn; None where
    there is none."""
    return await fetchrow(
        conn,
        """
        SELECT * FROM order_declaration
        WHERE pool_code = $1 AND order_id = $2 AND ($3::integer IS NULL OR attempt = $3) AND withdrawn_on IS NULL
        ORDER BY attempt DESC LIMIT 1""",
        pool,
        order_id,
        attempt,
    )


async def _write(conn: AsyncConnection, pool: str, declaration_id: UUID, changes: str, *values: Any) -> None:
    """Changes columns of a declaration whose order the caller holds; its values begin with ``$3``."""
    sql = f"UPDATE order_declaration SET {changes} WHERE pool_code = $1 AND id = $2"
    await execute_counted(conn, sql, pool, declaration_id, *values)


async def confirm(conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, day: date) -> None:
    """The second person's word, on a business day."""
    await _write(conn, pool, declaration_id, "confirmed_by = $3, confirmed_on = $4", by, day)


async def ask_withdrawal(
    conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, reason: str, document: str
) -> None:
    """The first person's word that a declaration was wrong; a later one takes its place until it is confirmed."""
    changes = "withdrawal_by = $3, withdrawal_reason = $4, withdrawal_document = $5"
    await _write(conn, pool, declaration_id, changes, by, reason, document)


async def withdraw(conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, day: date) -> None:
    """It counts no more from this business day on."""
    await _write(conn, pool, declaration_id, "withdrawn_by = $3, withdrawn_on = $4", by, day)


async def declarations(conn: AsyncConnection, pool: str, order_id: UUID) -> list[Any]:
    """All that was declared about an order's payments, in their order."""
    return await fetch(
        conn,
        """
        SELECT * FROM order_declaration WHERE pool_code = $1 AND order_id = $2 ORDER BY attempt, proposed_at, id""",
        pool,
        order_id,
    )
