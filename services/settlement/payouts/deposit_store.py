"""SQL of quality deposits: the agreed share, what was withheld, and its release."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.refusal import DECISION
from shared.db.sql import change_row, columns, execute, fetch, fetch_newest, fetchrow


async def add_deposit_rate(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The agreed share of an institution from a day on; a later word about the same day has a higher number."""
    await execute(
        conn,
        """
        INSERT INTO deposit_rate (pool_code, institution_code, valid_from, recorded_seq, rate_e4, document, set_by,
                                  set_at)
        SELECT $1, $2, $3, 1 + coalesce(max(recorded_seq), 0), $4, $5, $6, $7 FROM deposit_rate
        WHERE pool_code = $1 AND institution_code = $2 AND valid_from = $3""",
        *row,
    )


async def deposit_rates(conn: AsyncConnection, pool: str, institutions: Sequence[str], day: date) -> dict[str, int]:
    """The share in 1/10,000 that is withheld of each institution's payments on a day; none where none is agreed."""
    rows = await fetch(
        conn,
        """
        SELECT DISTINCT ON (institution_code) institution_code, rate_e4 FROM deposit_rate
        WHERE pool_code = $1 AND institution_code = ANY ($2::text[]) AND valid_from <= $3
        ORDER BY institution_code, valid_from DESC, recorded_seq DESC""",
        pool,
        list(institutions),
        day,
    )
    return {row["institution_code"]: row["rate_e4"] for row in rows}


async def deposits(conn: AsyncConnection, pool: str, institution: str) -> list[Any]:
    """What confirmed payments of an institution withheld, by expense account, less what ended with reversed claims; in
    fen."""
    return await fetch(
        conn,
        """
        SELECT d.expense_account, sum(d.fen)::bigint AS withheld_fen FROM (
          SELECT c.expense_account, c.withheld_fen AS fen
          FROM instruction i JOIN instruction_claim c ON c.pool_code = i.pool_code AND c.instruction_id = i.id
          WHERE i.pool_code = $1 AND i.institution_code = $2 AND i.status IN ('confirmed', 'returned')
          UNION ALL
          SELECT v.expense_account, -v.amount_fen FROM deposit_void v
          WHERE v.pool_code = $1 AND v.institution_code = $2) d
        GROUP BY d.expense_account HAVING sum(d.fen)::bigint > 0 ORDER BY 1""",
        pool,
        institution,
    )


async def taken(conn: AsyncConnection, pool: str, institution: str) -> Any:
    """What of an institution's deposits was released, what was forfeited, and what waits for approval; in fen."""
    return await fetchrow(
        conn,
        """
        SELECT coalesce(sum(amount_fen) FILTER (WHERE approved_by IS NOT NULL AND NOT forfeit), 0)::bigint
                 AS released_fen,
               coalesce(sum(amount_fen) FILTER (WHERE approved_by IS NOT NULL AND forfeit), 0)::bigint AS forfeited_fen,
               coalesce(sum(amount_fen) FILTER (WHERE approved_by IS NULL AND refused_by IS NULL), 0)::bigint
                 AS asked_fen
        FROM deposit_release WHERE pool_code = $1 AND institution_code = $2""",
        pool,
        institution,
    )


async def withheld_of_claim(conn: AsyncConnection, pool: str, claim_id: UUID) -> list[Any]:
    """What confirmed payments withheld of a claim, by layer, in fen."""
    return await fetch(
        conn,
        """
        SELECT i.institution_code, c.layer, c.expense_account, sum(c.withheld_fen)::bigint AS withheld_fen
        FROM instruction_claim c JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
        WHERE c.pool_code = $1 AND c.claim_id = $2 AND i.status IN ('confirmed', 'returned')
        GROUP BY 1, 2, 3 HAVING sum(c.withheld_fen)::bigint > 0 ORDER BY c.layer""",
        pool,
        claim_id,
    )


async def void(conn: AsyncConnection, pool: str, day: date, rows: Sequence[Sequence[Any]]) -> None:
    """Deposits that ended with a reversed claim: (claim, layer, institution, expense account, fen) a row."""
    await execute(
        conn,
        """
        INSERT INTO deposit_void (pool_code, voided_on, claim_id, layer, institution_code, expense_account, amount_fen)
        SELECT $1, $2, v.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[]) AS v""",
        pool,
        day,
        *columns(rows, 5),
    )


async def add_deposit_release(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A release that a first person asks for."""
    await execute(
        conn,
        """
        INSERT INTO deposit_release (pool_code, id, institution_code, amount_fen, reason, prepared_by, prepared_at,
                                     forfeit)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *row,
    )


async def deposit_release(conn: AsyncConnection, pool: str, release_id: UUID) -> Any:
    """A release, kept from others until the end, or None."""
    sql = f"SELECT *, {DECISION} AS status FROM deposit_release WHERE pool_code = $1 AND id = $2 FOR UPDATE"
    return await fetchrow(conn, sql, pool, release_id)


async def deposit_releases(
    conn: AsyncConnection, pool: str, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Releases and forfeitures, newest first, after the last (moment, id) shown."""
    sql = f"""
        SELECT *, {DECISION} AS status FROM deposit_release
        WHERE pool_code = $1 AND ($2::text IS NULL OR {DECISION} = $2)"""
    return await fetch_newest(conn, sql, ("prepared_at", "id"), after, limit, pool, status)


async def approve_deposit_release(conn: AsyncConnection, pool: str, release_id: UUID, by: str, day: date) -> None:
    """The second person's word."""
    await change_row(conn, "deposit_release", pool, release_id, "approved_by = $3, approved_on = $4", by, day)


async def refuse_deposit_release(
    conn: AsyncConnection, pool: str, release_id: UUID, by: str, day: date, reason: str
) -> None:
    """It is asked for no more; the caller holds the row."""
    changes = "refused_by = $3, refused_on = $4, refusal = $5"
    await change_row(conn, "deposit_release", pool, release_id, changes, by, day, reason)


async def deposits_in(conn: AsyncConnection, pool: str, cutoff_ids: Sequence[UUID], kind: str) -> dict[str, int]:
    """Released deposits among the open payables of cut-offs, by institution, in fen."""
    rows = await fetch(
        conn,
        """
        SELECT institution_code, sum(amount_fen)::bigint AS fen FROM payable
        WHERE pool_code = $1 AND cutoff_id = ANY ($2::uuid[]) AND status = 'open' AND care_kind = $3
        GROUP BY institution_code""",
        pool,
        list(cutoff_ids),
        kind,
    )
    return {row["institution_code"]: row["fen"] for row in rows}
