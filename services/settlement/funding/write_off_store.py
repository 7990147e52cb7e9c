"""SQL of write-offs: asked by one person, decided by another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import change_row, execute, execute_counted, fetch_newest, fetchrow

_WRITE_OFF = """
SELECT o.id, o.receivable_id, o.reason, o.asked_by, o.asked_at, o.decision, o.document, o.decided_by, o.decided_at,
       r.book, r.origin, r.bearer, r.institution_code, r.amount_fen,
       r.amount_fen - r.settled_fen - r.waived_fen AS open_fen,
       (SELECT w.amount_fen FROM waiver w WHERE w.pool_code = o.pool_code AND w.id = o.id) AS written_off_fen
FROM write_off o JOIN receivable r ON r.pool_code = o.pool_code AND r.id = o.receivable_id
"""


async def ask(conn: AsyncConnection, pool: str, by: str, now: datetime, rows: Sequence[tuple[UUID, UUID, str]]) -> int:
    """The first person's word on receivables: (id, receivable, reason) a row. How many were not asked for before."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return await execute_counted(
        conn,
        """
        INSERT INTO write_off (pool_code, asked_by, asked_at, id, receivable_id, reason)
        SELECT $1, $2, $3, o.* FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS o (id, receivable_id, reason)
        ON CONFLICT DO NOTHING""",
        pool,
        by,
        now,
        *columns,
    )


async def write_off(conn: AsyncConnection, pool: str, write_off_id: UUID) -> Any:
    """A write-off with its receivable, or None."""
    return await fetchrow(conn, _WRITE_OFF + "WHERE o.pool_code = $1 AND o.id = $2", pool, write_off_id)


async def listed(
    conn: AsyncConnection, pool: str, only_open: bool, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Write-offs, newest first after the last (moment, id) shown."""
    sql = _WRITE_OFF + "WHERE o.pool_code = $1 AND (NOT $2 OR o.decision IS NULL)"
    return await fetch_newest(conn, sql, ("o.asked_at", "o.id"), after, limit, pool, only_open)


async def decide(
    conn: AsyncConnection, pool: str, write_off_id: UUID, decision: str, document: str, by: str, now: datetime
) -> bool:
    """The second person's word; False if it was given before."""
    changes = "decision = $3, document = $4, decided_by = $5, decided_at = $6"
    values = (decision, document, by, now)
    return await change_row(conn, "write_off", pool, write_off_id, changes, *values, only="decision IS NULL")


async def name_bearer(conn: AsyncConnection, pool: str, receivable_id: UUID, bearer: str) -> None:
    """Somebody bears what nobody was to bear; a hospital under its own code, also where a person was paid."""
    await execute(
        conn,
        """
        UPDATE receivable r SET bearer = $3, institution_code = CASE WHEN $3 = 'hospital' THEN coalesce(
            (SELECT s.institution_code FROM claim_state s WHERE s.pool_code = $1 AND s.claim_id = r.claim_id),
            r.institution_code) ELSE r.institution_code END
        WHERE r.pool_code = $1 AND r.id = $2 AND r.bearer = 'nobody'""",
        pool,
        receivable_id,
        bearer,
    )
