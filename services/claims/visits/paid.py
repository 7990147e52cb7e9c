"""What settlement tells of the payment of claims: a claim is cancelled differently once it is paid (rulings §2)."""

from services.claims.visits import reversal_store
from shared.contracts.envelope import Envelope
from shared.contracts.settlement import PAYMENT_TOPIC, PaymentConfirmed, PaymentNotExecuted, PaymentReturned
from shared.messaging.consumer import Consumer, EventUnit

CONSUMER = "claim-payments"


async def confirmed(unit: EventUnit, event: Envelope, told: PaymentConfirmed) -> None:
    """The bank or the township's receipt shows that a layer of the claim is paid."""
    await reversal_store.set_paid(unit.conn, unit.pool_code, told.claim_id, told.layer, unit.now, paid=True)


async def not_paid(unit: EventUnit, event: Envelope, told: PaymentReturned | PaymentNotExecuted) -> None:
    """The money came back, or never left: the layer is to be paid still."""
    await reversal_store.set_paid(unit.conn, unit.pool_code, told.claim_id, told.layer, unit.now, paid=False)


def consumer() -> Consumer:
    """The reader of settlement's payments; what is paid under other ids than a claim's is passed over."""
    return Consumer(
        CONSUMER,
        [PAYMENT_TOPIC],
        {
            PaymentConfirmed.TYPE: confirmed,
            PaymentReturned.TYPE: not_paid,
            PaymentNotExecuted.TYPE: not_paid,
        },
    )
