"""The lists of financing as files: which columns, under which headings."""

from services.enrollment.financing.receipt_books import STATE_WORDS
from services.enrollment.financing.sponsorships import STATUS_WORDS
from services.enrollment.registry.groups import NAMES
from shared.http.exports import exported

GROUPS = {code: (name, code.replace("_", " ")) for code, name in NAMES.items()}

BILLS = exported(
    "参合缴费单",
    {
        "year": "年度",
        "township_code": "乡镇代码",
        "village_code": "村代码",
        "village_name": "村",
        "group": "组",
        "household_number": "户号",
        "head_name": "户主姓名",
        "amount": "应缴金额",
        "paid": "已缴金额",
        "open": "未缴金额",
        "refunded": "已退金额",
        "last_paid_on": "最近缴费日期",
        "bill_id": "缴费单编号",
        "household_id": "家庭编号",
    },
)
SPONSORSHIPS = exported(
    "资助名单",
    {
        "year": "年度",
        "sponsor": "资助单位",
        "group": "人群",
        "head_count": "人数",
        "amount": "金额",
        "status": "状态",
        "applied_at": "申报时间",
        "decided_at": "确认时间",
        "reason": "退回原因",
        "sponsorship_id": "资助编号",
    },
    words={"group": GROUPS, "status": STATUS_WORDS},
)
REMITTANCES = exported(
    "缴费上缴单",
    {
        "number": "上缴单号",
        "township_code": "乡镇代码",
        "amount": "金额",
        "receipt_count": "收据张数",
        "remitted_on": "上缴日期",
        "missing_numbers": "当时缺号",
        "remittance_id": "上缴编号",
    },
)
REMITTED = exported(
    "上缴收据清单",
    {
        "receipt_number": "收据号",
        "year": "年度",
        "amount": "金额",
        "paid_on": "缴费日期",
        "book_number": "收据本单号",
        "bill_id": "缴费单编号",
    },
)
RECEIPT_BOOKS = exported(
    "收据领用核销表",
    {
        "number": "领用单号",
        "year": "年度",
        "township_code": "乡镇代码",
        "collector": "收费人",
        "first_number": "起号",
        "last_number": "止号",
        "issued_on": "领用日期",
        "issued": "领用份数",
        "used": "已使用",
        "amount": "收款金额",
        "voided": "已作废",
        "lost": "已遗失",
        "returned": "已缴回",
        "out": "未核销",
        "missing": "其中缺号",
        "book_id": "收据本编号",
    },
)
RECEIPT_NUMBERS = exported(
    "收据号明细",
    {
        "receipt_number": "收据号",
        "state": "状态",
        "amount": "金额",
        "paid_on": "缴费日期",
        "reason": "原因",
        "declaration": "遗失声明",
        "changed_by": "经办人",
        "changed_at": "核销时间",
    },
    words={"state": STATE_WORDS},
)
MISSING_RECEIPTS = exported(
    "收据缺号清单",
    {
        "year": "年度",
        "township_code": "乡镇代码",
        "collector": "收费人",
        "book_number": "领用单号",
        "first_number": "起号",
        "last_number": "止号",
        "count": "份数",
        "book_id": "收据本编号",
    },
)
