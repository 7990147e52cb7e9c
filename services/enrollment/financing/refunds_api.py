"""Routes of receipts that never counted and of refunds (rulings §18)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import Field

from services.enrollment.financing import refund_store, refunds, voids
from services.enrollment.financing.receipts import TOWNSHIP_NOT_YOURS
from services.enrollment.registry.act import act_of, sealer_of
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import Reason, ReceiptNumber
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import NOT_FOUND, documented
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
PoolCode = Annotated[str, Path(pattern=r"^\d{6}$")]
TOWNSHIP = ("township_clerk", "township_director")
REFUND_READERS = (*TOWNSHIP, "county_recheck", "county_director", "county_finance", "auditor")


class VoidBody(WireModel):
    """Why a receipt never counted."""

    reason: Reason


class VoidAnswer(WireModel):
    """The voided receipt and its bill, which was paid that much less."""

    receipt_number: str
    bill_id: UUID
    amount: Yuan


@router.post(
    "/pools/{pool_code}/receipts/{receipt_number}/void",
    openapi_extra=access(TOWNSHIP, command="void_receipt"),
    responses=documented(NOT_FOUND, TOWNSHIP_NOT_YOURS, voids.RECEIPT_REMITTED, voids.RECEIPT_VOIDED),
)
async def void_receipt(
    pool_code: PoolCode, receipt_number: Annotated[ReceiptNumber, Path()], body: VoidBody, unit: UnitDep
) -> VoidAnswer:
    """上缴前作废收据. Voids a receipt before its money is remitted; who was covered by it is covered no more."""
    receipt = await voids.void(await act_of(unit), sealer_of(unit), areas_of(unit.actor), receipt_number, body.reason)
    unit.result("receipt", receipt["receipt_id"])
    unit.note(amount_fen=receipt["amount_fen"])
    return VoidAnswer(receipt_number=receipt_number, bill_id=receipt["bill_id"], amount=receipt["amount_fen"])


class RefundBody(WireModel):
    """The premiums of the members named, or, where none is, all that the household paid."""

    member_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = None
    cause: Literal["withdrawn", "double_enrolment", "own_error"]
    reason: Reason


class RefundItem(WireModel):
    """A refund and where it stands: applied for, paid by settlement, or refused there."""

    refund_id: UUID
    bill_id: UUID
    household_id: UUID
    township_code: str
    year: int
    cause: str
    amount: Yuan
    head_count: int
    reason: str
    status: Literal["applied", "paid", "refused"]
    applied_by: str
    applied_at: datetime
    ended_on: date | None


@router.post(
    "/pools/{pool_code}/bills/{bill_id}/refunds",
    status_code=201,
    openapi_extra=access(TOWNSHIP, command="apply_for_refund"),
    responses=documented(
        NOT_FOUND,
        refunds.REFUND_YEAR_BEGUN,
        refunds.REFUND_NOT_REMITTED,
        refunds.REFUND_NOTHING,
        refunds.REFUND_MEMBERS,
        refunds.REFUND_OPEN,
    ),
)
async def apply_for_refund(pool_code: PoolCode, bill_id: UUID, body: RefundBody, unit: UnitDep) -> RefundItem:
    """乡镇申请退费,县合管办审核、财政拨付后生效. A township applies; the county office and finance decide."""
    asked = refunds.Asked(bill_id, body.member_ids, body.cause, body.reason)
    refund_id = await refunds.apply(await act_of(unit), areas_of(unit.actor), asked)
    unit.result("refund", refund_id)
    return _item(await refund_store.refund(unit.conn, pool_code, refund_id))


@router.get("/pools/{pool_code}/refunds", openapi_extra=access(REFUND_READERS, command="list_refunds"))
async def list_refunds(
    pool_code: PoolCode,
    unit: UnitDep,
    year: Annotated[int | None, Query(ge=2003, le=2200)] = None,
    status: Literal["applied", "paid", "refused"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RefundItem]:
    """退费申请及结果. Refunds of the caller's townships, newest first."""
    after = read_cursor(cursor, moment, UUID)
    rows = await refund_store.refunds(unit.conn, pool_code, year, status, areas_of(unit.actor), after, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[_item(row) for row in rows[:limit]],
        next_cursor=encode_cursor(last["applied_at"], last["refund_id"]) if last else None,
    )


def _item(row: Any) -> RefundItem:
    own = {name: row[name] for name in RefundItem.model_fields if name not in ("amount", "head_count")}
    return RefundItem(amount=row["amount_fen"], head_count=row["heads"], **own)
