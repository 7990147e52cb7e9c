"""Evidence as a file: which columns, under which headings."""

from shared.http.exports import exported

EVIDENCE = exported(
    "审核时限证据",
    {
        "business_day": "业务日",
        "institution_code": "医疗机构编码",
        "claim_id": "结算内部编号",
        "settled_at": "结算时间",
        "approved_at": "审核时间",
        "hours": "用时(小时)",
        "settled_event_id": "结算事件",
        "approved_event_id": "审核事件",
    },
)
