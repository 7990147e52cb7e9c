"""What visits and claims refuse, and what the caller can do about it.

Longer than most: every refusal stands here with both its texts, and nothing else does.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from services.claims.benefits.engine import BadClaim
from services.claims.benefits.model import REFUSALS, Outcome
from services.claims.benefits.words import CIRCUMSTANCES, word
from shared.kernel.errors import Problem, ProblemType, Words, define

FIELD_WORDS: Mapping[str, Words] = MappingProxyType(
    {"admitted_at": ("入院时间", "admitted_at"), "discharged_at": ("出院时间", "discharged_at")}
)
STATUS_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "settled": ("已结算", "settled"),
        "approved": ("已审核", "approved"),
        "rejected": ("已拒付", "rejected"),
        "returned": ("已退回", "returned"),
        "cancelled": ("已取消", "cancelled"),
        "released": ("已放行", "released"),
        "reversed": ("已冲销", "reversed"),
    }
)
"""What the states of a claim are called."""
VISIT_WORDS: Mapping[tuple[str, str], Words] = MappingProxyType(
    {
        ("inpatient", "registered"): ("住院中", "in hospital"),
        ("inpatient", "discharged"): ("已出院", "discharged"),
        ("outpatient", "registered"): ("门诊", "an outpatient visit"),
        ("outpatient", "discharged"): ("门诊", "an outpatient visit"),
        ("inpatient", "withdrawn"): ("登记已撤回", "withdrawn"),
        ("outpatient", "withdrawn"): ("登记已撤回", "withdrawn"),
    }
)
DISCHARGE: Words = ("办理出院", "discharge")
BAD_CLAIM_ZH: Mapping[str, str] = MappingProxyType(
    {
        "discharged before admitted": "出院早于入院",
        "amount and quantity must not be negative": "金额和数量不能为负",
        "two lines have the same number": "有两行明细的行号相同",
        "the amount from the family account must not be negative": "家庭账户支付的金额不能为负",
        "lines of two years are settled in a part for each year": (
            "这一行的费用属于另一年度。方案按费用发生日期归年:先把上一年度的费用作中途结算,再结算其余"
        ),
        "a basic settlement made elsewhere comes without lines": "在别处做的基本结算不能带明细",
        "the amounts of elsewhere must be benefit ≤ eligible ≤ total, over the cap ≤ the rest, none negative": (
            "在别处做的基本结算,补偿不得超过可补费用,可补费用不得超过总额,封顶线以上的不得超过没有补偿的,都不能为负"
        ),
    }
)
"""The Chinese of what the engine finds contradictory; a test holds it complete."""

CASE_OUTCOMES: Mapping[str, Words] = MappingProxyType(
    {
        "stands": ("结算维持", "the settlement stands"),
        "restored": ("参合已恢复", "coverage was restored"),
        "repaid": ("已退还基金", "repaid to the fund"),
        "handed_over": ("移送追究", "handed over"),
    }
)
"""What may come of a case of coverage withdrawn after a settlement."""
COVERAGE_CASE_UNKNOWN = define(
    "coverage_case_unknown",
    404,
    "没有这个案件",
    "No such case",
    "没有案件 {case_id},请核对编号。",
    "There is no case {case_id}: check the number.",
)
COVERAGE_CASE_CLOSED = define(
    "coverage_case_closed",
    409,
    "案件已经办结",
    "The case is closed",
    "案件 {case_id} 已经办结,不能再改;处理结果见清单。",
    "Case {case_id} is closed and cannot be changed; the list tells its outcome.",
)
VISIT_UNKNOWN = define(
    "visit_unknown",
    404,
    "没有这次就诊",
    "No such visit",
    "本机构没有就诊 {visit_id},请先登记就诊或核对编号。",
    "Your institution has no visit {visit_id}: register it first or check the number.",
)
VISIT_EXISTS = define(
    "visit_exists",
    409,
    "就诊编号已被使用",
    "The visit id is in use",
    "就诊 {visit_id} 已按其他内容登记;登记后不能改动,请换一个编号。",
    "Visit {visit_id} was registered with other facts; it cannot be changed, use another id.",
)
VISIT_NUMBER_USED = define(
    "visit_number_used",
    409,
    "院内就诊号已被使用",
    "The hospital's own number is in use",
    "院内就诊号 {number} 已属于就诊 {visit_id};请继续办理该就诊,或核对院内就诊号。",
    "The hospital's number {number} belongs to visit {visit_id} already: go on with that one, or check the number.",
)
VISIT_STATE = define(
    "visit_state",
    409,
    "就诊状态不允许",
    "The visit is in another state",
    "就诊 {visit_id} 目前是“{status}”,不能{act};请先查询该就诊,核对编号和状态。",
    "Visit {visit_id} is {status}: one cannot {act} it. Read the visit and check its id and state.",
)
VISIT_NOT_DISCHARGED = define(
    "visit_not_discharged",
    409,
    "尚未办理出院",
    "Not discharged yet",
    "住院就诊 {visit_id} 要先办理出院才能结算。",
    "Discharge the inpatient visit {visit_id} before settling it.",
)
VISIT_NOT_YOURS = define(
    "visit_not_yours",
    403,
    "不由您经办的就诊",
    "Another desk enters this visit",
    "医院经办床边结算的就诊,窗口经办病人垫付后送来票据的就诊;就诊 {visit_id} 不属于您这一类。",
    "Hospitals enter the visits they settle at the bedside, the window those whose papers a patient brought; visit "
    "{visit_id} is of the other kind.",
)
INVOICE_USED = define(
    "invoice_used",
    409,
    "票据已经用过",
    "The invoice was used before",
    "票据 {numbers} 已用于另一次补偿;请核对原件。这次登记已记录,县合管办在重复票据清单里可以看到。",
    "Invoices {numbers} were used for another benefit; check the originals. The attempt is kept for the county office.",
)
VISIT_WITHDRAWN = define(
    "visit_withdrawn",
    409,
    "登记已经撤回",
    "The registration was withdrawn",
    "就诊 {visit_id} 的登记已经撤回;请用新的编号重新登记。",
    "The registration of visit {visit_id} was withdrawn: register it anew under another id.",
)
NOT_OF_THE_WINDOW = define(
    "not_of_the_window",
    409,
    "不是窗口受理的就诊",
    "Not accepted at the window",
    "就诊 {visit_id} 不是凭材料在窗口受理的,没有受理回执;请核对编号,由经办的医疗机构办理。",
    "Visit {visit_id} was not accepted at the window and has no slip: check the id, or let its hospital go on.",
)
SLIP_UNKNOWN = define(
    "slip_unknown",
    404,
    "没有这张受理回执",
    "No such acceptance slip",
    "没有编号为 {number} 的受理回执,请核对回执上的编号。",
    "There is no slip with number {number}: check the number on the paper.",
)
PAPERS_MISSING = define(
    "papers_missing",
    409,
    "材料不全",
    "Papers are missing",
    "就诊 {visit_id} 还缺“{papers}”;请一次补齐后登记补交,再结算。",
    "Visit {visit_id} still lacks “{papers}”: have all of them brought, record them and settle then.",
)
GIVEN_TOO_MANY = define(
    "elsewhere_too_many",
    413,
    "行数过多",
    "Too many rows",
    "文件有 {count} 行,一次最多 {limit} 行;请拆分后分别上传,什么都没有登记。",
    "The file has {count} rows, of which {limit} at most are taken at once: split it. Nothing was recorded.",
)
GIVEN_REFUSED = define(
    "elsewhere_refused",
    422,
    "这笔结算不能登记",
    "The settlement cannot be entered",
    "“errors”列出不合适的内容;请更正后重发,什么都没有登记。",
    "What does not fit is listed in errors; nothing was recorded.",
)
WINDOW_STAY = define(
    "window_stay",
    422,
    "出院日期不对",
    "The discharge does not fit",
    "窗口只受理已结束的就诊:住院要写出院时间,门诊不写。",
    "The window takes care that is over: a stay states its discharge, an outpatient visit none.",
)
ACCOUNT_NOT_SERVED = define(
    "account_not_served",
    422,
    "家庭账户不能支付",
    "The family account does not pay this",
    "方案“{policy}”{why},就诊 {visit_id} 不能从家庭账户支付;请去掉从家庭账户支付的金额后重新办理。",
    "Policy {policy} {why}: visit {visit_id} cannot be paid from it. Send the request again without from_account.",
)
NOT_A_NEWBORN = define(
    "not_a_newborn",
    422,
    "就诊人不是新生儿",
    "Not a newborn",
    "只有出生一年以内的婴儿可以写明母亲;就诊人 {birth_date} 出生,请去掉母亲后重新登记。",
    "Only a child within a year of its birth names its mother; this one was born on {birth_date}: leave her out.",
)
NOT_MIDWAY = define(
    "not_midway",
    409,
    "不能中途结算",
    "Not to be settled midway",
    "就诊 {visit_id} 不能作中途结算:中途结算只用于还没有出院的住院,或方案按费用发生日期归年时跨年住院的上一年度费用,"
    "且不能在别处已结算的基础上办理。",
    "Visit {visit_id} is no stay that goes on: midway settlement is for an inpatient who has not left, or for the "
    "costs of the earlier year of a stay over the year end where the policy goes by the days of the lines; and not for "
    "one that was settled elsewhere.",
)
VISIT_SETTLED = define(
    "visit_settled",
    409,
    "就诊已经结算",
    "The visit is settled",
    "就诊 {visit_id} 已由结算 {claim_id} 结清;需要改动时先取消该结算。",
    "Visit {visit_id} is settled by claim {claim_id}; cancel that first to change anything.",
)
DISCHARGE_BEFORE_ADMISSION = define(
    "discharge_before_admission",
    422,
    "出院早于入院",
    "Discharged before admitted",
    "出院时间 {discharged_at} 早于入院时间 {admitted_at},请核对。",
    "The discharge {discharged_at} lies before the admission {admitted_at}: check both.",
)
TIME_AHEAD = define(
    "time_ahead",
    422,
    "时间超前",
    "The time lies ahead",
    "{field}比现在晚十分钟以上,请核对医院时钟。",
    "{field} lies more than ten minutes ahead: check the hospital's clock.",
)
BAD_TIME = define(
    "bad_time",
    422,
    "时间写法不对",
    "Not a time",
    "{field}不是有效的时间,请写成 2010-03-01T08:30(北京时间)或带时区。",
    "{field} is not a time: write 2010-03-01T08:30 (Shanghai time) or add an offset.",
)
LINE_AMOUNT = define(
    "line_amount",
    422,
    "明细金额与单价乘数量不符",
    "A line is not price × quantity",
    "第 {line} 行金额 {amount} 与单价×数量 {computed} 相差超过一分,请更正该行。",
    "Line {line}: the amount {amount} is more than one fen off price × quantity {computed}; correct it.",
)
LINE_NEGATIVE = define(
    "line_negative",
    422,
    "明细金额为负",
    "A line is negative",
    "第 {line} 行的数量或金额为负;退费请从明细中去掉该行,不要记负数;已上传的,先撤回那次上传再传。",
    "Line {line} has a negative quantity or amount; leave out what was refunded, and withdraw the upload that has it.",
)
LINE_TOO_LARGE = define(
    "line_too_large",
    422,
    "明细金额过大",
    "A line is too large",
    "到第 {line} 行,金额合计超过 {limit} 元,请核对该行的单价、数量和金额。",
    "With line {line} the amounts exceed {limit} yuan: check its price, quantity and amount.",
)
LINE_OUTSIDE_STAY = define(
    "line_outside_stay",
    422,
    "明细日期不在就诊期间",
    "A line is dated outside the visit",
    "第 {line} 行的日期 {day} 不在就诊期间({first} 至 {last})内,请核对;已上传的,先撤回那次上传再传。",
    "Line {line} is dated {day}, outside the visit ({first} to {last}): check it, and withdraw the upload that has it.",
)
SHEET_UNKNOWN = define(
    "sheet_unknown",
    404,
    "没有这次上传",
    "No such upload",
    "就诊 {visit_id} 没有第 {sheet} 次上传的明细,请查询该就诊的上传清单。",
    "Visit {visit_id} has no upload {sheet} of fee lines: read the list of its uploads.",
)
BILL_EMPTY = define(
    "bill_empty",
    422,
    "没有费用",
    "Nothing to settle",
    "就诊 {visit_id} 没有费用明细或合计为零,请先上传明细。",
    "Visit {visit_id} has no fee lines or adds up to nothing.",
)
BILL_TWICE = define(
    "bill_twice",
    422,
    "明细给了两次",
    "Lines were given twice",
    "就诊 {visit_id} 已上传过明细,结算时不要再带明细;上传有误的,先撤回该次上传。",
    "Visit {visit_id} has uploaded lines: settle it without lines, or withdraw the uploads first.",
)
BILL_TOO_LONG = define(
    "bill_too_long",
    422,
    "明细太多",
    "Too many lines",
    "一次就诊最多 {limit} 行明细,请合并相同的项目后重新上传。",
    "A visit has at most {limit} lines: put the same items together and upload them again.",
)
MEMBER_UNKNOWN = define(
    "member_unknown",
    404,
    "没有这名参合人员",
    "No such member",
    "统筹区 {pool_code} 没有这名参合人员,请核对身份证号或到乡镇经办点登记。",
    "Pool {pool_code} has no such member: check the ID number, or register at the township.",
)
ENROLLMENT_SILENT = define(
    "enrollment_silent",
    503,
    "暂时无法核实参合状态",
    "Coverage cannot be confirmed now",
    "参合系统没有及时答复,什么都没有改动;请稍后用同一个键重发。",
    "Enrollment gave no answer in time and nothing was changed; send it again shortly with the same key.",
)
POLICY_UNDECIDED = define(
    "policy_undecided",
    404,
    "没有这个经决定的方案",
    "No such decided policy",
    "没有编号为 {policy_id} 的经决定的方案;只有决定以后的方案才能列出此前结算的差额。",
    "There is no decided policy {policy_id}: differences are listed once a version is decided.",
)
POLICY_SUPERSEDED = define(
    "policy_superseded",
    409,
    "这个方案已被更正的方案代替",
    "Another version decides these days",
    "{day} 起的方案 {policy_id} 已被同日起的方案 {in_force} 代替;请按后者列出差额、编制补差名单。",
    "Version {policy_id} of {day} was replaced by {in_force}, in force from the same day: list differences and "
    "increases by that one.",
)
CLAIM_UNKNOWN = define(
    "claim_unknown",
    404,
    "没有这笔结算",
    "No such claim",
    "没有结算 {claim_id},请核对编号。",
    "There is no claim {claim_id}: check the number.",
)
CLAIM_CANCELLED = define(
    "claim_cancelled",
    409,
    "结算已经取消",
    "The claim is cancelled",
    "结算 {claim_id} 已经取消过,不必再办;就诊可以重新结算。",
    "Claim {claim_id} was cancelled before: nothing is left to do, and its visit can be settled again.",
)
INCREASE_UNPAID = define(
    "increase_unpaid",
    409,
    "补差尚未付清",
    "An increase of the claim is not paid yet",
    "结算 {claim_id} 的补差已批准,银行尚未确认付款,现在不能冲销;请在银行确认付款后再办理。",
    "What an approved list gives more for claim {claim_id} is approved, and the bank has not confirmed its payment: it "
    "cannot be reversed now. Try again once the bank has confirmed it.",
)
CLAIM_RELEASED = define(
    "claim_released",
    409,
    "结算已放行付款",
    "The claim is released for payment",
    "结算 {claim_id} 已放行付款,尚未全部付清或银行尚无结果,现在不能取消;"
    "请在银行确认付款后,由县合管办两人放行,再办理取消。",
    "Claim {claim_id} is released for payment and not yet paid in full, or the bank has not answered: it cannot be "
    "cancelled now. Once the bank confirms the payment, two persons of the county office release the cancellation.",
)
CLAIM_PAID = define(
    "claim_paid",
    409,
    "结算已付款",
    "The claim is paid",
    "结算 {claim_id} 的补偿款已付,须由县合管办两人放行后才能取消;请凭原因和文件向县合管办提出。",
    "The benefit of claim {claim_id} is paid: two persons of the county office release its cancellation first. Bring "
    "them the reason and the document.",
)
BENEFIT_YEAR_CLOSED = define(
    "benefit_year_closed",
    409,
    "待遇年度已关闭",
    "The benefit year is closed",
    "结算 {claim_id} 属于已关闭的 {year} 年度,医院不能取消;请到经办窗口更正,由县合管办放行后在窗口办理。",
    "Claim {claim_id} is of the benefit year {year}, which is closed: it is corrected at the window alone, once the "
    "county office has released it.",
)
LATER_CLAIM = define(
    "later_claim",
    409,
    "有后续结算",
    "A later claim stands on it",
    "参合人之后的结算 {later_claim_id} 建立在这笔结算的累计数上,请先取消它。",
    "The later claim {later_claim_id} of the same person stands on what this one counted; cancel that first.",
)
LATER_CLAIM_ELSEWHERE = define(
    "later_claim_elsewhere",
    409,
    "外院有后续结算",
    "A later claim of another hospital stands on it",
    "参合人之后在另一家医疗机构有结算建立在这笔的累计数上;请县合管办放行结算 {claim_id} 的取消,再重发。",
    "A later claim of another hospital stands on what claim {claim_id} counted; have the county office release its "
    "cancellation and send it again.",
)
BAD_CLAIM = define(
    "bad_claim",
    422,
    "结算内容自相矛盾",
    "The claim contradicts itself",
    "无法结算:{reason}。请更正后重发。",
    "It cannot be decided: {reason}. Correct it and send it again.",
)
_REFUSED = {
    Outcome.POLICY_NOT_IN_FORCE: ("当日补偿方案不适用", "The policy was not in force on that day"),
    Outcome.NOT_COVERED: ("入院当日未参合", "Not covered on the day of admission"),
    Outcome.WAITING: ("仍在等待期内", "Still in the waiting period"),
    Outcome.KIND_NOT_COVERED: ("方案不含此类就诊", "The policy does not cover this kind of care"),
    Outcome.INSTITUTION_SUSPENDED: ("医疗机构已暂停服务", "The institution is suspended"),
    Outcome.INSTITUTION_NOT_DESIGNATED: ("医疗机构未定点此类服务", "The institution is not designated for this care"),
    Outcome.NO_RULE: ("方案没有适用的补偿条款", "No row of the policy applies"),
    Outcome.THIRD_PARTY_PENDING: ("意外伤害责任待核查", "An accident inquiry is open"),
    Outcome.THIRD_PARTY_LIABLE: ("由第三方负责", "A third party is liable"),
    Outcome.ILLUSTRATIVE_NOT_ACCEPTED: ("方案含未经认可的推定数值", "The policy has values the pool did not accept"),
    Outcome.SUBMITTED_LATE: ("材料过了受理期限", "The papers came after their deadline"),
}
PAYS_IN_FULL: Words = (
    "请由患者全额付费,并按县合管办的规定办理", "the patient pays in full; the county office tells what to do",
)  # fmt: skip
ASK_FOR_LATE: Words = (
    "确有原因的,先申请逾期受理(申请类别“逾期受理”),县合管办批准后重发",
    "where there is good reason apply for late submission (a case) and send it again once it is granted",
)
_BY_OUTCOME: dict[Outcome, ProblemType] = {
    outcome: define(
        f"refused_{outcome.value}",
        422,
        f"不予结算:{zh}",
        f"Refused: {en}",
        zh + "({facts});{todo}。",
        en + " ({facts}); {todo}.",
    )
    for outcome, (zh, en) in _REFUSED.items()
}
assert _BY_OUTCOME.keys() == REFUSALS


def refused(outcome: Outcome, facts: Words, todo: Words = PAYS_IN_FULL) -> Problem:
    """The refusal of a claim that lies outside the policy; ``facts`` are words, ids and dates only."""
    return _BY_OUTCOME[outcome](facts=facts, todo=ASK_FOR_LATE if outcome is Outcome.SUBMITTED_LATE else todo)


def refused_type(outcome: Outcome) -> ProblemType:
    """The kind of that refusal, for the description of a route."""
    return _BY_OUTCOME[outcome]


def undecided_words(codes: Sequence[str]) -> Words:
    """What to do about circumstances that were stated and for which the policy asks for a decided case."""
    zh, en = (
        " 和 ".join(word(CIRCUMSTANCES, code) for code in codes),
        ", ".join(word(CIRCUMSTANCES, code, "en") for code in codes),
    )
    return (
        f"{zh}须有县合管办批准的申请才计入:先提交申请,批准后重新结算,否则由患者全额付费",
        f"{en} counts by a decided case only: submit one and settle again once it is granted, or the patient pays in "
        "full",
    )


def bad_claim_words(bad: BadClaim) -> Words:
    """What contradicts itself in a claim, and in which line, in both languages."""
    english = str(bad)
    chinese = BAD_CLAIM_ZH.get(english.removeprefix(f"line {bad.line}: "), "内容自相矛盾")
    return (chinese if bad.line is None else f"第 {bad.line} 行:{chinese}"), english


BILL_AND_ELSEWHERE = define(
    "bill_and_elsewhere",
    409,
    "已在别处结算,不能再有费用明细",
    "Settled elsewhere: no fee lines",
    "就诊 {visit_id} 的基本补偿已在别处结算,照录其金额,不再收费用明细;请不带明细结算。",
    "The basic settlement of visit {visit_id} was made elsewhere and is taken as given: settle it without lines.",
)
ELSEWHERE_LINES = define(
    "elsewhere_lines",
    409,
    "已上传费用明细",
    "Fee lines were uploaded",
    "就诊 {visit_id} 已上传费用明细,不能再录入别处的基本结算;请另行登记一次就诊。",
    "Visit {visit_id} has fee lines, so no basic settlement of elsewhere can be entered: register another visit.",
)
ELSEWHERE_PERSON = define(
    "elsewhere_person",
    409,
    "不是本人的结算",
    "The settlement is another person's",
    "结算单上的身份证号码与就诊 {visit_id} 登记的人不符,请核对结算单和就诊。",
    "The ID number of the settlement is not that of the patient of visit {visit_id}: check both.",
)
ELSEWHERE_SUMS = define(
    "elsewhere_sums",
    422,
    "别处结算的金额不平",
    "The sums do not add up",
    "补偿不得超过可补偿费用,可补偿费用不得超过总费用,总费用须大于零,封顶线以上的不得超过没有补偿的;请按原结算单核对。",
    "Benefit must not exceed the eligible amount, nor that the total, which is above zero; what lies over a cap must "
    "not exceed the eligible amount that was not paid: check the original.",
)
ELSEWHERE_TWICE = define(
    "elsewhere_twice",
    409,
    "该结算已录入",
    "The settlement was entered before",
    "别处的结算 {settlement} 已录入另一次就诊,不能重复使用;请核对结算单号。",
    "Settlement {settlement} of elsewhere belongs to another visit already: check its number.",
)
OWN_MOTHER = define(
    "own_mother",
    422,
    "母亲与本人是同一人",
    "The mother is the patient",
    "新生儿的母亲须是另一位参合人员,请核对参合编号。",
    "The mother of a newborn is another member: check the number.",
)
