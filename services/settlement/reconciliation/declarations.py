"""Two people declare a payment not executed, after statements that cover its whole validity (contracts §11)."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import Desk
from services.settlement.payouts import queries as payments
from services.settlement.payouts.hands import check_enters, check_releases
from services.settlement.payouts.problems import INSTRUCTION_UNKNOWN
from services.settlement.payouts.purses import Purse, purse_of
from services.settlement.payouts.results import declare_not_executed
from services.settlement.payouts.states import PAYMENT_STATUS
from services.settlement.reconciliation import store
from services.settlement.reconciliation.problems import (
    DECLARATION_MISSING,
    LINE_COULD_BE_IT,
    NOT_UNKNOWN,
    VALIDITY_NOT_COVERED,
)
from shared.http.problems import FOUR_EYES
from shared.kernel.money import format_yuan


async def propose(desk: Desk, role: str, instruction_id: UUID, reason: str) -> Any:
    """The first person: no statement shows the payment. Returns the declaration; a repeated one changes nothing.

    Raises INSTRUCTION_UNKNOWN, KEEPER_ONLY, NOT_UNKNOWN, VALIDITY_NOT_COVERED and LINE_COULD_BE_IT.
    """
    await _expect_nothing_shown(desk, role, check_enters, instruction_id)
    await store.add_declaration(desk.conn, (desk.pool_code, instruction_id, reason, desk.by, desk.now))
    return await store.declaration(desk.conn, desk.pool_code, instruction_id)


async def confirm(desk: Desk, role: str, instruction_id: UUID) -> Any:
    """The second person: the payment's hold is free, and it may be paid again once by a new instruction.

    Raises what ``propose`` raises, DECLARATION_MISSING and FOUR_EYES.
    """
    instruction = await _expect_nothing_shown(desk, role, check_releases, instruction_id)
    proposed = await store.declaration(desk.conn, desk.pool_code, instruction_id)
    if proposed is None:
        raise DECLARATION_MISSING(instruction=instruction_id)
    if proposed["proposed_by"] == desk.by:
        raise FOUR_EYES(act=("申明未执行", "declare it not executed"), then=("确认", "confirm that"))
    await declare_not_executed(desk, instruction)
    await store.confirm_declaration(desk.conn, desk.pool_code, instruction_id, desk.by, desk.day)
    return await store.declaration(desk.conn, desk.pool_code, instruction_id)


async def _expect_nothing_shown(
    desk: Desk, role: str, check_hand: Callable[[Purse, str], None], instruction_id: UUID
) -> Any:
    """The payment, unknown still, while no statement can be imported (the account's lock is held from here on)."""
    known = await payments.instruction_of(desk.conn, desk.pool_code, instruction_id)
    if known is None:
        raise INSTRUCTION_UNKNOWN(instruction=instruction_id)
    check_hand(purse_of(known["layer"]), role)
    account = known["account"]
    await funding.lock_account(desk, account)
    instruction = await payments.instruction_of(desk.conn, desk.pool_code, instruction_id)
    if instruction["status"] != "unknown":
        raise NOT_UNKNOWN(instruction=instruction_id, status=PAYMENT_STATUS[instruction["status"]])
    await check_nothing_shown(desk, account, instruction["deadline"], instruction["amount_fen"])
    return instruction


async def check_nothing_shown(desk: Desk, account: str, deadline: date, amount_fen: int) -> None:
    """Statements cover a payment's whole validity and no open line could be it; the account's lock is held.

    Raises VALIDITY_NOT_COVERED and LINE_COULD_BE_IT.
    """
    last = await store.last_statement(desk.conn, desk.pool_code, account)
    if last is None or last["day"] < deadline:
        raise VALIDITY_NOT_COVERED(deadline=deadline, last=last["day"] if last else "-")
    for line in await store.open_lines(desk.conn, desk.pool_code, account):
        if line["signed_fen"] == -amount_fen:
            raise LINE_COULD_BE_IT(line=line["id"], day=line["value_date"], amount=format_yuan(amount_fen))
