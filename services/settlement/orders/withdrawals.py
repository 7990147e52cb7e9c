"""A payment by order was declared not executed wrongly: two withdraw that while nothing followed it (0291).

The order is booked again under the reference that the payment had, as if it had not been declared: it stands in the
book, and waits for a line of a statement.
"""

from typing import Any
from uuid import UUID

from services.settlement.funding.booking import Desk
from services.settlement.orders import declarations_store as declared
from services.settlement.orders.commands import (
    STATUS,
    WAITING,
    book_again,
    check_any_hand,
    check_next,
    take,
)
from services.settlement.orders.kinds import Kind
from services.settlement.orders.problems import ORDER_DECLARATION_FOLLOWED, ORDER_NOT_DECLARED, ORDER_WITHDRAWAL_NONE
from shared.http.problems import FOUR_EYES
from shared.http.tokens import Actor
from shared.kernel.errors import Words

_ACT: Words = ("申请撤回申明", "ask for the withdrawal of a declaration")
_ANY = frozenset(STATUS)


async def propose(desk: Desk, actor: Actor, order_id: UUID, reason: str, document: str) -> Any:
    """The first person: the declaration was wrong. It stands until another agrees; one that nobody has confirmed yet
    is withdrawn at once, since it has moved nothing. Returns the declaration.

    Raises ORDER_UNKNOWN, ORDER_HAND, ORDER_NOT_DECLARED and ORDER_DECLARATION_FOLLOWED.
    """
    kind, order, standing = await _standing(desk, order_id)
    check_any_hand(kind, actor.role)
    await declared.ask_withdrawal(desk.conn, desk.pool_code, standing["id"], desk.by, reason, document)
    if standing["confirmed_by"] is None:
        await declared.withdraw(desk.conn, desk.pool_code, standing["id"], desk.by, desk.day)
    else:
        _check_nothing_followed(order, standing)
    return await declared.declaration(desk.conn, desk.pool_code, standing["id"])


async def confirm(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """Another person of the order's last hand: the payment is booked again and waits for its line.

    Raises what ``propose`` raises, ORDER_WITHDRAWAL_NONE, FOUR_EYES, and the ledger's overdrawn where the money has
    been used meanwhile.
    """
    kind, order, standing = await _standing(desk, order_id)
    check_next(desk, actor, kind, order, len(kind.hands) - 1)
    if standing["withdrawal_by"] is None:
        raise ORDER_WITHDRAWAL_NONE(order=order_id)
    if standing["withdrawal_by"] == desk.by:
        raise FOUR_EYES(act=_ACT, then=("确认", "confirm that"))
    _check_nothing_followed(order, standing)
    await book_again(desk, kind, order_id, standing["reference"])
    await declared.withdraw(desk.conn, desk.pool_code, standing["id"], desk.by, desk.day)
    return await declared.declaration(desk.conn, desk.pool_code, standing["id"])


async def _standing(desk: Desk, order_id: UUID) -> tuple[Kind, Any, Any]:
    """The order, in whichever state, and the last declaration about it that stands."""
    kind, order = await take(desk, order_id, _ACT, _ANY)
    standing = await declared.standing(desk.conn, desk.pool_code, order_id)
    if standing is None:
        raise ORDER_NOT_DECLARED(order=order_id)
    return kind, order, standing


def _check_nothing_followed(order: Any, standing: Any) -> None:
    """The order waits since this declaration, and nothing else has become of it."""
    if order["status"] not in WAITING or order["attempt"] != standing["attempt"] + 1:
        raise ORDER_DECLARATION_FOLLOWED(order=order["id"], status=STATUS[order["status"]])
