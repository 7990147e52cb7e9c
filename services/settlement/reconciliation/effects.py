"""A remittance told after the bank has shown it: its statement line waits as an open item and is matched now."""

from services.settlement.funding import effects as funding_effects
from services.settlement.funding.accounts import INCOME
from services.settlement.reconciliation.commands import match_open_lines
from shared.contracts.enrollment import PremiumRemitted
from shared.contracts.envelope import Envelope
from shared.messaging.consumer import EventUnit


async def premium_remitted(unit: EventUnit, event: Envelope, told: PremiumRemitted) -> None:
    """Books the remittance as in transit, then matches the income account's open lines."""
    desk = await funding_effects.premium_remitted(unit, event, told)
    await match_open_lines(desk, INCOME)
