"""Route of bills: what households are asked for a year."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from services.enrollment.financing import sheets, store
from services.enrollment.financing.api import MONEY_READERS, PoolCode
from services.enrollment.registry.identity import mask_name
from services.enrollment.registry.territory import areas_named, areas_of
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
YearQuery = Annotated[int, Query(ge=2003, le=2200)]
NAMES_IN_FULL = frozenset(
    {"township_clerk", "township_director", "county_recheck", "county_inspector", "county_director", "auditor"}
)
"""Who reads the name of a head of household on its bill: those who collect at the door or keep the register."""
_FIRST_ID = UUID(int=0)


class BillItem(WireModel):
    """A household's bill of a year."""

    bill_id: UUID
    household_id: UUID
    township_code: str
    village_code: str
    village_name: str
    group: str
    household_number: str
    head_name: str | None
    """Masked for those who neither collect nor keep the register; null where the household has no head yet."""
    year: int
    amount: Yuan
    paid: Yuan
    open: Yuan
    refunded: Yuan
    last_paid_on: date | None


@router.get(
    "/pools/{pool_code}/bills", openapi_extra=access(MONEY_READERS, command="list_bills", personal=True) | sheets.BILLS
)
async def list_bills(
    pool_code: PoolCode,
    unit: UnitDep,
    year: YearQuery,
    open: bool | None = None,
    township: Annotated[str | None, Query(pattern=r"^\d{7,9}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BillItem]:
    """Household bills of a year; ``open=true`` shows those with something to pay."""
    key = read_cursor(cursor, UUID)
    after = key[0] if key else _FIRST_ID
    areas = areas_of(unit.actor)
    rows = await store.bill_page(unit.conn, pool_code, year, after, township, open, areas, limit + 1)
    items = [_bill_item(row, unit.actor.role in NAMES_IN_FULL) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(str(items[-1].bill_id)) if len(rows) > limit else None)


def _bill_item(row: Any, in_full: bool) -> BillItem:
    head = row["head_name"]
    return BillItem(
        bill_id=row["bill_id"],
        household_id=row["household_id"],
        township_code=row["township_code"],
        village_code=row["village_code"],
        village_name=row["village_name"],
        group=row["group_name"],
        household_number=row["household_number"],
        head_name=head if in_full or head is None else mask_name(head),
        year=row["year"],
        amount=row["due_fen"],
        paid=row["paid_fen"],
        open=row["due_fen"] - row["paid_fen"],
        refunded=row["refunded_fen"],
        last_paid_on=row["last_paid_on"],
    )
