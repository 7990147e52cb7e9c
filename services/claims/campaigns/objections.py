"""What is held against a list while it hangs out, and how it is decided. Each takes the request's transaction."""

from dataclasses import dataclass
from uuid import UUID

from services.claims.campaigns import objections_store, store
from services.claims.campaigns.commands import at_step, begin_again, four_eyes, keep, keep_away
from services.claims.campaigns.model import LISTED, PUBLISHED, Campaign, Listed
from services.claims.campaigns.problems import (
    NOT_YOUR_TOWNSHIP,
    NOTHING_TO_STRIKE,
    OBJECTION_UNKNOWN,
    OBJECTIONS_OVER,
    PAYMENT_UNKNOWN,
)
from shared.http.territory import areas_of
from shared.http.unit import Unit
from shared.kernel.areas import within
from shared.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody holds against the list: against a line, or against its omissions."""

    payment_id: UUID | None
    township_code: str
    ground: str


async def object_to(unit: Unit, campaign_id: UUID, asked: Objection) -> UUID:
    """Records an objection while the list hangs out. Raises CAMPAIGN_STATE, OBJECTIONS_OVER, PAYMENT_UNKNOWN,
    NOT_YOUR_TOWNSHIP."""
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), ("提出异议", "object"))
    assert campaign.objections_until is not None
    if await unit.business_day() > campaign.objections_until:
        raise OBJECTIONS_OVER(until=campaign.objections_until)
    township = asked.township_code
    if asked.payment_id is not None:
        township = (await _line_within(unit, campaign, asked.payment_id)).township_code
    elif not within(areas_of(unit.actor), township):
        raise NOT_YOUR_TOWNSHIP(township=township)
    objection_id = new_id(unit.now)
    row = (objection_id, asked.payment_id, township, asked.ground, unit.actor.subject, unit.now)
    await objections_store.add_objection(unit.conn, unit.pool_code, campaign_id, row)
    unit.result("objection", objection_id)
    return objection_id


async def _line_within(unit: Unit, campaign: Campaign, payment_id: UUID) -> Listed:
    """A line of the list in the caller's areas, locked. Raises PAYMENT_UNKNOWN."""
    found = await store.lock_payments(unit.conn, unit.pool_code, campaign, [payment_id])
    if not found or not within(areas_of(unit.actor), found[0].township_code):
        raise PAYMENT_UNKNOWN(payment_id=payment_id)
    return found[0]


async def decide_objection(unit: Unit, campaign_id: UUID, objection_id: UUID, outcome: str, note: str) -> Campaign:
    """Decides an objection, by another person than who recorded it.

    ``rejected``: the list stands. ``struck``: the line goes, its money stays in the pot. ``recompute``: the list is
    void, and candidates, proposal, approval and notice begin again.

    Raises CAMPAIGN_STATE, OBJECTION_UNKNOWN, NOTHING_TO_STRIKE, FOUR_EYES, CONFLICT_OF_INTEREST.
    """
    campaign = await at_step(unit, campaign_id, (PUBLISHED,), ("处理异议", "decide an objection"))
    row = await objections_store.objection(unit.conn, unit.pool_code, campaign_id, objection_id)
    if row is None or row["outcome"] is not None:
        raise OBJECTION_UNKNOWN(objection_id=objection_id)
    four_eyes(unit, row["raised_by"], ("记录异议", "record the objection"), ("处理", "decide it"))
    await keep_away(unit, campaign)
    if outcome == "struck" and row["payment_id"] is None:
        raise NOTHING_TO_STRIKE(objection_id=objection_id)
    at = (outcome, note, unit.actor.subject, unit.now)
    await objections_store.decide_objection(unit.conn, unit.pool_code, objection_id, *at)
    if outcome == "rejected":
        return campaign
    if outcome == "struck":
        return await _strike(unit, campaign, row["payment_id"])
    return await begin_again(unit, campaign)


async def _strike(unit: Unit, campaign: Campaign, payment_id: UUID) -> Campaign:
    lines = await store.lock_payments(unit.conn, unit.pool_code, campaign, [payment_id])
    if not lines or lines[0].status != LISTED:  # on a list that was made void, or struck before
        return campaign
    line = lines[0]
    await store.strike(unit.conn, unit.pool_code, payment_id)
    return await keep(
        unit, campaign, listed=campaign.listed - 1, listed_fen=campaign.listed_fen - line.amount_fen
    )  # fmt: skip
