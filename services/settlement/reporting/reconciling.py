"""Bank reconciliation statement, outstanding items, control totals, expenditure by year of care (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.settlement.reporting.form import Column, Form, Row, day_zh, period_zh
from services.settlement.reporting.voucher_form import SOURCES as VOUCHER_SOURCES


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item on one side only; ``signed_fen`` is positive for money that came in."""

    day: date
    reference: str
    signed_fen: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class BankDay:
    """An account at a day: both balances in fen, the day of the statement, and the items of one side only."""

    account: str
    name_zh: str
    day: date
    book_fen: int
    bank_fen: int
    statement_day: date | None
    at_bank: Sequence[OpenItem]
    in_book: Sequence[OpenItem]


def bank_reconciliation(bank: BankDay) -> Form:
    """银行存款余额调节表: both balances with the other side's items, each with its age; adjusted they are equal."""
    lines = [Row(("调节前余额", None, "", None, bank.book_fen, bank.bank_fen), strong=True)]
    for title, items, direction, at_book in (
        ("加:银行已收、账面未收", bank.at_bank, 1, True),
        ("减:银行已付、账面未付", bank.at_bank, -1, True),
        ("加:账面已收、银行未收", bank.in_book, 1, False),
        ("减:账面已付、银行未付", bank.in_book, -1, False),
    ):
        found = [item for item in items if item.signed_fen * direction > 0]
        total = sum(abs(item.signed_fen) for item in found)
        lines.append(Row((title, None, f"{len(found)} 笔", None, *_in_column(total, at_book)), strong=True))
        lines += [
            Row(
                (
                    "  " + (item.text or "未达账项"),
                    item.day,
                    item.reference,
                    max((bank.day - item.day).days, 0),
                    *_in_column(abs(item.signed_fen), at_book),
                )
            )
            for item in found
        ]
    book = bank.book_fen + sum(item.signed_fen for item in bank.at_bank)
    statement = bank.bank_fen + sum(item.signed_fen for item in bank.in_book)
    lines.append(Row(("调节后余额", None, "", None, book, statement), strong=True))
    seen = f"银行对账单截至 {day_zh(bank.statement_day)}。" if bank.statement_day else "尚未导入银行对账单。"
    told = "调节后双方余额相等。" if book == statement else "调节后双方余额不等,须查明原因,不得签字。"
    return Form(
        "bank_reconciliation",
        "银行存款余额调节表",
        "Bank reconciliation statement",
        day_zh(bank.day),
        (
            Column("item", "项目", "item", "text", 32),
            Column("day", "业务日期", "value date", "date", 13),
            Column("reference", "单据(流水)号", "reference", "text", 30),
            Column("age", "账龄(天)", "age in days", "count", 10),
            Column("book", "单位账面", "book", weight=19),
            Column("bank", "银行对账单", "bank", weight=19),
        ),
        lines,
        (seen, told),
        ties=book == statement,
        in_words=("调节后余额", book),
        about_zh=f"{bank.account} {bank.name_zh}",
    )


def _in_column(fen: int, at_book: bool) -> tuple[int | None, int | None]:
    return (fen, None) if at_book else (None, fen)


SOURCES = {"enrollment": "参合管理", "claims": "补偿审核"}
FACTS = {
    "premium.collected": "收缴保费",
    "premium.sponsored": "资助参合",
    "premium.remitted": "乡镇上缴",
    "subsidy.due": "应到补助",
    "claim.settled": "补偿结算",
    "claim.approved": "审核通过",
    "claim.rejected": "拒付",
    "claim.returned": "退回医院",
    "claim.cancelled": "撤销",
    "claim.released": "放行付款",
    "claim.reversed": "付款后冲销",
}
"""Names of what other services tell, by noun and verb of the event type."""
OUTSTANDING = {
    "bank_line": "银行已记、账面未达",
    "movement": "账面已记、银行未达",
    "transfer": "划转在途",
    "remittance": "乡镇缴款在途",
    "payment": "银行逾期未回的付款",
    "receivable": "应收追回款",
    "money_order": "未办结的资金单据",
    "arrival": "待批准入账的到账登记",
    "subsidy": "应到未到的财政补助",
    "deposit": "已批准未支付的质量保证金",
    "claim_review": "已结算待审核的补偿",
    "claim_unpaid": "已审核未支付的补偿",
}


WORDS = {
    "central": "中央",
    "province": "省级",
    "city": "市级",
    "county": "县级",
    "subsidy": "财政补助",
    "sponsor": "资助参合资金",
}


