"""SQL of the register. Every function runs a fixed number of statements, whatever the number of rows."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.model import HouseholdRow, MemberRow, PersonRow
from shared.db.sql import execute, fetch, fetchrow, fetchval

LAST_CHARACTER = "\U0010ffff"
"""Sorts after every other: texts that begin with x lie between x and x followed by it."""

# -- areas and pools

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


# -- households, members, persons

_REGISTER_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.register:' || $1, 0))"
_HOUSEHOLDS_BY_KEY = """
SELECT h.household_id, h.village_code, h.group_name, h.household_number FROM household h
JOIN unnest($2::text[], $3::text[], $4::text[]) AS k (village_code, group_name, household_number)
USING (village_code, group_name, household_number) WHERE h.pool_code = $1
"""
_MEMBER_COLUMNS = """
m.member_id, m.household_id, m.person_id, m.member_number, m.name, m.relation, m.sex, m.birth_date, m.status,
m.stated_id_sealed, m.coverage_version
"""
_MEMBERS_OF = f"""
SELECT {_MEMBER_COLUMNS}, p.id_index FROM member m LEFT JOIN person p USING (person_id)
WHERE m.pool_code = $1 AND m.household_id = ANY($2::uuid[]) ORDER BY m.household_id, m.member_number
"""
_MEMBERS_BY_INDEX = """
SELECT p.id_index, m.member_id, m.household_id, h.village_code, h.group_name, h.household_number
FROM person p JOIN member m ON m.person_id = p.person_id AND m.pool_code = $1
JOIN household h ON h.pool_code = $1 AND h.household_id = m.household_id
WHERE p.id_index = ANY($2::bytea[])
"""
_KNOWN = "SELECT id_index, pool_code FROM heyi_person_known($1::bytea[])"
_INSERT_HOUSEHOLDS = """
INSERT INTO household (pool_code, household_id, township_code, village_code, group_name, household_number, recorded_at)
SELECT $1, n.*, $2 FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS n
"""
_INSERT_PERSONS = """
INSERT INTO person (recorded_at, person_id, id_index, id_sealed)
SELECT $1, n.* FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS n
"""
_INSERT_MEMBERS = """
INSERT INTO member (pool_code, recorded_at, updated_at, member_id, household_id, person_id, member_number, name,
                    relation, sex, birth_date, status, stated_id_sealed, phone_sealed, name_order)
SELECT $1, $2, $2, n.* FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[], $7::text[], $8::text[],
  $9::text[], $10::date[], $11::text[], $12::bytea[], $13::bytea[], $14::text[]) AS n
"""
_UPDATE_MEMBERS = """
UPDATE member AS m SET updated_at = $2, person_id = n.person_id, name = n.name,
  name_order = n.name_order, relation = n.relation, sex = n.sex,
  birth_date = n.birth_date, status = n.status, stated_id_sealed = n.stated_id_sealed,
  phone_sealed = coalesce(n.phone_sealed, m.phone_sealed)
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::date[], $9::text[], $10::bytea[],
  $11::bytea[], $12::text[])
  AS n (member_id, person_id, name, relation, sex, birth_date, status, stated_id_sealed, phone_sealed, name_order)
WHERE m.pool_code = $1 AND m.member_id = n.member_id
"""
_END_MEMBER = "UPDATE member SET status = 'ended', updated_at = $3 WHERE pool_code = $1 AND member_id = $2"


async def lock_register(conn: AsyncConnection, pool_code: str) -> None:
    """One change of the pool's households at a time, so that two rosters cannot enrol one person twice."""
    await execute(conn, _REGISTER_LOCK, pool_code)


async def households_by_key(conn: AsyncConnection, pool_code: str, keys: Sequence[tuple[str, str, str]]) -> list[Any]:
    """Households by (village, group, number)."""
    return await fetch(conn, _HOUSEHOLDS_BY_KEY, pool_code, *_columns(keys, 3))


async def members_of(conn: AsyncConnection, pool_code: str, household_ids: Sequence[UUID]) -> list[Any]:
    """The members of households, with the blind index of the person."""
    return await fetch(conn, _MEMBERS_OF, pool_code, list(household_ids))


async def members_by_index(conn: AsyncConnection, pool_code: str, indexes: Sequence[bytes]) -> list[Any]:
    """Where in this pool persons are members, with the household's address."""
    return await fetch(conn, _MEMBERS_BY_INDEX, pool_code, list(indexes))


