"""Closing a case that a coverage withdrawn later opened (contracts §7). Takes the request's transaction."""

from typing import Any
from uuid import UUID

from services.claims.visits import store
from services.claims.visits.problems import COVERAGE_CASE_CLOSED, COVERAGE_CASE_UNKNOWN
from services.claims.visits.ties import check_tie
from shared.contracts.claims import CaseClosed
from shared.http.unit import Unit
from shared.messaging.outbox import Outgoing, emit_many


async def close(unit: Unit, case_id: UUID, outcome: str, reason: str) -> Any:
    """Closes an open case; its row. Raises COVERAGE_CASE_UNKNOWN, COVERAGE_CASE_CLOSED, CONFLICT_OF_INTEREST."""
    day = await unit.business_day()
    case = await store.lock_case(unit.conn, unit.pool_code, case_id)
    if case is None:
        raise COVERAGE_CASE_UNKNOWN(case_id=case_id)
    check_tie(unit.actor, case["institution_code"], case["household_id"])
    if case["status"] != "open":
        raise COVERAGE_CASE_CLOSED(case_id=case_id)
    row = await store.close_case(unit.conn, unit.pool_code, case_id, outcome, reason, unit.actor.subject, unit.now)
    payload = CaseClosed(
        case_id=case_id,
        kind=row["kind"],
        claim_id=row["claim_id"],
        member_id=row["member_id"],
        institution_code=row["institution_code"],
        outcome=row["outcome"],
        at=unit.now,
    )
    await emit_many(
        unit.conn, [Outgoing(payload, unit.pool_code, str(case_id), row["version"], day, unit.now, "claims")]
    )
    unit.result("coverage_case", case_id)
    unit.note(outcome=outcome)
    return row
