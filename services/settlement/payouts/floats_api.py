"""Routes of township floats: issue, receipt, payout against signature, return, and the month's account."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import Field

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import BEFORE_THE_SCHEME, IN_THE_FUTURE, KEEPER_ONLY, TRANSFER_RELEASED
from services.settlement.funding.roles import READERS
from services.settlement.funding.transfers import TRANSFER_STATUS
from services.settlement.numbers import Month
from services.settlement.payouts import float_store as store
from services.settlement.payouts import floats
from services.settlement.payouts.problems import (
    CLAIM_DAY_OVER,
    DEPOSIT_AGREED,
    FLOAT_MONTH_NEGATIVE,
    FLOAT_MONTH_OPEN,
    FLOAT_MONTH_SIGNED,
    FLOAT_RECEIPT_USED,
    FLOAT_SHORT,
    FLOAT_SHORT_THEN,
    FLOAT_TOWNSHIP,
    NOT_PAYABLE_IN_CASH,
    PAID_BEFORE_RELEASE,
    TRANSFER_NOT_THERE,
)
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.territory import TOWNSHIP_ROLES, areas_of
from shared.http.unit import UnitDep
from shared.kernel.areas import within
from shared.kernel.dates import next_month

router = ServiceRouter()
Township = Annotated[str, Path(pattern=r"^\d{7,9}$")]
SEES = READERS | TOWNSHIP_ROLES


class FloatAmountIn(WireModel):
    """An amount of cash."""

    amount: Annotated[Yuan, Field(gt=0)]


class FloatTransferOut(WireModel):
    """Cash on its way to a township or back."""

    id: UUID
    township_code: str
    kind: str
    amount: Yuan
    reference: str
    status: str
    status_zh: str


def _transfer(row: Any) -> FloatTransferOut:
    own = {name: row[name] for name in ("id", "township_code", "kind", "reference", "status")}
    return FloatTransferOut(amount=row["amount_fen"], status_zh=TRANSFER_STATUS[row["status"]][0], **own)


@router.post(
    "/pools/{pool_code}/township-floats/{township_code}/issues",
    status_code=201,
    response_model=FloatTransferOut,
    responses=documented(KEEPER_ONLY),
    openapi_extra=access({"insurer_finance"}, command="issue_float"),
)
async def post_issue(pool_code: str, township_code: Township, body: FloatAmountIn, unit: UnitDep) -> FloatTransferOut:
    """填制拨付乡镇备用金;另一人在划转里放行. Prepares cash for a township; another person releases the transfer."""
    row = await floats.issue(await desk_of(unit), unit.actor, township_code, body.amount)
    unit.result("transfer", row["id"])
    return _transfer(row)


@router.post(
    "/pools/{pool_code}/township-floats/transfers/{transfer_id}/receipt",
    response_model=FloatTransferOut,
    responses=documented(TRANSFER_NOT_THERE, FLOAT_TOWNSHIP),
    openapi_extra=access(TOWNSHIP_ROLES, command="receive_float"),
)
async def post_receipt(pool_code: str, transfer_id: UUID, unit: UnitDep) -> FloatTransferOut:
    """乡镇签收备用金. The township says that it has the cash."""
    row = await floats.receive(await desk_of(unit), unit.actor, transfer_id)
    unit.result("transfer", transfer_id)
    return _transfer(row)


@router.post(
    "/pools/{pool_code}/township-floats/{township_code}/returns",
    status_code=201,
    response_model=FloatTransferOut,
    responses=documented(FLOAT_TOWNSHIP, FLOAT_SHORT),
    openapi_extra=access(TOWNSHIP_ROLES, command="return_float"),
)
async def post_return(pool_code: str, township_code: Township, body: FloatAmountIn, unit: UnitDep) -> FloatTransferOut:
    """填制退回备用金;另一人放行. Prepares to pay cash back to the insurer's account."""
    row = await floats.give_back(await desk_of(unit), unit.actor, township_code, body.amount)
    unit.result("transfer", row["id"])
    return _transfer(row)


@router.post(
    "/pools/{pool_code}/township-floats/transfers/{transfer_id}/release",
    response_model=FloatTransferOut,
    responses=documented(TRANSFER_NOT_THERE, FLOAT_TOWNSHIP, FLOAT_SHORT, FOUR_EYES, TRANSFER_RELEASED),
    openapi_extra=access(TOWNSHIP_ROLES, command="release_float_return"),
)
async def post_return_release(pool_code: str, transfer_id: UUID, unit: UnitDep) -> FloatTransferOut:
    """放行退回(乡镇另一人);保险公司银行到账前为在途. The township's second person sends the cash off."""
    row = await floats.release_return(await desk_of(unit), unit.actor, transfer_id)
    unit.result("transfer", transfer_id)
    return _transfer(row)


class PayoutIn(WireModel):
    """Cash paid to somebody for one open payable, the whole of it; the receipt bears his signature."""

    claim_id: UUID
    layer: Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")] = "basic"
    receipt_number: Annotated[str, Field(max_length=30, pattern=r"^[0-9A-Za-z-]+$")]
    paid_on: date


class PayoutOut(WireModel):
    """A payout of a township."""

    id: UUID
    claim_id: UUID
    layer: str
    amount: Yuan
    receipt_number: str
    paid_on: date


