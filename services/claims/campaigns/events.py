"""What settlement tells of a second compensation: paid, come back, returned unclaimed. Other layers are passed over."""

from datetime import date
from typing import Any
from uuid import UUID

from services.claims.campaigns import store
from services.claims.campaigns.model import PAID, RELEASED, RETURNED
from services.claims.visits import queries
from services.claims.visits.queries import YearAmount
from shared.contracts.envelope import Envelope
from shared.contracts.settlement import PAYMENT_TOPIC, PaymentConfirmed, PaymentReturned, PaymentUnclaimed
from shared.messaging.consumer import Consumer, EventUnit

CONSUMER = "payments"
SECOND_LAYER = "second_compensation"


async def confirmed(unit: EventUnit, event: Envelope, told: PaymentConfirmed) -> None:
    """The bank shows that the person was paid, also after the payment was given up as unclaimed: then it counts toward
    the cap of the year of care again, where the close of the campaign had taken it back (decision 0182)."""
    if told.layer != SECOND_LAYER:
        return
    paid = (told.confirmed_on, told.end_to_end_id)
    of = await _move(unit, told.claim_id, (RELEASED, RETURNED), PAID, paid)
    if of["counts_toward"]:
        amount = YearAmount(told.claim_id, of["member_id"], of["amount_fen"])
        await queries.restore_to_year(unit.conn, unit.pool_code, of["year"], [amount], told.confirmed_on)


async def returned(unit: EventUnit, event: Envelope, told: PaymentReturned) -> None:
    """The money came back: the person is to be paid still."""
    if told.layer == SECOND_LAYER:
        await _move(unit, told.claim_id, (PAID,), RELEASED)


async def unclaimed(unit: EventUnit, event: Envelope, told: PaymentUnclaimed) -> None:
    """Nobody claimed it by its day: the money stays in the fund."""
    if told.layer == SECOND_LAYER:
        await _move(unit, told.claim_id, (RELEASED,), RETURNED)


async def _move(
    unit: EventUnit, payment_id: UUID, before: tuple[str, ...], after: str, paid: tuple[date, str] | None = None
) -> Any:
    of = await store.lock_campaign_of(unit.conn, unit.pool_code, payment_id)
    if of is None or not await store.move_payment(unit.conn, unit.pool_code, of["id"], payment_id, before, after, paid):
        raise RuntimeError(f"payment {payment_id} is not in a state from which it becomes {after}")
    return of


def consumer() -> Consumer:
    """The reader of settlement's payments."""
    return Consumer(
        CONSUMER,
        [PAYMENT_TOPIC],
        {
            PaymentConfirmed.TYPE: confirmed,
            PaymentReturned.TYPE: returned,
            PaymentUnclaimed.TYPE: unclaimed,
        },
    )
