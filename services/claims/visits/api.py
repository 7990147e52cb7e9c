"""Routes of visits: look-up, registration, fee lines, discharge, quote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Response

from services.claims.benefits.slip import slip_text
from services.claims.visits import commands, questions, record
from services.claims.visits.bill import Bill, checked
from services.claims.visits.caps import CapLeft
from services.claims.visits.deciding import REGISTERED, Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.problems import (
    ACCOUNT_NOT_SERVED,
    BAD_TIME,
    ELSEWHERE_PERSON,
    ELSEWHERE_SUMS,
    ELSEWHERE_TWICE,
    ENROLLMENT_SILENT,
    FIELD_WORDS,
    MEMBER_UNKNOWN,
    VISIT_EXISTS,
    VISIT_SETTLED,
    VISIT_UNKNOWN,
)
from services.claims.visits.schemas import (
    DischargeIn,
    ElsewhereIn,
    LineIn,
    LinesIn,
    LinesOut,
    LookupIn,
    LookupOut,
    QuoteOut,
    Remaining,
    SettlementIn,
    VisitIn,
    VisitOut,
)
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.problems import documented, language_of
from shared.http.unit import UnitDep
from shared.kernel.dates import hospital_time, shanghai_date

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["visits"])
HOSPITAL = ["hospital"]
ENTERS = ["hospital", "insurer_intake"]
"""Who enters lines and settles: the hospital its own visits, the intake desk those of the window."""
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]


def moment(text: str, field: str) -> datetime:
    """A hospital's time; raises BAD_TIME."""
    try:
        return hospital_time(text)
    except ValueError as error:
        raise BAD_TIME(field=FIELD_WORDS[field]) from error


def bill_of(lines: Sequence[LineIn]) -> Bill:
    """The bill of lines as sent. Raises LINE_NEGATIVE, LINE_AMOUNT."""
    return checked(
        [line.item_code for line in lines],
        [line.item_name for line in lines],
        [line.day for line in lines],
        [line.price for line in lines],
        [line.quantity for line in lines],
        [line.amount for line in lines],
        [line.restriction_met for line in lines],
    )


def visit_out(visit: Visit) -> VisitOut:
    """A visit in wire form."""
    return VisitOut(
        visit_id=visit.id,
        mdtrt_id=visit.id,
        institution_code=visit.institution_code,
        institution_number=visit.institution_number,
        member_id=visit.member_id,
        kind="inpatient" if visit.kind == "inpatient" else "outpatient",
        status=visit.status,
        admitted_at=visit.admitted_at,
        discharged_at=visit.discharged_at,
        diagnosis_code=visit.diagnosis_code,
        diagnosis_name=visit.diagnosis_name,
        circumstances=list(visit.circumstances),
        third_party=visit.third_party,
        third_party_share=visit.third_party_share,
        mother_id=visit.mother_id,
        elsewhere=None if visit.elsewhere is None else visit.elsewhere.settlement_id,
        channel="window" if visit.channel == "window" else "bedside",
        submitted_on=visit.submitted_on,
        missing_papers=list(visit.missing_papers),
    )


@router.post(
    "/lookups",
    openapi_extra=access(HOSPITAL, command="look_up_member", scope="institution", personal=True, query=True),
    responses=documented(MEMBER_UNKNOWN, ENROLLMENT_SILENT),
)
async def look_up(pool_code: Pool, body: LookupIn, unit: UnitDep) -> LookupOut:
    """Finds a member by ID number; the number stands in the body so that it reaches no log."""
    day = body.day or shanghai_date(unit.now)
    found = await questions.look_up(unit, body.id_number, day, body.diagnosis_code or "")
    coverage = found.coverage
    unit.result("member", coverage.member_id)
    return LookupOut(
        member_id=coverage.member_id,
        psn_no=coverage.member_id,
        name=found.name,
        sex=coverage.sex,
        birth_date=coverage.birth_date,
        township_code=coverage.township_code,
        day=found.day,
        covered=coverage.covered_on(found.day),
        coverage_sequence=coverage.sequence,
        groups=sorted(coverage.groups_on(found.day)),
        remaining=[_remaining(left) for left in found.caps],
    )


def _remaining(left: CapLeft) -> Remaining:
    return Remaining(
        kind="inpatient" if left.kind == "inpatient" else "outpatient",
        cap=left.cap,
        name=left.name,
        period=left.period,
        amount=left.amount_fen,
        used=left.used_fen,
        remaining=left.remaining_fen,
    )


