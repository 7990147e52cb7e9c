"""Handler of the events of claims; one function for all types, since each brings the claim's projection forward."""

from services.settlement.funding.booking import Desk
from services.settlement.ledger.posting import SYSTEM
from services.settlement.payouts.claims import ClaimEvent, claim_changed
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def claim_event(unit: EventUnit, event: Envelope, told: ClaimEvent) -> None:
    """A claim was settled, approved, rejected, returned, cancelled or released.

    What is owed is dated by settlement's own business day, as payments are: a claim is never paid on a day before it
    was owed, whichever day claims and settlement have closed.
    """
    day = await unit.business_day()
    desk = Desk(unit.conn, unit.pool_code, unit.now, day, SYSTEM)
    await claim_changed(desk, told, event.sequence, day)
