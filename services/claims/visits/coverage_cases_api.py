"""Routes of cases that a coverage withdrawn later opened: the list with its ages, and how each is closed."""

from typing import Any, Literal
from uuid import UUID

from services.claims.visits import coverage_cases, sheets, store
from services.claims.visits.api import Pool
from services.claims.visits.problems import COVERAGE_CASE_CLOSED, COVERAGE_CASE_UNKNOWN
from services.claims.visits.schemas import CaseClosingIn, CaseOut
from shared.contracts.wire import ShortId
from shared.http.access import access
from shared.http.edge import ServiceRouter
from shared.http.pages import Cursor, Limit, Page, encode_cursor, read_cursor
from shared.http.problems import CONFLICT_OF_INTEREST, documented
from shared.http.unit import Unit, UnitDep
from shared.kernel.dates import shanghai_date

router = ServiceRouter(prefix="/pools/{pool_code}", tags=["claims"])
OFFICE = ["county_inspector", "county_recheck", "county_director", "auditor", "supervisor"]
CLOSERS = ["county_inspector", "county_recheck", "county_director"]


def _out(unit: Unit, row: Any) -> CaseOut:
    told = {name: row[name] for name in CaseOut.model_fields if name != "age_days"}
    age = None if row["closed_at"] else (shanghai_date(unit.now) - shanghai_date(row["opened_at"])).days
    return CaseOut.model_validate({**told, "age_days": age})


@router.get(
    "/coverage-cases", openapi_extra=access(OFFICE, command="list_coverage_cases", personal=True) | sheets.CASES
)
async def list_coverage_cases(
    pool_code: Pool,
    unit: UnitDep,
    status: Literal["open", "closed"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CaseOut]:
    """Settled claims whose coverage was withdrawn afterwards, the newest case first, open ones with their age."""
    key = read_cursor(cursor, UUID)
    rows = await store.cases(unit.conn, unit.pool_code, status, key[0] if key else None, limit + 1)
    items = [_out(unit, row) for row in rows[:limit]]
    return Page[CaseOut](items=items, next_cursor=encode_cursor(items[-1].case_id) if len(rows) > limit else None)


@router.post(
    "/coverage-cases/{case_id}/closing",
    openapi_extra=access(CLOSERS, command="close_coverage_case"),
    responses=documented(COVERAGE_CASE_UNKNOWN, COVERAGE_CASE_CLOSED, CONFLICT_OF_INTEREST),
)
async def close_coverage_case(pool_code: Pool, case_id: ShortId, body: CaseClosingIn, unit: UnitDep) -> CaseOut:
    """Closes a case with its outcome and reason; no money moves by it."""
    return _out(unit, await coverage_cases.close(unit, case_id, body.outcome, body.reason))
