"""What claims hears from enrollment: each event is a member's whole coverage (contracts §7)."""

from datetime import date
from typing import Any

from services.claims.visits import coverage_store
from services.claims.visits.coverage import CONSUMER, Coverage, told
from shared.contracts.claims import CaseOpened
from shared.contracts.enrollment import COVERAGE_TOPIC, CoverageChanged
from shared.contracts.envelope import Envelope
from shared.db.sql import execute_counted, fetch
from shared.kernel.ids import new_id
from shared.messaging.consumer import Consumer, EventUnit
from shared.messaging.outbox import Outgoing, emit_many

# By the member's visits: a policy may count for the household alone, or nothing at all, and leave no row of the person.
_EARLIER = """
SELECT c.id, c.institution_code, c.admitted_on, c.benefit_fen FROM visit v
JOIN claim c ON c.pool_code = v.pool_code AND c.visit_id = v.id AND c.status NOT IN ('cancelled', 'reversed')
WHERE v.pool_code = $1 AND v.member_id = $2 AND c.coverage_sequence < $3
ORDER BY c.id
"""
_OPEN = """
INSERT INTO coverage_case (pool_code, id, institution_code, kind, claim_id, member_id, coverage_sequence, status,
                           version, opened_at)
VALUES ($1, $2, $3, 'coverage_withdrawn', $4, $5, $6, 'open', 1, $7) ON CONFLICT DO NOTHING
"""


async def coverage_changed(unit: EventUnit, event: Envelope, payload: CoverageChanged) -> None:
    """Keeps the newer coverage; settled claims that it no longer covers stand, and open a case for inspection."""
    day = await unit.business_day()  # before any row, like every writer that may publish (contracts §5)
    await coverage_store.replace(unit.conn, unit.pool_code, told(payload), coverage_store.EVENT, unit.now)
    known = await coverage_store.of_member(unit.conn, unit.pool_code, payload.member_id)
    assert known is not None
    earlier = await fetch(unit.conn, _EARLIER, unit.pool_code, known.member_id, known.sequence)
    withdrawn = [row for row in earlier if not known.covered_on(row["admitted_on"])]
    if withdrawn:
        await _open_cases(unit, event, day, known, withdrawn)


async def _open_cases(unit: EventUnit, event: Envelope, day: date, known: Coverage, claims: list[Any]) -> None:
    """One case a claim, once."""
    member_id, sequence = known.member_id, known.sequence
    opened: list[Outgoing] = []
    for row in claims:
        case_id = new_id(unit.now)
        values = (unit.pool_code, case_id, row["institution_code"], row["id"], member_id, sequence, unit.now)
        if not await execute_counted(unit.conn, _OPEN, *values):
            continue
        payload = CaseOpened(
            case_id=case_id,
            kind="coverage_withdrawn",
            claim_id=row["id"],
            member_id=member_id,
            institution_code=row["institution_code"],
            benefit=row["benefit_fen"],
            coverage_sequence=sequence,
            at=unit.now,
        )
        opened.append(
            Outgoing(
                payload,
                unit.pool_code,
                str(case_id),
                1,
                day,
                unit.now,
                unit.service,
                amount_fen=row["benefit_fen"],
                causation_id=event.id,
            )
        )
    await emit_many(unit.conn, opened)


def consumer() -> Consumer:
    """The reader of the coverage topic."""
    return Consumer(CONSUMER, [COVERAGE_TOPIC], {CoverageChanged.TYPE: coverage_changed}, whole_state=True)
