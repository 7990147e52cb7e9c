"""Routes of the uploads of fee lines: what was uploaded of a visit, and taking an upload out of its bill."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.claims.visits import commands, store
from services.claims.visits.api import ENTERS
from services.claims.visits.problems import SHEET_UNKNOWN, VISIT_SETTLED, VISIT_UNKNOWN
from services.claims.visits.schemas import UploadOut, UploadsOut
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["visits"])
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
Sheet = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get(
    "/visits/{visit_id}/lines",
    openapi_extra=access([*ENTERS, "auditor"], command="list_uploads", scope="institution"),
    responses=documented(VISIT_UNKNOWN),
)
async def list_uploads(pool_code: Pool, visit_id: ShortId, unit: UnitDep) -> UploadsOut:
    """The uploads of a visit with their counts and sums, so that a hospital can compare them with its own."""
    await commands.known_visit(unit, visit_id)
    return await _uploads(unit, visit_id)


@router.post(
    "/visits/{visit_id}/lines/{sheet}/withdrawal",
    openapi_extra=access(ENTERS, command="withdraw_lines", scope="institution"),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED, SHEET_UNKNOWN),
)
async def withdraw_lines(pool_code: Pool, visit_id: ShortId, sheet: Sheet, unit: UnitDep) -> UploadsOut:
    """Takes an upload out of the bill of a visit that is not settled, or no longer; what is right is uploaded anew."""
    await commands.withdraw_lines(unit, visit_id, sheet)
    unit.result("visit", visit_id)
    unit.note(sheet=sheet)
    return await _uploads(unit, visit_id)


async def _uploads(unit: Unit, visit_id: UUID) -> UploadsOut:
    known = await store.uploads(unit.conn, unit.pool_code, visit_id)
    counted = [one for one in known if one.counts]
    return UploadsOut(
        visit_id=visit_id,
        lines=sum(one.lines for one in counted),
        total=sum(one.total_fen for one in counted),
        uploads=[
            UploadOut(
                sheet=one.sheet,
                lines=one.lines,
                amount=one.total_fen,
                uploaded_at=one.uploaded_at,
                withdrawn_at=one.withdrawn_at,
            )
            for one in known
        ],
    )
