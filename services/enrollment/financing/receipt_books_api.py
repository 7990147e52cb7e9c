"""Routes of receipt books: issued to townships by number range, accounted for number by number (rulings §18)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field

from services.enrollment.financing import receipt_book_store as store
from services.enrollment.financing import receipt_books as books
from services.enrollment.financing import sheets
from services.enrollment.financing.api import PoolCode
from services.enrollment.financing.billing import STANDARD_UNKNOWN
from services.enrollment.financing.receipt_numbers import printed
from services.enrollment.registry.act import act_of
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import Reason, ReceiptNumber, Text60
from shared.contracts.wire import WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import NOT_FOUND, documented
from shared.http.unit import Unit, UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])

COUNTY = ("county_recheck", "county_director")
TOWNSHIP = ("township_clerk", "township_director")
BOOK_READERS = (*TOWNSHIP, *COUNTY, "county_inspector", "county_finance", "auditor", "supervisor", "discipline")
State = Literal["out", "used", "voided", "lost", "returned"]
TownshipCode = Annotated[str, Field(pattern=r"^\d{7,9}$")]
TownshipQuery = Annotated[str | None, Query(pattern=r"^\d{7,9}$")]
CoverageYear = Annotated[int, Field(ge=2003, le=2200)]
_REFUSED = documented(NOT_FOUND, books.SPAN_ODD, books.NUMBERS_NOT_OUT)


class BookBody(WireModel):
    """A book for a township: its first and last number as printed, and who collects with it."""

    township_code: TownshipCode
    year: CoverageYear
    first_number: ReceiptNumber
    last_number: ReceiptNumber
    collector: Text60 | None = None
    issued_on: date | None = None


class BookItem(WireModel):
    """A book and its account: issued = used + voided + lost + returned + out.

    ``missing`` are those of ``out`` below the highest number written; ``amount`` is what was collected with it.
    """

    book_id: UUID
    number: Number
    township_code: str
    year: int
    first_number: str
    last_number: str
    collector: str | None
    issued_on: date
    issued: int
    used: int
    voided: int
    lost: int
    returned: int
    out: int
    missing: int
    amount: Yuan


class Holder(WireModel):
    """Who holds a book from a day on."""

    collector: str
    handed_on: date


class BookAnswer(BookItem):
    """A book with everybody who has held it."""

    holders: list[Holder]


@router.post(
    "/pools/{pool_code}/receipt-books",
    status_code=201,
    openapi_extra=access(COUNTY, command="issue_receipt_book", bulk="/pools/{pool_code}/receipt-books/bulk"),
    responses=documented(
        STANDARD_UNKNOWN,
        books.BOOK_OVERLAPS,
        books.BOOK_USED_ELSEWHERE,
        books.SPAN_ODD,
        books.TOWNSHIP_NOT_HERE,
        books.IN_FUTURE,
    ),
)
async def issue_receipt_book(pool_code: PoolCode, body: BookBody, unit: UnitDep) -> BookAnswer:
    """发放收据本. The county issues a book to a township; a number stands in one book for ever."""
    book_id, count = await books.issue(await act_of(unit), books.NewBook(**dict(body)))
    unit.result("receipt_book", book_id)
    unit.note(numbers=count)
    return await _answer(unit, book_id)


@router.get(
    "/pools/{pool_code}/receipt-books",
    openapi_extra=access(BOOK_READERS, command="list_receipt_books") | sheets.RECEIPT_BOOKS,
)
async def list_receipt_books(
    pool_code: PoolCode,
    unit: UnitDep,
    year: Annotated[int | None, Query(ge=2003, le=2200)] = None,
    township: TownshipQuery = None,
    open: bool | None = None,
    number: Annotated[Number | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BookItem]:
    """收据领用核销表. Books of the caller's townships with their accounts; ``open=true``: with numbers still out;
    ``number`` finds one by its number."""
    after = read_cursor(cursor, moment, UUID)
    areas = areas_of(unit.actor)
    rows = await store.books(unit.conn, pool_code, year, township, open, areas, number, after, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[BookItem(**_book(row)) for row in rows[:limit]],
        next_cursor=encode_cursor(last["recorded_at"], last["book_id"]) if last else None,
    )


@router.get(
    "/pools/{pool_code}/receipt-books/{book_id}",
    openapi_extra=access(BOOK_READERS, command="read_receipt_book"),
    responses=documented(NOT_FOUND),
)
async def read_receipt_book(pool_code: PoolCode, book_id: UUID, unit: UnitDep) -> BookAnswer:
    """A book, its account and who has held it."""
    return await _answer(unit, book_id)


class HandoverBody(WireModel):
    """Who collects with the book from now on."""

    collector: Text60
    handed_on: date | None = None


@router.post(
    "/pools/{pool_code}/receipt-books/{book_id}/handovers",
    status_code=201,
    openapi_extra=access(TOWNSHIP, command="hand_over_receipt_book"),
    responses=documented(NOT_FOUND, books.IN_FUTURE),
)
async def hand_over_receipt_book(pool_code: PoolCode, book_id: UUID, body: HandoverBody, unit: UnitDep) -> BookAnswer:
    """乡镇把收据本交给收费人. The township gives a book to a collector, or to another one."""
    await books.hand_over(await act_of(unit), areas_of(unit.actor), book_id, body.collector, body.handed_on)
    unit.result("receipt_book", book_id)
    return await _answer(unit, book_id)


class NumberSpan(WireModel):
    """Numbers as printed, from the first to the last; one alone where no last is given."""

    first: ReceiptNumber
    last: ReceiptNumber | None = None


class ReturnBody(WireModel):
    """Numbers of a book of which something is told."""

    numbers: Annotated[list[NumberSpan], Field(min_length=1, max_length=200)]


class SpoiltBody(ReturnBody):
    """Numbers spoilt in writing, all copies kept."""

    reason: Reason


class LossBody(ReturnBody):
    """Numbers lost, and the document or notice that declares them void."""

    reason: Reason
    declaration: Text60


@router.post(
    "/pools/{pool_code}/receipt-books/{book_id}/voids",
    openapi_extra=access(TOWNSHIP, command="void_blank_receipts"),
    responses=_REFUSED,
)
async def void_blank_receipts(pool_code: PoolCode, book_id: UUID, body: SpoiltBody, unit: UnitDep) -> BookAnswer:
    """未收款的收据写坏作废. Numbers spoilt before anything was collected on them."""
    return await _account_for(unit, book_id, body, books.Ending(books.VOIDED, body.reason))


@router.post(
    "/pools/{pool_code}/receipt-books/{book_id}/losses",
    openapi_extra=access(TOWNSHIP, command="declare_lost_receipts"),
    responses=_REFUSED,
)
async def declare_lost_receipts(pool_code: PoolCode, book_id: UUID, body: LossBody, unit: UnitDep) -> BookAnswer:
    """收据遗失声明. Numbers lost; nothing is collected under them any more, also where they are found again."""
    return await _account_for(unit, book_id, body, books.Ending(books.LOST, body.reason, body.declaration))


@router.post(
    "/pools/{pool_code}/receipt-books/{book_id}/returns",
    openapi_extra=access(COUNTY, command="take_back_receipts"),
    responses=_REFUSED,
)
async def take_back_receipts(pool_code: PoolCode, book_id: UUID, body: ReturnBody, unit: UnitDep) -> BookAnswer:
    """缴回未用收据. The county takes back numbers that were not used; they are not issued again."""
    return await _account_for(unit, book_id, body, books.Ending(books.RETURNED))


async def _account_for(unit: Unit, book_id: UUID, body: ReturnBody, ending: books.Ending) -> BookAnswer:
    spans = [(one.first, one.last or one.first) for one in body.numbers]
    count = await books.account_for(await act_of(unit), areas_of(unit.actor), book_id, spans, ending)
    unit.result("receipt_book", book_id)
    unit.note(numbers=count, state=ending.state)
    return await _answer(unit, book_id)


class LeafItem(WireModel):
    """A number of a book and what became of it; day and amount of the receipt that was booked under it."""

    receipt_number: str
    state: State
    amount: Yuan | None
    paid_on: date | None
    reason: str | None
    declaration: str | None
    changed_by: str | None
    changed_at: datetime | None


@router.get(
    "/pools/{pool_code}/receipt-books/{book_id}/numbers",
    openapi_extra=access(BOOK_READERS, command="list_receipt_book_numbers") | sheets.RECEIPT_NUMBERS,
    responses=documented(NOT_FOUND),
)
async def list_receipt_book_numbers(
    pool_code: PoolCode,
    book_id: UUID,
    unit: UnitDep,
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[LeafItem]:
    """The numbers of a book in order, with what became of each."""
    await books.book_within(unit.conn, pool_code, areas_of(unit.actor), book_id)
    after = (read_cursor(cursor, int) or [-1])[0]
    rows = await store.leaves(unit.conn, pool_code, book_id, state, after, limit + 1)
    items = [
        LeafItem(
            amount=row["amount_fen"],
            **{name: row[name] for name in LeafItem.model_fields if name != "amount"},
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(rows[limit - 1]["number"]) if len(rows) > limit else None)


class MissingRun(WireModel):
    """Numbers of a book, one after the other, of which nothing is known although a higher one was written."""

    book_id: UUID
    book_number: Number
    township_code: str
    year: int
    collector: str | None
    first_number: str
    last_number: str
    count: int


@router.get(
    "/pools/{pool_code}/missing-receipts",
    openapi_extra=access(BOOK_READERS, command="list_missing_receipts") | sheets.MISSING_RECEIPTS,
)
async def list_missing_receipts(
    pool_code: PoolCode,
    unit: UnitDep,
    year: Annotated[int, Query(ge=2003, le=2200)],
    township: TownshipQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[MissingRun]:
    """缺号清单. Missing numbers of the books of a coverage year: each is to be found, voided or declared lost."""
    after = read_cursor(cursor, UUID, int)
    rows = await store.missing(unit.conn, pool_code, [year], township, areas_of(unit.actor), after, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[missing_run(row) for row in rows[:limit]],
        next_cursor=encode_cursor(last["book_id"], last["first_number"]) if last else None,
    )


def missing_run(row: Any) -> MissingRun:
    """A run of missing numbers as it is told."""
    return MissingRun(
        book_id=row["book_id"],
        book_number=row["number"],
        township_code=row["township_code"],
        year=row["year"],
        collector=row["collector"],
        count=row["count"],
        **_ends(row),
    )


def _ends(row: Any) -> dict[str, str]:
    """The first and the last number as printed."""
    names = ("first_number", "last_number")
    return {name: printed(row["series"], row["digits"], row[name]) for name in names}


def _book(row: Any) -> dict[str, Any]:
    own = {name: row[name] for name in BookItem.model_fields if name != "amount"}
    return own | _ends(row) | {"amount": row["amount_fen"]}


async def _answer(unit: Unit, book_id: UUID) -> BookAnswer:
    row = await books.book_within(unit.conn, unit.pool_code, areas_of(unit.actor), book_id)
    held = await store.holders(unit.conn, unit.pool_code, book_id)
    return BookAnswer(**_book(row), holders=[Holder(**dict(one)) for one in held])
