"""What the case form refuses."""

from shared.kernel.errors import define

CASE_UNKNOWN = define(
    "case_unknown", 404, "没有这件申请", "No such case",
    "没有申请 {case_id},请核对编号和辖区。", "There is no case {case_id}: check the number and your area.",
)  # fmt: skip
CASE_STATE = define(
    "case_state", 409, "申请状态不允许", "The case is in another state",
    "申请 {case_id} 目前是{status},不能{act};请先查询申请,按它的进度办理。",
    "Case {case_id} is {status}: it is not the time to {act}. Read the case and go on from where it stands.",
)  # fmt: skip
CASE_FORM = define(
    "case_form", 422, "申请内容不全", "The case form is incomplete",
    "{reason}", "{reason}",
)  # fmt: skip
NOTICE_LATE = define(
    "case_notice_late", 409, "申请过了报告期限", "The notice came too late",
    "方案规定{what}须在发生后 {days} 天内申请;这件从 {valid_from} 起,{submitted_on} 才提交。"
    "请不予批准,或把有效期起改到期限以内的一天。",
    "The policy asks for notice of {what} within {days} days; this one begins on {valid_from} and was submitted on "
    "{submitted_on}. Deny it, or grant it from a day within the limit.",
)  # fmt: skip
REPORT_LATE = define(
    "case_report_late", 409, "报告过了期限", "The report came too late",
    "方案规定意外伤害须在发生后 {days} 天内报告;这件 {valid_from} 发生,{submitted_on} 才报告。请不予批准。",
    "The policy asks for an accident to be reported within {days} days; this one happened on {valid_from} and was "
    "reported on {submitted_on}. Deny it.",
)  # fmt: skip
LATE_UNAPPROVED = define(
    "case_late_unapproved", 409, "逾期须经负责人批准", "A late one needs the director's approval",
    "方案规定{what}须在发生后 {days} 天内提出;这件从 {valid_from} 起,{submitted_on} 才提出。"
    "逾期的由县合管办负责人决定,并写明逾期理由。",
    "The policy asks for {what} within {days} days; this one begins on {valid_from} and came on {submitted_on}. A late "
    "one is decided by the county's director, with the reason in late_reason.",
)  # fmt: skip
NOT_POSTED = define(
    "case_not_posted", 409, "还没有公示", "It has not hung out",
    "方案规定意外伤害须在村里公示 {days} 天再决定,申请 {case_id} 还没有公示。请由乡镇先公示。",
    "The policy asks for an accident to hang out in its village for {days} days before it is decided, and case "
    "{case_id} has not: the township posts it first.",
)  # fmt: skip
NOTICE_RUNS = define(
    "case_notice_runs", 409, "公示期未满", "The notice still runs",
    "公示到 {until} 为止,期满次日起才能批准。", "The notice runs until {until}: grant it from the day after.",
)  # fmt: skip
NOTICE_OVER = define(
    "case_notice_over", 409, "不在公示期内", "It does not hang out",
    "申请 {case_id} 没有在公示,异议在公示期内提出。",
    "Case {case_id} does not hang out: objections are taken while it does.",
)  # fmt: skip
CASE_OBJECTIONS_OPEN = define(
    "case_objections_open", 409, "还有异议没有答复", "Objections are unanswered",
    "还有 {count} 件异议没有答复,请先答复。", "{count} objections are unanswered: reply to them first.",
)  # fmt: skip
CASE_OBJECTION_UNKNOWN = define(
    "case_objection_unknown", 404, "没有这件异议", "No such objection",
    "没有待答复的异议 {number},请核对编号。", "There is no unanswered objection {number}: check the number.",
)  # fmt: skip
CASE_OPEN = define(
    "case_open", 409, "已有同样的申请在办", "The same case is open",
    "该人同类申请{case}还在办理,请等它办结。", "{case} of the same kind is open: wait for its decision.",
)  # fmt: skip
