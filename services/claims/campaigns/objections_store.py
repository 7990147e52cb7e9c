"""The SQL of objections to a published list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow, fetchval

_OBJECT = """
INSERT INTO campaign_objection (pool_code, id, campaign_id, payment_id, township_code, ground, raised_by, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_OBJECTION = """
SELECT id, campaign_id, payment_id, township_code, ground, raised_by, raised_at, outcome, note, decided_by, decided_at
FROM campaign_objection WHERE pool_code = $1 AND campaign_id = $2
"""
_DECIDE = """
UPDATE campaign_objection SET outcome = $3, note = $4, decided_by = $5, decided_at = $6
WHERE pool_code = $1 AND id = $2 AND outcome IS NULL
"""
_OPEN_OBJECTIONS = """
SELECT count(*) FROM campaign_objection WHERE pool_code = $1 AND campaign_id = $2 AND outcome IS NULL
"""


async def add_objection(
    conn: AsyncConnection, pool_code: str, campaign_id: UUID, row: tuple[UUID, UUID | None, str, str, str, datetime]
) -> None:
    """Writes an objection: (id, line, township, ground, by, at)."""
    objection_id, payment_id, *rest = row
    await execute(conn, _OBJECT, pool_code, objection_id, campaign_id, payment_id, *rest)


async def objections(conn: AsyncConnection, pool_code: str, campaign_id: UUID, after: UUID, limit: int) -> list[Any]:
    """Objections of a campaign beyond ``after``, in order."""
    return await fetch(conn, _OBJECTION + " AND id > $3 ORDER BY id LIMIT $4", pool_code, campaign_id, after, limit)


async def objection(conn: AsyncConnection, pool_code: str, campaign_id: UUID, objection_id: UUID) -> Any:
    """An objection, locked."""
    return await fetchrow(conn, _OBJECTION + " AND id = $3 FOR UPDATE", pool_code, campaign_id, objection_id)


async def decide_objection(
    conn: AsyncConnection, pool_code: str, objection_id: UUID, outcome: str, note: str, by: str, at: datetime
) -> None:
    """Writes how an objection was decided."""
    await execute(conn, _DECIDE, pool_code, objection_id, outcome, note, by, at)


async def open_objections(conn: AsyncConnection, pool_code: str, campaign_id: UUID) -> int:
    """How many objections wait."""
    return int(await fetchval(conn, _OPEN_OBJECTIONS, pool_code, campaign_id))
