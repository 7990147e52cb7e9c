"""Routes of money orders: prepare, the next hand, refuse, list."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import BEFORE_THE_SCHEME, IN_THE_FUTURE, LINE_COULD_BE_IT, REFERENCE_USED
from services.settlement.funding.refusal import RefusalIn, ReversalIn
from services.settlement.funding.roles import READERS
from services.settlement.orders import commands, store, undoing
from services.settlement.orders.kinds import KINDS, PAYING_LAST
from services.settlement.orders.problems import (
    ORDER_AT_BANK,
    ORDER_EXECUTED_LATE,
    ORDER_HAND,
    ORDER_INCOMPLETE,
    ORDER_KIND_UNKNOWN,
    ORDER_NOT_EXECUTED_LATE,
    ORDER_NOT_PAYER,
    ORDER_NOT_RETURNED,
    ORDER_NOT_REVERSIBLE,
    ORDER_REVERSAL_NONE,
    ORDER_REVERSAL_WAITS,
    ORDER_STATE,
    ORDER_TOLD,
    ORDER_UNKNOWN,
    ORDER_YEAR_OVER,
    REFUND_TOLD,
    REFUND_UNPAID,
    REFUND_YEAR_BEGUN,
    RISK_FUND_AT_PROVINCE,
    RISK_FUND_FULL,
    RISK_FUND_SHORT,
    SUBSIDY_NOT_PER_HEAD,
)
from services.settlement.orders.rules import NewOrder
from shared.contracts.wire import Line, Reason, WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, moment, page, read_cursor
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
_FIRST = frozenset().union(*(kind.hands[0] for kind in KINDS.values() if not kind.told))
_LAST = frozenset().union(*(kind.hands[-1] for kind in KINDS.values() if kind.is_reversible))
_NEXT = frozenset().union(*(hand for kind in KINDS.values() for hand in kind.hands[1:]))

_LIMITED = (RISK_FUND_FULL, RISK_FUND_SHORT, RISK_FUND_AT_PROVINCE)


class OrderIn(WireModel):
    """A money order; which members a kind needs is in ``GET …/money-order-kinds``."""

    kind: Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]
    amount: Annotated[Yuan, Field(gt=0)]
    reason: Reason
    coverage_year: Annotated[int, Field(ge=2003, le=2100)] | None = None
    bill_id: UUID | None = None
    head_count: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    cause: Literal["withdrawn", "double_enrolment", "own_error"] | None = None
    party: Line | None = None
    bank_reference: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")] | None = None
    value_date: date | None = None


class OrderOut(WireModel):
    """A money order; ``reference`` is what the bank's statement shows."""

    id: UUID
    kind: str
    kind_zh: str
    book: str
    debit: str
    credit: str
    account: str | None
    amount: Yuan
    reference: str
    coverage_year: int | None
    bill_id: UUID | None
    head_count: int | None
    cause: str | None
    party: str
    reason: str
    status: str
    prepared_by: str
    prepared_at: datetime
    checked_by: str | None
    booked_by: str | None
    booked_on: date | None
    value_date: date | None
    refused_by: str | None
    refusal: str | None
    reversal_by: str | None
    reversal_reason: str | None
    reversal_document: str | None
    reversed_by: str | None
    reversed_on: date | None


def _order(row: Any) -> OrderOut:
    own = {name: row[name] for name in OrderOut.model_fields if name not in ("kind_zh", "amount")}
    return OrderOut(kind_zh=KINDS[row["kind"]].zh, amount=row["amount_fen"], **own)


