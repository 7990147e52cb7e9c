"""An order as its first hand writes it, and what single kinds ask of it besides (rulings §18; practice (ii))."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import BASIC, RISK_FUND, RISK_FUND_DEPOSITED
from services.settlement.funding.booking import Desk
from services.settlement.ledger.figures import balances_now, income_of_year
from services.settlement.orders import store
from services.settlement.orders.kinds import (
    FAMILY_ACCOUNT_ALLOCATION,
    INPATIENT_POOL_ALLOCATION,
    OUTPATIENT_POOL_ALLOCATION,
    RISK_FUND_DEPOSIT,
    RISK_FUND_SET_ASIDE,
    RISK_FUND_USE,
    SUPPLEMENTARY_SUBSIDY,
    SUPPLEMENTARY_SUBSIDY_FEN,
)
from services.settlement.orders.problems import (
    ALLOCATION_EARLY,
    REFUND_UNPAID,
    REFUND_YEAR_BEGUN,
    RISK_FUND_AT_PROVINCE,
    RISK_FUND_FULL,
    RISK_FUND_SHORT,
    SUBSIDY_NOT_PER_HEAD,
)
from shared.kernel.money import format_yuan, round_half_up

ERRORS_OF_OURS = ("double_enrolment", "own_error")
"""Why a premium is refunded although its coverage year has begun (rulings §18)."""
RISK_FUND_LIMIT = "risk_fund"
"""Name of the lock under which the limits of the risk fund are looked at."""
RISK_FUND_SHARE, RISK_FUND_OF = 10, 100
"""The risk fund stops growing at this share of a year's financing (practice (ii))."""


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


@dataclass(frozen=True, slots=True)
class _RiskFund:
    """The risk fund in fen: what it has, what orders that wait add to it, what the province keeps of it or waits to be
    sent there, and what waits to be used."""

    fund: int
    growing: int
    deposited: int
    used: int

    @property
    def free(self) -> int:
        """What is neither at the province nor asked for."""
        return self.fund - self.used - self.deposited


async def check_refund(desk: Desk, order: Any) -> None:
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


async def _of_begun_year(desk: Desk, new: NewOrder) -> None:
    """What a later year sets aside would pay this year's benefits when the year is closed (rulings §6)."""
    assert new.coverage_year is not None
    if new.coverage_year > desk.day.year:
        raise ALLOCATION_EARLY(year=new.coverage_year)


async def _subsidy_per_head(_desk: Desk, new: NewOrder) -> None:
    assert new.head_count is not None
    due = new.head_count * SUPPLEMENTARY_SUBSIDY_FEN
    if new.amount_fen != due:
        raise SUBSIDY_NOT_PER_HEAD(heads=new.head_count, due=format_yuan(due), amount=format_yuan(new.amount_fen))


async def _below_ceiling(desk: Desk, new: NewOrder, held: _RiskFund) -> None:
    """The risk fund grows to a share of the year's financing and no further (practice (ii))."""
    assert new.coverage_year is not None
    income = await income_of_year(desk.conn, desk.pool_code, BASIC, new.coverage_year)
    ceiling = round_half_up(income * RISK_FUND_SHARE, RISK_FUND_OF) if income > 0 else 0
    if held.fund + held.growing + new.amount_fen > ceiling:
        raise RISK_FUND_FULL(
            year=new.coverage_year,
            income=format_yuan(income),
            ceiling=format_yuan(ceiling),
            held=format_yuan(held.fund + held.growing),
            amount=format_yuan(new.amount_fen),
        )


async def _set_aside_before(_desk: Desk, new: NewOrder, held: _RiskFund) -> None:
    """What was set aside is handed to the province, never more."""
    if new.amount_fen > held.free:
        raise RISK_FUND_SHORT(
            held=format_yuan(held.fund - held.used),
            deposited=format_yuan(held.deposited),
            amount=format_yuan(new.amount_fen),
        )


async def _at_the_province(_desk: Desk, new: NewOrder, held: _RiskFund) -> None:
    """What stands at the province comes back before it is used: it keeps no more than is set aside."""
    if new.amount_fen > held.free:
        raise RISK_FUND_AT_PROVINCE(
            held=format_yuan(held.fund - held.used),
            deposited=format_yuan(held.deposited),
            amount=format_yuan(new.amount_fen),
        )


Rule = Callable[[Desk, NewOrder], Awaitable[None]]
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        SUPPLEMENTARY_SUBSIDY: _subsidy_per_head,
        INPATIENT_POOL_ALLOCATION: _of_begun_year,
        OUTPATIENT_POOL_ALLOCATION: _of_begun_year,
        FAMILY_ACCOUNT_ALLOCATION: _of_begun_year,
    }
)
"""What holds for good once it held when the order was prepared."""
LIMITS: Mapping[str, Callable[[Desk, NewOrder, _RiskFund], Awaitable[None]]] = MappingProxyType(
    {
        RISK_FUND_SET_ASIDE: _below_ceiling,
        RISK_FUND_DEPOSIT: _set_aside_before,
        RISK_FUND_USE: _at_the_province,
    }
)
"""What the books may not allow any more when the order is booked."""


async def lock_limit(desk: Desk, kind: str) -> None:
    """One act at a time on what the kind's limit is measured by; before the order's row, as every lock of a name."""
    if kind in LIMITS:
        await funding.lock_account(desk, RISK_FUND_LIMIT)


async def check_prepared(desk: Desk, new: NewOrder) -> None:
    """What the kind asks of an order when it is prepared, all those counted that wait; raises what it refuses."""
    if new.kind in RULES:
        await RULES[new.kind](desk, new)
    if new.kind in LIMITS:
        await lock_limit(desk, new.kind)
        waiting = [await store.waiting(desk.conn, desk.pool_code, kind) for kind in LIMITS]
        await LIMITS[new.kind](desk, new, await _risk_fund(desk, *waiting))


async def check_booked(desk: Desk, order: Any) -> None:
    """The same of an order that is booked now, against the books as they stand; its lock is the caller's."""
    if order["kind"] in LIMITS:
        asked = NewOrder(order["kind"], order["amount_fen"], order["reason"], order["coverage_year"])
        await LIMITS[asked.kind](desk, asked, await _risk_fund(desk))


async def _risk_fund(desk: Desk, growing: int = 0, depositing: int = 0, used: int = 0) -> _RiskFund:
    balances = await balances_now(desk.conn, desk.pool_code, BASIC)
    return _RiskFund(balances.get(RISK_FUND, 0), growing, balances.get(RISK_FUND_DEPOSITED, 0) + depositing, used)
