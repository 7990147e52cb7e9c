"""Verbs of money orders: prepare, check, book, refuse. The last hand books; each hand is another person's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import arrivals
from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import BASIC, PREMIUMS
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement
from services.settlement.funding.problems import REFERENCE_USED
from services.settlement.ledger.figures import balances_now, income_of_year
from services.settlement.orders import store
from services.settlement.orders.kinds import (
    BILL,
    HEADS,
    IN,
    KINDS,
    PARTY,
    REFERENCE,
    REFUND,
    REFUND_CURRENT,
    REFUND_LATER,
    RISK_FUND_SET_ASIDE,
    SUPPLEMENTARY_SUBSIDY,
    SUPPLEMENTARY_SUBSIDY_FEN,
    YEAR,
    Kind,
)
from services.settlement.orders.problems import (
    ORDER_HAND,
    ORDER_INCOMPLETE,
    ORDER_KIND_UNKNOWN,
    ORDER_NOT_PAYER,
    ORDER_STATE,
    ORDER_TOLD,
    ORDER_UNKNOWN,
    REFUND_UNPAID,
    REFUND_YEAR_BEGUN,
    RISK_FUND_FULL,
    RISK_FUND_SHORT,
    SUBSIDY_NOT_PER_HEAD,
)
from services.settlement.reconciliation.commands import match_open_lines
from shared.contracts.enrollment import RefundApplied
from shared.contracts.settlement import PremiumRefunded, PremiumRefundRefused
from shared.http.problems import FOUR_EYES
from shared.http.roles import role_words
from shared.http.tokens import Actor
from shared.kernel.errors import Words
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan, round_half_up
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
ERRORS_OF_OURS = ("double_enrolment", "own_error")
"""Why a premium is refunded although its coverage year has begun (rulings §18)."""
RISK_FUND_SHARE, RISK_FUND_OF = 10, 100
"""The risk fund stops growing at this share of a year's financing (practice (ii))."""
_MEMBERS: Mapping[str, Words] = MappingProxyType(
    {
        YEAR: ("保障年度", YEAR),
        BILL: ("缴费单", BILL),
        HEADS: ("人数", HEADS),
        REFERENCE: ("银行流水号", REFERENCE),
        PARTY: ("对方单位", PARTY),
    }
)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as its first hand writes it; amounts in fen."""

    kind: str
    amount_fen: int
    reason: str
    coverage_year: int | None = None
    bill_id: UUID | None = None
    head_count: int | None = None
    cause: str | None = None
    party: str | None = None
    bank_reference: str | None = None
    value_date: date | None = None


async def prepare(desk: Desk, actor: Actor, new: NewOrder) -> Any:
    """Writes an order, the first of its hands: nothing is booked before another person's.

    Raises ORDER_KIND_UNKNOWN, ORDER_TOLD, ORDER_HAND, ORDER_NOT_PAYER, ORDER_INCOMPLETE, IN_THE_FUTURE, REFERENCE_USED
    and what the kind refuses.
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
        funding.check_not_future(new.value_date, desk)
    if kind.account is not None:
        await funding.lock_account(desk, kind.account)
    if kind.code in _RULES:
        await _RULES[kind.code](desk, actor, new)
    order_id = new_id(desk.now)
    reference = new.bank_reference or to_base32(order_id)
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
    )


async def advance(desk: Desk, actor: Actor, order_id: UUID) -> Any:
    """The next hand: checks an order of three hands, and books with the last one.

    Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND, FOUR_EYES, REFUND_UNPAID, REFUND_YEAR_BEGUN and the ledger's
    refusals.
    """
    kind, known = await _take(desk, order_id, ("批准", "approve"))
    step = 2 if known["status"] == "checked" else 1
    check_hand(kind, step, actor.role)
    if desk.by in (known["prepared_by"], known["checked_by"]):
        raise FOUR_EYES(act=("填制或审核单据", "prepare or check the order"), then=("办理下一步", "take the next step"))
    if kind.code == REFUND and known["attempt"] == 1:
        await _check_refund(desk, known)
    if step < len(kind.hands) - 1:
        await store.check(desk.conn, desk.pool_code, order_id, desk.by, desk.now)
        return await store.order(desk.conn, desk.pool_code, order_id)
    booked = await _book(desk, kind, known)
    if kind.account is not None and kind.direction == IN:
        await match_open_lines(desk, kind.account)
    return booked


def source_of(order: Any) -> str:
    """The source event of an order's voucher, once for each time that it is paid."""
    return f"order:{order['id']}" + (f":{order['attempt']}" if order["attempt"] > 1 else "")


async def refuse(desk: Desk, actor: Actor, order_id: UUID, reason: str) -> Any:
    """Any hand of the kind turns an order down before it is booked. Raises ORDER_UNKNOWN, ORDER_STATE, ORDER_HAND."""
    kind, known = await _take(desk, order_id, ("退回", "refuse"))
    check_any_hand(kind, actor.role)
    await store.refuse(desk.conn, desk.pool_code, order_id, desk.by, reason, desk.day)
    if kind.code == REFUND and known["attempt"] == 1:
        await _tell_refund_refused(desk, known)
    return await store.order(desk.conn, desk.pool_code, order_id)


