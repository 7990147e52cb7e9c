"""SQL of the catalogues."""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_VERSION = """
SELECT code, title, region, effective_from, status, author, item_count, edition, decided_by, document_number, decided_on
FROM catalogue_version
"""
_INSERT = """
INSERT INTO catalogue_version (code, title, region, effective_from, status, author, created_at, item_count,
                               edition)
VALUES ($1, $2, $3, $4, 'draft', $5, $6, 0, 1)
ON CONFLICT (code) DO NOTHING RETURNING code
"""
_CHANGE = """
UPDATE catalogue_version SET title = $2, region = $3, effective_from = $4, edition = edition + 1 WHERE code = $1
"""
_ITEMS = """
INSERT INTO catalogue_item
  (version_code, code, name, category, item_class, own_share, ceilings, restricted, restriction, essential)
SELECT $1, i.code, i.name, i.category, i.item_class, i.own_share, i.ceilings, i.restriction IS NOT NULL, i.restriction,
       i.essential
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::jsonb[], $8::text[], $9::boolean[])
     AS i (code, name, category, item_class, own_share, ceilings, restriction, essential)
ON CONFLICT (version_code, code) DO UPDATE SET name = EXCLUDED.name, category = EXCLUDED.category,
  item_class = EXCLUDED.item_class, own_share = EXCLUDED.own_share, ceilings = EXCLUDED.ceilings,
  restricted = EXCLUDED.restricted, restriction = EXCLUDED.restriction, essential = EXCLUDED.essential
"""
_COUNT = """
UPDATE catalogue_version SET edition = edition + 1,
  item_count = (SELECT count(*) FROM catalogue_item WHERE version_code = $1)
WHERE code = $1 RETURNING item_count
"""
_DECIDE = """
UPDATE catalogue_version SET status = 'decided', decided_by = $2, decided_at = $3, document_number = $4,
  decided_on = $5, edition = edition + 1
WHERE code = $1
"""
_PAGE = """
SELECT code, name, category, item_class, own_share, ceilings::text AS ceilings, restriction, essential
FROM catalogue_item
WHERE version_code = $1 AND code > $2 ORDER BY code LIMIT $3
"""


async def insert(
    conn: AsyncConnection, code: str, title: str, region: str, since: date, author: str, now: datetime
) -> bool:
    """Makes a draft; False where the code is taken."""
    return await fetchval(conn, _INSERT, code, title, region, since, author, now) is not None


async def change(conn: AsyncConnection, code: str, title: str, region: str, since: date) -> None:
    """Changes the head of a draft."""
    await execute(conn, _CHANGE, code, title, region, since)


async def get(conn: AsyncConnection, code: str, *, lock: bool = False) -> Any:
    """One version, or None; locked where it is about to change."""
    return await fetchrow(conn, _VERSION + "WHERE code = $1" + (" FOR UPDATE" if lock else ""), code)


async def versions(conn: AsyncConnection) -> list[Any]:
    """All versions, newest effective date first; there are a few a year."""
    return await fetch(conn, _VERSION + "ORDER BY effective_from DESC, code")


async def put_items(conn: AsyncConnection, code: str, items: list[dict[str, Any]]) -> int:
    """Writes items of a draft, replacing those of the same code; returns how many were written."""
    plain = ("code", "name", "category", "item_class", "own_share")
    columns: list[list[Any]] = [[item[name] for item in items] for name in plain]
    columns.append([json.dumps(item["ceilings"]) if item["ceilings"] else None for item in items])
    columns += [[item[name] for item in items] for name in ("restriction", "essential")]
    return await execute_counted(conn, _ITEMS, code, *columns)


async def count_items(conn: AsyncConnection, code: str) -> int:
    """Counts the items into the head and returns the number."""
    return int(await fetchval(conn, _COUNT, code))


async def set_decided(
    conn: AsyncConnection, code: str, by: str, at: datetime, document_number: str, decided_on: date
) -> None:
    """Marks a version as decided: from here on nothing of it changes."""
    await execute(conn, _DECIDE, code, by, at, document_number, decided_on)


async def page(conn: AsyncConnection, code: str, after: str, limit: int) -> list[Any]:
    """Items in order of their code."""
    return await fetch(conn, _PAGE, code, after, limit)
