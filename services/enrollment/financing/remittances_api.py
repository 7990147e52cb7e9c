"""Routes of remittances: what townships send on to the income account, and on which receipts."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field

from services.enrollment.financing import receipt_store, sheets
from services.enrollment.financing.api import MONEY_READERS, PoolCode
from services.enrollment.financing.receipt_books_api import MissingRun, missing_run
from services.enrollment.financing.receipts import TOWNSHIP_NOT_YOURS
from services.enrollment.financing.receipts_api import Township
from services.enrollment.financing.remittances import (
    REMITTANCE_DIFFERS,
    REMITTANCE_EMPTY,
    REMITTANCE_UNKNOWN_RECEIPTS,
    Handing,
    remit,
)
from services.enrollment.registry.act import act_of
from services.enrollment.registry.model import within
from services.enrollment.registry.territory import areas_named, areas_of
from services.enrollment.registry.texts import cursor_text
from shared.contracts.wire import WireModel, Yuan
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, moment, read_cursor
from shared.http.problems import NOT_FOUND, documented, from_validation
from shared.http.unit import UnitDep

router = ServiceRouter(tags=["financing"], dependencies=[Depends(areas_named)])
REMITTANCE_READERS = (*MONEY_READERS, "insurance_regulator", "discipline")


class RemittanceBody(WireModel):
    """A township's receipts, by number or up to a day of payment, sent on to the income account.

    ``amount``, where stated, is what the township counted: it has to be the sum of the receipts.
    """

    township_code: Township
    receipt_numbers: Annotated[list[str], Field(min_length=1, max_length=5000)] | None = None
    up_to: date | None = None
    amount: Yuan | None = None
    remitted_on: date | None = None


class YearAmount(WireModel):
    """An amount of one coverage year."""

    year: int
    amount: Yuan


class RemittanceAnswer(WireModel):
    """A recorded remittance; ``number`` is the one for people.

    ``missing`` is a warning: numbers of the township's receipt books of which nothing is known although a higher one
    was written.
    """

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    by_year: list[YearAmount]
    remitted_on: date
    missing_numbers: int
    missing: list[MissingRun]


@router.post(
    "/pools/{pool_code}/remittances",
    openapi_extra=access(("township_clerk",), command="remit"),
    responses=documented(TOWNSHIP_NOT_YOURS, REMITTANCE_UNKNOWN_RECEIPTS, REMITTANCE_EMPTY, REMITTANCE_DIFFERS),
)
async def record_remittance(pool_code: PoolCode, body: RemittanceBody, unit: UnitDep) -> RemittanceAnswer:
    """Remits a township's receipts to the income account: a remittance equals its receipts."""
    act = await act_of(unit)
    on = body.remitted_on or act.day
    if on > act.day:
        raise from_validation([{"loc": ("body", "remitted_on"), "msg": f"晚于今天 {act.day} / later than today"}])
    handing = Handing(body.township_code, body.up_to, body.receipt_numbers, body.amount, on)
    done = await remit(act, areas_of(unit.actor), handing)
    missing = [missing_run(row) for row in done.missing]
    unit.result("remittance", done.remittance_id)
    unit.note(receipts=done.receipt_count, amount_fen=done.amount_fen, missing=sum(run.count for run in missing))
    return RemittanceAnswer(
        remittance_id=done.remittance_id,
        number=done.number,
        township_code=body.township_code,
        amount=done.amount_fen,
        receipt_count=done.receipt_count,
        by_year=[YearAmount(year=year, amount=amount) for year, amount in done.by_year.items()],
        remitted_on=on,
        missing_numbers=sum(run.count for run in missing),
        missing=missing,
    )


class RemittanceItem(WireModel):
    """A remittance in a list, with how many numbers were missing when it was made."""

    remittance_id: UUID
    number: Number
    township_code: str
    amount: Yuan
    receipt_count: int
    remitted_on: date
    missing_numbers: int


@router.get(
    "/pools/{pool_code}/remittances",
    openapi_extra=access(REMITTANCE_READERS, command="list_remittances") | sheets.REMITTANCES,
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
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[_item(RemittanceItem, row) for row in rows[:limit]],
        next_cursor=encode_cursor(last["recorded_at"], last["remittance_id"]) if last else None,
    )


class RemittedReceipt(WireModel):
    """A receipt of a remittance; ``book_number`` where its number came from an issued book."""

    receipt_number: str
    bill_id: UUID
    year: int
    amount: Yuan
    paid_on: date
    book_number: Number | None


@router.get(
    "/pools/{pool_code}/remittances/{remittance_id}/receipts",
    openapi_extra=access(REMITTANCE_READERS, command="list_remitted_receipts") | sheets.REMITTED,
    responses=documented(NOT_FOUND),
)
async def list_remitted_receipts(
    pool_code: PoolCode, remittance_id: UUID, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[RemittedReceipt]:
    """上缴单所附收据. The receipts of a remittance, in order of their number; they add up to it."""
    township = await receipt_store.township_of(unit.conn, pool_code, remittance_id)
    if township is None or not within(areas_of(unit.actor), township):
        raise NOT_FOUND(what=(f"上缴单 {remittance_id}", f"remittance {remittance_id}"))
    after = read_cursor(cursor, cursor_text) or [""]
    rows = await receipt_store.remitted(unit.conn, pool_code, remittance_id, after[0], limit + 1)
    items = [_item(RemittedReceipt, row) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].receipt_number) if len(rows) > limit else None)


def _item(model: Any, row: Any) -> Any:
    own = {name: row[name] for name in model.model_fields if name != "amount"}
    return model(amount=row["amount_fen"], **own)
