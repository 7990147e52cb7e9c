"""What the case form refuses."""

from shared.kernel.errors import define

CASE_UNKNOWN = define(
    "case_unknown", 404, "没有这件申请", "No such case",
    "没有申请 {case_id},请核对编号和辖区。", "There is no case {case_id}: check the number and your area.",
)  # fmt: skip
CASE_STATE = define(
    "case_state", 409, "申请状态不允许", "The case is in another state",
    "申请 {case_id} 目前是{status},不能{act}。", "Case {case_id} is {status}: it cannot be {act}.",
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
CASE_OPEN = define(
    "case_open", 409, "已有同样的申请在办", "The same case is open",
    "该人同类申请 {case_id} 还在办理,请等它办结。", "Case {case_id} of the same kind is open: wait for its decision.",
)  # fmt: skip
