"""Routes of transfers between keepers: prepare, release, give up, list."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.settlement.funding import replenishment, sheets, store, transfers
from services.settlement.funding.accounts import TRANSFERS
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    ADVANCE_EXCEEDED,
    KEEPER_ONLY,
    LINE_COULD_BE_IT,
    NOTHING_TO_SWEEP,
    TRANSFER_OF_APPLICATION,
    TRANSFER_RELEASED,
    TRANSFER_UNKNOWN,
)
from services.settlement.funding.roles import READERS
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()


Positive = Annotated[Yuan, Field(gt=0)]


class AmountIn(WireModel):
    """An amount of money."""

    amount: Positive


class TransferIn(WireModel):
    """A transfer that its keeper begins."""

    kind: Literal["income_to_fiscal", "sweep", "advance_return"]
    amount: Positive


class TransferOut(WireModel):
    """A transfer between two keepers; ``reference`` is what both banks' statements show."""

    id: UUID
    kind: str
    source: str
    target: str
    amount: Yuan
    reference: str
    status: str
    replenishment_id: UUID | None
    released_on: date | None
    arrived_on: date | None


def transfer_out(row: Any) -> TransferOut:
    """A transfer in wire form."""
    route = TRANSFERS[row["kind"]]
    return TransferOut(
        id=row["id"],
        kind=row["kind"],
        source=route.source,
        target=route.target,
        amount=row["amount_fen"],
        reference=row["shown_as"] or row["reference"],
        status=row["status"],
        replenishment_id=row["replenishment_id"],
        released_on=row["released_on"],
        arrived_on=row["arrived_on"],
    )


@router.post(
    "/pools/{pool_code}/transfers",
    status_code=201,
    response_model=TransferOut,
    responses=documented(KEEPER_ONLY, NOTHING_TO_SWEEP, ADVANCE_EXCEEDED),
    openapi_extra=access(
        {"county_recheck", "county_director", "county_finance", "insurer_finance"}, command="prepare_transfer"
    ),
)
async def post_transfer(pool_code: str, body: TransferIn, unit: UnitDep) -> TransferOut:
    """填制划转:收入户缴财政专户、支出户利息上划、退回周转金. Prepares a transfer; another person releases it."""
    row = await transfers.prepare_transfer(await desk_of(unit), body.kind, unit.actor.role, body.amount)
    unit.result("transfer", row["id"])
    return transfer_out(row)


@router.post(
    "/pools/{pool_code}/advances",
    status_code=201,
    response_model=TransferOut,
    responses=documented(KEEPER_ONLY),
    openapi_extra=access({"county_finance"}, command="prepare_advance"),
)
async def post_advance(pool_code: str, body: AmountIn, unit: UnitDep) -> TransferOut:
    """填制周转金拨付 (ZZ-31). Prepares working capital for the insurer's account; another person releases it."""
    row = await transfers.prepare_transfer(await desk_of(unit), "advance", unit.actor.role, body.amount)
    unit.result("transfer", row["id"])
    return transfer_out(row)


@router.post(
    "/pools/{pool_code}/transfers/{transfer_id}/release",
    response_model=TransferOut,
    responses=documented(TRANSFER_UNKNOWN, FOUR_EYES, KEEPER_ONLY, TRANSFER_RELEASED, LINE_COULD_BE_IT),
    openapi_extra=access(
        {
            "county_recheck",
            "county_director",
            "county_finance",
            "insurer_finance",
            "insurer_manager",
            "insurer_approver",
        },
        command="release_transfer",
    ),
)
async def post_transfer_release(pool_code: str, transfer_id: UUID, unit: UnitDep) -> TransferOut:
    """放行划转(另一人);收款方银行到账前为在途. The second person sends the money off."""
    row = await replenishment.release(await desk_of(unit), transfer_id, unit.actor.role)
    unit.result("transfer", transfer_id)
    return transfer_out(row)


class TransferCancelIn(WireModel):
    """Why a transfer is given up."""

    reason: Reason


@router.post(
    "/pools/{pool_code}/transfers/{transfer_id}/cancellation",
    response_model=TransferOut,
    responses=documented(TRANSFER_UNKNOWN, KEEPER_ONLY, TRANSFER_OF_APPLICATION, TRANSFER_RELEASED),
    openapi_extra=access(
        {"county_recheck", "county_director", "county_finance", "insurer_finance"}, command="cancel_transfer"
    ),
)
async def post_transfer_cancellation(
    pool_code: str, transfer_id: UUID, body: TransferCancelIn, unit: UnitDep
) -> TransferOut:
    """撤销未放行的划转. Gives up a transfer that was not released."""
    row = await transfers.cancel_transfer(await desk_of(unit), transfer_id, unit.actor.role, body.reason)
    unit.result("transfer", transfer_id)
    return transfer_out(row)


@router.get(
    "/pools/{pool_code}/transfers",
    response_model=Page[TransferOut],
    openapi_extra=access(READERS, command="list_transfers") | sheets.TRANSFERS,
)
async def get_transfers(
    pool_code: str,
    unit: UnitDep,
    status: Literal["prepared", "released", "arrived", "cancelled", "returned"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TransferOut]:
    """划转清单. Transfers, newest first."""
    rows = await store.transfers(unit.conn, pool_code, status, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, transfer_out, "prepared_at", "id")
