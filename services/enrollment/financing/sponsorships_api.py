"""Routes of sponsorships: applied for by the sponsor, decided by county finance."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.enrollment.financing import sheets, sponsorship_store
from services.enrollment.financing import sponsorships as sponsorship_commands
from services.enrollment.financing.api import PoolCode
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.groups import CODES
from services.enrollment.registry.territory import areas_named
from services.enrollment.registry.texts import Reason, Text60
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import NOT_FOUND, from_validation
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
_FIRST_ID = UUID(int=0)


class SponsorshipBody(WireModel):
    """Who pays the premiums of a group: all of it, or the members named."""

    sponsor: Text60
    year: Annotated[int, Field(ge=2003, le=2200)]
    group: str
    member_ids: Annotated[list[UUID], Field(min_length=1, max_length=5000)] | None = None


class SponsorshipAnswer(WireModel):
    """A sponsorship and where it stands."""

    sponsorship_id: UUID
    sponsor: str
    group: str
    year: int
    head_count: int
    amount: Yuan
    status: Literal["applied", "confirmed", "refused"]
    applied_at: datetime
    decided_at: datetime | None
    reason: str | None


class ConfirmationBody(WireModel):
    """County finance confirms; nothing else is to be said."""


class RefusalBody(WireModel):
    """Why county finance sends an application back."""

    reason: Reason


@router.post("/pools/{pool_code}/sponsorships", openapi_extra=access(("sponsor",), command="apply_sponsorship"))
async def apply_sponsorship(pool_code: PoolCode, body: SponsorshipBody, unit: UnitDep) -> SponsorshipAnswer:
    """A sponsor lists whose premiums it pays; county finance confirms."""
    if body.group not in CODES:
        raise from_validation(
            [
                {
                    "loc": ("body", "group"),
                    "msg": f"只能是 {'、'.join(f'“{code}”' for code in CODES)} 之一 / one of these",
                }
            ]
        )
    done = await sponsorship_commands.apply(await act_of(unit), body.sponsor, body.group, body.year, body.member_ids)
    unit.result("sponsorship", done.sponsorship_id)
    unit.note(heads=done.head_count, amount_fen=done.amount_fen)
    return await _sponsorship(unit, done.sponsorship_id)


@router.get(
    "/pools/{pool_code}/sponsorships",
    openapi_extra=access(
        ("sponsor", "county_finance", "county_director", "county_recheck", "auditor"), command="list_sponsorships"
    )
    | sheets.SPONSORSHIPS,
)
async def list_sponsorships(
    pool_code: PoolCode, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[SponsorshipAnswer]:
    """Sponsorships; a sponsor sees its own lists only."""
    key = read_cursor(cursor, UUID)
    own = unit.actor.subject if unit.actor.role == "sponsor" else None
    after = key[0] if key else _FIRST_ID
    rows = await sponsorship_store.sponsorship_page(unit.conn, pool_code, own, after, limit + 1)
    items = [_sponsorship_item(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(str(items[-1].sponsorship_id)) if len(rows) > limit else None)


@router.post(
    "/pools/{pool_code}/sponsorships/{sponsorship_id}/confirmation",
    openapi_extra=access(("county_finance",), command="confirm_sponsorship"),
)
async def confirm_sponsorship(
    pool_code: PoolCode, sponsorship_id: UUID, body: ConfirmationBody, unit: UnitDep
) -> SponsorshipAnswer:
    """County finance confirms; households that are complete now are covered."""
    covered = await sponsorship_commands.confirm(await act_of(unit), sealer_of(unit), sponsorship_id)
    unit.result("sponsorship", sponsorship_id)
    unit.note(covered=covered)
    return await _sponsorship(unit, sponsorship_id)


@router.post(
    "/pools/{pool_code}/sponsorships/{sponsorship_id}/refusal",
    openapi_extra=access(("county_finance",), command="refuse_sponsorship"),
)
async def refuse_sponsorship(
    pool_code: PoolCode, sponsorship_id: UUID, body: RefusalBody, unit: UnitDep
) -> SponsorshipAnswer:
    """County finance sends the application back."""
    await sponsorship_commands.refuse(await act_of(unit), sponsorship_id, body.reason)
    unit.result("sponsorship", sponsorship_id)
    return await _sponsorship(unit, sponsorship_id)


async def _sponsorship(unit: UnitDep, sponsorship_id: UUID) -> SponsorshipAnswer:
    row = await sponsorship_store.sponsorship(unit.conn, unit.pool_code, sponsorship_id)
    if row is None:
        raise NOT_FOUND(what=(f"资助申请 {sponsorship_id}", f"sponsorship {sponsorship_id}"))
    return _sponsorship_item(row)


def _sponsorship_item(row: Any) -> SponsorshipAnswer:
    return SponsorshipAnswer(
        sponsorship_id=row["sponsorship_id"],
        sponsor=row["sponsor"],
        group=row["group_code"],
        year=row["year"],
        head_count=row["head_count"],
        amount=row["amount_fen"],
        status=row["status"],
        applied_at=row["applied_at"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )
