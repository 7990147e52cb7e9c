"""The rows that go back as a workbook: each reason in a column beside the cell that it is about.

Every cell is text, so that an ID number survives correction in a spreadsheet; the reason columns have headings that no
template knows, so that the corrected file can be sent as it is.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import xlsxwriter

from shared.sheets.template import C

SHEET = "退回的行"
_ROW_NUMBER, _STATE = "原行号", "处理"
_REASON_WIDTH, _WIDTH = 40, 10


@dataclass(frozen=True, slots=True)
class Returned(Generic[C]):
    """A row that goes back: where it stood, what became of it, its cells, and what is wrong with which of them."""

    number: int
    state: str
    cells: dict[C, str]
    faults: tuple[tuple[C, str], ...]


def row_as_text(cells: Mapping[C, str], faults: Sequence[tuple[C, str]]) -> str:
    """A row as it came with the reasons beside it, as one text to be sealed: it is personal data."""
    content = {
        "cells": {column.name: text for column, text in cells.items()},
        "faults": [[column.name, text] for column, text in faults],
    }
    return json.dumps(content, ensure_ascii=False)


def row_from_text(text: str, columns: type[C]) -> tuple[dict[C, str], tuple[tuple[C, str], ...]]:
    """Cells and faults of a row that ``row_as_text`` wrote."""
    content = json.loads(text)
    cells = {columns[name]: cell for name, cell in content["cells"].items()}
    return cells, tuple((columns[name], told) for name, told in content["faults"])


def returned_sheet(
    rows: Sequence[Returned[C]], columns: type[C], always: Sequence[C], widths: Mapping[C, int] | None = None
) -> bytes:
    """The workbook's bytes; columns in ``always`` are there although no row fills them."""
    layout = _layout(rows, columns, always)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(SHEET)
    heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
    reason = book.add_format({"num_format": "@", "font_color": "#C00000", "text_wrap": True})
    titles = [_ROW_NUMBER, _STATE, *(f"【{column}】退回原因" if beside else column.value for column, beside in layout)]
    for position, title in enumerate(titles):
        sheet.write_string(0, position, title, heading)
    for line, row in enumerate(rows, start=1):
        sheet.write_number(line, 0, row.number)
        sheet.write_string(line, 1, row.state, text)
        for position, (column, beside) in enumerate(layout, start=2):
            reasons = "；".join(told for about, told in row.faults if about is column)
            if beside:
                sheet.write_string(line, position, reasons, reason)
            else:
                sheet.write_string(line, position, row.cells.get(column, ""), wrong if reasons else text)
    for position, (column, beside) in enumerate(layout, start=2):
        sheet.set_column(position, position, _REASON_WIDTH if beside else (widths or {}).get(column, _WIDTH), text)
    sheet.freeze_panes(1, 2)
    book.close()
    return buffer.getvalue()


def _layout(rows: Sequence[Returned[C]], columns: type[C], always: Sequence[C]) -> list[tuple[C, bool]]:
    """The columns of the sheet; True marks the reason column beside the one before."""
    present = {column for row in rows for column in row.cells} | set(always)
    faulty = {column for row in rows for column, _ in row.faults}
    layout: list[tuple[C, bool]] = []
    for column in columns:
        if column in present or column in faulty:
            layout.append((column, False))
        if column in faulty:
            layout.append((column, True))
    return layout
