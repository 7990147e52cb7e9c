"""Route of receipts: what collectors took, booked for the bills it pays."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from services.enrollment.financing.api import PoolCode
from services.enrollment.financing.receipts import NewReceipt, collect
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import ReceiptNumber
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
Township = Annotated[str, Field(pattern=r"^\d{7,9}$")]
RECEIPTS_MAX_BYTES = 512 * 1024


class ReceiptBody(WireModel):
    """One receipt of a collector."""

    receipt_number: ReceiptNumber
    bill_id: UUID
    amount: Annotated[Yuan, Field(gt=0)]
    paid_on: date


class ReceiptsBody(WireModel):
    """Receipts that are booked all together or not at all."""

    receipts: Annotated[list[ReceiptBody], Field(min_length=1, max_length=1000)]


class ReceiptsAnswer(WireModel):
    """What the receipts did."""

    receipt_ids: list[UUID]
    amount: Yuan
    bills_complete: int
    members_covered: int


@router.post(
    "/pools/{pool_code}/receipts",
    openapi_extra=access(
        ("township_clerk",),
        command="book_receipts",
        max_bytes=RECEIPTS_MAX_BYTES,
        bulk="/pools/{pool_code}/receipts/bulk",
    ),
)
async def book_receipts(pool_code: PoolCode, body: ReceiptsBody, unit: UnitDep) -> ReceiptsAnswer:
    """Books premium receipts; a household whose bill becomes complete is covered by the date of payment."""
    receipts = [NewReceipt(r.receipt_number, r.bill_id, r.amount, r.paid_on) for r in body.receipts]
    done = await collect(await act_of(unit), sealer_of(unit), areas_of(unit.actor), receipts)
    unit.result("receipts", done.receipt_ids[0])
    unit.note(receipts=len(receipts), amount_fen=done.amount_fen)
    return ReceiptsAnswer(
        receipt_ids=done.receipt_ids,
        amount=done.amount_fen,
        bills_complete=done.bills_complete,
        members_covered=done.members_covered,
    )
