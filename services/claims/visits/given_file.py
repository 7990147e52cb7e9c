"""Settlements made elsewhere come in by file or as a reply: a window visit each, nothing computed again (rulings §3).

Whole-file faults refuse the file and nothing moves. A row that does not fit goes back with its reasons; the rest is
entered. The same settlement again, told alike, changes nothing, so that a corrected file is sent whole.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import anyio.to_thread

from services.claims.visits import coverage_store, given_store, store
from services.claims.visits.commands import record
from services.claims.visits.coverage import ID_NUMBER, Coverage
from services.claims.visits.deciding import DISCHARGED, REGISTERED, WINDOW, Visit
from services.claims.visits.given_sheet import TEMPLATE, GivenColumn, GivenRow, read_given
from services.claims.visits.problems import ELSEWHERE_TWICE, GIVEN_TOO_MANY, VISIT_NUMBER_USED
from services.claims.visits.window import in_time
from shared.db.numbers import next_number
from shared.db.personal import Sealer
from shared.http.unit import Unit
from shared.kernel.dates import hospital_time, shanghai_date
from shared.kernel.errors import Problem
from shared.kernel.id_numbers import normal_form
from shared.kernel.ids import new_id
from shared.sheets.returned import row_as_text, row_from_text
from shared.sheets.workbook import read_table

ROWS_MAX = 2_000
"""A row takes a few statements of one transaction: more is sent as several files."""
_COLUMN_OF = {VISIT_NUMBER_USED.code: GivenColumn.VISIT_NUMBER, "refused_submitted_late": GivenColumn.END}
_UNKNOWN = "查无此人:本统筹区没有这个身份证号的参合人员;刚登记的请稍后重发"
_TWICE = "同一结算在表内出现了不止一次"
_DIFFERS = "这笔结算已登记,但人、医院、就诊号或金额不同;请核对"


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of rows: entered now, there before, and those that go back."""

    visits: tuple[UUID, ...]
    unchanged: tuple[UUID, ...]
    returned: tuple[GivenRow, ...]


def _read(content: bytes, today: date) -> list[GivenRow]:
    return [read_given(row, today) for row in read_table(content, TEMPLATE)]


async def enter_file(unit: Unit, content: bytes) -> tuple[UUID, bool]:
    """Reads a workbook or CSV and enters its rows; the recorded file, and whether the same came before and nothing was
    to be done. Raises the refusals of a file, GIVEN_TOO_MANY."""
    day = await unit.business_day()
    rows = await anyio.to_thread.run_sync(partial(_read, content, day))
    if len(rows) > ROWS_MAX:
        raise GIVEN_TOO_MANY(limit=ROWS_MAX, count=len(rows))
    await given_store.one_at_a_time(unit.conn, unit.pool_code)
    done = await enter_rows(unit, rows)
    digest = hashlib.sha256(content).digest()
    if not done.visits:
        before = await given_store.same(unit.conn, unit.pool_code, digest)
        if before is not None:
            return before["id"], True
    file_id = new_id(unit.now)
    number = await next_number(unit.conn, unit.pool_code, day)
    counts = (len(rows), len(done.visits), len(done.unchanged), len(done.returned))
    await given_store.add(unit.conn, unit.pool_code, file_id, number, digest, *counts, unit.actor.subject, unit.now)
    if done.returned:
        sealed = [(row.number, _sealed(unit, file_id, row)) for row in done.returned]
        await given_store.add_errors(unit.conn, unit.pool_code, file_id, sealed)
    return file_id, False


async def enter_rows(unit: Unit, rows: Sequence[GivenRow]) -> Entered:
    """Enters rows that fit; those that do not get their faults."""
    _told_twice(rows)
    sound = [row for row in rows if not row.faults]
    keys = [(row.given.scheme, row.given.settlement) for row in sound]
    known = await given_store.known(unit.conn, unit.pool_code, keys) if keys else {}
    people = await _people(unit, sound)
    visits: list[UUID] = []
    unchanged: list[UUID] = []
    for row in sound:
        person = people.get(row.id_number)
        before = known.get((row.given.scheme, row.given.settlement))
        if person is None:
            row.faults.append((GivenColumn.ID_NUMBER, _UNKNOWN))
        elif before is None:
            visits += await _enter(unit, row, person)
        elif _same(before, row, person):
            unchanged.append(before["id"])
        else:
            row.faults.append((GivenColumn.SETTLEMENT, _DIFFERS))
    return Entered(tuple(visits), tuple(unchanged), tuple(row for row in rows if row.faults))


