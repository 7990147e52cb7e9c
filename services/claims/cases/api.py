"""Routes of cases: submission, township check, county decision, end; the queue by due day."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path

from services.claims.cases import commands, inquiry, steps, store
from services.claims.cases.commands import Application, Finding
from services.claims.cases.model import DENIED, ENDED, ENDORSED, GRANTED, OPPOSED, SUBMITTED, Case
from services.claims.cases.problems import (
    CASE_FORM,
    CASE_OBJECTION_UNKNOWN,
    CASE_OBJECTIONS_OPEN,
    CASE_OPEN,
    CASE_STATE,
    CASE_UNKNOWN,
    LATE_UNAPPROVED,
    NOT_POSTED,
    NOTICE_LATE,
    NOTICE_OVER,
    NOTICE_RUNS,
    REPORT_LATE,
)
from services.claims.cases.schemas import (
    CaseDecisionIn,
    CaseIn,
    CaseObjectionIn,
    CaseObjectionMade,
    CaseRecordOut,
    CaseReplyIn,
    CaseStepOut,
    CheckIn,
    EndIn,
    EntitledOut,
    EntitlementCaseOut,
    Kind,
    PostingIn,
)
from services.claims.visits import queries
from services.claims.visits.problems import MEMBER_UNKNOWN, VISIT_SETTLED, VISIT_UNKNOWN
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, FOUR_EYES, documented
from shared.http.territory import areas_of
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["cases"])
Pool = Annotated[str, Path(pattern=r"^\d{6}$")]
TOWNSHIP = ["township_clerk", "township_director"]
SUBMITTERS = ["hospital", *TOWNSHIP, "insurer_intake"]
COUNTY = ["county_recheck", "county_director"]
READERS = [*SUBMITTERS, *COUNTY, "insurer_reviewer", "county_inspector", "auditor"]
_OPEN, _DONE = (SUBMITTED, ENDORSED, OPPOSED), (GRANTED, DENIED, ENDED)


def case_out(unit: Unit, case: Case) -> EntitlementCaseOut:
    """A case in wire form."""
    late = case.status in _OPEN and case.due_on < shanghai_date(unit.now)
    members = {name: getattr(case, name) for name in EntitlementCaseOut.model_fields if name not in ("case_id", "late")}
    return EntitlementCaseOut.model_validate({**members, "case_id": case.id, "late": late})


@router.post(
    "/cases",
    openapi_extra=access(SUBMITTERS, command="submit_case", scope="institution"),
    status_code=201,
    responses=documented(CASE_FORM, CASE_OPEN, CASE_UNKNOWN, MEMBER_UNKNOWN, VISIT_UNKNOWN, VISIT_SETTLED),
)
async def submit_case(pool_code: Pool, body: CaseIn, unit: UnitDep) -> EntitlementCaseOut:
    """Takes a case in, at the hospital, the township or the window."""
    papers = [{"kind": paper.kind, "reference": paper.reference} for paper in body.papers]
    asked = Application(
        body.kind,
        body.member_id,
        body.institution_code,
        body.visit_id,
        body.disease_code,
        body.valid_from,
        body.valid_to,
        papers,
        body.note,
    )
    return case_out(unit, await commands.submit(unit, asked))


@router.get("/cases", openapi_extra=access(READERS, command="list_cases", scope="institution", personal=True))
async def list_cases(
    pool_code: Pool,
    unit: UnitDep,
    state: Literal["open", "done", "submitted", "checked"] | None = None,
    kind: Kind | None = None,
    member_id: ShortId | None = None,
    due_before: date | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EntitlementCaseOut]:
    """Cases by the day on which they are due: the queue of township and county."""
    key = read_cursor(cursor, date.fromisoformat, UUID)
    statuses = {"open": _OPEN, "done": _DONE, "submitted": (SUBMITTED,), "checked": (ENDORSED, OPPOSED)}
    rows = await store.cases(
        unit.conn,
        unit.pool_code,
        statuses=statuses[state] if state else None,
        kind=kind,
        member_id=member_id,
        due_before=due_before,
        areas=areas_of(unit.actor),
        after=(key[0], key[1]) if key else None,
        limit=limit + 1,
    )
    shown = rows[:limit]
    following = encode_cursor(shown[-1].due_on, shown[-1].id) if len(rows) > limit else None
    return Page[EntitlementCaseOut](items=[case_out(unit, case) for case in shown], next_cursor=following)


@router.get(
    "/cases/{case_id}",
    openapi_extra=access(READERS, command="read_case", scope="institution", personal=True),
    responses=documented(CASE_UNKNOWN),
)
async def read_case(pool_code: Pool, case_id: ShortId, unit: UnitDep) -> CaseRecordOut:
    """A case with all that was done to it."""
    case = await steps.known(unit, case_id)
    unit.result("case", case_id)
    done = await store.steps(unit.conn, unit.pool_code, case_id)
    told = [CaseStepOut.model_validate({name: getattr(s, name) for name in CaseStepOut.model_fields}) for s in done]
    return CaseRecordOut(case=case_out(unit, case), steps=told)


@router.post(
    "/cases/{case_id}/check",
    openapi_extra=access(TOWNSHIP, command="check_case"),
    responses=documented(CASE_UNKNOWN, CASE_STATE, CASE_FORM, FOUR_EYES),
)
async def check_case(pool_code: Pool, case_id: ShortId, body: CheckIn, unit: UnitDep) -> EntitlementCaseOut:
    """The township's check, by another person than who submitted."""
    finding = Finding(body.endorsed, body.note, body.liability, body.share)
    return case_out(unit, await commands.check(unit, case_id, finding))


