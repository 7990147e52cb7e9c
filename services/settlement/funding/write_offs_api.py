"""Routes of write-offs: what a payer bears himself, asked by one person and decided by another with a document."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query

from services.settlement.funding import write_off_store as store
from services.settlement.funding import write_offs
from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import (
    BEARER_MISSING,
    NOT_TO_WRITE_OFF,
    RECEIVABLE_UNKNOWN,
    WRITE_OFF_ASKED,
    WRITE_OFF_DECIDED,
    WRITE_OFF_HAND,
    WRITE_OFF_UNKNOWN,
)
from services.settlement.funding.receivables_api import Bearer
from services.settlement.funding.roles import READERS
from shared.contracts.layers import LayerBook
from shared.contracts.wire import Line, Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
_DECISION = documented(WRITE_OFF_UNKNOWN, WRITE_OFF_HAND, WRITE_OFF_DECIDED, CONFLICT_OF_INTEREST, FOUR_EYES)


class WriteOffIn(WireModel):
    """Why a receivable cannot be recovered."""

    reason: Reason


class WriteOffApprovalIn(WireModel):
    """The document that says that the payer bears it: the committee's, the director's decision on a refused line, or
    another payer's own."""

    document: Line


class WriteOffRefusalIn(WireModel):
    """The document that says that it stays owed; ``bearer`` for a refused line that nobody was to bear."""

    document: Line
    bearer: Literal["hospital", "patient", "insurer"] | None = None


class WriteOffOut(WireModel):
    """A write-off; ``open`` is what is still owed, ``written_off`` what the payer of ``book`` bears."""

    id: UUID
    receivable_id: UUID
    book: LayerBook
    origin: str
    bearer: Bearer | Literal["payee", "nobody"]
    institution_code: str | None
    amount: Yuan
    open: Yuan
    written_off: Yuan | None
    reason: str
    asked_by: str
    asked_at: datetime
    decision: Literal["approved", "refused"] | None
    document: str | None
    decided_by: str | None
    decided_at: datetime | None


def _write_off(row: Any) -> WriteOffOut:
    amounts = {name: row[f"{name}_fen"] for name in ("amount", "open", "written_off")}
    return WriteOffOut(**amounts, **{n: row[n] for n in WriteOffOut.model_fields if n not in amounts})


@router.post(
    "/pools/{pool_code}/receivables/{receivable_id}/write-off",
    status_code=201,
    response_model=WriteOffOut,
    responses=documented(RECEIVABLE_UNKNOWN, WRITE_OFF_HAND, NOT_TO_WRITE_OFF, WRITE_OFF_ASKED, CONFLICT_OF_INTEREST),
    openapi_extra=access(write_offs.ASKS, command="ask_write_off"),
)
async def post_write_off(pool_code: str, receivable_id: UUID, body: WriteOffIn, unit: UnitDep) -> WriteOffOut:
    """提出核销无法收回的应收款. Asks that the payer bears what cannot be recovered."""
    row = await write_offs.ask(await desk_of(unit), unit.actor.role, receivable_id, body.reason)
    unit.result("write_off", row["id"])
    unit.note(amount_fen=row["open_fen"])
    return _write_off(row)


@router.get(
    "/pools/{pool_code}/write-offs",
    response_model=Page[WriteOffOut],
    openapi_extra=access(READERS, command="list_write_offs"),
)
async def get_write_offs(
    pool_code: str,
    unit: UnitDep,
    only_open: Annotated[bool, Query(alias="open")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[WriteOffOut]:
    """核销清单:谁提出、凭什么文件、由谁决定. Write-offs, newest first; those not yet decided where asked for."""
    rows = await store.listed(unit.conn, pool_code, only_open, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, _write_off, "asked_at", "id")


@router.post(
    "/pools/{pool_code}/write-offs/{write_off_id}/approval",
    response_model=WriteOffOut,
    responses=_DECISION | documented(NOT_TO_WRITE_OFF),
    openapi_extra=access(write_offs.DECIDES, command="approve_write_off"),
)
async def post_write_off_approval(
    pool_code: str, write_off_id: UUID, body: WriteOffApprovalIn, unit: UnitDep
) -> WriteOffOut:
    """凭文件批准核销(另一人),由付款方承担. The second person decides with the document: the payer bears it."""
    row = await write_offs.approve(await desk_of(unit), unit.actor.role, write_off_id, body.document)
    unit.result("write_off", write_off_id)
    unit.note(amount_fen=row["written_off_fen"])
    return _write_off(row)


@router.post(
    "/pools/{pool_code}/write-offs/{write_off_id}/refusal",
    response_model=WriteOffOut,
    responses=_DECISION | documented(BEARER_MISSING),
    openapi_extra=access(write_offs.DECIDES, command="refuse_write_off"),
)
async def post_write_off_refusal(
    pool_code: str, write_off_id: UUID, body: WriteOffRefusalIn, unit: UnitDep
) -> WriteOffOut:
    """不同意核销,继续追收;原定无人承担的写明承担人. It stays owed, by whom the second person names."""
    row = await write_offs.refuse(await desk_of(unit), unit.actor.role, write_off_id, body.document, body.bearer)
    unit.result("write_off", write_off_id)
    return _write_off(row)
