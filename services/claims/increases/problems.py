"""What increases refuse."""

from shared.kernel.errors import define

INCREASES_UNKNOWN = define(
    "increases_unknown", 404, "没有这份补差名单", "No such list of increases",
    "没有补差名单 {list_id},请核对编号。", "There is no list of increases {list_id}: check the id.",
)  # fmt: skip
NO_INCREASES = define(
    "no_increases", 409, "没有可补的差额", "There is nothing to pay more",
    "按这个方案没有还未列入名单、已放行而应补差额的结算。",
    "By this version no released claim gets more that is not on a list already.",
)  # fmt: skip
INCREASES_STATE = define(
    "increases_state", 409, "补差名单的进度不允许", "The list is at another step",
    "补差名单目前{status},不能{act};请先查询名单。",
    "The list is {status}: it is not the time to {act}. Read the list first.",
)  # fmt: skip
