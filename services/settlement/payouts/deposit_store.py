"""SQL of quality deposits: the agreed share, what was withheld, and its release."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow


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
    """What confirmed payments of an institution withheld, by expense account, and what of all was released or is about
    to be; in fen."""
    return await fetch(
        conn,
        """
        SELECT c.expense_account, sum(c.withheld_fen)::bigint AS withheld_fen,
               (SELECT coalesce(sum(amount_fen), 0)::bigint FROM deposit_release
                WHERE pool_code = $1 AND institution_code = $2) AS released_fen
        FROM instruction i JOIN instruction_claim c ON c.pool_code = i.pool_code AND c.instruction_id = i.id
        WHERE i.pool_code = $1 AND i.institution_code = $2 AND i.status IN ('confirmed', 'returned')
        GROUP BY c.expense_account HAVING sum(c.withheld_fen)::bigint > 0 ORDER BY 1""",
        pool,
        institution,
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
    return await fetchrow(
        conn, "SELECT * FROM deposit_release WHERE pool_code = $1 AND id = $2 FOR UPDATE", pool, release_id
    )


async def approve_deposit_release(conn: AsyncConnection, pool: str, release_id: UUID, by: str, day: date) -> None:
    """The second person's word."""
    await execute(
        conn,
        "UPDATE deposit_release SET approved_by = $3, approved_on = $4 WHERE pool_code = $1 AND id = $2",
        pool,
        release_id,
        by,
        day,
    )


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
