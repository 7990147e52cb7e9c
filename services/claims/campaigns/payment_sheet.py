"""The payment list as a workbook: a sheet a township, for the signatures of those who receive."""

import io
from collections.abc import Iterable
from itertools import groupby

import xlsxwriter

from services.claims.campaigns.model import Campaign, Listed
from shared.kernel.ids import to_base32
from shared.kernel.money import format_yuan

HEADINGS = ("序号", "村", "姓名", "参合编号", "发放编号", "金额(元)", "领取日期", "签名或账号核对")
_WIDTHS = (6, 16, 10, 30, 30, 14, 14, 24)


def payment_sheet(campaign: Campaign, lines: Iterable[Listed]) -> bytes:
    """The workbook's bytes; ``lines`` come in the order of townships. Amounts are text, exact to the fen."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    text = book.add_format({"num_format": "@", "border": 1})
    for township, listed in groupby(lines, key=lambda line: line.township_code):
        sheet = book.add_worksheet(township)
        sheet.write_string(0, 0, _head(campaign))
        for column, (title, width) in enumerate(zip(HEADINGS, _WIDTHS, strict=True)):
            sheet.write_string(1, column, title, heading)
            sheet.set_column(column, column, width)
        total = 0
        for number, line in enumerate(listed, start=1):
            total += line.amount_fen
            cells = (
                str(number), line.village_code or "", line.masked_name or "", to_base32(line.member_id),
                to_base32(line.id), format_yuan(line.amount_fen), str(line.paid_on or ""), "",
            )  # fmt: skip
            for column, cell in enumerate(cells):
                sheet.write_string(number + 1, column, cell, text)
        sheet.write_string(number + 2, 4, "合计", heading)
        sheet.write_string(number + 2, 5, format_yuan(total), heading)
    if not book.worksheets():
        book.add_worksheet("名单").write_string(0, 0, "没有发放名单")
    book.close()
    return buffer.getvalue()


def _head(campaign: Campaign) -> str:
    """What the list is, until when its money may be claimed, and for whom it is."""
    told = [f"{campaign.title} {campaign.document_number} 领取截止 {campaign.claim_by or ''}", *campaign.restriction()]
    return ";".join(told)
