"""Route of the register: members in the order of their names, as a clerk looks somebody up."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query

from services.enrollment.registry import facts_store, sheets
from services.enrollment.registry.api import REGISTER_READERS, PoolCode, certificate
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import cursor_text
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["registry"], dependencies=[Depends(areas_named)])
_FIRST = ("", UUID(int=0))


class NamedMember(WireModel):
    """A member in the list by name, with the address of the household; without the ID number."""

    member_id: UUID
    household_id: UUID
    name: str
    relation: str
    sex: str | None
    birth_date: date | None
    status: Literal["enrolled", "to_verify", "ended"]
    township_code: str
    village_code: str
    certificate_number: str


@router.get(
    "/pools/{pool_code}/members",
    openapi_extra=access(REGISTER_READERS, command="list_members", personal=True) | sheets.MEMBERS,
)
async def list_members(
    pool_code: PoolCode,
    unit: UnitDep,
    area: Annotated[str, Query(pattern=r"^\d{0,12}$")] = "",
    name: Annotated[str, Query(max_length=60, description="how the name begins")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[NamedMember]:
    """Members of a township or village (a prefix of the village code) in the order of pinyin, surname first."""
    key = read_cursor(cursor, cursor_text, UUID)
    after = (key[0], key[1]) if key else _FIRST
    rows = await facts_store.member_page(unit.conn, pool_code, area, areas_of(unit.actor), name, after, limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    following = encode_cursor(shown[-1]["name_order"], str(shown[-1]["member_id"])) if more else None
    return Page(items=[_item(row) for row in shown], next_cursor=following)


def _item(row: Any) -> NamedMember:
    return NamedMember(
        member_id=row["member_id"],
        household_id=row["household_id"],
        name=row["name"],
        relation=row["relation"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        status=row["status"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        certificate_number=certificate(row["village_code"], row["group_name"], row["household_number"]),
    )
