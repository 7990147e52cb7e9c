"""SQL of bank accounts, of the bank journal and of transfers between keepers."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import OF_INTEREST
from shared.db.sql import change_row, columns, execute, fetch, fetch_newest, fetchrow, fetchval

_LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.settlement.account:' || $1 || ':' || $2, 0))"


async def lock_account(conn: AsyncConnection, pool: str, account: str) -> None:
    """One act at a time on what is registered and matched for an account; taken before any other lock."""
    await execute(conn, _LOCK_ACCOUNT, pool, account)


async def bank_account(conn: AsyncConnection, pool: str, account: str) -> Any:
    """The account as registered last, or None."""
    return await fetchrow(
        conn,
        """
        SELECT account, version, bank_name, bank_ownership, holder_name, number_sealed, number_index
        FROM bank_account WHERE pool_code = $1 AND account = $2 ORDER BY version DESC LIMIT 1""",
        pool,
        account,
    )


async def bank_accounts(conn: AsyncConnection, pool: str) -> list[Any]:
    """All registered accounts in their current version."""
    return await fetch(
        conn,
        """
        SELECT DISTINCT ON (account) account, version, bank_name, bank_ownership, holder_name, registered_at
        FROM bank_account WHERE pool_code = $1 ORDER BY account, version DESC""",
        pool,
    )


async def add_bank_account(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A new version of an account."""
    await execute(
        conn,
        """
        INSERT INTO bank_account (pool_code, account, version, bank_name, bank_ownership, holder_name, number_sealed,
                                  number_index, registered_by, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        *row,
    )


async def add_movements(conn: AsyncConnection, pool: str, day: date, rows: Sequence[Sequence[Any]]) -> None:
    """The bank journal: (id, account, signed fen, reference, kind, source id, value date, book) a row. It is booked
    on the day of the voucher just posted in the same transaction: ``day``, or later where the book is sealed."""
    await execute(
        conn,
        """
        INSERT INTO movement (pool_code, booked_on, id, account, signed_fen, reference, kind, source_id, value_date)
        SELECT $1, greatest($2, h.open_day), m.id, m.account, m.signed_fen, m.reference, m.kind, m.source_id,
               m.value_date
        FROM unnest($3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::uuid[], $9::date[], $10::text[])
          AS m (id, account, signed_fen, reference, kind, source_id, value_date, book)
        LEFT JOIN book_head h ON h.pool_code = $1 AND h.book = m.book""",
        pool,
        day,
        *columns(rows, 8),
    )


async def taken_out(conn: AsyncConnection, pool: str, account: str, fen: int) -> list[Any]:
    """Lines of an account's statements that took out an amount and show nothing known yet, oldest first; not those of a
    reference under which as much came in."""
    return await fetch(
        conn,
        """
        SELECT l.id, l.value_date FROM (
          SELECT l.id, l.value_date, l.signed_fen, sum(l.signed_fen) OVER (
                   PARTITION BY r.reference, CASE r.reference WHEN '' THEN l.id END)::bigint AS left_fen
          FROM open_line o JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
          LEFT JOIN line_reading g ON g.pool_code = o.pool_code AND g.line_id = o.line_id
          CROSS JOIN LATERAL (VALUES (coalesce(g.reference, l.reference))) AS r (reference)
          WHERE o.pool_code = $1 AND o.account = $2 AND l.signed_fen IN ($3::bigint, -$3::bigint)) l
        WHERE l.signed_fen = -$3::bigint AND l.left_fen < 0 ORDER BY l.value_date, l.id""",
        pool,
        account,
        fen,
    )


async def add_transfer(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A transfer between two keepers, prepared."""
    await execute(
        conn,
        """
        INSERT INTO transfer (pool_code, id, kind, amount_fen, reference, status, replenishment_id, township_code,
                              prepared_by, prepared_at)
        VALUES ($1, $2, $3, $4, $5, 'prepared', $6, $7, $8, $9)""",
        *row,
    )


async def transfer(conn: AsyncConnection, pool: str, transfer_id: UUID) -> Any:
    """A transfer or None."""
    return await fetchrow(conn, "SELECT * FROM transfer WHERE pool_code = $1 AND id = $2", pool, transfer_id)


async def transfer_of(conn: AsyncConnection, pool: str, replenishment_id: UUID) -> Any:
    """The transfer of an approved application, or None."""
    sql = """
        SELECT * FROM transfer
        WHERE pool_code = $1 AND replenishment_id = $2 AND status NOT IN ('returned', 'cancelled')"""
    return await fetchrow(conn, sql, pool, replenishment_id)


async def is_repeated(conn: AsyncConnection, pool: str, replenishment_id: UUID | None) -> bool:
    """Whether a transfer of an application came back before."""
    sql = "SELECT FROM transfer WHERE pool_code = $1 AND replenishment_id = $2 AND status = 'returned' LIMIT 1"
    return replenishment_id is not None and await fetchrow(conn, sql, pool, replenishment_id) is not None


async def stands_under(conn: AsyncConnection, pool: str, reference: str) -> bool:
    """Whether a transfer that the bank shows under a reference is on its way or has arrived."""
    sql = """
        SELECT FROM transfer WHERE pool_code = $1 AND coalesce(shown_as, reference) = $2
          AND status IN ('released', 'arrived') LIMIT 1"""
    return await fetchrow(conn, sql, pool, reference) is not None


async def add_executed(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A transfer that the bank made by itself: on its way since the day on which it was seen."""
    await execute(
        conn,
        """
        INSERT INTO transfer (pool_code, id, kind, amount_fen, reference, status, replenishment_id, township_code,
                              prepared_by, prepared_at, released_by, released_on, shown_as)
        VALUES ($1, $2, $3, $4, $5, 'released', $6, $7, $8, $9, $10, $11, $12)""",
        *row,
    )


async def transfers(
    conn: AsyncConnection, pool: str, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Transfers, newest first, after the last (moment, id) shown."""
    sql = "SELECT * FROM transfer WHERE pool_code = $1 AND ($2::text IS NULL OR status = $2)"
    return await fetch_newest(conn, sql, ("prepared_at", "id"), after, limit, pool, status)


async def release_transfer(conn: AsyncConnection, pool: str, transfer_id: UUID, by: str, day: date) -> bool:
    """prepared ▸ released; False if somebody else was first."""
    changes = "status = 'released', released_by = $3, released_on = $4"
    return await change_row(conn, "transfer", pool, transfer_id, changes, by, day, only="status = 'prepared'")


async def cancel_transfer(conn: AsyncConnection, pool: str, transfer_id: UUID, by: str, reason: str) -> bool:
    """prepared ▸ cancelled; False if it is not ``prepared`` any more."""
    changes = "status = 'cancelled', cancelled_by = $3, cancel_reason = $4"
    return await change_row(conn, "transfer", pool, transfer_id, changes, by, reason, only="status = 'prepared'")


async def transfers_returned(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """released ▸ returned: the sender's bank shows them again."""
    return await fetch(
        conn,
        """
        UPDATE transfer SET status = 'returned'
        WHERE pool_code = $1 AND id = ANY ($2::uuid[]) AND status = 'released' RETURNING *""",
        pool,
        list(ids),
    )


async def advance_outstanding(conn: AsyncConnection, pool: str) -> int:
    """The advance granted less what was given back or is about to be, in fen."""
    fen: int = await fetchval(
        conn,
        """
        SELECT coalesce(sum(CASE WHEN kind = 'advance' THEN amount_fen ELSE -amount_fen END), 0)::bigint FROM transfer
        WHERE pool_code = $1 AND (kind = 'advance' AND status IN ('released', 'arrived')
          OR kind = 'advance_return' AND status NOT IN ('cancelled', 'returned'))""",
        pool,
    )
    return fen


async def transfers_arrived(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> None:
    """released ▸ arrived: the receiver's bank shows them."""
    await execute(
        conn,
        """
        UPDATE transfer t SET status = 'arrived', arrived_on = a.day FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE t.pool_code = $1 AND t.id = a.id AND t.status = 'released'""",
        pool,
        ids,
        days,
    )


async def sweepable(conn: AsyncConnection, pool: str, account: str) -> int:
    """Interest on the account less what was swept or is about to be, in fen."""
    fen: int = await fetchval(
        conn,
        f"""
        SELECT (coalesce((SELECT sum(signed_fen) FROM movement WHERE pool_code = $1 AND account = $2
                          AND {OF_INTEREST}), 0)
              - coalesce((SELECT sum(amount_fen) FROM transfer WHERE pool_code = $1 AND kind = 'sweep'
                          AND status NOT IN ('cancelled', 'returned')), 0))::bigint""",
        pool,
        account,
    )
    return fen
