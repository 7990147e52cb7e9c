"""Handler of the events of claims; one function for all types, since each brings the claim's projection forward."""

from services.settlement.funding.booking import Desk
from services.settlement.ledger.posting import SYSTEM
from services.settlement.payouts.claims import ClaimEvent, claim_changed
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def claim_event(unit: EventUnit, event: Envelope, told: ClaimEvent) -> None:
    """A claim was settled, approved, rejected, returned, cancelled or released.

    Nothing is booked or published here, so the day's lock is not taken: a day is closed only when all its events of
    claims have been counted.
    """
    desk = Desk(unit.conn, unit.pool_code, unit.now, event.businessdate, SYSTEM)
    await claim_changed(desk, told, event.sequence, event.businessdate)