async def _take(desk: Desk, order_id: UUID, act: Words) -> tuple[Kind, Any]:
    """The order, kept from others until the end. Its account's lock comes before the row's, as everywhere."""
    known = await store.order(desk.conn, desk.pool_code, order_id)
    if known is None:
        raise ORDER_UNKNOWN(order=order_id)
    if known["account"] is not None:
        await funding.lock_account(desk, known["account"])
    known = await store.order(desk.conn, desk.pool_code, order_id, lock=True)
    if known["status"] not in ("prepared", "checked"):
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
    debit = _debit_of(desk, kind, order)
    await book(
        desk,
        [
            Entry(
                kind.book,
                source_of(order),
                value_date,
                kind.zh if order["coverage_year"] is None else f"{order['coverage_year']} 年度{kind.zh}",
                ((debit, kind.credit, fen),),
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
    if kind.account is not None:
        signed = kind.direction * fen
        paid_by = order["id"] if order["attempt"] == 1 else new_id(desk.now)
        await funding.journal(
            desk,
            [Movement(new_id(desk.now), kind.account, signed, order["reference"], "order", paid_by, value_date)],
        )
    await store.booked(desk.conn, desk.pool_code, order["id"], desk.by, desk.day, value_date, debit)
    if kind.code == REFUND and order["attempt"] == 1:
        await _tell_refund(desk, order)
    return await store.order(desk.conn, desk.pool_code, order["id"])


def _debit_of(desk: Desk, kind: Kind, order: Any) -> str:
    """A refund lessens the income of its coverage year, or the temporary receipts of one that has not begun."""
    if kind.code != REFUND:
        return kind.debit
    return REFUND_LATER if order["coverage_year"] > desk.day.year else REFUND_CURRENT


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


# -- what single kinds ask besides


async def _check_refund(desk: Desk, order: Any) -> None:
    """At most what the bill was paid, and once the year has begun (it may have, since the application) only for a
    reason of ours (rulings §18). Raises REFUND_YEAR_BEGUN, REFUND_UNPAID."""
    year, fen = order["coverage_year"], order["amount_fen"]
    if year <= desk.day.year and order["cause"] not in ERRORS_OF_OURS:
        raise REFUND_YEAR_BEGUN(year=year)
    known = await store.premium_of_bill(desk.conn, desk.pool_code, order["bill_id"], year)
    if known["refunded_fen"] > known["paid_fen"]:
        raise REFUND_UNPAID(
            year=year,
            bill=order["bill_id"],
            paid=format_yuan(known["paid_fen"]),
            refunded=format_yuan(known["refunded_fen"] - fen),
            amount=format_yuan(fen),
        )


async def _subsidy_per_head(_desk: Desk, _actor: Actor, new: NewOrder) -> None:
    assert new.head_count is not None
    due = new.head_count * SUPPLEMENTARY_SUBSIDY_FEN
    if new.amount_fen != due:
        raise SUBSIDY_NOT_PER_HEAD(heads=new.head_count, due=format_yuan(due), amount=format_yuan(new.amount_fen))


async def _below_ceiling(desk: Desk, _actor: Actor, new: NewOrder) -> None:
    """The risk fund grows to a share of the year's financing and no further (practice (ii))."""
    assert new.coverage_year is not None
    await funding.lock_account(desk, RISK_FUND_SET_ASIDE)
    income = await income_of_year(desk.conn, desk.pool_code, BASIC, new.coverage_year)
    held = (await balances_now(desk.conn, desk.pool_code, BASIC)).get("3001.02", 0)
    held += await store.waiting(desk.conn, desk.pool_code, RISK_FUND_SET_ASIDE)
    ceiling = round_half_up(income * RISK_FUND_SHARE, RISK_FUND_OF) if income > 0 else 0
    if held + new.amount_fen > ceiling:
        raise RISK_FUND_FULL(
            year=new.coverage_year,
            income=format_yuan(income),
            ceiling=format_yuan(ceiling),
            held=format_yuan(held),
            amount=format_yuan(new.amount_fen),
        )


async def _set_aside_before(desk: Desk, _actor: Actor, new: NewOrder) -> None:
    """What was set aside is handed to the province, never more."""
    balances = await balances_now(desk.conn, desk.pool_code, BASIC)
    deposited = balances.get("1201", 0) + await store.waiting(desk.conn, desk.pool_code, "risk_fund_deposit")
    if deposited + new.amount_fen > balances.get("3001.02", 0):
        raise RISK_FUND_SHORT(
            held=format_yuan(balances.get("3001.02", 0)),
            deposited=format_yuan(deposited),
            amount=format_yuan(new.amount_fen),
        )


Rule = Callable[[Desk, Actor, NewOrder], Awaitable[None]]
_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        SUPPLEMENTARY_SUBSIDY: _subsidy_per_head,
        RISK_FUND_SET_ASIDE: _below_ceiling,
        "risk_fund_deposit": _set_aside_before,
    }
)
