"""What money orders and arrivals refuse, and what to do about it."""

from shared.kernel.errors import define

ORDER_KIND_UNKNOWN = define(
    "order_kind_unknown",
    422,
    "没有这种资金单据",
    "No such kind of order",
    "没有单据种类“{code}”;可用的种类及经办人见“money-order-kinds”。",
    "There is no kind {code}; money-order-kinds lists them with their hands.",
)
ORDER_INCOMPLETE = define(
    "order_incomplete",
    422,
    "单据不完整",
    "Order incomplete",
    "{kind}还需填写:{missing}。",
    "A {kind} also needs: {missing}.",
)
ORDER_HAND = define(
    "order_wrong_hand",
    403,
    "不由该角色办理",
    "Not this role's act",
    "{kind}的这一步由{allowed}办理,您的角色“{role}”不能办理。",
    "This step of a {kind} is for {allowed}; your role ({role}) cannot take it.",
)
ORDER_UNKNOWN = define(
    "order_unknown",
    404,
    "没有这张单据",
    "No such order",
    "没有资金单据 {order};请核对编号。",
    "There is no order {order}; check the id.",
)
ORDER_STATE = define(
    "order_state",
    409,
    "单据状态不符",
    "Order in another state",
    "单据 {order} {status},现在不能{act}。",
    "Order {order} is {status}; one cannot {act} it now.",
)
ORDER_NOT_REVERSIBLE = define(
    "order_not_reversible",
    409,
    "这类单据不能冲销",
    "This kind of order is not reversed",
    "{kind}不能直接冲销:已付的款由银行退回后登记退回,风险基金另办动用或拨回单据,退费在乡镇办理。",
    "A {kind} is not reversed: a payment comes back through the bank's statement (return), the risk fund through an "
    "order of its own, a refund through its township.",
)
ORDER_AT_BANK = define(
    "order_at_bank",
    409,
    "银行对账单上已有这笔款",
    "The bank's statement shows it",
    "对账单已显示单据 {order} 的款项,不能冲销;确需退回的,另填付款单据。",
    "A statement shows the money of order {order}, so it is not reversed; pay it back with an order of its own.",
)
ORDER_YEAR_OVER = define(
    "order_year_over",
    409,
    "所属年度已结转",
    "Its year is over",
    "单据 {order} 属于 {year} 年,该年已过或已结转,冲销会改动本年收支或已结转的基金,不能办理;银行未见的款请列作未达账项,"
    "基金划转请在本年划入时相应增减,并在年度决算中说明。",
    "Order {order} belongs to {year}, which is over: a reversal would change this year's result, or a fund that was "
    "carried forward. Keep money among the open items, set more or less aside this year, and tell it in the notes.",
)
ORDER_REVERSAL_WAITS = define(
    "order_reversal_waits",
    409,
    "冲销已经申请",
    "A reversal waits already",
    "单据 {order} 已有待批准的冲销申请,请由另一人批准或退回。",
    "A reversal of order {order} waits for another person to approve or to turn down.",
)
ORDER_REVERSAL_NONE = define(
    "order_reversal_none",
    409,
    "没有待批准的冲销",
    "No reversal waits",
    "单据 {order} 没有待批准的冲销申请;请先申请冲销,写明原因和依据文号。",
    "No reversal of order {order} waits for approval; propose one with reason and document first.",
)
ORDER_NOT_RETURNED = define(
    "order_not_returned",
    409,
    "银行没有退回",
    "The bank did not send it back",
    "对账单上没有单据 {order} 的退回;请先导入对账单,核对流水号和金额。",
    "No open line of the statements shows order {order} coming back; import the statement first.",
)
ORDER_NOT_A_PAYMENT = define(
    "order_not_a_payment",
    409,
    "不是付款单据",
    "Not a payment",
    "{kind}不是付款,不能申明银行未执行;记错的收款和账内划转请申请冲销。",
    "A {kind} is no payment, so nothing of it is declared not executed; have a wrong one reversed.",
)
ORDER_EXECUTED = define(
    "order_executed",
    409,
    "银行已经付出",
    "The bank has executed it",
    "对账单已显示单据 {order} 的款项付出,不能申明未执行;银行退回的,导入对账单后登记退回。",
    "A statement shows that the money of order {order} left; if it comes back, import the statement and record its "
    "return.",
)
ORDER_NOT_DECLARED = define(
    "order_not_declared",
    409,
    "尚无人申明",
    "Nobody has declared it",
    "单据 {order} 的付款尚未由第一人申明未执行;请凭银行书面答复先申明,再由另一人确认。",
    "Nobody has declared the payment of order {order} not executed; a first person does so with the bank's document.",
)
ORDER_DECLARATION_FOLLOWED = define(
    "order_declaration_followed",
    409,
    "申明之后已有后续",
    "Something followed the declaration",
    "单据 {order} 申明未执行之后{status},不能撤回申明;银行仍按原编号付款的,导入对账单后登记迟到执行。",
    "Order {order} is {status} since it was declared not executed: the declaration is not withdrawn. If the bank pays "
    "it after all, import the statement and record its late execution.",
)
ORDER_WITHDRAWAL_NONE = define(
    "order_withdrawal_none",
    409,
    "尚无人申请撤回",
    "Nobody has asked for its withdrawal",
    "单据 {order} 的未执行申明尚无人申请撤回;请先由一人凭文件申请撤回,再由另一人确认。",
    "Nobody has asked to withdraw the declaration about order {order}; a first person does so with the document, then "
    "a second confirms.",
)
ORDER_EXECUTED_LATE = define(
    "order_executed_late",
    409,
    "银行已按原流水号付款",
    "The bank has executed it after all",
    "对账单显示银行仍按原编号 {reference} 付了单据 {order} 的款;请登记迟到执行,不要再付。",
    "A statement shows that the bank executed order {order} under {reference} after all: record it, do not pay again.",
)
ORDER_NOT_EXECUTED_LATE = define(
    "order_not_executed_late",
    409,
    "没有迟到执行的款项",
    "Nothing was executed late",
    "对账单上没有单据 {order} 已申明未执行而又付出的款项;请先导入对账单,核对编号和金额。",
    "No open line shows a payment of order {order} that was declared not executed; import the statement and check it.",
)
ORDER_NOT_PAYER = define(
    "order_not_of_payer",
    422,
    "不在付款方的账上",
    "Not in the payer's book",
    "{kind}不能记在 {code} 名下:市级预算记在市的代码(末两位是零)名下,基金和县级预算记在统筹区名下。",
    "A {kind} is not booked under {code}: a city's budget stands under the city's code (ending in 00), the funds and "
    "the county's budget under the pool's.",
)
REFUND_UNPAID = define(
    "refund_exceeds_premium",
    409,
    "超过该户已缴金额",
    "More than the bill was paid",
    "{year} 年度缴费单 {bill} 已缴 {paid} 元,已退和在办退费 {refunded} 元,不能再退 {amount} 元。",
    "Bill {bill} of {year} was paid {paid}, {refunded} of it refunded or applied for; {amount} more is too much.",
)
REFUND_YEAR_BEGUN = define(
    "refund_year_begun",
    409,
    "保障年度已开始",
    "The coverage year has begun",
    "{year} 年度保障已开始,个人缴费不再退还;只有重复参合或经办差错可以退,请填写原因。",
    "Coverage of {year} has begun: premiums are refunded for double enrolment or our own error only; name the cause.",
)
REFUND_TOLD = define(
    "refund_told",
    409,
    "退费已经通知,不能退回",
    "The refund has been told",
    "退费单据 {order} 已付过一次,缴费单和待遇已随之改变,款项仍欠该户,不能退回;请由最后一人重新拨付,"
    "银行已付的登记迟到执行。",
    "Refund {order} was paid once, bill and cover have changed with it, and the household is still owed the money: it "
    "is not refused; pay it again, or record its late execution.",
)
ORDER_TOLD = define(
    "order_applied_elsewhere",
    422,
    "不在这里申请",
    "Not applied for here",
    "{kind}由乡镇在参合系统对缴费单提出申请,这里只审核和拨付。",
    "A {kind} is applied for by the township on the bill, in enrollment; here it is checked and paid.",
)
SUBSIDY_NOT_PER_HEAD = define(
    "supplementary_subsidy_not_per_head",
    422,
    "补助金额与人数不符",
    "Amount differs from the head count",
    "{heads} 人按每人 1.00 元应补 {due} 元,填写的是 {amount} 元。",
    "{heads} heads at 1.00 yuan are {due}, not {amount}.",
)
ALLOCATION_EARLY = define(
    "allocation_of_later_year",
    409,
    "年度还没有开始",
    "The year has not begun",
    "{year} 年度还没有开始,不能划入该年度的基金;请在 {year} 年 1 月 1 日以后办理。",
    "Nothing is set aside for {year} before it begins; do it from 1 January {year} on.",
)
RISK_FUND_FULL = define(
    "risk_fund_ceiling",
    409,
    "超过风险基金规模上限",
    "Beyond the risk fund's ceiling",
    "风险基金以当年筹资额的 10% 为限:{year} 年度筹资 {income} 元,上限 {ceiling} 元,已有 {held} 元,"
    "不能再提取 {amount} 元。",
    "The risk fund's ceiling is 10% of the year's financing ({year}: {income}, ceiling {ceiling}); it holds {held}, "
    "{amount} more is too much.",
)
RISK_FUND_SHORT = define(
    "risk_fund_not_set_aside",
    409,
    "未提取的风险基金不能缴存",
    "Not set aside",
    "已提取的风险基金 {held} 元,已缴存 {deposited} 元,不能再缴存 {amount} 元;请先提取。",
    "{held} are set aside and {deposited} deposited; {amount} more cannot be deposited before it is set aside.",
)
RISK_FUND_AT_PROVINCE = define(
    "risk_fund_at_province",
    409,
    "超过可动用的风险基金",
    "More than can be used",
    "已提取的风险基金 {held} 元,其中缴存省级 {deposited} 元,不能动用 {amount} 元;请先办理省级拨回。",
    "Of {held} set aside, {deposited} are with the province; {amount} cannot be used before it has sent them back.",
)
ARRIVAL_UNKNOWN = define(
    "arrival_unknown",
    404,
    "没有这笔到账登记",
    "No such arrival",
    "没有到账登记 {arrival};请核对编号。",
    "There is no arrival {arrival}; check the id.",
)
ARRIVAL_STATE = define(
    "arrival_state",
    409,
    "到账登记状态不符",
    "Arrival in another state",
    "到账登记 {arrival} {status},现在不能{act}。",
    "Arrival {arrival} is {status}; one cannot {act} it now.",
)
ARRIVAL_AT_BANK = define(
    "arrival_at_bank",
    409,
    "银行对账单上已有这笔款",
    "The bank's statement shows it",
    "对账单已显示到账登记 {arrival} 的款项,不能冲销;确需退回拨款单位的,请先与银行和拨款单位核对。",
    "A statement shows the money of arrival {arrival}, so it is not reversed; settle it with the bank and its sender.",
)
ARRIVAL_REVERSAL_WAITS = define(
    "arrival_reversal_waits",
    409,
    "冲销已经申请",
    "A reversal waits already",
    "到账登记 {arrival} 已有待批准的冲销申请,请由另一人批准或退回。",
    "A reversal of arrival {arrival} waits for another person to approve or to turn down.",
)
ARRIVAL_REVERSAL_NONE = define(
    "arrival_reversal_none",
    409,
    "没有待批准的冲销",
    "No reversal waits",
    "到账登记 {arrival} 没有待批准的冲销申请;请先申请冲销,写明原因和依据文号。",
    "No reversal of arrival {arrival} waits for approval; propose one with reason and document first.",
)
SPONSORSHIP_UNKNOWN = define(
    "sponsorship_unknown",
    404,
    "没有这笔资助",
    "No such sponsorship",
    "没有收到编号 {sponsorship} 的资助确认;请核对编号,或稍后再试。",
    "No confirmed sponsorship {sponsorship} has been received; check the id or try again shortly.",
)
SPONSORSHIP_EXCEEDED = define(
    "sponsorship_exceeded",
    409,
    "超过资助金额",
    "More than was sponsored",
    "资助 {sponsorship} 应到 {due} 元,已到和待批准 {arrived} 元,不能再登记 {amount} 元。",
    "Sponsorship {sponsorship} is for {due} yuan, of which {arrived} arrived or wait; {amount} more is too much.",
)
