"""SQL of what others ask of the register: facts of members, pages of households and of names. One statement each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.sent import lies_within
from shared.db.sql import fetch, fetchrow

LAST_CHARACTER = "\U0010ffff"
"""Sorts after every other: texts that begin with x lie between x and x followed by it."""
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
_FACTS_BY_INDEXES = _MEMBER_FACTS + "p.id_index = ANY($2::bytea[])"
_HOUSEHOLD_PAGE = f"""
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
  AND {lies_within("h.village_code", "$7")}
ORDER BY h.village_code, h.group_name, h.household_number LIMIT $8
"""
_MEMBER_PAGE = f"""
SELECT m.member_id, m.household_id, m.name, m.name_order, m.relation, m.sex, m.birth_date, m.status, h.township_code,
       h.village_code, h.group_name, h.household_number
FROM member m JOIN household h ON h.pool_code = m.pool_code AND h.household_id = m.household_id
WHERE m.pool_code = $1 AND h.village_code >= $2 AND h.village_code < $3
  AND m.name COLLATE "C" >= $4 AND m.name COLLATE "C" < $5
  AND (m.name_order, m.member_id) > ($6, $7)
  AND {lies_within("h.village_code", "$8")}
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


async def facts_by_indexes(conn: AsyncConnection, pool_code: str, indexes: Sequence[bytes]) -> list[Any]:
    """What coverage tells of the members with these blind indexes."""
    return await fetch(conn, _FACTS_BY_INDEXES, pool_code, list(indexes))


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
