"""What performance keeps of claims: that a claim was settled and approved, when, and at which hospital."""

from services.performance.indicators.store import MeasuredEvent, add_event
from shared.contracts.claims import CLAIM_TOPIC, ClaimApproved, ClaimSettled
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import Consumer, EventUnit

CONSUMER = "measured"


async def on_settled(unit: EventUnit, event: Envelope, payload: ClaimSettled) -> None:
    """Remembers when the hospital settled the claim."""
    await _keep(unit, event, payload, "settled")


async def on_approved(unit: EventUnit, event: Envelope, payload: ClaimApproved) -> None:
    """Remembers when the insurer approved it: one review is over."""
    await _keep(unit, event, payload, "approved")


async def _keep(unit: EventUnit, event: Envelope, payload: ClaimSettled | ClaimApproved, kind: str) -> None:
    measured = MeasuredEvent(
        event_id=event.id,
        claim_id=payload.claim_id,
        kind=kind,
        occurred_at=payload.at,
        business_day=event.businessdate,
        institution_code=payload.institution_code,
    )
    await add_event(unit.conn, unit.pool_code, measured)


def consumer() -> Consumer:
    """Rejections, returns, cancellations and releases are no reviews that ended in approval: not listened to."""
    return Consumer(
        name=CONSUMER,
        topics=(CLAIM_TOPIC,),
        handlers={ClaimSettled.TYPE: on_settled, ClaimApproved.TYPE: on_approved},
    )
