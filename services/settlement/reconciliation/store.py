"""SQL of reconciliation: statements, their lines, what each line shows, and what stays open."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import INTEREST, INTEREST_CORRECTED, stands
from shared.db.sql import execute, fetch, fetchrow


async def last_statement(conn: AsyncConnection, pool: str, account: str) -> Any:
    """The account's newest statement, or None."""
    return await fetchrow(
        conn,
        """
        SELECT day, closing_fen FROM statement WHERE pool_code = $1 AND account = $2 ORDER BY day DESC LIMIT 1""",
        pool,
        account,
    )


async def add_statement(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A statement as the bank gave it."""
    await execute(
        conn,
        """
        INSERT INTO statement (pool_code, id, account, day, opening_fen, closing_fen, line_count, sha256, imported_by,
                               imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        *row,
    )


async def add_lines(
    conn: AsyncConnection, pool: str, statement_id: UUID, account: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Its lines, all open: (id, line, signed fen, reference, value date, counterparty and text sealed or None)
    a row."""
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        WITH added AS (
          INSERT INTO statement_line (pool_code, statement_id, account, id, line, signed_fen, reference, value_date,
                                      counterparty_sealed, narrative_sealed)
          SELECT $1, $2, $3, l.* FROM unnest($4::uuid[], $5::integer[], $6::bigint[], $7::text[], $8::date[],
                                             $9::bytea[], $10::bytea[])
            AS l (id, line, signed_fen, reference, value_date, counterparty_sealed, narrative_sealed)
        )
        INSERT INTO open_line (pool_code, line_id, account) SELECT $1, unnest($4::uuid[]), $3""",
        pool,
        statement_id,
        account,
        *columns,
    )


async def open_lines(conn: AsyncConnection, pool: str, account: str) -> list[Any]:
    """Lines of an account that show nothing known yet, in the order of the statements, each under the reference by
    which it is read."""
    return await fetch(
        conn,
        """
        SELECT l.id, l.account, l.signed_fen, coalesce(g.reference, l.reference) AS reference, l.value_date, s.sha256
        FROM open_line o JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
        LEFT JOIN line_reading g ON g.pool_code = o.pool_code AND g.line_id = o.line_id
        JOIN statement s ON s.pool_code = l.pool_code AND s.id = l.statement_id
        WHERE o.pool_code = $1 AND o.account = $2 ORDER BY s.day, l.line""",
        pool,
        account,
    )


async def open_lines_page(
    conn: AsyncConnection, pool: str, account: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Lines that show nothing known yet, oldest first, after the last (value date, id) shown."""
    return await fetch(
        conn,
        """
        SELECT l.id, l.account, l.signed_fen, l.reference, l.value_date, l.counterparty_sealed, l.narrative_sealed
        FROM open_line o JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
        WHERE o.pool_code = $1 AND ($2::text IS NULL OR o.account = $2)
          AND ($3::date IS NULL OR (l.value_date, l.id) > ($3, $4::uuid))
        ORDER BY l.value_date, l.id LIMIT $5""",
        pool,
        account,
        *(after or (None, None)),
        limit,
    )


async def open_line(conn: AsyncConnection, pool: str, line_id: UUID) -> Any:
    """One open line, or None."""
    return await fetchrow(
        conn,
        """
        SELECT l.id, l.account, l.line, l.signed_fen, l.reference, l.value_date, s.imported_by, s.sha256
        FROM open_line o JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
        JOIN statement s ON s.pool_code = l.pool_code AND s.id = l.statement_id
        WHERE o.pool_code = $1 AND o.line_id = $2""",
        pool,
        line_id,
    )


async def add_reading(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """Under which reference a second person reads an open line, and why."""
    await execute(
        conn,
        """
        INSERT INTO line_reading (pool_code, line_id, reference, reason, read_by, read_at)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        *row,
    )


async def interest_of(conn: AsyncConnection, pool: str, account: str, fen: int) -> Any:
    """The last interest of an amount on an account that the bank has not taken back, as its movement; or None."""
    sql = f"""
        SELECT m.id, m.source_id FROM movement m
        WHERE m.pool_code = $1 AND m.account = $2 AND m.kind = '{INTEREST}' AND m.signed_fen = $3 AND NOT EXISTS (
          SELECT FROM movement b WHERE b.pool_code = m.pool_code AND b.account = m.account
            AND b.kind = '{INTEREST_CORRECTED}' AND b.source_id = m.id)
        ORDER BY m.value_date DESC, m.id DESC LIMIT 1"""
    return await fetchrow(conn, sql, pool, account, fen)


async def order_waits(conn: AsyncConnection, pool: str, account: str, reference: str, signed_fen: int) -> bool:
    """Whether a payment by order, not booked now, once stood under a reference with an amount."""
    sql = """
        SELECT FROM order_wait w JOIN money_order o ON o.pool_code = w.pool_code AND o.id = w.order_id
        WHERE w.pool_code = $1 AND o.account = $2 AND w.reference = $3 AND o.direction * o.amount_fen = $4
          AND o.status <> 'booked' LIMIT 1"""
    return await fetchrow(conn, sql, pool, account, reference, signed_fen) is not None


async def repayments_not_needed(conn: AsyncConnection, pool: str, account: str) -> list[UUID]:
    """Batches not yet released that would pay again what an open line of the account shows as executed."""
    rows = await fetch(
        conn,
        """
        SELECT DISTINCT r.batch_id FROM open_line o
        JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
        LEFT JOIN line_reading g ON g.pool_code = o.pool_code AND g.line_id = o.line_id
        JOIN instruction i ON i.pool_code = l.pool_code
          AND coalesce(i.shown_as, i.end_to_end_id) = coalesce(g.reference, l.reference)
          AND i.amount_fen = -l.signed_fen AND i.status IN ('not_executed', 'returned')
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id AND b.account = o.account
        JOIN instruction r ON r.pool_code = i.pool_code AND r.replaces = i.id AND r.status = 'prepared'
        WHERE o.pool_code = $1 AND o.account = $2 ORDER BY r.batch_id""",
        pool,
        account,
    )
    return [row["batch_id"] for row in rows]


async def add_matches(conn: AsyncConnection, pool: str, by: str, now: Any, rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Lines and the movements they show; the lines are open no more."""
    await execute(
        conn,
        """
        WITH matched AS (
          INSERT INTO line_match (pool_code, line_id, movement_id, matched_by, matched_at)
          SELECT $1, m.*, $2, $3 FROM unnest($4::uuid[], $5::uuid[]) AS m (line_id, movement_id)
        )
        DELETE FROM open_line WHERE pool_code = $1 AND line_id = ANY ($4::uuid[])""",
        pool,
        by,
        now,
        [row[0] for row in rows],
        [row[1] for row in rows],
    )


async def unseen_movements(
    conn: AsyncConnection, pool: str, account: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Movements booked that no statement shows yet, oldest first, after the last (value date, id) shown."""
    return await fetch(
        conn,
        f"""
        SELECT m.id, m.account, m.signed_fen, m.reference, m.kind, m.value_date FROM movement m
        WHERE m.pool_code = $1 AND ($2::text IS NULL OR m.account = $2) AND NOT EXISTS (
          SELECT FROM line_match x WHERE x.pool_code = m.pool_code AND x.movement_id = m.id) AND {stands()}
          AND ($3::date IS NULL OR (m.value_date, m.id) > ($3, $4::uuid))
        ORDER BY m.value_date, m.id LIMIT $5""",
        pool,
        account,
        *(after or (None, None)),
        limit,
    )
