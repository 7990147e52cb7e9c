"""What the review refuses."""

from shared.kernel.errors import define

NOT_UNDER_REVIEW = define(
    "not_under_review", 409, "不在待审状态", "Not under review",
    "结算 {claim_id} 目前的状态是“{status}”,只有待审的结算可以审核。",
    "Claim {claim_id} is {status}; only a settled claim can be reviewed.",
)  # fmt: skip
CANCELLATION_RELEASED = define(
    "cancellation_released_already", 409, "取消已经放行", "The cancellation is released",
    "结算 {claim_id} 的取消已由县合管办放行,请医疗机构办理取消。",
    "The county office has released the cancellation of claim {claim_id}: its hospital can cancel it now.",
)  # fmt: skip
NOT_PAID_YET = define(
    "reversal_not_needed", 409, "结算还没有放行付款", "The claim is not released for payment",
    "结算 {claim_id} 还没有放行付款,由医疗机构直接取消即可。",
    "Claim {claim_id} is not released for payment: its hospital cancels it without more.",
)  # fmt: skip
SECOND_COMPENSATED = define(
    "second_compensated", 409, "二次补偿已计入这笔结算", "Second compensation counts the claim",
    "结算 {claim_id} 已计入当年二次补偿,款项已发放或已付给本人,现在不能冲销。款项尚未领取的,"
    "待领取截止、未领款退回基金后再提出;已经付出的不冲销,由县合管办凭文件对这笔结算和二次补偿分别办理追回。",
    "A second compensation that counts claim {claim_id} is released or paid to the person: it cannot be reversed now. "
    "Ask again once what was not claimed is returned to the fund; what is paid is not reversed, the county office asks "
    "it back as recoveries, of the claim and of the second compensation.",
)  # fmt: skip
REVERSAL_ASKED = define(
    "reversal_asked_already", 409, "冲销放行已经提出", "The release was asked for",
    "结算 {claim_id} 的冲销放行已经提出,由县合管办主任批准。",
    "The release for claim {claim_id} was asked for before; the director of the county office approves it.",
)  # fmt: skip
REVERSAL_NOT_ASKED = define(
    "reversal_not_asked", 404, "没有待批准的冲销放行", "No release to approve",
    "结算 {claim_id} 没有待批准的冲销放行,请先由县合管办另一人提出。",
    "No release is asked for claim {claim_id}, or it was approved before: another person asks for it first.",
)  # fmt: skip
REVERSAL_UNKNOWN = define(
    "reversal_unknown", 404, "没有这笔冲销结算", "No such negative claim",
    "没有冲销结算 {reversal_id},请核对编号。", "There is no negative claim {reversal_id}: check the id.",
)  # fmt: skip
YEAR_NOT_OVER = define(
    "benefit_year_not_over", 409, "待遇年度还没有结束", "The benefit year is not over",
    "{year} 年度还没有结束,请在次年关闭。", "The benefit year {year} is not over: close it in the next year.",
)  # fmt: skip
YEAR_CLOSED = define(
    "benefit_year_closed_already", 409, "待遇年度已经关闭", "The benefit year is closed",
    "{year} 年度此前已经关闭,不必再办;更正在窗口办理。",
    "The benefit year {year} was closed before: nothing is left to do; corrections are made at the window.",
)  # fmt: skip
CUT_LINE = define(
    "cut_line", 422, "扣减所指的明细不存在", "The cut names no line",
    "第 {number} 项扣减所指的第 {line} 行不存在;该结算共 {lines} 行,请改正行号,或不写行号、对整笔扣减。",
    "Cut {number} names line {line}; the bill has {lines} lines: correct it, or leave it out to cut the bill.",
)  # fmt: skip
CUT_BEARER = define(
    "cut_bearer", 422, "承担人不是收款的一方", "The bearer is not who is paid",
    "第 {number} 项扣减写由{bearer}承担,但这笔补偿款应付给{owed},扣减会由{owed}负担。请不扣这一项,审核通过;"
    "付款后由县合管办在复核时拒付,或提出追回,写明由{bearer}承担。",
    "Cut {number} names the {bearer} as bearer, but the benefit is owed to the {owed}, who would bear the cut. Approve "
    "without it; once it is paid the county office refuses it at the re-check, or asks it back, naming the {bearer}.",
)  # fmt: skip
REJECTION_BEARER = define(
    "rejection_bearer", 422, "承担人不是收款的一方", "The bearer is not who is paid",
    "拒付写由{bearer}承担,但这笔补偿款应付给{owed},拒付会由{owed}负担。不应由{owed}负担的,请退回,由经办的一方取消后重新办理;"
    "或者审核通过,付款后由县合管办追回,写明承担人。",
    "The refusal names the {bearer} as bearer, but the benefit is owed to the {owed}, who would bear it. Return the "
    "claim to be cancelled, or approve it and have the county office ask the money back, naming who bears it.",
)  # fmt: skip
CUT_TOO_LARGE = define(
    "cut_too_large", 422, "扣减超过可扣金额", "The cut is too large",
    "第 {number} 项扣减超过可扣金额 {limit} 元,请减少金额后重新提交。",
    "Cut {number} exceeds {limit} yuan, which is all there is to cut: lower it and send the approval again.",
)  # fmt: skip
NOTHING_TO_RELEASE = define(
    "nothing_to_release", 409, "没有可放行的结算", "Nothing to release",
    "{institution_code} 到 {up_to} 为止没有已审核待放行的结算;请先审核,或换一个截止日。",
    "{institution_code} has no approved claim up to {up_to} left to release: review some first, or name a later day.",
)  # fmt: skip
CUTOFF_UNKNOWN = define(
    "cutoff_unknown", 404, "没有这个截点", "No such cut-off",
    "没有截点 {cutoff_id},请核对编号。", "There is no cut-off {cutoff_id}: check the number.",
)  # fmt: skip
