"""记账凭证, one voucher a paper: entries on both sides, attachments, and the hands that it passed (pure).

Laid out as the accounting system for the fund asks (practice (ii), rulings §19): number within the month, date,
summary, accounts, amounts of both sides, how many sheets are attached; bookkeeper, checker and preparer by name.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from services.settlement.reporting.form import Column, Form, Row, day_zh

SYSTEM_ZH = "系统"
RULES: Mapping[str, str] = MappingProxyType(
    {
        "cancellation": "付款后冲销规则",
        "cash": "现金发放规则",
        "interest": "利息规则",
        "obligations": "应付变动规则",
        "order": "资金单据规则",
        "overspent": "退费追回规则",
        "payment": "支付确认规则",
        "premium": "缴费规则",
        "receivable": "追回规则",
        "recheck": "复核规则",
        "recognise": "暂收转收入规则",
        "recovery": "追回规则",
        "remittance": "上缴规则",
        "third-party": "第三方追偿规则",
        "transfer": "划转规则",
        "waiver": "追回撤回规则",
        "write-off": "追回核销规则",
        "year-close": "年末结转规则",
    }
)
"""Approved rules under which the system books, in words; one without words is told by its name."""
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "arrival": "补助、资助到账登记",
        "cancellation": "付款后冲销",
        "cash": "乡镇现金发放",
        "interest": "利息确认",
        "obligations": "日结应付变动",
        "opening": "期初余额",
        "order": "资金单据",
        "overspent": "退费后已用家庭账户追回",
        "payment": "银行对账单上的补偿款",
        "premium": "乡镇收缴保费",
        "receivable": "银行对账单上的追回款",
        "recheck": "回补复核",
        "recognise": "暂收款转收入",
        "recovery": "追回",
        "remittance": "乡镇缴款",
        "third-party": "第三方追偿",
        "transfer": "资金划转",
        "waiver": "追回撤回",
        "write-off": "应收款核销",
        "year-close": "年末结转",
    }
)
"""What made us book, by the beginning of the source event's name."""
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "arrived": "已到账",
        "confirmed": "已支付",
        "corrected": "更正以前年度收入",
        "not_executed": "银行未执行",
        "released": "已放行",
        "returned": "被退回",
        "reversed": "冲销",
        "second": "重复支付",
        "sent": "已送出",
        "voided": "作废",
    }
)
"""What of it happened, by the end of the name."""
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "late": "迟到:业务日期在已结账月份",
        "correction": "更正",
        "reversal": "冲销",
        "opening": "期初",
        "closing": "年末结转",
    }
)


def voucher_number(row: Any) -> str:
    """The number that people use: month and gapless number within it."""
    return f"{row['month']:%Y-%m}-记-{row['month_number']}"


def hand(name: str) -> str:
    """A person by his name in the system, the system itself, or the rule that checked."""
    if name == "system":
        return SYSTEM_ZH
    rule = name.removeprefix("rule:")
    return name if rule == name else RULES.get(rule, f"规则 {rule}")


def source_zh(event: str) -> str:
    """What made us book, in words, with the number by which it is found."""
    kind, *rest = event.split(":")
    step = STEPS.get(rest[-1], "") if rest else ""
    number = ":".join(rest[:-1] if step else rest)
    return "".join((SOURCES.get(kind, kind), step, f"(编号 {number})" if number else ""))


def voucher_form(
    book_zh: str, row: Any, postings: Sequence[Any], later: Sequence[Any], names: Mapping[str, str]
) -> Form:
    """The paper of a voucher. ``later`` are the attachments that came after it was booked, ``names`` the chart's."""
    lines, total, ref = [], 0, next((p["ref"] for p in postings if p["ref"]), "")
    for posting in postings:
        fen = posting["amount_fen"]
        total += fen
        text = posting["memo"] or row["text"]
        lines.append(Row((text, f"{posting['debit']} {names.get(posting['debit'], '')}", fen, None)))
        lines.append(Row(("", f"    {posting['credit']} {names.get(posting['credit'], '')}", None, fen)))
    return Form(
        "voucher",
        "记账凭证",
        "Voucher",
        day_zh(row["posting_date"]),
        (
            Column("summary", "摘要", "summary", "text", 26),
            Column("account", "会计科目", "account", "text", 42),
            Column("debit", "借方金额", "debit", weight=16),
            Column("credit", "贷方金额", "credit", weight=16),
        ),
        [*lines, Row(("合计", "", total, total), strong=True)],
        tuple(_notes(row, later)),
        in_words=("合计", total),
        about_zh=book_zh,
        facts=(
            ("凭证号", voucher_number(row)),
            ("附件", f"{row['sheets'] + sum(paper['sheets'] for paper in later)} 张"),
            ("业务日期", day_zh(row["value_date"])),
            *((("业务编号", ref),) if ref else ()),
        ),
        signed=(
            ("会计主管", ""),
            ("记账", hand(row["poster"])),
            ("复核", hand(row["checker"])),
            ("制单", hand(row["preparer"])),
        ),
    )


def _notes(row: Any, later: Sequence[Any]) -> list[str]:
    notes = []
    if row["reason"] in REASONS:
        of = f"第 {row['reversal_of']} 号凭证" if row["reversal_of"] else ""
        notes.append(f"入账原因:{REASONS[row['reason']]}{of}。")
    papers = row["papers"].split(",") if row["papers"] else []
    notes += [f"附件校验值(SHA-256):{paper}" for paper in papers]
    notes += [
        f"补附 {paper['sheets']} 张,{hand(paper['added_by'])}:{paper['text']}"
        + (f",校验值(SHA-256):{paper['sha256']}" if paper["sha256"] else "")
        for paper in later
    ]
    if any(hand(row[who]) == row[who] for who in ("preparer", "checker", "poster")):
        notes.append("制单、复核、记账栏中的字母名称是经办人的系统登录名,与人员的对应见本单位的用户登记册。")
    notes.append(f"账内顺序号 {row['number']};来源:{source_zh(row['source_event'])};凭证校验值 {row['hash'].hex()}。")
    return notes
