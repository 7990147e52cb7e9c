"""Routes of premiums on their way: receipts of the collectors, remittances of the townships."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field

from services.enrollment.financing import receipt_store
from services.enrollment.financing.api import MONEY_READERS, PoolCode
from services.enrollment.financing.receipts import NewReceipt, collect, remit
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import ReceiptNumber
from shared.contracts.wire import WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import from_validation
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


class RemittanceBody(WireModel):
    """A township's receipts, by number or up to a day of payment, sent on to the income account."""

    township_code: Township
    receipt_numbers: Annotated[list[str], Field(min_length=1, max_length=5000)] | None = None
    up_to: date | None = None
    remitted_on: date | None = None


class YearAmount(WireModel):
    """An amount of one coverage year."""

    year: int
    amount: Yuan


class RemittanceAnswer(WireModel):
    """A recorded remittance; ``number`` is the one for people."""

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    by_year: list[YearAmount]
    remitted_on: date


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


@router.post("/pools/{pool_code}/remittances", openapi_extra=access(("township_clerk",), command="remit"))
async def record_remittance(pool_code: PoolCode, body: RemittanceBody, unit: UnitDep) -> RemittanceAnswer:
    """Remits a township's receipts to the income account: a remittance equals its receipts."""
    act = await act_of(unit)
    on = body.remitted_on or act.day
    if on > act.day:
        raise from_validation([{"loc": ("body", "remitted_on"), "msg": f"晚于今天 {act.day} / later than today"}])
    done = await remit(act, areas_of(unit.actor), body.township_code, body.up_to, body.receipt_numbers, on)
    unit.result("remittance", done.remittance_id)
    unit.note(receipts=done.receipt_count, amount_fen=done.amount_fen)
    return RemittanceAnswer(
        remittance_id=done.remittance_id,
        number=done.number,
        township_code=body.township_code,
        amount=done.amount_fen,
        receipt_count=done.receipt_count,
        by_year=[YearAmount(year=year, amount=amount) for year, amount in done.by_year.items()],
        remitted_on=on,
    )


class RemittanceItem(WireModel):
    """A remittance in a list."""

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    remitted_on: date


@router.get(
    "/pools/{pool_code}/remittances",
    openapi_extra=access((*MONEY_READERS, "insurance_regulator", "discipline"), command="list_remittances"),
)
async def list_remittances(
    pool_code: PoolCode,
    unit: UnitDep,
    number: Annotated[Number | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RemittanceItem]:
    """Remittances of the caller's townships, newest first; ``number`` finds one by its number."""
    after = read_cursor(cursor, moment, UUID)
    rows = await receipt_store.remittances(unit.conn, pool_code, areas_of(unit.actor), number, after, limit + 1)
    items = [
        RemittanceItem(
            remittance_id=row["remittance_id"],
            number=row["number"],
            township_code=row["township_code"],
            amount=row["amount_fen"],
            receipt_count=row["receipt_count"],
            remitted_on=row["remitted_on"],
        )
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=items, next_cursor=encode_cursor(last["recorded_at"], last["remittance_id"]) if last else None)
