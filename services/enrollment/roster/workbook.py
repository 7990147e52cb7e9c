"""Reads a roster workbook into rows of cells, or refuses the whole file with what to do."""

import io
import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from services.enrollment.roster.headings import REQUIRED, Column, HeadingFault, Layout, find_layout
from services.enrollment.roster.package import DAMAGED, open_package
from services.enrollment.roster.sheet_xml import SheetFacts
from shared.kernel.errors import define

_RANGES_SHOWN = 5
_LAST_ROW = re.compile(r"[0-9]+$")

MERGED = define(
    "roster_merged_cells",
    422,
    "表内有合并单元格",
    "The sheet has merged cells",
    "请取消合并单元格 {ranges},在每一行填全各列后重新上传(表头上方的标题可以合并);本次没有登记任何人。",
    "Unmerge {ranges} and fill every row, then send the file again (a title above the headings may be merged);"
    " nobody was enrolled.",
)
HEADINGS_MISSING = define(
    "roster_headings_missing",
    422,
    "表头不全",
    "Headings are missing",
    "第一行到第五行中没有找到这些表头:{missing}。请补全表头后重新上传;空白名册可从“…/roster-template.xlsx”下载。",
    "These headings were not found in the first five rows: {missing}. Add them and send the file again; an empty"
    " roster is to be had at …/roster-template.xlsx.",
)
HEADINGS_REPEATED = define(
    "roster_headings_repeated",
    422,
    "表头重复",
    "Headings stand twice",
    "这些表头出现了不止一次:{repeated}。请每列只保留一个。",
    "These headings stand more than once: {repeated}.",
)
ROSTER_EMPTY = define(
    "roster_empty",
    422,
    "名册没有内容",
    "The roster is empty",
    "表头下面没有任何一行。请填写参合人员后上传。",
    "There is no row below the headings.",
)
SEVERAL_ROSTERS = define(
    "roster_several_sheets",
    422,
    "有多个名册工作表",
    "Several sheets are rosters",
    "工作表 {sheets} 都像名册。请只保留一个后重新上传。",
    "The sheets {sheets} all look like rosters. Keep one.",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the clerk left it: its text, and how it was stored."""

    text: str
    is_number: bool = False
    is_formula: bool = False


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the roster: its number in the sheet, counted from 1, and its cells by column."""

    number: int
    cells: dict[Column, Cell]

    def cell(self, column: Column) -> Cell:
        return self.cells.get(column, EMPTY)

    def text(self, column: Column) -> str:
        return self.cell(column).text


def read_roster(content: bytes) -> tuple[Row, ...]:
    """The rows of the one roster sheet in a workbook. Raises a refusal of the whole file (nothing is enrolled)."""
    facts = open_package(content)
    sheets = _values(content, facts)
    layouts = {name: find_layout(values) for name, values in sheets.items()}
    name, layout = _choose(layouts, facts)
    rows = _rows(sheets[name], layout, facts[name])
    if not rows:
        raise ROSTER_EMPTY()
    return rows


def _values(content: bytes, facts: dict[str, SheetFacts]) -> dict[str, list[list[Any]]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in workbook.sheet_names
            if name in facts
        }
    except (CalamineError, ValueError, OSError):
        raise DAMAGED(part="xl/workbook.xml") from None


def _choose(layouts: dict[str, Layout | HeadingFault], facts: dict[str, SheetFacts]) -> tuple[str, Layout]:
    """The one sheet whose headings are a roster's; otherwise the fault of the sheet that came nearest."""
    found = {name: layout for name, layout in layouts.items() if isinstance(layout, Layout)}
    faults = [layout for layout in layouts.values() if isinstance(layout, HeadingFault)]
    merged = [
        cells
        for name in found or facts
        for cells in facts[name].merged
        if not _is_title(cells, found[name].heading_row if name in found else 1)
    ]
    if merged:
        raise MERGED(ranges="、".join(merged[:_RANGES_SHOWN]))
    if len(found) > 1:
        raise SEVERAL_ROSTERS(sheets="、".join(found))
    if found:
        return next(iter(found.items()))
    fault = min(faults, key=lambda f: len(f.missing), default=HeadingFault(missing=REQUIRED))
    if fault.missing:
        raise HEADINGS_MISSING(missing="、".join(fault.missing))
    raise HEADINGS_REPEATED(repeated="、".join(fault.repeated))


def _is_title(cells: str, heading_row: int) -> bool:
    """Whether a merged range ends above the headings (their row counted from 0): a title, which hides no cell."""
    last = _LAST_ROW.search(cells)
    return last is not None and int(last[0]) <= heading_row


def _rows(values: list[list[Any]], layout: Layout, sheet: SheetFacts) -> tuple[Row, ...]:
    rows = []
    for index in range(layout.heading_row + 1, len(values)):
        cells = {}
        for column, position in layout.columns.items():
            cell = _cell(values[index][position], (index, position) in sheet.formulas)
            if cell is not EMPTY:
                cells[column] = cell
        if cells:
            rows.append(Row(index + 1, cells))
    return tuple(rows)


def _cell(value: object, is_formula: bool) -> Cell:
    if value is None or value == "":
        return Cell("", is_formula=True) if is_formula else EMPTY
    if isinstance(value, datetime):
        return Cell(value.date().isoformat(), is_formula=is_formula)
    if isinstance(value, date):
        return Cell(value.isoformat(), is_formula=is_formula)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", is_formula=is_formula)
    if isinstance(value, int | float):
        return Cell(_number_text(value), is_number=True, is_formula=is_formula)
    text = str(value).strip()
    return Cell(text, is_formula=is_formula) if text or is_formula else EMPTY


def _number_text(value: int | float) -> str:
    """A number as the clerk sees it: whole numbers without a point."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
