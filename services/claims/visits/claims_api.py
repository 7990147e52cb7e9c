"""Routes of claims: list, record, trace, slip, control figures."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import Depends, Query, Response
from fastapi.responses import PlainTextResponse

from services.claims.visits import accounts, record, sheets, store
from services.claims.visits.api import Pool
from services.claims.visits.claims import Claim, view
from services.claims.visits.paper import claim_paper, claim_text
from services.claims.visits.paper_queries import PRINTERS, surroundings
from services.claims.visits.problems import CLAIM_UNKNOWN, POLICY_SUPERSEDED, POLICY_UNDECIDED
from services.claims.visits.retroactive import Difference
from services.claims.visits.retroactive_queries import late_differences, late_version
from services.claims.visits.schemas import (
    ClaimOut,
    CreditOut,
    FamilyAccountOut,
    LateDifferenceOut,
    ReadjudicationOut,
    StateTotal,
    Status,
    TotalsOut,
    TraceOut,
)
from shared.contracts.wire import ShortId
from shared.db.numbers import Number, day_of
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import documented, from_validation, language_of
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import to_base32

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["claims"])
READERS = [
    "hospital", "insurer_intake", "insurer_reviewer", "insurer_approver", "insurer_finance", "insurer_manager",
    "county_recheck", "county_inspector", "county_director", "city_health", "county_finance", "city_finance", "auditor",
    "insurance_regulator", "discipline", "supervisor",
]  # fmt: skip
PDF = "application/pdf"
_DAYS_SHOWN = timedelta(days=366)


@router.get(
    "/claims",
    openapi_extra=access(READERS, command="list_claims", scope="institution", personal=True) | sheets.CLAIMS,
)
async def list_claims(
    pool_code: Pool,
    unit: UnitDep,
    status: Status | None = None,
    institution_code: str | None = None,
    member_id: ShortId | None = None,
    number: Annotated[Number | None, Query()] = None,
    day: date | None = None,
    from_day: Annotated[date | None, Query(alias="from")] = None,
    to_day: Annotated[date | None, Query(alias="to")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ClaimOut]:
    """Claims by business day of the settlement, latest first; without days those of the last year, or the day that
    stands in the number."""
    today = shanghai_date(unit.now)
    if number is not None and day is None and from_day is None and to_day is None:
        day = _day_in(number)
    key = read_cursor(cursor, date.fromisoformat, UUID)
    wanted = store.ClaimsWanted(
        from_day=day or from_day or today - _DAYS_SHOWN,
        to_day=day or to_day or today + _DAYS_SHOWN,
        status=status,
        institution_code=institution_code,
        member_id=member_id,
        number=number,
        after=(key[0], key[1]) if key else None,
        limit=limit + 1,
    )
    rows = await store.claims(unit.conn, unit.pool_code, wanted)
    shown = rows[:limit]
    following = encode_cursor(shown[-1].settled_on, shown[-1].id) if len(rows) > limit else None
    return Page[ClaimOut](items=[claim_out(claim) for claim in shown], next_cursor=following)


def _day_in(number: str) -> date:
    try:
        return day_of(number)
    except ValueError as error:
        raise from_validation([{"loc": ("query", "number"), "msg": "单号中的日期不存在 / no such day"}]) from error


def claim_out(claim: Claim) -> ClaimOut:
    """A claim in wire form."""
    return ClaimOut.model_validate(view(claim))


async def known_claim(unit: Unit, claim_id: UUID) -> Claim:
    """A claim that the caller may see. Raises CLAIM_UNKNOWN."""
    claim = await store.claim(unit.conn, unit.pool_code, claim_id)
    if claim is None:
        raise CLAIM_UNKNOWN(claim_id=claim_id)
    unit.result("claim", claim_id)
    return claim


@router.get(
    "/claims/{claim_id}",
    openapi_extra=access(READERS, command="read_claim", scope="institution", personal=True),
    responses=documented(CLAIM_UNKNOWN),
)
async def read_claim(pool_code: Pool, claim_id: ShortId, unit: UnitDep) -> ClaimOut:
    """A claim as it stands."""
    return claim_out(await known_claim(unit, claim_id))


@router.get(
    "/claims/{claim_id}/trace",
    openapi_extra=access(READERS, command="read_trace", scope="institution", personal=True),
    responses=documented(CLAIM_UNKNOWN),
)
async def read_trace(pool_code: Pool, claim_id: ShortId, unit: UnitDep) -> TraceOut:
    """How a claim was decided: its lines, every step, and what it was decided on."""
    claim = await known_claim(unit, claim_id)
    detail = await store.detail(unit.conn, unit.pool_code, claim_id)
    result = record.adjudication_of(claim, detail)
    document = record.document(result)
    return TraceOut.model_validate(
        {
            "claim_id": claim.id,
            "outcome": claim.outcome,
            "policy_id": claim.policy_id,
            "policy_hash": claim.policy_hash,
            "catalogue_version": claim.catalogue_version,
            "coverage_sequence": claim.coverage_sequence,
            "benefit": claim.benefit_fen,
            "patient": claim.patient_fen,
            "lines": record.bill_lines(detail, result),
            "trace": document["trace"],
            "illustrative": document["illustrative"],
        }
    )


@router.get(
    "/claims/{claim_id}/slip",
    openapi_extra=access(READERS, command="read_slip", scope="institution", personal=True),
    response_class=PlainTextResponse,
    responses=documented(CLAIM_UNKNOWN),
)
async def read_slip(
    pool_code: Pool, claim_id: ShortId, unit: UnitDep, language: Annotated[str, Depends(language_of)]
) -> str:
    """The slip (结算单) that the patient can redo by hand, with his masked name as on the printed one."""
    claim = await known_claim(unit, claim_id)
    detail = await store.detail(unit.conn, unit.pool_code, claim_id)
    return claim_text(claim, detail, await surroundings(unit, claim, detail), language)


@router.get(
    "/claims/{claim_id}/slip.pdf",
    openapi_extra=access(READERS, command="read_slip", scope="institution", personal=True),
    response_class=Response,
    responses={
        200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}},
        **documented(CLAIM_UNKNOWN),
    },
)
async def read_slip_paper(
    pool_code: Pool, claim_id: ShortId, unit: UnitDep, language: Annotated[str, Depends(language_of)]
) -> Response:
    """The slip (结算单) to be printed, with the patient's masked name; a character that the font lacks is a code."""
    claim = await known_claim(unit, claim_id)
    detail = await store.detail(unit.conn, unit.pool_code, claim_id)
    around = await surroundings(unit, claim, detail)
    printed = await run_sync(claim_paper, claim, detail, around, language, limiter=unit.app.resources[PRINTERS])
    if printed.lacking:
        unit.note(characters_lacking=len(printed.lacking))
    headers = {"Content-Disposition": f'inline; filename="slip-{to_base32(claim.id)}.pdf"'}
    return Response(printed.pdf, media_type=PDF, headers=headers)


