"""What payouts refuses, and what to do about it."""

from shared.kernel.errors import define

CUTOFF_UNKNOWN = define(
    "cutoff_not_received",
    404,
    "没有收到这次放行",
    "No such cut-off",
    "没有收到放行 {cutoffs} 的任何案件;请核对编号,刚放行的请稍后再试。",
    "No claim of cut-off {cutoffs} has arrived; check the id, or try again shortly if it was just made.",
)
CUTOFF_INCOMPLETE = define(
    "cutoff_incomplete",
    409,
    "放行尚未收齐",
    "Cut-off incomplete",
    "只能整次放行列入批次;“errors”列出尚未收齐的放行和相差的件数、金额,请稍后再试。",
    "Only whole cut-offs are batched; errors lists what is still missing. Try again shortly.",
)
CUTOFF_BATCHED = define(
    "cutoff_batched",
    409,
    "放行已列入批次",
    "Cut-off already batched",
    "放行 {cutoffs} 已在另一批次中,不能重复列入。",
    "Cut-off {cutoffs} is in a batch already.",
)
INSTITUTION_NOT_HEARD_OF = define(
    "institution_not_heard_of",
    404,
    "没有这家医疗机构的记录",
    "Nothing is known of this institution",
    "统筹区 {pool_code} 没有医疗机构 {institution_code} 的结算、放行或收款账户;请核对编码。",
    "Pool {pool_code} has no claim, cut-off or payee of institution {institution_code}: check its code.",
)
NOTHING_TO_PAY = define(
    "nothing_to_pay",
    409,
    "没有应付金额",
    "Nothing to pay",
    "所选放行在{layer}层没有应付金额。",
    "The chosen cut-offs owe nothing in layer {layer}.",
)
LAYER_NOT_PAYABLE = define(
    "layer_not_payable",
    422,
    "该补偿层不从这个账户支付",
    "Layer not paid from this account",
    "{layer}层的应付款登记为由 {account} 支付,不能列入这样的批次;请核对方案中该层的付款账户。",
    "Layer {layer} is to be paid from {account}, not in such a batch; check the layer's account in the policy.",
)
CLAIM_DAY_OVER = define(
    "claim_day_over",
    409,
    "领取期已过",
    "The day to claim is over",
    "这些二次补偿款的领取期到 {day} 为止,不再支付:{cutoffs}。请办理逾期未领退回。",
    "These payments could be claimed until {day} and are paid no more: {cutoffs}. Return what is unclaimed.",
)
NOTHING_UNCLAIMED = define(
    "nothing_unclaimed",
    409,
    "没有逾期未领的款项",
    "Nothing is unclaimed",
    "二次补偿 {campaign_id} 没有过了领取期而未领的款项;在途的付款以银行结果为准。",
    "Nothing of campaign {campaign_id} is past its day and unclaimed; what is on its way ends with the bank's answer.",
)
PAYEE_MISSING = define(
    "payee_missing",
    409,
    "收款账户未登记或未确认",
    "Payee not registered or not confirmed",
    "以下收款人没有经两人登记、确认的收款账户:{institutions}。请由县合管办登记,另一人确认。",
    "No payee account of {institutions} was registered and confirmed by two persons; the county office has to do it.",
)
PAYEE_DIFFERS = define(
    "payee_differs",
    409,
    "账号与登记的不一致",
    "Another account number was registered",
    "输入的账号与 {institution} 登记的不一致;请对照医院的书面资料核对,登记有误的请重新登记。",
    "This is not the account number registered for {institution}; check the hospital's papers, or register it anew.",
)
BATCH_UNKNOWN = define(
    "batch_unknown",
    404,
    "没有这个批次",
    "No such batch",
    "没有批次 {batch};请核对编号。",
    "There is no batch {batch}; check the id.",
)
BATCH_STATE = define(
    "batch_state",
    409,
    "批次状态不符",
    "Batch in another state",
    "批次 {batch} {status},现在不能{act}。",
    "Batch {batch} is {status}; one cannot {act} it now.",
)
INSTRUCTION_UNKNOWN = define(
    "instruction_unknown",
    404,
    "没有这笔付款",
    "No such payment",
    "没有付款指令 {instruction};请核对编号。",
    "There is no payment {instruction}; check the id.",
)
NOT_RETURNED = define(
    "payment_not_returned",
    409,
    "付款没有退回",
    "Payment was not returned",
    "付款 {instruction} {status};只有退回的、或经两人申明银行未执行的付款才能重付。",
    "Payment {instruction} is {status}; only one returned, or declared not executed by two persons, is paid again.",
)
DECLARATION_FOLLOWED = define(
    "declaration_followed",
    409,
    "申明之后已有后续",
    "Something followed the declaration",
    "付款 {instruction} 申明未执行之后已经重付、逾期退回或由银行付出,不能撤回申明;重付批次尚未放行的,请先撤销该批次。",
    "Payment {instruction} was paid again, returned as unclaimed or executed after it was declared not executed: the "
    "declaration is not withdrawn. Cancel the repayment's batch first, if it is not released.",
)
PAID_AGAIN_ALREADY = define(
    "payment_replaced_already",
    409,
    "已经重付过",
    "Paid again already",
    "付款 {instruction} 已由新的付款代替,只能重付一次。",
    "Payment {instruction} is replaced already; that happens once.",
)
PERIOD_INVALID = define(
    "period_invalid",
    422,
    "期间有误",
    "Invalid period",
    "“from”不得晚于“to”,期间最长 {days} 天。",
    "'from' is not after 'to', and a period has at most {days} days.",
)
SET_OFF_INVALID = define(
    "set_off_invalid",
    409,
    "有的应收款不能抵扣",
    "Some receivables cannot be set off",
    "以下应收款不由医疗机构承担、已收回、正在抵扣,或该机构不在本批次:{receivables}。",
    "These are not owed by a hospital of this batch, are made good, or are being set off: {receivables}.",
)
SET_OFF_TOO_MUCH = define(
    "set_off_exceeds_payment",
    409,
    "抵扣超过应付",
    "More to set off than to pay",
    "{institution} 本批应付 {due} 元,所选应收款合计 {amount} 元;抵扣须小于应付,请少选几笔。",
    "{institution} is due {due} in this batch and the chosen receivables are {amount}; choose fewer.",
)
DEPOSIT_SHORT = define(
    "deposit_exceeds_withheld",
    409,
    "超过预留的保证金",
    "More than is withheld",
    "{institution} 预留质量保证金 {amount} 元,已拨付、已扣除和在办 {applied} 元(其中待批准 {waiting} 元,填错可退回),"
    "不能再办 {due} 元。",
    "{amount} are withheld of {institution}, of which {applied} are released, forfeited or applied for ({waiting} wait "
    "for approval; turn down what is wrong); {due} more is too much.",
)
DEPOSIT_UNKNOWN = define(
    "deposit_release_unknown",
    404,
    "没有这份保证金拨付申请",
    "No such release",
    "没有保证金拨付申请 {release};请核对编号。",
    "There is no release {release}; check the id.",
)
DEPOSIT_DECIDED = define(
    "deposit_release_decided",
    409,
    "保证金申请已经办结",
    "The release is decided",
    "保证金申请 {release} 已批准或已退回;退回的如仍需办理,请重新申请。",
    "Release {release} is approved or turned down; one that was turned down is asked for anew.",
)
FLOAT_TOWNSHIP = define(
    "float_township_not_yours",
    403,
    "不归您经办的乡镇",
    "Not your township",
    "{township} 的备用金不归您经办。",
    "The float of {township} is not yours.",
)
FLOAT_SHORT = define(
    "float_short",
    409,
    "备用金不足",
    "Not enough cash",
    "{township} 的备用金结余 {held} 元,不够 {amount} 元。",
    "The float of {township} holds {held}, less than {amount}.",
)
FLOAT_SHORT_THEN = define(
    "float_short_then",
    409,
    "那一天起备用金不够",
    "Not enough cash from that day on",
    "{township} 从 {day} 起备用金最少时只有 {held} 元,不够 {amount} 元;请核对支付日期,不能早于备用金签收的日期。",
    "From {day} on the float of {township} held {held} at its least, less than {amount}: check the day of the payout, "
    "which cannot be before its cash was received.",
)
DEPOSIT_AGREED = define(
    "deposit_agreed",
    409,
    "该医院的付款要预留质量保证金",
    "A deposit is withheld of this hospital's payments",
    "{institution} 的协议要从付款中预留质量保证金,备用金只整笔支付,不能预留;{claim} 请列入批次由银行支付。",
    "The agreement of {institution} withholds a quality deposit of its payments, and cash pays whole amounts: put "
    "{claim} into a batch for the bank to pay.",
)
PAID_BEFORE_RELEASE = define(
    "paid_before_release",
    409,
    "支付日期早于审核放行",
    "Paid before it was released",
    "{claim} 于 {first} 才审核放行,不能在 {day} 支付;请核对支付日期。",
    "{claim} was released on {first} and cannot have been paid on {day}: check the day of the payout.",
)
FLOAT_MONTH_NEGATIVE = define(
    "float_month_negative",
    409,
    "该月备用金为负,不能签发",
    "The month's cash is below zero",
    "{township} {month} 末备用金为 {closing} 元,不能签发;请与县合管办核对该月及以前的签收、支付和退回。",
    "The float of {township} stands at {closing} at the end of {month}, which cannot be signed: go through what was "
    "received, paid and returned until then with the county office.",
)
FLOAT_RECEIPT_USED = define(
    "float_receipt_used",
    409,
    "收据号已用过",
    "Receipt used before",
    "签字收据“{number}”已登记过;请核对号码。",
    "Receipt {number} is on record already; check its number.",
)
FLOAT_MONTH_SIGNED = define(
    "float_month_signed",
    409,
    "该月已签发",
    "The month is signed",
    "{township} {month} 的备用金月报已签发或已核收,不能再改。",
    "The account of {township} for {month} is signed or accepted and does not change any more.",
)
FLOAT_MONTH_OPEN = define(
    "float_month_open",
    409,
    "该月不能签发或核收",
    "The month cannot be signed or accepted",
    "{month} 还没有过完,或主任还没有签发。",
    "{month} is not over, or its director has not signed it.",
)
NOT_PAYABLE_IN_CASH = define(
    "not_payable_in_cash",
    409,
    "不能用备用金支付",
    "Not payable in cash",
    "{claim} 在本乡镇没有待付的基金补偿款,或已列入批次;请核对。",
    "{claim} has no open payable of the fund in this township, or it is in a batch; check it.",
)
TRANSFER_NOT_THERE = define(
    "float_transfer_not_there",
    404,
    "没有这笔在途的备用金",
    "No such cash on its way",
    "没有在途的备用金 {transfer},或已经签收。",
    "There is no cash {transfer} on its way, or it was received already.",
)
