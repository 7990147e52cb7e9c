"""SQL of applications for coverage without a premium."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import execute, fetch, fetchrow

_COLUMNS = """
r.reinstatement_id, r.member_id, r.effective_on, r.reason, r.status, r.applied_by, r.applied_at, r.decided_at
"""
_INSERT = """
INSERT INTO reinstatement (pool_code, reinstatement_id, member_id, effective_on, reason, status, applied_by, applied_at)
VALUES ($1, $2, $3, $4, $5, 'applied', $6, $7)
"""
_LOCK = f"""
SELECT {_COLUMNS} FROM reinstatement r WHERE r.pool_code = $1 AND r.reinstatement_id = $2 FOR UPDATE
"""
_DECIDE = """
UPDATE reinstatement SET status = $3, decided_by = $4, decided_at = $5 WHERE pool_code = $1 AND reinstatement_id = $2
"""
_PAGE = f"""
SELECT {_COLUMNS} FROM reinstatement r
JOIN member m ON m.pool_code = r.pool_code AND m.member_id = r.member_id
JOIN household h ON h.pool_code = m.pool_code AND h.household_id = m.household_id
WHERE r.pool_code = $1 AND r.reinstatement_id > $2 AND ($3::text IS NULL OR r.status = $3)
  AND {lies_within("h.village_code", "$4")}
ORDER BY r.reinstatement_id LIMIT $5
"""


async def insert(
    conn: AsyncConnection,
    pool_code: str,
    reinstatement_id: UUID,
    member_id: UUID,
    on: date,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """Records an application."""
    await execute(conn, _INSERT, pool_code, reinstatement_id, member_id, on, reason, by, now)


async def lock(conn: AsyncConnection, pool_code: str, reinstatement_id: UUID) -> Any:
    """One application, locked, or None."""
    return await fetchrow(conn, _LOCK, pool_code, reinstatement_id)


async def decide(
    conn: AsyncConnection, pool_code: str, reinstatement_id: UUID, status: str, by: str, now: datetime
) -> None:
    """Records who decided what."""
    await execute(conn, _DECIDE, pool_code, reinstatement_id, status, by, now)


async def page(
    conn: AsyncConnection, pool_code: str, after: UUID, status: str | None, areas: Sequence[str], limit: int
) -> list[Any]:
    """Applications in order of their id, of members whose village lies in one of ``areas``."""
    return await fetch(conn, _PAGE, pool_code, after, status, list(areas), limit)
