"""Each paper from the books: gather in a fixed number of statements, then lay out in pure code."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.closing.sources import AMOUNT_OF
from services.settlement.funding.accounts import BANK_ACCOUNTS, BASIC
from services.settlement.funding.transfers import TRANSFER_KINDS
from services.settlement.ledger import queries
from services.settlement.ledger.figures import turnover
from services.settlement.ledger.refusals import BOOK_WORDS
from services.settlement.reporting import books, journals, outstanding_store, reconciling, store
from services.settlement.reporting.form import Form, day_zh
from services.settlement.reporting.problems import (
    FORM_ACCOUNT,
    FORM_AHEAD,
    FORM_BOOK,
    FORM_EMPTY,
    FORM_NO_BANK,
    FORM_PERIOD,
    FORM_TOO_LONG,
    FORM_TOO_MANY,
)
from services.settlement.reporting.voucher_form import voucher_form

LINES_MAX = 20_000
FORMS_MAX = 500
DAYS_MAX = 366
OF_CARE = ("payment", "cash", "recovery", "third-party", "cancellation", "waiver")
"""Sources of vouchers whose expenditure belongs to the year of care of a claim."""
TRANSFERS_ZH = {kind: zh for kind, (zh, _) in TRANSFER_KINDS.items()}
MOVEMENTS = {
    "subsidy": "财政补助",
    "sponsor": "资助参合",
    "order": "资金单据",
    "order_return": "资金单据退回",
    "interest": "利息",
    **TRANSFERS_ZH,
}
"""What the book knows and a statement does not show yet, by the kind of the movement; a new kind is told as money."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose paper, of which book and period; ``today`` is the pool's business day.

    Raises FORM_PERIOD for a period that is upside down or too long, FORM_AHEAD for one that has not begun.
    """

    conn: AsyncConnection
    pool: str
    first: date
    last: date
    today: date
    book: str = BASIC

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < DAYS_MAX:
            raise FORM_PERIOD(days=DAYS_MAX)
        if self.first > self.today:
            raise FORM_AHEAD(first=self.first, today=self.today)

    @property
    def known(self) -> date:
        """The last day of the period of which anything can be known."""
        return min(self.last, self.today)


async def standing(asked: Asked) -> str:
    """What the figures of a book and period still lack to be final, in words; nothing once the book is closed."""
    head = await store.head(asked.conn, asked.pool, asked.book)
    if head is None:
        return ""
    if asked.last > asked.today:
        return f"未结账:期间未结束,数据截至{day_zh(asked.today)}"
    if head["sealed_through"] < asked.last:
        return f"未结账:{day_zh(asked.last)}尚未日结,数据仍会变动"
    of_a_month = asked.last > asked.first and (asked.last + timedelta(days=1)).day == 1
    if of_a_month and head["closed_through"] < asked.last:
        return "未月结:各日已结账,月份尚未结账"
    return ""


async def _title(asked: Asked) -> str:
    """What the book is called on paper. Raises FORM_BOOK."""
    if not await store.is_open(asked.conn, asked.pool, asked.book):
        raise FORM_BOOK(code=asked.book)
    return f"{BOOK_WORDS[asked.book][0]}账"


async def _span(asked: Asked) -> books.Span:
    return books.Span(await _title(asked), asked.first, asked.last)


async def _turnover(asked: Asked, first: date) -> Sequence[Any]:
    return await turnover(asked.conn, asked.pool, asked.book, first, asked.last)


async def trial_balance(asked: Asked) -> Form:
    """试算平衡表 of a book and period. Raises FORM_BOOK."""
    return books.trial_balance(await _span(asked), await _turnover(asked, asked.first))


async def balance_sheet(asked: Asked) -> Form:
    """资产负债表 at the last day, beside the beginning of its year. Raises FORM_BOOK."""
    return books.balance_sheet(await _span(asked), await _turnover(asked, asked.last.replace(month=1, day=1)))


async def income_expenditure(asked: Asked) -> Form:
    """收支表 of a period beside its year so far. Raises FORM_BOOK."""
    year = await _turnover(asked, asked.last.replace(month=1, day=1))
    return books.income_expenditure(await _span(asked), await _turnover(asked, asked.first), year)


async def fund_changes(asked: Asked) -> Form:
    """净资产变动表 of a period. Raises FORM_BOOK."""
    return books.fund_changes(await _span(asked), await _turnover(asked, asked.first))


async def general_ledger(asked: Asked) -> Form:
    """总账 by month of posting. Raises FORM_BOOK."""
    rows = await store.monthly(asked.conn, asked.pool, asked.book, asked.first, asked.last)
    year = {row["account"]: row for row in await _turnover(asked, asked.last.replace(month=1, day=1))}
    return journals.general_ledger(await _title(asked), asked.first, asked.last, rows, year)


async def journal(asked: Asked, account: str) -> Form:
    """日记账 of cash or a bank account, 明细账 of any other. Raises FORM_BOOK, FORM_ACCOUNT, FORM_TOO_LONG."""
    title = await _title(asked)
    chart = await store.accounts(asked.conn, asked.pool, asked.book)
    if account not in chart:
        raise FORM_ACCOUNT(code=asked.book, account=account)
    before = next(row for row in await _turnover(asked, asked.first) if row["account"] == account)
    found = await store.entries(asked.conn, asked.pool, asked.book, account, asked.first, asked.last, LINES_MAX + 1)
    _check_length(found)
    return _ledger(asked, title, chart, before, found)


def _ledger(asked: Asked, title: str, chart: dict[str, Any], before: Any, found: Sequence[Any]) -> Form:
    """The journal or detail ledger of an account, whose row of the turnover is ``before``."""
    account, normal_side = before["account"], before["normal_side"]
    net = before["debit_before"] - before["credit_before"]
    span = journals.AccountSpan(
        asked.book,
        title,
        account,
        before["name_zh"],
        normal_side,
        asked.first,
        asked.last,
        net if normal_side == "debit" else -net,
    )
    banks = frozenset(a.ledger_account for a in BANK_ACCOUNTS.values() if a.book == asked.book)
    return journals.account_journal(span, found, {code: row["name_zh"] for code, row in chart.items()}, banks)


async def ledgers(asked: Asked) -> list[Form]:
    """The journals of cash and of the banks and the detail ledger of every other account that moved, after a list of
    them: LINES_MAX lines together; accounts too long for that are named in the list. Raises FORM_BOOK.
    """
    title = await _title(asked)
    rows = await _turnover(asked, asked.first)
    counts = await store.line_counts(asked.conn, asked.pool, asked.book, asked.first, asked.last)
    money = {a.ledger_account for a in BANK_ACCOUNTS.values() if a.book == asked.book}
    money |= journals.CASH_ACCOUNTS.get(asked.book, frozenset())
    printed, room = set[str](), LINES_MAX
    for account in sorted(counts.keys() | money, key=lambda code: (code not in money, counts.get(code, 0), code)):
        if counts.get(account, 0) <= room:
            printed.add(account)
            room -= counts.get(account, 0)
    found: dict[str, list[Any]] = {account: [] for account in printed}
    for entry in await store.entries_of(asked.conn, asked.pool, asked.book, sorted(printed), asked.first, asked.last):
        for account in {entry["debit"], entry["credit"]} & printed:
            found[account].append(entry)
    chart = await store.accounts(asked.conn, asked.pool, asked.book)
    shown = [row for row in rows if row["account"] in printed]
    forms = [
        _ledger(asked, title, chart, row, found[row["account"]])
        for row in sorted(shown, key=lambda row: (row["account"] not in money, row["account"]))
    ]
    return [journals.ledger_index(title, asked.first, asked.last, rows, counts, printed), *forms]


async def vouchers(asked: Asked) -> Form:
    """记账凭证清单 of a period. Raises FORM_BOOK and FORM_TOO_LONG."""
    found = await store.vouchers(asked.conn, asked.pool, asked.book, asked.first, asked.last, LINES_MAX + 1, late=False)
    _check_length([line for _, lines in found for line in lines])
    return journals.voucher_list(await _title(asked), asked.first, asked.last, found)


async def voucher_forms(asked: Asked, number: int | None = None) -> list[Form]:
    """记账凭证, one a paper: of a period, or the one of a number. Raises FORM_BOOK, FORM_EMPTY, FORM_TOO_LONG and
    LEDGER_VOUCHER_UNKNOWN."""
    title = await _title(asked)
    if number is not None:
        found = [await queries.voucher(asked.conn, asked.pool, asked.book, number)]
    else:
        found = await queries.vouchers_of_period(
            asked.conn, asked.pool, asked.book, asked.first, asked.last, FORMS_MAX + 1
        )
    if not found:
        raise FORM_EMPTY(first=asked.first, last=asked.last)
    if len(found) > FORMS_MAX:
        raise FORM_TOO_MANY(most=FORMS_MAX)
    names = {code: zh for code, (zh, _) in (await queries.account_names(asked.conn, asked.pool, asked.book)).items()}
    return [voucher_form(title, *whole, names) for whole in found]


async def late_facts(asked: Asked) -> Form:
    """迟到事项 posted in a period. Raises FORM_BOOK and FORM_TOO_LONG."""
    found = await store.vouchers(asked.conn, asked.pool, asked.book, asked.first, asked.last, LINES_MAX + 1, late=True)
    _check_length(found)
    return journals.late_facts(await _title(asked), asked.first, asked.last, found)


def _check_length(rows: Sequence[Any]) -> None:
    if len(rows) > LINES_MAX:
        raise FORM_TOO_LONG(most=LINES_MAX)


async def bank_reconciliation(asked: Asked, account: str) -> Form:
    """银行存款余额调节表 of an account at the last day. Raises FORM_NO_BANK."""
    known = BANK_ACCOUNTS.get(account)
    if known is None:
        raise FORM_NO_BANK(account=account, known="、".join(BANK_ACCOUNTS))
    day = asked.known
    statement = await store.last_statement(asked.conn, asked.pool, account, day)
    rows = await turnover(asked.conn, asked.pool, known.book, day, day)
    balance = sum(
        r["debit_before"] + r["debit"] - r["credit_before"] - r["credit"]
        for r in rows
        if r["account"] == known.ledger_account
    )
    return reconciling.bank_reconciliation(
        reconciling.BankDay(
            account,
            known.name_zh,
            day,
            balance,
            statement["closing_fen"] if statement else 0,
            statement["day"] if statement else None,
            [
                reconciling.OpenItem(r["day"], r["reference"], r["signed_fen"])
                for r in await store.only_at_bank(asked.conn, asked.pool, account, day)
            ],
            [
                reconciling.OpenItem(r["day"], r["reference"], r["signed_fen"], MOVEMENTS.get(r["kind"], "其他款项"))
                for r in await store.only_in_book(asked.conn, asked.pool, account, day)
            ],
        )
    )


async def outstanding(asked: Asked) -> Form:
    """未了事项 as they were at the end of the last day, with their ages then. Raises FORM_TOO_LONG."""
    rows = await outstanding_store.outstanding(asked.conn, asked.pool, asked.known, LINES_MAX + 1)
    _check_length(rows)
    return reconciling.outstanding(asked.known, rows, TRANSFERS_ZH)


async def control_totals(asked: Asked) -> Form:
    """控制总数核对表 of a period's business days."""
    rows = await store.control_totals(asked.conn, asked.pool, asked.first, asked.last, list(AMOUNT_OF))
    return reconciling.control_totals(asked.first, asked.last, rows)


