"""SQL of the policies."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow, fetchval

_ROW = """
SELECT id, code, title, hash, effective_from, illustrative, status, version, author, author_role, created_at,
       checked_by, checked_at, decided_by, decided_at, document_number, decided_on, accepted
FROM policy
"""
_INSERT = """
INSERT INTO policy (pool_code, id, code, title, hash, effective_from, document, canonical, illustrative, status,
                    version, author, author_role, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, $13)
ON CONFLICT (pool_code, hash) DO NOTHING RETURNING id
"""
_CHECK = """
UPDATE policy SET status = 'checked', version = version + 1, checked_by = $3, checked_at = $4
WHERE pool_code = $1 AND id = $2
"""
_DECIDE = """
UPDATE policy SET status = 'decided', version = version + 1, decided_by = $3, decided_at = $4, document_number = $5,
       decided_on = $6, accepted = $7
WHERE pool_code = $1 AND id = $2
"""
_START = """
INSERT INTO policy_start (pool_code, valid_from, policy_id, hash, accepted, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_TIMELINE = """
SELECT DISTINCT ON (valid_from) valid_from, policy_id FROM policy_start WHERE pool_code = $1
ORDER BY valid_from, recorded_seq DESC
"""


async def insert(conn: AsyncConnection, pool_code: str, row: dict[str, Any]) -> bool:
    """Writes a new version; False where the pool has the same document already."""
    members = ("id", "code", "title", "hash", "effective_from", "document", "canonical", "illustrative", "status")
    made = ("author", "author_role", "created_at")
    return await fetchval(conn, _INSERT, pool_code, *(row[m] for m in (*members, *made))) is not None


async def get(conn: AsyncConnection, pool_code: str, policy_id: UUID, *, lock: bool = False) -> Any:
    """One version, or None; locked where it is about to change."""
    sql = _ROW + "WHERE pool_code = $1 AND id = $2" + (" FOR UPDATE" if lock else "")
    return await fetchrow(conn, sql, pool_code, policy_id)


async def document(conn: AsyncConnection, pool_code: str, policy_id: UUID) -> str:
    """The text of a version as it was handed in."""
    sql = "SELECT document FROM policy WHERE pool_code = $1 AND id = $2"
    return str(await fetchval(conn, sql, pool_code, policy_id))


async def decided_text(conn: AsyncConnection, pool_code: str, code: str) -> str | None:
    """The text of the version of a code that the pool decided last, or None."""
    sql = (
        "SELECT document FROM policy WHERE pool_code = $1 AND code = $2 AND status = 'decided'"
        " ORDER BY decided_at DESC, id DESC LIMIT 1"
    )
    found: str | None = await fetchval(conn, sql, pool_code, code)
    return found


async def canonical(conn: AsyncConnection, pool_code: str, policy_id: UUID) -> str | None:
    """The canonical form of a version, or None."""
    sql = "SELECT canonical FROM policy WHERE pool_code = $1 AND id = $2"
    found: str | None = await fetchval(conn, sql, pool_code, policy_id)
    return found


async def canonical_on(conn: AsyncConnection, pool_code: str, day: date) -> str | None:
    """The canonical form of the version that counts on a day, or None."""
    sql = "SELECT p.canonical FROM policy_on($1, $2) s JOIN policy p ON p.pool_code = $1 AND p.id = s.policy_id"
    found: str | None = await fetchval(conn, sql, pool_code, day)
    return found


async def versions(conn: AsyncConnection, pool_code: str) -> list[Any]:
    """All versions of a pool, newest effective date first; a pool has a handful a year."""
    return await fetch(conn, _ROW + "WHERE pool_code = $1 ORDER BY effective_from DESC, created_at DESC", pool_code)


async def timeline(conn: AsyncConnection, pool_code: str) -> list[Any]:
    """(valid_from, policy_id) of every start that counts, in order."""
    return await fetch(conn, _TIMELINE, pool_code)


async def set_checked(conn: AsyncConnection, pool_code: str, policy_id: UUID, by: str, at: datetime) -> None:
    """Marks a version as checked."""
    await execute(conn, _CHECK, pool_code, policy_id, by, at)


async def set_decided(
    conn: AsyncConnection,
    pool_code: str,
    policy_id: UUID,
    *,
    by: str,
    at: datetime,
    document_number: str,
    decided_on: date,
    accepted: list[str],
) -> None:
    """Marks a version as decided by the committee's document."""
    await execute(conn, _DECIDE, pool_code, policy_id, by, at, document_number, decided_on, accepted)


async def start(conn: AsyncConnection, pool_code: str, policy: Any, accepted: list[str], at: datetime) -> None:
    """The version counts from its effective date on."""
    await execute(conn, _START, pool_code, policy["effective_from"], policy["id"], policy["hash"], accepted, at)