@router.post(
    "/pools/{pool_code}/money-orders",
    status_code=201,
    response_model=OrderOut,
    responses=documented(
        ORDER_KIND_UNKNOWN,
        ORDER_TOLD,
        ORDER_NOT_PAYER,
        ORDER_INCOMPLETE,
        ORDER_HAND,
        IN_THE_FUTURE,
        BEFORE_THE_SCHEME,
        REFERENCE_USED,
        SUBSIDY_NOT_PER_HEAD,
        *_LIMITED,
    ),
    openapi_extra=access(_FIRST, command="prepare_money_order"),
)
async def post_order(pool_code: str, body: OrderIn, unit: UnitDep) -> OrderOut:
    """填制资金单据(捐赠、退费、风险基金、管理费等). Writes an order, which waits for the next person."""
    fields = body.model_dump()
    row = await commands.prepare(await desk_of(unit), unit.actor, NewOrder(amount_fen=fields.pop("amount"), **fields))
    unit.result("money_order", row["id"])
    unit.note(kind=row["kind"], amount_fen=row["amount_fen"])
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/approval",
    response_model=OrderOut,
    responses=documented(
        ORDER_UNKNOWN,
        ORDER_STATE,
        ORDER_HAND,
        FOUR_EYES,
        REFUND_UNPAID,
        REFUND_YEAR_BEGUN,
        ORDER_EXECUTED_LATE,
        LINE_COULD_BE_IT,
        *_LIMITED,
    ),
    openapi_extra=access(_NEXT, command="approve_money_order"),
)
async def post_order_approval(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderOut:
    """审核、拨付(另一人);最后一步记账. The next person's hand; the last one books the order."""
    row = await commands.advance(await desk_of(unit), unit.actor, order_id)
    unit.result("money_order", order_id)
    unit.note(status=row["status"])
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/return",
    response_model=OrderOut,
    responses=documented(ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_NOT_RETURNED),
    openapi_extra=access(_NEXT, command="return_money_order"),
)
async def post_order_return(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderOut:
    """银行退回的付款:冲回凭证,由最后一人重新拨付. A payment that the bank sent back waits for its last hand again."""
    row = await undoing.come_back(await desk_of(unit), unit.actor, order_id)
    unit.result("money_order", order_id)
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/late-execution",
    response_model=OrderOut,
    responses=documented(ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, FOUR_EYES, ORDER_NOT_EXECUTED_LATE),
    openapi_extra=access(PAYING_LAST, command="record_late_execution"),
)
async def post_order_late_execution(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderOut:
    """已申明未执行、尚未重付而银行又付出的款:按原编号记账. The bank executed it after all: that is the payment."""
    row = await commands.book_late(await desk_of(unit), unit.actor, order_id)
    unit.result("money_order", order_id)
    unit.note(status=row["status"], reference=row["reference"])
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/reversal",
    status_code=201,
    response_model=OrderOut,
    responses=documented(
        ORDER_UNKNOWN,
        ORDER_STATE,
        ORDER_HAND,
        ORDER_NOT_REVERSIBLE,
        ORDER_AT_BANK,
        ORDER_YEAR_OVER,
        ORDER_REVERSAL_WAITS,
    ),
    openapi_extra=access(_FIRST | _NEXT, command="propose_money_order_reversal"),
)
async def post_order_reversal(pool_code: str, order_id: UUID, body: ReversalIn, unit: UnitDep) -> OrderOut:
    """申请冲销记错的单据(银行未见款的收入、基金内部划转)。 Proposes to reverse an order that was recorded wrongly."""
    row = await undoing.propose_reversal(await desk_of(unit), unit.actor, order_id, body.reason, body.document)
    unit.result("money_order", order_id)
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/reversal/approval",
    response_model=OrderOut,
    responses=documented(
        ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_REVERSAL_NONE, ORDER_AT_BANK, ORDER_YEAR_OVER, FOUR_EYES
    ),
    openapi_extra=access(_LAST, command="approve_money_order_reversal"),
)
async def post_order_reversal_approval(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderOut:
    """批准冲销(另一人):记一张冲销凭证。 Another person approves: the voucher is reversed, once."""
    row = await undoing.approve_reversal(await desk_of(unit), unit.actor, order_id)
    unit.result("money_order", order_id)
    unit.note(status=row["status"], amount_fen=row["amount_fen"])
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/reversal/refusal",
    response_model=OrderOut,
    responses=documented(ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_REVERSAL_NONE),
    openapi_extra=access(_FIRST | _NEXT, command="refuse_money_order_reversal"),
)
async def post_order_reversal_refusal(pool_code: str, order_id: UUID, body: RefusalIn, unit: UnitDep) -> OrderOut:
    """退回冲销申请,单据不变。 Turns a proposed reversal down; the order stays as it is."""
    row = await undoing.decline_reversal(await desk_of(unit), unit.actor, order_id)
    unit.result("money_order", order_id)
    unit.note(reason=body.reason)
    return _order(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/refusal",
    response_model=OrderOut,
    responses=documented(ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, REFUND_TOLD),
    openapi_extra=access(_FIRST | _NEXT, command="refuse_money_order"),
)
async def post_order_refusal(pool_code: str, order_id: UUID, body: RefusalIn, unit: UnitDep) -> OrderOut:
    """退回未入账的单据. Turns an order down before it is booked."""
    row = await commands.refuse(await desk_of(unit), unit.actor, order_id, body.reason)
    unit.result("money_order", order_id)
    return _order(row)


@router.get(
    "/pools/{pool_code}/money-orders",
    response_model=Page[OrderOut],
    openapi_extra=access(READERS, command="list_money_orders"),
)
async def get_orders(
    pool_code: str,
    unit: UnitDep,
    kind: str | None = None,
    status: Literal["prepared", "checked", "booked", "refused", "reversed"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[OrderOut]:
    """资金单据清单. Orders, newest first."""
    rows = await store.orders(unit.conn, pool_code, kind, status, read_cursor(cursor, moment, UUID), limit + 1)
    return page(rows, limit, _order, "prepared_at", "id")


class KindOut(WireModel):
    """A kind of order: its flow, the roles of each step in order, and the members that it needs."""

    code: str
    name_zh: str
    name_en: str
    book: str
    debit: str
    credit: str
    account: str | None
    hands: list[list[str]]
    needs: list[str]


@router.get(
    "/pools/{pool_code}/money-order-kinds",
    response_model=list[KindOut],
    openapi_extra=access(READERS | _FIRST | _NEXT, command="list_money_order_kinds"),
)
async def get_order_kinds(pool_code: str, unit: UnitDep) -> list[KindOut]:
    """资金单据种类及经办人. The kinds of orders and whose hands each passes."""
    return [
        KindOut(
            code=kind.code,
            name_zh=kind.zh,
            name_en=kind.en,
            book=kind.book,
            debit=kind.debit,
            credit=kind.credit,
            account=kind.account,
            hands=[sorted(hand) for hand in kind.hands],
            needs=list(kind.needs),
        )
        for kind in KINDS.values()
    ]
