"""What the register holds, as other capabilities decide on it: plain data, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.enrollment.registry.names import name_order
from shared.kernel.areas import within as within
from shared.kernel.timelines import Start, state_on

LEVELS = ("central", "province", "city", "county")
"""The fiscal levels that add a subsidy to the premium."""
LEVEL_WORDS = {
    "central": ("中央财政", "central"),
    "province": ("省级财政", "province"),
    "city": ("市级财政", "city"),
    "county": ("县级财政", "county"),
}


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a pool."""

    code: str
    parent: str | None
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household to be recorded."""

    household_id: UUID
    township_code: str
    village_code: str
    group_name: str
    household_number: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person to be recorded: the blind index and the sealed ID number, or neither (a newborn without one)."""

    person_id: UUID
    id_index: bytes | None
    id_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Membership:
    """Who somebody is in which household."""

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


@dataclass(frozen=True, slots=True)
class MemberRow(Membership):
    """A membership as it is to stand in the register."""

    phone_sealed: bytes | None

    @property
    def name_order(self) -> str:
        """The key that sorts the member by pinyin."""
        return name_order(self.name)


HouseholdKey = tuple[str, str, str]
"""(village code, group, household number): how a household is addressed."""


@dataclass(frozen=True, slots=True)
class Member(Membership):
    """A member as the register knows him; ``groups`` are those of the asked day."""

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
