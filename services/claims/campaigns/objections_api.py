"""Routes of objections to a published list."""

from uuid import UUID

from services.claims.campaigns import commands, objections
from services.claims.campaigns import objections_store as store
from services.claims.campaigns.api import OFFICE, TOWNSHIP, WATCHERS, Pool, campaign_out
from services.claims.campaigns.problems import (
    CAMPAIGN_STATE,
    CAMPAIGN_UNKNOWN,
    NOT_YOUR_TOWNSHIP,
    NOTHING_TO_STRIKE,
    OBJECTION_UNKNOWN,
    OBJECTIONS_OVER,
    PAYMENT_UNKNOWN,
)
from services.claims.campaigns.schemas import CampaignOut, ObjectionDecisionIn, ObjectionIn, ObjectionMade, ObjectionOut
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.unit import UnitDep

router = ServiceRouter(prefix="/pools/{pool_code}/campaigns", tags=["campaigns"])


@router.post(
    "/{campaign_id}/objections",
    openapi_extra=access([*TOWNSHIP, *OFFICE, "supervisor"], command="object_to_list"),
    status_code=201,
    responses=documented(CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, OBJECTIONS_OVER, PAYMENT_UNKNOWN, NOT_YOUR_TOWNSHIP),
)
async def object_to_list(pool_code: Pool, campaign_id: ShortId, body: ObjectionIn, unit: UnitDep) -> ObjectionMade:
    """Records an objection while the list hangs out."""
    asked = objections.Objection(body.payment_id, body.township_code, body.ground)
    return ObjectionMade(objection_id=await objections.object_to(unit, campaign_id, asked))


@router.get(
    "/{campaign_id}/objections",
    openapi_extra=access(WATCHERS, command="list_objections", personal=True),
    responses=documented(CAMPAIGN_UNKNOWN),
)
async def list_objections(
    pool_code: Pool, campaign_id: ShortId, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ObjectionOut]:
    """Objections in the order in which they were made, with how they were decided."""
    await commands.known(unit, campaign_id)
    after = (read_cursor(cursor, UUID) or [UUID(int=0)])[0]
    rows = await store.objections(unit.conn, unit.pool_code, campaign_id, after, limit + 1)
    members = [name for name in ObjectionOut.model_fields if name != "objection_id"]
    items = [
        ObjectionOut.model_validate({name: row[name] for name in members} | {"objection_id": row["id"]})
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None)


@router.post(
    "/{campaign_id}/objections/{objection_id}/decision",
    openapi_extra=access(OFFICE, command="decide_objection"),
    responses=documented(
        CAMPAIGN_UNKNOWN, CAMPAIGN_STATE, OBJECTION_UNKNOWN, NOTHING_TO_STRIKE, FOUR_EYES, CONFLICT_OF_INTEREST
    ),
)
async def decide_objection(
    pool_code: Pool, campaign_id: ShortId, objection_id: ShortId, body: ObjectionDecisionIn, unit: UnitDep
) -> CampaignOut:
    """Decides an objection, by another person than who recorded it."""
    now = await objections.decide_objection(unit, campaign_id, objection_id, body.outcome, body.note)
    return await campaign_out(unit, now)
