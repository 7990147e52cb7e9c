"""Handler of the events of claims; one function for all types, since each brings the claim's projection forward."""

from services.settlement.funding.booking import desk_of_event
from services.settlement.payouts.claims import ClaimEvent, claim_changed
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def claim_event(unit: EventUnit, event: Envelope, told: ClaimEvent) -> None:
    """A claim was settled, approved, rejected, returned, cancelled or released."""
    await claim_changed(await desk_of_event(unit), told, event.sequence, event.businessdate)
