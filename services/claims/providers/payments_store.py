"""SQL of the documents by which hospitals are paid."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow, fetchval

_MEMBERS = (
    "id", "institution_code", "kind", "code", "title", "hash", "effective_from", "document", "canonical",
    "illustrative", "status", "author", "author_role", "created_at",
)  # fmt: skip
_ROW = f"""
SELECT {", ".join(_MEMBERS)}, checked_by, checked_at, decided_by, decided_at, document_number, decided_on
FROM payment_document
"""
_INSERT = f"""
INSERT INTO payment_document (pool_code, {", ".join(_MEMBERS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (pool_code, hash) DO NOTHING RETURNING id
"""
_CHECK = """
UPDATE payment_document SET status = 'checked', checked_by = $3, checked_at = $4 WHERE pool_code = $1 AND id = $2
"""
_DECIDE = """
UPDATE payment_document
SET status = 'decided', decided_by = $3, decided_at = $4, document_number = $5, decided_on = $6
WHERE pool_code = $1 AND id = $2
"""
_START = """
INSERT INTO payment_start (pool_code, institution_code, kind, valid_from, document_id, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_ON = """
SELECT d.id, d.code, d.title, d.hash, d.canonical, s.valid_from FROM payment_start s
JOIN payment_document d ON d.pool_code = s.pool_code AND d.id = s.document_id
WHERE s.pool_code = $1 AND s.institution_code = $2 AND s.kind = $3 AND s.valid_from <= $4
ORDER BY s.valid_from DESC, s.recorded_seq DESC LIMIT 1
"""
_LIST = (
    _ROW
    + """
WHERE pool_code = $1 AND ($2::text IS NULL OR institution_code = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
)


async def insert(conn: AsyncConnection, pool_code: str, row: dict[str, Any]) -> bool:
    """Writes a document; False where the pool has the same already."""
    return await fetchval(conn, _INSERT, pool_code, *(row[name] for name in _MEMBERS)) is not None


async def get(conn: AsyncConnection, pool_code: str, document_id: UUID, *, lock: bool = False) -> Any:
    """A document, or None; locked where it is about to change."""
    sql = _ROW + "WHERE pool_code = $1 AND id = $2" + (" FOR UPDATE" if lock else "")
    return await fetchrow(conn, sql, pool_code, document_id)


async def documents(
    conn: AsyncConnection, pool_code: str, institution_code: str | None, before: UUID | None, limit: int
) -> list[Any]:
    """Documents, the newest first."""
    return await fetch(conn, _LIST, pool_code, institution_code, before, limit)


async def set_checked(conn: AsyncConnection, pool_code: str, document_id: UUID, by: str, at: datetime) -> None:
    """Marks a document as checked."""
    await execute(conn, _CHECK, pool_code, document_id, by, at)


async def set_decided(
    conn: AsyncConnection, pool_code: str, document_id: UUID, by: str, at: datetime, number: str, on: date
) -> None:
    """Marks a document as decided."""
    await execute(conn, _DECIDE, pool_code, document_id, by, at, number, on)


async def start(conn: AsyncConnection, pool_code: str, row: Any, at: datetime) -> None:
    """The document counts from its first day on."""
    of = (row["institution_code"], row["kind"], row["effective_from"], row["id"])
    await execute(conn, _START, pool_code, *of, at)


async def document_on(conn: AsyncConnection, pool_code: str, institution_code: str, kind: str, day: date) -> Any:
    """The document by which a hospital is paid on a day, or None."""
    return await fetchrow(conn, _ON, pool_code, institution_code, kind, day)
