"""Routes of coverage given back without a premium: applied for by one person, decided by another."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path

from services.enrollment.financing import reinstatement_store as store
from services.enrollment.financing import reinstatements as commands
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of, member_within
from services.enrollment.registry.texts import Reason
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])

PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
Status = Literal["applied", "confirmed", "refused"]
READERS = ("county_recheck", "county_inspector", "county_director", "township_director", "auditor")
_FIRST_ID = UUID(int=0)


class ReinstatementBody(WireModel):
    """Since when a member is to be covered again, and why, though no premium was paid for that day."""

    effective_on: date
    reason: Reason


class DecisionBody(WireModel):
    """What the second person decides."""

    decision: Literal["confirmed", "refused"]


class ReinstatementAnswer(WireModel):
    """An application and where it stands."""

    reinstatement_id: UUID
    member_id: UUID
    effective_on: date
    reason: str
    status: Status
    applied_at: datetime
    decided_at: datetime | None


@router.post(
    "/pools/{pool_code}/members/{member_id}/reinstatements",
    status_code=201,
    openapi_extra=access(("county_recheck", "township_director"), command="apply_reinstatement"),
)
async def apply_reinstatement(
    pool_code: PoolCode, member_id: UUID, body: ReinstatementBody, unit: UnitDep
) -> ReinstatementAnswer:
    """Applies for coverage without a premium; nothing changes before another person confirms."""
    await member_within(unit, member_id)
    done = await commands.apply(await act_of(unit), member_id, body.effective_on, body.reason)
    return await _told(unit, done)


@router.get(
    "/pools/{pool_code}/reinstatements", openapi_extra=access(READERS, command="list_reinstatements", personal=True)
)
async def list_reinstatements(
    pool_code: PoolCode, unit: UnitDep, status: Status | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ReinstatementAnswer]:
    """Applications; a township's people see those of their own areas."""
    key = read_cursor(cursor, UUID)
    after = key[0] if key else _FIRST_ID
    rows = await store.page(unit.conn, pool_code, after, status, areas_of(unit.actor), limit + 1)
    items = [_item(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].reinstatement_id) if len(rows) > limit else None)


@router.post(
    "/pools/{pool_code}/reinstatements/{reinstatement_id}/decision",
    openapi_extra=access(("county_recheck", "county_director"), command="decide_reinstatement"),
)
async def decide_reinstatement(
    pool_code: PoolCode, reinstatement_id: UUID, body: DecisionBody, unit: UnitDep
) -> ReinstatementAnswer:
    """Another person than the applicant confirms, and the member is covered; or refuses."""
    await commands.decide(await act_of(unit), sealer_of(unit), reinstatement_id, body.decision)
    return await _told(unit, reinstatement_id)


async def _told(unit: Unit, reinstatement_id: UUID) -> ReinstatementAnswer:
    item = _item(await store.lock(unit.conn, unit.pool_code, reinstatement_id))
    unit.result("reinstatement", reinstatement_id)
    unit.note(member_id=str(item.member_id), effective_on=item.effective_on.isoformat(), status=item.status)
    return item


def _item(row: Any) -> ReinstatementAnswer:
    return ReinstatementAnswer(**{name: row[name] for name in ReinstatementAnswer.model_fields})
