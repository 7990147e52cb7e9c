"""Routes of the ledger: books, vouchers, balances at any date, entries; what proves them is in ``proving_api``.

There is no route that writes a voucher: vouchers come from the commands of the other capabilities, through ``posting``.
"""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query

from services.settlement.ledger import books, export, sheets, store
from services.settlement.ledger.charts import views
from services.settlement.ledger.presentation import as_kept, shown_in
from services.settlement.ledger.refusals import (
    LEDGER_ACCOUNT_UNKNOWN,
    LEDGER_BOOK_UNKNOWN,
    LEDGER_FILTER_NEEDED,
    LEDGER_VOUCHER_UNKNOWN,
    book_words,
)
from services.settlement.ledger.wire import (
    AccountOut,
    Accounts,
    Available,
    AvailableOut,
    BalanceOut,
    BalanceQuery,
    Balances,
    BookIn,
    BookOut,
    Books,
    Entries,
    EntryOut,
    EntryQuery,
    PostingOut,
    ViewOut,
    Views,
    VoucherOut,
    VoucherQuery,
)
from services.settlement.numbers import VoucherNumber, int4, int8
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Page, encode_cursor, read_cursor
from shared.http.unit import Unit, UnitDep

READERS = (
    "auditor",
    "city_finance",
    "city_health",
    "county_director",
    "county_finance",
    "county_inspector",
    "county_recheck",
    "discipline",
    "insurance_regulator",
    "insurer_finance",
    "insurer_manager",
    "supervisor",
)
OPENERS = ("city_finance", "county_director", "county_finance")
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)

router = ServiceRouter()


@router.get("/pools/{pool_code}/books", openapi_extra=access(READERS, command="list_books"))
async def list_books(pool_code: str, unit: UnitDep) -> Books:
    """The pool's books with their heads."""
    return Books(items=[_book(row) for row in await store.books(unit.conn, pool_code)])


@router.put("/pools/{pool_code}/books/{book}", openapi_extra=access(OPENERS, command="open_book"))
async def open_book(pool_code: str, book: str, body: BookIn, unit: UnitDep) -> BookOut:
    """Opens a further book, empty: that of the urban residents, or of a payer's budget under the payer's own code."""
    today = await unit.business_day()
    await books.open_book(unit.conn, pool_code, book, body.first_day, role=unit.actor.role, today=today)
    unit.result("book", book)
    return _book(await store.book(unit.conn, pool_code, book))


@router.get("/pools/{pool_code}/books/{book}/charts", openapi_extra=access(READERS, command="list_views"))
async def list_views(pool_code: str, book: str, unit: UnitDep) -> Views:
    """The charts in which the book can be shown, with the place of each of its accounts."""
    kept = await store.book(unit.conn, pool_code, book)
    if kept is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    found = [view for view in views().values() if kept["chart"] in view.mapping]
    return Views(
        book=book,
        chart=kept["chart"],
        items=[
            ViewOut(
                chart=view.view,
                title_zh=view.title_zh,
                title_en=view.title_en,
                source=view.source,
                mapping=view.mapping[kept["chart"]],
            )
            for view in found
        ],
    )


@router.get("/pools/{pool_code}/books/{book}/accounts", openapi_extra=access(READERS, command="list_accounts"))
async def list_accounts(pool_code: str, book: str, unit: UnitDep) -> Accounts:
    """The book's chart of accounts."""
    rows = await store.accounts(unit.conn, pool_code, book)
    if not rows:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    return Accounts(book=book, items=[AccountOut(**row) for row in rows])


@router.get(
    "/pools/{pool_code}/books/{book}/vouchers", openapi_extra=access(READERS, command="list_vouchers") | sheets.VOUCHERS
)
async def list_vouchers(
    pool_code: str, book: str, unit: UnitDep, query: Annotated[VoucherQuery, Query()]
) -> Page[VoucherOut]:
    """Vouchers by number, of a period of posting dates; or the one of a source event."""
    await book_or_refuse(unit, pool_code, book)
    if query.source_event is not None:
        if query.from_ or query.to or query.cursor:
            raise LEDGER_FILTER_NEEDED(filters=("只用“source_event”", "source_event alone"))
        found = await store.voucher_of_source(unit.conn, pool_code, book, query.source_event)
        return Page(items=[_voucher(*pair) for pair in found], next_cursor=None)
    first, last = await store.numbers_of(unit.conn, pool_code, book, query.from_ or FIRST, query.to or LAST)
    key = read_cursor(query.cursor, int8)
    after = max(key[0] if key else 0, first - 1)
    found = await store.vouchers(unit.conn, pool_code, book, after=after, through=last, limit=query.limit + 1)
    shown = found[: query.limit]
    more = encode_cursor(shown[-1][0]["number"]) if len(found) > query.limit else None
    return Page(items=[_voucher(*pair) for pair in shown], next_cursor=more)


@router.get("/pools/{pool_code}/books/{book}/vouchers/{number}", openapi_extra=access(READERS, command="read_voucher"))
async def read_voucher(pool_code: str, book: str, number: VoucherNumber, unit: UnitDep) -> VoucherOut:
    """One voucher."""
    found = await store.vouchers(unit.conn, pool_code, book, after=number - 1, through=number, limit=1)
    if not found:
        raise LEDGER_VOUCHER_UNKNOWN(book=book_words(book), number=number)
    return _voucher(*found[0])


