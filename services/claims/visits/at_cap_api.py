"""Route of those who reached a cap."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.claims.benefits.queries import NO_POLICY
from services.claims.visits.api import Pool
from services.claims.visits.at_cap import counts_at_cap, persons_at_cap
from services.claims.visits.sheets import AT_CAP, AT_CAP_COUNTS
from shared.contracts.wire import ShortId, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.territory import areas_of
from shared.http.unit import UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["claims"])
READERS = [
    "township_clerk",
    "township_director",
    "insurer_reviewer",
    "insurer_manager",
    "county_recheck",
    "county_inspector",
    "county_director",
    "auditor",
    "supervisor",
]


class AtCapOut(WireModel):
    """A person who has used up a cap; one row a cap."""

    psn_no: ShortId
    township_code: str
    village_code: str
    cap: str
    name: str
    amount: Yuan
    used: Yuan
    reached_on: date | None
    """The business day on which it was used up; empty where no settlement tells it."""


class AtCapCountOut(WireModel):
    """How many persons of a village used up a cap in a month (empty where the month is not known)."""

    township_code: str
    village_code: str
    month: str
    cap: str
    name: str
    persons: int


class AtCapCountsOut(WireModel):
    """Counts by village, month and cap."""

    items: list[AtCapCountOut]


@router.get(
    "/persons-at-cap",
    openapi_extra=access(READERS, command="list_persons_at_cap", personal=True) | AT_CAP,
    responses=documented(NO_POLICY),
)
async def list_persons_at_cap(
    pool_code: Pool,
    unit: UnitDep,
    day: Annotated[date, Query(description="picks the policy and the year")],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AtCapOut]:
    """Persons who reached a yearly cap of the policy of a day, in its year; a township sees its own."""
    key = read_cursor(cursor, UUID)
    found, last = await persons_at_cap(unit, day, areas_of(unit.actor), key[0] if key else UUID(int=0), limit)
    items = [
        AtCapOut(
            psn_no=one.member_id,
            township_code=one.township_code,
            village_code=one.village_code,
            cap=one.cap.id,
            name=one.cap.name,
            amount=one.cap.amount_fen,
            used=one.used_fen,
            reached_on=one.reached_on,
        )
        for one in found
    ]
    return Page(items=items, next_cursor=encode_cursor(last) if last else None)


@router.get(
    "/persons-at-cap/counts",
    openapi_extra=access(READERS, command="count_persons_at_cap") | AT_CAP_COUNTS,
    responses=documented(NO_POLICY),
)
async def count_persons_at_cap(
    pool_code: Pool,
    unit: UnitDep,
    day: Annotated[date, Query(description="picks the policy and the year")],
) -> AtCapCountsOut:
    """The same persons counted by village and by the month in which they reached the cap; a township sees its own."""
    found = await counts_at_cap(unit, day, areas_of(unit.actor))
    items = [
        AtCapCountOut(
            township_code=one.township_code,
            village_code=one.village_code,
            month=one.month,
            cap=one.cap_id,
            name=one.cap_name,
            persons=one.persons,
        )
        for one in found
    ]
    return AtCapCountsOut(items=items)
