"""The SQL of cases."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.cases.model import CODES, COLUMNS, Case, Step
from services.claims.visits.entitlements import Days, Entitled
from shared.db.sql import execute, execute_counted, executemany, fetch, fetchrow, fetchval

_PLACES = ", ".join(f"${number}" for number in range(2, len(COLUMNS) + 2))
_ADD = f"""
INSERT INTO entitlement_case (pool_code, {", ".join(COLUMNS)}) VALUES ($1, {_PLACES}) ON CONFLICT DO NOTHING
"""
_OPEN = """
SELECT id FROM entitlement_case WHERE pool_code = $1 AND status IN ('submitted', 'endorsed', 'opposed')
  AND kind = $2 AND (visit_id = $4 OR ($4::uuid IS NULL AND member_id = $3 AND disease_code = $5))
"""
_CASE = f"SELECT {', '.join(COLUMNS)} FROM entitlement_case WHERE pool_code = $1 AND id = $2"
_SET = """
UPDATE entitlement_case SET status = $3, version = $4, valid_from = $5, valid_to = $6, liability = $7, share = $8,
  posted_on = $9, posted_until = $10
WHERE pool_code = $1 AND id = $2
"""
_CASES = f"""
SELECT {", ".join(COLUMNS)} FROM entitlement_case
WHERE pool_code = $1 AND ($2::text[] IS NULL OR status = ANY ($2)) AND ($3::text IS NULL OR kind = $3)
  AND ($4::uuid IS NULL OR member_id = $4) AND ($5::date IS NULL OR due_on < $5)
  AND EXISTS (SELECT 1 FROM unnest($6::text[]) AS area WHERE starts_with(township_code, area))
  AND ($7::date IS NULL OR (due_on, id) > ($7, $8::uuid))
ORDER BY due_on, id LIMIT $9
"""
_STEP = """
INSERT INTO case_step (pool_code, case_id, version, institution_code, act, by, role, at, "on", note, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb)
"""
_STEPS = """
SELECT act, by, role, at, "on", note, detail, version AS number FROM case_step
WHERE pool_code = $1 AND case_id = $2 ORDER BY version
"""
_OTHERS = """
SELECT c.valid_from AS first,
       CASE WHEN s.act IS NULL THEN c.valid_to ELSE (s.detail ->> 'from_day')::date - 1 END AS last
FROM entitlement_case c
LEFT JOIN case_step s ON s.pool_code = c.pool_code AND s.case_id = c.id AND s.act = 'ended'
WHERE c.pool_code = $1 AND c.id <> $2 AND c.member_id = $3 AND c.disease_code = $4 AND c.kind = ANY ($5::text[])
  AND c.status IN ('granted', 'ended')
"""
_START = """
INSERT INTO entitlement_start (pool_code, member_id, code, disease_code, valid_from, recorded_seq, state, case_id,
                               recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add(conn: AsyncConnection, pool_code: str, new: Case) -> bool:
    """Writes a case; False where one of the same kind is open for the person, or for the visit."""
    values = [orjson.dumps(v).decode() if c == "papers" else v for c in COLUMNS for v in (getattr(new, c),)]
    return await execute_counted(conn, _ADD, pool_code, *values) == 1


async def open_case(conn: AsyncConnection, pool_code: str, like: Case) -> UUID | None:
    """The open case of the same kind, which keeps another one out."""
    found: UUID | None = await fetchval(
        conn, _OPEN, pool_code, like.kind, like.member_id, like.visit_id, like.disease_code
    )
    return found


async def case(conn: AsyncConnection, pool_code: str, case_id: UUID, *, lock: bool = False) -> Case | None:
    """A case that the scope may see."""
    row = await fetchrow(conn, _CASE + " FOR UPDATE" if lock else _CASE, pool_code, case_id)
    return None if row is None else Case(**row)


async def set_case(conn: AsyncConnection, pool_code: str, now: Case) -> None:
    """Writes what may change of a locked case."""
    await execute(
        conn, _SET, pool_code, now.id, now.status, now.version, now.valid_from, now.valid_to, now.liability, now.share,
        now.posted_on, now.posted_until,
    )  # fmt: skip


async def cases(
    conn: AsyncConnection,
    pool_code: str,
    *,
    statuses: Sequence[str] | None,
    kind: str | None,
    member_id: UUID | None,
    due_before: date | None,
    areas: Sequence[str],
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Case]:
    """Cases by the day on which they are due, the most urgent first."""
    day, last = after or (None, None)
    rows = await fetch(
        conn, _CASES, pool_code, statuses, kind, member_id, due_before, list(areas), day, last, limit
    )  # fmt: skip
    return [Case(**row) for row in rows]


async def add_step(conn: AsyncConnection, pool_code: str, of: Case, step: Step) -> None:
    """Writes a step of a case under the case's version."""
    await execute(
        conn, _STEP, pool_code, of.id, of.version, of.institution_code, step.act, step.by, step.role, step.at, step.on,
        step.note, orjson.dumps(step.detail).decode(),
    )  # fmt: skip


async def steps(conn: AsyncConnection, pool_code: str, case_id: UUID) -> list[Step]:
    """What was done to a case, in order."""
    return [Step(**row) for row in await fetch(conn, _STEPS, pool_code, case_id)]


async def granted_by_others(conn: AsyncConnection, pool_code: str, of: Case) -> list[Days]:
    """First and last day of what other cases grant of the same fact, an ended one up to its end; the caller holds the
    member's row, under which grants and ends are recorded."""
    kinds = [kind for kind, code in CODES.items() if code == of.code]
    rows = await fetch(conn, _OTHERS, pool_code, of.id, of.member_id, of.disease_code, kinds)
    return [(row["first"], row["last"]) for row in rows]


async def add_starts(
    conn: AsyncConnection, pool_code: str, of: Case, starts: Sequence[Entitled], now: datetime
) -> None:
    """Writes starts of what a case grants or ends."""
    rows: list[tuple[Any, ...]] = [
        (pool_code, of.member_id, s.code, s.disease, s.valid_from, s.recorded_seq, s.state, of.id, now) for s in starts
    ]
    await executemany(conn, _START, rows)
