"""Receipt books are issued by number range; each number is used, voided, lost or returned (rulings §18)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.financing import receipt_book_store as store
from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.receipt_numbers import LARGEST_BOOK, Span, span
from services.enrollment.registry.act import Act
from services.enrollment.registry.areas import areas_of_pool
from services.enrollment.registry.model import within
from shared.db.numbers import next_number
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import Words, define
from shared.kernel.ids import new_id

OUT, USED, VOIDED, LOST, RETURNED = STATES = ("out", "used", "voided", "lost", "returned")
STATE_WORDS = {
    OUT: ("未核销", "still out"),
    USED: ("已使用", "used"),
    VOIDED: ("已作废", "voided"),
    LOST: ("已遗失", "lost"),
    RETURNED: ("已缴回", "returned"),
}
_TOLD = 20
"""Numbers that a refusal names at most."""

SPAN_ODD = define(
    "receipt_span_odd",
    422,
    "起止号码有误",
    "No range of numbers",
    "“{first}”到“{last}”不是同一字轨、同样位数、从小到大的一段号码,或超过 {limit} 个;请照收据本上印的号码填写。",
    "{first} to {last} is no ascending range of at most {limit} numbers of one series; write them as printed.",
)
TOWNSHIP_NOT_HERE = define(
    "township_not_here",
    422,
    "不是本统筹区的乡镇",
    "Not a township of the pool",
    "{township_code} 不是本统筹区登记的乡镇。",
    "{township_code} is no registered township of the pool.",
)
BOOK_OVERLAPS = define(
    "receipt_book_overlaps",
    409,
    "号码已在别的收据本里",
    "Numbers stand in another book",
    "这些号码已经发出过:{numbers}。",
    "These numbers have been issued before: {numbers}.",
)
BOOK_USED_ELSEWHERE = define(
    "receipt_book_used_elsewhere",
    409,
    "号码已用于别处",
    "Numbers were used elsewhere",
    "这些号码已登记为其他乡镇或其他年度的收据:{numbers}。",
    "Receipts of another township or year were booked under these numbers: {numbers}.",
)
NUMBERS_NOT_OUT = define(
    "receipt_numbers_not_out",
    409,
    "有的号码不能这样核销",
    "Some numbers are not out",
    "“errors”所列号码不在这本收据里,或已经核销;什么都没有改动。",
    "The numbers listed in errors are not of this book, or accounted for; nothing was changed.",
)
IN_FUTURE = define(
    "receipt_book_in_future",
    422,
    "日期在将来",
    "The day is in the future",
    "{day} 还没有到。",
    "{day} has not come.",
)


@dataclass(frozen=True, slots=True)
class NewBook:
    """A book as it is handed out: to which township, for which coverage year, from which number to which."""

    township_code: str
    year: int
    first_number: str
    last_number: str
    collector: str | None
    issued_on: date | None


async def issue(act: Act, new: NewBook) -> tuple[UUID, int]:
    """Issues a book; a number stands in one book for ever. Its id and how many numbers it has.

    Numbers under which receipts of the township and year were booked before are used, or voided, from the start.
    Raises SPAN_ODD, IN_FUTURE, STANDARD_UNKNOWN, TOWNSHIP_NOT_HERE, BOOK_OVERLAPS, BOOK_USED_ELSEWHERE.
    """
    numbers = _span(new.first_number, new.last_number)
    on = _not_ahead(act, new.issued_on)
    await standard_for(act.conn, act.pool_code, new.year)
    areas = await areas_of_pool(act.conn, act.pool_code, act.day)
    if not any((area.code, area.kind) == (new.township_code, "township") for area in areas):
        raise TOWNSHIP_NOT_HERE(township_code=new.township_code)
    await store.lock_books(act.conn, act.pool_code)
    marks = await _used_before(act, new, numbers.texts())
    book_id = new_id(act.now)
    await store.insert_book(
        act.conn,
        act.pool_code,
        book_id,
        await next_number(act.conn, act.pool_code, act.day),
        new.township_code,
        new.year,
        numbers.series,
        numbers.digits,
        numbers.first,
        numbers.last,
        on,
        act.by,
        act.now,
    )
    running = list(range(numbers.first, numbers.last + 1))
    await store.insert_leaves(act.conn, act.pool_code, book_id, numbers.texts(), running)
    if marks:
        await store.mark(act.conn, act.pool_code, marks, None, act.by, act.now)
    if new.collector:
        await store.insert_holder(act.conn, act.pool_code, book_id, new.collector, on, act.by, act.now)
    return book_id, numbers.count


def _span(first: str, last: str) -> Span:
    found = span(first, last)
    if found is None or found.count > LARGEST_BOOK:
        raise SPAN_ODD(first=first, last=last, limit=LARGEST_BOOK)
    return found


def _not_ahead(act: Act, day: date | None) -> date:
    if day is not None and day > act.day:
        raise IN_FUTURE(day=day)
    return day or act.day


async def _used_before(act: Act, new: NewBook, numbers: Sequence[str]) -> list[store.Mark]:
    """What became of numbers before their book was recorded."""
    if issued := await store.in_books(act.conn, act.pool_code, numbers):
        raise BOOK_OVERLAPS(numbers="、".join(issued[:_TOLD]))
    booked = await store.booked(act.conn, act.pool_code, numbers)
    ours = (new.township_code, new.year)
    if foreign := [row["receipt_number"] for row in booked if (row["township_code"], row["year"]) != ours]:
        raise BOOK_USED_ELSEWHERE(numbers="、".join(foreign[:_TOLD]))
    return [(row["receipt_number"], VOIDED if row["reason"] else USED, row["reason"]) for row in booked]


async def hand_over(act: Act, areas: Sequence[str], book_id: UUID, collector: str, on: date | None) -> None:
    """The township gives a book to another collector. Raises NOT_FOUND, IN_FUTURE."""
    day = _not_ahead(act, on)
    await store.lock_books(act.conn, act.pool_code)
    await book_within(act.conn, act.pool_code, areas, book_id)
    await store.insert_holder(act.conn, act.pool_code, book_id, collector, day, act.by, act.now)


async def book_within(conn: AsyncConnection, pool_code: str, areas: Sequence[str], book_id: UUID) -> Any:
    """A book with its account; raises NOT_FOUND where it is not of a township within ``areas``."""
    found = await store.book(conn, pool_code, book_id)
    if found is None or not within(areas, found["township_code"]):
        raise NOT_FOUND(what=(f"收据本 {book_id}", f"receipt book {book_id}"))
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of numbers that were never collected on; the words of it where it was voided or lost."""

    state: str
    reason: str | None = None
    declaration: str | None = None


