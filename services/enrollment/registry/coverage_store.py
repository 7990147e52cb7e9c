"""SQL of coverage, groups and layers. Every function runs one statement, whatever the number of rows."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import columns, execute, fetch

_LOCK_MEMBERS = """
SELECT m.member_id, m.household_id, m.person_id, m.status, m.birth_date, m.sex, m.coverage_version, p.id_index,
       h.township_code, h.village_code
FROM member m JOIN household h ON h.pool_code = m.pool_code AND h.household_id = m.household_id
LEFT JOIN person p ON p.person_id = m.person_id
WHERE m.pool_code = $1 AND m.member_id = ANY($2::uuid[]) ORDER BY m.member_id FOR UPDATE OF m
"""
_TIMELINES = """
SELECT member_id, valid_from, recorded_seq, state FROM coverage
WHERE pool_code = $1 AND member_id = ANY($2::uuid[]) ORDER BY member_id, valid_from, recorded_seq
"""
_GROUPS = """
SELECT member_id, group_code, valid_from, recorded_seq, state FROM member_group
WHERE pool_code = $1 AND member_id = ANY($2::uuid[]) ORDER BY member_id, group_code, valid_from, recorded_seq
"""
_LAYERS = """
SELECT member_id, layer, valid_from, recorded_seq, state FROM member_layer
WHERE pool_code = $1 AND member_id = ANY($2::uuid[]) ORDER BY member_id, layer, valid_from, recorded_seq
"""
_INSERT_COVERAGE = """
INSERT INTO coverage (pool_code, recorded_by, recorded_at, reason, member_id, valid_from, recorded_seq, state, cause)
SELECT $1, $2, $3, $4, n.* FROM unnest($5::uuid[], $6::date[], $7::integer[], $8::text[], $9::text[]) AS n
"""
_RAISE_VERSIONS = """
UPDATE member SET coverage_version = coverage_version + 1, updated_at = $3
WHERE pool_code = $1 AND member_id = ANY($2::uuid[])
"""
_INSERT_GROUPS = """
INSERT INTO member_group (pool_code, recorded_at, member_id, group_code, valid_from, recorded_seq, state)
SELECT $1, $2, n.* FROM unnest($3::uuid[], $4::text[], $5::date[], $6::integer[], $7::text[]) AS n
"""
_IN_GROUP = """
SELECT m.member_id FROM member m WHERE m.pool_code = $1 AND m.status <> 'ended'
  AND (SELECT g.state FROM member_group g WHERE g.pool_code = $1 AND g.member_id = m.member_id AND g.group_code = $2
         AND g.valid_from <= $3 ORDER BY g.valid_from DESC, g.recorded_seq DESC LIMIT 1) = 'member'
ORDER BY m.member_id
"""


async def lock_members(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """Members with what a coverage event tells of them, locked in order of their id."""
    return await fetch(conn, _LOCK_MEMBERS, pool_code, sorted(member_ids))


async def timelines(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """Every coverage start of the members, superseded ones included."""
    return await fetch(conn, _TIMELINES, pool_code, list(member_ids))


async def groups_of(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """Every group start of the members, superseded ones included."""
    return await fetch(conn, _GROUPS, pool_code, list(member_ids))


async def layers_of(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """Every start of the members' voluntary layers, superseded ones included."""
    return await fetch(conn, _LAYERS, pool_code, list(member_ids))


async def insert_coverage(
    conn: AsyncConnection,
    pool_code: str,
    rows: Sequence[tuple[UUID, date, int, str, str]],
    by: str,
    now: datetime,
    reason: str | None,
) -> None:
    """Records starts (member, valid_from, recorded_seq, state, cause) in one statement."""
    await execute(conn, _INSERT_COVERAGE, pool_code, by, now, reason, *columns(rows, 5))


async def raise_versions(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID], now: datetime) -> None:
    """Counts one published change for each member."""
    await execute(conn, _RAISE_VERSIONS, pool_code, list(member_ids), now)


async def insert_groups(
    conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, str, date, int, str]], now: datetime
) -> None:
    """Records group starts (member, group, valid_from, recorded_seq, state) in one statement."""
    await execute(conn, _INSERT_GROUPS, pool_code, now, *columns(rows, 5))


async def members_in_group(conn: AsyncConnection, pool_code: str, group_code: str, day: date) -> list[UUID]:
    """The members who belong to a group on a day."""
    return [row["member_id"] for row in await fetch(conn, _IN_GROUP, pool_code, group_code, day)]
