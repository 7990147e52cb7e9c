"""Routes of the papers, each as JSON, XLSX or PDF; a month's and a year's whole package is in ``packages_api``."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Query, Response

from services.settlement.funding.accounts import BANK_ACCOUNTS, BASIC, FISCAL
from services.settlement.funding.roles import READERS
from services.settlement.ledger.refusals import LEDGER_VOUCHER_UNKNOWN
from services.settlement.numbers import VoucherNumber
from services.settlement.reporting import commands, pdf, store, xlsx
from services.settlement.reporting.commands import Asked
from services.settlement.reporting.form import Column, Cover, Form, Printed
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
from shared.contracts.wire import WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import SHANGHAI
from shared.kernel.money import capital_yuan, format_yuan

router = ServiceRouter()
Format = Literal["json", "xlsx", "pdf"]
First = Annotated[date, Query(alias="from")]
Last = Annotated[date, Query(alias="to")]
Book = Literal[
    "basic", "obligations", "critical_illness", "supplementary", "assistance", "urban", "budget", "county_budget"
]


class ColumnOut(WireModel):
    """A column of a paper; cells of kind ``money`` are yuan with two places."""

    code: str
    name_zh: str
    name_en: str
    kind: str


class RowOut(WireModel):
    """A row: one cell a column, empty ones are null; a strong one is a sum or a heading."""

    strong: bool
    cells: list[str | None]


class FactOut(WireModel):
    """A label and its value, empty where it is to be filled in by hand."""

    label: str
    value: str


class FormOut(WireModel):
    """A paper. ``ties`` says whether what must agree agrees; null where nothing has to. ``standing`` says in words that
    the period is not over or not closed; empty once it is. ``signed`` are the hands."""

    code: str
    title_zh: str
    title_en: str
    unit: str
    about: str
    period: str
    ties: bool | None
    in_words: str | None
    standing: str
    facts: list[FactOut]
    columns: list[ColumnOut]
    rows: list[RowOut]
    notes: list[str]
    signed: list[FactOut]


def form_out(form: Form, cover: Cover) -> FormOut:
    """A paper on the wire."""
    return FormOut(
        code=form.code,
        title_zh=form.title_zh,
        title_en=form.title_en,
        unit=cover.unit_zh,
        about=form.about_zh,
        period=form.period_zh,
        ties=form.ties,
        standing=form.standing_zh,
        in_words=f"{form.in_words[0]}:{capital_yuan(form.in_words[1])}" if form.in_words else None,
        columns=[ColumnOut(code=c.code, name_zh=c.zh, name_en=c.en, kind=c.kind) for c in form.columns],
        rows=[
            RowOut(strong=r.strong, cells=[_cell(c, x) for c, x in zip(form.columns, r.cells, strict=True)])
            for r in form.rows
        ],
        notes=list(form.notes),
        facts=[FactOut(label=label, value=value) for label, value in form.facts],
        signed=[FactOut(label=label, value=value) for label, value in form.signed],
    )


def _cell(column: Column, cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    return format_yuan(cell) if column.kind == "money" else str(cell)


async def cover_of(unit: Unit, book: str = BASIC) -> Cover:
    """Whose books: who holds the book's bank account, which is the fund where the book has none of its own."""
    own = next((code for code, bank in BANK_ACCOUNTS.items() if bank.book == book and book != BASIC), FISCAL)
    name = await store.unit_name(unit.conn, unit.pool_code, own)
    at = unit.now.astimezone(SHANGHAI)
    return Cover(name or unit.pool_code, unit.actor.subject, f"{at:%Y-%m-%d %H:%M}")


async def _answer(unit: Unit, form: Form, wanted: Format, asked: Asked) -> Any:
    cover = await cover_of(unit, asked.book)
    (form,) = await standing(asked, [form])
    if wanted == "json":
        return form_out(form, cover)
    unit.note(form=form.code, format=wanted)
    return document(unit, [Printed(form, cover)], wanted)


async def standing(asked: Asked, forms: Sequence[Form]) -> list[Form]:
    """The papers of a book and period, each saying whether these are over and closed."""
    told = await commands.standing(asked)
    return [replace(form, standing_zh=told) for form in forms]


async def asked_of(unit: Unit, first: date, last: date, book: str = BASIC) -> Asked:
    return Asked(unit.conn, unit.pool_code, first, last, await unit.business_day(), book)


def document(unit: Unit, printed: Sequence[Printed], wanted: Format) -> Response:
    """The papers as one workbook or one PDF, named after the first."""
    if wanted == "xlsx":
        return _file(xlsx.workbook(printed), xlsx.MEDIA_TYPE, printed[0].form, "xlsx")
    return _file(pdf.papers(printed, unit.now), pdf.MEDIA_TYPE, printed[0].form, "pdf")


def _file(content: bytes, media_type: str, form: Form, ending: str) -> Response:
    name = quote(f"{form.title_zh}-{form.period_zh}.{ending}")
    headers = {"Content-Disposition": f"attachment; filename=\"{form.code}.{ending}\"; filename*=UTF-8''{name}"}
    return Response(content, media_type=media_type, headers=headers)


