"""Routes of payments that the bank never executed: two persons declare it, and two withdraw a wrong declaration."""

from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding.booking import desk_of
from services.settlement.funding.problems import KEEPER_ONLY, LINE_COULD_BE_IT
from services.settlement.funding.roles import READERS
from services.settlement.payouts.problems import DECLARATION_FOLLOWED, INSTRUCTION_UNKNOWN
from services.settlement.payouts.purses import PAYERS, RELEASERS
from services.settlement.reconciliation import declaration_store as store
from services.settlement.reconciliation import declarations
from services.settlement.reconciliation.problems import (
    DECLARATION_MISSING,
    NOT_UNKNOWN,
    VALIDITY_NOT_COVERED,
    WITHDRAWAL_MISSING,
)
from shared.contracts.wire import Reason, WireModel
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter()
_REFUSALS = (INSTRUCTION_UNKNOWN, KEEPER_ONLY, NOT_UNKNOWN, VALIDITY_NOT_COVERED, LINE_COULD_BE_IT)
_WITHDRAWAL = (INSTRUCTION_UNKNOWN, KEEPER_ONLY, DECLARATION_MISSING, DECLARATION_FOLLOWED)


class NonExecutionIn(WireModel):
    """What was looked at, in words."""

    reason: Reason


class WithdrawalIn(WireModel):
    """Why the declaration was wrong."""

    reason: Reason


class NonExecutionOut(WireModel):
    """Who declared a payment not executed, which counts once it is confirmed; and who withdrew that, which counts from
    ``withdrawn_on`` on."""

    instruction_id: UUID
    reason: str
    proposed_by: str
    confirmed_by: str | None
    confirmed_on: date | None
    withdrawal_reason: str | None
    withdrawal_by: str | None
    withdrawn_by: str | None
    withdrawn_on: date | None


def _declaration(row: Any) -> NonExecutionOut:
    return NonExecutionOut(**{name: row[name] for name in NonExecutionOut.model_fields})


@router.post(
    "/pools/{pool_code}/payments/{instruction_id}/non-execution",
    status_code=201,
    response_model=NonExecutionOut,
    responses=documented(*_REFUSALS),
    openapi_extra=access(PAYERS, command="declare_not_executed"),
)
async def post_non_execution(
    pool_code: str, instruction_id: UUID, body: NonExecutionIn, unit: UnitDep
) -> NonExecutionOut:
    """申明银行未执行(第一人):对账单已覆盖付款有效期而无此笔. The first of two persons declares it not executed."""
    row = await declarations.propose(await desk_of(unit), unit.actor.role, instruction_id, body.reason)
    unit.result("declaration", instruction_id)
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/payments/{instruction_id}/non-execution/confirmation",
    response_model=NonExecutionOut,
    responses=documented(*_REFUSALS, DECLARATION_MISSING, FOUR_EYES),
    openapi_extra=access(RELEASERS, command="confirm_not_executed"),
)
async def post_non_execution_confirmation(pool_code: str, instruction_id: UUID, unit: UnitDep) -> NonExecutionOut:
    """确认未执行(第二人),解除冻结,可重付一次. The second person confirms; the payment may be made again once."""
    row = await declarations.confirm(await desk_of(unit), unit.actor.role, instruction_id)
    unit.result("declaration", instruction_id)
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/payments/{instruction_id}/non-execution/withdrawal",
    status_code=201,
    response_model=NonExecutionOut,
    responses=documented(*_WITHDRAWAL),
    openapi_extra=access(PAYERS, command="withdraw_not_executed"),
)
async def post_withdrawal(pool_code: str, instruction_id: UUID, body: WithdrawalIn, unit: UnitDep) -> NonExecutionOut:
    """申请撤回错误的未执行申明;尚未确认的申明即时撤回. Asks to withdraw a wrong declaration; one not confirmed ends."""
    row = await declarations.propose_withdrawal(await desk_of(unit), unit.actor.role, instruction_id, body.reason)
    unit.result("declaration", instruction_id)
    return _declaration(row)


@router.post(
    "/pools/{pool_code}/payments/{instruction_id}/non-execution/withdrawal/confirmation",
    response_model=NonExecutionOut,
    responses=documented(*_WITHDRAWAL, WITHDRAWAL_MISSING, FOUR_EYES),
    openapi_extra=access(RELEASERS, command="confirm_withdrawal_of_not_executed"),
)
async def post_withdrawal_confirmation(pool_code: str, instruction_id: UUID, unit: UnitDep) -> NonExecutionOut:
    """确认撤回(另一人):重新冻结资金,付款恢复为待银行结果. Another confirms: the payment is outstanding again."""
    row = await declarations.confirm_withdrawal(await desk_of(unit), unit.actor.role, instruction_id)
    unit.result("declaration", instruction_id)
    return _declaration(row)


@router.get(
    "/pools/{pool_code}/payments/{instruction_id}/non-executions",
    response_model=list[NonExecutionOut],
    openapi_extra=access(READERS, command="list_non_executions"),
)
async def get_non_executions(pool_code: str, instruction_id: UUID, unit: UnitDep) -> list[NonExecutionOut]:
    """付款的未执行申明及撤回. What was declared about a payment, and what of it was withdrawn."""
    return [_declaration(row) for row in await store.declarations(unit.conn, pool_code, instruction_id)]
