"""From the notice to the money, and the end. Each takes the request's transaction."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Layer
from services.claims.benefits.queries import policy_for
from services.claims.campaigns import candidates_store, store
from services.claims.campaigns.commands import at_step, cap_of, four_eyes, keep, keep_away, notice_over, scope_of
from services.claims.campaigns.model import CLOSED, LISTED, PUBLISHED, RELEASED, RETURNED, Campaign, Listed
from services.claims.campaigns.problems import (
    CAP_MOVED,
    CLAIM_DAY,
    CLAIMS_MOVED,
    STILL_CLAIMABLE,
)
from services.claims.visits import queries
from services.claims.visits.queries import YearAmount
from shared.contracts.base import EventPayload
from shared.contracts.claims import CampaignPaymentReleased
from shared.http.unit import Unit
from shared.messaging.outbox import Outgoing, emit_many

SERVICE = "claims"


async def release(unit: Unit, campaign_id: UUID, claim_by: date) -> Campaign:
    """Makes every line payable to its person until a day, once the notice is over and every objection decided.

    One event a person. Raises CAMPAIGN_STATE, FOUR_EYES, OBJECTIONS_RUN, OBJECTIONS_OPEN, CLAIM_DAY, CLAIMS_MOVED,
    CAP_MOVED, CONFLICT_OF_INTEREST.
    """
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), ("发放", "release"))
    four_eyes(unit, campaign.proposed_by, ("提出方案", "propose the terms"), ("发放", "release the money"))
    day = await unit.business_day()
    await keep_away(unit, campaign)
    await notice_over(unit, campaign)
    first, last = day + timedelta(days=1), date(day.year + 1, 12, 31)
    if not first <= claim_by <= last:
        raise CLAIM_DAY(day=claim_by, first=first, last=last)
    gone = await candidates_store.claims_gone(unit.conn, unit.pool_code, campaign)
    if gone:
        raise CLAIMS_MOVED(count=gone)
    lines = await store.listed(unit.conn, unit.pool_code, campaign, (LISTED,))
    await _count(unit, campaign, lines)
    await store.move(unit.conn, unit.pool_code, campaign, LISTED, RELEASED, published=True)
    now = await keep(
        unit, campaign, status=RELEASED, released_by=unit.actor.subject, released_on=day, claim_by=claim_by
    )
    layer = (await policy_for(unit.conn, unit.pool_code, date(campaign.year, 12, 31))).layers[0]
    await _tell(unit, lines, lambda line: _released(unit, now, line, layer))
    return now


def _released(unit: Unit, campaign: Campaign, line: Listed, layer: Layer) -> EventPayload:
    """The pot is the fund's: the payer is that of the basic layer of the year of care."""
    return CampaignPaymentReleased(
        **_head(unit, campaign, line),
        document_number=campaign.document_number,
        claim_by=campaign.claim_by or date.max,
        payer=layer.payer,
    )


async def _count(unit: Unit, campaign: Campaign, lines: Sequence[Listed]) -> None:
    """Adds the payments to the count of the year of care, where the policy says so. Raises CAP_MOVED."""
    name = scope_of(campaign).counts_toward
    if not name or not lines:
        return
    cap_fen, day = await cap_of(unit, campaign), await unit.business_day()
    if not await queries.add_to_year(unit.conn, unit.pool_code, campaign.year, name, cap_fen, _amounts(lines), day):
        raise CAP_MOVED()


def _amounts(lines: Sequence[Listed]) -> list[YearAmount]:
    return [YearAmount(line.id, line.member_id, line.amount_fen) for line in lines]


async def close(unit: Unit, campaign_id: UUID) -> Campaign:
    """Ends a campaign of which every payment is paid or returned: what nobody claimed stays in the fund, and where the
    payments count for the year of care it counts no longer.

    Raises CAMPAIGN_STATE, STILL_CLAIMABLE.
    """
    campaign = await at_step(unit, campaign_id, (RELEASED,), ("结束", "close"))
    day = await unit.business_day()
    assert campaign.claim_by is not None
    waiting = await store.listed(unit.conn, unit.pool_code, campaign, (RELEASED,))
    if waiting:
        raise STILL_CLAIMABLE(until=campaign.claim_by, count=len(waiting))
    returned = await store.listed(unit.conn, unit.pool_code, campaign, (RETURNED,))
    if returned and scope_of(campaign).counts_toward:
        await queries.take_from_year(unit.conn, unit.pool_code, campaign.year, _amounts(returned), day)
    return await keep(unit, campaign, status=CLOSED, closed_on=day)


def _head(unit: Unit, campaign: Campaign, line: Listed) -> dict[str, Any]:
    return {
        "payment_id": line.id,
        "campaign_id": campaign.id,
        "member_id": line.member_id,
        "household_id": line.household_id,
        "township_code": line.township_code,
        "benefit_year": campaign.year,
        "amount": line.amount_fen,
        "at": unit.now,
    }


async def _tell(unit: Unit, lines: Sequence[Listed], payload: Callable[[Listed], EventPayload]) -> None:
    """An event a line, each under the line's next version."""
    day = await unit.business_day()
    await emit_many(
        unit.conn,
        [
            Outgoing(
                payload=payload(line),
                pool_code=unit.pool_code,
                subject=str(line.id),
                sequence=line.version + 1,
                business_day=day,
                now=unit.now,
                service=SERVICE,
                amount_fen=line.amount_fen,
            )
            for line in lines
        ],
    )
