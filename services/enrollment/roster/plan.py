"""What a judged roster changes in the register: pure, but for ids and seals, which are given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.enrollment.financing.rules import Wish
from services.enrollment.registry.model import (
    Enrolment,
    HouseholdKey,
    HouseholdRow,
    Member,
    MemberRow,
    PersonRow,
    Register,
)
from services.enrollment.roster.households import ENROLLED, TO_VERIFY, Judged
from shared.kernel.timelines import NONE

MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Hands:
    """What the plan needs from outside: new ids, sealing and opening of personal texts, and the days that count."""

    new_id: Callable[[], UUID]
    seal: Callable[[str, str, UUID, str], bytes]
    open: Callable[[str, str, UUID, bytes], str]
    first_day: date
    """From when groups count of people who are enrolled now: the first day of the coverage year."""
    today: date


@dataclass(slots=True)
class Plan:
    """The enrolment to be written, who stands on which bill, who is verified, who is told of, and the counts."""

    new: Enrolment = field(default_factory=Enrolment)
    wishes: list[Wish] = field(default_factory=list)
    verified: list[UUID] = field(default_factory=list)
    told: set[UUID] = field(default_factory=set)
    households: int = 0
    enrolled: int = 0
    updated: int = 0
    unchanged: int = 0
    to_verify: int = 0
    rejected: int = 0


def plan(rows: Sequence[Judged], register: Register, hands: Hands) -> Plan:
    """Row by row: new, verified, changed, as it was, to verify, or rejected."""
    made = Plan()
    households: dict[HouseholdKey, tuple[UUID, int]] = {
        key: (known.household_id, max((m.member_number for m in known.members), default=0))
        for key, known in register.households.items()
    }
    for judged in rows:
        if not judged.is_kept or judged.key is None:
            made.rejected += 1
            continue
        if not judged.is_sound:
            made.to_verify += 1
        member = judged.member
        if member is None:
            _add(made, judged, judged.key, households, hands)
        elif member.status == TO_VERIFY:
            _verify(made, judged, member, hands)
        else:
            _compare(made, judged, member, hands)
    made.households = len({judged.key for judged in rows if judged.is_kept})
    return made


def _add(
    made: Plan, judged: Judged, key: HouseholdKey, households: dict[HouseholdKey, tuple[UUID, int]], hands: Hands
) -> None:
    if key not in households:
        household_id = hands.new_id()
        households[key] = (household_id, 0)
        made.new.households.append(HouseholdRow(household_id, judged.township_code, *key))
    household_id, last = households[key]
    households[key] = (household_id, last + 1)
    member_id = hands.new_id()
    made.new.members.append(_row(made, judged, member_id, household_id, last + 1, hands))
    for group in judged.row.identity_groups:
        made.new.groups.append((member_id, group, hands.first_day, 1, MEMBER))
    made.wishes.append(Wish(household_id, judged.township_code, member_id, judged.row.excuse))
    if judged.is_sound:
        made.enrolled += 1
        made.told.add(member_id)


def _row(made: Plan, judged: Judged, member_id: UUID, household_id: UUID, number: int, hands: Hands) -> MemberRow:
    """The member as the row states him; a sound row makes the person known."""
    row, person_id, stated = judged.row, None, None
    if judged.is_sound and row.identity is not None:
        person_id = hands.new_id()
        sealed = hands.seal("person", "id_sealed", person_id, row.identity.number)
        made.new.persons.append(PersonRow(person_id, judged.index, sealed))
    elif row.stated_id:
        stated = hands.seal("member", "stated_id_sealed", member_id, row.stated_id)
    phone = hands.seal("member", "phone_sealed", member_id, row.phone) if row.phone else None
    status = ENROLLED if person_id is not None else TO_VERIFY
    return MemberRow(
        member_id,
        household_id,
        person_id,
        number,
        row.name,
        row.relation or "other",
        row.sex,
        row.birth_date,
        status,
        stated,
        phone,
    )


def _verify(made: Plan, judged: Judged, member: Member, hands: Hands) -> None:
    """A member to verify: a sound row enrols him, another fault only replaces what was stated."""
    made.wishes.append(Wish(member.household_id, judged.township_code, member.member_id, judged.row.excuse))
    if judged.is_sound:
        made.new.changed.append(_row(made, judged, member.member_id, member.household_id, member.member_number, hands))
        made.verified.append(member.member_id)
        made.told.add(member.member_id)
        _regroup(made, judged, member, hands, hands.first_day)
        return
    row = judged.row
    known = (member.name, member.relation, member.sex, member.birth_date, _stated(member, hands))
    if known != (row.name, row.relation or "other", row.sex, row.birth_date, row.stated_id):
        made.new.changed.append(_row(made, judged, member.member_id, member.household_id, member.member_number, hands))


def _stated(member: Member, hands: Hands) -> str:
    if member.stated_id_sealed is None:
        return ""
    return hands.open("member", "stated_id_sealed", member.member_id, member.stated_id_sealed)


def _compare(made: Plan, judged: Judged, member: Member, hands: Hands) -> None:
    """An enrolled member: a sound row may change name, relation and groups; a faulty one changes nothing."""
    if not judged.is_sound:
        return
    row = judged.row
    made.wishes.append(Wish(member.household_id, judged.township_code, member.member_id, row.excuse))
    regrouped = _regroup(made, judged, member, hands, hands.today)
    renamed = (member.name, member.relation) != (row.name, row.relation)
    if renamed:
        made.new.changed.append(
            MemberRow(
                member.member_id,
                member.household_id,
                member.person_id,
                member.member_number,
                row.name,
                row.relation or member.relation,
                member.sex,
                member.birth_date,
                ENROLLED,
                None,
                None,
            )
        )
    if renamed or regrouped:
        made.updated += 1
    else:
        made.unchanged += 1


def _regroup(made: Plan, judged: Judged, member: Member, hands: Hands, since: date) -> bool:
    """Group starts that differ from the register on ``since``."""
    known, stated = member.groups_on(max(since, hands.today)), set(judged.row.identity_groups)
    for group in sorted(known ^ stated):
        sequence = max((start.recorded_seq for start in member.groups.get(group, ())), default=0) + 1
        state = MEMBER if group in stated else NONE
        made.new.groups.append((member.member_id, group, since, sequence, state))
    if known != stated:
        made.told.add(member.member_id)
    return known != stated
