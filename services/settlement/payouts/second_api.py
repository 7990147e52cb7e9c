"""Routes of second compensation: how its payments stand, and the return of what nobody claimed."""

from typing import Any
from uuid import UUID

from services.settlement.funding.booking import desk_of
from services.settlement.funding.roles import READERS
from services.settlement.payouts import second
from services.settlement.payouts.problems import NOTHING_UNCLAIMED
from shared.contracts.wire import WireModel, Yuan
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep

router = ServiceRouter()


class StateOut(WireModel):
    """Payments of a campaign in one state: open, batched, paid, bounced, unclaimed."""

    status: str
    payments: int
    amount: Yuan


class SecondOut(WireModel):
    """How the payments of a campaign stand."""

    campaign_id: UUID
    states: list[StateOut]


class UnclaimedOut(WireModel):
    """What was returned now because nobody claimed it by its day."""

    payments: int
    amount: Yuan


@router.get(
    "/pools/{pool_code}/second-compensations/{campaign_id}",
    response_model=SecondOut,
    openapi_extra=access(READERS, command="show_second_compensation"),
)
async def get_second_compensation(pool_code: str, campaign_id: UUID, unit: UnitDep) -> Any:
    """二次补偿各状态的笔数和金额. How the payments of a campaign stand."""
    rows = await second.standing(unit.conn, pool_code, campaign_id)
    states = [StateOut(status=row["status"], payments=row["payments"], amount=row["fen"]) for row in rows]
    return SecondOut(campaign_id=campaign_id, states=states)


@router.post(
    "/pools/{pool_code}/second-compensations/{campaign_id}/unclaimed",
    response_model=UnclaimedOut,
    responses=documented(NOTHING_UNCLAIMED),
    openapi_extra=access({"county_director"}, command="return_unclaimed"),
)
async def post_unclaimed(pool_code: str, campaign_id: UUID, unit: UnitDep) -> UnclaimedOut:
    """退回逾期未领的二次补偿款. Ends what nobody claimed by its day; what a bank holds ends with the bank's answer."""
    payments, fen = await second.return_unclaimed(await desk_of(unit), campaign_id)
    unit.result("second_compensation", campaign_id)
    unit.note(payments=payments, amount_fen=fen)
    return UnclaimedOut(payments=payments, amount=fen)