Paper = Callable[[Asked], Awaitable[Form]]
_OF_A_BOOK: Mapping[str, Paper] = MappingProxyType(
    {
        "trial-balance": commands.trial_balance,
        "balance-sheet": commands.balance_sheet,
        "income-expenditure": commands.income_expenditure,
        "fund-changes": commands.fund_changes,
        "general-ledger": commands.general_ledger,
        "vouchers": commands.vouchers,
        "late-facts": commands.late_facts,
    }
)
_OF_THE_POOL: Mapping[str, Paper] = MappingProxyType(
    {
        "outstanding": commands.outstanding,
        "control-totals": commands.control_totals,
        "spending-by-care-year": commands.spending,
    }
)


@router.get(
    "/pools/{pool_code}/books/{book}/papers/{paper}",
    response_model=FormOut,
    responses=documented(FORM_PERIOD, FORM_AHEAD, FORM_BOOK, FORM_TOO_LONG),
    openapi_extra=access(READERS, command="print_book_paper"),
)
async def get_book_paper(
    pool_code: str,
    book: Book,
    paper: Literal[
        "trial-balance",
        "balance-sheet",
        "income-expenditure",
        "fund-changes",
        "general-ledger",
        "vouchers",
        "late-facts",
    ],
    unit: UnitDep,
    first: First,
    last: Last,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """账簿报表:试算平衡表、资产负债表、收支表、净资产变动表、总账、凭证、迟到事项. A paper of a book."""
    asked = await asked_of(unit, first, last, book)
    return await _answer(unit, await _OF_A_BOOK[paper](asked), wanted, asked)


class FormsOut(WireModel):
    """Papers in order."""

    items: list[FormOut]


@router.get(
    "/pools/{pool_code}/books/{book}/voucher-forms",
    response_model=FormsOut,
    responses=documented(FORM_PERIOD, FORM_AHEAD, FORM_BOOK, FORM_EMPTY, FORM_TOO_MANY),
    openapi_extra=access(READERS, command="print_vouchers"),
)
async def get_voucher_forms(
    pool_code: str,
    book: Book,
    unit: UnitDep,
    first: First,
    last: Last,
    wanted: Annotated[Format, Query(alias="format")] = "pdf",
) -> Any:
    """记账凭证,每张一页,附件张数、制单、复核、记账齐全。 The vouchers of a period as they are filed, one a page."""
    asked = await asked_of(unit, first, last, book)
    return await _answer_all(unit, await commands.voucher_forms(asked), wanted, book)


@router.get(
    "/pools/{pool_code}/books/{book}/vouchers/{number}/form",
    response_model=FormsOut,
    responses=documented(FORM_BOOK, LEDGER_VOUCHER_UNKNOWN),
    openapi_extra=access(READERS, command="print_voucher"),
)
async def get_voucher_form(
    pool_code: str,
    book: Book,
    number: VoucherNumber,
    unit: UnitDep,
    wanted: Annotated[Format, Query(alias="format")] = "pdf",
) -> Any:
    """一张记账凭证。 One voucher as it is filed."""
    today = await unit.business_day()
    forms = await commands.voucher_forms(await asked_of(unit, today, today, book), number)
    return await _answer_all(unit, forms, wanted, book)


async def _answer_all(unit: Unit, forms: list[Form], wanted: Format, book: str) -> Any:
    cover = await cover_of(unit, book)
    if wanted == "json":
        return FormsOut(items=[form_out(form, cover) for form in forms])
    unit.note(form=forms[0].code, format=wanted, papers=len(forms))
    return document(unit, [Printed(form, cover) for form in forms], wanted)


@router.get(
    "/pools/{pool_code}/books/{book}/accounts/{account}/journal",
    response_model=FormOut,
    responses=documented(FORM_PERIOD, FORM_AHEAD, FORM_BOOK, FORM_ACCOUNT, FORM_TOO_LONG),
    openapi_extra=access(READERS, command="print_journal"),
)
async def get_journal(
    pool_code: str,
    book: Book,
    account: str,
    unit: UnitDep,
    first: First,
    last: Last,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """现金、银行存款日记账;其他科目为明细账. The journal of cash or a bank account, the detail ledger of any other."""
    asked = await asked_of(unit, first, last, book)
    return await _answer(unit, await commands.journal(asked, account), wanted, asked)


@router.get(
    "/pools/{pool_code}/bank-accounts/{account}/reconciliation",
    response_model=FormOut,
    responses=documented(FORM_NO_BANK, FORM_AHEAD),
    openapi_extra=access(READERS, command="print_bank_reconciliation"),
)
async def get_reconciliation(
    pool_code: str,
    account: str,
    unit: UnitDep,
    at: date,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """银行存款余额调节表:未达账项逐笔列明账龄. The bank reconciliation statement of an account at a day."""
    asked = await asked_of(unit, at, at)
    form = await commands.bank_reconciliation(asked, account)
    return await _answer(unit, form, wanted, replace(asked, book=BANK_ACCOUNTS[account].book))


@router.get(
    "/pools/{pool_code}/papers/{paper}",
    response_model=FormOut,
    responses=documented(FORM_PERIOD, FORM_AHEAD, FORM_TOO_LONG),
    openapi_extra=access(READERS, command="print_pool_paper"),
)
async def get_pool_paper(
    pool_code: str,
    paper: Literal["outstanding", "control-totals", "spending-by-care-year"],
    unit: UnitDep,
    first: First,
    last: Last,
    wanted: Annotated[Format, Query(alias="format")] = "json",
) -> Any:
    """未了事项(账龄)、控制总数、按就医年度的支出. Outstanding items, control totals, expenditure by year of care."""
    asked = await asked_of(unit, first, last)
    return await _answer(unit, await _OF_THE_POOL[paper](asked), wanted, asked)
