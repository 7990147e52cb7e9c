"""The SQL of visits, and of claims as they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.bill import Bill
from services.claims.visits.claims import COLUMNS, Claim, claim_of
from services.claims.visits.deciding import Visit
from services.claims.visits.elsewhere import Given
from services.claims.visits.settling_store import STANDING_SHEETS
from services.claims.visits.visit_rows import visit_of
from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_VISIT = "SELECT * FROM visit WHERE pool_code = $1 AND id = $2"
_VISIT_WITH_MOTHER = """
SELECT v.*, mother.timeline AS mothers_timeline FROM visit v
LEFT JOIN member_coverage mother ON mother.pool_code = v.pool_code AND mother.member_id = v.mother_id
WHERE v.pool_code = $1 AND v.id = $2
"""
_NOT_WITHDRAWN = "AND status <> 'withdrawn'"
_BY_NUMBER = (
    f"SELECT id FROM visit WHERE pool_code = $1 AND institution_code = $2 AND institution_number = $3 {_NOT_WITHDRAWN}"
)
_REGISTER = """
INSERT INTO visit (pool_code, id, institution_code, institution_number, member_id, kind, status, admitted_at,
                   admitted_on, diagnosis_code, diagnosis_name, circumstances, third_party, mother_id, registered_at,
                   registered_by, discharged_at, channel, submitted_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT DO NOTHING
"""
_THIRD_PARTY = """
UPDATE visit SET third_party = $3, third_party_share = $4, facts_seq = facts_seq + 1 WHERE pool_code = $1 AND id = $2
"""
_SAME_ELSEWHERE = f"""
SELECT id FROM visit WHERE pool_code = $1 AND elsewhere IS NOT NULL AND (elsewhere ->> 'scheme') = $2
  AND (elsewhere ->> 'settlement') = $3 AND id <> $4 {_NOT_WITHDRAWN}
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_ELSEWHERE = "UPDATE visit SET elsewhere = $3::jsonb, facts_seq = facts_seq + 1 WHERE pool_code = $1 AND id = $2"
_DISCHARGE = "UPDATE visit SET status = 'discharged', discharged_at = $3 WHERE pool_code = $1 AND id = $2"
_UPLOADS = f"""
SELECT l.sheet, cardinality(l.amounts_fen) AS lines,
       (SELECT sum(a) FROM unnest(l.amounts_fen) AS a)::bigint AS total_fen, l.uploaded_at, w.withdrawn_at
FROM {STANDING_SHEETS} WHERE l.pool_code = $1 AND l.visit_id = $2 ORDER BY l.sheet
"""
_WITHDRAW = """
INSERT INTO visit_lines_withdrawal (pool_code, visit_id, sheet, institution_code, withdrawn_at, withdrawn_by)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_ADD_SHEET = """
INSERT INTO visit_lines (pool_code, visit_id, sheet, institution_code, item_codes, item_names, days, prices_micro,
                         quantities_e4, amounts_fen, restrictions_met, uploaded_at, uploaded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_COUNT_SHEET = "UPDATE visit SET line_sheets = $3 WHERE pool_code = $1 AND id = $2"
_STANDING = "status NOT IN ('cancelled', 'reversed')"
_LIVE = f"SELECT id FROM claim WHERE pool_code = $1 AND visit_id = $2 AND {_STANDING} AND NOT midway"
_PARTS = f"SELECT {', '.join(COLUMNS)} FROM claim WHERE pool_code = $1 AND visit_id = $2 AND {_STANDING}"
_CLAIM = f"SELECT {', '.join(COLUMNS)} FROM claim WHERE pool_code = $1 AND id = $2"
_DETAIL = "SELECT * FROM claim_detail WHERE pool_code = $1 AND claim_id = $2"
_CLAIMS = f"""
SELECT {", ".join(COLUMNS)} FROM claim
WHERE pool_code = $1 AND settled_on >= $2 AND settled_on <= $3
  AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR institution_code = $5)
  AND ($6::uuid IS NULL OR member_id = $6)
  AND ($7::date IS NULL OR (settled_on, id) < ($7, $8::uuid))
ORDER BY settled_on DESC, id DESC LIMIT $9
"""
_CLAIMS_NUMBERED = _CLAIMS.replace("WHERE pool_code = $1", "WHERE pool_code = $1 AND number = $10")
_TOTALS = """
SELECT status, count(*) AS count, sum(total_fen)::bigint AS total_fen, sum(benefit_fen)::bigint AS benefit_fen,
       sum(payable_fen)::bigint AS payable_fen
FROM claim WHERE pool_code = $1 AND settled_on >= $2 AND settled_on <= $3 GROUP BY status ORDER BY status
"""
_CASES = """
SELECT id AS case_id, kind, claim_id, member_id, institution_code, coverage_sequence, status, opened_at, outcome,
       reason, closed_by, closed_at
FROM coverage_case
WHERE pool_code = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""
_CASE = """
SELECT c.status, c.version, k.kind, k.institution_code, k.household_id FROM coverage_case c
JOIN claim k ON k.pool_code = c.pool_code AND k.id = c.claim_id
WHERE c.pool_code = $1 AND c.id = $2 FOR UPDATE OF c
"""
_CLOSE_CASE = """
UPDATE coverage_case SET status = 'closed', version = version + 1, outcome = $3, reason = $4, closed_by = $5,
  closed_at = $6
WHERE pool_code = $1 AND id = $2
RETURNING id AS case_id, kind, claim_id, member_id, institution_code, coverage_sequence, status, version, opened_at,
  outcome, reason, closed_by, closed_at
"""
_READJUDICATIONS = """
SELECT r.claim_id, r.cancelled_claim_id, r.institution_code, r.listed_at, r.list_id,
       CASE WHEN l.status = 'approved' THEN 'decided' WHEN l.status = 'prepared' THEN 'listed'
            WHEN c.status IN ('settled', 'approved', 'released') THEN 'waiting' ELSE 'void' END AS state
FROM readjudication r JOIN claim c ON c.pool_code = r.pool_code AND c.id = r.claim_id
LEFT JOIN increase_list l ON l.pool_code = r.pool_code AND l.id = r.list_id
WHERE r.pool_code = $1 AND ($2::uuid IS NULL OR (r.claim_id, r.cancelled_claim_id) < ($2, $3::uuid))
ORDER BY r.claim_id DESC, r.cancelled_claim_id DESC LIMIT $4
"""
_USED = "SELECT scope, year, detail, used FROM accumulator WHERE pool_code = $1 AND owner_id = ANY ($2::uuid[])"
_SHEETS = f"""
SELECT l.item_codes, l.item_names, l.days, l.prices_micro, l.quantities_e4, l.amounts_fen, l.restrictions_met
FROM {STANDING_SHEETS} WHERE l.pool_code = $1 AND l.visit_id = $2 AND l.sheet > $3 AND w.withdrawn_at IS NULL
ORDER BY l.sheet
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of fee lines: how many, their sum in fen, and when it was withdrawn."""

    sheet: int
    lines: int
    total_fen: int
    uploaded_at: datetime
    withdrawn_at: datetime | None

    @property
    def counts(self) -> bool:
        """Whether it is part of the bill."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class ClaimsWanted:
    """A filter of claims by business day, state, hospital and member, and the last row already shown."""

    from_day: date
    to_day: date
    status: str | None
    institution_code: str | None
    member_id: UUID | None
    number: str | None
    after: tuple[date, UUID] | None
    limit: int


@dataclass(frozen=True, slots=True)
class StateSum:
    """Claims in one state, sums in fen."""

    status: str
    count: int
    total_fen: int
    benefit_fen: int
    payable_fen: int


async def visit(conn: AsyncConnection, pool_code: str, visit_id: UUID, *, lock: bool = False) -> Visit | None:
    """A visit that the scope may see."""
    row = await fetchrow(conn, _VISIT + " FOR UPDATE" if lock else _VISIT, pool_code, visit_id)
    return None if row is None else visit_of(row)


async def visit_with_mother(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> Visit | None:
    """A visit that the scope may see, with the coverage of a newborn's mother."""
    row = await fetchrow(conn, _VISIT_WITH_MOTHER, pool_code, visit_id)
    return None if row is None else visit_of(row)


async def set_elsewhere(conn: AsyncConnection, pool_code: str, visit_id: UUID, given: Given) -> UUID | None:
    """Keeps a basic settlement with a locked visit; the visit that has the same one already, or None.

    Two that enter the same settlement at once come one after the other: the second learns of the first.
    """
    await execute(conn, _ONE_AT_A_TIME, f"heyi.elsewhere:{pool_code}\x1f{given.scheme}\x1f{given.settlement}")
    other: UUID | None = await fetchval(conn, _SAME_ELSEWHERE, pool_code, given.scheme, given.settlement, visit_id)
    if other is None:
        await execute(conn, _ELSEWHERE, pool_code, visit_id, orjson.dumps(given.row()).decode())
    return other


async def set_third_party(conn: AsyncConnection, pool_code: str, visit_id: UUID, liability: str, share: int) -> None:
    """Sets what the accident inquiry found of a locked visit; the share in 1/10,000."""
    await execute(conn, _THIRD_PARTY, pool_code, visit_id, liability, share)


async def visit_with_number(conn: AsyncConnection, pool_code: str, institution: str, number: str) -> UUID | None:
    """The visit that has a hospital's own number."""
    found: UUID | None = await fetchval(conn, _BY_NUMBER, pool_code, institution, number)
    return found


async def register(conn: AsyncConnection, pool_code: str, new: Visit, *, now: datetime, by: str) -> bool:
    """Writes a visit; False where its id or its hospital's number is taken."""
    written = await execute_counted(
        conn,
        _REGISTER,
        pool_code,
        new.id,
        new.institution_code,
        new.institution_number,
        new.member_id,
        new.kind,
        new.status,
        new.admitted_at,
        new.admitted_on,
        new.diagnosis_code,
        new.diagnosis_name,
        list(new.circumstances),
        new.third_party,
        new.mother_id,
        now,
        by,
        new.discharged_at,
        new.channel,
        new.submitted_on,
    )
    return written == 1


async def discharge(conn: AsyncConnection, pool_code: str, visit_id: UUID, at: datetime) -> None:
    """Sets a visit discharged."""
    await execute(conn, _DISCHARGE, pool_code, visit_id, at)


async def uploads(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> list[Upload]:
    """The uploads of a visit in their order, withdrawn ones included."""
    return [Upload(**row) for row in await fetch(conn, _UPLOADS, pool_code, visit_id)]


async def withdraw_sheet(
    conn: AsyncConnection, pool_code: str, of: Visit, sheet: int, *, now: datetime, by: str
) -> None:
    """Withdraws an upload of a locked visit, once."""
    await execute(conn, _WITHDRAW, pool_code, of.id, sheet, of.institution_code, now, by)


async def add_sheet(conn: AsyncConnection, pool_code: str, of: Visit, bill: Bill, *, now: datetime, by: str) -> int:
    """Writes an upload of a locked visit and returns its number."""
    sheet = of.line_sheets + 1
    await execute(
        conn,
        _ADD_SHEET,
        pool_code,
        of.id,
        sheet,
        of.institution_code,
        bill.codes,
        bill.names,
        bill.days,
        bill.prices_micro,
        bill.quantities_e4,
        bill.amounts_fen,
        bill.restrictions_met,
        now,
        by,
    )
    await execute(conn, _COUNT_SHEET, pool_code, of.id, sheet)
    return sheet


async def sheets(conn: AsyncConnection, pool_code: str, visit_id: UUID, after: int) -> list[Bill]:
    """The uploads of a visit behind the one that is settled last, in order."""
    return [Bill(*row.values()) for row in await fetch(conn, _SHEETS, pool_code, visit_id, after)]


async def live_claim(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> UUID | None:
    """The claim that settles a visit for good, cancelled ones apart."""
    found: UUID | None = await fetchval(conn, _LIVE, pool_code, visit_id)
    return found


async def parts(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> list[Claim]:
    """Every settlement of a visit that is not cancelled."""
    return [claim_of(row) for row in await fetch(conn, _PARTS, pool_code, visit_id)]


async def claim(conn: AsyncConnection, pool_code: str, claim_id: UUID, *, lock: bool = False) -> Claim | None:
    """A claim that the scope may see."""
    row = await fetchrow(conn, _CLAIM + " FOR UPDATE" if lock else _CLAIM, pool_code, claim_id)
    return None if row is None else claim_of(row)


async def detail(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> Any:
    """Bill, outcome of each line, facts and decision of a claim."""
    return await fetchrow(conn, _DETAIL, pool_code, claim_id)


async def claims(conn: AsyncConnection, pool_code: str, wanted: ClaimsWanted) -> Sequence[Claim]:
    """Claims, the latest business day first."""
    day, last = wanted.after or (None, None)
    values = (
        pool_code,
        wanted.from_day,
        wanted.to_day,
        wanted.status,
        wanted.institution_code,
        wanted.member_id,
        day,
        last,
        wanted.limit,
    )
    if wanted.number is None:
        rows = await fetch(conn, _CLAIMS, *values)
    else:
        rows = await fetch(conn, _CLAIMS_NUMBERED, *values, wanted.number)
    return [claim_of(row) for row in rows]


async def totals(conn: AsyncConnection, pool_code: str, from_day: date, to_day: date) -> list[StateSum]:
    """Sums by state of the claims settled in a span of business days."""
    return [StateSum(**row) for row in await fetch(conn, _TOTALS, pool_code, from_day, to_day)]


async def cases(
    conn: AsyncConnection, pool_code: str, status: str | None, before: UUID | None, limit: int
) -> list[Any]:
    """Cases of coverage withdrawn after a settlement, the newest first."""
    return await fetch(conn, _CASES, pool_code, status, before, limit)


async def lock_case(conn: AsyncConnection, pool_code: str, case_id: UUID) -> Any:
    """A case with the hospital and household of its claim, locked; or None."""
    return await fetchrow(conn, _CASE, pool_code, case_id)


async def close_case(
    conn: AsyncConnection, pool_code: str, case_id: UUID, outcome: str, reason: str, by: str, now: datetime
) -> Any:
    """Closes a locked case; its row."""
    return await fetchrow(conn, _CLOSE_CASE, pool_code, case_id, outcome, reason, by, now)


async def readjudications(
    conn: AsyncConnection, pool_code: str, before: tuple[UUID, UUID] | None, limit: int
) -> list[Any]:
    """Claims that stood on one that was cancelled (rulings §2), and how far they are decided again."""
    claim_id, cancelled = before or (None, None)
    return await fetch(conn, _READJUDICATIONS, pool_code, claim_id, cancelled, limit)


async def used(conn: AsyncConnection, pool_code: str, owners: Sequence[UUID]) -> dict[tuple[str, int, str, str], int]:
    """What the accumulators of owners stand at, by (scope, year, detail, name); without a lock."""
    return {
        (row["scope"], row["year"], row["detail"], name): amount
        for row in await fetch(conn, _USED, pool_code, list(owners))
        for name, amount in row["used"].items()
    }
