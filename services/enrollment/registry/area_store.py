"""SQL of areas and pools. Every function runs one statement."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow

_AREA = "SELECT area_code, parent_code, kind, name, version FROM area WHERE area_code = $1"
_AREA_INSERT = """
INSERT INTO area (area_code, parent_code, kind, name, version, recorded_at) VALUES ($1, $2, $3, $4, 1, $5)
"""
_AREA_RENAME = "UPDATE area SET name = $2, version = version + 1, recorded_at = $3 WHERE area_code = $1"
_ANCESTORS = """
WITH RECURSIVE up AS (
  SELECT area_code, parent_code, 0 AS distance FROM area WHERE area_code = $1
  UNION ALL SELECT a.area_code, a.parent_code, up.distance + 1 FROM area a JOIN up ON a.area_code = up.parent_code
)
"""
_POOL_OF_AREA = (
    _ANCESTORS
    + """
SELECT (SELECT p.state FROM area_pool p WHERE p.area_code = up.area_code AND p.valid_from <= $2
        ORDER BY p.valid_from DESC, p.recorded_seq DESC LIMIT 1) AS pool
FROM up ORDER BY distance
"""
)
_AREAS_OF_POOL = """
WITH RECURSIVE mapped AS (
  SELECT DISTINCT ON (area_code) area_code, state FROM area_pool WHERE valid_from <= $2
  ORDER BY area_code, valid_from DESC, recorded_seq DESC
), tree AS (
  SELECT a.area_code, a.parent_code, a.kind, a.name FROM area a JOIN mapped m USING (area_code) WHERE m.state = $1
  UNION
  SELECT a.area_code, a.parent_code, a.kind, a.name FROM area a JOIN tree t ON a.parent_code = t.area_code
  LEFT JOIN mapped m ON m.area_code = a.area_code WHERE m.state IS NULL OR m.state = $1
)
SELECT area_code, parent_code, kind, name FROM tree ORDER BY area_code
"""
_PAYERS = """
SELECT DISTINCT ON (area_code, level) area_code, level, state FROM area_payer
WHERE valid_from <= $1 ORDER BY area_code, level, valid_from DESC, recorded_seq DESC
"""
_MAP_POOL = """
INSERT INTO area_pool (area_code, valid_from, recorded_seq, state, recorded_by, recorded_at)
SELECT $1, $2, coalesce(max(recorded_seq), 0) + 1, $3, $4, $5 FROM area_pool WHERE area_code = $1
"""
_MAP_PAYER = """
INSERT INTO area_payer (area_code, level, valid_from, recorded_seq, state, recorded_by, recorded_at)
SELECT $1, n.level, $2, coalesce((SELECT max(p.recorded_seq) FROM area_payer p
                                  WHERE p.area_code = $1 AND p.level = n.level), 0) + 1, n.payer, $5, $6
FROM unnest($3::text[], $4::text[]) AS n (level, payer)
"""
_POOL = "SELECT pool_code, name FROM pool WHERE pool_code = $1"
_POOL_PUT = """
INSERT INTO pool (pool_code, name, recorded_at) VALUES ($1, $2, $3)
ON CONFLICT (pool_code) DO UPDATE SET name = EXCLUDED.name, recorded_at = EXCLUDED.recorded_at
"""


async def lock_area(conn: AsyncConnection, area_code: str) -> Any:
    """The area's row, locked, or None."""
    return await fetchrow(conn, _AREA + " FOR UPDATE", area_code)


async def area(conn: AsyncConnection, area_code: str) -> Any:
    """The area's row, or None."""
    return await fetchrow(conn, _AREA, area_code)


async def insert_area(
    conn: AsyncConnection, area_code: str, parent: str | None, kind: str, name: str, now: datetime
) -> None:
    """Records a new area."""
    await execute(conn, _AREA_INSERT, area_code, parent, kind, name, now)


async def rename_area(conn: AsyncConnection, area_code: str, name: str, now: datetime) -> None:
    """Gives an area another name; its code is for ever."""
    await execute(conn, _AREA_RENAME, area_code, name, now)


async def pool_of_area(conn: AsyncConnection, area_code: str, day: date) -> str | None:
    """The pool of an area on a day: its own mapping, or that of the nearest area above it."""
    for row in await fetch(conn, _POOL_OF_AREA, area_code, day):
        if row["pool"] is not None:
            return str(row["pool"])
    return None


async def areas_of_pool(conn: AsyncConnection, pool_code: str, day: date) -> list[Any]:
    """All areas that belong to a pool on a day (area_code, parent_code, kind, name)."""
    return await fetch(conn, _AREAS_OF_POOL, pool_code, day)


async def payers_on(conn: AsyncConnection, day: date) -> list[Any]:
    """Who pays which level for which area on a day (area_code, level, state)."""
    return await fetch(conn, _PAYERS, day)


async def map_pool(conn: AsyncConnection, area_code: str, since: date, pool_code: str, by: str, now: datetime) -> None:
    """From ``since`` on the area belongs to the pool."""
    await execute(conn, _MAP_POOL, area_code, since, pool_code, by, now)


async def map_payers(
    conn: AsyncConnection, area_code: str, since: date, payers: dict[str, str], by: str, now: datetime
) -> None:
    """From ``since`` on these pay the levels of subsidy for the area."""
    await execute(conn, _MAP_PAYER, area_code, since, list(payers), list(payers.values()), by, now)


async def pool_name(conn: AsyncConnection, pool_code: str) -> str | None:
    """The pool's name, or None."""
    row = await fetchrow(conn, _POOL, pool_code)
    return row["name"] if row else None


async def lock_pool(conn: AsyncConnection, pool_code: str) -> str | None:
    """The pool's name, its row locked, or None."""
    row = await fetchrow(conn, _POOL + " FOR UPDATE", pool_code)
    return row["name"] if row else None


async def put_pool(conn: AsyncConnection, pool_code: str, name: str, now: datetime) -> None:
    """Records a pool or renames it."""
    await execute(conn, _POOL_PUT, pool_code, name, now)