@router.post(
    "/cases/{case_id}/notice",
    openapi_extra=access(TOWNSHIP, command="post_case"),
    responses=documented(CASE_UNKNOWN, CASE_STATE, CASE_FORM),
)
async def post_case(pool_code: Pool, case_id: ShortId, body: PostingIn, unit: UnitDep) -> EntitlementCaseOut:
    """Hangs the opinion on an accident out in the village, for as many days as the policy says."""
    asked = inquiry.Posting(body.village_code, body.place, body.proof, body.posted_on, body.days)
    return case_out(unit, await inquiry.post(unit, case_id, asked))


@router.post(
    "/cases/{case_id}/objections",
    openapi_extra=access([*TOWNSHIP, *COUNTY], command="object_to_case"),
    status_code=201,
    responses=documented(CASE_UNKNOWN, CASE_STATE, NOTICE_OVER),
)
async def object_to_case(
    pool_code: Pool, case_id: ShortId, body: CaseObjectionIn, unit: UnitDep
) -> CaseObjectionMade:  # fmt: skip
    """Records an objection while an accident hangs out."""
    return CaseObjectionMade(number=await inquiry.object_to(unit, case_id, body.ground))


@router.post(
    "/cases/{case_id}/objections/{number}/reply",
    openapi_extra=access(COUNTY, command="reply_to_objection"),
    responses=documented(CASE_UNKNOWN, CASE_STATE, CASE_OBJECTION_UNKNOWN, FOUR_EYES),
)
async def reply_to_objection(
    pool_code: Pool, case_id: ShortId, number: int, body: CaseReplyIn, unit: UnitDep
) -> EntitlementCaseOut:
    """Replies to an objection, by another person than who recorded it."""
    return case_out(unit, await inquiry.reply(unit, case_id, number, body.upheld, body.reply))


@router.post(
    "/cases/{case_id}/decision",
    openapi_extra=access(COUNTY, command="decide_case"),
    responses=documented(
        CASE_UNKNOWN,
        CASE_STATE,
        CASE_FORM,
        NOTICE_LATE,
        REPORT_LATE,
        LATE_UNAPPROVED,
        NOT_POSTED,
        NOTICE_RUNS,
        CASE_OBJECTIONS_OPEN,
        FOUR_EYES,
        CONFLICT_OF_INTEREST,
        VISIT_SETTLED,
    ),
)
async def decide_case(pool_code: Pool, case_id: ShortId, body: CaseDecisionIn, unit: UnitDep) -> EntitlementCaseOut:
    """The county's decision, by another person than who submitted or checked."""
    finding = Finding(
        body.granted, body.note, body.liability, body.share, body.valid_from, body.valid_to, body.late_reason
    )
    return case_out(unit, await commands.decide(unit, case_id, finding))


@router.post(
    "/cases/{case_id}/end",
    openapi_extra=access(["county_director"], command="end_case"),
    responses=documented(CASE_UNKNOWN, CASE_STATE, CASE_FORM, FOUR_EYES),
)
async def end_case(pool_code: Pool, case_id: ShortId, body: EndIn, unit: UnitDep) -> EntitlementCaseOut:
    """Ends what was granted from a day on."""
    return case_out(unit, await commands.end(unit, case_id, body.from_day, body.note))


@router.get(
    "/members/{member_id}/entitlements",
    openapi_extra=access(READERS, command="read_entitlements", personal=True),
    responses=documented(MEMBER_UNKNOWN),
)
async def read_entitlements(pool_code: Pool, member_id: ShortId, unit: UnitDep) -> list[EntitledOut]:
    """What cases granted a member: the whole timeline, superseded starts included."""
    unit.result("member", member_id)
    known = await queries.entitlements(unit.conn, unit.pool_code, member_id, areas_of(unit.actor))
    if known is None:
        raise MEMBER_UNKNOWN(pool_code=pool_code)
    return [
        EntitledOut.model_validate(
            {
                "code": one.code,
                "disease_code": one.disease,
                "valid_from": one.valid_from,
                "recorded_seq": one.recorded_seq,
                "state": one.state,
            }
        )
        for one in known
    ]
