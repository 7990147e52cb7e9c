"""A payment by order that the bank never executed: two declare it with the bank's document (contracts §11; 0263).

Its voucher is reversed, and the order waits for its last hand again. If the bank executes it after all, that is the
payment: the last hand records it (``commands.book_late``), and nothing is paid beside it.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.settlement.funding.booking import Desk
from services.settlement.orders import declarations_store as store
from services.settlement.orders import reversal_store
from services.settlement.orders.commands import BOOKED, check_any_hand, check_hand, take
from services.settlement.orders.kinds import OUT, Kind
from services.settlement.orders.problems import (
    ORDER_EXECUTED,
    ORDER_NOT_A_PAYMENT,
    ORDER_NOT_DECLARED,
)
from services.settlement.orders.reversing import reverse_unseen
from services.settlement.orders.undoing import booked_of, open_again
from services.settlement.payouts.batches import BANK_DEADLINE_DAYS
from services.settlement.reconciliation.declarations import check_nothing_shown
from shared.http.problems import FOUR_EYES
from shared.http.tokens import Actor
from shared.kernel.errors import Words
from shared.kernel.ids import new_id

_ACT: Words = ("申明未执行", "declare it not executed")
NOT_EXECUTED = "not_executed"


async def propose(desk: Desk, actor: Actor, order_id: UUID, reason: str, document: str) -> Any:
    """The first person: the bank says that it did not execute the payment, and no statement shows it. Returns the
    declaration, which moves nothing yet; a repeated one changes nothing.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_NOT_A_PAYMENT, ORDER_EXECUTED, VALIDITY_NOT_COVERED and
    LINE_COULD_BE_IT.
    """
    kind, order = await take(desk, order_id, _ACT, BOOKED)
    check_any_hand(kind, actor.role)
    await _expect_nothing_shown(desk, kind, order)
    attempt, one = order["attempt"], new_id(desk.now)
    row = (desk.pool_code, one, order_id, attempt, order["reference"], reason, document, desk.by, desk.now)
    await store.add(desk.conn, row)
    return await store.standing(desk.conn, desk.pool_code, order_id, attempt)


async def confirm(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """Another person of the order's last hand: the money is on the account again, once, and the order can be paid again
    under a reference of its own.

    Raises what ``propose`` raises, ORDER_NOT_DECLARED, FOUR_EYES and the ledger's refusals.
    """
    kind, order = await take(desk, order_id, _ACT, BOOKED)
    check_hand(kind, len(kind.hands) - 1, actor.role)
    movement = await _expect_nothing_shown(desk, kind, order)
    declared = await store.standing(desk.conn, desk.pool_code, order_id, order["attempt"])
    if declared is None:
        raise ORDER_NOT_DECLARED(order=order_id)
    if declared["proposed_by"] == desk.by:
        raise FOUR_EYES(act=_ACT, then=("确认", "confirm that"))
    text = f"{kind.zh}银行未执行({declared['document']})"
    await reverse_unseen(desk, booked_of(kind, order), movement, NOT_EXECUTED, text, declared["proposed_by"])
    await open_again(desk, kind, order)
    await store.confirm(desk.conn, desk.pool_code, declared["id"], desk.by, desk.day)
    return await store.declaration(desk.conn, desk.pool_code, declared["id"])


async def _expect_nothing_shown(desk: Desk, kind: Kind, order: Any) -> UUID:
    """The payment's movement, which no statement shows although they cover the days in which the bank executes."""
    if kind.direction != OUT:
        raise ORDER_NOT_A_PAYMENT(kind=(kind.zh, kind.en))
    account, reference = order["account"], order["reference"]
    movement = await reversal_store.movement_of(desk.conn, desk.pool_code, account, "order", reference)
    if movement["seen"]:
        raise ORDER_EXECUTED(order=order["id"])
    deadline = order["booked_on"] + timedelta(days=BANK_DEADLINE_DAYS)
    await check_nothing_shown(desk, order["account"], deadline, order["amount_fen"])
    found: UUID = movement["id"]
    return found
