"""Routes of rosters: a workbook in, its result, and the rows that went back as a workbook."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.roster import store
from services.enrollment.roster.commands import import_roster, returned_rows
from services.enrollment.roster.error_sheet import error_sheet
from services.enrollment.roster.tables import COUNTS
from services.enrollment.roster.template import template
from shared.contracts.wire import WireModel
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import NOT_FOUND
from shared.http.unit import Unit, UnitDep
from shared.sheets.package import COMPRESSED_MAX_BYTES

router = ServiceRouter(tags=["roster"], dependencies=[Depends(areas_named)])

PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READERS = ("township_clerk", "township_director", "county_recheck", "county_inspector", "auditor")
WATCHERS = (*READERS, "county_director", "city_health", "supervisor", "insurance_regulator", "discipline")
"""Who sees what became of a roster: its number and counts, nobody's particulars."""


class RosterAnswer(WireModel):
    """What became of a roster's rows; ``to_verify`` (kept in the household) and ``rejected`` ones went back."""

    roster_id: UUID
    number: Number
    year: int
    repeated: bool
    rows: int
    households: int
    enrolled: int
    verified: int
    updated: int
    unchanged: int
    to_verify: int
    rejected: int
    recorded_at: datetime


class ReturnedItem(WireModel):
    """A row that went back: where it stood and why, without its personal data."""

    row: int
    codes: list[str]
    kept: bool


class RosterDetail(RosterAnswer):
    """A roster with the rows that went back."""

    returned: list[ReturnedItem]


_BODY = {"requestBody": {"required": True, "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}}


@router.post(
    "/pools/{pool_code}/rosters",
    status_code=201,
    openapi_extra=access(("township_clerk",), command="import_roster", max_bytes=COMPRESSED_MAX_BYTES + 1) | _BODY,
)
async def upload_roster(
    pool_code: PoolCode, request: Request, unit: UnitDep, year: Annotated[int, Query(ge=2003, le=2200)]
) -> RosterAnswer:
    """Takes a roster workbook for a coverage year; the same file again changes nothing."""
    content = await request.body()
    done = await import_roster(await act_of(unit), sealer_of(unit), areas_of(unit.actor), year, content)
    row = await _roster(unit, done.roster_id)
    unit.result("roster", done.roster_id)
    unit.note(**{name: row[name] for name in COUNTS})
    return RosterAnswer(**_counts(row), repeated=done.repeated)


async def _roster(unit: Unit, roster_id: UUID) -> Any:
    """The roster; raises NOT_FOUND where it was sent in for areas that are not all the caller's."""
    row = await store.roster(unit.conn, unit.pool_code, roster_id, areas_of(unit.actor))
    if row is None:
        raise NOT_FOUND(what=(f"名册 {roster_id}", f"roster {roster_id}"))
    return row


def _counts(row: Any) -> dict[str, Any]:
    return {"rows" if name == "rows_read" else name: value for name, value in dict(row).items()}


@router.get(
    "/pools/{pool_code}/roster-template.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=access(READERS, command="read_roster_template"),
)
async def read_template(pool_code: PoolCode, unit: UnitDep) -> Response:
    """An empty roster: the headings to fill in, and a second sheet of notes with an example."""
    headers = {"Content-Disposition": 'attachment; filename="roster-template.xlsx"'}
    return Response(template(), media_type=XLSX, headers=headers)


class RosterItem(WireModel):
    """A roster in a list."""

    roster_id: UUID
    number: Number
    year: int
    rows: int
    rejected: int
    to_verify: int
    recorded_at: datetime


@router.get("/pools/{pool_code}/rosters", openapi_extra=access(WATCHERS, command="list_rosters"))
async def list_rosters(
    pool_code: PoolCode,
    unit: UnitDep,
    number: Annotated[Number | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RosterItem]:
    """Rosters that were sent in for the caller's areas, newest first; ``number`` finds one by its number."""
    after = read_cursor(cursor, moment, UUID)
    found = await store.rosters(unit.conn, pool_code, areas_of(unit.actor), number, after, limit + 1)
    shown = [_counts(row) for row in found[:limit]]
    items = [RosterItem(**{name: row[name] for name in RosterItem.model_fields}) for row in shown]
    last = items[-1] if len(found) > limit else None
    return Page(items=items, next_cursor=encode_cursor(last.recorded_at, last.roster_id) if last else None)


@router.get("/pools/{pool_code}/rosters/{roster_id}", openapi_extra=access(WATCHERS, command="read_roster"))
async def read_roster_result(pool_code: PoolCode, roster_id: UUID, unit: UnitDep) -> RosterDetail:
    """A roster's result, and which rows went back for which reasons."""
    row = await _roster(unit, roster_id)
    errors = await store.errors(unit.conn, pool_code, roster_id)
    returned = [ReturnedItem(row=e["row_number"], codes=list(e["codes"]), kept=e["kept"]) for e in errors]
    return RosterDetail(**_counts(row), repeated=False, returned=returned)


@router.get(
    "/pools/{pool_code}/rosters/{roster_id}/errors.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=access(("township_clerk", "county_recheck"), command="read_roster_errors", personal=True),
)
async def read_errors(pool_code: PoolCode, roster_id: UUID, unit: UnitDep) -> Response:
    """The rows that went back as a workbook, the reason beside the cell; corrected, it can be sent as it is."""
    await _roster(unit, roster_id)
    rows = await returned_rows(unit.conn, sealer_of(unit), pool_code, roster_id)
    unit.result("roster", roster_id)
    unit.note(rows=len(rows))
    headers = {"Content-Disposition": f'attachment; filename="errors-{roster_id}.xlsx"'}
    return Response(error_sheet(rows), media_type=XLSX, headers=headers)
