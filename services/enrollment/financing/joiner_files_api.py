"""Routes of tables of who paid for a voluntary layer: an empty one, a filled one in, the rows that went back."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.enrollment.financing import joiner_file_store as store
from services.enrollment.financing import joiner_files, layers
from services.enrollment.financing.billing import STANDARD_UNKNOWN
from services.enrollment.financing.joiner_sheet import ABOUT, REQUIRED, SHEET, TEMPLATE, WIDTHS, JoinerColumn
from services.enrollment.financing.layers_api import Layer, PoolCode
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of
from shared.contracts.wire import WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import NOT_FOUND, documented
from shared.http.unit import Unit, UnitDep
from shared.sheets.blank import blank_sheet
from shared.sheets.package import COMPRESSED_MAX_BYTES
from shared.sheets.returned import returned_sheet

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READERS = ("township_clerk", "township_director", "county_recheck", "county_inspector", "auditor")
_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {XLSX: _FILE, "text/csv": _FILE}}}


class JoinerFileAnswer(WireModel):
    """What became of a table's rows: who joined now, who had before, which went back; the money of who joined now."""

    file_id: UUID
    number: Number
    layer: str
    year: int
    repeated: bool
    rows: int
    joined: int
    unchanged: int
    returned: int
    amount: Yuan
    recorded_at: datetime


def _answer(row: Any, *, repeated: bool = False) -> JoinerFileAnswer:
    return JoinerFileAnswer(
        file_id=row["file_id"],
        number=row["number"],
        layer=row["layer"],
        year=row["year"],
        repeated=repeated,
        rows=row["rows_read"],
        joined=row["joined"],
        unchanged=row["unchanged"],
        returned=row["returned"],
        amount=row["amount_fen"],
        recorded_at=row["recorded_at"],
    )


async def _file(unit: Unit, layer: str, file_id: UUID) -> Any:
    """The file; raises NOT_FOUND where it was sent in for areas that are not all the caller's."""
    row = await store.file(unit.conn, unit.pool_code, layer, file_id, areas_of(unit.actor))
    if row is None:
        raise NOT_FOUND(what=(f"名单 {file_id}", f"list {file_id}"))
    return row


@router.post(
    "/pools/{pool_code}/layers/{layer}/joiner-files",
    status_code=201,
    openapi_extra=access(("township_clerk",), command="import_joiners", max_bytes=COMPRESSED_MAX_BYTES + 1) | _BODY,
    responses=documented(STANDARD_UNKNOWN, layers.LAYER_UNKNOWN, joiner_files.JOINERS_TOO_MANY),
)
async def upload_joiners(
    pool_code: PoolCode,
    layer: Layer,
    request: Request,
    unit: UnitDep,
    year: Annotated[int, Query(ge=2003, le=2200)],
) -> JoinerFileAnswer:
    """Takes a workbook or CSV of who paid for a voluntary layer; the same file again changes nothing."""
    offer, content = joiner_files.Offer(layer, year), await request.body()
    act, areas = await act_of(unit), areas_of(unit.actor)
    file_id, repeated = await joiner_files.enter_file(act, sealer_of(unit), areas, offer, content)
    row = await _file(unit, layer, file_id)
    unit.result("layer_file", file_id)
    unit.note(rows=row["rows_read"], joined=row["joined"], returned=row["returned"], amount_fen=row["amount_fen"])
    return _answer(row, repeated=repeated)


@router.get(
    "/pools/{pool_code}/layers/{layer}/joiners-template.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=access(READERS, command="read_joiners_template"),
)
async def read_joiners_template(pool_code: PoolCode, layer: Layer, unit: UnitDep) -> Response:
    """An empty table of who paid: the headings to fill in, and a second sheet of notes with an example."""
    headers = {"Content-Disposition": 'attachment; filename="joiners-template.xlsx"'}
    return Response(blank_sheet(SHEET, TEMPLATE, ABOUT, WIDTHS), media_type=XLSX, headers=headers)


@router.get(
    "/pools/{pool_code}/layers/{layer}/joiner-files", openapi_extra=access(READERS, command="list_joiner_files")
)
async def list_joiner_files(
    pool_code: PoolCode, layer: Layer, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[JoinerFileAnswer]:
    """Tables that were sent in for the caller's areas, newest first."""
    key = read_cursor(cursor, UUID)
    after = key[0] if key else None
    rows = await store.files(unit.conn, pool_code, layer, areas_of(unit.actor), after, limit + 1)
    items = [_answer(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].file_id) if len(rows) > limit else None)


@router.get(
    "/pools/{pool_code}/layers/{layer}/joiner-files/{file_id}/errors.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=access(("township_clerk", "county_recheck"), command="read_joiner_errors", personal=True),
)
async def read_joiner_errors(pool_code: PoolCode, layer: Layer, file_id: UUID, unit: UnitDep) -> Response:
    """The rows that went back as a workbook, the reason beside the cell; corrected, it can be sent as it is."""
    await _file(unit, layer, file_id)
    rows = await joiner_files.returned_rows(unit.conn, sealer_of(unit), pool_code, file_id)
    unit.result("layer_file", file_id)
    unit.note(rows=len(rows))
    headers = {"Content-Disposition": f'attachment; filename="errors-{file_id}.xlsx"'}
    return Response(returned_sheet(rows, JoinerColumn, REQUIRED, WIDTHS), media_type=XLSX, headers=headers)
