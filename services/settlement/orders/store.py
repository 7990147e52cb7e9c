"""SQL of money orders."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import change_row, execute_counted, fetch, fetch_newest, fetchrow, fetchval


async def add(conn: AsyncConnection, row: Sequence[Any]) -> bool:
    """An order in state ``prepared``; False if its reference is known already."""
    return (
        await execute_counted(
            conn,
            """
        INSERT INTO money_order (pool_code, id, kind, book, debit, credit, account, direction, amount_fen, reference,
                                 coverage_year, bill_id, head_count, cause, party, reason, value_date, status,
                                 prepared_by, prepared_at, prepared_on)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'prepared', $18, $19, $20)
        ON CONFLICT DO NOTHING""",
            *row,
        )
        == 1
    )


async def order(conn: AsyncConnection, pool: str, order_id: UUID, *, lock: bool = False) -> Any:
    """An order or None; ``lock`` keeps others from moving it until the transaction ends."""
    sql = "SELECT * FROM money_order WHERE pool_code = $1 AND id = $2" + (" FOR UPDATE" if lock else "")
    return await fetchrow(conn, sql, pool, order_id)


async def orders(
    conn: AsyncConnection, pool: str, kind: str | None, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Orders, newest first, after the last (moment, id) shown."""
    sql = """
        SELECT * FROM money_order WHERE pool_code = $1 AND ($2::text IS NULL OR kind = $2)
          AND ($3::text IS NULL OR status = $3)"""
    return await fetch_newest(conn, sql, ("prepared_at", "id"), after, limit, pool, kind, status)


async def check(conn: AsyncConnection, pool: str, order_id: UUID, by: str, now: datetime) -> None:
    """prepared ▸ checked."""
    await change_row(
        conn, "money_order", pool, order_id, "status = 'checked', checked_by = $3, checked_at = $4", by, now
    )


async def booked(
    conn: AsyncConnection, pool: str, order_id: UUID, by: str, day: date, value_date: date, debit: str, credit: str
) -> None:
    """The last step: its voucher is in the book."""
    changes = "status = 'booked', booked_by = $3, booked_on = $4, value_date = $5, debit = $6, credit = $7"
    await change_row(conn, "money_order", pool, order_id, changes, by, day, value_date, debit, credit)


async def to_pay_again(
    conn: AsyncConnection, pool: str, order_id: UUID, before: str, reference: str, day: date
) -> None:
    """As before its last hand from this day on, for another attempt with a reference of its own; from when to when it
    waited until now, and under which reference, is kept."""
    await execute_counted(
        conn,
        """
        WITH waited AS (
          INSERT INTO order_wait (pool_code, order_id, attempt, reference, waited_from, waited_to)
          SELECT pool_code, id, attempt, reference, coalesce(returned_on, prepared_on),
                 coalesce(refused_on, booked_on, $5)
          FROM money_order WHERE pool_code = $1 AND id = $2
        )
        UPDATE money_order SET status = $3, reference = $4, attempt = attempt + 1, returned_on = $5, booked_by = NULL,
          booked_on = NULL, value_date = NULL, refused_by = NULL, refusal = NULL, refused_on = NULL
        WHERE pool_code = $1 AND id = $2""",
        pool,
        order_id,
        before,
        reference,
        day,
    )


async def earlier_references(conn: AsyncConnection, pool: str, order_id: UUID) -> list[str]:
    """Under which references an order stood before, the first one first."""
    rows = await fetch(
        conn,
        "SELECT reference FROM order_wait WHERE pool_code = $1 AND order_id = $2 ORDER BY attempt",
        pool,
        order_id,
    )
    return [row["reference"] for row in rows]


async def refuse(conn: AsyncConnection, pool: str, order_id: UUID, by: str, reason: str, day: date) -> None:
    """Nothing comes of it."""
    changes = "status = 'refused', refused_by = $3, refusal = $4, refused_on = $5"
    await change_row(conn, "money_order", pool, order_id, changes, by, reason, day)


async def premium_of_bill(conn: AsyncConnection, pool: str, bill_id: UUID, year: int) -> Any:
    """What a bill was paid for a year and what of it is refunded or applied for, in fen, with its township."""
    return await fetchrow(
        conn,
        """
        SELECT coalesce(sum(p.amount_fen), 0)::bigint AS paid_fen, max(p.township_code) AS township_code,
               (SELECT coalesce(sum(o.amount_fen), 0)::bigint FROM money_order o
                WHERE o.pool_code = $1 AND o.bill_id = $2 AND o.status <> 'refused') AS refunded_fen
        FROM premium p WHERE p.pool_code = $1 AND p.bill_id = $3 AND p.coverage_year = $4""",
        pool,
        bill_id,
        str(bill_id),
        year,
    )


async def waiting(conn: AsyncConnection, pool: str, kind: str) -> int:
    """Fen of orders of a kind that are neither booked nor refused."""
    fen: int = await fetchval(
        conn,
        """
        SELECT coalesce(sum(amount_fen), 0)::bigint FROM money_order WHERE pool_code = $1 AND kind = $2
          AND status IN ('prepared', 'checked')""",
        pool,
        kind,
    )
    return fen
