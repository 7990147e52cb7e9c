"""SQL of township floats: what a township holds in cash, what it paid out against signature, and its signed months."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow

# Each change of a float with the day it counts on: cash counts in the hands that have it.
_CHANGES = """
SELECT township_code, arrived_on AS day, 'received' AS kind, amount_fen AS fen FROM transfer
WHERE pool_code = $1 AND kind = 'float_issue' AND status = 'arrived'
UNION ALL SELECT township_code, released_on, 'returned', -amount_fen FROM transfer
WHERE pool_code = $1 AND kind = 'float_return' AND status IN ('released', 'arrived')
UNION ALL SELECT township_code, paid_on, 'paid', -amount_fen FROM cash_payout WHERE pool_code = $1
"""


async def floats(conn: AsyncConnection, pool: str, township: str | None = None) -> list[Any]:
    """What each township holds now, in fen."""
    return await fetch(
        conn,
        f"""
        SELECT township_code, sum(fen)::bigint AS fen FROM ({_CHANGES}) c
        WHERE $2::text IS NULL OR township_code = $2 GROUP BY township_code ORDER BY township_code""",
        pool,
        township,
    )


async def least_held(conn: AsyncConnection, pool: str, township: str, day: date) -> int:
    """The least a township held on a day or on any later one, in fen: what could be paid on that day."""
    row = await fetchrow(
        conn,
        f"""
        SELECT min(held)::bigint AS fen FROM (
          SELECT sum(sum(fen)) OVER (ORDER BY greatest(day, $3)) AS held FROM (
            SELECT day, fen FROM ({_CHANGES}) c WHERE township_code = $2 UNION ALL SELECT $3::date, 0) known
          GROUP BY greatest(day, $3)) h""",
        pool,
        township,
        day,
    )
    return int(row["fen"])


async def month(conn: AsyncConnection, pool: str, township: str, first: date, last: date) -> Any:
    """A township's month: opening, received, returned, paid and closing in fen, and how many were paid."""
    return await fetchrow(
        conn,
        f"""
        SELECT coalesce(sum(fen) FILTER (WHERE day < $3), 0)::bigint AS opening_fen,
               coalesce(sum(fen) FILTER (WHERE day >= $3 AND kind = 'received'), 0)::bigint AS received_fen,
               -coalesce(sum(fen) FILTER (WHERE day >= $3 AND kind = 'returned'), 0)::bigint AS returned_fen,
               -coalesce(sum(fen) FILTER (WHERE day >= $3 AND kind = 'paid'), 0)::bigint AS paid_fen,
               coalesce(sum(fen), 0)::bigint AS closing_fen,
               count(*) FILTER (WHERE day >= $3 AND kind = 'paid')::integer AS payouts
        FROM ({_CHANGES}) c WHERE township_code = $2 AND day <= $4""",
        pool,
        township,
        first,
        last,
    )


async def payouts(conn: AsyncConnection, pool: str, township: str, first: date, last: date) -> list[Any]:
    """What a township paid out in a month, in the order of its receipts."""
    return await fetch(
        conn,
        """
        SELECT id, claim_id, layer, expense_account, amount_fen, receipt_number, paid_on, recorded_by FROM cash_payout
        WHERE pool_code = $1 AND township_code = $2 AND paid_on BETWEEN $3 AND $4 ORDER BY paid_on, receipt_number""",
        pool,
        township,
        first,
        last,
    )


async def open_payable(conn: AsyncConnection, pool: str, claim_id: UUID, layer: str) -> Any:
    """A payable that waits for its payment and for no batch, kept from others until the end, or None."""
    return await fetchrow(
        conn,
        """
        SELECT claim_id, layer, institution_code, expense_account, amount_fen, township_code, book, account, released_on
        FROM payable WHERE pool_code = $1 AND claim_id = $2 AND layer = $3 AND status = 'open' FOR UPDATE""",
        pool,
        claim_id,
        layer,
    )


async def pay(conn: AsyncConnection, pool: str, claim_id: UUID, layer: str, payout_id: UUID) -> int:
    """open ▸ paid, by a payout in cash; the sequence of the event that tells it."""
    row = await fetchrow(
        conn,
        """
        UPDATE payable SET status = 'paid', instruction_id = $4, published = published + 1
        WHERE pool_code = $1 AND claim_id = $2 AND layer = $3 RETURNING published""",
        pool,
        claim_id,
        layer,
        payout_id,
    )
    return int(row["published"])


async def add_payout(conn: AsyncConnection, row: Sequence[Any]) -> bool:
    """A payout against signature; False if its receipt number was used before."""
    return (
        await execute_counted(
            conn,
            """
        INSERT INTO cash_payout (pool_code, id, township_code, claim_id, layer, expense_account, amount_fen,
                                 receipt_number, paid_on, booked_on, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (pool_code, receipt_number) DO NOTHING""",
            *row,
        )
        == 1
    )


async def signed(conn: AsyncConnection, pool: str, township: str, first: date) -> Any:
    """The signed account of a month, or None."""
    return await fetchrow(
        conn,
        "SELECT * FROM float_month WHERE pool_code = $1 AND township_code = $2 AND month = $3",
        pool,
        township,
        first,
    )


async def signed_later(conn: AsyncConnection, pool: str, township: str, day: date) -> bool:
    """Whether the month of a day, or a later one, is signed: its cash is accounted for."""
    sql = """
        SELECT FROM float_month WHERE pool_code = $1 AND township_code = $2 AND month >= $3 LIMIT 1"""
    return await fetchrow(conn, sql, pool, township, day.replace(day=1)) is not None


async def sign(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The director's signature under a month's figures."""
    await execute(
        conn,
        """
        INSERT INTO float_month (pool_code, township_code, month, opening_fen, received_fen, returned_fen, paid_fen,
                                 closing_fen, payouts, signed_by, signed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        *row,
    )


async def accept(conn: AsyncConnection, pool: str, township: str, first: date, by: str, now: datetime) -> bool:
    """The county office accepts a signed month; False if it did before."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE float_month SET accepted_by = $4, accepted_at = $5
        WHERE pool_code = $1 AND township_code = $2 AND month = $3 AND accepted_by IS NULL""",
            pool,
            township,
            first,
            by,
            now,
        )
        == 1
    )
