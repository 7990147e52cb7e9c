"""Two people declare a payment not executed, after statements that cover its whole validity (contracts §11), and two
withdraw what was declared wrongly, as long as nothing followed it (0291)."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import Desk
from services.settlement.funding.open_lines import check_no_line_could_be_it
from services.settlement.payouts import queries as payments
from services.settlement.payouts.hands import check_enters, check_releases
from services.settlement.payouts.problems import DECLARATION_FOLLOWED, INSTRUCTION_UNKNOWN
from services.settlement.payouts.purses import Purse, purse_of
from services.settlement.payouts.results import NOT_EXECUTED, declare_not_executed, outstanding_again
from services.settlement.payouts.states import PAYMENT_STATUS
from services.settlement.reconciliation import declaration_store as declared
from services.settlement.reconciliation import store
from services.settlement.reconciliation.problems import (
    DECLARATION_MISSING,
    NOT_UNKNOWN,
    VALIDITY_NOT_COVERED,
    WITHDRAWAL_MISSING,
)
from shared.http.problems import FOUR_EYES
from shared.kernel.errors import Words
from shared.kernel.ids import new_id

WITHDRAW: Words = ("申请撤回申明", "ask for the withdrawal of a declaration")


async def propose(desk: Desk, role: str, instruction_id: UUID, reason: str) -> Any:
    """The first person: no statement shows the payment. Returns the declaration; a repeated one changes nothing.

    Raises INSTRUCTION_UNKNOWN, KEEPER_ONLY, NOT_UNKNOWN, VALIDITY_NOT_COVERED and LINE_COULD_BE_IT.
    """
    await _expect_nothing_shown(desk, role, check_enters, instruction_id)
    row = (desk.pool_code, new_id(desk.now), instruction_id, reason, desk.by, desk.now)
    await declared.add(desk.conn, row)
    return await declared.standing(desk.conn, desk.pool_code, instruction_id)


async def confirm(desk: Desk, role: str, instruction_id: UUID) -> Any:
    """The second person: the payment's hold is free, and it may be paid again once by a new instruction.

    Raises what ``propose`` raises, DECLARATION_MISSING and FOUR_EYES.
    """
    instruction = await _expect_nothing_shown(desk, role, check_releases, instruction_id)
    proposed = await declared.standing(desk.conn, desk.pool_code, instruction_id)
    if proposed is None:
        raise DECLARATION_MISSING(instruction=instruction_id)
    if proposed["proposed_by"] == desk.by:
        raise FOUR_EYES(act=("申明未执行", "declare it not executed"), then=("确认", "confirm that"))
    await declare_not_executed(desk, instruction)
    await declared.confirm(desk.conn, desk.pool_code, proposed["id"], desk.by, desk.day)
    return await declared.declaration(desk.conn, desk.pool_code, proposed["id"])


async def propose_withdrawal(desk: Desk, role: str, instruction_id: UUID, reason: str) -> Any:
    """The first person: the declaration was wrong. It stands until another agrees; one that nobody has confirmed yet
    is withdrawn at once, since it has moved nothing. Returns the declaration.

    Raises INSTRUCTION_UNKNOWN, KEEPER_ONLY, DECLARATION_MISSING and DECLARATION_FOLLOWED.
    """
    instruction, standing = await _standing(desk, role, check_enters, instruction_id)
    await declared.ask_withdrawal(desk.conn, desk.pool_code, standing["id"], desk.by, reason)
    if standing["confirmed_by"] is None:
        await declared.withdraw(desk.conn, desk.pool_code, standing["id"], desk.by, desk.day)
    else:
        _check_nothing_followed(instruction)
    return await declared.declaration(desk.conn, desk.pool_code, standing["id"])


async def confirm_withdrawal(desk: Desk, role: str, instruction_id: UUID) -> Any:
    """The second person: the payment's result is unknown again, its money set aside and its payables with the bank.

    Raises what ``propose_withdrawal`` raises, WITHDRAWAL_MISSING, FOUR_EYES, and the ledger's overdrawn where the
    money has been used meanwhile.
    """
    instruction, standing = await _standing(desk, role, check_releases, instruction_id)
    if standing["withdrawal_by"] is None:
        raise WITHDRAWAL_MISSING(instruction=instruction_id)
    if standing["withdrawal_by"] == desk.by:
        raise FOUR_EYES(act=WITHDRAW, then=("确认", "confirm that"))
    _check_nothing_followed(instruction)
    await outstanding_again(desk, instruction)
    await declared.withdraw(desk.conn, desk.pool_code, standing["id"], desk.by, desk.day)
    return await declared.declaration(desk.conn, desk.pool_code, standing["id"])


async def _standing(
    desk: Desk, role: str, check_hand: Callable[[Purse, str], None], instruction_id: UUID
) -> tuple[Any, Any]:
    """The payment and the declaration about it that stands, under the account's lock."""
    instruction = await _take(desk, role, check_hand, instruction_id)
    standing = await declared.standing(desk.conn, desk.pool_code, instruction_id)
    if standing is None:
        raise DECLARATION_MISSING(instruction=instruction_id)
    return instruction, standing


def _check_nothing_followed(instruction: Any) -> None:
    if instruction["status"] != NOT_EXECUTED or instruction["replaced_by"] is not None:
        raise DECLARATION_FOLLOWED(instruction=instruction["id"])


async def _expect_nothing_shown(
    desk: Desk, role: str, check_hand: Callable[[Purse, str], None], instruction_id: UUID
) -> Any:
    """The payment, unknown still, while no statement can be imported."""
    instruction = await _take(desk, role, check_hand, instruction_id)
    if instruction["status"] != "unknown":
        raise NOT_UNKNOWN(instruction=instruction_id, status=PAYMENT_STATUS[instruction["status"]])
    await check_nothing_shown(desk, instruction["account"], instruction["deadline"], instruction["amount_fen"])
    return instruction


async def _take(desk: Desk, role: str, check_hand: Callable[[Purse, str], None], instruction_id: UUID) -> Any:
    """The payment, for one with this hand in it; its account's lock is held from here on."""
    known = await payments.instruction_of(desk.conn, desk.pool_code, instruction_id)
    if known is None:
        raise INSTRUCTION_UNKNOWN(instruction=instruction_id)
    check_hand(purse_of(known["layer"]), role)
    await funding.lock_account(desk, known["account"])
    return await payments.instruction_of(desk.conn, desk.pool_code, instruction_id)


async def check_nothing_shown(desk: Desk, account: str, deadline: date, amount_fen: int) -> None:
    """Statements cover a payment's whole validity and no open line could be it; the account's lock is held.

    Raises VALIDITY_NOT_COVERED and LINE_COULD_BE_IT.
    """
    last = await store.last_statement(desk.conn, desk.pool_code, account)
    if last is None or last["day"] < deadline:
        raise VALIDITY_NOT_COVERED(deadline=deadline, last=last["day"] if last else "-")
    await check_no_line_could_be_it(desk, account, amount_fen)
