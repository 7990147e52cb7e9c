"""A table of who paid for a voluntary layer, as a township hands it in: what one row says. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from services.enrollment.registry.identity import NUMBER_CELL, UNSOUND_WORDS, Identity, read_identity
from shared.kernel.dates import written_day
from shared.kernel.disclosure import has_id_number
from shared.sheets.template import Template
from shared.sheets.workbook import Row


class JoinerColumn(StrEnum):
    """What a column tells; the value is the heading that we print."""

    VILLAGE = "村"
    NAME = "姓名"
    ID_NUMBER = "身份证号"
    RECEIPT = "收据号"
    PAID_ON = "缴费日期"
    REMARK = "备注"


REQUIRED = (JoinerColumn.NAME, JoinerColumn.ID_NUMBER, JoinerColumn.RECEIPT, JoinerColumn.PAID_ON)
_SYNONYMS = {
    JoinerColumn.VILLAGE: ("村名", "行政村", "所属村"),
    JoinerColumn.NAME: ("参保人姓名", "参合人姓名", "名字"),
    JoinerColumn.ID_NUMBER: ("身份证", "身份证号码", "公民身份号码", "证件号码"),
    JoinerColumn.RECEIPT: ("收据号码", "收据编号", "票据号"),
    JoinerColumn.PAID_ON: ("缴费时间", "收费日期", "交费日期"),
    JoinerColumn.REMARK: ("说明",),
}
TEMPLATE = Template(
    JoinerColumn,
    REQUIRED,
    _SYNONYMS,
    (";空白表可从“…/joiners-template.xlsx”下载", "; an empty table is to be had at …/joiners-template.xlsx"),
)
SHEET = "补充医疗缴费名单"
ABOUT: Mapping[JoinerColumn, tuple[str, str]] = MappingProxyType(
    {
        JoinerColumn.VILLAGE: ("只供自己看,不登记", "化联村"),
        JoinerColumn.NAME: ("与参合登记的姓名一致", "王大明"),
        JoinerColumn.ID_NUMBER: ("18 位(或第一代 15 位),按文本录入,不用公式", "11010519491231002X"),
        JoinerColumn.RECEIPT: ("保费收据号,数字、字母和 -;同一户几个人可以共用一张收据", "B0001"),
        JoinerColumn.PAID_ON: ("缴费的日期,不是录入的日期", "2010-02-20"),
        JoinerColumn.REMARK: ("只供自己看,不登记", ""),
    }
)
WIDTHS: Mapping[JoinerColumn, int] = MappingProxyType({JoinerColumn.ID_NUMBER: 22})
_RECEIPT = re.compile(r"[0-9A-Za-z-]{1,30}")


@dataclass(slots=True)
class JoinerRow:
    """What one row says; particulars that could not be read are empty, and ``faults`` say so."""

    number: int
    cells: dict[JoinerColumn, str]
    name: str = ""
    id_number: str = ""
    receipt: str = ""
    paid_on: date | None = None
    faults: list[tuple[JoinerColumn, str]] = field(default_factory=list)


def read_joiner(row: Row[JoinerColumn], today: date) -> JoinerRow:
    """Reads one row; never raises: whatever cannot be read is a fault of the row."""
    read = JoinerRow(row.number, {column: cell.text for column, cell in row.cells.items()})
    for column, cell in row.cells.items():
        if cell.is_formula:
            read.faults.append((column, f"“{column}”一格是公式;请复制后“选择性粘贴为数值”"))
    read.name = "".join(row.text(JoinerColumn.NAME).split())
    if not read.name:
        read.faults.append((JoinerColumn.NAME, "没有填姓名"))
    _read_id_number(read, row, today)
    _read_receipt(read)
    _read_day(read)
    return read


def _read_id_number(read: JoinerRow, row: Row[JoinerColumn], today: date) -> None:
    cell = row.cell(JoinerColumn.ID_NUMBER)
    if cell.is_formula:
        return
    if cell.is_number:
        read.faults.append((JoinerColumn.ID_NUMBER, UNSOUND_WORDS[NUMBER_CELL]))
        return
    found = read_identity(cell.text, today)
    if isinstance(found, Identity):
        read.id_number = found.number
    else:
        read.faults.append((JoinerColumn.ID_NUMBER, UNSOUND_WORDS[found.code]))


def _read_receipt(read: JoinerRow) -> None:
    number = read.cells.get(JoinerColumn.RECEIPT, "").strip()
    if _RECEIPT.fullmatch(number) and not has_id_number(number):
        read.receipt = number
        return
    told = "没有填收据号" if not number else "收据号只能是 30 位以内的数字、字母和 -,不能是身份证号"
    read.faults.append((JoinerColumn.RECEIPT, told))


def _read_day(read: JoinerRow) -> None:
    written = read.cells.get(JoinerColumn.PAID_ON, "")
    read.paid_on = written_day(written) if written else None
    if read.paid_on is None:
        told = "没有填缴费日期" if not written else "日期写法无法识别,请写成 2010-02-20"
        read.faults.append((JoinerColumn.PAID_ON, told))
