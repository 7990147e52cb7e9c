"""Posting to the books from Python: stage by COPY, then one call of the database's ``post`` (contracts §9).

The database numbers, digests, chains and books; here nothing is decided. Refusals of the database come back as problems
(``services.settlement.ledger.refusals``) and leave the transaction unusable: let them end the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger.charts import chart_of
from services.settlement.ledger.refusals import refused_by_the_database
from shared.db.sql import copy_in, execute, fetch, fetchval

NORMAL, LATE, CORRECTION, REVERSAL, OPENING, CLOSING = "normal", "late", "correction", "reversal", "opening", "closing"
SYSTEM = "system"
FIRST_DAY = date(2000, 1, 1)
BOOKS = ("basic", "obligations", "supplementary")
WRITTEN_BY_CLOSE = "obligations"
"""The book into which the day's close alone writes."""


@dataclass(frozen=True, slots=True)
class Posting:
    """``amount_fen`` > 0 goes from ``credit`` to ``debit``; ``party`` (hospital, township…) and ``ref`` (the business
    number, one a voucher) can be searched. No names, ID numbers or bank accounts."""

    debit: str
    credit: str
    amount_fen: int
    memo: str = ""
    party: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher 记账凭证. ``source_event`` is unique in the book; preparer and checker are two persons.

    ``posting_date`` is the earliest day wanted: when that day is sealed or passed, the book's open day counts, unless
    ``exact_day``. ``value_date`` is the business date of the fact; in a closed month the database turns the reason
    ``normal`` into ``late``. ``keeper`` (finance, county_office, insurer, township), where given, must keep every
    account touched; the role of the transaction's scope must act for the accounts' keeper in any case. ``hold_id`` ends
    that hold, whose amount is the most that may be posted.
    """

    book: str
    source_event: str
    posting_date: date
    value_date: date
    text: str
    preparer: str
    checker: str
    poster: str
    postings: tuple[Posting, ...]
    reason: str = NORMAL
    reversal_of: int | None = None
    keeper: str | None = None
    exact_day: bool = False
    hold_id: UUID | None = None
    sheets: int = 0
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount in fen of a guarded account that is set aside under an id of the caller's."""

    hold_id: UUID
    amount_fen: int


_VOUCHER_COLUMNS = (
    "book",
    "seq",
    "source_event",
    "posting_date",
    "value_date",
    "reason",
    "reversal_of",
    "preparer",
    "checker",
    "poster",
    "text",
    "sheets",
    "papers",
    "keeper",
    "exact_day",
    "hold_id",
)
_POSTING_COLUMNS = ("book", "seq", "line", "debit", "credit", "amount_fen", "party", "ref", "memo")
_STAGE = "SELECT ledger_stage()"
_POST = "SELECT b.book, post($1, b.book) AS first FROM unnest($2::text[]) AS b(book)"
_KNOWN = """
SELECT book, source_event, number FROM voucher
WHERE pool_code = $1 AND book = ANY ($2::text[]) AND source_event = ANY ($3::text[])
"""
_OPEN = "SELECT open_book($1, c.chart, $3) FROM unnest($2::text[]) AS c(chart)"


def by_rule(rule: str) -> tuple[str, str, str]:
    """Preparer, checker and poster of what the system books under an approved rule (contracts §9)."""
    return SYSTEM, f"rule:{rule}", SYSTEM


async def open_books(
    conn: AsyncConnection, pool_code: str, first_day: date = FIRST_DAY, books: Sequence[str] = BOOKS
) -> None:
    """Opens the books of a pool on their charts; repeating it changes nothing."""
    with refused_by_the_database():
        await fetch(conn, _OPEN, pool_code, sorted(chart_of(book) for book in books), first_day)


