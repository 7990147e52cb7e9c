"""What a campaign refuses."""

from shared.kernel.errors import define

CAMPAIGN_UNKNOWN = define(
    "campaign_unknown", 404, "没有这次二次补偿", "No such campaign",
    "没有二次补偿 {campaign_id},请核对编号。", "There is no campaign {campaign_id}: check the number.",
)  # fmt: skip
CAMPAIGN_EXISTS = define(
    "campaign_exists", 409, "该年度已有二次补偿", "The year has a campaign",
    "{year} 年度已有二次补偿 {campaign_id},一个年度办一次。",
    "Year {year} has campaign {campaign_id}: there is one a year.",
)  # fmt: skip
YEAR_OPEN = define(
    "benefit_year_open", 409, "年度还没有结束", "The benefit year is not over",
    "{year} 年度还没有结束,请在次年办理。", "The benefit year {year} is not over: open the campaign in the next year.",
)  # fmt: skip
CAMPAIGN_STATE = define(
    "campaign_state", 409, "二次补偿的进度不允许", "The campaign is at another step",
    "二次补偿目前{status},不能{act}。", "The campaign is {status}: it is not the time to {act}.",
)  # fmt: skip
NO_CANDIDATES = define(
    "no_candidates", 409, "没有测算对象", "No candidates",
    "请先按该年度已审核的结算测算对象;已经测算而没有人的,请核对选定的人群、病种、级别和个人负担。",
    "Compute the candidates from the year's reviewed claims first; where that found nobody, check the groups, "
    "diseases, levels and own payments that were selected.",
)  # fmt: skip
BAD_TERMS = define(
    "bad_terms", 422, "测算参数有误", "The terms are wrong",
    "参数不能用于测算,请核对:{reason}", "The terms cannot be used, check them: {reason}",
)  # fmt: skip
NOTHING_LISTED = define(
    "nothing_listed", 409, "名单是空的", "The list is empty",
    "按这些参数没有人得到补偿,请调整参数后重新提出。", "These terms give nobody anything: propose others.",
)  # fmt: skip
COUNT_UNKNOWN = define(
    "count_unknown", 422, "方案没有这个累计项", "The policy has no such count",
    "{year} 年度的方案没有按人按年累计的 {count_name},请核对方案条文。",
    "The policy of {year} has no yearly count {count_name} of a person: check its text.",
)  # fmt: skip
GROUPS_UNKNOWN = define(
    "campaign_groups_unknown", 422, "不认识这类人群", "Unknown groups",
    "{year} 年度的方案不认识人群 {groups};认识的有:{known}。",
    "The policy of {year} does not know {groups}; it knows {known}.",
)  # fmt: skip
CAP_MOVED = define(
    "cap_moved", 409, "封顶线余额已变化", "What the cap leaves has changed",
    "测算之后有人的累计额发生变化,继续发放会超过封顶线;请作废名单,再测算、提出、批准、公示。",
    "Counts have moved since the candidates were computed and a cap would be passed: make the list void, compute, "
    "propose, approve and publish again.",
)  # fmt: skip
CLAIMS_MOVED = define(
    "campaign_claims_moved", 409, "有计入的结算已不再有效", "Claims that were counted stand no longer",
    "名单上有 {count} 人的结算在测算之后撤销、退出审核或另有补差,不能按原名单发放;"
    "请作废名单,再测算、提出、批准、公示。",
    "Since the candidates were computed, claims of {count} persons on the list were cancelled, are no longer "
    "approved, or were given more by another list: make the list void, compute, propose, approve and publish again.",
)  # fmt: skip
NAMES_MISSING = define(
    "names_missing", 409, "名单还缺姓名", "Names are missing",
    "名单还有 {count} 人没有取得姓名和村,请先取齐再公示。",
    "{count} persons of the list have no name and village yet: get them before publishing.",
)  # fmt: skip
OBJECTIONS_RUN = define(
    "objections_run", 409, "公示期未满", "The notice still runs",
    "公示到 {until} 为止,期满次日起才能发放或重新测算。",
    "The notice runs until {until}: release or compute anew from the day after.",
)  # fmt: skip
OBJECTIONS_OPEN = define(
    "objections_open", 409, "还有异议未处理", "Objections are open",
    "还有 {count} 件异议没有处理,请先处理。", "{count} objections are undecided: decide them first.",
)  # fmt: skip
OBJECTIONS_OVER = define(
    "objections_over", 409, "公示期已过", "The notice is over",
    "异议期到 {until} 为止;此后发现的问题,请向县合管办反映。",
    "Objections were taken until {until}: tell the county office of what is found later.",
)  # fmt: skip
OBJECTION_UNKNOWN = define(
    "objection_unknown", 404, "没有这件异议", "No such objection",
    "没有未处理的异议 {objection_id},请核对编号。", "There is no open objection {objection_id}: check the number.",
)  # fmt: skip
PAYMENT_UNKNOWN = define(
    "campaign_payment_unknown", 404, "名单上没有这一笔", "Not on the list",
    "名单上没有 {payment_id},或不归您经办,请核对。", "{payment_id} is not on the list or not yours: check it.",
)  # fmt: skip
NOT_YOUR_TOWNSHIP = define(
    "objection_of_another_township", 403, "不是您经办的乡镇", "Not a township of yours",
    "乡镇 {township} 不归您经办,请由该乡镇记录异议,或核对乡镇代码。",
    "Township {township} is not yours: let it record the objection, or check the code.",
)  # fmt: skip
NOTHING_TO_STRIKE = define(
    "objection_without_a_line", 409, "这件异议不是针对某一笔的", "The objection names no line",
    "异议 {objection_id} 说的是名单漏列的人,没有可以划去的一笔;请驳回,或重新测算。",
    "Objection {objection_id} is about omissions and names no line to strike: reject it, or compute anew.",
)  # fmt: skip
VOID_NOT_ASKED = define(
    "void_not_asked", 409, "没有作废申请", "Nobody asked for it",
    "还没有人申请作废名单,请先由一人写明理由申请,再由另一人作废。",
    "Nobody has asked for the list to be made void: one person asks with a reason, another does it.",
)  # fmt: skip
CLAIM_DAY = define(
    "claim_day", 422, "日期不对", "The day is wrong",
    "日期 {day} 须在 {first} 到 {last} 之间。", "The day {day} has to lie between {first} and {last}.",
)  # fmt: skip
STILL_CLAIMABLE = define(
    "still_claimable", 409, "还有未付未退的款项", "Payments are still open",
    "还有 {count} 笔没有付出或退回;领取到 {until} 为止,期满后由基金结算退回未领款,全部有了结果才能结束。",
    "{count} payments are neither paid nor returned. They may be claimed until {until}; after it settlement returns "
    "what is unclaimed, and once each has ended the campaign can be closed.",
)  # fmt: skip
