"""The rows that go back as a workbook: each reason in a column beside the cell that it is about.

Every cell is text, so that an ID number survives correction in a spreadsheet; the reason columns have headings that a
roster does not know, so that the corrected file can be sent as it is.
"""

import io
from collections.abc import Sequence

import xlsxwriter

from services.enrollment.roster.commands import ReturnedRow
from services.enrollment.roster.headings import Column

SHEET = "退回的行"
_ROW_NUMBER, _STATE = "原行号", "处理"
_KEPT, _REJECTED = "已登记为待核实", "未登记"
_WIDTHS = {Column.ID_NUMBER: 22, Column.NAME: 12, Column.VILLAGE: 14, Column.REMARK: 20}


def _layout(rows: Sequence[ReturnedRow]) -> list[tuple[Column, bool]]:
    """The columns of the sheet; True marks the reason column beside the one before."""
    present = {column for row in rows for column in row.cells} | set(_ALWAYS)
    faulty = {column for row in rows for column, _ in row.faults}
    layout: list[tuple[Column, bool]] = []
    for column in Column:
        if column in present or column in faulty:
            layout.append((column, False))
        if column in faulty:
            layout.append((column, True))
    return layout


_ALWAYS = (Column.VILLAGE, Column.GROUP, Column.HOUSEHOLD, Column.NAME, Column.RELATION, Column.ID_NUMBER)


def error_sheet(rows: Sequence[ReturnedRow]) -> bytes:
    """The workbook's bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(SHEET)
    heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@"})
    wrong = book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
    reason = book.add_format({"num_format": "@", "font_color": "#C00000", "text_wrap": True})
    layout = _layout(rows)
    titles = [_ROW_NUMBER, _STATE, *(f"【{column}】退回原因" if beside else column.value for column, beside in layout)]
    for position, title in enumerate(titles):
        sheet.write_string(0, position, title, heading)
    for line, row in enumerate(rows, start=1):
        sheet.write_number(line, 0, row.number)
        sheet.write_string(line, 1, _KEPT if row.kept else _REJECTED, text)
        for position, (column, beside) in enumerate(layout, start=2):
            reasons = "；".join(told for about, told in row.faults if about is column)
            if beside:
                sheet.write_string(line, position, reasons, reason)
            else:
                sheet.write_string(line, position, row.cells.get(column, ""), wrong if reasons else text)
    for position, (column, beside) in enumerate(layout, start=2):
        sheet.set_column(position, position, 40 if beside else _WIDTHS.get(column, 10), text)
    sheet.freeze_panes(1, 2)
    book.close()
    return buffer.getvalue()