async def spending(asked: Asked) -> Form:
    """基金支出 by month of payment and year of care, the difference listed (rulings §6)."""
    by_month: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: {"care": {}, "book": {}})
    for row in await store.spending(asked.conn, asked.pool, asked.first, asked.last):
        sums = by_month[row["month"]][row["what"]]
        sums[row["name"]] = sums.get(row["name"], 0) + row["fen"]
    months = []
    for name, told in sorted(by_month.items()):
        care = {int(year): fen for year, fen in told["care"].items()}
        others = dict(told["book"])
        of_claims = sum(others.pop(source, 0) for source in OF_CARE)
        others["payment"] = of_claims - sum(care.values())
        months.append(reconciling.Spending(name, sum(told["book"].values()), care, others))
    return reconciling.spending_by_care_year(asked.first, asked.last, months)


async def _statements(asked: Asked) -> list[Form]:
    return [
        await balance_sheet(asked),
        await income_expenditure(asked),
        await fund_changes(asked),
        await trial_balance(asked),
        await general_ledger(asked),
    ]


async def year_package(asked: Asked) -> list[Form]:
    """What is signed at the close of a book's year: its statements, and of the fund's book the expenditure by year of
    care, every account against its bank on 31 December, journals and detail ledgers, late facts and what is still open.
    Raises FORM_BOOK."""
    return await _package(asked)


