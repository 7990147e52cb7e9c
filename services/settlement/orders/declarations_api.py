"""Routes of payments by order that the bank never executed: two persons declare it, and two withdraw a wrong
declaration."""

from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import LINE_COULD_BE_IT
from services.settlement.funding.roles import READERS
from services.settlement.orders import declarations, withdrawals
from services.settlement.orders import declarations_store as store
from services.settlement.orders.kinds import PAYING, PAYING_LAST
from services.settlement.orders.problems import (
    ORDER_DECLARATION_FOLLOWED,
    ORDER_EXECUTED,
    ORDER_HAND,
    ORDER_NOT_A_PAYMENT,
    ORDER_NOT_DECLARED,
    ORDER_STATE,
    ORDER_UNKNOWN,
    ORDER_WITHDRAWAL_NONE,
)
from services.settlement.reconciliation.problems import VALIDITY_NOT_COVERED
from shared.contracts.wire import Line, Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
_REFUSALS = (
    ORDER_UNKNOWN,
    ORDER_STATE,
    ORDER_HAND,
    ORDER_NOT_A_PAYMENT,
    ORDER_EXECUTED,
    VALIDITY_NOT_COVERED,
    LINE_COULD_BE_IT,
)
_WITHDRAWAL = (ORDER_UNKNOWN, ORDER_HAND, ORDER_NOT_DECLARED, ORDER_DECLARATION_FOLLOWED)


class OrderNonExecutionIn(WireModel):
    """What was looked at, in words, and the bank's document that says so."""

    reason: Reason
    document: Line


class OrderWithdrawalIn(WireModel):
    """Why the declaration was wrong, and the bank's document that says so."""

    reason: Reason
    document: Line


class OrderNonExecutionOut(WireModel):
    """Who declared one payment of an order not executed, which counts once it is confirmed; and who withdrew that,
    which counts from ``withdrawn_on`` on."""

    order_id: UUID
    attempt: int
    reference: str
    reason: str
    document: str
    proposed_by: str
    confirmed_by: str | None
    confirmed_on: date | None
    withdrawal_reason: str | None
    withdrawal_document: str | None
    withdrawal_by: str | None
    withdrawn_by: str | None
    withdrawn_on: date | None


def _declaration(row: Any) -> OrderNonExecutionOut:
    return OrderNonExecutionOut(**{name: row[name] for name in OrderNonExecutionOut.model_fields})


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/non-execution",
    status_code=201,
    response_model=OrderNonExecutionOut,
    responses=documented(*_REFUSALS),
    openapi_extra=access(PAYING, command="declare_money_order_not_executed"),
)
async def post_order_non_execution(
    pool_code: str, order_id: UUID, body: OrderNonExecutionIn, unit: UnitDep
) -> OrderNonExecutionOut:
    """申明付款单据银行未执行(第一人):有银行书面答复,对账单已覆盖而无此笔. The first person declares it not executed."""
    row = await declarations.propose(await desk_of(unit), unit.actor, order_id, body.reason, body.document)
    unit.result("order_declaration", order_id)
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/non-execution/confirmation",
    response_model=OrderNonExecutionOut,
    responses=documented(*_REFUSALS, ORDER_NOT_DECLARED, FOUR_EYES),
    openapi_extra=access(PAYING_LAST, command="confirm_money_order_not_executed"),
)
async def post_order_non_execution_confirmation(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderNonExecutionOut:
    """确认未执行(另一人):冲回凭证,单据待重新拨付. Another person confirms; the order can be paid again."""
    row = await declarations.confirm(await desk_of(unit), unit.actor, order_id)
    unit.result("order_declaration", order_id)
    unit.note(reference=row["reference"])
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/non-execution/withdrawal",
    status_code=201,
    response_model=OrderNonExecutionOut,
    responses=documented(*_WITHDRAWAL),
    openapi_extra=access(PAYING, command="withdraw_money_order_not_executed"),
)
async def post_order_withdrawal(
    pool_code: str, order_id: UUID, body: OrderWithdrawalIn, unit: UnitDep
) -> OrderNonExecutionOut:
    """申请撤回错误的未执行申明;尚未确认的申明即时撤回. Asks to withdraw a wrong declaration; one not confirmed ends."""
    row = await withdrawals.propose(await desk_of(unit), unit.actor, order_id, body.reason, body.document)
    unit.result("order_declaration", order_id)
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/money-orders/{order_id}/non-execution/withdrawal/confirmation",
    response_model=OrderNonExecutionOut,
    responses=documented(*_WITHDRAWAL, ORDER_WITHDRAWAL_NONE, FOUR_EYES),
    openapi_extra=access(PAYING_LAST, command="confirm_withdrawal_of_money_order_not_executed"),
)
async def post_order_withdrawal_confirmation(pool_code: str, order_id: UUID, unit: UnitDep) -> OrderNonExecutionOut:
    """确认撤回(另一人):单据按原编号恢复入账,等待银行显示. Another confirms: the order is booked again, as it was."""
    row = await withdrawals.confirm(await desk_of(unit), unit.actor, order_id)
    unit.result("order_declaration", order_id)
    unit.note(reference=row["reference"])
    return _declaration(row)


@router.get(
    "/pools/{pool_code}/money-orders/{order_id}/non-executions",
    response_model=list[OrderNonExecutionOut],
    openapi_extra=access(READERS, command="list_money_order_non_executions"),
)
async def get_order_non_executions(pool_code: str, order_id: UUID, unit: UnitDep) -> list[OrderNonExecutionOut]:
    """单据的未执行申明. What was declared about an order's payments, in their order."""
    return [_declaration(row) for row in await store.declarations(unit.conn, pool_code, order_id)]
