"""Papers as a workbook: one sheet a paper, set up to be printed and signed."""

import re
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from services.settlement.reporting.form import Cell, Column, Cover, Form, Printed, money_zh
from shared.kernel.money import capital_yuan

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FONT = {"font_name": "SimSun", "font_size": 10}
_GRID = {"border": 1, "valign": "vcenter"}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
    "left": {"align": "left"},
    "centre": {"align": "center"},
    "right": {"align": "right"},
    "head": {**_GRID, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#EEEEEE"},
    "text": {**_GRID, "align": "left", "text_wrap": True},
    "count": {**_GRID, "align": "right", "num_format": "0"},
    "money": {**_GRID, "align": "right", "num_format": "#,##0.00;-#,##0.00;0.00", "shrink": True},
    "date": {**_GRID, "align": "center", "num_format": "yyyy-mm-dd"},
    "words": {**_GRID, "align": "left", "bold": True},
    "note": {"align": "left", "text_wrap": True, "valign": "top"},
}
_A4 = 9
_NAME_MAX = 31
_NOT_IN_NAMES = re.compile(r"[][:*?/\\]")
_WIDTH_OF_WEIGHT = 1.05


def workbook(printed: Sequence[Printed]) -> bytes:
    """The papers, in order, one a sheet."""
    written = BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False}) as book:
        kinds = {name: book.add_format(_FONT | more) for name, more in _FORMATS.items()}
        strong = {name: book.add_format(_FONT | _FORMATS[name] | {"bold": True}) for name in _FORMATS}
        used: set[str] = set()
        for one in printed:
            _sheet(book.add_worksheet(_name(one.form, used)), one.form, one.cover, kinds, strong)
    return written.getvalue()


def _name(form: Form, used: set[str]) -> str:
    """A sheet's name: 31 characters at most, none twice; a second paper of a kind says what it is about."""
    title = form.title_zh.split("(")[0]
    name, number = title[:_NAME_MAX], 1
    if name in used and form.about_zh:
        title = _NOT_IN_NAMES.sub("-", f"{title} {form.about_zh}")
        name = title[:_NAME_MAX]
    while name in used:
        number += 1
        name = f"{title[: _NAME_MAX - 4]}_{number}"
    used.add(name)
    return name


def _sheet(sheet: Any, form: Form, cover: Cover, kinds: dict[str, Any], strong: dict[str, Any]) -> None:
    last = len(form.columns) - 1
    sheet.set_paper(_A4)
    if form.wide:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.8)
    sheet.set_footer(f"&L打印:{cover.printed_by} {cover.printed_at}&R第 &P 页,共 &N 页")
    for number, column in enumerate(form.columns):
        sheet.set_column(number, number, column.weight * _WIDTH_OF_WEIGHT)
    sheet.set_row(0, 28)
    sheet.merge_range(0, 0, 0, last, form.title_zh, kinds["title"])
    period = f"{form.period_zh}【{form.standing_zh}】" if form.standing_zh else form.period_zh
    sheet.merge_range(1, 0, 1, last, period, kinds["centre"])
    sheet.write_string(2, 0, f"编制单位:{cover.unit_zh}", kinds["left"])
    sheet.write_string(2, last, "单位:元", kinds["right"])
    if form.about_zh:
        told = [form.about_zh, *(f"{label}:{value}" for label, value in form.facts if value)]
        sheet.write_string(2, last // 2, "  ".join(told), kinds["centre"])
    for number, column in enumerate(form.columns):
        sheet.write_string(3, number, column.zh, kinds["head"])
    sheet.repeat_rows(0, 3)
    sheet.freeze_panes(4, 0)
    line = 4
    for row in form.rows:
        look = strong if row.strong else kinds
        for number, (column, cell) in enumerate(zip(form.columns, row.cells, strict=True)):
            _write(sheet, line, number, column, cell, look)
        line += 1
    _foot(sheet, line, form, kinds)


def _write(sheet: Any, line: int, number: int, column: Column, cell: Cell, look: dict[str, Any]) -> None:
    if cell is None or cell == "":
        sheet.write_blank(line, number, None, look[column.kind])
    elif isinstance(cell, str):
        sheet.write_string(line, number, cell, look["text"])
    elif isinstance(cell, int):
        value = Decimal(cell) / 100 if column.kind == "money" else cell
        sheet.write_number(line, number, value, look[column.kind])
    else:
        sheet.write_datetime(line, number, cell, look["date"])


def _foot(sheet: Any, line: int, form: Form, kinds: dict[str, Any]) -> None:
    """The amount in capitals, the notes, and the lines to sign on."""
    last = len(form.columns) - 1
    if form.in_words:
        title, fen = form.in_words
        told = f"{title}(大写):{capital_yuan(fen)}    ¥{money_zh(fen)}"
        sheet.merge_range(line, 0, line, last, told, kinds["words"])
        line += 1
    for note in form.notes:
        sheet.merge_range(line, 0, line, last, note, kinds["note"])
        line += 1
    line += 1
    sheet.set_row(line, 24)
    sheet.merge_range(
        line,
        0,
        line,
        last,
        "        ".join(f"{hand}:{name or '____________'}" for hand, name in form.signed),
        kinds["left"],
    )
