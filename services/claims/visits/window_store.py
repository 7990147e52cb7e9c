"""The SQL of the window: slips, the papers of each, the invoices that are used, and what was tried a second time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.deciding import Visit
from shared.db.sql import Statement, execute, execute_counted, fetch, fetchrow
from shared.kernel.ids import new_id

Invoice = tuple[str, str]
"""Code and number of an original invoice."""

_USE_INVOICES = """
INSERT INTO invoice_use (code, number, pool_code, visit_id, used_at)
SELECT q.code, q.number, $1, $2, $5 FROM unnest($3::text[], $4::text[]) AS q(code, number) ORDER BY 1, 2
ON CONFLICT DO NOTHING RETURNING code, number
"""
_USED_BY = """
SELECT u.code, u.number, u.pool_code, u.visit_id, u.used_at FROM invoice_use u
JOIN unnest($1::text[], $2::text[]) AS q(code, number) ON u.code = q.code AND u.number = q.number
WHERE u.freed_at IS NULL
"""
_FREE = "UPDATE invoice_use SET freed_at = $3 WHERE pool_code = $1 AND visit_id = $2 AND freed_at IS NULL"
_ATTEMPT = """
INSERT INTO invoice_attempt (pool_code, id, code, number, visit_id, institution_code, member_id, used_pool_code,
                             used_visit_id, used_at, attempted_at, attempted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_ATTEMPTS = """
SELECT id AS attempt_id, code, number, visit_id, institution_code, member_id, used_pool_code, used_visit_id, used_at,
       attempted_at, attempted_by
FROM invoice_attempt WHERE pool_code = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_ADD_SLIP = """
INSERT INTO window_slip (pool_code, visit_id, institution_code, number, needed, accepted_at, accepted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_SLIP = """
SELECT s.visit_id, s.number, s.needed, s.accepted_at, s.accepted_by, v.submitted_on, v.missing_papers, v.status,
       v.institution_code, v.kind, w.reason AS withdrawn_because, c.id AS claim_id, c.number AS claim_number,
       c.status AS claim_status, c.benefit_fen, c.payable_fen
FROM window_slip s JOIN visit v ON v.pool_code = s.pool_code AND v.id = s.visit_id
LEFT JOIN visit_withdrawal w ON w.pool_code = s.pool_code AND w.visit_id = s.visit_id
LEFT JOIN LATERAL (
  SELECT l.id, l.number, l.status, l.benefit_fen, l.payable_fen FROM claim l
  WHERE l.pool_code = s.pool_code AND l.visit_id = s.visit_id AND l.status NOT IN ('cancelled', 'reversed')
  ORDER BY l.settled_at DESC, l.id DESC LIMIT 1
) AS c ON true
"""
_OF_VISIT = _SLIP + "WHERE s.pool_code = $1 AND s.visit_id = $2"
_NUMBERED = _SLIP + "WHERE s.pool_code = $1 AND s.number = $2"
_PAPERS = """
SELECT position, kind, original, recorded_at, recorded_by FROM window_paper WHERE pool_code = $1 AND visit_id = $2
ORDER BY position
"""
_ADD_PAPERS = """
INSERT INTO window_paper (pool_code, visit_id, position, institution_code, kind, original, recorded_at, recorded_by)
SELECT $1, $2, $4 + q.place, $3, q.kind, q.original, $7, $8
FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS q(kind, original, place)
"""
_MISSING = """
UPDATE visit SET missing_papers = $3, facts_seq = facts_seq + 1 WHERE pool_code = $1 AND id = $2
"""
_WITHDRAW = "UPDATE visit SET status = 'withdrawn', facts_seq = facts_seq + 1 WHERE pool_code = $1 AND id = $2"
_WITHDRAWAL = """
INSERT INTO visit_withdrawal (pool_code, visit_id, institution_code, reason, withdrawn_at, withdrawn_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""


class Paper(NamedTuple):
    """A paper that came: what it is, and whether its original was kept, given back, or only a copy came."""

    kind: str
    original: str


async def use_invoices(
    conn: AsyncConnection, pool_code: str, visit_id: UUID, invoices: Sequence[Invoice], *, now: datetime
) -> list[Invoice]:
    """Uses invoices for a visit; those that another visit has used, in whatever pool."""
    codes, numbers = [code for code, _ in invoices], [number for _, number in invoices]
    rows = await fetch(conn, _USE_INVOICES, pool_code, visit_id, codes, numbers, now)
    ours = {(row["code"], row["number"]) for row in rows}
    return [one for one in invoices if one not in ours]


async def uses(conn: AsyncConnection, invoices: Sequence[Invoice]) -> list[Any]:
    """Where invoices are used, in whatever pool."""
    return await fetch(conn, _USED_BY, [code for code, _ in invoices], [number for _, number in invoices])


def attempt(pool_code: str, visit: Visit, used: Any, *, now: datetime, by: str) -> Statement:
    """The statement that keeps a second use of an invoice that was refused."""
    first = used["pool_code"], used["visit_id"], used["used_at"]
    tried = visit.id, visit.institution_code, visit.member_id
    return Statement(_ATTEMPT, (pool_code, new_id(now), used["code"], used["number"], *tried, *first, now, by))


async def attempts(conn: AsyncConnection, pool_code: str, before: UUID | None, limit: int) -> list[Any]:
    """Second uses of invoices that were refused, the newest first."""
    return await fetch(conn, _ATTEMPTS, pool_code, before, limit)


async def add_slip(
    conn: AsyncConnection, pool_code: str, visit: Visit, number: str, needed: Sequence[str], *, now: datetime, by: str
) -> None:
    """Writes the acceptance slip of a window visit."""
    await execute(conn, _ADD_SLIP, pool_code, visit.id, visit.institution_code, number, list(needed), now, by)


async def slip_of(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> Any:
    """The slip of a visit with what became of it, or None; a claim that was cancelled or reversed is none: it may be
    settled again."""
    return await fetchrow(conn, _OF_VISIT, pool_code, visit_id)


async def slip_numbered(conn: AsyncConnection, pool_code: str, number: str) -> Any:
    """The same by the slip's number."""
    return await fetchrow(conn, _NUMBERED, pool_code, number)


async def papers(conn: AsyncConnection, pool_code: str, visit_id: UUID) -> list[Any]:
    """What was recorded of the papers of a visit, in order."""
    return await fetch(conn, _PAPERS, pool_code, visit_id)


async def add_papers(
    conn: AsyncConnection, pool_code: str, visit: Visit, after: int, new: Sequence[Paper], *, now: datetime, by: str
) -> None:
    """Records papers behind the ``after`` that were recorded before."""
    kinds, originals = [one.kind for one in new], [one.original for one in new]
    await execute(
        conn, _ADD_PAPERS, pool_code, visit.id, visit.institution_code, after, kinds, originals, now, by
    )  # fmt: skip


async def set_missing(conn: AsyncConnection, pool_code: str, visit_id: UUID, missing: Sequence[str]) -> None:
    """Keeps with a locked visit which papers are missing: it is not settled before they came."""
    await execute(conn, _MISSING, pool_code, visit_id, list(missing))


async def withdraw(conn: AsyncConnection, pool_code: str, visit: Visit, reason: str, *, now: datetime, by: str) -> int:
    """Withdraws a locked visit and frees its invoices; how many those were."""
    await execute(conn, _WITHDRAW, pool_code, visit.id)
    await execute(conn, _WITHDRAWAL, pool_code, visit.id, visit.institution_code, reason, now, by)
    return await execute_counted(conn, _FREE, pool_code, visit.id, now)
