"""An empty roster to fill in: the headings that are read, every cell text, and a sheet of notes with an example.

The example stands in the notes, column by column, and never among the rows: a filled template can be sent as it is.
"""

import io

import xlsxwriter

from services.enrollment.registry.groups import NAMES
from services.enrollment.registry.relations import RELATION_WORDS
from services.enrollment.roster.headings import REQUIRED, Column

SHEET, NOTES = "名册", "填写说明"
_NOTE_HEADINGS = ("表头", "是否必填", "怎么填", "示例")
_ABOUT: dict[Column, tuple[str, str]] = {
    Column.TOWNSHIP: ("乡镇名称;几个乡镇有同名的村时必须填", "百纳乡"),
    Column.VILLAGE: ("行政村名称,与登记的村名一致", "化联村"),
    Column.GROUP: ("村民组", "3"),
    Column.HOUSEHOLD: ("同一村组内一户一号,同户各行相同;不超过 8 位数字或字母", "0012"),
    Column.HEAD: ("与本户“户主”一行的姓名相同", "王大明"),
    Column.NAME: ("参合人姓名", "王大明"),
    Column.RELATION: (f"每户一行“户主”,其他如:{'、'.join(zh for zh, _ in RELATION_WORDS.values())}", "户主"),
    Column.SEX: ("男或女;可不填,由身份证号得出", "女"),
    Column.ID_NUMBER: ("18 位(或第一代 15 位),按文本录入,不用公式", "11010519491231002X"),
    Column.BIRTH_DATE: ("如 1949-12-31;可不填,由身份证号得出", "1949-12-31"),
    Column.IDENTITY_GROUP: (f"{'、'.join(NAMES.values())};一般农户不填,有几种用顿号隔开", "低保"),
    Column.EXCUSE: ("本人不参合的原因,如:职工医保、居民医保、参军、在校大学生、外地参合、服刑;参合的不填", ""),
    Column.PHONE: ("联系电话", "13800000000"),
    Column.REMARK: ("只供自己看,不登记", ""),
}


def template() -> bytes:
    """The workbook's bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    must = book.add_format({"bold": True, "bg_color": "#FFE699", "border": 1})
    may = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@", "text_wrap": True})
    sheet = book.add_worksheet(SHEET)
    for position, column in enumerate(Column):
        sheet.set_column(position, position, 22 if column is Column.ID_NUMBER else 12, text)
        sheet.write_string(0, position, column.value, must if column in REQUIRED else may)
    sheet.freeze_panes(1, 0)
    _notes(book.add_worksheet(NOTES), may, text)
    book.close()
    return buffer.getvalue()


def _notes(sheet: xlsxwriter.worksheet.Worksheet, heading: object, text: object) -> None:
    """One line a column: what it is called, whether it is needed, how it is written, an example."""
    for position, (title, width) in enumerate(zip(_NOTE_HEADINGS, (14, 10, 70, 24), strict=True)):
        sheet.set_column(position, position, width, text)
        sheet.write_string(0, position, title, heading)
    for line, column in enumerate(Column, start=1):
        how, example = _ABOUT[column]
        for position, cell in enumerate((column.value, "必填" if column in REQUIRED else "选填", how, example)):
            sheet.write_string(line, position, cell, text)