@router.get("/totals", openapi_extra=access(READERS, command="read_totals", scope="institution"))
async def read_totals(
    pool_code: Pool,
    unit: UnitDep,
    from_day: Annotated[date, Query(alias="from")],
    to_day: Annotated[date, Query(alias="to")],
) -> TotalsOut:
    """Control figures by state of the claims settled in a span of business days."""
    sums = await store.totals(unit.conn, unit.pool_code, from_day, to_day)
    return TotalsOut(
        from_day=from_day,
        to_day=to_day,
        count=sum(one.count for one in sums),
        benefit=sum(one.benefit_fen for one in sums),
        states=[_state_total(one) for one in sums],
    )


def _state_total(one: store.StateSum) -> StateTotal:
    return StateTotal.model_validate(
        {
            "status": one.status,
            "count": one.count,
            "total": one.total_fen,
            "benefit": one.benefit_fen,
            "payable": one.payable_fen,
        }
    )


@router.get(
    "/households/{household_id}/family-account",
    openapi_extra=access(
        ["hospital", "insurer_intake", "insurer_reviewer", "county_recheck", "auditor"],
        command="read_family_account",
        personal=True,
    ),
)
async def read_family_account(pool_code: Pool, household_id: ShortId, unit: UnitDep) -> FamilyAccountOut:
    """What a household may still spend, and what it was credited."""
    found = await accounts.account(unit.conn, unit.pool_code, household_id)
    rows = await accounts.credits_of(unit.conn, unit.pool_code, household_id)
    unit.result("family_account", household_id)
    return FamilyAccountOut(
        household_id=household_id,
        credited=found.credited_fen,
        spent=found.spent_fen,
        balance=found.balance_fen,
        credits=[
            CreditOut(year=r["year"], amount=r["amount_fen"], reason=r["reason"], credited_on=r["credited_on"])
            for r in rows
        ],
    )


OFFICE = ["county_inspector", "county_recheck", "county_director", "auditor", "supervisor"]


@router.get("/readjudications", openapi_extra=access(OFFICE, command="list_readjudications", personal=True))
async def list_readjudications(
    pool_code: Pool, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ReadjudicationOut]:
    """Claims that stood on one which was cancelled, within the hour or on release by the county office."""
    key = read_cursor(cursor, UUID, UUID)
    before = (key[0], key[1]) if key else None
    rows = await store.readjudications(unit.conn, unit.pool_code, before, limit + 1)
    items = [ReadjudicationOut.model_validate(dict(row)) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    following = encode_cursor(last.claim_id, last.cancelled_claim_id) if last else None
    return Page[ReadjudicationOut](items=items, next_cursor=following)


@router.get(
    "/policies/{policy_id}/late-differences",
    openapi_extra=access(
        [*OFFICE, "city_health", "county_finance", "insurer_manager", "insurance_regulator", "discipline"],
        command="list_late_differences",
        personal=True,
    ),
    responses=documented(POLICY_UNDECIDED, POLICY_SUPERSEDED),
)
async def list_late_differences(
    pool_code: Pool, policy_id: UUID, unit: UnitDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[LateDifferenceOut]:
    """Claims settled by an earlier version though this one, decided later, was to count already: what each would get.

    `limit` counts households. An increase is paid after approval; nothing is taken back from patients.
    """
    late = await late_version(unit, policy_id)
    key = read_cursor(cursor, UUID)
    found, last = await late_differences(unit, late, key[0] if key else None, limit)
    unit.result("policy", policy_id)
    items = [_late_difference(one) for one in found]
    return Page[LateDifferenceOut](items=items, next_cursor=encode_cursor(last) if last else None)


def _late_difference(one: Difference) -> LateDifferenceOut:
    return LateDifferenceOut.model_validate(
        {
            "claim_id": one.claim.id,
            "setl_id": to_base32(one.claim.id),
            "member_id": one.claim.member_id,
            "institution_code": one.claim.institution_code,
            "admitted_on": one.claim.admitted_on,
            "settled_on": one.claim.settled_on,
            "policy_before": one.claim.policy_id,
            "outcome": one.outcome,
            "benefit_before": one.claim.benefit_fen,
            "benefit": one.benefit_fen,
            "difference": one.difference_fen,
            "paid_more": one.had_fen,
            "to_pay": one.to_pay_fen,
            "reproduced": one.reproduced,
            "cut": one.cut,
        }
    )
