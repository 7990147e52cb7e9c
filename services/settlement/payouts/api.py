"""Routes of batches: the cut-offs to pay, batches and their files, paying again."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field, field_validator

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import ACCOUNT_NOT_REGISTERED, KEEPER_ONLY, LINE_COULD_BE_IT
from services.settlement.funding.roles import READERS
from services.settlement.payouts import batch_files, batches, sheets, store
from services.settlement.payouts.paymentfile import MEDIA_TYPE
from services.settlement.payouts.payments_api import InstructionOut, instruction_out
from services.settlement.payouts.problems import (
    BATCH_STATE,
    BATCH_UNKNOWN,
    CLAIM_DAY_OVER,
    CUTOFF_BATCHED,
    CUTOFF_INCOMPLETE,
    CUTOFF_UNKNOWN,
    INSTRUCTION_UNKNOWN,
    LAYER_NOT_PAYABLE,
    NOT_RETURNED,
    NOTHING_TO_PAY,
    PAID_AGAIN_ALREADY,
    PAYEE_MISSING,
    SET_OFF_INVALID,
    SET_OFF_TOO_MUCH,
)
from services.settlement.payouts.purses import BASIC_LAYER, PAYERS, RELEASERS, BatchLayer, purse_of
from shared.contracts.wire import Reason, WireModel, Yuan
from shared.db.numbers import Number
from shared.db.personal import Sealer
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, page, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()


class CutoffOut(WireModel):
    """A cut-off as its released claims arrived; ``complete`` says whether it can be batched."""

    id: UUID
    institution_code: str
    expected_count: int
    expected_amount: Yuan
    received_count: int
    received_amount: Yuan
    complete: bool
    batch_id: UUID | None


@router.get(
    "/pools/{pool_code}/cutoffs",
    response_model=Page[CutoffOut],
    openapi_extra=access(READERS, command="list_cutoffs") | sheets.CUTOFFS,
)
async def get_cutoffs(
    pool_code: str,
    unit: UnitDep,
    open_only: Annotated[bool, Query(alias="open")] = False,
    layer: BatchLayer = BASIC_LAYER,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[CutoffOut]:
    """已放行的结算期. Cut-offs by id, the highest first; ``open=true`` leaves out those in a batch of the layer."""
    key = read_cursor(cursor, UUID)
    rows = await store.cutoffs_listed(
        unit.conn, pool_code, purse_of(layer).cutoffs, layer, open_only, key[0] if key else None, limit + 1
    )
    items = [
        CutoffOut(
            id=r["id"],
            institution_code=r["institution_code"],
            expected_count=r["expected_count"],
            expected_amount=r["expected_fen"],
            received_count=r["received_count"],
            received_amount=r["received_fen"],
            batch_id=r["batch_id"],
            complete=(r["expected_count"], r["expected_fen"]) == (r["received_count"], r["received_fen"]),
        )
        for r in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > limit else None)


class SetOffIn(WireModel):
    """A receivable on a hospital of the batch: what is set off of it; all that is open where no amount is named."""

    receivable_id: UUID
    amount: Annotated[Yuan, Field(gt=0)] | None = None


class BatchIn(WireModel):
    """Whole cut-offs to pay."""

    cutoff_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    layer: BatchLayer = BASIC_LAYER
    """Whose payables: each layer has its payer and its account (rulings §3)."""
    set_off: Annotated[list[SetOffIn], Field(max_length=1000)] = Field(default_factory=list)

    @field_validator("set_off")
    @classmethod
    def _each_once(cls, named: list[SetOffIn]) -> list[SetOffIn]:
        if len({one.receivable_id for one in named}) < len(named):
            raise ValueError("同一笔应收款只列一次 / each receivable once")
        return named


class BatchOut(WireModel):
    """A batch of payments; ``number`` is the one for people."""

    id: UUID
    number: Number
    layer: str
    status: str
    instruction_count: int
    amount: Yuan
    business_day: date
    prepared_by: str
    released_by: str | None


class BatchDetail(BatchOut):
    """A batch with its instructions."""

    instructions: list[InstructionOut]


def _batch(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "layer": row["layer"],
        "status": row["status"],
        "amount": row["amount_fen"],
        "instruction_count": row["instruction_count"],
        "business_day": row["business_day"],
        "prepared_by": row["prepared_by"],
        "released_by": row["released_by"],
    }


async def _detail(unit: UnitDep, row: Any) -> BatchDetail:
    rows = await store.instructions(unit.conn, unit.pool_code, row["id"])
    return BatchDetail(**_batch(row), instructions=[instruction_out(r) for r in rows])


@router.post(
    "/pools/{pool_code}/batches",
    status_code=201,
    response_model=BatchDetail,
    responses=documented(
        KEEPER_ONLY,
        CUTOFF_UNKNOWN,
        CUTOFF_INCOMPLETE,
        CUTOFF_BATCHED,
        CLAIM_DAY_OVER,
        LAYER_NOT_PAYABLE,
        NOTHING_TO_PAY,
        PAYEE_MISSING,
        SET_OFF_INVALID,
        SET_OFF_TOO_MUCH,
    ),
    openapi_extra=access(PAYERS, command="prepare_batch"),
)
async def post_batch(pool_code: str, body: BatchIn, unit: UnitDep) -> BatchDetail:
    """编制付款批次:整次放行,一层一批,每家医院一笔,并冻结付款账户资金. Prepares a layer's batch and holds its money."""
    set_off = {one.receivable_id: one.amount for one in body.set_off}
    row = await batches.prepare(await desk_of(unit), unit.actor.role, body.cutoff_ids, set_off, body.layer)
    unit.result("batch", row["id"])
    unit.note(amount_fen=row["amount_fen"], instructions=row["instruction_count"])
    return await _detail(unit, row)


