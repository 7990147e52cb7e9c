"""Handler of the events of claims; one function for all types, since each brings the claim's projection forward."""

from services.settlement.funding import reversals, third_parties
from services.settlement.funding.booking import Desk
from services.settlement.funding.commands import lock_account
from services.settlement.ledger.posting import SYSTEM
from services.settlement.payouts import deposits
from services.settlement.payouts.claims import ClaimEvent, claim_changed
from services.settlement.payouts.late_increases import increase_released
from services.settlement.payouts.obligations import CLAIM_TOTALS
from services.settlement.payouts.second import payment_released
from shared.contracts.claims import CampaignPaymentReleased, ClaimReleased, ClaimReversed, IncreaseReleased
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def claim_event(unit: EventUnit, event: Envelope, told: ClaimEvent) -> None:
    """A claim was settled, approved, rejected, returned, cancelled, released or reversed.

    What is owed is dated by settlement's own business day, as payments are: a claim is never paid on a day before it
    was owed, whichever day claims and settlement have closed. Totals are rows that all claims of the pool share: who
    begins with one keeps the others out until the end, so that two batches never wait for each other in a ring.
    """
    day = await unit.business_day()
    desk = Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)
    await lock_account(desk, CLAIM_TOTALS)
    await claim_changed(desk, told, event.sequence, day)
    if isinstance(told, ClaimReleased):
        await third_parties.told(desk, told)
    elif isinstance(told, ClaimReversed):
        unpaid = await deposits.end_with_claim(desk, told.claim_id)
        await reversals.claim_reversed(desk, told, unpaid)


async def second_compensation_released(unit: EventUnit, event: Envelope, told: CampaignPaymentReleased) -> None:
    """A person of a second compensation is to be paid; under the lock of what all owed amounts share."""
    day = await unit.business_day()
    desk = Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)
    await lock_account(desk, CLAIM_TOTALS)
    await payment_released(desk, told, event.sequence)


async def late_increase_released(unit: EventUnit, event: Envelope, told: IncreaseReleased) -> None:
    """A person is to be paid what an approved list gives more; under the lock of what all owed amounts share."""
    day = await unit.business_day()
    desk = Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)
    await lock_account(desk, CLAIM_TOTALS)
    await increase_released(desk, told, event.sequence)
