"""What a township's application for a refund means here: an order that waits for the county office (rulings §18)."""

from services.settlement.funding.booking import desk_of_event
from services.settlement.orders.commands import refund_applied as prepare_refund
from shared.contracts.enrollment import RefundApplied
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def refund_applied(unit: EventUnit, event: Envelope, told: RefundApplied) -> None:
    """Writes the order; nothing is booked before county office and finance have agreed."""
    await prepare_refund(await desk_of_event(unit), told)