async def persons_known(conn: AsyncConnection, indexes: Sequence[bytes]) -> dict[bytes, str]:
    """In which pool a person is known, in any pool; nothing else is told."""
    return {row["id_index"]: row["pool_code"] for row in await fetch(conn, _KNOWN, list(indexes))}


async def insert_households(conn: AsyncConnection, pool_code: str, rows: Sequence[HouseholdRow], now: datetime) -> None:
    """Records households in one statement."""
    keys = [(r.household_id, r.township_code, r.village_code, r.group_name, r.household_number) for r in rows]
    await execute(conn, _INSERT_HOUSEHOLDS, pool_code, now, *_columns(keys, 5))


async def insert_persons(conn: AsyncConnection, rows: Sequence[PersonRow], now: datetime) -> None:
    """Records persons in one statement; they are seen through the memberships that the same transaction makes."""
    values = [(r.person_id, r.id_index, r.id_sealed) for r in rows]
    await execute(conn, _INSERT_PERSONS, now, *_columns(values, 3))


async def insert_members(conn: AsyncConnection, pool_code: str, rows: Sequence[MemberRow], now: datetime) -> None:
    """Records memberships in one statement."""
    values = [
        (
            r.member_id,
            r.household_id,
            r.person_id,
            r.member_number,
            r.name,
            r.relation,
            r.sex,
            r.birth_date,
            r.status,
            r.stated_id_sealed,
            r.phone_sealed,
            r.name_order,
        )
        for r in rows
    ]
    await execute(conn, _INSERT_MEMBERS, pool_code, now, *_columns(values, 12))


async def update_members(conn: AsyncConnection, pool_code: str, rows: Sequence[MemberRow], now: datetime) -> None:
    """Changes what is known of members in one statement."""
    values = [
        (
            r.member_id,
            r.person_id,
            r.name,
            r.relation,
            r.sex,
            r.birth_date,
            r.status,
            r.stated_id_sealed,
            r.phone_sealed,
            r.name_order,
        )
        for r in rows
    ]
    await execute(conn, _UPDATE_MEMBERS, pool_code, now, *_columns(values, 10))


async def end_member(conn: AsyncConnection, pool_code: str, member_id: UUID, now: datetime) -> None:
    """The membership is over (death)."""
    await execute(conn, _END_MEMBER, pool_code, member_id, now)


# -- coverage and groups

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
    await execute(conn, _INSERT_COVERAGE, pool_code, by, now, reason, *_columns(rows, 5))


async def raise_versions(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID], now: datetime) -> None:
    """Counts one published change for each member."""
    await execute(conn, _RAISE_VERSIONS, pool_code, list(member_ids), now)


async def insert_groups(
    conn: AsyncConnection, pool_code: str, rows: Sequence[tuple[UUID, str, date, int, str]], now: datetime
) -> None:
    """Records group starts (member, group, valid_from, recorded_seq, state) in one statement."""
    await execute(conn, _INSERT_GROUPS, pool_code, now, *_columns(rows, 5))


async def members_in_group(conn: AsyncConnection, pool_code: str, group_code: str, day: date) -> list[UUID]:
    """The members who belong to a group on a day."""
    return [row["member_id"] for row in await fetch(conn, _IN_GROUP, pool_code, group_code, day)]


# -- questions

