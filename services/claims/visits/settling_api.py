"""The two routes whose requests share transactions: settlement and cancellation (contracts §4)."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response

from services.claims.visits import settling
from services.claims.visits.api import ENTERS, Pool, bill_of
from services.claims.visits.direct import Asked, DirectRoute, answered_by, path_id, settlement_asked
from services.claims.visits.problems import (
    ACCOUNT_NOT_SERVED,
    BENEFIT_YEAR_CLOSED,
    CLAIM_PAID,
    CLAIM_RELEASED,
    CLAIM_UNKNOWN,
    ENROLLMENT_SILENT,
    INCREASE_UNPAID,
    LATER_CLAIM,
    VISIT_NOT_YOURS,
    VISIT_SETTLED,
    VISIT_UNKNOWN,
)
from services.claims.visits.schemas import CancellationIn, ClaimOut, SettlementIn
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.idempotency import Answered
from shared.http.problems import documented
from shared.http.unit import CoalescedDep, CoalescedRequest

router = ServiceRouter(prefix="/pools/{pool_code}")


def _response(answered: Answered, replayed: bool) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return Response(answered.body(), answered.status, headers, "application/json")


async def _settle(request: CoalescedRequest, visit_id: UUID, asked: Asked) -> Response:
    return _response(*await settling.settle(request, visit_id, asked))


async def settle_directly(request: Request) -> Response:
    """``settle_visit`` without FastAPI's reading of the request."""
    asked = settlement_asked(await request.body())
    return await _settle(request.state.unit, path_id(request, "visit_id"), asked)


@answered_by(settle_directly)
async def settle_visit(pool_code: Pool, visit_id: ShortId, body: SettlementIn, request: CoalescedDep) -> Any:
    """Settles a visit: the patient pays his part and the hospital advances the benefit."""
    lines = bill_of(body.lines) if body.lines else None
    return await _settle(request, visit_id, Asked(lines, body.from_account, body.midway, body.off_path or ""))


router.add_api_route(
    "/visits/{visit_id}/settlement",
    settle_visit,
    methods=["POST"],
    openapi_extra=access(ENTERS, command="settle_visit", scope="institution", coalesced=True),
    status_code=201,
    response_model=ClaimOut,
    responses=documented(VISIT_UNKNOWN, VISIT_NOT_YOURS, VISIT_SETTLED, ACCOUNT_NOT_SERVED, ENROLLMENT_SILENT),
    route_class_override=DirectRoute,
    tags=["visits"],
)


@router.post(
    "/claims/{claim_id}/cancellation",
    openapi_extra=access(ENTERS, command="cancel_claim", scope="institution", coalesced=True),
    response_model=ClaimOut,
    responses=documented(
        CLAIM_UNKNOWN, VISIT_NOT_YOURS, CLAIM_RELEASED, CLAIM_PAID, INCREASE_UNPAID, BENEFIT_YEAR_CLOSED, LATER_CLAIM
    ),
    tags=["claims"],
)
async def cancel_claim(pool_code: Pool, claim_id: ShortId, body: CancellationIn, request: CoalescedDep) -> Any:
    """Cancels a settlement (rulings §2); what it counted is taken back and the visit may be settled again. One that is
    paid is reversed by a negative claim, once two persons of the county office have released that."""
    return _response(*await settling.cancel(request, claim_id, body.reason))
