"""SQL of arrivals on the fiscal account: subsidies by level and year, sponsors' money."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import change_row, execute_counted, fetch_newest, fetchrow, fetchval


async def add(conn: AsyncConnection, account: str, row: Sequence[Any]) -> bool:
    """An arrival in state ``prepared``; False if its bank reference is known already, of an arrival or of an order on
    the same account. The caller holds the account."""
    return (
        await execute_counted(
            conn,
            """
        INSERT INTO arrival (pool_code, id, kind, level, sponsorship_id, coverage_year, amount_fen, bank_reference,
                             value_date, status, recorded_by, recorded_at, recorded_on)
        SELECT $1, $2, $3, $4, $5::uuid, $6, $7, $8, $9, 'prepared', $10, $11, $12
        WHERE NOT EXISTS (
          SELECT FROM money_order o WHERE o.pool_code = $1 AND o.reference = $8 AND o.account = $13
            AND o.status NOT IN ('refused', 'reversed'))
        ON CONFLICT DO NOTHING""",
            *row,
            account,
        )
        == 1
    )


async def arrival(conn: AsyncConnection, pool: str, arrival_id: UUID) -> Any:
    """An arrival, kept from others until the end, or None."""
    return await fetchrow(conn, "SELECT * FROM arrival WHERE pool_code = $1 AND id = $2 FOR UPDATE", pool, arrival_id)


async def is_recorded(conn: AsyncConnection, pool: str, reference: str) -> bool:
    """Whether an arrival under this bank reference is booked or waits for the second person."""
    found: bool = await fetchval(
        conn,
        """
        SELECT EXISTS (SELECT FROM arrival WHERE pool_code = $1 AND bank_reference = $2
                         AND status IN ('prepared', 'booked'))""",
        pool,
        reference,
    )
    return found


async def arrivals(
    conn: AsyncConnection, pool: str, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Arrivals, newest first, after the last (moment, id) shown."""
    sql = "SELECT * FROM arrival WHERE pool_code = $1 AND ($2::text IS NULL OR status = $2)"
    return await fetch_newest(conn, sql, ("recorded_at", "id"), after, limit, pool, status)


async def booked(conn: AsyncConnection, pool: str, arrival_id: UUID, by: str, day: date) -> None:
    """prepared ▸ booked; the caller holds the row."""
    changes = "status = 'booked', booked_by = $3, booked_on = $4"
    await change_row(conn, "arrival", pool, arrival_id, changes, by, day)


async def refuse(conn: AsyncConnection, pool: str, arrival_id: UUID, by: str, reason: str, day: date) -> None:
    """prepared ▸ refused: its bank reference is free again; the caller holds the row."""
    changes = "status = 'refused', refused_by = $3, refusal = $4, refused_on = $5"
    await change_row(conn, "arrival", pool, arrival_id, changes, by, reason, day)


async def sponsorship(conn: AsyncConnection, pool: str, sponsorship_id: UUID) -> Any:
    """A sponsorship with what arrived for it, booked or waiting for the second person; None if it is unknown."""
    return await fetchrow(
        conn,
        """
        SELECT s.coverage_year, s.amount_fen, coalesce((SELECT sum(a.amount_fen) FROM arrival a
               WHERE a.pool_code = s.pool_code AND a.sponsorship_id = s.id
                 AND a.status IN ('prepared', 'booked')), 0)::bigint AS arrived_fen
        FROM sponsorship s WHERE s.pool_code = $1 AND s.id = $2""",
        pool,
        sponsorship_id,
    )
