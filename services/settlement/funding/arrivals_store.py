"""SQL of money in: premiums, remittances, sponsors and subsidies as the events told them, and temporary receipts."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.dues import dues
from shared.db.sql import columns, execute, fetch, fetchrow


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


async def add_temporary(conn: AsyncConnection, pool: str, book: str, year: int, income_account: str, fen: int) -> None:
    """Adds to a book's temporary receipts of a coverage year that has not begun."""
    await execute(
        conn,
        """
        INSERT INTO temporary_receipt AS t (pool_code, book, coverage_year, income_account, amount_fen)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (pool_code, book, coverage_year, income_account)
        DO UPDATE SET amount_fen = t.amount_fen + excluded.amount_fen""",
        pool,
        book,
        year,
        income_account,
        fen,
    )


async def lower_temporary(conn: AsyncConnection, pool: str, book: str, year: int, income_account: str, fen: int) -> int:
    """Part of a temporary receipt never came, or is given back. How many fen of it had become income already."""
    row = await fetchrow(
        conn,
        """
        WITH known AS (
          SELECT recognised_fen FROM temporary_receipt
          WHERE pool_code = $1 AND book = $2 AND coverage_year = $3 AND income_account = $4 FOR UPDATE
        )
        UPDATE temporary_receipt t SET amount_fen = t.amount_fen - $5,
          recognised_fen = least(t.recognised_fen, t.amount_fen - $5) FROM known
        WHERE t.pool_code = $1 AND t.book = $2 AND t.coverage_year = $3 AND t.income_account = $4
        RETURNING known.recognised_fen - t.recognised_fen AS recognised_fen""",
        pool,
        book,
        year,
        income_account,
        fen,
    )
    return row["recognised_fen"] if row else 0


async def recognise_temporary(conn: AsyncConnection, pool: str, through_year: int) -> list[Any]:
    """Marks temporary receipts of the years up to ``through_year`` as income; what was newly recognised."""
    return await fetch(
        conn,
        """
        WITH due AS (
          SELECT book, coverage_year, income_account, amount_fen - recognised_fen AS fen, recognised_fen
          FROM temporary_receipt
          WHERE pool_code = $1 AND coverage_year <= $2 AND recognised_fen < amount_fen
          ORDER BY book, coverage_year, income_account FOR UPDATE
        )
        UPDATE temporary_receipt t SET recognised_fen = t.amount_fen FROM due
        WHERE t.pool_code = $1 AND t.book = due.book AND t.coverage_year = due.coverage_year
          AND t.income_account = due.income_account
        RETURNING t.book, t.coverage_year, t.income_account, due.fen, due.recognised_fen AS before""",
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


async def add_subsidy_due(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """What a level owes for a year, or a newer word about it."""
    await execute(
        conn,
        """
        INSERT INTO subsidy_due (pool_code, id, sequence, coverage_year, level, head_count, standard_fen, amount_fen,
                                 business_day, audited)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        *row,
    )


async def subsidy_dues(conn: AsyncConnection, pool: str, year: int) -> list[Any]:
    """Every word about what is due for one coverage year, in the order in which it was told."""
    return await fetch(
        conn,
        """
        SELECT id, sequence, level, head_count, standard_fen, amount_fen, audited, business_day FROM subsidy_due
        WHERE pool_code = $1 AND coverage_year = $2 ORDER BY level, id, sequence""",
        pool,
        year,
    )


async def subsidy_year(conn: AsyncConnection, pool: str, year: int) -> list[Any]:
    """Of each level in one coverage year: due, carried in from the year before and on to the next, arrived; and whether
    the auditors have confirmed every head that it is due for."""
    return await fetch(
        conn,
        f"""
        SELECT level, sum(due_fen)::bigint AS due_fen, sum(head_count)::bigint AS head_count,
               sum(arrived_fen)::bigint AS arrived_fen, sum(carried_in_fen)::bigint AS carried_in_fen,
               sum(carried_on_fen)::bigint AS carried_on_fen, coalesce(bool_and(audited), false) AS audited
        FROM (SELECT level, amount_fen AS due_fen, head_count, 0 AS arrived_fen, 0 AS carried_in_fen,
                     0 AS carried_on_fen, audited FROM {dues()} d WHERE coverage_year = $2
              UNION ALL SELECT level, 0, 0, amount_fen, 0, 0, NULL FROM arrival
              WHERE pool_code = $1 AND coverage_year = $2 AND kind = 'subsidy' AND status = 'booked'
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
        *columns(rows, 4),
    )
