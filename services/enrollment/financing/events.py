"""What enrollment hears from settlement: refunds that were paid or turned down (rulings §18)."""

from services.enrollment.financing import refunds
from services.enrollment.registry.act import Act
from shared.contracts.envelope import Envelope
from shared.contracts.settlement import REFUND_TOPIC, PremiumRefunded, PremiumRefundRefused
from shared.db.personal import Sealer
from shared.messaging.consumer import Consumer, EventUnit

CONSUMER = "refunds"
SETTLEMENT = "settlement"
"""Whose word changes the register: recorded as the hand that did it."""


async def _act(unit: EventUnit) -> Act:
    return Act(unit.conn, unit.pool_code, unit.now, await unit.business_day(), SETTLEMENT)


async def premium_refunded(unit: EventUnit, event: Envelope, told: PremiumRefunded) -> None:
    """The money left the fiscal account."""
    await refunds.paid(await _act(unit), Sealer(unit.settings.personal_keys()), told.refund_id)


async def refund_refused(unit: EventUnit, event: Envelope, told: PremiumRefundRefused) -> None:
    """County office or finance turned the application down."""
    await refunds.refused(await _act(unit), told.refund_id)


def consumer() -> Consumer:
    """The reader of settlement's refunds."""
    return Consumer(
        CONSUMER,
        [REFUND_TOPIC],
        {PremiumRefunded.TYPE: premium_refunded, PremiumRefundRefused.TYPE: refund_refused},
    )