def _told_twice(rows: Iterable[GivenRow]) -> None:
    """Of one settlement told twice in a table neither row counts: which is right is not ours to say."""
    seen = Counter((row.given.scheme, row.given.settlement) for row in rows if row.given.settlement)
    for row in rows:
        if seen[row.given.scheme, row.given.settlement] > 1:
            row.faults.append((GivenColumn.SETTLEMENT, _TWICE))


async def _people(unit: Unit, rows: Sequence[GivenRow]) -> dict[str, Coverage]:
    """The members with the ID numbers of rows, as claims knows them: who is unknown goes back."""
    sealer = Sealer(unit.settings.personal_keys())
    indexes = {one: sealer.blind_index(ID_NUMBER, normal_form(one)) for one in {row.id_number for row in rows}}
    known = await coverage_store.by_indexes(unit.conn, unit.pool_code, sorted(set(indexes.values())))
    return {number: known[index] for number, index in indexes.items() if index in known}


def _same(before: Any, row: GivenRow, person: Coverage) -> bool:
    told = (row.institution_code, row.visit_number, person.member_id, row.given.row())
    return told == (before["institution_code"], before["institution_number"], before["member_id"], before["elsewhere"])


async def _enter(unit: Unit, row: GivenRow, person: Coverage) -> list[UUID]:
    """The visit of a row; none where its hospital or its number does not fit."""
    visit = _visit(unit, row, person)
    try:
        await in_time(unit, visit, person)
        await record(unit, visit)
    except Problem as problem:
        column = _COLUMN_OF.get(problem.kind.code, GivenColumn.INSTITUTION)
        row.faults.append((column, str(problem.body("zh")["detail"])))
        return []
    if await store.set_elsewhere(unit.conn, unit.pool_code, visit.id, row.given) is not None:
        raise ELSEWHERE_TWICE(settlement=row.given.settlement)  # entered by hand at this moment: send the file again
    return [visit.id]


def _visit(unit: Unit, row: GivenRow, person: Coverage) -> Visit:
    admitted_at = _midnight(row.begin)
    return Visit(
        id=new_id(unit.now),
        institution_code=row.institution_code,
        institution_number=row.visit_number,
        member_id=person.member_id,
        kind=row.kind,
        status=REGISTERED if row.end is None else DISCHARGED,
        admitted_at=admitted_at,
        admitted_on=row.begin,
        discharged_at=None if row.end is None else _midnight(row.end),
        discharged_on=row.end,
        diagnosis_code=row.diagnosis[0],
        diagnosis_name=row.diagnosis[1],
        circumstances=(),
        third_party="none",
        line_sheets=0,
        channel=WINDOW,
        submitted_on=shanghai_date(unit.now),
    )


def _midnight(day: date) -> datetime:
    return hospital_time(f"{day.isoformat()}T00:00")


def _sealed(unit: Unit, file_id: UUID, row: GivenRow) -> bytes:
    sealer = Sealer(unit.settings.personal_keys())
    text = row_as_text(row.cells, row.faults)
    return sealer.seal("given_file_error", f"row_sealed:{row.number}", file_id, text)


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row that went back: its cells, and what is wrong with which of them."""

    number: int
    cells: Mapping[GivenColumn, str]
    faults: tuple[tuple[GivenColumn, str], ...]


async def returned_rows(unit: Unit, file_id: UUID) -> list[ReturnedRow]:
    """The rows that a file sent back, opened."""
    sealer, rows = Sealer(unit.settings.personal_keys()), []
    for row in await given_store.errors(unit.conn, unit.pool_code, file_id):
        number = row["row_number"]
        text = sealer.open("given_file_error", f"row_sealed:{number}", file_id, row["row_sealed"])
        rows.append(ReturnedRow(number, *row_from_text(text, GivenColumn)))
    return rows