async def month_package(asked: Asked) -> dict[str, list[Form]]:
    """Everything that is signed at the close of a month, by book: every book open by its last day, the fund's first.

    Raises FORM_BOOK where the pool has none, FORM_TOO_LONG.
    """
    found = await store.books_open(asked.conn, asked.pool, asked.last)
    if not found:
        raise FORM_BOOK(code=asked.book)
    return {book: await _package(replace(asked, book=book), of_a_month=True) for book in BOOK_WORDS if book in found}


async def _package(asked: Asked, *, of_a_month: bool = False) -> list[Form]:
    """A book's statements, each of its bank accounts against its bank, journals and detail ledgers, late facts; with
    the fund's book what is told of the pool once: expenditure by year of care, control totals, what is still open."""
    of_the_fund = asked.book == BASIC
    forms = await _statements(asked)
    if of_the_fund:
        forms.append(await spending(asked))
    forms += [await bank_reconciliation(asked, code) for code, a in BANK_ACCOUNTS.items() if a.book == asked.book]
    forms += await ledgers(asked)
    if of_the_fund and of_a_month:
        forms.append(await control_totals(asked))
    forms.append(await late_facts(asked))
    if of_the_fund:
        forms.append(await outstanding(asked))
    return forms


def month_of(month: str) -> tuple[date, date]:
    """First and last day of a month written ``YYYY-MM``."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
