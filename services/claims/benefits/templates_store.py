"""SQL of the city's templates."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow, fetchval

MEMBERS = ("code", "region", "title", "hash", "effective_from", "document", "canonical", "illustrative", "author")
_ROW = """
SELECT code, region, title, hash, effective_from, document, canonical, illustrative, status, author, created_at,
       checked_by, checked_at, decided_by, decided_at, document_number, decided_on
FROM policy_template
"""
_INSERT = f"""
INSERT INTO policy_template ({", ".join(MEMBERS)}, created_at, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'draft') ON CONFLICT (code) DO NOTHING RETURNING code
"""
_CHECK = "UPDATE policy_template SET status = 'checked', checked_by = $2, checked_at = $3 WHERE code = $1"
_DECIDE = """
UPDATE policy_template
SET status = 'decided', decided_by = $2, decided_at = $3, document_number = $4, decided_on = $5 WHERE code = $1
"""


async def insert(conn: AsyncConnection, row: dict[str, Any]) -> bool:
    """Writes a draft; False where the code is taken."""
    return await fetchval(conn, _INSERT, *(row[name] for name in MEMBERS), row["created_at"]) is not None


async def get(conn: AsyncConnection, code: str, *, lock: bool = False) -> Any:
    """A template, or None; locked where it is about to change."""
    return await fetchrow(conn, _ROW + "WHERE code = $1" + (" FOR UPDATE" if lock else ""), code)


async def templates(conn: AsyncConnection, after: str, limit: int) -> list[Any]:
    """Templates in order of their code."""
    return await fetch(conn, _ROW + "WHERE code > $1 ORDER BY code LIMIT $2", after, limit)


async def decided_text(conn: AsyncConnection, region: str, code: str) -> str | None:
    """The text of a decided template that serves a region or pool, or None."""
    sql = "SELECT document FROM policy_template WHERE code = $1 AND status = 'decided' AND starts_with($2, region)"
    found: str | None = await fetchval(conn, sql, code, region)
    return found


async def set_checked(conn: AsyncConnection, code: str, by: str, at: datetime) -> None:
    """Marks a template as checked."""
    await execute(conn, _CHECK, code, by, at)


async def set_decided(conn: AsyncConnection, code: str, by: str, at: datetime, number: str, on: date) -> None:
    """Marks a template as decided by the city's document."""
    await execute(conn, _DECIDE, code, by, at, number, on)
