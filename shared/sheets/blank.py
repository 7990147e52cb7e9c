"""An empty table to fill in: the headings that are read, every cell text, and a sheet of notes with an example.

The example stands in the notes, column by column, and never among the rows: a filled template can be sent as it is.
"""

import io
from collections.abc import Mapping

import xlsxwriter

from shared.sheets.template import C, Template

NOTES = "填写说明"
_NOTE_HEADINGS = ("表头", "是否必填", "怎么填", "示例")
_NOTE_WIDTHS = (14, 10, 70, 24)
_WIDTH = 12


def blank_sheet(
    title: str, template: Template[C], about: Mapping[C, tuple[str, str]], widths: Mapping[C, int] | None = None
) -> bytes:
    """The workbook's bytes; ``about`` says of each column how it is written, and gives an example."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    must = book.add_format({"bold": True, "bg_color": "#FFE699", "border": 1})
    may = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@", "text_wrap": True})
    sheet = book.add_worksheet(title)
    for position, column in enumerate(template.columns):
        sheet.set_column(position, position, (widths or {}).get(column, _WIDTH), text)
        sheet.write_string(0, position, column.value, must if column in template.required else may)
    sheet.freeze_panes(1, 0)
    _notes(book.add_worksheet(NOTES), template, about, may, text)
    book.close()
    return buffer.getvalue()


def _notes(
    sheet: xlsxwriter.worksheet.Worksheet,
    template: Template[C],
    about: Mapping[C, tuple[str, str]],
    heading: object,
    text: object,
) -> None:
    """One line a column: what it is called, whether it is needed, how it is written, an example."""
    for position, (title, width) in enumerate(zip(_NOTE_HEADINGS, _NOTE_WIDTHS, strict=True)):
        sheet.set_column(position, position, width, text)
        sheet.write_string(0, position, title, heading)
    for line, column in enumerate(template.columns, start=1):
        how, example = about[column]
        needed = "必填" if column in template.required else "选填"
        for position, cell in enumerate((column.value, needed, how, example)):
            sheet.write_string(line, position, cell, text)
