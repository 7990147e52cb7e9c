"""A receipt that never counted is voided while its money is still with the township (rulings §18)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.enrollment.financing import receipt_books, receipt_store, refund_store, store
from services.enrollment.financing.billing import standard_for
from services.enrollment.financing.receipts import TOWNSHIP_NOT_YOURS
from services.enrollment.registry.act import SERVICE, Act
from services.enrollment.registry.coverage import NewStart, lapsed
from services.enrollment.registry.model import within
from services.enrollment.registry.publish import Timeline, change_coverage
from shared.contracts.enrollment import PremiumVoided
from shared.db.personal import Sealer
from shared.http.problems import NOT_FOUND
from shared.kernel.errors import define
from shared.messaging.outbox import Outgoing, emit_many

RECEIPT_REMITTED = define(
    "receipt_remitted",
    409,
    "收据已上缴",
    "The receipt is remitted",
    "收据“{number}”的款已上缴,不能作废;请提出退费申请。",
    "The money of receipt {number} has been remitted; apply for a refund instead.",
)
RECEIPT_VOIDED = define(
    "receipt_voided",
    409,
    "收据已作废",
    "The receipt is void",
    "收据“{number}”已经作废。",
    "Receipt {number} is void already.",
)


async def void(act: Act, sealer: Sealer, areas: Sequence[str], number: str, reason: str) -> Any:
    """Voids a receipt: the bill was paid that much less, and who was covered by it is covered no more, from the start.

    Returns the receipt. Raises NOT_FOUND, TOWNSHIP_NOT_YOURS, RECEIPT_VOIDED, RECEIPT_REMITTED.
    """
    found = await refund_store.receipt(act.conn, act.pool_code, number)
    if found is None:
        raise NOT_FOUND(what=(f"收据“{number}”", f"receipt {number}"))
    if not within(areas, found["township_code"]):
        raise TOWNSHIP_NOT_YOURS(township_code=found["township_code"])
    await receipt_store.lock_remittances(act.conn, act.pool_code, found["township_code"])
    (bill,) = await store.lock_bills(act.conn, act.pool_code, [found["bill_id"]])
    known = await refund_store.receipt(act.conn, act.pool_code, number)
    if known["voided"]:
        raise RECEIPT_VOIDED(number=number)
    if known["remitted"]:
        raise RECEIPT_REMITTED(number=number)
    await refund_store.void(act.conn, act.pool_code, known["receipt_id"], reason, act.day, act.by, act.now)
    await receipt_books.void_used(act, number, reason)
    await refund_store.take_back(act.conn, act.pool_code, bill["bill_id"], known["amount_fen"])
    await emit_many(act.conn, [_told(act, known, bill)])
    lines = await refund_store.unsettle(act.conn, act.pool_code, bill["bill_id"])
    await end_coverage(act, sealer, bill["year"], {row["member_id"]: row["covered_from"] for row in lines}, "voided")
    return known


async def end_coverage(act: Act, sealer: Sealer, year: int, covered_from: dict[UUID, date], cause: str) -> None:
    """Takes back what a bill of the year gave its members, from the day it gave it on (contracts §7: a claim settled
    meanwhile stands, and opens a case for inspection)."""
    last = (await standard_for(act.conn, act.pool_code, year)).coverage_to

    def decide(member: UUID, timeline: Timeline) -> list[NewStart]:
        return lapsed(timeline, covered_from[member], last, cause)

    await change_coverage(act, sealer, list(covered_from), decide)


def _told(act: Act, receipt: Any, bill: Any) -> Outgoing:
    payload = PremiumVoided(
        bill_id=receipt["bill_id"],
        township_code=receipt["township_code"],
        year=receipt["year"],
        receipt_id=receipt["receipt_id"],
        receipt_number=receipt["receipt_number"],
        amount=receipt["amount_fen"],
        voided_on=act.day,
        at=act.now,
    )
    sequence, fen = bill["version"] + 1, receipt["amount_fen"]
    return Outgoing(payload, act.pool_code, str(receipt["bill_id"]), sequence, act.day, act.now, SERVICE, fen)