@router.post(
    "/pools/{pool_code}/township-floats/{township_code}/payouts",
    status_code=201,
    response_model=PayoutOut,
    responses=documented(
        FLOAT_TOWNSHIP,
        IN_THE_FUTURE,
        BEFORE_THE_SCHEME,
        FLOAT_MONTH_SIGNED,
        NOT_PAYABLE_IN_CASH,
        DEPOSIT_AGREED,
        PAID_BEFORE_RELEASE,
        CLAIM_DAY_OVER,
        FLOAT_SHORT,
        FLOAT_SHORT_THEN,
        FLOAT_RECEIPT_USED,
        CONFLICT_OF_INTEREST,
    ),
    openapi_extra=access({"township_clerk"}, command="pay_in_cash"),
)
async def post_payout(pool_code: str, township_code: Township, body: PayoutIn, unit: UnitDep) -> PayoutOut:
    """凭签字用备用金发放. Pays in cash against signature."""
    new = floats.Payout(**body.model_dump())
    paid = await floats.pay_out(await desk_of(unit), unit.actor, township_code, new)
    unit.result("cash_payout", paid["id"])
    unit.note(amount_fen=paid["amount_fen"])
    return PayoutOut(id=paid["id"], amount=paid["amount_fen"], **body.model_dump())


class FloatOut(WireModel):
    """What a township holds."""

    township_code: str
    held: Yuan


@router.get(
    "/pools/{pool_code}/township-floats",
    response_model=list[FloatOut],
    openapi_extra=access(SEES, command="list_floats"),
)
async def get_floats(pool_code: str, unit: UnitDep) -> list[FloatOut]:
    """各乡镇备用金. What each of the caller's townships holds."""
    areas = areas_of(unit.actor)
    rows = await store.floats(unit.conn, pool_code)
    return [
        FloatOut(township_code=row["township_code"], held=row["fen"])
        for row in rows
        if within(areas, row["township_code"])
    ]


class FloatMonthOut(WireModel):
    """A township's month: opening + received = paid + returned + closing; who signed it and who accepted it."""

    township_code: str
    month: str
    opening: Yuan
    received: Yuan
    paid: Yuan
    returned: Yuan
    closing: Yuan
    signed_by: str | None
    accepted_by: str | None
    payouts: list[PayoutOut]


@router.get(
    "/pools/{pool_code}/township-floats/{township_code}/months/{month}",
    response_model=FloatMonthOut,
    responses=documented(FLOAT_TOWNSHIP),
    openapi_extra=access(SEES, command="show_float_month"),
)
async def get_month(pool_code: str, township_code: Township, month: Month, unit: UnitDep) -> FloatMonthOut:
    """乡镇备用金月报(WW-06). A township's monthly account of its cash."""
    floats.check_township(unit.actor, township_code)
    return await _month(unit, township_code, month)


async def _month(unit: UnitDep, township: str, month: str) -> FloatMonthOut:
    first = date.fromisoformat(f"{month}-01")
    last = next_month(first) - timedelta(days=1)
    sums = await store.month(unit.conn, unit.pool_code, township, first, last)
    signed = await store.signed(unit.conn, unit.pool_code, township, first)
    return FloatMonthOut(
        township_code=township,
        month=month,
        **{name: sums[f"{name}_fen"] for name in ("opening", "received", "paid", "returned", "closing")},
        signed_by=signed["signed_by"] if signed else None,
        accepted_by=signed["accepted_by"] if signed else None,
        payouts=[
            PayoutOut(amount=row["amount_fen"], **{n: row[n] for n in PayoutOut.model_fields if n != "amount"})
            for row in await store.payouts(unit.conn, unit.pool_code, township, first, last)
        ],
    )


@router.post(
    "/pools/{pool_code}/township-floats/{township_code}/months/{month}/signature",
    response_model=FloatMonthOut,
    responses=documented(FLOAT_TOWNSHIP, FLOAT_MONTH_OPEN, FLOAT_MONTH_SIGNED, FLOAT_MONTH_NEGATIVE, FOUR_EYES),
    openapi_extra=access({"township_director"}, command="sign_float_month"),
)
async def post_signature(pool_code: str, township_code: Township, month: Month, unit: UnitDep) -> FloatMonthOut:
    """主任签发月报. The township's director signs the month (WW-10)."""
    await floats.sign_month(await desk_of(unit), unit.actor, township_code, date.fromisoformat(f"{month}-01"))
    unit.result("float_month", f"{township_code}/{month}")
    return await _month(unit, township_code, month)


@router.post(
    "/pools/{pool_code}/township-floats/{township_code}/months/{month}/acceptance",
    response_model=FloatMonthOut,
    responses=documented(FLOAT_MONTH_OPEN, FLOAT_MONTH_SIGNED, FOUR_EYES),
    openapi_extra=access({"county_recheck", "county_director"}, command="accept_float_month"),
)
async def post_acceptance(pool_code: str, township_code: Township, month: Month, unit: UnitDep) -> FloatMonthOut:
    """县合管办核收月报. The county office accepts the month (WW-06)."""
    await floats.accept_month(await desk_of(unit), township_code, date.fromisoformat(f"{month}-01"))
    unit.result("float_month", f"{township_code}/{month}")
    return await _month(unit, township_code, month)