@router.get(
    "/pools/{pool_code}/batches",
    response_model=Page[BatchOut],
    openapi_extra=access(READERS, command="list_batches") | sheets.BATCHES,
)
async def get_batches(
    pool_code: str,
    unit: UnitDep,
    number: Annotated[Number | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[BatchOut]:
    """付款批次. Batches, newest first."""
    rows = await store.batches(unit.conn, pool_code, number, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, lambda row: BatchOut(**_batch(row)), "prepared_at", "id")


@router.get(
    "/pools/{pool_code}/batches/{batch_id}",
    response_model=BatchDetail,
    responses=documented(BATCH_UNKNOWN),
    openapi_extra=access(READERS, command="show_batch"),
)
async def get_batch(pool_code: str, batch_id: UUID, unit: UnitDep) -> BatchDetail:
    """一个批次及其付款. A batch with its payments."""
    row = await store.batch(unit.conn, pool_code, batch_id)
    if row is None:
        raise BATCH_UNKNOWN(batch=batch_id)
    return await _detail(unit, row)


@router.post(
    "/pools/{pool_code}/batches/{batch_id}/release",
    response_model=BatchDetail,
    responses=documented(BATCH_UNKNOWN, KEEPER_ONLY, BATCH_STATE, FOUR_EYES, LINE_COULD_BE_IT, ACCOUNT_NOT_REGISTERED),
    openapi_extra=access(RELEASERS, command="release_batch"),
)
async def post_batch_release(pool_code: str, batch_id: UUID, unit: UnitDep) -> BatchDetail:
    """放行批次(另一人),生成付款文件. A second person releases the batch; its file is made once."""
    row = await batches.release(await desk_of(unit), unit.actor.role, batch_id, Sealer(unit.settings.personal_keys()))
    unit.result("batch", batch_id)
    return await _detail(unit, row)


class CancelIn(WireModel):
    """Why a batch is given up."""

    reason: Reason


@router.post(
    "/pools/{pool_code}/batches/{batch_id}/cancellation",
    response_model=BatchDetail,
    responses=documented(BATCH_UNKNOWN, KEEPER_ONLY, BATCH_STATE),
    openapi_extra=access(PAYERS | RELEASERS, command="cancel_batch"),
)
async def post_batch_cancellation(pool_code: str, batch_id: UUID, body: CancelIn, unit: UnitDep) -> BatchDetail:
    """撤销未放行的批次,解除冻结. Gives up a batch that was not released; its money and cut-offs are free again."""
    row = await batches.cancel(await desk_of(unit), unit.actor.role, batch_id, body.reason)
    unit.result("batch", batch_id)
    return await _detail(unit, row)


@router.post(
    "/pools/{pool_code}/batches/{batch_id}/dispatch",
    response_model=BatchDetail,
    responses=documented(BATCH_UNKNOWN, KEEPER_ONLY, BATCH_STATE),
    openapi_extra=access(PAYERS, command="dispatch_batch"),
)
async def post_batch_dispatch(pool_code: str, batch_id: UUID, unit: UnitDep) -> BatchDetail:
    """付款文件已送银行. The file was handed to the bank: the bank's deadline runs."""
    row = await batches.dispatch(await desk_of(unit), unit.actor.role, batch_id)
    unit.result("batch", batch_id)
    return await _detail(unit, row)


@router.get(
    "/pools/{pool_code}/batches/{batch_id}/file",
    responses=documented(BATCH_UNKNOWN, KEEPER_ONLY, BATCH_STATE),
    response_class=Response,
    openapi_extra=access(PAYERS | RELEASERS, command="download_payment_file", personal=True),
)
async def get_batch_file(pool_code: str, batch_id: UUID, unit: UnitDep) -> Response:
    """付款文件:每次下载逐字节相同并留痕. The payment file, the same bytes every time; each download is logged."""
    sealer = Sealer(unit.settings.personal_keys())
    message_id, content = await batch_files.file_of(unit.conn, pool_code, unit.actor.role, batch_id, sealer)
    unit.result("payment_file", batch_id)
    unit.note(message_id=message_id)
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{message_id}.xml"',
            "X-Message-Id": message_id,
            "Cache-Control": "no-store",
        },
    )


@router.post(
    "/pools/{pool_code}/payments/{instruction_id}/repayment",
    status_code=201,
    response_model=BatchDetail,
    responses=documented(
        INSTRUCTION_UNKNOWN,
        KEEPER_ONLY,
        NOT_RETURNED,
        PAID_AGAIN_ALREADY,
        LINE_COULD_BE_IT,
        PAYEE_MISSING,
        CLAIM_DAY_OVER,
    ),
    openapi_extra=access(PAYERS, command="pay_again"),
)
async def post_repayment(pool_code: str, instruction_id: UUID, unit: UnitDep) -> BatchDetail:
    """退票重付:新的付款写明原付款,只能一次. A new payment that names the returned one; possible once."""
    row = await batches.pay_again(await desk_of(unit), unit.actor.role, instruction_id)
    unit.result("batch", row["id"])
    return await _detail(unit, row)
