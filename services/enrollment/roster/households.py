"""Judges the rows of a roster together: households, heads, persons that stand twice or are members elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.enrollment.registry.model import Area, Household, HouseholdKey, Known, Member, Register, within
from services.enrollment.registry.relations import HEAD
from services.enrollment.roster.reasons import Fault, fault
from services.enrollment.roster.rows import ReadRow

TO_VERIFY, ENROLLED, ENDED = "to_verify", "enrolled", "ended"


@dataclass(slots=True)
class Judged:
    """One row with all its faults; ``key`` is its household's address, None where the row names none."""

    row: ReadRow
    key: HouseholdKey | None
    township_code: str
    index: bytes | None
    faults: list[Fault]
    member: Member | None = None
    """The member that the row speaks of, where the register knows him already."""

    @property
    def is_sound(self) -> bool:
        """No fault: the person is enrolled."""
        return not self.faults

    @property
    def is_kept(self) -> bool:
        """Known well enough to stay in the household, enrolled or to verify (rulings §17)."""
        return self.key is not None and all(f.reason.keeps for f in self.faults)


@dataclass(frozen=True, slots=True)
class Places:
    """The villages of a pool by name, and which of them the clerk may enter, by prefixes of their codes."""

    villages: Mapping[str, tuple[Area, ...]]
    townships: Mapping[str, tuple[Area, ...]]
    by_code: Mapping[str, Area]
    allowed: tuple[str, ...]

    @classmethod
    def of(cls, areas: Sequence[Area], allowed: Sequence[str]) -> "Places":
        """Sorts the areas of a pool by kind and name."""
        villages: dict[str, list[Area]] = defaultdict(list)
        townships: dict[str, list[Area]] = defaultdict(list)
        for area in areas:
            if area.kind == "village":
                villages[bare_village(area.name)].append(area)
            elif area.kind == "township":
                townships[bare_township(area.name)].append(area)
        return cls(
            {name: tuple(found) for name, found in villages.items()},
            {name: tuple(found) for name, found in townships.items()},
            {area.code: area for area in areas},
            tuple(allowed),
        )

    def may_enter(self, area_code: str) -> bool:
        """Whether the clerk's areas hold this one."""
        return within(self.allowed, area_code)


