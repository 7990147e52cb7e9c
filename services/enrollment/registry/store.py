"""SQL of households, members and persons. Every function runs one statement, whatever the number of rows."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry.model import HouseholdRow, MemberRow, PersonRow
from shared.db.sql import columns, execute, fetch, fetchval

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
    return await fetch(conn, _HOUSEHOLDS_BY_KEY, pool_code, *columns(keys, 3))


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
    await execute(conn, _INSERT_HOUSEHOLDS, pool_code, now, *columns(keys, 5))


async def insert_persons(conn: AsyncConnection, rows: Sequence[PersonRow], now: datetime) -> None:
    """Records persons in one statement; they are seen through the memberships that the same transaction makes."""
    values = [(r.person_id, r.id_index, r.id_sealed) for r in rows]
    await execute(conn, _INSERT_PERSONS, now, *columns(values, 3))


_KNOWN_OF_HIM = attrgetter(
    "name", "relation", "sex", "birth_date", "status", "stated_id_sealed", "phone_sealed", "name_order"
)


async def insert_members(conn: AsyncConnection, pool_code: str, rows: Sequence[MemberRow], now: datetime) -> None:
    """Records memberships in one statement."""
    values = [(r.member_id, r.household_id, r.person_id, r.member_number, *_KNOWN_OF_HIM(r)) for r in rows]
    await execute(conn, _INSERT_MEMBERS, pool_code, now, *columns(values, 12))


async def update_members(conn: AsyncConnection, pool_code: str, rows: Sequence[MemberRow], now: datetime) -> None:
    """Changes what is known of members in one statement."""
    values = [(r.member_id, r.person_id, *_KNOWN_OF_HIM(r)) for r in rows]
    await execute(conn, _UPDATE_MEMBERS, pool_code, now, *columns(values, 10))


async def end_member(conn: AsyncConnection, pool_code: str, member_id: UUID, now: datetime) -> None:
    """The membership is over (death)."""
    await execute(conn, _END_MEMBER, pool_code, member_id, now)


async def next_member_number(conn: AsyncConnection, pool_code: str, household_id: UUID) -> int:
    """The number of the next member of a household (hold the register's lock)."""
    sql = "SELECT coalesce(max(member_number), 0) + 1 FROM member WHERE pool_code = $1 AND household_id = $2"
    number: int = await fetchval(conn, sql, pool_code, household_id)
    return number
