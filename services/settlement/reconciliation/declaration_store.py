"""SQL of declarations that the bank never executed a payment, and of their withdrawal."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow


async def add(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The first person's declaration; of those that stand, who came first stays."""
    await execute(
        conn,
        """
        INSERT INTO declaration (pool_code, id, instruction_id, reason, proposed_by, proposed_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        *row,
    )


async def declaration(conn: AsyncConnection, pool: str, declaration_id: UUID) -> Any:
    """A declaration."""
    return await fetchrow(conn, "SELECT * FROM declaration WHERE pool_code = $1 AND id = $2", pool, declaration_id)


async def standing(conn: AsyncConnection, pool: str, instruction_id: UUID) -> Any:
    """The declaration about a payment that was not withdrawn, or None."""
    sql = "SELECT * FROM declaration WHERE pool_code = $1 AND instruction_id = $2 AND withdrawn_on IS NULL"
    return await fetchrow(conn, sql, pool, instruction_id)


async def declarations(conn: AsyncConnection, pool: str, instruction_id: UUID) -> list[Any]:
    """All that was declared about a payment, in its order."""
    sql = "SELECT * FROM declaration WHERE pool_code = $1 AND instruction_id = $2 ORDER BY proposed_at, id"
    return await fetch(conn, sql, pool, instruction_id)


async def _write(conn: AsyncConnection, pool: str, declaration_id: UUID, changes: str, *values: Any) -> None:
    """Changes columns of a declaration under its account's lock; its values begin with ``$3``."""
    sql = f"UPDATE declaration SET {changes} WHERE pool_code = $1 AND id = $2"
    await execute_counted(conn, sql, pool, declaration_id, *values)


async def confirm(conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, day: date) -> None:
    """The second person's word, on a business day."""
    await _write(conn, pool, declaration_id, "confirmed_by = $3, confirmed_on = $4", by, day)


async def ask_withdrawal(conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, reason: str) -> None:
    """The first person's word that a declaration was wrong; a later one takes its place until it is confirmed."""
    await _write(conn, pool, declaration_id, "withdrawal_by = $3, withdrawal_reason = $4", by, reason)


async def withdraw(conn: AsyncConnection, pool: str, declaration_id: UUID, by: str, day: date) -> None:
    """It counts no more from this business day on."""
    await _write(conn, pool, declaration_id, "withdrawn_by = $3, withdrawn_on = $4", by, day)
