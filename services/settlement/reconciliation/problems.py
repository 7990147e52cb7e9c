"""What reconciliation refuses, and what to do about it."""

from shared.kernel.errors import define

STATEMENT_DOES_NOT_ADD_UP = define(
    "statement_does_not_add_up",
    422,
    "对账单不平",
    "Statement does not add up",
    "期初 {opening} 加各行合计 {lines} 不等于期末 {closing};请向银行核实后重新导入。",
    "Opening {opening} plus lines {lines} is not closing {closing}; ask the bank and import it again.",
)
STATEMENT_LINE_DATE = define(
    "statement_line_date",
    422,
    "明细日期不可能",
    "A line's date cannot be",
    "第 {line} 行的起息日 {day} 不可能:应不早于 {first},不晚于今天({today});请核对年份后重新导入。",
    "The value date {day} of line {line} is not from {first} to today ({today}); check the year and import again.",
)
STATEMENT_GAP = define(
    "statement_gap",
    409,
    "对账单不连续",
    "Statement gap",
    "上一份对账单({day})期末为 {previous},本单期初为 {opening};请先导入中间的对账单。",
    "The statement before ({day}) closes with {previous}, this one opens with {opening}; import those between.",
)
STATEMENT_KNOWN = define(
    "statement_already_imported",
    409,
    "对账单已导入",
    "Statement already imported",
    "账户 {account} {day} 的对账单已经导入,不能重复导入。",
    "The statement of {account} for {day} is imported already.",
)
STATEMENT_OUT_OF_ORDER = define(
    "statement_out_of_order",
    409,
    "对账单日期不连续",
    "Statement out of order",
    "账户 {account} 已导入到 {last};{day} 的对账单须在其后。",
    "{account} is imported through {last}; {day} must be later.",
)
LINE_UNKNOWN = define(
    "statement_line_unknown",
    404,
    "没有这条未达账",
    "No such open item",
    "没有未处理的对账单行 {line};它可能已经对上。",
    "There is no open statement line {line}; it may be matched already.",
)
NOTHING_OF_THIS_REFERENCE = define(
    "nothing_of_this_reference",
    409,
    "没有对得上的款项",
    "Nothing matches",
    "没有编号 {reference}、金额 {amount}、方向相同、还没有对上的款项;请核对编号和金额。什么都没有改动。",
    "Nothing open has the reference {reference}, the amount {amount} and its direction: check both. Nothing was moved.",
)
NOT_INTEREST = define(
    "not_interest",
    422,
    "不能确认为利息",
    "Cannot be interest",
    "第 {line} 行是支出 {amount} 元;支出只能更正同一账户此前确认过、还没有更正的同额利息。",
    "Line {line} took out {amount}: that can only correct interest of this amount, recognised on the account "
    "before and not yet corrected.",
)
NOT_UNKNOWN = define(
    "payment_not_unknown",
    409,
    "付款结果已知",
    "The payment's result is not unknown",
    "付款 {instruction} {status};只有银行逾期未回的付款才能申明未执行。",
    "Payment {instruction} is {status}; only one without a result by the bank's deadline is declared not executed.",
)
VALIDITY_NOT_COVERED = define(
    "validity_not_covered",
    409,
    "对账单尚未覆盖付款有效期",
    "Statements do not cover the payment's validity",
    "付款有效期至 {deadline},付款账户的对账单只导入到 {last};请先导入到有效期满之日的对账单。",
    "The payment is valid through {deadline} and statements are imported through {last}; import them through that day.",
)
DECLARATION_MISSING = define(
    "declaration_missing",
    409,
    "尚无人申明",
    "Nobody has declared it",
    "付款 {instruction} 尚未由第一人申明未执行;请先申明,再由另一人确认。",
    "Nobody has declared payment {instruction} not executed; a first person declares it, then a second confirms.",
)
WITHDRAWAL_MISSING = define(
    "withdrawal_missing",
    409,
    "尚无人申请撤回",
    "Nobody has asked for its withdrawal",
    "付款 {instruction} 的未执行申明尚无人申请撤回;请先由一人写明原因申请撤回,再由另一人确认。",
    "Nobody has asked to withdraw the declaration about payment {instruction}; a first person does so with the reason, "
    "then a second confirms.",
)
