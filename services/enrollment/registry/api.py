"""Routes of households; what all routes of the register share."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from services.enrollment.registry import facts_store, sheets
from services.enrollment.registry.act import sealer_of
from services.enrollment.registry.identity import mask_number
from services.enrollment.registry.territory import areas_named, areas_of, household_within
from services.enrollment.registry.texts import cursor_text
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(tags=["registry"], dependencies=[Depends(areas_named)])
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
REGISTER_READERS = (
    "township_clerk",
    "township_director",
    "county_recheck",
    "county_inspector",
    "county_director",
    "insurer_intake",
    "insurer_reviewer",
    "insurer_approver",
    "insurer_manager",
    "auditor",
)
SEES_NUMBERS = frozenset({"township_clerk", "county_recheck", "county_inspector"})


class HouseholdItem(WireModel):
    """A household in a list."""

    household_id: UUID
    township_code: str
    village_code: str
    group: str
    household_number: str
    certificate_number: str
    head_name: str | None
    enrolled: int
    to_verify: int


class MemberItem(WireModel):
    """A member of a household; the ID number is masked for roles that need not see it."""

    member_id: UUID
    person_id: UUID | None
    member_number: int
    name: str
    relation: str
    sex: str | None
    birth_date: date | None
    id_number: str | None
    status: Literal["enrolled", "to_verify", "ended"]


class HouseholdAnswer(WireModel):
    """A household with its members."""

    household_id: UUID
    township_code: str
    village_code: str
    group: str
    household_number: str
    certificate_number: str
    members: list[MemberItem]


def certificate(village_code: str, group: str, household_number: str) -> str:
    """医疗证号: village, group in two digits where it is a number, household number (practice.md (i))."""
    return village_code + (group.zfill(2) if group.isdecimal() else "00") + household_number


@router.get(
    "/pools/{pool_code}/households",
    openapi_extra=access(REGISTER_READERS, command="list_households", personal=True) | sheets.HOUSEHOLDS,
)
async def list_households(
    pool_code: PoolCode,
    unit: UnitDep,
    area: Annotated[str, Query(pattern=r"^\d{0,12}$")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HouseholdItem]:
    """Households of a township or village (a prefix of the village code) in order of their address."""
    key = read_cursor(cursor, cursor_text, cursor_text, cursor_text) or ["", "", ""]
    after = (key[0], key[1], key[2])
    rows = await facts_store.household_page(unit.conn, pool_code, area, areas_of(unit.actor), after, limit + 1)
    items = [_household_item(row) for row in rows[:limit]]
    more = len(rows) > limit
    last = items[-1] if items else None
    following = encode_cursor(last.village_code, last.group, last.household_number) if more and last else None
    return Page(items=items, next_cursor=following)


def _household_item(row: Any) -> HouseholdItem:
    number = row["household_number"]
    return HouseholdItem(
        household_id=row["household_id"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        group=row["group_name"],
        household_number=number,
        certificate_number=certificate(row["village_code"], row["group_name"], number),
        head_name=row["head_name"],
        enrolled=row["enrolled"],
        to_verify=row["to_verify"],
    )


@router.get(
    "/pools/{pool_code}/households/{household_id}",
    openapi_extra=access(REGISTER_READERS, command="read_household", personal=True),
)
async def read_household(pool_code: PoolCode, household_id: UUID, unit: UnitDep) -> HouseholdAnswer:
    """One household with its members."""
    row = await household_within(unit, household_id)
    members = await facts_store.household_members(unit.conn, pool_code, household_id)
    unit.result("household", household_id)
    return HouseholdAnswer(
        household_id=household_id,
        township_code=row["township_code"],
        village_code=row["village_code"],
        group=row["group_name"],
        household_number=row["household_number"],
        certificate_number=certificate(row["village_code"], row["group_name"], row["household_number"]),
        members=[_member_item(unit, member) for member in members],
    )


def _member_item(unit: Unit, row: Any) -> MemberItem:
    number = None
    if row["id_sealed"] is not None:
        number = sealer_of(unit).open("person", "id_sealed", row["person_id"], row["id_sealed"])
        number = number if unit.actor.role in SEES_NUMBERS else mask_number(number)
    return MemberItem(
        id_number=number,
        **{
            name: row[name]
            for name in ("member_id", "person_id", "member_number", "name", "relation", "sex", "birth_date", "status")
        },
    )
