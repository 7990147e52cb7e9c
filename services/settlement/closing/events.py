"""The consumers of settlement: every event has its effect and is counted, for the totals of its day (contracts §10)."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.settlement.closing import store
from services.settlement.closing.sources import AMOUNT_OF, CLAIM_EVENTS, CLAIMS, ENROLLMENT
from services.settlement.funding import effects as funding
from services.settlement.orders.effects import refund_applied
from services.settlement.payouts.effects import claim_event, late_increase_released, second_compensation_released
from services.settlement.reconciliation.effects import premium_remitted
from shared.contracts import claims, enrollment
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import Consumer, EventUnit

Effect = Callable[[EventUnit, Envelope, Any], Awaitable[Any]]


def counted(source: str, effect: Effect) -> Callable[[EventUnit, Envelope, Any], Awaitable[None]]:
    """The effect, and one event more in the day's totals, in the same transaction."""

    async def handle(unit: EventUnit, event: Envelope, told: Any) -> None:
        await effect(unit, event, told)
        amount = getattr(told, AMOUNT_OF[event.type])
        await store.count_event(unit.conn, unit.pool_code, source, event.businessdate, event.type, amount)

    return handle


async def _source_closed(unit: EventUnit, source: str, told: enrollment.DayClosed | claims.DayClosed) -> None:
    await store.add_source_day(
        unit.conn,
        unit.pool_code,
        source,
        told.day,
        unit.now,
        [(total.type, total.count, total.amount) for total in told.totals],
    )


async def enrollment_closed(unit: EventUnit, event: Envelope, told: enrollment.DayClosed) -> None:
    """Enrollment closed a day."""
    await _source_closed(unit, ENROLLMENT, told)


async def claims_closed(unit: EventUnit, event: Envelope, told: claims.DayClosed) -> None:
    """Claims closed a day."""
    await _source_closed(unit, CLAIMS, told)


def consumers() -> list[Consumer]:
    """What the worker runs: one consumer a source, so that one that stands does not hold up the other."""
    return [
        Consumer(
            "enrollment",
            (
                enrollment.PREMIUM_TOPIC,
                enrollment.SPONSORSHIP_TOPIC,
                enrollment.REMITTANCE_TOPIC,
                enrollment.SUBSIDY_TOPIC,
                enrollment.REFUND_TOPIC,
                enrollment.DAY_TOPIC,
            ),
            {
                enrollment.PremiumCollected.TYPE: counted(ENROLLMENT, funding.premium_collected),
                enrollment.PremiumVoided.TYPE: counted(ENROLLMENT, funding.premium_voided),
                enrollment.RefundApplied.TYPE: counted(ENROLLMENT, refund_applied),
                enrollment.PremiumSponsored.TYPE: counted(ENROLLMENT, funding.premium_sponsored),
                enrollment.PremiumRemitted.TYPE: counted(ENROLLMENT, premium_remitted),
                enrollment.SubsidyDue.TYPE: counted(ENROLLMENT, funding.subsidy_due),
                enrollment.DayClosed.TYPE: enrollment_closed,
            },
        ),
        Consumer(
            "claims",
            (claims.CLAIM_TOPIC, claims.CAMPAIGN_TOPIC, claims.INCREASE_TOPIC, claims.ACCOUNT_TOPIC, claims.DAY_TOPIC),
            {
                **{kind: counted(CLAIMS, claim_event) for kind in sorted(CLAIM_EVENTS)},
                claims.CampaignPaymentReleased.TYPE: counted(CLAIMS, second_compensation_released),
                claims.IncreaseReleased.TYPE: counted(CLAIMS, late_increase_released),
                claims.FamilyAccountOverspent.TYPE: counted(CLAIMS, funding.family_account_overspent),
                claims.DayClosed.TYPE: claims_closed,
            },
        ),
    ]
