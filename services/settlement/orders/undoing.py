"""Ways back from a booked order: the bank sent a payment back, or two people reverse what was recorded wrongly."""

from typing import Any
from uuid import UUID

from services.settlement.funding import arrivals
from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import PREMIUMS, TEMPORARY_RECEIPTS
from services.settlement.funding.booking import Desk
from services.settlement.funding.commands import Movement
from services.settlement.ledger.figures import EXPENDITURE, FUND, INCOME, is_carried_forward
from services.settlement.orders import reversal_store, store
from services.settlement.orders.commands import BOOKED, before_last, check_any_hand, check_hand, source_of, take
from services.settlement.orders.kinds import OUT, REFUND_LATER, Kind
from services.settlement.orders.problems import (
    ORDER_AT_BANK,
    ORDER_NOT_RETURNED,
    ORDER_NOT_REVERSIBLE,
    ORDER_REVERSAL_NONE,
    ORDER_REVERSAL_WAITS,
    ORDER_YEAR_OVER,
)
from services.settlement.orders.reversing import Booked, lower_temporary, mirror, reverse_unseen
from services.settlement.reconciliation.commands import match_open_lines, shows
from shared.http.problems import FOUR_EYES
from shared.http.tokens import Actor
from shared.kernel.ids import new_id, to_base32


async def come_back(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """The bank sent a payment back, as a statement shows: its voucher is reversed, and the order waits for its last
    hand again, under a new reference; what it told when it was paid first still holds.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND and ORDER_NOT_RETURNED.
    """
    kind, known = await take(desk, order_id, ("登记退回", "record it as returned"), BOOKED)
    check_hand(kind, len(kind.hands) - 1, actor.role)
    if kind.account is None or kind.direction != OUT:
        raise ORDER_NOT_RETURNED(order=order_id)
    if not await shows(desk, kind.account, known["reference"], known["amount_fen"]):
        raise ORDER_NOT_RETURNED(order=order_id)
    await mirror(desk, booked_of(kind, known), "returned", f"{kind.zh}被银行退回")
    back = Movement(new_id(desk.now), kind.account, known["amount_fen"], known["reference"], "order_return",
                    new_id(desk.now), desk.day)  # fmt: skip
    await funding.journal(desk, [back])
    await open_again(desk, kind, known)
    await match_open_lines(desk, kind.account)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def propose_reversal(desk: Desk, actor: Actor, order_id: UUID, reason: str, document: str) -> Any:
    """The first hand of a reversal, which moves nothing yet (0171).

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_NOT_REVERSIBLE, ORDER_AT_BANK, ORDER_YEAR_OVER and
    ORDER_REVERSAL_WAITS.
    """
    kind, known = await take(desk, order_id, ("申请冲销", "propose its reversal"), BOOKED)
    check_any_hand(kind, actor.role)
    if not kind.is_reversible:
        raise ORDER_NOT_REVERSIBLE(kind=(kind.zh, kind.en))
    if known["reversal_by"] is not None:
        raise ORDER_REVERSAL_WAITS(order=order_id)
    await _not_at_bank(desk, known)
    await _check_year(desk, kind, known)
    await reversal_store.propose(desk.conn, "money_order", desk.pool_code, order_id, desk.by, reason, document)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def approve_reversal(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """Another person of the order's last hand: the voucher is reversed, once, and with it what the bank journal showed.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, ORDER_REVERSAL_NONE, FOUR_EYES, ORDER_AT_BANK and ORDER_YEAR_OVER
    (the money, or the new year, came meanwhile) and the ledger's refusals.
    """
    kind, known = await _proposed(desk, order_id)
    check_hand(kind, len(kind.hands) - 1, actor.role)
    if known["reversal_by"] == desk.by:
        raise FOUR_EYES(act=("申请冲销", "propose a reversal"), then=("批准", "approve it"))
    movement, booked = await _not_at_bank(desk, known), booked_of(kind, known)
    await _check_year(desk, kind, known)
    if known["credit"] == TEMPORARY_RECEIPTS:
        await lower_temporary(desk, booked, known["coverage_year"], kind.credit, known["reversal_by"])
    text = f"冲销{kind.zh}({known['reversal_document']})"
    await reverse_unseen(desk, booked, movement, "reversed", text, known["reversal_by"])
    await reversal_store.done(desk.conn, "money_order", desk.pool_code, order_id, desk.by, desk.day)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def decline_reversal(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """Any hand of the kind turns a proposed reversal down, the proposer too; the order stays booked.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND and ORDER_REVERSAL_NONE.
    """
    kind, _ = await _proposed(desk, order_id)
    check_any_hand(kind, actor.role)
    await reversal_store.decline(desk.conn, "money_order", desk.pool_code, order_id)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def _proposed(desk: Desk, order_id: UUID) -> tuple[Kind, Any]:
    """A booked order whose reversal waits."""
    kind, known = await take(desk, order_id, ("冲销", "reverse it"), BOOKED)
    if known["reversal_by"] is None:
        raise ORDER_REVERSAL_NONE(order=order_id)
    return kind, known


async def _not_at_bank(desk: Desk, order: Any) -> UUID | None:
    """The order's movement, which no statement shows yet; None for a move between funds. Raises ORDER_AT_BANK."""
    if order["account"] is None:
        return None
    account, reference = order["account"], order["reference"]
    movement = await reversal_store.movement_of(desk.conn, desk.pool_code, account, "order", reference)
    if movement["seen"]:
        raise ORDER_AT_BANK(order=order["id"])
    found: UUID = movement["id"]
    return found


async def _check_year(desk: Desk, kind: Kind, order: Any) -> None:
    """A result belongs to its year and is not changed in the next; what a fund was given stays once a closing has paid
    benefits out of the funds as they stood (0171). Raises ORDER_YEAR_OVER."""
    classes, year = {kind.debit[0], kind.credit[0]}, order["booked_on"].year
    if kind.is_income_of_year or FUND in classes:  # of another kind the year that somebody wrote says nothing
        year = max(year, order["coverage_year"] or 0)
    over = bool(classes & {INCOME, EXPENDITURE}) and desk.day.year > year
    if over or (FUND in classes and await is_carried_forward(desk.conn, desk.pool_code, kind.book, year)):
        raise ORDER_YEAR_OVER(order=order["id"], year=year)


async def open_again(desk: Desk, kind: Kind, order: Any) -> None:
    """The money is on the account again, and the order waits for its last hand under a reference of its own; what it
    told when it was paid first still holds."""
    if order["debit"] == REFUND_LATER:
        await arrivals.add_temporary(desk, order["coverage_year"], PREMIUMS, order["amount_fen"])
    reference = to_base32(new_id(desk.now))
    await store.to_pay_again(desk.conn, desk.pool_code, order["id"], before_last(kind), reference, desk.day)


def booked_of(kind: Kind, order: Any) -> Booked:
    """What a booked order booked."""
    fen = order["amount_fen"]
    return Booked(kind.book, source_of(order), order["debit"], order["credit"], fen, order["reference"], kind.account,
                  kind.direction * fen, order["value_date"])  # fmt: skip
