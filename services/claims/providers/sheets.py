"""Institutions and agreements as files: which columns, under which headings."""

from services.claims.benefits.words import KINDS, LEVELS, OWNERSHIPS, PLACES
from shared.http.exports import exported

STATES = {"active": ("有效", "in force"), "suspended": ("暂停", "suspended"), "none": ("终止", "ended")}
INSTITUTIONS = exported(
    "医疗机构",
    {
        "code": "医疗机构编码",
        "name": "名称",
        "level": "级别",
        "ownership": "所有制",
        "area_code": "行政区划",
        "valid_from": "生效日期",
    },
    words={"level": LEVELS, "ownership": OWNERSHIPS},
)
AGREEMENTS = exported(
    "服务协议",
    {
        "pool_code": "统筹地区",
        "institution_code": "医疗机构编码",
        "state": "状态",
        "kinds": "服务类别",
        "grade": "等级",
        "place": "地域",
        "valid_from": "生效日期",
        "payee": "收款单位",
        "bank_name": "开户行",
        "bank_account_masked": "账号(后四位)",
        "document_number": "文号",
        "decided_on": "决定日期",
        "recorded_seq": "记录序号",
    },
    words={"state": STATES, "kinds": KINDS, "place": PLACES},
)
