"""Routes of settlements made elsewhere: by file, with the rows that went back as a workbook, or as a national reply."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from services.claims.visits import given_file, given_store
from services.claims.visits.api import Pool
from services.claims.visits.given_sheet import NATIONAL, REQUIRED, GivenColumn, read_given
from services.claims.visits.problems import GIVEN_REFUSED, GIVEN_TOO_MANY
from shared.contracts.wire import ShortId, WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import NOT_FOUND, documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.money import format_yuan
from shared.sheets.package import COMPRESSED_MAX_BYTES
from shared.sheets.returned import Returned, returned_sheet
from shared.sheets.workbook import Cell, Row

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["visits"])
INTAKE = ["insurer_intake"]
READERS = ["insurer_intake", "insurer_reviewer", "insurer_manager", "county_recheck", "county_inspector", "auditor"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {XLSX: _FILE, "text/csv": _FILE}}}
_WIDTHS = {GivenColumn.ID_NUMBER: 22, GivenColumn.SETTLEMENT: 24, GivenColumn.VISIT_NUMBER: 24}


class GivenFileOut(WireModel):
    """What became of a table's rows; ``returned`` ones went back."""

    file_id: UUID
    number: Number
    repeated: bool
    rows: int
    entered: int
    unchanged: int
    returned: int
    recorded_by: str
    recorded_at: datetime


class ReplyIn(WireModel):
    """A reply of the national query 5203, as it came; JSON numbers are taken, since the other system writes them."""

    setlinfo: dict[str, str | int | float | None]
    over_cap: Annotated[Yuan, Field(ge=0)] = 0
    """What the cap of the basic settlement took from its benefit: no field of the reply says it."""


class ReplyOut(WireModel):
    """The window visit that rests on the settlement; ``entered`` is false where it was there before."""

    visit_id: ShortId
    entered: bool


@router.post(
    "/elsewhere-files",
    openapi_extra=access(
        INTAKE, command="enter_elsewhere_file", scope="institution", max_bytes=COMPRESSED_MAX_BYTES + 1
    )
    | _BODY,
    status_code=201,
    responses=documented(GIVEN_TOO_MANY),
)
async def upload_elsewhere_file(pool_code: Pool, request: Request, unit: UnitDep) -> GivenFileOut:
    """Takes a workbook or CSV of basic settlements made elsewhere, a window visit a row; the same file again changes
    nothing."""
    file_id, repeated = await given_file.enter_file(unit, await request.body())
    shown = await _file(unit, file_id, repeated=repeated)
    unit.result("elsewhere_file", file_id)
    unit.note(rows=shown.rows, entered=shown.entered, returned=shown.returned)
    return shown


@router.post(
    "/elsewhere-replies",
    openapi_extra=access(INTAKE, command="enter_elsewhere_reply", scope="institution"),
    responses=documented(GIVEN_REFUSED),
)
async def enter_elsewhere_reply(pool_code: Pool, body: ReplyIn, unit: UnitDep) -> ReplyOut:
    """Enters one settlement from a reply of the national query; the same again changes nothing."""
    cells = {
        column: Cell(_text(body.setlinfo[name]))
        for name, column in NATIONAL.items()
        if body.setlinfo.get(name) not in (None, "")
    }
    cells[GivenColumn.OVER_CAP] = Cell(format_yuan(body.over_cap))
    await given_store.one_at_a_time(unit.conn, unit.pool_code)
    done = await given_file.enter_rows(unit, [read_given(Row(1, cells), await unit.business_day())])
    if done.returned:
        fields = {column: name for name, column in NATIONAL.items()}
        told = [
            {"at": f"setlinfo.{fields.get(column, 'over_cap')}", "reason": (text, f"{fields.get(column)} does not fit")}
            for column, text in done.returned[0].faults
        ]
        raise GIVEN_REFUSED(errors=told)
    (visit_id,) = (*done.visits, *done.unchanged)
    unit.result("visit", visit_id)
    return ReplyOut(visit_id=visit_id, entered=bool(done.visits))


def _text(value: Any) -> str:
    """A member of the reply as a table would hold it."""
    return repr(value) if isinstance(value, float) else str(value).strip()


async def _file(unit: Unit, file_id: UUID, *, repeated: bool = False) -> GivenFileOut:
    row = await given_store.file(unit.conn, unit.pool_code, file_id)
    if row is None:
        raise NOT_FOUND(what=(f"文件 {file_id}", f"file {file_id}"))
    return _out(row, repeated=repeated)


def _out(row: Any, *, repeated: bool = False) -> GivenFileOut:
    return GivenFileOut(
        file_id=row["id"],
        number=row["number"],
        repeated=repeated,
        rows=row["rows_read"],
        entered=row["entered"],
        unchanged=row["unchanged"],
        returned=row["returned"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )


@router.get("/elsewhere-files", openapi_extra=access(READERS, command="list_elsewhere_files", scope="institution"))
async def list_elsewhere_files(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[GivenFileOut]:
    """Tables that were sent in, the newest first."""
    key = read_cursor(cursor, UUID)
    rows = await given_store.files(unit.conn, unit.pool_code, key[0] if key else None, limit + 1)
    items = [_out(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].file_id) if len(rows) > limit else None)


@router.get(
    "/elsewhere-files/{file_id}/errors.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=access(INTAKE, command="read_elsewhere_errors", scope="institution", personal=True),
)
async def read_elsewhere_errors(pool_code: Pool, file_id: UUID, unit: UnitDep) -> Response:
    """The rows that went back as a workbook, the reason beside the cell; corrected, it can be sent as it is."""
    await _file(unit, file_id)
    rows = await given_file.returned_rows(unit, file_id)
    unit.result("elsewhere_file", file_id)
    unit.note(rows=len(rows))
    returned = [Returned(row.number, "未登记", dict(row.cells), row.faults) for row in rows]
    headers = {"Content-Disposition": f'attachment; filename="errors-{file_id}.xlsx"'}
    return Response(returned_sheet(returned, GivenColumn, REQUIRED, _WIDTHS), media_type=XLSX, headers=headers)
