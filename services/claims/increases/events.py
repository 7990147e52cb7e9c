"""What settlement tells of increases: paid, come back. Other payments are passed over."""

from services.claims.increases import store
from services.claims.increases.model import PAID, RELEASED
from shared.contracts.envelope import Envelope
from shared.contracts.settlement import PAYMENT_TOPIC, PaymentConfirmed, PaymentReturned
from shared.messaging.consumer import Consumer, EventUnit

CONSUMER = "increases"


async def confirmed(unit: EventUnit, event: Envelope, told: PaymentConfirmed) -> None:
    """The bank shows that the person was paid."""
    await store.move(unit.conn, unit.pool_code, told.claim_id, RELEASED, PAID, told.confirmed_on)


async def returned(unit: EventUnit, event: Envelope, told: PaymentReturned) -> None:
    """The money came back: the person is to be paid still."""
    await store.move(unit.conn, unit.pool_code, told.claim_id, PAID, RELEASED, None)


def consumer() -> Consumer:
    """The reader of settlement's payments."""
    return Consumer(CONSUMER, [PAYMENT_TOPIC], {PaymentConfirmed.TYPE: confirmed, PaymentReturned.TYPE: returned})
