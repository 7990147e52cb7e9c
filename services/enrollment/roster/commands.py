"""A roster file in: enrol what is sound, keep what is known well enough, send the rest back (HL-02, rulings §17)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import anyio.to_thread

from services.enrollment.financing.billing import bill_members, cover_enrolled, standard_for
from services.enrollment.registry.act import Act
from services.enrollment.registry.areas import areas_of_pool
from services.enrollment.registry.people import ID_NUMBER, enrol, load_register
from services.enrollment.roster import store
from services.enrollment.roster.headings import Column
from services.enrollment.roster.households import Judged, Places, judge, locate
from services.enrollment.roster.plan import Hands, Plan, plan
from services.enrollment.roster.rows import ReadRow, read_row
from services.enrollment.roster.workbook import RosterRow, read_roster
from shared.db.numbers import next_number
from shared.db.personal import Sealer
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.sheets.returned import row_as_text, row_from_text

NO_AREAS = define(
    "pool_without_villages",
    409,
    "还没有登记村",
    "The pool has no villages",
    "统筹区 {pool_code} 还没有登记乡镇和村;请先登记区划。",
    "Register the townships and villages of {pool_code} first.",
)


@dataclass(frozen=True, slots=True)
class Imported:
    """The recorded roster; ``repeated`` where the same file came before and nothing was to be done."""

    roster_id: UUID
    repeated: bool


def _read(content: bytes, today: Any) -> tuple[tuple[RosterRow, ...], list[ReadRow]]:
    rows = read_roster(content)
    return rows, [read_row(row, today) for row in rows]


async def import_roster(act: Act, sealer: Sealer, areas: Sequence[str], year: int, content: bytes) -> Imported:
    """Reads a workbook and brings the register up to it, in a fixed number of statements whatever its length.

    Whole-file faults raise a refusal and nothing moves; faults of rows are recorded with the roster. The same file
    again finds nothing to change. Raises the refusals of ``workbook`` and ``package``, STANDARD_UNKNOWN, NO_AREAS.
    """
    rows, read = await anyio.to_thread.run_sync(partial(_read, content, act.day))
    standard = await standard_for(act.conn, act.pool_code, year)
    places = Places.of(await areas_of_pool(act.conn, act.pool_code, act.day), areas)
    if not places.villages:
        raise NO_AREAS(pool_code=act.pool_code)
    indexes = [sealer.blind_index(ID_NUMBER, row.identity.number) if row.identity else None for row in read]
    judged = locate(read, indexes, places)
    register = await load_register(
        act.conn, act.pool_code, sorted({j.key for j in judged if j.key}), sorted({i for i in indexes if i})
    )
    judge(judged, register, act.pool_code, places)
    hands = Hands(partial(new_id, act.now), sealer.seal, sealer.open, standard.coverage_from, act.day)
    made = plan(judged, register, hands)
    await enrol(act, made.new)
    lines = await bill_members(act, sealer, standard, made.wishes)
    await cover_enrolled(act, sealer, made.verified, frozenset(made.told))
    return await _record(act, sealer, areas, year, content, (rows, judged, made), changed=lines > 0)


async def _record(
    act: Act,
    sealer: Sealer,
    areas: Sequence[str],
    year: int,
    content: bytes,
    result: tuple[Sequence[RosterRow], Sequence[Judged], Plan],
    *,
    changed: bool,
) -> Imported:
    rows, judged, made = result
    hashed = hashlib.sha256(content).digest()
    moved = changed or made.new.households or made.new.members or made.new.changed or made.new.groups
    if not moved:
        same = await store.same_roster(act.conn, act.pool_code, year, hashed, areas)
        if same is not None:
            return Imported(same["roster_id"], repeated=True)
    roster_id = new_id(act.now)
    people = (made.enrolled, len(made.verified), made.updated, made.unchanged, made.to_verify, made.rejected)
    number = await next_number(act.conn, act.pool_code, act.day)
    values = (roster_id, number, year, hashed, len(rows), made.households, *people)
    await store.insert_roster(act.conn, act.pool_code, values, areas, act.by, act.now)
    errors = [
        (j.row.number, [f.reason.code for f in j.faults], j.is_kept, _sealed(sealer, roster_id, row, j))
        for row, j in zip(rows, judged, strict=True)
        if j.faults
    ]
    if errors:
        await store.insert_errors(act.conn, act.pool_code, roster_id, errors)
    return Imported(roster_id, repeated=False)


def _sealed(sealer: Sealer, roster_id: UUID, row: RosterRow, judged: Judged) -> bytes:
    cells = {column: cell.text for column, cell in row.cells.items()}
    faults = [(fault.reason.column, fault.text) for fault in judged.faults]
    return sealer.seal("roster_error", f"row_sealed:{row.number}", roster_id, row_as_text(cells, faults))


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row that goes back: its cells, and what is wrong with which of them."""

    number: int
    kept: bool
    codes: tuple[str, ...]
    cells: dict[Column, str]
    faults: tuple[tuple[Column, str], ...]


async def returned_rows(conn: Any, sealer: Sealer, pool_code: str, roster_id: UUID) -> list[ReturnedRow]:
    """The rows that a roster sent back, opened."""
    rows = []
    for row in await store.errors(conn, pool_code, roster_id):
        number = row["row_number"]
        text = sealer.open("roster_error", f"row_sealed:{number}", roster_id, row["row_sealed"])
        rows.append(ReturnedRow(number, row["kept"], tuple(row["codes"]), *row_from_text(text, Column)))
    return rows
