"""What funding refuses, and what to do about it."""

from shared.kernel.errors import Words, define

HOME_INSTITUTION: Words = ("原单位所在医疗机构", "home institution")

BANK_NOT_STATE_OWNED = define(
    "bank_not_state_owned",
    422,
    "开户银行不符合规定",
    "Bank not permitted",
    "基金账户只能开在国有或国有控股商业银行;{bank_name} 登记为“其他”。请改在符合规定的银行开户。",
    "A fund account may only be kept at a state-owned or state-controlled bank; {bank_name} is neither. "
    "Open it at a bank that is.",
)
ACCOUNT_UNKNOWN = define(
    "bank_account_unknown",
    404,
    "没有这个银行账户",
    "No such bank account",
    "{account} 不是基金的银行账户;可用的是 {known}。",
    "{account} is no bank account of the fund; these are: {known}.",
)
ACCOUNT_NOT_REGISTERED = define(
    "bank_account_not_registered",
    409,
    "账户尚未登记",
    "Account not registered",
    "{name}({account})尚未登记;请先由保管方登记开户银行和账号。",
    "{name} ({account}) is not registered; its keeper has to register bank and number first.",
)
KEEPER_ONLY = define(
    "keeper_only",
    403,
    "只有保管方可以办理",
    "Keeper only",
    "{name}由{keeper}保管,您的角色“{role}”不能经办。请由保管方的人员办理。",
    "{name} is kept by {keeper}; your role ({role}) may not act on it. Let somebody of theirs do it.",
)
REFERENCE_USED = define(
    "bank_reference_used",
    409,
    "银行流水号已登记",
    "Bank reference already recorded",
    "银行流水号 {reference} 已登记过一笔到账;请核对,不要重复登记。",
    "An arrival with bank reference {reference} is already recorded; check before recording it again.",
)
IN_THE_FUTURE = define(
    "date_in_future",
    422,
    "日期在将来",
    "Date in the future",
    "{day} 还没有到;今天是 {today}。",
    "{day} has not come; today is {today}.",
)
LINE_COULD_BE_IT = define(
    "open_line_could_be_payment",
    409,
    "有未达账可能就是这笔付款",
    "An open item could be this payment",
    "对账单行 {line}({day},支出 {amount} 元)尚未对上,金额与这笔付款相同;请先查清该行。",
    "Statement line {line} ({day}, {amount} out) is open and has the payment's amount; find out what it is first.",
)
BEFORE_THE_SCHEME = define(
    "date_before_scheme",
    422,
    "日期过早",
    "Date before the scheme",
    "{day} 在 {first} 以前,那时还没有新农合;请核对年份。",
    "{day} is before {first}, when there was no scheme; check the year.",
)
TRANSFER_UNKNOWN = define(
    "transfer_unknown",
    404,
    "没有这笔划转",
    "No such transfer",
    "没有划转 {transfer};请核对编号。",
    "There is no transfer {transfer}; check the id.",
)
TRANSFER_RELEASED = define(
    "transfer_already_released",
    409,
    "划转已放行",
    "Transfer already released",
    "划转 {transfer} {status},不能再放行或撤销。划错的,由收款方的管户人划回。",
    "Transfer {transfer} is {status}: it is neither released nor cancelled any more. The receiver's keeper sends back "
    "what went wrong.",
)
NOTHING_TO_SWEEP = define(
    "sweep_exceeds_interest",
    409,
    "超过可上划的利息",
    "More than there is to sweep",
    "支出户可上划的利息为 {available} 元,不能上划 {amount} 元;退回周转金用另一种划转。",
    "{available} yuan of interest can be swept, not {amount}; the advance is returned by a transfer of its own.",
)
NOTHING_TO_APPLY_FOR = define(
    "nothing_to_replenish",
    409,
    "没有可申报的支付",
    "Nothing to apply for",
    "到 {up_to} 为止,已付未申报的金额为 {amount} 元;大于零才能申报。",
    "Up to {up_to}, {amount} yuan are paid and not applied for; an application needs more than zero.",
)
REPLENISHMENT_UNKNOWN = define(
    "replenishment_unknown",
    404,
    "没有这份回补申请",
    "No such application",
    "没有回补申请 {replenishment};请核对编号。",
    "There is no application {replenishment}; check the id.",
)
REPLENISHMENT_STATE = define(
    "replenishment_state",
    409,
    "申请状态不符",
    "Application in another state",
    "申请 {replenishment} {status},现在不能{act}。",
    "Application {replenishment} is {status}; one cannot {act} it now.",
)
LINES_INVALID = define(
    "replenishment_lines_invalid",
    422,
    "行号有误",
    "Lines invalid",
    "请核对“errors”所列的行号:只能拒付本申请中的支付行,每行一次。",
    "Check the lines in errors: only payment lines of this application can be refused, each once.",
)
REFUSALS_EXCEED = define(
    "refusals_exceed_application",
    409,
    "拒付超过申报金额",
    "More refused than applied for",
    "拒付 {refused} 元超过申报净额 {applied} 元(其中有退票冲减);请退回,待有新的支付后重新申报。",
    "{refused} refused is more than the net {applied} applied for (bounced payments lower it); send it back.",
)
RECOVERY_UNKNOWN = define(
    "recovery_unknown",
    404,
    "没有可追回的支付",
    "Nothing to recover",
    "{claim} 没有已确认且县里已回补的支付;尚未复核的请在复核时拒付。",
    "{claim} has no confirmed payment that was made good; refuse at the re-check what was not.",
)
RECOVERY_EXCEEDS = define(
    "recovery_exceeds_payment",
    409,
    "追回超过已付",
    "More than was paid",
    "{claim} 已付 {paid} 元,已追回、已拒付和在办 {asked} 元(其中待批准 {waiting} 元,填错可退回),"
    "不能再追回 {amount} 元。",
    "{paid} were paid for {claim} and {asked} asked back or refused already, of which {waiting} wait for approval "
    "(turn down what is wrong); {amount} more is too much.",
)
RECOVERY_DECIDED = define(
    "recovery_decided",
    409,
    "追回已经办结",
    "The recovery is decided",
    "追回 {recovery} 已批准或已退回;退回的如仍需追回,请重新提出。",
    "Recovery {recovery} is approved or turned down; one that was turned down is asked for anew.",
)
RECEIVABLE_UNKNOWN = define(
    "receivable_unknown",
    404,
    "没有这笔应收款",
    "No such receivable",
    "没有应收款 {receivable},请核对编号。",
    "There is no receivable {receivable}; check the id.",
)
NOT_TO_WRITE_OFF = define(
    "receivable_not_to_write_off",
    409,
    "不能核销",
    "Not to be written off",
    "应收款 {receivable} 已收回、正在抵扣或属于银行重复支付,不能核销;正在抵扣的请等批次结果,重复支付的请向收款方追回。",
    "Receivable {receivable} is made good, being set off, or a second payment of the bank: wait for the batch, or have "
    "it given back.",
)
WRITE_OFF_HAND = define(
    "write_off_wrong_hand",
    403,
    "不是这一步的经办人",
    "Not your step",
    "{book}的应收款核销,这一步由{allowed}办理,{role}不能办理。",
    "What is owed to this book ({book}) is written off by {allowed} in this step, not by {role}.",
)
WRITE_OFF_UNKNOWN = define(
    "write_off_unknown",
    404,
    "没有这件核销",
    "No such write-off",
    "没有核销 {write_off},请核对编号。",
    "There is no write-off {write_off}; check the id.",
)
WRITE_OFF_ASKED = define(
    "write_off_asked_already",
    409,
    "核销已经提出",
    "The write-off was asked for",
    "应收款 {receivable} 的核销已经提出,请等县合管办主任决定。",
    "The write-off of receivable {receivable} was asked for before; the director decides it.",
)
WRITE_OFF_DECIDED = define(
    "write_off_decided_already",
    409,
    "核销已经决定",
    "The write-off is decided",
    "核销 {write_off} 已经决定,不能再改。",
    "Write-off {write_off} is decided already.",
)
BEARER_MISSING = define(
    "write_off_bearer",
    422,
    "承担人填写不符",
    "The bearer does not fit",
    "不同意“无人承担”时须写明由谁承担;其他应收款的承担人不变,不要填写。",
    "Name who bears a refused line that nobody was to bear; for any other receivable leave the bearer out.",
)
SUBSIDY_NOT_AUDITED = define(
    "subsidy_not_audited",
    409,
    "参合人数尚未审定",
    "The heads are not audited",
    "{year} 年度补助尚未按审定参合人数核定;请先在参合系统按审定人数核定应补助额。",
    "What is due for {year} is not yet confirmed by the audited head count; have enrollment confirm it first.",
)
NOTHING_TO_CARRY = define(
    "subsidy_nothing_to_carry",
    409,
    "没有差额可结转",
    "Nothing to carry on",
    "{year} 年度各级补助应到与已到相符,没有差额可结转。",
    "What was due for {year} has arrived to the fen at every level: there is no difference to carry on.",
)
ADVANCE_EXCEEDED = define(
    "advance_return_exceeds",
    409,
    "超过尚在的周转金",
    "More than the advance",
    "已拨未退的周转金为 {granted} 元,不能退回 {amount} 元。",
    "{granted} of the advance are granted and not given back; {amount} is too much.",
)
TRANSFER_OF_APPLICATION = define(
    "transfer_of_application",
    409,
    "属于回补申请",
    "Part of an application",
    "划转 {transfer} 属于已批准的回补申请,不能单独撤销。",
    "Transfer {transfer} belongs to an approved application and is not given up alone.",
)
