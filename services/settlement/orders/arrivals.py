"""Subsidies and sponsors' money that arrive on the fiscal account: one person enters, another books (0241, 0260)."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.settlement.funding import arrivals as funding
from services.settlement.funding.accounts import (
    BASIC,
    FISCAL,
    SPONSORED_PREMIUMS,
    SUBSIDY_INCOME,
    TEMPORARY_RECEIPTS,
)
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement, check_date, journal, lock_account, lock_matching
from services.settlement.funding.problems import REFERENCE_USED
from services.settlement.orders import arrivals_store as store
from services.settlement.orders.commands import STATUS
from services.settlement.orders.problems import (
    ARRIVAL_STATE,
    ARRIVAL_UNKNOWN,
    SPONSORSHIP_EXCEEDED,
    SPONSORSHIP_UNKNOWN,
)
from services.settlement.reconciliation.commands import match_open_lines
from shared.http.problems import FOUR_EYES
from shared.kernel.errors import Words
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan

SUBSIDY, SPONSOR = "subsidy", "sponsor"
_LEVEL_ZH = {"central": "中央", "province": "省级", "city": "市级", "county": "县级"}


@dataclass(frozen=True, slots=True)
class Advised:
    """What the fiscal account's bank advised: fen, its reference, and the day of the money."""

    amount_fen: int
    bank_reference: str
    value_date: date


async def record_subsidy(desk: Desk, level: str, year: int, advised: Advised) -> Any:
    """A subsidy of one level and coverage year, entered by the first person: no income yet.

    Raises REFERENCE_USED and IN_THE_FUTURE.
    """
    return await _record(desk, SUBSIDY, level, None, year, advised)


async def record_sponsor(desk: Desk, sponsorship_id: UUID, advised: Advised) -> Any:
    """A sponsor's money for the premiums of a group, entered by the first person: no income yet.

    Raises SPONSORSHIP_UNKNOWN, SPONSORSHIP_EXCEEDED (what waits for the second person counts), REFERENCE_USED and
    IN_THE_FUTURE.
    """
    await lock_account(desk, FISCAL)
    known = await store.sponsorship(desk.conn, desk.pool_code, sponsorship_id)
    if known is None:
        raise SPONSORSHIP_UNKNOWN(sponsorship=sponsorship_id)
    if known["arrived_fen"] + advised.amount_fen > known["amount_fen"]:
        raise SPONSORSHIP_EXCEEDED(
            sponsorship=sponsorship_id,
            due=format_yuan(known["amount_fen"]),
            arrived=format_yuan(known["arrived_fen"]),
            amount=format_yuan(advised.amount_fen),
        )
    return await _record(desk, SPONSOR, None, sponsorship_id, known["coverage_year"], advised)


async def _record(
    desk: Desk, kind: str, level: str | None, sponsorship_id: UUID | None, year: int, advised: Advised
) -> Any:
    check_date(advised.value_date, desk)
    await lock_account(desk, FISCAL)
    arrival_id, fen, reference = new_id(desk.now), advised.amount_fen, advised.bank_reference
    row = (desk.pool_code, arrival_id, kind, level, sponsorship_id, year, fen, reference, advised.value_date, desk.by,
           desk.now, desk.day)  # fmt: skip
    if not await store.add(desk.conn, FISCAL, row):
        raise REFERENCE_USED(reference=reference)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


async def approve(desk: Desk, arrival_id: UUID) -> Any:
    """Another person compared it with the bank's slip: it is booked, and ticked off where the statement came first.

    Money of a coverage year that has not begun is a temporary receipt until then (rulings §6). Raises ARRIVAL_UNKNOWN,
    ARRIVAL_STATE, FOUR_EYES and the ledger's refusals.
    """
    known = await take(desk, arrival_id, "prepared", ("批准", "approve"))
    if known["recorded_by"] == desk.by:
        raise FOUR_EYES(act=("登记到账", "record the arrival"), then=("批准入账", "approve it"))
    fen, day, reference = known["amount_fen"], known["value_date"], known["bank_reference"]
    income = income_of(known)
    if later := known["coverage_year"] > desk.day.year:
        await funding.add_temporary(desk, known["coverage_year"], income, fen)
    lines = ((FISCAL, TEMPORARY_RECEIPTS if later else income, fen),)
    entry = Entry(BASIC, source_of(known), day, text_of(known), lines, preparer=known["recorded_by"], checker=desk.by)
    await book(desk, [entry])
    await journal(desk, [Movement(new_id(desk.now), FISCAL, fen, reference, known["kind"], arrival_id, day)])
    await store.booked(desk.conn, desk.pool_code, arrival_id, desk.by, desk.day)
    await match_open_lines(desk, FISCAL)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


def source_of(arrival: Any) -> str:
    """The source of an arrival's voucher."""
    return f"arrival:{arrival['id']}"


def income_of(arrival: Any) -> str:
    """The account of income that an arrival is for."""
    return SUBSIDY_INCOME[arrival["level"]] if arrival["kind"] == SUBSIDY else SPONSORED_PREMIUMS


def text_of(arrival: Any) -> str:
    """What an arrival's voucher says."""
    if arrival["kind"] == SPONSOR:
        return "资助参合资金到账"
    return f"{arrival['coverage_year']} 年度{_LEVEL_ZH[arrival['level']]}财政补助到账"


async def refuse(desk: Desk, arrival_id: UUID, reason: str) -> Any:
    """Either person turns an arrival down before it is booked; it can be recorded again under the bank's reference.

    Raises ARRIVAL_UNKNOWN and ARRIVAL_STATE.
    """
    await take(desk, arrival_id, "prepared", ("退回", "refuse"))
    await store.refuse(desk.conn, desk.pool_code, arrival_id, desk.by, reason, desk.day)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


async def take(desk: Desk, arrival_id: UUID, status: str, act: Words) -> Any:
    """An arrival in this state, kept from others until the end. Raises ARRIVAL_UNKNOWN and ARRIVAL_STATE."""
    await lock_matching(desk, FISCAL)
    known = await store.arrival(desk.conn, desk.pool_code, arrival_id)
    if known is None:
        raise ARRIVAL_UNKNOWN(arrival=arrival_id)
    if known["status"] != status:
        raise ARRIVAL_STATE(arrival=arrival_id, status=STATUS[known["status"]], act=act)
    return known
