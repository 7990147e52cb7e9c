"""A table of basic settlements made elsewhere, in the national fields (5203 setlinfo): what one row says. Pure.

Amounts are taken as given: nothing is computed again. What all funds paid elsewhere (fund_pay_sumamt) counts as paid,
so that no layer of ours pays it twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType

from services.claims.visits.elsewhere import Given
from shared.kernel.dates import written_day
from shared.kernel.money import AMOUNT_MAX_FEN
from shared.sheets.template import Template
from shared.sheets.workbook import Row

INPATIENT, OUTPATIENT = "inpatient", "outpatient"
UNSTATED_CODE, UNSTATED_NAME = "-", "未注明"


class GivenColumn(StrEnum):
    """What a column tells; the value is the heading that we print."""

    SCHEME = "险种类型"
    SETTLEMENT = "结算ID"
    VISIT_NUMBER = "就诊ID"
    ID_NUMBER = "证件号码"
    INSTITUTION = "定点医药机构编号"
    CARE = "医疗类别"
    BEGIN = "开始日期"
    END = "结束日期"
    DISEASE_CODE = "病种编码"
    DISEASE_NAME = "病种名称"
    TOTAL = "医疗费总额"
    ELIGIBLE = "符合政策范围金额"
    BENEFIT = "基金支付总额"
    OVER_CAP = "超封顶线金额"
    REFUND = "退费结算标志"


NATIONAL: Mapping[str, GivenColumn] = MappingProxyType(
    {
        "insutype": GivenColumn.SCHEME,
        "setl_id": GivenColumn.SETTLEMENT,
        "mdtrt_id": GivenColumn.VISIT_NUMBER,
        "certno": GivenColumn.ID_NUMBER,
        "fixmedins_code": GivenColumn.INSTITUTION,
        "med_type": GivenColumn.CARE,
        "begndate": GivenColumn.BEGIN,
        "enddate": GivenColumn.END,
        "dise_codg": GivenColumn.DISEASE_CODE,
        "dise_name": GivenColumn.DISEASE_NAME,
        "medfee_sumamt": GivenColumn.TOTAL,
        "inscp_scp_amt": GivenColumn.ELIGIBLE,
        "fund_pay_sumamt": GivenColumn.BENEFIT,
        "refd_setl_flag": GivenColumn.REFUND,
    }
)
"""Names of the national fields; they serve as headings too. No field says what a cap took: that is a column of ours."""
REQUIRED = (
    GivenColumn.SCHEME,
    GivenColumn.SETTLEMENT,
    GivenColumn.VISIT_NUMBER,
    GivenColumn.ID_NUMBER,
    GivenColumn.INSTITUTION,
    GivenColumn.CARE,
    GivenColumn.BEGIN,
    GivenColumn.TOTAL,
    GivenColumn.ELIGIBLE,
    GivenColumn.BENEFIT,
)
_SPELLINGS = {
    GivenColumn.SETTLEMENT: ("结算编号", "结算单号"),
    GivenColumn.VISIT_NUMBER: ("就诊编号", "就诊号", "住院号"),
    GivenColumn.ID_NUMBER: ("身份证号", "身份证号码", "公民身份号码"),
    GivenColumn.INSTITUTION: ("医疗机构编码", "定点医疗机构编号", "医药机构编号"),
    GivenColumn.BEGIN: ("入院日期", "就诊日期"),
    GivenColumn.END: ("出院日期",),
    GivenColumn.DISEASE_CODE: ("诊断编码",),
    GivenColumn.DISEASE_NAME: ("诊断名称",),
    GivenColumn.TOTAL: ("总费用",),
    GivenColumn.ELIGIBLE: ("合规费用", "政策范围内费用"),
    GivenColumn.BENEFIT: ("基本补偿金额",),
}
_SYNONYMS = {
    column: (*_SPELLINGS.get(column, ()), *(name for name, of in NATIONAL.items() if of is column))
    for column in GivenColumn
}
TEMPLATE = Template(GivenColumn, REQUIRED, _SYNONYMS)
_CODE = re.compile(r"[0-9A-Za-z._/-]{1,64}")
_ID = re.compile(r"\d{15}|\d{17}[0-9Xx]")
_CARE = {"1": OUTPATIENT, "2": INPATIENT}

_NOTHING = Given("", "", 0, 0, 0, 0)
Fault = tuple[GivenColumn, str]
"""The column that a fault is about, and what to do."""


@dataclass(slots=True)
class GivenRow:
    """What one row says; particulars that could not be read are empty, and ``faults`` say so."""

    number: int
    cells: dict[GivenColumn, str]
    institution_code: str = ""
    visit_number: str = ""
    id_number: str = ""
    kind: str = ""
    begin: date = date.min
    end: date | None = None
    diagnosis: tuple[str, str] = (UNSTATED_CODE, UNSTATED_NAME)
    given: Given = _NOTHING
    faults: list[Fault] = field(default_factory=list)


def read_given(row: Row[GivenColumn], today: date) -> GivenRow:
    """Reads one row; never raises: whatever cannot be read is a fault of the row."""
    read = GivenRow(row.number, {column: cell.text for column, cell in row.cells.items()})
    for column, cell in row.cells.items():
        if cell.is_formula:
            read.faults.append((column, "这一格是公式;请复制后“选择性粘贴为数值”"))
    read.institution_code = _code(read, GivenColumn.INSTITUTION)
    read.visit_number = _code(read, GivenColumn.VISIT_NUMBER)
    read.id_number = _id_number(read, is_number=row.cell(GivenColumn.ID_NUMBER).is_number)
    _care(read, today)
    read.diagnosis = (
        read.cells.get(GivenColumn.DISEASE_CODE) or UNSTATED_CODE,
        read.cells.get(GivenColumn.DISEASE_NAME) or UNSTATED_NAME,
    )
    read.given = Given(
        _code(read, GivenColumn.SCHEME),
        _code(read, GivenColumn.SETTLEMENT),
        _amount(read, GivenColumn.TOTAL),
        _amount(read, GivenColumn.ELIGIBLE),
        _amount(read, GivenColumn.BENEFIT),
        _amount(read, GivenColumn.OVER_CAP, needed=False),
    )
    if read.cells.get(GivenColumn.REFUND) == "1":
        read.faults.append((GivenColumn.REFUND, "这是退费结算,不能作为补偿的依据"))
    if not read.faults and not read.given.adds_up:
        read.faults.append((GivenColumn.BENEFIT, "金额不合理:应为 基金支付 ≤ 符合政策范围 ≤ 总额,且总额大于零"))
    return read


def _code(read: GivenRow, column: GivenColumn) -> str:
    text = read.cells.get(column, "")
    if _CODE.fullmatch(text):
        return text
    read.faults.append((column, "没有填" if not text else "编号只能是 64 位以内的数字、字母和 . _ / -"))
    return ""


def _id_number(read: GivenRow, *, is_number: bool) -> str:
    text = read.cells.get(GivenColumn.ID_NUMBER, "")
    if is_number:
        fault = "身份证号被存成了数字,末几位已丢失;请把该列设为“文本”后照证件重新录入"
    elif not _ID.fullmatch(text):
        fault = "没有填身份证号" if not text else "身份证号应为 18 位(或第一代 15 位)"
    else:
        return text
    read.faults.append((GivenColumn.ID_NUMBER, fault))
    return ""


def _care(read: GivenRow, today: date) -> None:
    """Kind of care and its days: 1x is outpatient, 2x inpatient; a stay has an end."""
    code = read.cells.get(GivenColumn.CARE, "")
    read.kind = _CARE.get(code[:1], "") if code[:1] and code.isdecimal() else ""
    if not read.kind:
        read.faults.append((GivenColumn.CARE, "只受理门诊(1 字头)和住院(2 字头)的医疗类别代码"))
    begin, end = _day(read, GivenColumn.BEGIN, today), None
    if read.kind == INPATIENT:
        end = _day(read, GivenColumn.END, today)
    if begin is not None and end is not None and end < begin:
        read.faults.append((GivenColumn.END, "结束日期早于开始日期"))
    read.begin, read.end = begin or date.min, end


def _day(read: GivenRow, column: GivenColumn, today: date) -> date | None:
    text = read.cells.get(column, "")
    day = written_day(text[:10] if "-" in text[:10] else text[:11]) if text else None
    if day is None:
        read.faults.append((column, "没有填日期" if not text else "日期写法无法识别,请写成 2010-02-20"))
    elif day > today:
        read.faults.append((column, f"日期晚于今天 {today}"))
    return day


def _amount(read: GivenRow, column: GivenColumn, *, needed: bool = True) -> int:
    """Fen of an amount as a table writes it: 1234.5, 1,234.50; two places at most."""
    text = read.cells.get(column, "").replace(",", "").replace(",", "")
    if not text and not needed:
        return 0
    try:
        fen = Decimal(text) * 100
        if fen.is_finite() and fen == fen.to_integral_value() and 0 <= fen < AMOUNT_MAX_FEN:
            return int(fen)
    except InvalidOperation:
        pass
    read.faults.append((column, "没有填金额" if not text else "金额应为不小于零、最多两位小数的元"))
    return 0
