"""SQL of closing: control totals received, totals published by the sources, days closed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.ledger.payers import BUDGET
from shared.db.sql import execute, fetch, fetchval


async def count_event(conn: AsyncConnection, pool: str, source: str, day: date, kind: str, fen: int) -> None:
    """One event more of a source, business day and type."""
    await execute(
        conn,
        """
        INSERT INTO control_total AS t (pool_code, source, business_day, kind, count, amount_fen)
        VALUES ($1, $2, $3, $4, 1, $5)
        ON CONFLICT (pool_code, source, business_day, kind)
        DO UPDATE SET count = t.count + 1, amount_fen = t.amount_fen + excluded.amount_fen""",
        pool,
        source,
        day,
        kind,
        fen,
    )


async def add_source_day(
    conn: AsyncConnection, pool: str, source: str, day: date, now: datetime, totals: Sequence[tuple[str, int, int]]
) -> None:
    """A source closed its day with these totals: (type, count, fen) each."""
    await execute(
        conn,
        """
        INSERT INTO source_day (pool_code, source, business_day, received_at) VALUES ($1, $2, $3, $4)""",
        pool,
        source,
        day,
        now,
    )
    await execute(
        conn,
        """
        INSERT INTO published_total (pool_code, source, business_day, kind, count, amount_fen)
        SELECT $1, $2, $3, t.* FROM unnest($4::text[], $5::bigint[], $6::bigint[]) AS t (kind, count, amount_fen)""",
        pool,
        source,
        day,
        [t[0] for t in totals],
        [t[1] for t in totals],
        [t[2] for t in totals],
    )


async def sources_closed(conn: AsyncConnection, pool: str, day: date) -> set[str]:
    """Sources that have closed the day, or that began later: a source's first close starts with its first business."""
    rows = await fetch(
        conn,
        """
        SELECT source FROM source_day WHERE pool_code = $1 GROUP BY source
        HAVING min(business_day) > $2 OR bool_or(business_day = $2)""",
        pool,
        day,
    )
    return {row["source"] for row in rows}


async def published(conn: AsyncConnection, pool: str, day: date) -> list[Any]:
    """What the sources say they published of a day."""
    return await fetch(
        conn,
        """
        SELECT source, kind, count, amount_fen FROM published_total WHERE pool_code = $1 AND business_day = $2""",
        pool,
        day,
    )


async def received(conn: AsyncConnection, pool: str, day: date) -> list[Any]:
    """What arrived here of a day."""
    return await fetch(
        conn,
        """
        SELECT source, kind, count, amount_fen FROM control_total WHERE pool_code = $1 AND business_day = $2""",
        pool,
        day,
    )


async def first_business(conn: AsyncConnection, pool: str) -> date | None:
    """The earliest day that has business here, is closed by a source or has a voucher of a payer's budget, which no
    source tells of; None for a pool without any."""
    found: date | None = await fetchval(
        conn,
        """
        SELECT min(d.business_day) FROM (
          SELECT business_day FROM control_total WHERE pool_code = $1
          UNION ALL SELECT business_day FROM source_day WHERE pool_code = $1
          UNION ALL SELECT business_day FROM obligation_day WHERE pool_code = $1
          UNION ALL SELECT business_day FROM outbox WHERE pool_code = $1
          UNION ALL SELECT posting_date FROM account_day WHERE pool_code = $1 AND book = $2) d""",
        pool,
        BUDGET,
    )
    return found


async def add_day_close(conn: AsyncConnection, pool: str, day: date, by: str, now: datetime) -> None:
    """The day is closed here."""
    await execute(
        conn, "INSERT INTO day_close (pool_code, day, closed_by, closed_at) VALUES ($1, $2, $3, $4)", pool, day, by, now
    )


async def days_open(conn: AsyncConnection, pool: str, first: date, last: date) -> list[date]:
    """Days of a period not closed here, from the pool's first closed day on."""
    rows = await fetch(
        conn,
        """
        SELECT d::date AS day FROM generate_series($2::date, $3::date, interval '1 day') d
        WHERE d::date >= (SELECT min(c.day) FROM day_close c WHERE c.pool_code = $1)
          AND NOT EXISTS (SELECT FROM day_close c WHERE c.pool_code = $1 AND c.day = d::date) ORDER BY d""",
        pool,
        first,
        last,
    )
    return [row["day"] for row in rows]


async def books_unsealed(conn: AsyncConnection, pool: str, day: date) -> list[str]:
    """Books of the pool that are not sealed through the day."""
    rows = await fetch(
        conn,
        """
        SELECT book FROM book_head WHERE pool_code = $1 AND sealed_through < $2 ORDER BY book""",
        pool,
        day,
    )
    return [row["book"] for row in rows]


async def books(conn: AsyncConnection, pool: str) -> list[str]:
    """The books that the pool has."""
    rows = await fetch(conn, "SELECT book FROM book WHERE pool_code = $1 ORDER BY book", pool)
    return [row["book"] for row in rows]
