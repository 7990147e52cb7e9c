"""From the notice to the money: release, payments made, returns. Each takes the request's transaction."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Layer
from services.claims.benefits.queries import policy_for
from services.claims.campaigns import store
from services.claims.campaigns.commands import at_step, cap_of, four_eyes, keep, notice_over, scope_of
from services.claims.campaigns.model import CLOSED, LISTED, PUBLISHED, RELEASED, RETURNED, Campaign, Listed
from services.claims.campaigns.problems import (
    CAP_MOVED,
    CLAIM_DAY,
    CLAIMS_MOVED,
    PAYMENT_STATE,
    PAYMENT_UNKNOWN,
    STILL_CLAIMABLE,
)
from services.claims.visits import queries
from services.claims.visits.queries import YearAmount
from shared.contracts.base import EventPayload
from shared.contracts.claims import CampaignPaymentPaid, CampaignPaymentReleased, CampaignPaymentReturned
from shared.http.territory import areas_of
from shared.http.unit import Unit
from shared.kernel.areas import within
from shared.messaging.outbox import Outgoing, emit_many

SERVICE = "claims"
Paid = tuple[UUID, date, str, str]
"""A payment made: line, day, channel, reference."""


async def release(unit: Unit, campaign_id: UUID, claim_by: date) -> Campaign:
    """Makes every line payable to its person until a day, once the notice is over and every objection decided.

    One event a person. Raises CAMPAIGN_STATE, FOUR_EYES, OBJECTIONS_RUN, OBJECTIONS_OPEN, CLAIM_DAY, CLAIMS_MOVED,
    CAP_MOVED.
    """
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), ("发放", "release"))
    four_eyes(unit, campaign.proposed_by, ("提出方案", "propose the terms"), ("发放", "release the money"))
    day = await unit.business_day()
    await notice_over(unit, campaign)
    if claim_by <= day:
        raise CLAIM_DAY(day=claim_by, first=day, last=date(day.year + 1, 12, 31))
    gone = await store.claims_gone(unit.conn, unit.pool_code, campaign)
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
    """The pot is the fund's: payer and account are those of the basic layer of the year of care."""
    return CampaignPaymentReleased(
        **_head(unit, campaign, line),
        document_number=campaign.document_number,
        claim_by=campaign.claim_by or date.max,
        payer=layer.payer,
        book=layer.book,
        account=layer.account,
        expense_account=layer.buckets[0].account,
    )


async def _count(unit: Unit, campaign: Campaign, lines: Sequence[Listed]) -> None:
    """Adds the payments to the count of the year of care, where the policy says so. Raises CAP_MOVED."""
    name = scope_of(campaign).counts_toward
    if not name or not lines:
        return
    cap_fen = await cap_of(unit, campaign)
    if not await queries.add_to_year(unit.conn, unit.pool_code, campaign.year, name, cap_fen, _amounts(lines)):
        raise CAP_MOVED()


def _amounts(lines: Sequence[Listed]) -> list[YearAmount]:
    return [YearAmount(line.id, line.member_id, line.amount_fen) for line in lines]


async def record_payments(unit: Unit, campaign_id: UUID, made: Sequence[Paid]) -> Campaign:
    """Records money that reached its persons: by bank, or in cash against signature; by a township for its own.

    All or none. Raises CAMPAIGN_STATE, PAYMENT_UNKNOWN, PAYMENT_STATE, CLAIM_DAY.
    """
    campaign = await at_step(unit, campaign_id, (RELEASED,), ("登记发放", "record payments"))
    by_id = {one[0]: one for one in made}
    lines = await store.lock_payments(unit.conn, unit.pool_code, campaign, sorted(by_id))
    areas = areas_of(unit.actor)
    ours = {line.id: line for line in lines if within(areas, line.township_code)}
    if missing := [one for one in by_id if one not in ours]:
        raise PAYMENT_UNKNOWN(payment_id=missing[0])
    day = await unit.business_day()
    assert campaign.released_on is not None
    assert campaign.claim_by is not None
    for line in lines:
        if line.status != RELEASED:
            raise PAYMENT_STATE(payment_id=line.id)
        paid_on = by_id[line.id][1]
        if not campaign.released_on <= paid_on <= min(day, campaign.claim_by):
            raise CLAIM_DAY(day=paid_on, first=campaign.released_on, last=min(day, campaign.claim_by))
    await store.pay(unit.conn, unit.pool_code, list(by_id.values()), unit.actor.subject)
    now = await keep(unit, campaign, paid_fen=campaign.paid_fen + sum(line.amount_fen for line in lines))
    await _tell(unit, lines, lambda line: _paid(unit, now, line, by_id[line.id]))
    return now


def _paid(unit: Unit, campaign: Campaign, line: Listed, made: Paid) -> EventPayload:
    channel: Any = made[2]
    return CampaignPaymentPaid(**_head(unit, campaign, line), paid_on=made[1], channel=channel)


async def close(unit: Unit, campaign_id: UUID) -> Campaign:
    """Ends a campaign after its deadline: what nobody claimed stays in the fund, one event each.

    Raises CAMPAIGN_STATE, STILL_CLAIMABLE.
    """
    campaign = await at_step(unit, campaign_id, (RELEASED,), ("结束", "close"))
    day = await unit.business_day()
    assert campaign.claim_by is not None
    if day <= campaign.claim_by:
        raise STILL_CLAIMABLE(until=campaign.claim_by)
    lines = await store.listed(unit.conn, unit.pool_code, campaign, (RELEASED,))
    if lines and scope_of(campaign).counts_toward:
        await queries.take_from_year(unit.conn, unit.pool_code, campaign.year, _amounts(lines))
    await store.move(unit.conn, unit.pool_code, campaign, RELEASED, RETURNED, published=True)
    returned = sum(line.amount_fen for line in lines)
    now = await keep(unit, campaign, status=CLOSED, returned_fen=returned, closed_on=day)
    await _tell(unit, lines, lambda line: CampaignPaymentReturned(**_head(unit, now, line)))
    return now


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
