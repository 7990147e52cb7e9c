"""What the ledger refuses, and how the database's refusals become problems.

``post`` and its companions raise SQLSTATE HL001 with a stable code as message and parameters as JSON detail; a few
invariants are constraints, known by their names. Longer than most: every refusal stands here with both its texts.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from shared.http.roles import ROLE_WORDS
from shared.kernel.errors import Problem, ProblemType, Words, define
from shared.kernel.money import format_yuan

SQLSTATE = "HL001"
KEEPERS = {
    "finance": ("县财政局", "county finance"),
    "county_office": ("县合管办", "the county office"),
    "insurer": ("商业保险机构", "the insurer"),
    "township": ("乡镇", "the township"),
    "city_finance": ("市财政局", "city finance"),
    "-": ("财政局、县合管办或商业保险机构的记账人员", "those who book for finance, the county office or the insurer"),
}
"""Keepers of accounts in words (rulings §19); ``-`` of those that have none of their own."""
BOOK_WORDS = {
    "basic": ("基本基金", "basic fund"),
    "obligations": ("应付备查", "obligations"),
    "critical_illness": ("大病保险", "critical illness cover"),
    "supplementary": ("补充保险", "supplementary cover"),
    "assistance": ("医疗救助", "medical assistance"),
    "urban": ("城镇居民基金", "urban residents' fund"),
    "budget": ("预算经费", "budget money"),
    "county_budget": ("县级预算经费", "county budget money"),
}
"""Books in words; a book of another name is told by it."""


def book_words(book: str) -> Words:
    """What a book is called."""
    return BOOK_WORDS.get(book, (f"“{book}”", book))


def keeper_words(keepers: Iterable[str]) -> tuple[str, str]:
    """Several keepers in words, Chinese and English."""
    words = [KEEPERS[keeper] for keeper in keepers]
    return "、".join(zh for zh, _ in words), ", ".join(en for _, en in words)


LEDGER_FLOW_NOT_PERMITTED = define(
    "ledger_flow_not_permitted",
    422,
    "资金流向不被允许",
    "This flow of money is not permitted",
    "{book}账不允许 {flow}(借 ← 贷):基金封闭运行,费用、工资和预算不能动用基金,资金须经过财政专户。请核对科目。",
    "Book {book} does not permit {flow} (debit ← credit): the fund runs in a closed loop. Check the accounts.",
)
LEDGER_TWO_KEEPERS = define(
    "ledger_two_keepers",
    422,
    "一张凭证动用了两个管户人的账户",
    "One voucher touches accounts of two keepers",
    "{source_event}:不同管户人之间的资金先记在途,收款方银行到账后再记入账户。请分成两张凭证。",
    "{source_event}: book money between keepers as in transit until the receiver's bank shows it, in two vouchers.",
)
LEDGER_NOT_KEEPER = define(
    "ledger_not_keeper",
    403,
    "不是该账户的管户人",
    "Not the keeper of the account",
    "该账户由{keeper}管理,您的角色“{role}”不能记账。请由管户人办理。",
    "The account is kept by {keeper}; your role ({role}) cannot post to it. Ask its keeper.",
)
LEDGER_NOT_CLOSER = define(
    "ledger_not_closer",
    403,
    "不由您结账",
    "Not yours to close",
    "{code} 的账由{keeper}结账、封账,您的角色“{role}”不能办理。请由他们的人员办理。",
    "The books of {code} are closed and sealed by {keeper}; your role ({role}) cannot. Ask one of theirs.",
)
LEDGER_DAY_CLOSED = define(
    "ledger_day_closed",
    409,
    "记账日期已封账",
    "The posting day is closed",
    "{book}账已封至 {sealed_through},目前记账日为 {open_day}。请记在开放日,业务日期另填。",
    "Book {book} is sealed through {sealed_through}; its open day is {open_day}. Post there and keep the value date.",
)
LEDGER_DATE_IMPOSSIBLE = define(
    "ledger_date_impossible",
    422,
    "日期不可能",
    "This date cannot be",
    "记账、业务、建账和封账日期不能晚于 {last_day}(数据库服务器日期的次日),业务日期不能早于 2003 年,"
    "建账日不能早于 2000 年。请核对日期和系统时钟。",
    "Posting, value, first and sealed days are not after {last_day} (the day after the server's date), no value date "
    "is before 2003 and no first day before 2000. Check the dates and the system's clock.",
)
LEDGER_NOT_LATE = define(
    "ledger_not_late",
    422,
    "不是迟到的业务",
    "This fact is not late",
    "{book}账结账至 {closed_through},业务日期在其后的凭证不是迟到。请按正常业务记账。",
    "Book {book} is closed through {closed_through}; a later value date is not late. Post it as an ordinary one.",
)
LEDGER_KEY_UNKNOWN = define(
    "ledger_key_unknown",
    409,
    "封账密钥未登记",
    "The sealing key is not registered",
    "密钥 {key} 未在数据库登记,不能封账。更换密钥时,请数据库所有者先登记新密钥的编号。",
    "Key {key} is not registered in the database. When keys are changed, the database's owner registers the new id "
    "first.",
)
LEDGER_OVERDRAWN = define(
    "ledger_overdrawn",
    409,
    "账户余额不足",
    "The account has not enough money",
    "{book}账 {account} 可用余额 {available} 元(已扣除冻结),本次需要 {change} 元。请先补足或减少金额。",
    "Account {account} of {book} has {available} yuan available after holds; this would change it by {change}.",
)
LEDGER_SOURCE_POSTED = define(
    "ledger_source_posted",
    409,
    "该业务已经记账",
    "This source was booked before",
    "同一业务在一本账中只能记一次。请查询已有凭证;更正请做冲销凭证。",
    "A source event is booked once in a book. Look up its voucher; correct it by a reversal.",
)
LEDGER_REVERSED_ALREADY = define(
    "ledger_reversed_already",
    409,
    "该凭证已被冲销",
    "The voucher was reversed before",
    "一张凭证只能冲销一次。请查询冲销凭证。",
    "A voucher is reversed once. Look up the reversal.",
)
LEDGER_REVERSAL_DIFFERS = define(
    "ledger_reversal_differs",
    422,
    "冲销凭证与原凭证不对应",
    "The reversal does not mirror its voucher",
    "冲销第 {reversal_of} 号凭证须逐行借贷对调、金额相同。",
    "Reverse voucher {reversal_of} line by line, sides swapped.",
)
LEDGER_TWO_PERSONS = define(
    "ledger_two_persons",
    403,
    "制单与复核须为两人",
    "Preparer and checker must be two persons",
    "请由另一人复核后再记账。",
    "Let another person check the voucher.",
)
LEDGER_HOLD_INVALID = define(
    "ledger_hold_invalid",
    409,
    "冻结不存在、已结束或金额不符",
    "The hold is unknown, ended, or smaller than the voucher",
    "冻结 {hold_id} 只能结束一次,记账金额不能超过冻结金额。请核对。",
    "Hold {hold_id} ends once and covers at most its amount. Check it.",
)
LEDGER_HOLD_EXISTS = define(
    "ledger_hold_exists",
    409,
    "冻结编号重复",
    "A hold with this id exists",
    "请使用新的冻结编号。",
    "Use a new id for a new hold.",
)
LEDGER_BOOK_UNKNOWN = define(
    "ledger_book_unknown",
    404,
    "没有这本账",
    "No such book",
    "统筹地区 {pool_code} 没有{book}账簿。请先建账。",
    "Pool {pool_code} has no book {book}. Open it first.",
)
LEDGER_VOUCHER_UNKNOWN = define(
    "ledger_voucher_unknown",
    404,
    "没有这张凭证",
    "No such voucher",
    "{book}账没有第 {number} 号凭证。",
    "Book {book} has no voucher {number}.",
)
LEDGER_PAPER_ATTACHED = define(
    "ledger_paper_attached",
    409,
    "该单据已经附在凭证上",
    "The document is attached already",
    "{book}账第 {number} 号凭证已附有校验值相同的单据。请核对是否重复。",
    "Voucher {number} of {book} has a document of this hash. Check whether it is the same.",
)
LEDGER_FILTER_NEEDED = define(
    "ledger_filter_needed",
    422,
    "查询条件不支持",
    "This combination of filters cannot be served",
    "请使用:{filters}。期间须同时给出起止日期(记账日期)。",
    "Use: {filters}. A period needs both dates (posting dates).",
)
LEDGER_ACCOUNT_UNKNOWN = define(
    "ledger_account_unknown",
    404,
    "没有这个科目",
    "No such account",
    "{book}账没有可用的科目 {account}。请查看会计科目表。",
    "Book {book} has no such account {account}; see its chart.",
)
LEDGER_CHART_UNKNOWN = define(
    "ledger_chart_unknown",
    422,
    "没有这套科目",
    "No such chart of accounts",
    "没有科目表 {chart}。",
    "There is no chart {chart}.",
)
LEDGER_VIEW_UNKNOWN = define(
    "ledger_view_unknown",
    422,
    "不能按这套科目列示",
    "The book cannot be shown in this chart",
    "{book}账不能按 {chart} 列示;可用的科目表:{charts}。",
    "Book {book} cannot be shown in {chart}; these can be used: {charts}.",
)
LEDGER_FIRST_DAY_AHEAD = define(
    "ledger_first_day_ahead",
    422,
    "建账日期还没有到",
    "The first day of the book is ahead",
    "建账日期 {first_day} 晚于业务日 {today}。请填业务日或更早的日期。",
    "The first day {first_day} is after the business day {today}; name that day or an earlier one.",
)
LEDGER_BOOK_NOT_UNDER_CODE = define(
    "ledger_book_not_under_code",
    422,
    "账簿不在这个代码名下",
    "The book does not stand under this code",
    "{book}账不能建在 {code} 名下:市级预算账只建在市的代码(末两位是零)名下,其他账只建在统筹区名下。请核对代码。",
    "Book {book} is not opened under {code}: a city's budget stands under the city's code (ending in 00), every other "
    "book under a pool's. Check the code.",
)
LEDGER_BOOK_OPEN_ALREADY = define(
    "ledger_book_open_already",
    409,
    "账簿已经建立",
    "The book is open already",
    "{book}账自 {first_day} 起已经建立,建账日期不能更改。",
    "Book {book} is open from {first_day}; its first day does not change.",
)
LEDGER_ENTRY_NOT_SEALED = define(
    "ledger_entry_not_sealed",
    409,
    "该凭证的记账日尚未封账",
    "The voucher's day is not sealed yet",
    "{book}账第 {number} 号凭证记在 {day},该日封账后才有证明。请封账后再取。",
    "Voucher {number} of {book} is posted on {day}: there is a proof once that day is sealed. Ask again then.",
)
LEDGER_AMOUNT_INVALID = define(
    "ledger_amount_invalid",
    422,
    "金额须大于零",
    "Amounts must be greater than zero",
    "请检查凭证 {source_event} 的金额。",
    "Check the amounts of {source_event}.",
)
LEDGER_TEXT_INVALID = define(
    "ledger_text_invalid",
    422,
    "摘要中含有制表符或换行",
    "A text holds a tab or line break",
    "请删除制表符和换行后重试。",
    "Remove tabs and line breaks.",
)
LEDGER_REFS_DIFFER = define(
    "ledger_refs_differ",
    422,
    "一张凭证只能有一个业务编号",
    "A voucher has one business number",
    "凭证 {source_event} 的分录写了不同的业务编号。请按业务分成几张凭证。",
    "The postings of {source_event} bear different business numbers; make a voucher of each.",
)
LEDGER_VOUCHER_INVALID = define(
    "ledger_voucher_invalid",
    422,
    "凭证不完整",
    "The voucher is incomplete",
    "凭证不完整(规则“{constraint}”)。请补全来源、摘要、经办人和分录。",
    "The voucher breaks {constraint}. Complete it.",
)
LEDGER_SEALED_ALREADY = define(
    "ledger_sealed_already",
    409,
    "该日已封账",
    "The day is sealed already",
    "账簿已封至 {sealed_through},{day} 不能再封。",
    "The book is sealed through {sealed_through}; {day} is sealed.",
)
LEDGER_SEAL_EARLIER_FIRST = define(
    "ledger_seal_earlier_first",
    409,
    "请先封更早的日子",
    "Seal the earlier day first",
    "{earlier} 有凭证未封账。请先封 {earlier},再封 {day}。",
    "{earlier} has vouchers and is not sealed. Seal it before {day}.",
)
LEDGER_SEAL_NOT_YET = define(
    "ledger_seal_not_yet",
    409,
    "这一天还没有到",
    "This day has not come",
    "业务日为 {today},不能封 {day}。",
    "The business day is {today}; {day} cannot be sealed yet.",
)
LEDGER_SEALED_BY_CLOSE = define(
    "ledger_sealed_by_close",
    409,
    "该账随日结封账",
    "The day's close seals this book",
    "{book}账在日结时先记当日的应付变动再封账,不能单独封账。请办理日结。",
    "The day's close books what is owed at its end in {book} and then seals it; close the day instead.",
)
LEDGER_PERIOD_CLOSED = define(
    "ledger_period_closed",
    409,
    "该月已结账",
    "The month is closed already",
    "已结账至 {closed_through};结账后不能重开。",
    "Closed through {closed_through}; reopening does not exist.",
)
LEDGER_PERIOD_NOT_SEALED = define(
    "ledger_period_not_sealed",
    409,
    "该月尚未全部封账",
    "The month is not sealed to its end",
    "账簿封至 {sealed_through},须先封至 {needed} 才能结账。",
    "Sealed through {sealed_through}; seal through {needed} first.",
)
LEDGER_SCOPE = define(
    "ledger_scope",
    403,
    "不在权限范围内的统筹地区",
    "The pool is outside the scope",
    "当前权限不包括 {pool_code}。",
    "The scope does not include {pool_code}.",
)
LEDGER_OPENED_ALREADY = define(
    "ledger_opened_already",
    409,
    "账簿已开始记账",
    "The book has begun",
    "{book}账已有日常凭证,不能再记期初余额。更正请做更正凭证。",
    "Book {book} has ordinary vouchers; opening balances come before them. Correct by a correcting voucher.",
)
LEDGER_STAGING_INVALID = define(
    "ledger_staging_invalid",
    500,
    "暂存凭证无效",
    "The staged vouchers are invalid",
    "系统暂存的凭证不完整,未记账。请联系运维。",
    "The staged vouchers are malformed; nothing was booked. Tell the operator.",
)

_BY_CODE = {kind.code: kind for kind in globals().values() if isinstance(kind, ProblemType)}
_BY_CONSTRAINT = {
    "voucher_source_event": LEDGER_SOURCE_POSTED,
    "voucher_reversed_once": LEDGER_REVERSED_ALREADY,
    "voucher_two_persons": LEDGER_TWO_PERSONS,
    "balance_not_negative": LEDGER_OVERDRAWN,
    "hold_pkey": LEDGER_HOLD_EXISTS,
    "hold_end_pkey": LEDGER_HOLD_INVALID,
}


@contextmanager
def refused_by_the_database() -> Iterator[None]:
    """Turns refusals of the ledger's functions into problems; every other database error passes."""
    try:
        yield
    except asyncpg.PostgresError as error:
        problem = as_problem(error)
        if problem is None:
            raise
        raise problem from error


def as_problem(error: asyncpg.PostgresError) -> Problem | None:
    """The problem of a refusal of the ledger; None for an error that is not one."""
    if error.sqlstate == SQLSTATE and str(error.args[0]) in _BY_CODE:
        return _BY_CODE[str(error.args[0])](**_params(error.detail))
    constraint = getattr(error, "constraint_name", None)
    if constraint in _BY_CONSTRAINT:
        return _BY_CONSTRAINT[constraint]()
    if error.sqlstate == "23514" and constraint and constraint.startswith(("voucher_", "posting_")):
        return LEDGER_VOUCHER_INVALID(constraint=constraint)
    return None


def _params(detail: str | None) -> dict[str, Any]:
    params: dict[str, Any] = json.loads(detail or "{}")
    for name in ("available", "change"):
        if f"{name}_fen" in params:
            params[name] = format_yuan(params[f"{name}_fen"])
    for name, words in (("keeper", KEEPERS), ("book", BOOK_WORDS), ("role", ROLE_WORDS)):
        if name in params:
            params[name] = words.get(params[name], params[name])
    return params
