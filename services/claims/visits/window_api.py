"""Routes of the window: papers that a patient brings."""

from datetime import datetime
from functools import partial
from uuid import UUID

from fastapi import Response

from services.claims.visits import window
from services.claims.visits.api import Pool, moment, visit_out
from services.claims.visits.deciding import DISCHARGED, REGISTERED, WINDOW, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.problems import (
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    ENROLLMENT_SILENT,
    INVOICE_USED,
    MEMBER_UNKNOWN,
    VISIT_EXISTS,
    VISIT_NUMBER_USED,
    WINDOW_STAY,
)
from services.claims.visits.schemas import GivenIn, VisitOut, WindowVisitIn
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented
from shared.http.unit import UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["visits"])
INTAKE = ["insurer_intake"]


def given_of(body: GivenIn | None) -> Given | None:
    """The basic settlement made elsewhere, as it is kept."""
    if body is None:
        return None
    return Given(body.scheme, body.settlement, body.total, body.eligible, body.benefit, body.over_cap)


def visit_of(
    visit_id: UUID, body: WindowVisitIn, admitted_at: datetime, discharged_at: datetime | None, member_id: UUID
) -> Visit:
    """The visit that the papers tell of."""
    return Visit(
        id=visit_id,
        institution_code=body.institution_code,
        institution_number=body.institution_number,
        member_id=member_id,
        kind=body.kind,
        status=REGISTERED if discharged_at is None else DISCHARGED,
        admitted_at=admitted_at,
        admitted_on=shanghai_date(admitted_at),
        discharged_at=discharged_at,
        discharged_on=None if discharged_at is None else shanghai_date(discharged_at),
        diagnosis_code=body.diagnosis_code,
        diagnosis_name=body.diagnosis_name,
        circumstances=tuple(sorted(set(body.circumstances))),
        third_party="pending" if body.accident else "none",
        line_sheets=0,
        channel=WINDOW,
    )


@router.put(
    "/window-visits/{visit_id}",
    openapi_extra=access(INTAKE, command="enter_window_visit", scope="institution"),
    status_code=201,
    responses=documented(
        MEMBER_UNKNOWN,
        VISIT_EXISTS,
        VISIT_NUMBER_USED,
        INVOICE_USED,
        WINDOW_STAY,
        ELSEWHERE_SUMS,
        ELSEWHERE_TWICE,
        ENROLLMENT_SILENT,
    ),
)
async def enter_window_visit(
    pool_code: Pool, visit_id: ShortId, body: WindowVisitIn, unit: UnitDep, response: Response
) -> VisitOut:
    """Enters care that is over and was paid in full; its lines and settlement follow as for any visit, unless the basic
    settlement was made elsewhere. The same again changes nothing (200)."""
    admitted_at = moment(body.admitted_at, "admitted_at")
    left = None if body.discharged_at is None else moment(body.discharged_at, "discharged_at")
    invoices = [(one.code, one.number) for one in body.invoices]
    told = partial(visit_of, visit_id, body, admitted_at, left)
    visit, is_new = await window.enter(unit, told, body.id_number, invoices, given_of(body.elsewhere))
    unit.result("visit", visit.id)
    unit.note(invoices=len(invoices), elsewhere=body.elsewhere is not None)
    response.status_code = 201 if is_new else 200
    return visit_out(visit)