def bare_village(name: str) -> str:
    """A village's name as people write it: with or without 村, 村委会, 居委会."""
    for ending in ("村民委员会", "居民委员会", "村委会", "居委会", "社区", "村"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def bare_township(name: str) -> str:
    """A township's name with or without 乡, 镇, 街道 and the nationality in between."""
    for ending in ("民族乡", "街道办事处", "街道", "乡", "镇"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def place_of(row: ReadRow, places: Places, faults: list[Fault]) -> Area | None:
    """The village of a row; adds the fault where there is none, several, or one that the clerk may not enter."""
    if not row.village:
        return None
    candidates: Sequence[Area] = places.villages.get(bare_village(row.village), ())
    if row.village in places.by_code and places.by_code[row.village].kind == "village":
        candidates = (places.by_code[row.village],)
    if row.township:
        towns = {a.code for a in places.townships.get(bare_township(row.township), ())} | {row.township}
        if not towns & places.by_code.keys():
            faults.append(fault("township_unknown", value=row.township[:12]))
            return None
        candidates = [village for village in candidates if village.parent in towns]
    entered = [village for village in candidates if places.may_enter(village.code)]
    if len(entered) == 1:
        return entered[0]
    if not candidates:
        faults.append(fault("village_unknown", value=row.village[:12]))
    elif not entered:
        faults.append(fault("township_not_yours", value=(row.township or row.village)[:12]))
    else:
        faults.append(fault("village_ambiguous", value=row.village[:12]))
    return None


def locate(rows: Sequence[ReadRow], indexes: Sequence[bytes | None], places: Places) -> list[Judged]:
    """Gives each row its household's address."""
    judged = []
    for row, index in zip(rows, indexes, strict=True):
        faults = list(row.faults)
        village = place_of(row, places, faults)
        key = (village.code, row.group, row.household) if village and row.household else None
        township = (village.parent or "") if village else ""
        judged.append(Judged(row, key, township, index, faults))
    return judged


def judge(rows: Sequence[Judged], register: Register, pool_code: str, places: Places) -> None:
    """Adds the faults that only show beside other rows or the register, and finds the members that rows speak of."""
    _duplicates(rows)
    _elsewhere(rows, register, pool_code, places)
    for household in _by_household(rows).values():
        known = register.households.get(household[0].key or ("", "", ""))
        _match(household, known)
        _heads(household, known)


def _by_household(rows: Sequence[Judged]) -> dict[HouseholdKey, list[Judged]]:
    households: dict[HouseholdKey, list[Judged]] = defaultdict(list)
    for judged in rows:
        if judged.is_kept and judged.key is not None:
            households[judged.key].append(judged)
    return households


def _duplicates(rows: Sequence[Judged]) -> None:
    seen: dict[bytes, int] = {}
    named: dict[tuple[HouseholdKey, str, str], int] = {}
    for judged in rows:
        if judged.index is not None:
            first = seen.setdefault(judged.index, judged.row.number)
            if first != judged.row.number:
                judged.faults.append(fault("duplicate_in_file", row=first))
        elif judged.key is not None and judged.row.name:
            # Without a sound number only the same name, relation and household can be told to be one person.
            again = (judged.key, judged.row.name, judged.row.stated_id)
            first = named.setdefault(again, judged.row.number)
            if first != judged.row.number:
                judged.faults.append(fault("duplicate_in_file", row=first))


def _elsewhere(rows: Sequence[Judged], register: Register, pool_code: str, places: Places) -> None:
    for judged in rows:
        known: Known | None = register.persons.get(judged.index) if judged.index else None
        if known is None:
            continue
        if known.pool_code != pool_code:
            judged.faults.append(fault("in_other_pool", pool=known.pool_code))
        elif known.household is not None and judged.key is not None and known.household != judged.key:
            shown = "-".join(known.household) if places.may_enter(known.household[0]) else "不在您经办的辖区"
            judged.faults.append(fault("in_other_household", household=shown))


def _match(rows: Sequence[Judged], known: Household | None) -> None:
    """Finds the member of each row: by ID number, otherwise the one of that name who is to be verified or unsound."""
    if known is None:
        return
    by_index = {member.id_index: member for member in known.members if member.id_index is not None}
    taken: set[UUID] = set()
    for judged in rows:
        judged.member = by_index.get(judged.index) if judged.index else None
        if judged.member is not None:
            taken.add(judged.member.member_id)
            if judged.member.status == ENDED:
                judged.faults.append(fault("member_ended"))
    for judged in rows:
        if judged.member is None:
            judged.member = _by_name(judged, known, taken)
            if judged.member is not None:
                taken.add(judged.member.member_id)


def _by_name(judged: Judged, known: Household, taken: set[UUID]) -> Member | None:
    row = judged.row
    for member in known.members:
        if member.member_id in taken or member.name != row.name or member.status == ENDED:
            continue
        if member.status == TO_VERIFY:
            return member
        if judged.index is None:
            return member  # the register knows his number; the row only repeats him badly
        if member.relation == row.relation:
            judged.faults.append(fault("identity_changed"))
            return None
    return None


def _heads(rows: Sequence[Judged], known: Household | None) -> None:
    """One head a household: in the file, or in the register where the file holds only some of its members."""
    heads = [judged for judged in rows if judged.row.relation == HEAD]
    for second in heads[1:]:
        second.faults.append(fault("head_repeated", row=heads[0].row.number))
    registered = next((m for m in known.members if m.relation == HEAD and m.status != ENDED), None) if known else None
    unreadable = any(judged.row.relation is None for judged in rows)
    if not heads and registered is None and not unreadable:
        rows[0].faults.append(fault("head_missing"))
    name = heads[0].row.name if heads else registered.name if registered else None
    for judged in rows:
        if name and judged.row.head_name and judged.row.head_name.replace(" ", "") != name.replace(" ", ""):
            judged.faults.append(fault("head_name_differs", head=name))
