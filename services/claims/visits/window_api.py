"""Routes of the window: papers that a patient brings."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Response

from services.claims.benefits.model import Outcome
from services.claims.visits import window, window_store
from services.claims.visits.api import Pool, moment, visit_out
from services.claims.visits.deciding import DISCHARGED, REGISTERED, WINDOW, WITHDRAWN, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.problems import (
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    ENROLLMENT_SILENT,
    INVOICE_USED,
    MEMBER_UNKNOWN,
    NOT_OF_THE_WINDOW,
    SLIP_UNKNOWN,
    VISIT_EXISTS,
    VISIT_NUMBER_USED,
    VISIT_SETTLED,
    VISIT_UNKNOWN,
    VISIT_WITHDRAWN,
    WINDOW_STAY,
    refused_type,
)
from services.claims.visits.schemas import (
    GivenIn,
    InvoiceAttemptOut,
    PapersIn,
    VisitOut,
    WindowPaperOut,
    WindowSlipOut,
    WindowVisitIn,
    WithdrawalIn,
    WithdrawnOut,
)
from services.claims.visits.sheets import INVOICE_ATTEMPTS
from services.claims.visits.window_store import Paper
from shared.contracts.wire import ShortId
from shared.db.numbers import Number
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["visits"])
INTAKE = ["insurer_intake"]
OFFICE = ["county_recheck", "county_inspector", "county_director", "auditor"]
READERS = [*INTAKE, "insurer_reviewer", "insurer_manager", *OFFICE]


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
        VISIT_WITHDRAWN,
        refused_type(Outcome.SUBMITTED_LATE),
        ENROLLMENT_SILENT,
    ),
)
async def enter_window_visit(
    pool_code: Pool, visit_id: ShortId, body: WindowVisitIn, unit: UnitDep, response: Response
) -> VisitOut:
    """Enters care that is over and was paid in full; its lines and settlement follow as for any visit, unless the basic
    settlement was made elsewhere. The same again changes nothing (200). `GET …/slip` is the acceptance slip."""
    admitted_at = moment(body.admitted_at, "admitted_at")
    left = None if body.discharged_at is None else moment(body.discharged_at, "discharged_at")
    invoices = [(one.code, one.number) for one in body.invoices]
    told = partial(visit_of, visit_id, body, admitted_at, left)
    papers = [Paper(one.kind, one.original) for one in body.papers]
    visit, is_new = await window.enter(unit, told, body.id_number, invoices, given_of(body.elsewhere), papers)
    unit.result("visit", visit.id)
    unit.note(invoices=len(invoices), elsewhere=body.elsewhere is not None)
    response.status_code = 201 if is_new else 200
    return visit_out(visit)


async def _slip_out(unit: Unit, row: Any) -> WindowSlipOut:
    """A slip in wire form with all that was recorded of its papers."""
    papers = await window_store.papers(unit.conn, unit.pool_code, row["visit_id"])
    missing = list(row["missing_papers"])
    waiting = "papers_missing" if missing else "accepted"
    state = "withdrawn" if row["status"] == WITHDRAWN else row["claim_status"] or waiting
    unit.result("visit", row["visit_id"])
    same = (
        "number", "visit_id", "institution_code", "kind", "submitted_on", "accepted_at", "accepted_by", "needed",
        "withdrawn_because", "claim_id", "claim_number",
    )  # fmt: skip
    told = {name: row[name] for name in same}
    told |= {"benefit": row["benefit_fen"], "payable": row["payable_fen"], "state": state, "missing": missing}
    kept = [WindowPaperOut.model_validate({name: one[name] for name in WindowPaperOut.model_fields}) for one in papers]
    return WindowSlipOut.model_validate({**told, "papers": kept})


@router.get(
    "/window-visits/{visit_id}/slip",
    openapi_extra=access(READERS, command="read_window_slip", scope="institution", personal=True),
    responses=documented(NOT_OF_THE_WINDOW),
)
async def read_window_slip(pool_code: Pool, visit_id: ShortId, unit: UnitDep) -> WindowSlipOut:
    """The acceptance slip of a registration: its number, all papers that are missing, and what became of it."""
    row = await window_store.slip_of(unit.conn, unit.pool_code, visit_id)
    if row is None:
        raise NOT_OF_THE_WINDOW(visit_id=visit_id)
    return await _slip_out(unit, row)


@router.get(
    "/window-slips/{number}",
    openapi_extra=access(READERS, command="find_window_slip", scope="institution", personal=True),
    responses=documented(SLIP_UNKNOWN),
)
async def find_window_slip(pool_code: Pool, number: Number, unit: UnitDep) -> WindowSlipOut:
    """What became of papers, by the number on the slip."""
    return await _slip_out(unit, await window.slip(unit, number))


@router.post(
    "/window-visits/{visit_id}/papers",
    openapi_extra=access(INTAKE, command="bring_papers", scope="institution"),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED, VISIT_WITHDRAWN, NOT_OF_THE_WINDOW),
)
async def bring_papers(pool_code: Pool, visit_id: ShortId, body: PapersIn, unit: UnitDep) -> WindowSlipOut:
    """Records papers that came later, or whose original was given back."""
    await window.bring_papers(unit, visit_id, [Paper(one.kind, one.original) for one in body.papers])
    unit.note(papers=len(body.papers))
    return await _slip_out(unit, await window_store.slip_of(unit.conn, unit.pool_code, visit_id))


@router.post(
    "/window-visits/{visit_id}/withdrawal",
    openapi_extra=access(INTAKE, command="withdraw_window_visit", scope="institution"),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED, VISIT_WITHDRAWN, NOT_OF_THE_WINDOW),
)
async def withdraw_window_visit(pool_code: Pool, visit_id: ShortId, body: WithdrawalIn, unit: UnitDep) -> WithdrawnOut:
    """Takes a registration with wrong papers back before it is settled; its invoices and its number are free again."""
    freed = await window.withdraw(unit, visit_id, body.reason)
    unit.result("visit", visit_id)
    unit.note(invoices=freed)
    return WithdrawnOut(visit_id=visit_id, invoices_freed=freed)


@router.get(
    "/invoice-attempts",
    openapi_extra=access(OFFICE, command="list_invoice_attempts", personal=True) | INVOICE_ATTEMPTS,
)
async def list_invoice_attempts(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[InvoiceAttemptOut]:
    """Second uses of invoices that the window refused, the newest first."""
    key = read_cursor(cursor, UUID)
    rows = await window_store.attempts(unit.conn, unit.pool_code, key[0] if key else None, limit + 1)
    items = [InvoiceAttemptOut.model_validate(dict(row)) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].attempt_id) if len(rows) > limit else None)
