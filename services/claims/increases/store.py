"""The SQL of increases."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.increases.model import LINE_COLUMNS, LIST_COLUMNS, IncreaseList, Line
from services.claims.increases.readjudged import READJUDGED_COLUMNS, ReadjudgedClaim
from shared.db.sql import execute, fetch, fetchrow, fetchval, rows_as_json

_ADD_LIST = f"""
INSERT INTO increase_list (pool_code, {", ".join(LIST_COLUMNS)})
SELECT $1, {", ".join(LIST_COLUMNS)} FROM jsonb_populate_recordset(NULL::increase_list, $2::jsonb)
"""
_ADD_LINES = f"""
INSERT INTO increase (pool_code, {", ".join(LINE_COLUMNS)})
SELECT $1, {", ".join(LINE_COLUMNS)} FROM jsonb_populate_recordset(NULL::increase, $2::jsonb)
"""
_SET_LIST = """
UPDATE increase_list SET status = $3, approved_fen = $4, approved_by = $5, approved_at = $6, approved_on = $7,
       document_number = $8, withdrawn_by = $9, withdrawal_reason = $10
WHERE pool_code = $1 AND id = $2
"""
_SET_LINES = """
UPDATE increase AS i SET status = q.status, amount_fen = q.amount_fen
FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS q(id, status, amount_fen) WHERE i.pool_code = $1 AND i.id = q.id
"""
_MOVE = "UPDATE increase SET status = $4, paid_on = $5 WHERE pool_code = $1 AND id = $2 AND status = $3"
_LISTS = f"""
SELECT {", ".join(LIST_COLUMNS)} FROM increase_list
WHERE pool_code = $1 AND policy_id IS NOT DISTINCT FROM $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""
_LINES = f"""
SELECT {", ".join(LINE_COLUMNS)} FROM increase
WHERE pool_code = $1 AND list_id = $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.increases:' || $1, 0))"
_WAITING = """
SELECT DISTINCT claim_id, CASE ground WHEN 'late_decision' THEN policy_id END AS policy_id FROM increase
WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[]) AND status = 'listed'
"""

_OVERTAKEN = """
SELECT count(DISTINCT c.id) FROM increase i
JOIN claim c ON c.pool_code = i.pool_code AND c.id = i.claim_id
WHERE i.pool_code = $1 AND i.list_id = $2
  AND i.policy_id <> (SELECT n.policy_id FROM policy_on($1, c.admitted_on) n)
"""


_ADD_READJUDGED = f"""
INSERT INTO readjudged (pool_code, list_id, {", ".join(READJUDGED_COLUMNS)})
SELECT $1, $2, {", ".join(READJUDGED_COLUMNS)} FROM jsonb_populate_recordset(NULL::readjudged, $3::jsonb)
"""
_READJUDGED = f"""
SELECT {", ".join(READJUDGED_COLUMNS)} FROM readjudged
WHERE pool_code = $1 AND list_id = $2 AND ($3::uuid IS NULL OR claim_id > $3) ORDER BY claim_id LIMIT $4
"""


async def lock_lists(conn: AsyncConnection, pool_code: str) -> None:
    """One list is prepared or approved at a time, so that a claim waits on one, and what was approved is seen."""
    await execute(conn, _LOCK, pool_code)


async def add(conn: AsyncConnection, pool_code: str, new: IncreaseList, lines: Sequence[Line]) -> None:
    """Writes a list with its lines."""
    await execute(conn, _ADD_LIST, pool_code, rows_as_json([new]))
    await execute(conn, _ADD_LINES, pool_code, rows_as_json(lines))


async def add_readjudged(
    conn: AsyncConnection, pool_code: str, list_id: UUID, claims: Sequence[ReadjudgedClaim]
) -> None:
    """Writes the claims of a list that were decided again."""
    await execute(conn, _ADD_READJUDGED, pool_code, list_id, rows_as_json(claims))


async def readjudged(
    conn: AsyncConnection, pool_code: str, list_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[ReadjudgedClaim]:
    """Claims of a list that were decided again, in order of their id; all of them where no limit is given."""
    rows = await fetch(conn, _READJUDGED, pool_code, list_id, after, limit)
    return [ReadjudgedClaim(**{name: row[name] for name in READJUDGED_COLUMNS}) for row in rows]


async def get(conn: AsyncConnection, pool_code: str, list_id: UUID, *, lock: bool = False) -> IncreaseList | None:
    """A list, or None; locked where it is about to change."""
    sql = f"SELECT {', '.join(LIST_COLUMNS)} FROM increase_list WHERE pool_code = $1 AND id = $2"
    row = await fetchrow(conn, sql + (" FOR UPDATE" if lock else ""), pool_code, list_id)
    return None if row is None else IncreaseList(**{name: row[name] for name in LIST_COLUMNS})


async def lists(
    conn: AsyncConnection, pool_code: str, policy_id: UUID | None, before: UUID | None, limit: int
) -> list[IncreaseList]:
    """The lists of a late version, or without one those of readjudications, the newest first."""
    rows = await fetch(conn, _LISTS, pool_code, policy_id, before, limit)
    return [IncreaseList(**{name: row[name] for name in LIST_COLUMNS}) for row in rows]


async def lines(
    conn: AsyncConnection, pool_code: str, list_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[Line]:
    """Lines of a list in order of their id; all of them where no limit is given."""
    rows = await fetch(conn, _LINES, pool_code, list_id, after, limit)
    return [_line(row) for row in rows]


def _line(row: Any) -> Line:
    return Line(**{name: row[name] for name in LINE_COLUMNS})


async def waiting(conn: AsyncConnection, pool_code: str, claims: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Those of the claims that stand on a list which waits for its approval, with the late version of that list."""
    rows = await fetch(conn, _WAITING, pool_code, list(claims))
    return {row["claim_id"]: row["policy_id"] for row in rows}


async def overtaken(conn: AsyncConnection, pool_code: str, list_id: UUID) -> int:
    """Claims of a list whose day of admission another version decides by now."""
    return int(await fetchval(conn, _OVERTAKEN, pool_code, list_id))


async def set_list(conn: AsyncConnection, pool_code: str, now: IncreaseList) -> None:
    """Writes a step of a locked list."""
    steps = (now.status, now.approved_fen, now.approved_by, now.approved_at, now.approved_on, now.document_number)
    await execute(conn, _SET_LIST, pool_code, now.id, *steps, now.withdrawn_by, now.withdrawal_reason)


async def move(
    conn: AsyncConnection, pool_code: str, line_id: UUID, before: str, after: str, paid_on: date | None
) -> None:
    """What became of a payable line; nothing where the id is not a line's, or it stands there already."""
    await execute(conn, _MOVE, pool_code, line_id, before, after, paid_on)


async def set_lines(conn: AsyncConnection, pool_code: str, now: Sequence[Line]) -> None:
    """Writes what became of lines."""
    columns = ([one.id for one in now], [one.status for one in now], [one.amount_fen for one in now])
    await execute(conn, _SET_LINES, pool_code, *columns)
