"""The SQL of statements."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.engine import ACCOUNT_LAYER
from services.claims.benefits.payment import Case
from services.claims.statements.model import COLUMNS, Kept
from shared.db.sql import execute, fetch, fetchrow, fetchval, rows_as_json
from shared.kernel.ids import to_base32

# A stay settled in parts is one case, counted in the month in which the last of its parts was released.
_CASES = """
WITH touched AS (
  SELECT DISTINCT c.visit_id FROM cutoff k
  JOIN claim c ON c.pool_code = k.pool_code AND c.cutoff_id = k.id
  WHERE k.pool_code = $1 AND k.institution_code = $2 AND k.released_on BETWEEN $3 AND $4 AND c.kind = $5
    AND c.paid_to = 'hospital'
)
SELECT (array_agg(c.id ORDER BY c.part DESC))[1] AS id, v.diagnosis_code,
       coalesce(sum(c.eligible_fen) FILTER (WHERE c.status = 'released'), 0)::bigint AS eligible_fen,
       max(c.discharged_on) - min(c.admitted_on) AS nights,
       coalesce(jsonb_agg(r.layers) FILTER (WHERE c.status = 'released'), '[]') AS parts
FROM touched t
JOIN visit v ON v.pool_code = $1 AND v.id = t.visit_id
JOIN claim c ON c.pool_code = $1 AND c.visit_id = t.visit_id AND c.status NOT IN ('cancelled', 'reversed')
LEFT JOIN cutoff k ON k.pool_code = c.pool_code AND k.id = c.cutoff_id
LEFT JOIN claim_review r ON r.pool_code = c.pool_code AND r.claim_id = c.id AND r.claim_version = c.version - 1
GROUP BY v.id, v.diagnosis_code
HAVING bool_and(c.status IN ('released', 'rejected')) AND bool_or(NOT c.midway) AND max(k.released_on) <= $4
ORDER BY 1
"""
# A case carries the claim of its last part, which goes first: reversed if it was paid, cancelled if it was rejected.
_TAKEN_BACK = """
SELECT c.id FROM cancellation k JOIN claim c ON c.pool_code = k.pool_code AND c.id = k.claim_id
WHERE k.pool_code = $1 AND k.institution_code = $2 AND c.kind = $3 AND k.cancelled_on <= $4
  AND EXISTS (SELECT FROM claim_review r WHERE r.pool_code = c.pool_code AND r.claim_id = c.id)
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_INSERT = f"""
INSERT INTO payment_statement (pool_code, {", ".join(COLUMNS)})
SELECT $1, {", ".join(COLUMNS)} FROM jsonb_populate_recordset(NULL::payment_statement, $2::jsonb)
ON CONFLICT (pool_code, institution_code, kind, span, first_day) WHERE status <> 'withdrawn' DO NOTHING RETURNING id
"""
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM payment_statement WHERE pool_code = $1 "
_LIST = (
    _SELECT
    + """AND ($2::text IS NULL OR institution_code = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4"""
)
_MONTHS = (
    _SELECT
    + """AND institution_code = $2 AND kind = $3 AND span = 'month' AND first_day BETWEEN $4 AND $5
  AND status = 'agreed' ORDER BY first_day"""
)
_MADE = (
    _SELECT
    + """AND institution_code = $2 AND kind = $3 AND span = 'month' AND status <> 'withdrawn' ORDER BY first_day"""
)
FUND_BOOK = "basic"
"""The book of the pool's own layer: what a payment document speaks of."""


async def cases(
    conn: AsyncConnection, pool_code: str, institution_code: str, kind: str, first_day: date, last_day: date,
    groups: Mapping[str, str],
) -> list[Case]:  # fmt: skip
    """The cases of a hospital that were released in a span of days, each with its group where one is given.

    What was cut in review is not counted as given; nor is what the family account paid, another book's layer, or what
    a patient paid in full and is paid at the window.
    """
    rows = await fetch(conn, _CASES, pool_code, institution_code, first_day, last_day, kind)
    found = []
    for row in rows:
        claim = to_base32(row["id"])
        fund = sum(one["amount_fen"] for layers in row["parts"] for one in layers if _of_the_fund(one))
        group = groups.get(claim, "")
        found.append(Case(claim, row["eligible_fen"], fund, row["diagnosis_code"], group, max(1, row["nights"] or 1)))
    return found


def _of_the_fund(layer: Mapping[str, Any]) -> bool:
    return bool(layer["book"] == FUND_BOOK and layer["layer"] != ACCOUNT_LAYER)


async def insert(conn: AsyncConnection, pool_code: str, new: Kept) -> bool:
    """Writes a statement; False where one of the same days is there that was not withdrawn."""
    row = rows_as_json([{name: getattr(new, name) for name in COLUMNS}])
    return await fetchval(conn, _INSERT, pool_code, row) is not None


async def get(conn: AsyncConnection, pool_code: str, statement_id: UUID, *, lock: bool = False) -> Kept | None:
    """A statement, or None; locked where it is about to change."""
    row = await fetchrow(conn, _SELECT + "AND id = $2" + (" FOR UPDATE" if lock else ""), pool_code, statement_id)
    return None if row is None else _kept(row)


async def statements(
    conn: AsyncConnection, pool_code: str, institution_code: str | None, before: UUID | None, limit: int
) -> list[Kept]:
    """Statements, the newest first."""
    return [_kept(row) for row in await fetch(conn, _LIST, pool_code, institution_code, before, limit)]


async def agreed_months(
    conn: AsyncConnection, pool_code: str, institution_code: str, kind: str, year: int
) -> list[Kept]:
    """The months of a year that both sides have signed."""
    days = (date(year, 1, 1), date(year, 12, 31))
    return [_kept(row) for row in await fetch(conn, _MONTHS, pool_code, institution_code, kind, *days)]


async def lock_months(conn: AsyncConnection, pool_code: str, institution_code: str) -> None:
    """One month of a hospital is prepared at a time, so that a case is taken off once."""
    await execute(conn, _LOCK, f"heyi.statements:{pool_code}\x1f{institution_code}")


async def taken_back(
    conn: AsyncConnection, pool_code: str, institution_code: str, kind: str, last_day: date
) -> frozenset[str]:
    """Reviewed claims of a hospital that were cancelled or reversed up to a day, as statements name them."""
    rows = await fetch(conn, _TAKEN_BACK, pool_code, institution_code, kind, last_day)
    return frozenset(to_base32(row["id"]) for row in rows)


async def months_made(conn: AsyncConnection, pool_code: str, institution_code: str, kind: str) -> list[Kept]:
    """Every month of a hospital that was not withdrawn, in order."""
    return [_kept(row) for row in await fetch(conn, _MADE, pool_code, institution_code, kind)]


async def step(
    conn: AsyncConnection, pool_code: str, statement_id: UUID, status: str, by: str, at: datetime, reason: str | None
) -> None:
    """Moves a locked statement on: who, and when."""
    noun = {"issued": "issued", "agreed": "agreed", "withdrawn": "withdrawn"}[status]
    sql = f"""
UPDATE payment_statement SET status = $3, {noun}_by = $4, {noun}_at = $5, withdrawal_reason = $6
WHERE pool_code = $1 AND id = $2
"""
    await execute(conn, sql, pool_code, statement_id, status, by, at, reason)


def _kept(row: Any) -> Kept:
    return Kept(**{name: row[name] for name in COLUMNS})
