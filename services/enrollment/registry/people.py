"""The register as other capabilities use it: what is known of households and persons, and bulk enrolment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry import coverage_store, facts_store, store
from services.enrollment.registry.act import Act
from services.enrollment.registry.model import (
    Enrolment,
    Household,
    HouseholdKey,
    Known,
    Member,
    MemberRow,
    Newborn,
    PersonRow,
    Register,
)
from shared.db.personal import Sealer
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.kernel.timelines import Start

ID_NUMBER = "id_number"
PERSON_KNOWN = define(
    "person_known",
    409,
    "此人已登记",
    "The person is registered",
    "此人已在统筹区 {pool_code} 登记。",
    "The person is registered in pool {pool_code} already.",
)
NEWBORN_KNOWN = define(
    "newborn_known",
    409,
    "新生儿已登记",
    "The newborn is registered",
    "这一户已有同名、同日出生的成员(人员编号 {member});不要重复登记,信息有误请更正。",
    "The household has a member of this name and birth date ({member}): do not enrol it twice, correct what is wrong.",
)

PERSON_RACE = define(
    "person_race",
    409,
    "有人同时在别处登记",
    "Somebody is being enrolled elsewhere",
    "名单中有人刚刚在其他统筹区登记;什么都没有改动;请重发,有关的行会被退回。",
    "Somebody on the list was just enrolled in another pool; nothing was changed. Send it again: the row comes back.",
)


async def load_register(
    conn: AsyncConnection, pool_code: str, keys: Sequence[HouseholdKey], indexes: Sequence[bytes]
) -> Register:
    """Households by key with their members, and where persons are known, in five statements.

    Takes the register's lock: nobody else enrols in this pool until the transaction ends.
    """
    await store.lock_register(conn, pool_code)
    found = {
        row["household_id"]: (row["village_code"], row["group_name"], row["household_number"])
        for row in await store.households_by_key(conn, pool_code, keys)
    }
    rows = await store.members_of(conn, pool_code, list(found))
    groups = await _groups(conn, pool_code, [row["member_id"] for row in rows])
    members: dict[UUID, list[Member]] = defaultdict(list)
    for row in rows:
        members[row["household_id"]].append(_member(row, groups.get(row["member_id"], {})))
    return Register(
        {key: Household(identifier, key, tuple(members[identifier])) for identifier, key in found.items()},
        await _persons(conn, pool_code, indexes),
    )


async def _persons(conn: AsyncConnection, pool_code: str, indexes: Sequence[bytes]) -> dict[bytes, Known]:
    here = {
        row["id_index"]: (row["village_code"], row["group_name"], row["household_number"])
        for row in await store.members_by_index(conn, pool_code, indexes)
    }
    return {index: Known(pool, here.get(index)) for index, pool in (await store.persons_known(conn, indexes)).items()}


async def _groups(
    conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]
) -> dict[UUID, dict[str, tuple[Start, ...]]]:
    groups: dict[UUID, dict[str, tuple[Start, ...]]] = defaultdict(dict)
    for row in await coverage_store.groups_of(conn, pool_code, member_ids):
        known = groups[row["member_id"]]
        start = Start(row["valid_from"], row["recorded_seq"], row["state"])
        known[row["group_code"]] = (*known.get(row["group_code"], ()), start)
    return groups


def _member(row: Any, groups: Mapping[str, tuple[Start, ...]]) -> Member:
    return Member(
        member_id=row["member_id"],
        household_id=row["household_id"],
        person_id=row["person_id"],
        member_number=row["member_number"],
        name=row["name"],
        relation=row["relation"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        status=row["status"],
        stated_id_sealed=row["stated_id_sealed"],
        id_index=row["id_index"],
        groups=groups,
    )


async def enrol(act: Act, new: Enrolment) -> None:
    """Writes an enrolment, one statement a table."""
    if new.households:
        await store.insert_households(act.conn, act.pool_code, new.households, act.now)
    if new.persons:
        await _insert_persons(act, new.persons)
    if new.members:
        await store.insert_members(act.conn, act.pool_code, new.members, act.now)
    if new.changed:
        await store.update_members(act.conn, act.pool_code, new.changed, act.now)
    if new.groups:
        await coverage_store.insert_groups(act.conn, act.pool_code, new.groups, act.now)


async def members_in_group(conn: AsyncConnection, pool_code: str, group_code: str, day: date) -> list[UUID]:
    """The members who belong to a special group on a day, whether enrolled or still to verify."""
    return await coverage_store.members_in_group(conn, pool_code, group_code, day)


async def add_newborn(act: Act, sealer: Sealer, household_id: UUID, newborn: Newborn) -> UUID:
    """Enrols a newborn in a known household; a child is one by name and day of birth, with or without ID number.

    Raises NOT_FOUND, PERSON_KNOWN, NEWBORN_KNOWN.
    """
    await store.lock_register(act.conn, act.pool_code)
    if await facts_store.household(act.conn, act.pool_code, household_id) is None:
        raise NOT_FOUND(what=(f"家庭 {household_id}", f"household {household_id}"))
    index = sealer.blind_index(ID_NUMBER, newborn.id_number) if newborn.id_number else None
    if index is not None and (known := await store.persons_known(act.conn, [index])):
        raise PERSON_KNOWN(pool_code=known[index])
    for row in await store.members_of(act.conn, act.pool_code, [household_id]):
        if (row["name"], row["birth_date"]) == (newborn.name, newborn.birth_date):
            raise NEWBORN_KNOWN(member=row["member_id"])
    person_id, member_id = new_id(act.now), new_id(act.now)
    sealed = sealer.seal("person", "id_sealed", person_id, newborn.id_number) if newborn.id_number else None
    number = await store.next_member_number(act.conn, act.pool_code, household_id)
    member = MemberRow(
        member_id,
        household_id,
        person_id,
        number,
        newborn.name,
        newborn.relation,
        newborn.sex,
        newborn.birth_date,
        "enrolled",
        None,
        None,
    )
    await enrol(act, Enrolment(persons=[PersonRow(person_id, index, sealed)], members=[member]))
    return member_id


async def _insert_persons(act: Act, persons: Sequence[PersonRow]) -> None:
    """Another pool may enrol the same person at this moment: the constraint lets one through. Raises PERSON_RACE."""
    try:
        await store.insert_persons(act.conn, persons, act.now)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "person_id_index_once":
            raise
        raise PERSON_RACE() from error


async def member_facts(conn: AsyncConnection, pool_code: str, member_id: UUID) -> Any:
    """What coverage tells of one member (status, birth date, household…), or None."""
    return await facts_store.facts_by_id(conn, pool_code, member_id)


async def members_facts(conn: AsyncConnection, pool_code: str, member_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """What coverage tells of members, by id; those that there are none of are left out."""
    return {row["member_id"]: row for row in await facts_store.facts_by_ids(conn, pool_code, member_ids)}


async def members_by_index(conn: AsyncConnection, pool_code: str, indexes: Sequence[bytes]) -> dict[bytes, Any]:
    """What coverage tells of members, by the blind index of the ID number; strangers are left out."""
    return {row["id_index"]: row for row in await facts_store.facts_by_indexes(conn, pool_code, indexes)}


async def end_membership(act: Act, member_id: UUID) -> None:
    """The person died: the membership ends, its history stays."""
    await store.end_member(act.conn, act.pool_code, member_id, act.now)
