"""What statements refuse."""

from shared.kernel.errors import define

STATEMENT_UNKNOWN = define(
    "payment_statement_unknown", 404, "没有这张结算单", "No such statement",
    "没有支付结算单 {statement_id},请核对编号。", "There is no payment statement {statement_id}: check the id.",
)  # fmt: skip
STATEMENT_EXISTS = define(
    "payment_statement_exists", 409, "结算单已经编制", "The statement is made already",
    "{institution_code} 从 {first_day} 起的结算单已经编制;要改,请先撤回。",
    "The statement of {institution_code} from {first_day} is made already: withdraw it to make another.",
)  # fmt: skip
STATEMENT_STATE = define(
    "payment_statement_state", 409, "结算单的进度不允许", "The statement is at another step",
    "结算单目前{status},不能{act};请先查询结算单。",
    "The statement is {status}: it is not the time to {act}. Read the statement first.",
)  # fmt: skip
PERIOD_OPEN = define(
    "payment_period_open", 409, "还没有到期", "The period is not over",
    "到 {until} 为止的结算单要在期满以后编制。", "A statement up to {until} is made after that day.",
)  # fmt: skip
NOT_BY_DOCUMENT = define(
    "not_paid_by_document", 409, "没有支付办法", "No payment document counts",
    "{institution_code} 在 {day} 没有经决定的支付办法,请先由经办机构决定。",
    "{institution_code} has no decided payment document on {day}: the agency has to decide one first.",
)  # fmt: skip
HEADS_NEEDED = define(
    "payment_heads", 422, "人头数不对", "The heads are wrong",
    "按人头付费的要写明“heads”,其他的不写。",
    "Give the heads where the document pays by head, and nowhere else.",
)  # fmt: skip
GROUPS_NEEDED = define(
    "payment_groups", 422, "病组不对", "The groups are wrong",
    "按点数付费的,每例都要写明病组,其他的不写;缺 {missing} 例,多 {count} 例。",
    "Where points count each case has a group, elsewhere none; {missing} are missing, {count} are not of the month.",
)  # fmt: skip
POINT_VALUE = define(
    "payment_point_value", 422, "点值不对", "The value of a point is wrong",
    "按点数付费的年终清算要写明实际点值“point_value”,其他的不写。",
    "Give the value of a point where the year was paid by points, and nowhere else.",
)  # fmt: skip
MONTHS_MISSING = define(
    "payment_months_missing", 409, "还有月份没有双方签章", "Months are not signed by both",
    "以下月份的结算单还没有双方签章:{months}。", "The statements of these months are not signed by both: {months}.",
)  # fmt: skip
