"""Premiums come in by receipt; a receipt counts for one bill, under a number of its own (rulings §16, §18)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.enrollment.financing import receipt_books, receipt_store, refund_store, store
from services.enrollment.financing.billing import settle_complete
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.model import within
from shared.contracts.enrollment import PremiumCollected
from shared.db.personal import Sealer
from shared.kernel.errors import Words, define
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan
from shared.messaging.outbox import Outgoing, emit_many

RECEIPTS_REFUSED = define(
    "receipts_refused",
    422,
    "收据有误",
    "Receipts refused",
    "“errors”所列收据有误;整批没有入账。请改正后重发。",
    "The receipts listed in errors are wrong; none of the batch was booked.",
)
TOWNSHIP_NOT_YOURS = define(
    "township_not_yours",
    403,
    "不归您经办的乡镇",
    "Not your township",
    "{township_code} 不归您经办。",
    "Township {township_code} is not one of yours.",
)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """One receipt as the collector wrote it; amount in fen."""

    receipt_number: str
    bill_id: UUID
    amount_fen: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class Collected:
    """What a batch of receipts did."""

    receipt_ids: list[UUID]
    amount_fen: int
    bills_complete: int
    members_covered: int


async def collect(act: Act, sealer: Sealer, areas: Sequence[str], receipts: Sequence[NewReceipt]) -> Collected:
    """Books receipts, all or none; bills that become complete start coverage. Raises RECEIPTS_REFUSED with reasons."""
    bills = {
        row["bill_id"]: row
        for row in await store.lock_bills(act.conn, act.pool_code, sorted({receipt.bill_id for receipt in receipts}))
    }
    numbers = [receipt.receipt_number for receipt in receipts]
    used = await receipt_store.numbers_used(act.conn, act.pool_code, numbers)
    drawn = await receipt_books.numbers_drawn(act, numbers)
    refunding = await refund_store.under_way(act.conn, act.pool_code, list(bills))
    errors = judge(receipts, bills, refunding, used, drawn, areas, act.day)
    if errors:
        raise RECEIPTS_REFUSED(errors=errors)
    ids = [new_id(act.now) for _ in receipts]
    await _book(act, receipts, ids, bills)
    await receipt_books.use(act, drawn)
    changed = await settle_complete(act, sealer, list(bills))
    paid: Counter[UUID] = Counter()
    for receipt in receipts:
        paid[receipt.bill_id] += receipt.amount_fen
    complete = sum(bill["due_fen"] == bill["paid_fen"] + paid[bill["bill_id"]] for bill in bills.values())
    return Collected(ids, sum(paid.values()), complete, len(changed.changed))


def judge(
    receipts: Sequence[NewReceipt],
    bills: Mapping[UUID, Any],
    refunding: set[UUID],
    used: set[str],
    drawn: Mapping[str, Any],
    areas: Sequence[str],
    today: date,
) -> list[dict[str, str | Words]]:
    """What is wrong with each receipt, beside the others, the bills and the books that hold their numbers."""
    errors: list[dict[str, str | Words]] = []
    left = {bill_id: bill["due_fen"] - bill["paid_fen"] for bill_id, bill in bills.items()}
    seen: set[str] = set()

    def refuse(number: int, field: str, reason: Words) -> None:
        errors.append({"at": f"receipts.{number}.{field}", "reason": reason})

    for number, receipt in enumerate(receipts):
        if receipt.receipt_number in used or receipt.receipt_number in seen:
            refuse(number, "receipt_number", (f"收据号“{receipt.receipt_number}”已用过", "number used before"))
        seen.add(receipt.receipt_number)
        if receipt.paid_on > today:
            refuse(number, "paid_on", (f"缴费日期晚于今天 {today}", "paid after today"))
        bill = bills.get(receipt.bill_id)
        if bill is None or not within(areas, bill["township_code"]):
            refuse(number, "bill_id", ("没有这张缴费单,或不归您经办", "no such bill of yours"))
            continue
        if receipt.bill_id in refunding:
            refuse(number, "bill_id", ("这张缴费单有退费在办,办结后再收费", "a refund of this bill is under way"))
        if reason := receipt_books.unfit(receipt.receipt_number, bill, drawn.get(receipt.receipt_number)):
            refuse(number, "receipt_number", reason)
        if receipt.paid_on < (first := bill["collection_from"]):
            refuse(number, "paid_on", (f"早于 {bill['year']} 年度开始收费的 {first}", f"before {first}, when it began"))
        left[receipt.bill_id] -= receipt.amount_fen
        if left[receipt.bill_id] < 0:
            open_fen = bill["due_fen"] - bill["paid_fen"]
            refuse(number, "amount", (f"超过应缴余额 {format_yuan(open_fen)} 元", "more than is open"))
    return errors


async def _book(act: Act, receipts: Sequence[NewReceipt], ids: Sequence[UUID], bills: Mapping[UUID, Any]) -> None:
    rows: list[receipt_store.Receipt] = []
    events: list[Outgoing] = []
    paid: dict[UUID, list[NewReceipt]] = defaultdict(list)
    for identifier, receipt in zip(ids, receipts, strict=True):
        bill = bills[receipt.bill_id]
        paid[receipt.bill_id].append(receipt)
        rows.append(
            (
                identifier,
                receipt.receipt_number,
                receipt.bill_id,
                bill["township_code"],
                bill["year"],
                receipt.amount_fen,
                receipt.paid_on,
            )
        )
        events.append(_collected(act, identifier, receipt, bill, bill["version"] + len(paid[receipt.bill_id])))
    try:
        await receipt_store.insert_receipts(act.conn, act.pool_code, rows, act.by, act.now)
    except asyncpg.UniqueViolationError as error:
        # Somebody booked one of these numbers for another bill since they were looked up.
        raise RECEIPTS_REFUSED(
            errors=[{"at": "receipts", "reason": ("收据号刚被用过", "number used just now")}]
        ) from error
    await receipt_store.pay_bills(
        act.conn,
        act.pool_code,
        [
            (bill_id, sum(r.amount_fen for r in of_bill), len(of_bill), max(r.paid_on for r in of_bill))
            for bill_id, of_bill in sorted(paid.items())
        ],
    )
    await emit_many(act.conn, events)


def _collected(act: Act, identifier: UUID, receipt: NewReceipt, bill: Any, sequence: int) -> Outgoing:
    payload = PremiumCollected(
        bill_id=receipt.bill_id,
        household_id=bill["household_id"],
        township_code=bill["township_code"],
        year=bill["year"],
        receipt_id=identifier,
        receipt_number=receipt.receipt_number,
        amount=receipt.amount_fen,
        paid_on=receipt.paid_on,
        at=act.now,
    )
    return Outgoing(
        payload, act.pool_code, str(receipt.bill_id), sequence, act.day, act.now, SERVICE, receipt.amount_fen
    )
