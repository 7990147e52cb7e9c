"""What increases refuse."""

from shared.kernel.errors import define

INCREASES_UNKNOWN = define(
    "increases_unknown", 404, "没有这份补差名单", "No such list of increases",
    "没有补差名单 {list_id},请核对编号。", "There is no list of increases {list_id}: check the id.",
)  # fmt: skip
NO_INCREASES = define(
    "no_increases", 409, "没有可补的差额", "There is nothing to pay more",
    "按这个方案没有还未列入名单、已放行而应补差额的结算;另有 {count} 例因未放行、在别的名单上待批、"
    "整单扣减、已发二次补偿、已由同次住院后面的结算补足或核算不符,没有列入。",
    "By this version no released claim gets more that is not on a list already; {count} claims are left out: not "
    "released, waiting on another list, cut as a whole, second-compensated already, made up by a "
    "later part of the stay, or not reproduced.",
)  # fmt: skip
NO_READJUDICATIONS = define(
    "no_readjudications", 409, "没有可列入名单的重新核算", "There is nothing to list that was decided again",
    "没有因前面的结算取消而待重新核算、可以列入名单的结算;"
    "另有 {count} 例因未放行、在别的名单上待批、已发二次补偿、整单扣减、核算不符"
    "或同次住院后面的结算已按新方案办理,没有列入。",
    "No claim waits to be decided again that can be listed; {count} claims are left out: not released, waiting on "
    "another list, second-compensated already, cut as a whole, not reproduced, or with a later part of the stay "
    "settled by another version.",
)  # fmt: skip
INCREASES_OVERTAKEN = define(
    "increases_overtaken", 409, "名单上的结算已由新决定的方案管", "Another version decides claims of the list",
    "名单上有 {count} 例结算的入院日期现由后来决定的方案管,不能按这份名单批准;请撤回名单,按现行方案再编。",
    "Another version, decided later, decides {count} claims of the list by now: withdraw the list and prepare one by "
    "the version in force.",
)  # fmt: skip
INCREASES_STATE = define(
    "increases_state", 409, "补差名单的进度不允许", "The list is at another step",
    "补差名单目前{status},不能{act};请先查询名单。",
    "The list is {status}: it is not the time to {act}. Read the list first.",
)  # fmt: skip