async def account_for(
    act: Act, areas: Sequence[str], book_id: UUID, spans: Iterable[tuple[str, str]], ending: Ending
) -> int:
    """Says of numbers of a book that they were voided, lost or returned; how many. All of them or none.

    A number that a receipt was booked under is voided with that receipt. Raises NOT_FOUND, SPAN_ODD, NUMBERS_NOT_OUT.
    """
    await book_within(act.conn, act.pool_code, areas, book_id)
    numbers = sorted({number for first, last in spans for number in _span(first, last).texts()})
    known = {row["receipt_number"]: row for row in await store.lock_leaves(act.conn, act.pool_code, numbers)}
    if errors := [error for number in numbers if (error := _not_out(number, known.get(number), book_id))]:
        raise NUMBERS_NOT_OUT(errors=errors[:100])
    marks: list[store.Mark] = [(number, ending.state, ending.reason) for number in numbers]
    await store.mark(act.conn, act.pool_code, marks, ending.declaration, act.by, act.now)
    return len(numbers)


def _not_out(number: str, leaf: Any, book_id: UUID) -> dict[str, str | Words] | None:
    if leaf is None or leaf["book_id"] != book_id:
        return {"at": number, "reason": ("不在这本收据里", "not of this book")}
    if leaf["state"] == OUT:
        return None
    zh, en = STATE_WORDS[leaf["state"]]
    return {"at": number, "reason": (zh, en)}


# -- receipts draw their numbers


async def numbers_drawn(act: Act, numbers: Sequence[str]) -> dict[str, Any]:
    """Those of these numbers that stand in a book, by number, locked: township, year and state."""
    await store.lock_numbers(act.conn, act.pool_code)
    return {row["receipt_number"]: row for row in await store.lock_leaves(act.conn, act.pool_code, numbers)}


def unfit(number: str, bill: Mapping[str, Any], leaf: Any) -> Words | None:
    """Why a number cannot be written for a bill: a number that stands in a book belongs to that book's township and
    year; where the year's standard asks for issued books, every number stands in one."""
    if leaf is None:
        if bill["receipt_numbers"] == "any":
            return None
        return f"收据号“{number}”不在已发的收据本里", "no issued book holds this number"
    if leaf["township_code"] != bill["township_code"]:
        return f"收据号“{number}”的收据本不是发给这个乡镇的", "its book was issued to another township"
    if leaf["year"] != bill["year"]:
        return f"收据号“{number}”的收据本是 {leaf['year']} 年度的", f"its book is of the year {leaf['year']}"
    if leaf["state"] in (OUT, USED):  # a used one is told by the receipt itself
        return None
    zh, en = STATE_WORDS[leaf["state"]]
    return f"收据号“{number}”{zh}", f"this number is {en}"


async def use(act: Act, numbers: Iterable[str]) -> None:
    """Receipts were booked under these numbers of books."""
    if marks := [(number, USED, None) for number in numbers]:
        await store.mark(act.conn, act.pool_code, marks, None, act.by, act.now)


async def void_used(act: Act, number: str, reason: str) -> None:
    """The receipt of a number was voided; nothing happens where no book holds it."""
    if await numbers_drawn(act, [number]):
        await store.mark(act.conn, act.pool_code, [(number, VOIDED, reason)], None, act.by, act.now)
