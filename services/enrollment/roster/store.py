"""SQL of rosters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import SENT_WITHIN, sent_for
from shared.db.sql import execute, fetch, fetch_newest, fetchrow

_COLUMNS = """
roster_id, number, year, rows_read, households, enrolled, verified, updated, unchanged, to_verify, rejected, recorded_at
"""
_INSERT = """
INSERT INTO roster (pool_code, roster_id, number, year, content_hash, rows_read, households, enrolled, verified,
                    updated, unchanged, to_verify, rejected, areas, uploaded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_INSERT_ERRORS = """
INSERT INTO roster_error (pool_code, roster_id, row_number, codes, kept, row_sealed)
SELECT $1, $2, n.number, string_to_array(n.codes, ','), n.kept, n.sealed
FROM unnest($3::integer[], $4::text[], $5::boolean[], $6::bytea[]) AS n (number, codes, kept, sealed)
"""
_ROSTER = f"SELECT {_COLUMNS} FROM roster WHERE pool_code = $1 AND roster_id = $3 AND {SENT_WITHIN}"
_ROSTERS = f"""
SELECT {_COLUMNS} FROM roster WHERE pool_code = $1 AND {SENT_WITHIN} AND ($3::text IS NULL OR number = $3)
"""
_SAME = f"""
SELECT {_COLUMNS} FROM roster WHERE pool_code = $1 AND year = $2 AND content_hash = $3 AND areas = $4
ORDER BY roster_id LIMIT 1
"""
_ERRORS = """
SELECT row_number, codes, kept, row_sealed FROM roster_error
WHERE pool_code = $1 AND roster_id = $2 ORDER BY row_number
"""


async def insert_roster(
    conn: AsyncConnection, pool_code: str, values: Sequence[Any], areas: Sequence[str], by: str, now: datetime
) -> None:
    """Records a roster: id, number, year, hash and counts in the order of tables.COUNTS; for which areas, who, when."""
    await execute(conn, _INSERT, pool_code, *values, sent_for(areas), by, now)


async def insert_errors(
    conn: AsyncConnection, pool_code: str, roster_id: UUID, rows: Sequence[tuple[int, Sequence[str], bool, bytes]]
) -> None:
    """Records the rows that go back: number, reason codes, kept to verify, sealed content."""
    await execute(
        conn,
        _INSERT_ERRORS,
        pool_code,
        roster_id,
        [row[0] for row in rows],
        [",".join(row[1]) for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


async def roster(conn: AsyncConnection, pool_code: str, roster_id: UUID, areas: Sequence[str]) -> Any:
    """One roster, or None: also where an area that it was sent in for lies in none of ``areas``."""
    return await fetchrow(conn, _ROSTER, pool_code, list(areas), roster_id)


async def rosters(
    conn: AsyncConnection,
    pool_code: str,
    areas: Sequence[str],
    number: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """Rosters whose areas all lie in ``areas``, newest first after the last (moment, id) shown; only the one with the
    number where one is given."""
    by = ("recorded_at", "roster_id")
    return await fetch_newest(conn, _ROSTERS, by, after, limit, pool_code, list(areas), number)


async def same_roster(
    conn: AsyncConnection, pool_code: str, year: int, content_hash: bytes, areas: Sequence[str]
) -> Any:
    """The first roster of a year with this content that was sent in for the same areas, or None."""
    return await fetchrow(conn, _SAME, pool_code, year, content_hash, sent_for(areas))


async def errors(conn: AsyncConnection, pool_code: str, roster_id: UUID) -> list[Any]:
    """The rows that went back, in order."""
    return await fetch(conn, _ERRORS, pool_code, roster_id)
