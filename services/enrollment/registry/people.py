"""The register as other capabilities use it: what is known of households and persons, and bulk enrolment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.registry import store
from services.enrollment.registry.act import Act
from services.enrollment.registry.store import HouseholdRow, MemberRow, PersonRow
from shared.db.personal import Sealer
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.kernel.timelines import Start, state_on

__all__ = [
    "Enrolment",
    "Household",
    "HouseholdRow",
    "Known",
    "Member",
    "MemberRow",
    "Newborn",
    "PersonRow",
    "Register",
    "add_newborn",
    "enrol",
    "load_register",
    "members_in_group",
]

ID_NUMBER = "id_number"
PERSON_KNOWN = define(
    "person_known",
    409,
    "此人已登记",
    "The person is registered",
    "此人已在统筹区 {pool_code} 登记。",
    "The person is registered in pool {pool_code} already.",
)
HouseholdKey = tuple[str, str, str]
"""(village code, group, household number): how a household is addressed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the register knows him; ``groups`` are those of the asked day."""

    member_id: UUID
    household_id: UUID
    person_id: UUID | None
    member_number: int
    name: str
    relation: str
    sex: str | None
    birth_date: date | None
    status: str
    stated_id_sealed: bytes | None
    id_index: bytes | None
    groups: Mapping[str, tuple[Start, ...]]

    def groups_on(self, day: date) -> frozenset[str]:
        """The special groups he belongs to on a day."""
        return frozenset(code for code, starts in self.groups.items() if state_on(starts, day) == "member")


@dataclass(frozen=True, slots=True)
class Household:
    """A household with all its members, those that ended included."""

    household_id: UUID
    key: HouseholdKey
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Newborn:
    """A child reported to its household; the ID number may come later."""

    name: str
    relation: str
    sex: str
    birth_date: date
    id_number: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """Where a person is known already: a household of this pool by its key, or only the code of another pool."""

    pool_code: str
    household: HouseholdKey | None


@dataclass(frozen=True, slots=True)
class Register:
    """What the register knows of the households and persons that were asked for."""

    households: Mapping[HouseholdKey, Household]
    persons: Mapping[bytes, Known]


@dataclass(slots=True)
class Enrolment:
    """What is to be written, row by row; empty lists cost no statement."""

    households: list[HouseholdRow] = field(default_factory=list)
    persons: list[PersonRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    changed: list[MemberRow] = field(default_factory=list)
    groups: list[tuple[UUID, str, date, int, str]] = field(default_factory=list)


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
    for row in await store.groups_of(conn, pool_code, member_ids):
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
        await store.insert_persons(act.conn, act.pool_code, new.persons, act.now)
    if new.members:
        await store.insert_members(act.conn, act.pool_code, new.members, act.now)
    if new.changed:
        await store.update_members(act.conn, act.pool_code, new.changed, act.now)
    if new.groups:
        await store.insert_groups(act.conn, act.pool_code, new.groups, act.now)


async def members_in_group(conn: AsyncConnection, pool_code: str, group_code: str, day: date) -> list[UUID]:
    """The members who belong to a special group on a day, whether enrolled or still to verify."""
    return await store.members_in_group(conn, pool_code, group_code, day)


async def add_newborn(act: Act, sealer: Sealer, household_id: UUID, newborn: Newborn) -> UUID:
    """Enrols a newborn in a known household; raises NOT_FOUND, PERSON_KNOWN."""
    await store.lock_register(act.conn, act.pool_code)
    if await store.household(act.conn, act.pool_code, household_id) is None:
        raise NOT_FOUND(what=f"household {household_id}")
    index = sealer.blind_index(ID_NUMBER, newborn.id_number) if newborn.id_number else None
    if index is not None and (known := await store.persons_known(act.conn, [index])):
        raise PERSON_KNOWN(pool_code=known[index])
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


async def member_facts(conn: AsyncConnection, pool_code: str, member_id: UUID) -> Any:
    """What coverage tells of one member (status, birth date, household…), or None."""
    return await store.facts_by_id(conn, pool_code, member_id)


async def end_membership(act: Act, member_id: UUID) -> None:
    """The person died: the membership ends, its history stays."""
    await store.end_member(act.conn, act.pool_code, member_id, act.now)
