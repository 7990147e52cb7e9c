"""The lists of the review as files: which columns, under which headings."""

from shared.http.exports import exported

CUTOFFS = exported(
    "放行批次",
    {
        "cutoff_id": "放行批号",
        "institution_code": "医疗机构编码",
        "up_to": "截至日期",
        "claims": "件数",
        "amount": "金额",
        "released_at": "放行时间",
        "released_by": "放行人",
    },
)
