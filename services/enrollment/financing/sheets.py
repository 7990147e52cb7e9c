"""The lists of financing as files: which columns, under which headings."""

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
