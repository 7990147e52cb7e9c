"""What the events of enrollment mean for the fund's money (rulings §5, §6, §19)."""

from typing import Any

from services.settlement.funding import arrivals_store
from services.settlement.funding.accounts import (
    BASIC,
    INCOME,
    PREMIUMS,
    TEMPORARY_RECEIPTS,
    TOWNSHIP_HELD,
    TOWNSHIP_TO_INCOME,
)
from services.settlement.funding.booking import Desk, Entry, book, desk_of_event
from services.settlement.funding.commands import lock_account
from services.settlement.funding.receivables import family_account_overspent as owe_overspent
from shared.contracts.claims import FamilyAccountOverspent
from shared.contracts.enrollment import (
    PremiumCollected,
    PremiumRemitted,
    PremiumSponsored,
    PremiumVoided,
    SubsidyDue,
)
from shared.contracts.envelope import Envelope
from shared.kernel.ids import to_base32
from shared.messaging.consumer import EventUnit


async def _desk(unit: EventUnit) -> Desk:
    """The desk of an event of enrollment. Several share a transaction, and any of them may match lines of the income
    account after another has booked: each takes that account's lock before a book's head, as a statement import does.
    """
    desk = await desk_of_event(unit)
    await lock_account(desk, INCOME)
    return desk


async def premium_collected(unit: EventUnit, event: Envelope, told: PremiumCollected) -> None:
    """A township holds a premium: income, or a temporary receipt where its coverage year has not begun."""
    desk = await _desk(unit)
    temporary = told.year > told.paid_on.year
    if temporary:
        await arrivals_store.add_temporary(desk.conn, desk.pool_code, BASIC, told.year, PREMIUMS, told.amount)
    into = TEMPORARY_RECEIPTS if temporary else PREMIUMS
    source, text = f"premium:{told.receipt_id}", f"{told.year} 年度个人缴费"
    await _book_premium(desk, event, told, source, text, (TOWNSHIP_HELD, into, told.amount))
    await arrivals_store.add_premium(desk.conn, _premium(desk, event, told, told.amount, temporary))


async def premium_voided(unit: EventUnit, event: Envelope, told: PremiumVoided) -> None:
    """A receipt never counted: the township holds that much less, and it is no income and no temporary receipt."""
    desk = await _desk(unit)
    temporary = told.year > desk.day.year
    if temporary:
        await arrivals_store.lower_temporary(desk.conn, desk.pool_code, BASIC, told.year, PREMIUMS, told.amount)
    out_of = TEMPORARY_RECEIPTS if temporary else PREMIUMS
    source, text = f"premium:{told.receipt_id}:voided", f"{told.year} 年度个人缴费收据作废"
    await _book_premium(desk, event, told, source, text, (out_of, TOWNSHIP_HELD, told.amount))
    await arrivals_store.add_premium(desk.conn, _premium(desk, event, told, -told.amount, temporary))


async def _book_premium(
    desk: Desk,
    event: Envelope,
    told: PremiumCollected | PremiumVoided,
    source: str,
    text: str,
    posting: tuple[str, str, int],
) -> None:
    """One posting for a receipt, under the township that wrote it."""
    entry = Entry(
        BASIC, source, event.businessdate, text, (posting,), party=told.township_code, ref=told.receipt_number
    )
    await book(desk, [entry])


def _premium(
    desk: Desk, event: Envelope, told: PremiumCollected | PremiumVoided, fen: int, temporary: bool
) -> tuple[Any, ...]:
    """The row of a bill's premiums that an event adds; negative fen where a receipt never counted."""
    return (
        desk.pool_code,
        str(told.bill_id),
        event.sequence,
        told.year,
        told.township_code,
        fen,
        event.businessdate,
        temporary,
    )


async def family_account_overspent(unit: EventUnit, event: Envelope, told: FamilyAccountOverspent) -> None:
    """A household spent family-account money whose premium came back: it owes that to the fund (contracts §8)."""
    desk = await desk_of_event(unit)
    await owe_overspent(desk, told.refund_id, told.household_id, told.year, told.amount)


async def premium_remitted(unit: EventUnit, event: Envelope, told: PremiumRemitted) -> Desk:
    """A township sent premiums off: in transit until the income account's bank shows them under the reference."""
    desk = await _desk(unit)
    reference = to_base32(told.remittance_id)
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"remittance:{told.remittance_id}:sent",
                event.businessdate,
                "乡镇缴款在途",
                ((TOWNSHIP_TO_INCOME, TOWNSHIP_HELD, told.amount),),
                party=told.township_code,
                ref=reference,
            )
        ],
    )
    await arrivals_store.add_remittance(
        desk.conn, (desk.pool_code, told.remittance_id, reference, told.township_code, told.amount, event.businessdate)
    )
    return desk


async def premium_sponsored(unit: EventUnit, event: Envelope, told: PremiumSponsored) -> None:
    """A sponsor's promise: nothing is booked before the money arrives (cash basis)."""
    await arrivals_store.put_sponsorship(
        (await _desk(unit)).conn,
        (
            unit.pool_code,
            told.sponsorship_id,
            event.sequence,
            told.sponsor,
            told.year,
            told.head_count,
            told.amount,
            event.businessdate,
        ),
    )


async def subsidy_due(unit: EventUnit, event: Envelope, told: SubsidyDue) -> None:
    """What a level owes for a coverage year: nothing is booked before the money arrives (cash basis)."""
    await arrivals_store.add_subsidy_due(
        (await _desk(unit)).conn,
        (
            unit.pool_code,
            told.due_id,
            event.sequence,
            told.year,
            told.level,
            told.head_count,
            told.standard,
            told.total,
            event.businessdate,
            told.audited,
        ),
    )
