"""SQL of funding."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.settlement.account:' || $1 || ':' || $2, 0))"


async def lock_account(conn: AsyncConnection, pool: str, account: str) -> None:
    """One act at a time on what is registered and matched for an account; taken before any other lock."""
    await execute(conn, _LOCK_ACCOUNT, pool, account)


# -- bank accounts


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


# -- premiums, remittances, sponsors, subsidies as the events told them


async def add_premium(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A receipt of a household's bill."""
    await execute(
        conn,
        """
        INSERT INTO premium (pool_code, bill_id, sequence, coverage_year, township_code, amount_fen, business_day,
                             temporary)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *row,
    )


async def add_temporary(conn: AsyncConnection, pool: str, year: int, income_account: str, fen: int) -> None:
    """Adds to the temporary receipts of a coverage year that has not begun."""
    await execute(
        conn,
        """
        INSERT INTO temporary_receipt AS t (pool_code, coverage_year, income_account, amount_fen)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (pool_code, coverage_year, income_account)
        DO UPDATE SET amount_fen = t.amount_fen + excluded.amount_fen""",
        pool,
        year,
        income_account,
        fen,
    )


async def lower_temporary(conn: AsyncConnection, pool: str, year: int, income_account: str, fen: int) -> None:
    """A refund of a temporary receipt: it will not become income."""
    await execute_counted(
        conn,
        """
        UPDATE temporary_receipt SET amount_fen = amount_fen - $4
        WHERE pool_code = $1 AND coverage_year = $2 AND income_account = $3""",
        pool,
        year,
        income_account,
        fen,
    )


async def recognise_temporary(conn: AsyncConnection, pool: str, through_year: int) -> list[Any]:
    """Marks temporary receipts of the years up to ``through_year`` as income; what was newly recognised."""
    return await fetch(
        conn,
        """
        WITH due AS (
          SELECT coverage_year, income_account, amount_fen - recognised_fen AS fen, recognised_fen
          FROM temporary_receipt
          WHERE pool_code = $1 AND coverage_year <= $2 AND recognised_fen < amount_fen
          ORDER BY coverage_year, income_account FOR UPDATE
        )
        UPDATE temporary_receipt t SET recognised_fen = t.amount_fen FROM due
        WHERE t.pool_code = $1 AND t.coverage_year = due.coverage_year AND t.income_account = due.income_account
        RETURNING t.coverage_year, t.income_account, due.fen, due.recognised_fen AS before""",
        pool,
        through_year,
    )


async def add_remittance(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A township's remittance, expected on the income account's statement under ``reference``."""
    await execute(
        conn,
        """
        INSERT INTO remittance (pool_code, id, reference, township_code, amount_fen, business_day)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        *row,
    )


async def remittances_arrived(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> None:
    """The income account's bank shows them."""
    await execute(
        conn,
        """
        UPDATE remittance r SET arrived_on = a.day FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE r.pool_code = $1 AND r.id = a.id""",
        pool,
        ids,
        days,
    )


async def put_sponsorship(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A confirmed sponsorship, or its newer version."""
    await execute(
        conn,
        """
        INSERT INTO sponsorship AS s (pool_code, id, sequence, sponsor, coverage_year, head_count, amount_fen,
                                      business_day)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (pool_code, id) DO UPDATE SET sequence = excluded.sequence, head_count = excluded.head_count,
          coverage_year = excluded.coverage_year, amount_fen = excluded.amount_fen, business_day = excluded.business_day
        WHERE s.sequence < excluded.sequence""",
        *row,
    )


async def sponsorship(conn: AsyncConnection, pool: str, sponsorship_id: UUID) -> Any:
    """A sponsorship with what arrived for it, or None."""
    return await fetchrow(
        conn,
        """
        SELECT s.coverage_year, s.amount_fen, coalesce((SELECT sum(a.amount_fen) FROM arrival a
               WHERE a.pool_code = s.pool_code AND a.sponsorship_id = s.id), 0)::bigint AS arrived_fen
        FROM sponsorship s WHERE s.pool_code = $1 AND s.id = $2""",
        pool,
        sponsorship_id,
    )


async def put_subsidy_due(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """What a level owes for a year, or its newer revision."""
    await execute(
        conn,
        """
        INSERT INTO subsidy_due AS s (pool_code, id, sequence, coverage_year, level, head_count, standard_fen,
                                      amount_fen, business_day, audited)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (pool_code, id) DO UPDATE SET sequence = excluded.sequence, head_count = excluded.head_count,
          coverage_year = excluded.coverage_year, standard_fen = excluded.standard_fen,
          amount_fen = excluded.amount_fen, business_day = excluded.business_day, audited = excluded.audited
        WHERE s.sequence < excluded.sequence""",
        *row,
    )


async def subsidy_year(conn: AsyncConnection, pool: str, year: int) -> list[Any]:
    """Of each level in one coverage year: due, carried in from the year before and on to the next, arrived; and whether
    the auditors have confirmed every head that it is due for."""
    return await fetch(
        conn,
        """
        SELECT level, sum(due_fen)::bigint AS due_fen, sum(head_count)::bigint AS head_count,
               sum(arrived_fen)::bigint AS arrived_fen, sum(carried_in_fen)::bigint AS carried_in_fen,
               sum(carried_on_fen)::bigint AS carried_on_fen, coalesce(bool_and(audited), false) AS audited
        FROM (SELECT level, amount_fen AS due_fen, head_count, 0 AS arrived_fen, 0 AS carried_in_fen,
                     0 AS carried_on_fen, audited FROM subsidy_due WHERE pool_code = $1 AND coverage_year = $2
              UNION ALL SELECT level, 0, 0, amount_fen, 0, 0, NULL FROM arrival
              WHERE pool_code = $1 AND coverage_year = $2 AND kind = 'subsidy'
              UNION ALL SELECT level, 0, 0, 0, amount_fen, 0, NULL FROM subsidy_carry
              WHERE pool_code = $1 AND coverage_year = $2 - 1
              UNION ALL SELECT level, 0, 0, 0, 0, amount_fen, NULL FROM subsidy_carry
              WHERE pool_code = $1 AND coverage_year = $2) t
        GROUP BY level ORDER BY level""",
        pool,
        year,
    )


async def add_subsidy_carry(
    conn: AsyncConnection,
    pool: str,
    year: int,
    rows: Sequence[tuple[str, int, int, int]],
    document: str,
    day: date,
    by: str,
) -> None:
    """Differences of a year that go on to the next: (level, due, arrived, carried) in fen a row."""
    await execute(
        conn,
        """
        INSERT INTO subsidy_carry (pool_code, coverage_year, level, seq, due_fen, arrived_fen, amount_fen, document,
                                   carried_on, carried_by)
        SELECT $1, $2, n.level, 1 + (SELECT count(*) FROM subsidy_carry c WHERE c.pool_code = $1
                 AND c.coverage_year = $2 AND c.level = n.level), n.due, n.arrived, n.fen, $3, $4, $5
        FROM unnest($6::text[], $7::bigint[], $8::bigint[], $9::bigint[]) AS n (level, due, arrived, fen)""",
        pool,
        year,
        document,
        day,
        by,
        *_columns(rows, 4),
    )


# -- arrivals, movements, transfers


async def add_arrival(conn: AsyncConnection, row: Sequence[Any]) -> bool:
    """A receipt on the fiscal account; False if its bank reference is known already."""
    return (
        await execute_counted(
            conn,
            """
        INSERT INTO arrival (pool_code, id, kind, level, sponsorship_id, coverage_year, amount_fen, bank_reference,
                             value_date, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING""",
            *row,
        )
        == 1
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
        *_columns(rows, 8),
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
    sql = "SELECT * FROM transfer WHERE pool_code = $1 AND replenishment_id = $2 AND status <> 'returned'"
    return await fetchrow(conn, sql, pool, replenishment_id)


async def transfers(
    conn: AsyncConnection, pool: str, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Transfers, newest first, after the last (moment, id) shown."""
    return await fetch(
        conn,
        """
        SELECT * FROM transfer WHERE pool_code = $1 AND ($2::text IS NULL OR status = $2)
          AND ($3::timestamptz IS NULL OR (prepared_at, id) < ($3, $4::uuid))
        ORDER BY prepared_at DESC, id DESC LIMIT $5""",
        pool,
        status,
        *(after or (None, None)),
        limit,
    )


async def release_transfer(conn: AsyncConnection, pool: str, transfer_id: UUID, by: str, day: date) -> bool:
    """prepared ▸ released; False if somebody else was first."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE transfer SET status = 'released', released_by = $3, released_on = $4
        WHERE pool_code = $1 AND id = $2 AND status = 'prepared'""",
            pool,
            transfer_id,
            by,
            day,
        )
        == 1
    )


async def cancel_transfer(conn: AsyncConnection, pool: str, transfer_id: UUID, by: str, reason: str) -> bool:
    """prepared ▸ cancelled; False if it is not ``prepared`` any more."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE transfer SET status = 'cancelled', cancelled_by = $3, cancel_reason = $4
        WHERE pool_code = $1 AND id = $2 AND status = 'prepared'""",
            pool,
            transfer_id,
            by,
            reason,
        )
        == 1
    )


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
        """
        SELECT (coalesce((SELECT sum(signed_fen) FROM movement WHERE pool_code = $1 AND account = $2
                          AND kind = 'interest'), 0)
              - coalesce((SELECT sum(amount_fen) FROM transfer WHERE pool_code = $1 AND kind = 'sweep'
                          AND status NOT IN ('cancelled', 'returned')), 0))::bigint""",
        pool,
        account,
    )
    return fen


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]
