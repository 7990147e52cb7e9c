"""Reads a table of a known kind into rows of cells, or refuses the whole file with what to do."""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic

from python_calamine import CalamineError, CalamineWorkbook

from shared.kernel.errors import define
from shared.sheets.package import COMPRESSED_MAX_BYTES, DAMAGED, NOT_EXCEL, TOO_LARGE, open_package
from shared.sheets.sheet_xml import COLUMNS_MAX, ROWS_MAX, SheetFacts
from shared.sheets.template import C, HeadingFault, Layout, Template

_RANGES_SHOWN = 5
_LAST_ROW = re.compile(r"[0-9]+$")
_ZIP, _OLD_EXCEL = b"PK", b"\xd0\xcf"

MERGED = define(
    "sheet_merged_cells",
    422,
    "表内有合并单元格",
    "The sheet has merged cells",
    "请取消合并单元格 {ranges},在每一行填全各列后重新上传(表头上方的标题可以合并);本次什么都没有登记。",
    "Unmerge {ranges} and fill every row, then send the file again (a title above the headings may be merged);"
    " nothing was recorded.",
)
HEADINGS_MISSING = define(
    "sheet_headings_missing",
    422,
    "表头不全",
    "Headings are missing",
    "第一行到第五行中没有找到这些表头:{missing}。请补全表头后重新上传{blank}。",
    "These headings were not found in the first five rows: {missing}. Add them and send the file again{blank}.",
)
HEADINGS_REPEATED = define(
    "sheet_headings_repeated",
    422,
    "表头重复",
    "Headings stand twice",
    "这些表头出现了不止一次:{repeated}。请每列只保留一个。",
    "These headings stand more than once: {repeated}.",
)
EMPTY_TABLE = define(
    "sheet_empty",
    422,
    "表格没有内容",
    "The table is empty",
    "表头下面没有任何一行。请填写后上传。",
    "There is no row below the headings.",
)
SEVERAL_TABLES = define(
    "sheet_several",
    422,
    "有多个同类工作表",
    "Several sheets are such tables",
    "工作表 {sheets} 的表头都符合。请只保留一个后重新上传。",
    "The sheets {sheets} all have these headings. Keep one.",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the clerk left it: its text, and how it was stored."""

    text: str
    is_number: bool = False
    is_formula: bool = False


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Row(Generic[C]):
    """One line of the table: its number in the sheet, counted from 1, and its cells by column."""

    number: int
    cells: dict[C, Cell]

    def cell(self, column: C) -> Cell:
        return self.cells.get(column, EMPTY)

    def text(self, column: C) -> str:
        return self.cell(column).text


def read_table(content: bytes, template: Template[C]) -> tuple[Row[C], ...]:
    """The rows of a workbook or of a CSV file. Raises a refusal of the whole file (nothing is recorded)."""
    if content[:2] in (_ZIP, _OLD_EXCEL):
        return read_workbook(content, template)
    return read_csv(content, template)


def read_workbook(content: bytes, template: Template[C]) -> tuple[Row[C], ...]:
    """The rows of the one sheet of this kind in a workbook. Raises a refusal of the whole file."""
    facts = open_package(content)
    sheets = _values(content, facts)
    layouts = {name: template.find_layout(values) for name, values in sheets.items()}
    name, layout = _choose(template, layouts, facts)
    return _some(_rows(sheets[name], layout, facts[name].formulas))


def read_csv(content: bytes, template: Template[C]) -> tuple[Row[C], ...]:
    """The rows of a CSV file in UTF-8 or GB18030; an apostrophe that keeps a text from a spreadsheet is taken off
    (decision 0031). Raises a refusal of the whole file."""
    if len(content) > COMPRESSED_MAX_BYTES:
        raise TOO_LARGE(limit=f"{COMPRESSED_MAX_BYTES // 1024 // 1024} MB")
    values = [[cell.removeprefix("'") for cell in row] for row in csv.reader(io.StringIO(_decoded(content)))]
    if len(values) > ROWS_MAX or max(map(len, values), default=0) > COLUMNS_MAX:
        raise TOO_LARGE(limit=(f"{ROWS_MAX} 行 × {COLUMNS_MAX} 列", f"{ROWS_MAX} rows × {COLUMNS_MAX} columns"))
    layout = template.find_layout(values)
    if isinstance(layout, HeadingFault):
        raise _told(layout, template)
    return _some(_rows(values, layout, frozenset()))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NOT_EXCEL()


def _some(rows: tuple[Row[C], ...]) -> tuple[Row[C], ...]:
    if not rows:
        raise EMPTY_TABLE()
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


def _choose(
    template: Template[C], layouts: dict[str, Layout[C] | HeadingFault[C]], facts: dict[str, SheetFacts]
) -> tuple[str, Layout[C]]:
    """The one sheet whose headings fit; otherwise the fault of the sheet that came nearest."""
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
        raise SEVERAL_TABLES(sheets="、".join(found))
    if found:
        return next(iter(found.items()))
    nearest = min(faults, key=lambda f: len(f.missing), default=HeadingFault(missing=template.required))
    raise _told(nearest, template)


def _is_title(cells: str, heading_row: int) -> bool:
    """Whether a merged range ends above the headings (their row counted from 0): a title, which hides no cell."""
    last = _LAST_ROW.search(cells)
    return last is not None and int(last[0]) <= heading_row


def _told(fault: HeadingFault[Any], template: Template[Any]) -> Exception:
    if fault.missing:
        return HEADINGS_MISSING(missing="、".join(fault.missing), blank=template.blank)
    return HEADINGS_REPEATED(repeated="、".join(fault.repeated))


def _rows(
    values: Sequence[Sequence[Any]], layout: Layout[C], formulas: set[tuple[int, int]] | frozenset[tuple[int, int]]
) -> tuple[Row[C], ...]:
    rows = []
    for index in range(layout.heading_row + 1, len(values)):
        cells = {}
        for column, position in layout.columns.items():
            value = values[index][position] if position < len(values[index]) else None
            cell = _cell(value, (index, position) in formulas)
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
