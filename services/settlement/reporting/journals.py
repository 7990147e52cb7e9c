"""Journals, detail and general ledger, voucher lists, late facts: line by line from the book (pure)."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from services.settlement.funding.accounts import BASIC, FLOAT, TOWNSHIP_HELD
from services.settlement.reporting.form import Column, Form, Row, period_zh
from services.settlement.reporting.voucher_form import hand, voucher_number

_CASH, _BANK = ("cash_journal", "现金日记账", "Cash journal"), ("bank_journal", "银行存款日记账", "Bank journal")
_DETAIL = ("detail_ledger", "明细账", "Detail ledger")
CASH_ACCOUNTS: Mapping[str, frozenset[str]] = MappingProxyType({BASIC: frozenset({TOWNSHIP_HELD, FLOAT})})
"""The scheme's cash by book: what collectors of the townships hold, and the townships' float for payouts."""


@dataclass(frozen=True, slots=True)
class AccountSpan:
    """An account of a book and a period of it; ``opening`` in fen with the sign of its normal side."""

    book: str
    book_zh: str
    account: str
    name_zh: str
    normal_side: str
    first: date
    last: date
    opening: int


def _side(normal_side: str, balance: int) -> str:
    """Which side a balance stands on."""
    if not balance:
        return "平"
    return "借" if (normal_side == "debit") == (balance > 0) else "贷"


def account_journal(span: AccountSpan, entries: Sequence[Any], names: Mapping[str, str], banks: frozenset[str]) -> Form:
    """日记账 or 明细账 of an account: each posting with the balance after it, sums by month.

    ``entries`` are in the order of vouchers; ``names`` are the chart's; ``banks`` are the accounts at banks.
    """
    sign = 1 if span.normal_side == "debit" else -1
    lines = [_line(span, None, "", "期初余额", "", None, None, span.opening, strong=True)]
    balance, debits, credits = span.opening, 0, 0
    month_debits = month_credits = 0
    for number, entry in enumerate(entries):
        debit = entry["amount_fen"] if entry["debit"] == span.account else 0
        credit = entry["amount_fen"] if entry["credit"] == span.account else 0
        other = entry["credit"] if debit else entry["debit"]
        balance += sign * (debit - credit)
        debits, credits = debits + debit, credits + credit
        month_debits, month_credits = month_debits + debit, month_credits + credit
        told = f"{other} {names.get(other, '')}"
        lines.append(
            _line(span, entry["posting_date"], voucher_number(entry), entry["text"], told, debit, credit, balance)
        )
        if number + 1 == len(entries) or entries[number + 1]["month"] != entry["month"]:
            title = f"{entry['month']:%Y-%m} 本月合计"
            lines.append(_line(span, None, "", title, "", month_debits, month_credits, balance, strong=True))
            month_debits = month_credits = 0
    lines.append(_line(span, None, "", "期末余额", "", debits, credits, balance, strong=True))
    code, zh, en = (
        _CASH if span.account in CASH_ACCOUNTS.get(span.book, ()) else _BANK if span.account in banks else _DETAIL
    )
    return Form(
        code,
        zh,
        en,
        period_zh(span.first, span.last),
        (
            Column("day", "日期", "day", "date", 11),
            Column("voucher", "凭证号", "voucher", "text", 14),
            Column("summary", "摘要", "summary", "text", 26),
            Column("other", "对方科目", "other account", "text", 26),
            Column("debit", "借方", "debit", weight=14),
            Column("credit", "贷方", "credit", weight=14),
            Column("side", "方向", "side", "text", 6),
            Column("balance", "余额", "balance", weight=15),
        ),
        lines,
        in_words=("期末余额", balance),
        about_zh=f"{span.book_zh} {span.account} {span.name_zh}",
    )


def _line(
    span: AccountSpan,
    day: date | None,
    number: str,
    text: str,
    other: str,
    debit: int | None,
    credit: int | None,
    balance: int,
    *,
    strong: bool = False,
) -> Row:
    sums = (debit, credit) if strong else (debit or None, credit or None)
    side = _side(span.normal_side, balance)
    return Row((day, number, text, other, *sums, side, abs(balance)), strong)


def ledger_index(
    title_zh: str, first: date, last: date, rows: Sequence[Any], counts: Mapping[str, int], printed: Set[str]
) -> Form:
    """明细账目录: every account that moved, how many lines it has, and whether its ledger is in this package.

    ``rows`` are those of the turnover; accounts not in ``printed`` are too long for it and printed one by one.
    """
    lines = [
        Row(
            (
                row["account"],
                row["name_zh"],
                counts[row["account"]],
                row["debit"],
                row["credit"],
                "已附" if row["account"] in printed else "另印",
            )
        )
        for row in rows
        if row["account"] in counts
    ]
    missing = len(lines) - len(printed & counts.keys())
    return Form(
        "ledger_index",
        "日记账、明细账目录",
        "Journals and detail ledgers",
        period_zh(first, last),
        (
            Column("account", "科目编码", "account", "text", 12),
            Column("name", "科目名称", "name", "text", 34),
            Column("lines", "笔数", "lines", "count", 10),
            Column("debit", "借方发生额", "debits", weight=18),
            Column("credit", "贷方发生额", "credits", weight=18),
            Column("told", "所在", "where", "text", 8),
        ),
        lines,
        (f"{missing} 个科目行数太多,须按科目、分段另印明细账。",) if missing else (),
        about_zh=title_zh,
    )


def general_ledger(title_zh: str, first: date, last: date, rows: Sequence[Any], year: Mapping[str, Any]) -> Form:
    """总账: of every account the opening balance, the sums of each month, the balance after it, and the year so far.

    ``rows`` (account, name_zh, normal_side, month or None for what was before, debit_fen, credit_fen) are in the order
    of accounts and months, what was before first; ``year`` has each account's turnover from 1 January to the last day.
    """
    lines: list[Row] = []
    account, balance = "", 0
    for number, row in enumerate(rows):
        if row["account"] != account:
            account, balance = row["account"], 0
        net = row["debit_fen"] - row["credit_fen"]
        balance += net if row["normal_side"] == "debit" else -net
        side = _side(row["normal_side"], balance)
        if row["month"] is None:
            lines.append(Row((account, row["name_zh"], "期初余额", None, None, side, abs(balance)), strong=True))
        else:
            sums = (row["debit_fen"], row["credit_fen"])
            lines.append(Row((account, row["name_zh"], f"{row['month']:%Y-%m}", *sums, side, abs(balance))))
        if number + 1 == len(rows) or rows[number + 1]["account"] != account:
            sums = (year[account]["debit"], year[account]["credit"])
            lines.append(Row((account, row["name_zh"], "本年累计", *sums, side, abs(balance)), strong=True))
    return Form(
        "general_ledger",
        "总账",
        "General ledger",
        period_zh(first, last),
        (
            Column("account", "科目编码", "account", "text", 10),
            Column("name", "科目名称", "name", "text", 28),
            Column("month", "月份", "month", "text", 11),
            Column("debit", "借方发生额", "debits", weight=17),
            Column("credit", "贷方发生额", "credits", weight=17),
            Column("side", "方向", "side", "text", 6),
            Column("balance", "余额", "balance", weight=17),
        ),
        lines,
        about_zh=title_zh,
    )


def voucher_list(title_zh: str, first: date, last: date, vouchers: Sequence[tuple[Any, Sequence[Any]]]) -> Form:
    """记账凭证: each voucher with its postings and hands."""
    lines, total = [], 0
    for voucher, postings in vouchers:
        head = (voucher_number(voucher), voucher["posting_date"], voucher["value_date"])
        hands = (hand(voucher["preparer"]), hand(voucher["checker"]), hand(voucher["poster"]))
        for number, posting in enumerate(postings):
            total += posting["amount_fen"]
            mine = head if not number else ("", None, None)
            by = hands if not number else ("", "", "")
            text = posting["memo"] or voucher["text"]
            lines.append(Row((*mine, text, posting["debit"], posting["credit"], posting["amount_fen"], *by)))
    return Form(
        "vouchers",
        "记账凭证清单",
        "Vouchers",
        period_zh(first, last),
        (
            Column("voucher", "凭证号", "voucher", "text", 13),
            Column("posting_date", "记账日期", "posted", "date", 11),
            Column("value_date", "业务日期", "value date", "date", 11),
            Column("summary", "摘要", "summary", "text", 26),
            Column("debit", "借方科目", "debit", "text", 10),
            Column("credit", "贷方科目", "credit", "text", 10),
            Column("amount", "金额", "amount", weight=15),
            Column("preparer", "制单", "preparer", "text", 14),
            Column("checker", "审核", "checker", "text", 14),
            Column("poster", "记账", "poster", "text", 10),
        ),
        [*lines, Row(("", None, None, "合计", "", "", total, "", "", ""), strong=True)],
        in_words=("合计", total),
        about_zh=title_zh,
    )


def late_facts(title_zh: str, first: date, last: date, vouchers: Sequence[tuple[Any, Sequence[Any]]]) -> Form:
    """迟到事项: vouchers of facts whose business date lies in a closed month (contracts §10)."""
    lines, total = [], 0
    for voucher, postings in vouchers:
        fen = sum(p["amount_fen"] for p in postings)
        total += fen
        days = (voucher["posting_date"] - voucher["value_date"]).days
        lines.append(
            Row((voucher_number(voucher), voucher["value_date"], voucher["posting_date"], days, voucher["text"], fen))
        )
    return Form(
        "late_facts",
        "迟到事项清单",
        "Facts of closed months",
        period_zh(first, last),
        (
            Column("voucher", "凭证号", "voucher", "text", 14),
            Column("value_date", "业务日期", "value date", "date", 12),
            Column("posting_date", "记账日期", "posted", "date", 12),
            Column("days", "迟到天数", "days late", "count", 9),
            Column("summary", "摘要", "summary", "text", 34),
            Column("amount", "金额", "amount", weight=17),
        ),
        [*lines, Row(("合计", None, None, len(lines), "", total), strong=True)],
        ("业务日期在已结账月份、记在本期的凭证。",),
        about_zh=title_zh,
    )