@router.put(
    "/visits/{visit_id}",
    openapi_extra=access(HOSPITAL, command="register_visit", scope="institution", bulk="/visits/bulk"),
    status_code=201,
    responses=documented(MEMBER_UNKNOWN, VISIT_EXISTS, ENROLLMENT_SILENT),
)
async def register_visit(
    pool_code: Pool, visit_id: ShortId, body: VisitIn, unit: UnitDep, response: Response
) -> VisitOut:
    """Registers a visit under an id of the hospital's making; the same registration again changes nothing (200)."""
    admitted_at = moment(body.admitted_at, "admitted_at")
    new = Visit(
        id=visit_id,
        institution_code=body.institution_code,
        institution_number=body.institution_number,
        member_id=body.member_id,
        kind=body.kind,
        status=REGISTERED,
        admitted_at=admitted_at,
        admitted_on=shanghai_date(admitted_at),
        discharged_at=None,
        discharged_on=None,
        diagnosis_code=body.diagnosis_code,
        diagnosis_name=body.diagnosis_name,
        circumstances=tuple(sorted(set(body.circumstances))),
        third_party="pending" if body.accident else "none",
        line_sheets=0,
        mother_id=body.mother_id,
    )
    visit, is_new = await commands.register(unit, new)
    unit.result("visit", visit.id)
    response.status_code = 201 if is_new else 200
    return visit_out(visit)


@router.get(
    "/visits/{visit_id}",
    openapi_extra=access(
        [*ENTERS, "insurer_reviewer", "insurer_approver", "county_inspector", "auditor"],
        command="read_visit",
        scope="institution",
        personal=True,
    ),
    responses=documented(VISIT_UNKNOWN),
)
async def read_visit(pool_code: Pool, visit_id: ShortId, unit: UnitDep) -> VisitOut:
    """A visit; a hospital sees its own."""
    unit.result("visit", visit_id)
    return visit_out(await commands.known_visit(unit, visit_id))


@router.post(
    "/visits/{visit_id}/lines",
    openapi_extra=access(ENTERS, command="upload_lines", scope="institution", bulk="/visits/lines/bulk"),
    status_code=201,
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED),
)
async def upload_lines(pool_code: Pool, visit_id: ShortId, body: LinesIn, unit: UnitDep) -> LinesOut:
    """Adds fee lines to a visit that is not settled."""
    bill = bill_of(body.lines)
    sheet, lines, total_fen = await commands.add_lines(unit, visit_id, bill)
    unit.result("visit", visit_id)
    unit.note(sheet=sheet, lines=len(bill))
    return LinesOut(visit_id=visit_id, sheet=sheet, lines=lines, amount=sum(bill.amounts_fen), total=total_fen)


@router.put(
    "/visits/{visit_id}/elsewhere",
    openapi_extra=access([*HOSPITAL, "insurer_intake"], command="enter_elsewhere", scope="institution"),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED, ELSEWHERE_PERSON, ELSEWHERE_TWICE, ELSEWHERE_SUMS),
)
async def enter_elsewhere(pool_code: Pool, visit_id: ShortId, body: ElsewhereIn, unit: UnitDep) -> VisitOut:
    """Enters the basic settlement that another system made of a visit; the layers above start from it."""
    given = Given(body.scheme, body.settlement, body.total, body.eligible, body.benefit, body.over_cap)
    visit = await commands.settled_elsewhere(unit, visit_id, given, body.id_number)
    unit.result("visit", visit_id)
    unit.note(settlement=body.settlement, benefit_fen=body.benefit)
    return visit_out(visit)


@router.post(
    "/visits/{visit_id}/discharge",
    openapi_extra=access(HOSPITAL, command="discharge_patient", scope="institution"),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED),
)
async def discharge_patient(pool_code: Pool, visit_id: ShortId, body: DischargeIn, unit: UnitDep) -> VisitOut:
    """Discharges an inpatient."""
    visit = await commands.discharge(unit, visit_id, moment(body.discharged_at, "discharged_at"))
    unit.result("visit", visit_id)
    return visit_out(visit)


@router.post(
    "/visits/{visit_id}/quote",
    openapi_extra=access(ENTERS, command="quote_visit", scope="institution", query=True),
    responses=documented(VISIT_UNKNOWN, VISIT_SETTLED, ACCOUNT_NOT_SERVED, ENROLLMENT_SILENT),
)
async def quote_visit(
    pool_code: Pool,
    visit_id: ShortId,
    body: SettlementIn,
    unit: UnitDep,
    language: Annotated[str, Depends(language_of)],
) -> QuoteOut:
    """What a settlement would give now, with its trace and slip."""
    result, faces = await questions.quote(
        unit, visit_id, bill_of(body.lines) if body.lines else None, body.from_account, body.off_path or ""
    )
    document = record.document(result)
    return QuoteOut.model_validate(
        {
            "visit_id": visit_id,
            "benefit": result.benefit_fen,
            "patient": result.patient_fen,
            "decision": document,
            "slip": slip_text(document, faces=faces, language=language),
        }
    )
