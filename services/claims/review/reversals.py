"""What the county office decides of claims that are paid, or of years that are closed (rulings §2).

Two persons release the cancellation of a paid claim; the hospital, or the window, then cancels it as ever. Each command
takes the request's transaction and never commits.
"""

from typing import Any
from uuid import UUID

from services.claims.review import store
from services.claims.review.problems import (
    NOT_PAID_YET,
    REVERSAL_ASKED,
    REVERSAL_NOT_ASKED,
    SECOND_COMPENSATED,
    YEAR_CLOSED,
    YEAR_NOT_OVER,
)
from services.claims.review.rules import check_tie
from services.claims.visits import queries
from services.claims.visits.claims import RELEASED, VOID, Claim
from services.claims.visits.problems import CLAIM_CANCELLED, CLAIM_RELEASED, CLAIM_UNKNOWN, INCREASE_UNPAID
from services.claims.visits.reversing import all_paid
from shared.http.problems import FOUR_EYES
from shared.http.unit import Unit

ASK, APPROVE = ("提出冲销放行", "ask for the release"), ("批准", "approve it")


async def ask(unit: Unit, claim_id: UUID, reason: str, document: str) -> Claim:
    """The first person: the paid claim may be cancelled. Raises CLAIM_UNKNOWN, CONFLICT_OF_INTEREST, CLAIM_CANCELLED,
    NOT_PAID_YET, CLAIM_RELEASED while not all of it is paid, INCREASE_UNPAID, SECOND_COMPENSATED, REVERSAL_ASKED.

    From now on no campaign of second compensation that counts it is released."""
    claim = await _released(unit, claim_id)
    layers = await store.released_layers(unit.conn, unit.pool_code, claim_id)
    if not all_paid(layers, await queries.paid_layers(unit.conn, unit.pool_code, claim_id)):
        raise CLAIM_RELEASED(claim_id=claim_id)
    if await queries.increase_unpaid(unit.conn, unit.pool_code, claim_id):
        raise INCREASE_UNPAID(claim_id=claim_id)
    if await queries.lock_compensated(unit.conn, unit.pool_code, [claim_id]):
        raise SECOND_COMPENSATED(claim_id=claim_id)
    if not await queries.ask_reversal(unit, claim, reason, document, layers):
        raise REVERSAL_ASKED(claim_id=claim_id)
    unit.result("claim", claim_id)
    return claim


async def approve(unit: Unit, claim_id: UUID) -> Any:
    """The second person: from now on the hospital, or the window, cancels it. Returns the release.

    Raises CLAIM_UNKNOWN, CONFLICT_OF_INTEREST, CLAIM_CANCELLED, NOT_PAID_YET, REVERSAL_NOT_ASKED and FOUR_EYES.
    """
    await _released(unit, claim_id)
    asked = await queries.reversal_release(unit, claim_id)
    if asked is None:
        raise REVERSAL_NOT_ASKED(claim_id=claim_id)
    if asked["asked_by"] == unit.actor.subject:
        raise FOUR_EYES(act=ASK, then=APPROVE)
    if not await queries.approve_reversal(unit, claim_id):
        raise REVERSAL_NOT_ASKED(claim_id=claim_id)
    unit.result("claim", claim_id)
    return await queries.reversal_release(unit, claim_id)


async def close_year(unit: Unit, year: int, document: str) -> None:
    """Claims of the year are corrected at the window alone from now on. Raises YEAR_NOT_OVER, YEAR_CLOSED."""
    if (await unit.business_day()).year <= year:
        raise YEAR_NOT_OVER(year=year)
    if not await queries.close_year(unit, year, document):
        raise YEAR_CLOSED(year=year)
    unit.result("benefit_year", year)


async def _released(unit: Unit, claim_id: UUID) -> Claim:
    """The locked claim, which is released for payment and of which this person may decide."""
    claim = await queries.lock_claim(unit.conn, unit.pool_code, claim_id)
    if claim is None:
        raise CLAIM_UNKNOWN(claim_id=claim_id)
    check_tie(unit.actor, claim)
    if claim.status in VOID:
        raise CLAIM_CANCELLED(claim_id=claim_id)
    if claim.status != RELEASED:
        raise NOT_PAID_YET(claim_id=claim_id)
    return claim