@router.get(
    "/pools/{pool_code}/books/{book}/balances", openapi_extra=access(READERS, command="read_balances") | sheets.BALANCES
)
async def read_balances(pool_code: str, book: str, unit: UnitDep, query: Annotated[BalanceQuery, Query()]) -> Balances:
    """Balances at the end of any day, by posting or by value date, in the book's chart or in another one."""
    at = query.at or await unit.business_day()
    kept = await store.book(unit.conn, pool_code, book)
    if kept is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    view = books.view_of(query.chart or kept["chart"], book, kept["chart"])
    rows = as_kept(await store.balances(unit.conn, pool_code, book, at, by_value=query.by == "value"))
    lines = rows if view is None else shown_in(view, kept["chart"], rows)
    debit, credit = sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)
    return Balances(
        book=book,
        chart=kept["chart"] if view is None else view.view,
        at=at,
        by=query.by,
        debit=debit,
        credit=credit,
        ties=debit == credit,
        items=[
            BalanceOut(
                account=line.account,
                name_zh=line.name_zh,
                name_en=line.name_en,
                normal_side=line.normal_side,
                debit=line.debit_fen,
                credit=line.credit_fen,
                balance=line.balance_fen,
            )
            for line in lines
        ],
    )


@router.get("/pools/{pool_code}/books/{book}/available", openapi_extra=access(READERS, command="read_available"))
async def read_available(pool_code: str, book: str, unit: UnitDep) -> Available:
    """What each account holds now, what of it is set aside, what can be spent."""
    rows = await store.cached_balances(unit.conn, pool_code, book)
    if not rows:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))
    return Available(
        book=book,
        items=[
            AvailableOut(
                account=row["account"],
                balance=row["posted_fen"],
                held=-row["pending_fen"],
                available=row["posted_fen"] + row["pending_fen"],
            )
            for row in rows
        ],
    )


@router.get(
    "/pools/{pool_code}/books/{book}/entries", openapi_extra=access(READERS, command="list_entries") | sheets.ENTRIES
)
async def list_entries(pool_code: str, book: str, unit: UnitDep, query: Annotated[EntryQuery, Query()]) -> Entries:
    """The detail ledger 明细账: postings of an account, a party or a business number in a period."""
    period = query.from_ is not None and query.to is not None
    if not (query.account or query.party or query.ref) or not (period or query.ref):
        raise LEDGER_FILTER_NEEDED(
            filters=("“account”或“party”连同起止日期,或者“ref”", "(account | party) + from + to, or ref")
        )
    await book_or_refuse(unit, pool_code, book)
    first, last = query.from_ or FIRST, query.to or LAST
    opening, closing = await _balances_around(unit, pool_code, book, query, first, last)
    key = read_cursor(query.cursor, int8, int4)
    found = await store.entries(
        unit.conn,
        pool_code,
        book,
        numbers=await store.numbers_of(unit.conn, pool_code, book, first, last),
        after=(key[0], key[1]) if key else (0, 0),
        limit=query.limit + 1,
        account=query.account,
        party=query.party,
        ref=query.ref,
    )
    shown = found[: query.limit]
    more = encode_cursor(shown[-1]["number"], shown[-1]["line"]) if len(found) > query.limit else None
    return Entries(
        items=[_entry(row, query.account) for row in shown], opening=opening, closing=closing, next_cursor=more
    )


async def book_or_refuse(unit: Unit, pool_code: str, book: str) -> None:
    """Raises LEDGER_BOOK_UNKNOWN where the pool has no such book."""
    if await store.book(unit.conn, pool_code, book) is None:
        raise LEDGER_BOOK_UNKNOWN(pool_code=pool_code, book=book_words(book))


async def _balances_around(
    unit: Unit, pool_code: str, book: str, query: EntryQuery, first: date, last: date
) -> tuple[int | None, int | None]:
    """Opening and closing balance in fen where an account and nothing else is asked for in a period."""
    if query.account is None:
        return None, None
    closing = await store.balance_of(unit.conn, pool_code, book, query.account, last)
    if closing is None:
        raise LEDGER_ACCOUNT_UNKNOWN(book=book_words(book), account=query.account)
    if query.party or query.ref:
        return None, None
    before = first - timedelta(days=1) if first > FIRST else FIRST
    opening = await store.balance_of(unit.conn, pool_code, book, query.account, before)
    return opening["balance_fen"], closing["balance_fen"]


def _book(row: Any) -> BookOut:
    return BookOut(
        book=row["book"],
        chart=row["chart"],
        title_zh=row["title_zh"],
        title_en=row["title_en"],
        last_number=row["last_number"],
        last_hash=row["last_hash"].hex(),
        open_day=row["open_day"],
        sealed_through=row["sealed_through"],
        closed_through=row["closed_through"],
    )


def _voucher(row: Any, postings: list[Any]) -> VoucherOut:
    return VoucherOut(
        number=row["number"],
        month=row["month"],
        month_number=row["month_number"],
        source_event=row["source_event"],
        posting_date=row["posting_date"],
        value_date=row["value_date"],
        reason=row["reason"],
        reversal_of=row["reversal_of"],
        preparer=row["preparer"],
        checker=row["checker"],
        poster=row["poster"],
        text=row["text"],
        sheets=row["sheets"],
        papers=export.papers_of(row),
        hash=row["hash"].hex(),
        postings=[
            PostingOut(
                line=p["line"],
                debit=p["debit"],
                credit=p["credit"],
                amount=p["amount_fen"],
                party=p["party"],
                ref=p["ref"],
                memo=p["memo"],
            )
            for p in postings
        ],
    )


def _entry(row: Any, account: str | None) -> EntryOut:
    side = None if account is None else "debit" if row["debit"] == account else "credit"
    fields = dict(row)
    return EntryOut(amount=fields.pop("amount_fen"), side=side, **fields)
