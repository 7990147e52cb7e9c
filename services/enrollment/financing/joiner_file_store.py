"""The SQL of tables of who paid for a voluntary layer: as they came in, and the rows that went back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import SENT_WITHIN, sent_for
from shared.db.sql import execute, fetch, fetchrow, fetchval

_COLUMNS = "file_id, number, layer, year, rows_read, joined, unchanged, returned, amount_fen, uploaded_by, recorded_at"
_ADD = """
INSERT INTO layer_file (pool_code, file_id, number, layer, year, content_hash, rows_read, joined, unchanged, returned,
                        amount_fen, areas, uploaded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_ADD_ERRORS = """
INSERT INTO layer_file_error (pool_code, file_id, row_number, row_sealed)
SELECT $1, $2, n.* FROM unnest($3::integer[], $4::bytea[]) AS n
"""
_SAME = """
SELECT file_id FROM layer_file
WHERE pool_code = $1 AND layer = $2 AND year = $3 AND content_hash = $4 AND areas = $5 ORDER BY file_id LIMIT 1
"""
_FILE = f"SELECT {_COLUMNS} FROM layer_file WHERE pool_code = $1 AND {SENT_WITHIN} AND layer = $3 AND file_id = $4"
_FILES = f"""
SELECT {_COLUMNS} FROM layer_file WHERE pool_code = $1 AND {SENT_WITHIN} AND layer = $3
  AND ($4::uuid IS NULL OR file_id < $4) ORDER BY file_id DESC LIMIT $5
"""
_ERRORS = """
SELECT row_number, row_sealed FROM layer_file_error WHERE pool_code = $1 AND file_id = $2 ORDER BY row_number
"""


async def add(
    conn: AsyncConnection, pool_code: str, head: Sequence[Any], areas: Sequence[str], by: str, now: datetime
) -> None:
    """Records a file: (id, number, layer, year, hash, rows, joined, unchanged, returned, fen); for which areas."""
    await execute(conn, _ADD, pool_code, *head, sent_for(areas), by, now)


async def add_errors(conn: AsyncConnection, pool_code: str, file_id: UUID, rows: Sequence[tuple[int, bytes]]) -> None:
    """Records the rows that go back: (number, sealed content)."""
    await execute(conn, _ADD_ERRORS, pool_code, file_id, [row[0] for row in rows], [row[1] for row in rows])


async def same(
    conn: AsyncConnection, pool_code: str, layer: str, year: int, content_hash: bytes, areas: Sequence[str]
) -> UUID | None:
    """The first file of a layer's year with this content that was sent in for the same areas."""
    found: UUID | None = await fetchval(conn, _SAME, pool_code, layer, year, content_hash, sent_for(areas))
    return found


async def file(conn: AsyncConnection, pool_code: str, layer: str, file_id: UUID, areas: Sequence[str]) -> Any:
    """One file, or None: also where an area that it was sent in for lies in none of ``areas``."""
    return await fetchrow(conn, _FILE, pool_code, list(areas), layer, file_id)


async def files(
    conn: AsyncConnection, pool_code: str, layer: str, areas: Sequence[str], after: UUID | None, limit: int
) -> list[Any]:
    """Files whose areas all lie in ``areas``, newest first, after the last id shown."""
    return await fetch(conn, _FILES, pool_code, list(areas), layer, after, limit)


async def errors(conn: AsyncConnection, pool_code: str, file_id: UUID) -> list[Any]:
    """The rows that went back, in order."""
    return await fetch(conn, _ERRORS, pool_code, file_id)