_MEMBER_FACTS = """
SELECT m.member_id, m.household_id, m.person_id, m.name, m.status, m.birth_date, m.sex, m.coverage_version,
       p.id_index, h.township_code, h.village_code
FROM member m JOIN household h ON h.pool_code = m.pool_code AND h.household_id = m.household_id
LEFT JOIN person p ON p.person_id = m.person_id
WHERE m.pool_code = $1 AND
"""
_FACTS_BY_ID = _MEMBER_FACTS + "m.member_id = $2"
_FACTS_BY_IDS = _MEMBER_FACTS + "m.member_id = ANY($2::uuid[])"
_FACTS_BY_INDEX = _MEMBER_FACTS + "p.id_index = $2"
_HOUSEHOLD_PAGE = """
SELECT h.household_id, h.township_code, h.village_code, h.group_name, h.household_number,
       (SELECT m.name FROM member m WHERE m.pool_code = $1 AND m.household_id = h.household_id
          AND m.relation = 'head' AND m.status <> 'ended' ORDER BY m.member_number LIMIT 1) AS head_name,
       (SELECT count(*) FROM member m WHERE m.pool_code = $1 AND m.household_id = h.household_id
          AND m.status = 'enrolled') AS enrolled,
       (SELECT count(*) FROM member m WHERE m.pool_code = $1 AND m.household_id = h.household_id
          AND m.status = 'to_verify') AS to_verify
FROM household h
WHERE h.pool_code = $1 AND h.village_code >= $2 AND h.village_code < $3
  AND (h.village_code, h.group_name, h.household_number) > ($4, $5, $6)
  AND EXISTS (SELECT FROM unnest($7::text[]) AS mine
              WHERE h.village_code >= mine AND h.village_code < mine || ':')
ORDER BY h.village_code, h.group_name, h.household_number LIMIT $8
"""
_MEMBER_PAGE = """
SELECT m.member_id, m.household_id, m.name, m.name_order, m.relation, m.sex, m.birth_date, m.status, h.township_code,
       h.village_code, h.group_name, h.household_number
FROM member m JOIN household h ON h.pool_code = m.pool_code AND h.household_id = m.household_id
WHERE m.pool_code = $1 AND h.village_code >= $2 AND h.village_code < $3
  AND m.name COLLATE "C" >= $4 AND m.name COLLATE "C" < $5
  AND (m.name_order, m.member_id) > ($6, $7)
  AND EXISTS (SELECT FROM unnest($8::text[]) AS mine
              WHERE h.village_code >= mine AND h.village_code < mine || ':')
ORDER BY m.name_order, m.member_id LIMIT $9
"""
_HOUSEHOLD = """
SELECT household_id, township_code, village_code, group_name, household_number FROM household
WHERE pool_code = $1 AND household_id = $2
"""
_HOUSEHOLD_MEMBERS = """
SELECT m.member_id, m.person_id, m.member_number, m.name, m.relation, m.sex, m.birth_date, m.status, p.id_sealed
FROM member m LEFT JOIN person p ON p.person_id = m.person_id
WHERE m.pool_code = $1 AND m.household_id = $2 ORDER BY m.member_number
"""


async def facts_by_id(conn: AsyncConnection, pool_code: str, member_id: UUID) -> Any:
    """What coverage tells of one member, or None."""
    return await fetchrow(conn, _FACTS_BY_ID, pool_code, member_id)


async def facts_by_ids(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> list[Any]:
    """What coverage tells of members."""
    return await fetch(conn, _FACTS_BY_IDS, pool_code, list(member_ids))


async def facts_by_index(conn: AsyncConnection, pool_code: str, id_index: bytes) -> Any:
    """What coverage tells of the member with this blind index, or None."""
    return await fetchrow(conn, _FACTS_BY_INDEX, pool_code, id_index)


async def household_page(
    conn: AsyncConnection,
    pool_code: str,
    area: str,
    areas: Sequence[str],
    after: tuple[str, str, str],
    limit: int,
) -> list[Any]:
    """Households of ``area`` (a prefix of village codes) within ``areas``, in order of their address."""
    return await fetch(conn, _HOUSEHOLD_PAGE, pool_code, area, area + ":", *after, list(areas), limit)


async def member_page(
    conn: AsyncConnection,
    pool_code: str,
    area: str,
    areas: Sequence[str],
    name: str,
    after: tuple[str, UUID],
    limit: int,
) -> list[Any]:
    """Members of ``area`` within ``areas`` whose names begin with ``name``, in the order of pinyin."""
    names = (name, name + LAST_CHARACTER)
    return await fetch(conn, _MEMBER_PAGE, pool_code, area, area + ":", *names, *after, list(areas), limit)


async def household(conn: AsyncConnection, pool_code: str, household_id: UUID) -> Any:
    """One household or None."""
    return await fetchrow(conn, _HOUSEHOLD, pool_code, household_id)


async def household_members(conn: AsyncConnection, pool_code: str, household_id: UUID) -> list[Any]:
    """Its members in order of their number, with the sealed ID number."""
    return await fetch(conn, _HOUSEHOLD_MEMBERS, pool_code, household_id)


async def next_member_number(conn: AsyncConnection, pool_code: str, household_id: UUID) -> int:
    """The number of the next member of a household (hold the register's lock)."""
    sql = "SELECT coalesce(max(member_number), 0) + 1 FROM member WHERE pool_code = $1 AND household_id = $2"
    number: int = await fetchval(conn, sql, pool_code, household_id)
    return number


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as the parallel arrays that ``unnest`` takes."""
    return [[row[i] for row in rows] for i in range(width)]
