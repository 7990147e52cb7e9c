"""Verbs of money orders: prepare, check, book, refuse. The last hand books; each hand is another person's."""

from collections.abc import Mapping, Set
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import arrivals
from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import FISCAL, PREMIUMS, TEMPORARY_RECEIPTS
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement
from services.settlement.funding.open_lines import check_no_line_could_be_it
from services.settlement.funding.problems import REFERENCE_USED
from services.settlement.orders import arrivals_store, store
from services.settlement.orders.kinds import (
    BILL,
    HEADS,
    KINDS,
    PARTY,
    REFERENCE,
    REFUND,
    REFUND_CURRENT,
    REFUND_LATER,
    YEAR,
    Kind,
)
from services.settlement.orders.problems import (
    ORDER_EXECUTED_LATE,
    ORDER_HAND,
    ORDER_INCOMPLETE,
    ORDER_KIND_UNKNOWN,
    ORDER_NOT_EXECUTED_LATE,
    ORDER_NOT_PAYER,
    ORDER_STATE,
    ORDER_TOLD,
    ORDER_UNKNOWN,
    REFUND_TOLD,
)
from services.settlement.orders.rules import NewOrder, check_booked, check_prepared, check_refund, lock_limit
from services.settlement.reconciliation.commands import match_open_lines, shows
from shared.contracts.enrollment import RefundApplied
from shared.contracts.settlement import PremiumRefunded, PremiumRefundRefused
from shared.http.problems import FOUR_EYES
from shared.http.roles import role_words
from shared.http.tokens import Actor
from shared.kernel.errors import Words
from shared.kernel.ids import new_id, to_base32
from shared.messaging.outbox import Outgoing, emit_many

STATUS: Mapping[str, Words] = MappingProxyType(
    {
        "prepared": ("待审批", "waiting for the next step"),
        "checked": ("已审核待拨付", "checked"),
        "booked": ("已入账", "booked"),
        "refused": ("已退回", "refused"),
        "reversed": ("已冲销", "reversed"),
    }
)
WAITING = frozenset({"prepared", "checked"})
"""States in which an order waits for its next hand."""
_NOT_PAID = WAITING | {"refused"}
BOOKED = frozenset({"booked"})
_MEMBERS: Mapping[str, Words] = MappingProxyType(
    {
        YEAR: ("保障年度", YEAR),
        BILL: ("缴费单", BILL),
        HEADS: ("人数", HEADS),
        REFERENCE: ("银行流水号", REFERENCE),
        PARTY: ("对方单位", PARTY),
    }
)


async def prepare(desk: Desk, actor: Actor, new: NewOrder) -> Any:
    """Writes an order, the first of its hands: nothing is booked before another person's.

    Raises ORDER_KIND_UNKNOWN, ORDER_TOLD, ORDER_HAND, ORDER_NOT_PAYER, ORDER_INCOMPLETE, IN_THE_FUTURE,
    BEFORE_THE_SCHEME, REFERENCE_USED and what the kind refuses.
    """
    kind = KINDS.get(new.kind)
    if kind is None:
        raise ORDER_KIND_UNKNOWN(code=new.kind)
    if kind.told:
        raise ORDER_TOLD(kind=(kind.zh, kind.en))
    check_hand(kind, 0, actor.role)
    if not kind.is_paid_by(desk.pool_code):
        raise ORDER_NOT_PAYER(kind=(kind.zh, kind.en), code=desk.pool_code)
    missing = [_MEMBERS[name] for name in kind.needs if not getattr(new, name)]
    if missing:
        told = ("、".join(zh for zh, _ in missing), ", ".join(en for _, en in missing))
        raise ORDER_INCOMPLETE(kind=(kind.zh, kind.en), missing=told)
    if new.value_date:
        funding.check_date(new.value_date, desk)
    if kind.account is not None:
        await funding.lock_account(desk, kind.account)
    await check_prepared(desk, new)
    order_id = new_id(desk.now)
    reference = new.bank_reference or to_base32(order_id)
    if kind.account == FISCAL and await arrivals_store.is_recorded(desk.conn, desk.pool_code, reference):
        raise REFERENCE_USED(reference=reference)
    if not await store.add(desk.conn, _row(desk, kind, new, order_id, reference)):
        raise REFERENCE_USED(reference=reference)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def refund_applied(desk: Desk, told: RefundApplied) -> None:
    """A township's application for premiums that were remitted: the first of a refund's three hands (rulings §18)."""
    kind = KINDS[REFUND]
    new = NewOrder(
        REFUND,
        told.amount,
        "乡镇申请退费",
        coverage_year=told.year,
        bill_id=told.bill_id,
        head_count=told.head_count or None,
        cause=told.cause,
        party=told.township_code,
    )
    row = _row(replace(desk, by=told.applied_by), kind, new, told.refund_id, to_base32(told.refund_id))
    if not await store.add(desk.conn, row):
        raise LookupError(f"refund {told.refund_id} stands already")