async def post(conn: AsyncConnection, pool_code: str, vouchers: Sequence[Voucher]) -> list[int]:
    """Books the vouchers, all or none, and returns their numbers in order; raises the problems of the ledger.

    Four round trips, however many vouchers. A source event that was booked before is refused; see ``post_once``.
    """
    if not vouchers:
        return []
    order: dict[str, int] = {}
    sequence = []
    for voucher in vouchers:
        order[voucher.book] = order.get(voucher.book, 0) + 1
        sequence.append(order[voucher.book])
    with refused_by_the_database():
        await execute(conn, _STAGE)
        await copy_in(
            conn,
            "staged_voucher",
            _VOUCHER_COLUMNS,
            (
                (
                    v.book,
                    seq,
                    v.source_event,
                    v.posting_date,
                    v.value_date,
                    v.reason,
                    v.reversal_of,
                    v.preparer,
                    v.checker,
                    v.poster,
                    v.text,
                    v.sheets,
                    ",".join(v.papers),
                    v.keeper,
                    v.exact_day,
                    v.hold_id,
                )
                for v, seq in zip(vouchers, sequence, strict=True)
            ),
        )
        await copy_in(
            conn,
            "staged_posting",
            _POSTING_COLUMNS,
            (
                (v.book, seq, line, p.debit, p.credit, p.amount_fen, p.party, p.ref, p.memo)
                for v, seq in zip(vouchers, sequence, strict=True)
                for line, p in enumerate(v.postings, 1)
            ),
        )
        first = {row["book"]: row["first"] for row in await fetch(conn, _POST, pool_code, sorted(order))}
    return [first[v.book] + seq - 1 for v, seq in zip(vouchers, sequence, strict=True)]


async def post_once(conn: AsyncConnection, pool_code: str, vouchers: Sequence[Voucher]) -> list[int]:
    """Like ``post`` for consumers: a voucher whose source event the book has already keeps its number."""
    known = await _numbers(conn, pool_code, vouchers)
    fresh = [v for v in vouchers if (v.book, v.source_event) not in known]
    for voucher, number in zip(fresh, await post(conn, pool_code, fresh), strict=True):
        known[voucher.book, voucher.source_event] = number
    return [known[v.book, v.source_event] for v in vouchers]


async def _numbers(conn: AsyncConnection, pool_code: str, vouchers: Sequence[Voucher]) -> dict[tuple[str, str], int]:
    books, events = {v.book for v in vouchers}, [v.source_event for v in vouchers]
    rows = await fetch(conn, _KNOWN, pool_code, sorted(books), events) if vouchers else []
    return {(row["book"], row["source_event"]): row["number"] for row in rows}


async def voucher_number(conn: AsyncConnection, pool_code: str, book: str, source_event: str) -> int:
    """The number of the voucher that a source event made."""
    (row,) = await fetch(conn, _KNOWN, pool_code, [book], [source_event])
    return int(row["number"])


async def hold(conn: AsyncConnection, pool_code: str, book: str, account: str, amount_fen: int, hold_id: UUID) -> None:
    """Sets an amount of a guarded account aside; raises LEDGER_OVERDRAWN where less than that is free."""
    await hold_many(conn, pool_code, book, account, [Hold(hold_id, amount_fen)])


async def hold_many(conn: AsyncConnection, pool_code: str, book: str, account: str, holds: Sequence[Hold]) -> None:
    """Several holds on one account, all or none."""
    with refused_by_the_database():
        await fetchval(
            conn,
            "SELECT hold($1, $2, $3, $4::uuid[], $5::bigint[])",
            pool_code,
            book,
            account,
            [h.hold_id for h in holds],
            [h.amount_fen for h in holds],
        )


async def release_hold(conn: AsyncConnection, pool_code: str, book: str, *hold_ids: UUID) -> None:
    """Frees held amounts without a booking; each hold ends once."""
    with refused_by_the_database():
        await fetchval(conn, "SELECT release_hold($1, $2, $3::uuid[])", pool_code, book, list(hold_ids))


async def close_period(conn: AsyncConnection, pool_code: str, book: str, month: date) -> date:
    """Closes the months of a book through the one of ``month`` (all days sealed before); returns its last day."""
    with refused_by_the_database():
        closed: date = await fetchval(conn, "SELECT close_period($1, $2, $3)", pool_code, book, month)
    return closed
