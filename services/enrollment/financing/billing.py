"""Household bills: a line per member (paid, sponsored, excused), and coverage when a bill is complete (rulings §17)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.financing import refund_store, store
from services.enrollment.financing.rules import EXCUSED, PAYABLE, SPONSORED, Standard, Wish, covered_from
from services.enrollment.registry.act import Act
from services.enrollment.registry.coverage import NewStart, paid
from services.enrollment.registry.model import LEVELS
from services.enrollment.registry.publish import Changed, Timeline, change_coverage
from shared.db.personal import Sealer
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.kernel.timelines import Start

STANDARD_UNKNOWN = define(
    "standard_unknown",
    409,
    "还没有该年度的筹资标准",
    "No standard for the year",
    "{pool_code} 还没有公布 {year} 年度的筹资标准;请县合管办先登记。",
    "Pool {pool_code} has no standard for {year}; the county office records it first.",
)
TOO_LATE = define(
    "premium_too_late",
    409,
    "缴费已过期限",
    "The payment is too late for the year",
    "{year} 年度不再接受 {paid_on} 的缴费(户缴费单 {bill_id})。",
    "The year {year} takes no payment of {paid_on} (bill {bill_id}).",
)


def standard_of(row: Any) -> Standard:
    """The standard of a stored row."""
    return Standard(
        year=row["year"],
        premium_fen=row["premium_fen"],
        subsidies_fen={level: row[f"{level}_fen"] for level in LEVELS},
        coverage_from=row["coverage_from"],
        coverage_to=row["coverage_to"],
        collection_from=row["collection_from"],
        collection_until=row["collection_until"],
        late_start=row["late_start"],
        receipt_numbers=row["receipt_numbers"],
    )


async def standard_for(conn: AsyncConnection, pool_code: str, year: int) -> Standard:
    """The standard of a coverage year; raises STANDARD_UNKNOWN."""
    row = await store.standard(conn, pool_code, year)
    if row is None:
        raise STANDARD_UNKNOWN(pool_code=pool_code, year=year)
    return standard_of(row)


async def standards_of(conn: AsyncConnection, pool_code: str) -> dict[int, Standard]:
    """All standards of a pool by year."""
    return {row["year"]: standard_of(row) for row in await store.standards(conn, pool_code)}


async def bill_members(act: Act, sealer: Sealer, standard: Standard, wishes: Sequence[Wish]) -> int:
    """Puts members on the bills of their households, making bills where there are none; returns changed lines.

    A line that is settled or sponsored stays as it is, and so does one whose premium was paid in part already: what was
    paid is refunded, not excused (rulings §18). While a refund is under way all lines of the bill stay, since its
    amount was computed from them. Runs a fixed number of statements.
    """
    households = sorted({wish.household_id for wish in wishes})
    rows = await store.bills_of(act.conn, act.pool_code, standard.year, households)
    bills = {row["household_id"]: row["bill_id"] for row in rows}
    open_fen = {row["bill_id"]: row["due_fen"] - row["paid_fen"] for row in rows}
    refunding = await refund_store.under_way(act.conn, act.pool_code, list(bills.values()))
    known = {
        (row["bill_id"], row["member_id"]): row
        for row in await store.lines_of(act.conn, act.pool_code, list(bills.values()))
    }
    new_bills: list[tuple[UUID, UUID, str]] = []
    added: list[store.Line] = []
    changed: list[store.Line] = []
    for wish in wishes:
        if wish.household_id not in bills:
            bills[wish.household_id] = new_id(act.now)
            new_bills.append((bills[wish.household_id], wish.household_id, wish.township_code))
        line = _line(bills[wish.household_id], wish, standard)
        present = known.get((line[0], line[1]))
        if present is None:
            added.append(line)
        elif line[0] not in refunding and _may_change(present, line, open_fen):
            open_fen[line[0]] += line[3] - present["premium_fen"]
            changed.append(line)
    await _write(act, standard, new_bills, added, changed)
    if touched := sorted({line[0] for line in (*added, *changed)}):
        await store.recount(act.conn, act.pool_code, touched)
        await settle_complete(act, sealer, touched)
    return len(added) + len(changed)


def _line(bill_id: UUID, wish: Wish, standard: Standard) -> store.Line:
    kind, premium = (EXCUSED, 0) if wish.excuse else (PAYABLE, standard.premium_fen)
    return bill_id, wish.member_id, kind, premium, wish.excuse


def _may_change(present: Any, line: store.Line, open_fen: Mapping[UUID, int]) -> bool:
    if (present["kind"], present["reason"]) == (line[2], line[4]):
        return False
    is_free = present["settled_on"] is None and present["kind"] != SPONSORED
    return is_free and present["premium_fen"] - line[3] <= open_fen[line[0]]


async def _write(
    act: Act,
    standard: Standard,
    bills: list[tuple[UUID, UUID, str]],
    added: list[store.Line],
    changed: list[store.Line],
) -> None:
    if bills:
        await store.insert_bills(act.conn, act.pool_code, standard.year, bills, act.now)
    if added:
        await store.insert_lines(act.conn, act.pool_code, added)
    if changed:
        await store.change_lines(act.conn, act.pool_code, changed)


async def settle_complete(act: Act, sealer: Sealer, bill_ids: Sequence[UUID]) -> Changed:
    """Where a bill is complete, settles its open lines and starts coverage from the day the standard gives.

    The day of the last payment decides. A member to verify is settled and not yet covered: the household does not wait.
    Raises TOO_LATE. Bills without any payment or sponsor (all excused) settle nothing.
    """
    bills = [
        row
        for row in await store.lock_bills(act.conn, act.pool_code, bill_ids)
        if row["due_fen"] == row["paid_fen"] and row["last_paid_on"] is not None
    ]
    if not bills:
        return Changed(frozenset(), frozenset())
    standards = await standards_of(act.conn, act.pool_code)
    rows = [(bill["bill_id"], bill["last_paid_on"], _first_day(bill, standards)) for bill in bills]
    lines = await store.settle_lines(act.conn, act.pool_code, rows)
    return await _cover(act, sealer, [line["member_id"] for line in lines])


def _first_day(bill: Any, standards: Mapping[int, Standard]) -> date:
    first = covered_from(standards[bill["year"]], bill["last_paid_on"])
    if first is None:
        raise TOO_LATE(year=bill["year"], paid_on=bill["last_paid_on"], bill_id=bill["bill_id"])
    return first


async def _cover(
    act: Act,
    sealer: Sealer,
    members: Sequence[UUID],
    *,
    cause: str | None = None,
    touched: frozenset[UUID] = frozenset(),
) -> Changed:
    periods: dict[UUID, list[tuple[date, date, str]]] = {}
    if members:
        for line in await store.settled_lines(act.conn, act.pool_code, members):
            why = cause or ("sponsored" if line["kind"] == SPONSORED else "premium")
            periods.setdefault(line["member_id"], []).append((line["covered_from"], line["coverage_to"], why))

    def decide(member: UUID, timeline: Timeline) -> list[NewStart]:
        return periods_paid(timeline, periods.get(member, ()))

    return await change_coverage(act, sealer, list(periods), decide, touched=touched)


def periods_paid(timeline: Timeline, periods: Sequence[tuple[date, date, str]]) -> list[NewStart]:
    """The starts that paid periods (later years first) add to a timeline, none of them twice."""
    added: list[NewStart] = []
    for first, last, cause in periods:
        recorded = max((start.recorded_seq for start in timeline), default=0) + 1
        seen = (*timeline, *(Start(start.valid_from, recorded, start.state) for start in added))
        added += paid(seen, first, last, cause)
    return added


async def cover_enrolled(act: Act, sealer: Sealer, members: Sequence[UUID], touched: frozenset[UUID]) -> Changed:
    """Covers members whose particulars were corrected, from the day their household was (rulings §17).

    ``touched`` are members who are told in any case: newly enrolled, verified, or in other groups.
    """
    return await _cover(act, sealer, members, cause="verified", touched=touched)