def _row(desk: Desk, kind: Kind, new: NewOrder, order_id: UUID, reference: str) -> tuple[Any, ...]:
    return (
        desk.pool_code,
        order_id,
        kind.code,
        kind.book,
        kind.debit,
        kind.credit,
        kind.account,
        kind.direction,
        new.amount_fen,
        reference,
        new.coverage_year,
        new.bill_id,
        new.head_count,
        new.cause,
        new.party or "",
        new.reason,
        new.value_date,
        desk.by,
        desk.now,
        desk.day,
    )


async def advance(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """The next hand: checks an order of three hands, and books with the last one.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, FOUR_EYES, REFUND_UNPAID, REFUND_YEAR_BEGUN, ORDER_EXECUTED_LATE
    (what was declared not executed or came back is not paid beside it), LINE_COULD_BE_IT, what limits the kind by the
    books as they stand now, and the ledger's refusals.
    """
    kind, known, step = await _take_next(desk, actor, order_id)
    if kind.code == REFUND and known["attempt"] == 1:
        await check_refund(desk, known)
    if step < len(kind.hands) - 1:
        await store.check(desk.conn, desk.pool_code, order_id, desk.by, desk.now)
        return await store.order(desk.conn, desk.pool_code, order_id)
    if (late := await _shown_late(desk, known)) is not None:
        raise ORDER_EXECUTED_LATE(order=order_id, reference=late)
    if known["attempt"] > 1:
        await check_no_line_could_be_it(desk, known["account"], known["amount_fen"])
    await check_booked(desk, known)
    return await _book_and_match(desk, kind, known)


async def book_late(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """The bank executed after all a payment that two persons had declared not executed, and it was not paid again: the
    order's last hand books it as what the statement shows, under its old reference (0263), also where the order was
    turned down meanwhile: the money has left.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, FOUR_EYES, ORDER_NOT_EXECUTED_LATE and the ledger's refusals.
    """
    kind, known = await take(desk, order_id, ("登记迟到执行", "record its late execution"), _NOT_PAID)
    check_next(desk, actor, kind, known, len(kind.hands) - 1)
    if (late := await _shown_late(desk, known)) is None:
        raise ORDER_NOT_EXECUTED_LATE(order=order_id)
    return await book_again(desk, kind, order_id, late)


async def book_again(desk: Desk, kind: Kind, order_id: UUID, reference: str) -> Any:
    """Books an order that waits as the payment which stood under a reference of its own before."""
    await store.to_pay_again(desk.conn, desk.pool_code, order_id, before_last(kind), reference, desk.day)
    return await _book_and_match(desk, kind, await store.order(desk.conn, desk.pool_code, order_id))


async def _take_next(desk: Desk, actor: Actor, order_id: UUID) -> tuple[Kind, Any, int]:
    """An order that waits for its next hand, for one who had none in it before; and which step comes next."""
    kind, known = await take(desk, order_id, ("批准", "approve"))
    step = 2 if known["status"] == "checked" else 1
    check_next(desk, actor, kind, known, step)
    return kind, known, step


def check_next(desk: Desk, actor: Actor, kind: Kind, order: Any, step: int) -> None:
    """Raises ORDER_HAND and FOUR_EYES unless this person may take this step of the order."""
    check_hand(kind, step, actor.role)
    if desk.by in (order["prepared_by"], order["checked_by"]):
        raise FOUR_EYES(act=("填制或审核单据", "prepare or check the order"), then=("办理下一步", "take the next step"))


def before_last(kind: Kind) -> str:
    """The state in which an order of a kind waits for its last hand."""
    return "checked" if len(kind.hands) > 2 else "prepared"


async def _shown_late(desk: Desk, order: Any) -> str | None:
    """The reference of an earlier payment of this order, declared not executed or sent back, that an open line shows
    leaving all the same; None where there is none."""
    for reference in await store.earlier_references(desk.conn, desk.pool_code, order["id"]):
        if reference != order["reference"] and await shows(desk, order["account"], reference, -order["amount_fen"]):
            return reference
    return None


async def _book_and_match(desk: Desk, kind: Kind, order: Any) -> Any:
    """Books the order; a line of a statement that came first is ticked off in the same act."""
    booked = await _book(desk, kind, order)
    if kind.account is not None:
        await match_open_lines(desk, kind.account)
    return booked


def source_of(order: Any) -> str:
    """The source event of an order's voucher, once for each time that it is paid."""
    return f"order:{order['id']}" + (f":{order['attempt']}" if order["attempt"] > 1 else "")


async def refuse(desk: Desk, actor: Actor, order_id: UUID, reason: str) -> Any:
    """Any hand of the kind turns an order down before it is booked. A refund that was paid once is told, and its bill
    and cover have gone with it: it stays owed to the household until it is paid again.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND and REFUND_TOLD.
    """
    kind, known = await take(desk, order_id, ("退回", "refuse"))
    check_any_hand(kind, actor.role)
    if kind.code == REFUND and known["attempt"] > 1:
        raise REFUND_TOLD(order=order_id)
    await store.refuse(desk.conn, desk.pool_code, order_id, desk.by, reason, desk.day)
    if kind.code == REFUND:
        await _tell_refund_refused(desk, known)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def take(desk: Desk, order_id: UUID, act: Words, states: Set[str] = WAITING) -> tuple[Kind, Any]:
    """The order, which is in one of these states, kept from others until the end; its account's lock comes before the
    row's, as everywhere.

    Raises ORDER_UNKNOWN and ORDER_STATE.
    """
    known = await store.order(desk.conn, desk.pool_code, order_id)
    if known is None:
        raise ORDER_UNKNOWN(order=order_id)
    if known["account"] is not None:
        await funding.lock_matching(desk, known["account"])
    await lock_limit(desk, known["kind"])
    known = await store.order(desk.conn, desk.pool_code, order_id, lock=True)
    if known["status"] not in states:
        raise ORDER_STATE(order=order_id, status=STATUS[known["status"]], act=act)
    return KINDS[known["kind"]], known


def check_hand(kind: Kind, step: int, role: str) -> None:
    """Raises ORDER_HAND for a role that does not take this step."""
    if role not in kind.hands[step]:
        raise ORDER_HAND(kind=(kind.zh, kind.en), allowed=_listed(kind.hands[step]), role=role_words(role))


def check_any_hand(kind: Kind, role: str) -> None:
    """Raises ORDER_HAND for a role that has no hand in the kind."""
    if role not in kind.roles:
        raise ORDER_HAND(kind=(kind.zh, kind.en), allowed=_listed(kind.roles), role=role_words(role))


def _listed(roles: frozenset[str]) -> Words:
    words = [role_words(role) for role in sorted(roles)]
    return "、".join(zh for zh, _ in words), ", ".join(en for _, en in words)


async def _book(desk: Desk, kind: Kind, order: Any) -> Any:
    fen, value_date = order["amount_fen"], order["value_date"] or desk.day
    debit, credit = _debit_of(desk, kind, order), _credit_of(desk, kind, order)
    await book(
        desk,
        [
            Entry(
                kind.book,
                source_of(order),
                value_date,
                kind.zh if order["coverage_year"] is None else f"{order['coverage_year']} 年度{kind.zh}",
                ((debit, credit, fen),),
                preparer=order["prepared_by"],
                checker=desk.by,
                party=order["party"],
                ref=order["reference"],
                reason=kind.reason,
            )
        ],
    )
    if debit == REFUND_LATER:
        await arrivals.lower_temporary(desk, order["coverage_year"], PREMIUMS, fen)
    if credit != kind.credit:
        await arrivals.add_temporary(desk, order["coverage_year"], kind.credit, fen, kind.book)
    if kind.account is not None:
        signed = kind.direction * fen
        paid_by = order["id"] if order["attempt"] == 1 else new_id(desk.now)
        await funding.journal(
            desk,
            [Movement(new_id(desk.now), kind.account, signed, order["reference"], "order", paid_by, value_date)],
        )
    await store.booked(desk.conn, desk.pool_code, order["id"], desk.by, desk.day, value_date, debit, credit)
    if kind.code == REFUND and order["attempt"] == 1:
        await _tell_refund(desk, order)
    return await store.order(desk.conn, desk.pool_code, order["id"])


def _debit_of(desk: Desk, kind: Kind, order: Any) -> str:
    """A refund lessens the income of its coverage year, or the temporary receipts of one that has not begun."""
    if kind.code != REFUND:
        return kind.debit
    return REFUND_LATER if order["coverage_year"] > desk.day.year else REFUND_CURRENT


def _credit_of(desk: Desk, kind: Kind, order: Any) -> str:
    """What comes in for a coverage year is its income, or a temporary receipt before it begins (rulings §6)."""
    later = kind.is_income_of_year and order["coverage_year"] > desk.day.year
    return TEMPORARY_RECEIPTS if later else kind.credit


async def _tell_refund(desk: Desk, order: Any) -> None:
    told = PremiumRefunded(
        refund_id=order["id"],
        bill_id=order["bill_id"],
        year=order["coverage_year"],
        cause=order["cause"] or "withdrawn",
        amount=order["amount_fen"],
        refunded_on=desk.day,
        at=desk.now,
    )
    await emit_many(
        desk.conn,
        [Outgoing(told, desk.pool_code, str(order["id"]), 1, desk.day, desk.now, "settlement", order["amount_fen"])],
    )


async def _tell_refund_refused(desk: Desk, order: Any) -> None:
    told = PremiumRefundRefused(
        refund_id=order["id"],
        bill_id=order["bill_id"],
        year=order["coverage_year"],
        amount=order["amount_fen"],
        refused_on=desk.day,
        at=desk.now,
    )
    await emit_many(
        desk.conn,
        [Outgoing(told, desk.pool_code, str(order["id"]), 1, desk.day, desk.now, "settlement", order["amount_fen"])],
    )
