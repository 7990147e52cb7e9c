"""What the papers refuse, and what to do about it."""

from shared.kernel.errors import define

FORM_PERIOD = define(
    "form_period_invalid",
    422,
    "期间有误",
    "Invalid period",
    "“from”不得晚于“to”,期间最长 {days} 天。",
    "'from' is not after 'to', and a period has at most {days} days.",
)
FORM_AHEAD = define(
    "form_period_ahead",
    422,
    "期间还没有开始",
    "The period has not begun",
    "业务日是 {today},{first} 以后的账还没有;请选已经开始的期间。",
    "The business day is {today}; there are no books from {first} on. Choose a period that has begun.",
)
FORM_BOOK = define(
    "form_book_unknown",
    404,
    "没有这本账",
    "No such book",
    "该统筹地区没有账簿“{code}”;请核对账名,或先办理该账的第一笔业务。",
    "The pool has no book {code}; check its name, or enter its first business.",
)
FORM_ACCOUNT = define(
    "form_account_unknown",
    404,
    "没有这个科目",
    "No such account",
    "账簿“{code}”没有科目 {account};请核对。",
    "Book {code} has no account {account}; check it.",
)
FORM_TOO_LONG = define(
    "form_too_long",
    422,
    "内容太多",
    "Too much for one paper",
    "该期间超过 {most} 行,一张表印不下;请缩短期间。",
    "The period has more than {most} lines; choose a shorter one.",
)
FORM_TOO_MANY = define(
    "form_too_many",
    422,
    "凭证太多",
    "Too many vouchers for one document",
    "该期间超过 {most} 张凭证,一份文件印不下;请缩短期间。",
    "The period has more than {most} vouchers; choose a shorter one.",
)
FORM_EMPTY = define(
    "form_empty",
    404,
    "没有凭证可印",
    "No voucher to print",
    "{first} 至 {last} 没有记账的凭证;请核对账簿和期间。",
    "No voucher was posted from {first} to {last}; check book and period.",
)
FORM_NO_BANK = define(
    "form_not_a_bank_account",
    422,
    "不是银行账户",
    "Not a bank account",
    "{account} 不是银行账户;调节表只对银行账户编制,可用的是 {known}。",
    "{account} is no bank account; a reconciliation is made of these: {known}.",
)