def outstanding(at: date, rows: Sequence[Any], transfers: Mapping[str, str]) -> Form:
    """未了事项: everything that waited for somebody at the end of a day, with its age then. Rows are (kind, day,
    reference, text, fen); ``transfers`` are the words for their kinds."""
    words = {**WORDS, **transfers}
    lines = [
        Row(
            (
                OUTSTANDING[r["kind"]],
                r["day"],
                max((at - r["day"]).days, 0),
                words.get(r["reference"], r["reference"]),
                words.get(r["text"], r["text"]),
                r["fen"],
            )
        )
        for r in rows
    ]
    return Form(
        "outstanding",
        "未了事项清单",
        "Outstanding items",
        day_zh(at),
        (
            Column("kind", "种类", "kind", "text", 22),
            Column("day", "日期", "day", "date", 12),
            Column("age", "账龄(天)", "age in days", "count", 9),
            Column("reference", "单据号", "reference", "text", 28),
            Column("text", "说明", "text", "text", 26),
            Column("amount", "金额", "amount", weight=17),
        ),
        [*lines, Row((f"共 {len(lines)} 项", None, None, "", "", None), strong=True)],
        (
            "按当日日终的情况列示,日后办结的仍列在内;补偿按机构汇总,账龄从最早一笔起算。进出方向不同,金额不相加;支出为负数。",
        ),
    )


def control_totals(first: date, last: date, rows: Sequence[Any]) -> Form:
    """控制总数核对表: what each service published of each day against what arrived here. Rows are (day, source, kind,
    published count and fen, received count and fen)."""
    lines = [
        Row(
            (
                r["day"],
                SOURCES.get(r["source"], r["source"]),
                FACTS.get(_fact(r["kind"]), r["kind"]),
                r["published_count"],
                r["published_fen"],
                r["received_count"],
                r["received_fen"],
                "√" if _agrees(r) else "不符",
            )
        )
        for r in rows
    ]
    ties = all(_agrees(r) for r in rows)
    told = "各方总数相符。" if ties else "有不符:对方尚未结账,或有事项未到齐;不能结账。"
    return Form(
        "control_totals",
        "控制总数核对表",
        "Control totals",
        period_zh(first, last),
        (
            Column("day", "业务日", "day", "date", 11),
            Column("source", "来源", "source", "text", 12),
            Column("kind", "事项类型", "type", "text", 30),
            Column("published_count", "对方笔数", "published", "count", 9),
            Column("published", "对方金额", "published amount", weight=16),
            Column("received_count", "本方笔数", "received", "count", 9),
            Column("received", "本方金额", "received amount", weight=16),
            Column("told", "核对", "agrees", "text", 7),
        ),
        lines,
        (told,),
        ties=ties,
    )


def _fact(kind: str) -> str:
    """Noun and verb of an event type: heyi.claims.claim.settled.v1 is claim.settled."""
    return ".".join(kind.split(".")[2:4])


def _agrees(row: Any) -> bool:
    return (row["published_count"], row["published_fen"]) == (row["received_count"], row["received_fen"])


@dataclass(frozen=True, slots=True)
class Spending:
    """Expenditure of one month: the book's, what was paid by year of care, and what else touched it, in fen."""

    month: str
    book_fen: int
    by_care_year: dict[int, int]
    others: dict[str, int]

    @property
    def difference(self) -> int:
        """Of the book's expenditure, what no payment of a claim explains."""
        return self.book_fen - sum(self.by_care_year.values())


_OTHERS = {
    "recheck": "复核拒付转应收",
    "overspent": "退费后已用的家庭账户转应收",
    "write-off": "应收款核销",
    "payment": "质量保证金拨付及其他",
}
"""What a source of vouchers is called here, where its voucher's own words do not say what it did to expenditure."""


def _other(source: str) -> str:
    return _OTHERS.get(source) or VOUCHER_SOURCES.get(source, "其他")


def spending_by_care_year(first: date, last: date, months: Sequence[Spending]) -> Form:
    """基金支出:按支付月份与按就医年度, with the difference listed (rulings §6)."""
    years = sorted({year for m in months for year in m.by_care_year})
    lines = [_spent(m, years) for m in months]
    total = Spending(
        "合计",
        sum(m.book_fen for m in months),
        {year: sum(m.by_care_year.get(year, 0) for m in months) for year in years},
        {},
    )
    others: dict[str, int] = {}
    for m in months:
        for name, fen in m.others.items():
            others[name] = others.get(name, 0) + fen
    listed = [Row((f"其中:{_other(n)}", None, *[None] * len(years), fen)) for n, fen in others.items() if fen]
    ties = total.difference == sum(others.values())
    return Form(
        "spending_by_care_year",
        "基金支出表(按支付月份、按就医年度)",
        "Expenditure by month of payment and year of care",
        period_zh(first, last),
        (
            Column("month", "支付月份", "month of payment", "text", 26),
            Column("book", "账面支出", "book", weight=17),
            *(Column(f"care_{y}", f"{y} 年度就医", f"care of {y}", weight=17) for y in years),
            Column("difference", "差额", "difference", weight=15),
        ),
        [
            *lines,
            _spent(total, years, strong=True),
            *listed,
        ],
        ("差额已逐项列明。" if ties else "差额未能全部列明,须查明原因。",),
        ties=ties,
        in_words=("账面支出合计", total.book_fen),
    )


def _spent(spending: Spending, years: Sequence[int], *, strong: bool = False) -> Row:
    by_year = (spending.by_care_year.get(year, 0) for year in years)
    return Row((spending.month, spending.book_fen, *by_year, spending.difference), strong)
