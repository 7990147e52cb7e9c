"""The SQL of tables of settlements made elsewhere."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow

COUNTS = ("rows_read", "entered", "unchanged", "returned")
_COLUMNS = f"id, number, {', '.join(COUNTS)}, recorded_by, recorded_at"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_KNOWN = """
SELECT v.id, v.institution_code, v.institution_number, v.member_id, v.elsewhere FROM visit v
JOIN unnest($2::text[], $3::text[]) AS q(scheme, settlement)
  ON (v.elsewhere ->> 'scheme') = q.scheme AND (v.elsewhere ->> 'settlement') = q.settlement
WHERE v.pool_code = $1 AND v.elsewhere IS NOT NULL AND v.status <> 'withdrawn'
"""
_ADD = """
INSERT INTO given_file (pool_code, id, number, content_hash, rows_read, entered, unchanged, returned, recorded_by,
                        recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ADD_ERRORS = """
INSERT INTO given_file_error (pool_code, file_id, row_number, row_sealed)
SELECT $1, $2, q.* FROM unnest($3::integer[], $4::bytea[]) AS q
"""
_SAME = f"SELECT {_COLUMNS} FROM given_file WHERE pool_code = $1 AND content_hash = $2 ORDER BY id LIMIT 1"
_FILE = f"SELECT {_COLUMNS} FROM given_file WHERE pool_code = $1 AND id = $2"
_FILES = f"""
SELECT {_COLUMNS} FROM given_file WHERE pool_code = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_ERRORS = """
SELECT row_number, row_sealed FROM given_file_error WHERE pool_code = $1 AND file_id = $2 ORDER BY row_number
"""


async def one_at_a_time(conn: AsyncConnection, pool_code: str) -> None:
    """One table of a pool after the other, so that the same file twice at once is entered once."""
    await execute(conn, _LOCK, f"heyi.given_file:{pool_code}")


async def known(conn: AsyncConnection, pool_code: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """The visits that rest on settlements, by scheme and number."""
    rows = await fetch(conn, _KNOWN, pool_code, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["elsewhere"]["scheme"], row["elsewhere"]["settlement"]): row for row in rows}


async def add(conn: AsyncConnection, pool_code: str, *values: Any) -> None:
    """Records a file: id, number, hash, counts in the order of COUNTS, who, when."""
    await execute(conn, _ADD, pool_code, *values)


async def add_errors(conn: AsyncConnection, pool_code: str, file_id: UUID, rows: Sequence[tuple[int, bytes]]) -> None:
    """Records the rows that go back: number and sealed content."""
    await execute(conn, _ADD_ERRORS, pool_code, file_id, [row[0] for row in rows], [row[1] for row in rows])


async def same(conn: AsyncConnection, pool_code: str, content_hash: bytes) -> Any:
    """The first file with this content, or None."""
    return await fetchrow(conn, _SAME, pool_code, content_hash)


async def file(conn: AsyncConnection, pool_code: str, file_id: UUID) -> Any:
    """A file, or None."""
    return await fetchrow(conn, _FILE, pool_code, file_id)


async def files(conn: AsyncConnection, pool_code: str, before: UUID | None, limit: int) -> list[Any]:
    """Files, the newest first."""
    return await fetch(conn, _FILES, pool_code, before, limit)


async def errors(conn: AsyncConnection, pool_code: str, file_id: UUID) -> list[Any]:
    """The rows that a file sent back, sealed."""
    return await fetch(conn, _ERRORS, pool_code, file_id)
