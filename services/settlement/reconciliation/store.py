"""SQL of reconciliation: statements, their lines, what each line shows, and what stays open."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.movements import stands
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


async def candidates(conn: AsyncConnection, pool: str, account: str, references: Sequence[str]) -> list[Any]:
    """What lines of an account with these references may show: movements booked and not yet seen, payments at the
    bank, payments that may come back, transfers and remittances on their way, receivables awaited."""
    return await fetch(conn, _CANDIDATES, pool, account, list(references))


_CANDIDATES = f"""
SELECT 'booked' AS kind, m.id AS source_id, m.signed_fen, m.reference FROM movement m
WHERE m.pool_code = $1 AND m.account = $2 AND m.reference = ANY ($3::text[])
  AND NOT EXISTS (SELECT FROM line_match x WHERE x.pool_code = m.pool_code AND x.movement_id = m.id) AND {stands()}
UNION ALL
SELECT CASE WHEN i.status = 'confirmed' THEN 'payment_return'
            WHEN i.status = 'not_executed' AND EXISTS (
              SELECT FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id
                AND r.status <> 'cancelled') THEN 'second_payment'
            WHEN i.status = 'not_executed' THEN 'late_payment'
            ELSE 'payment' END, i.id,
       CASE i.status WHEN 'confirmed' THEN i.amount_fen ELSE -i.amount_fen END, i.end_to_end_id
FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id AND b.account = $2
WHERE i.pool_code = $1 AND i.end_to_end_id = ANY ($3::text[])
  AND i.status IN ('released', 'sent', 'unknown', 'confirmed', 'not_executed')
UNION ALL
SELECT 'second_order', d.id, -o.amount_fen, d.reference FROM order_declaration d
JOIN money_order o ON o.pool_code = d.pool_code AND o.id = d.order_id AND o.account = $2
WHERE d.pool_code = $1 AND d.reference = ANY ($3::text[]) AND d.confirmed_on IS NOT NULL AND d.withdrawn_on IS NULL
  AND o.status = 'booked' AND o.reference <> d.reference
  AND NOT EXISTS (SELECT FROM movement m WHERE m.pool_code = d.pool_code AND m.account = $2
                    AND m.kind = 'second_order:seen' AND m.source_id = d.id)
UNION ALL
SELECT t.kind, t.id, t.amount_fen, t.reference FROM transfer t
WHERE t.pool_code = $1 AND t.reference = ANY ($3::text[]) AND t.status = 'released' AND t.kind <> 'float_issue'
  AND $2 = CASE WHEN t.kind IN ('income_to_fiscal', 'sweep', 'advance_return') THEN '1002' ELSE '1001.02' END
UNION ALL
SELECT t.kind || '_returned', t.id, t.amount_fen, t.reference FROM transfer t
WHERE t.pool_code = $1 AND t.reference = ANY ($3::text[]) AND t.status = 'released' AND t.kind <> 'float_return'
  AND $2 = CASE t.kind WHEN 'income_to_fiscal' THEN '1003' WHEN 'advance' THEN '1002' WHEN 'replenishment' THEN '1002'
           ELSE '1001.02' END
UNION ALL
SELECT 'remittance', r.id, r.amount_fen, r.reference FROM remittance r
WHERE r.pool_code = $1 AND $2 = '1003' AND r.reference = ANY ($3::text[]) AND r.arrived_on IS NULL
UNION ALL
SELECT CASE d.account WHEN '1002' THEN 'recovery' ELSE 'receivable' END, d.id, d.open_fen, d.reference FROM (
  SELECT r.id, coalesce(w.account, r.book || '-1001') AS account, f.reference,
         r.amount_fen - r.settled_fen - r.waived_fen - coalesce((
           SELECT sum(s.amount_fen) FROM set_off s WHERE s.pool_code = r.pool_code AND s.receivable_id = r.id
             AND NOT s.given_up AND s.done_on IS NULL), 0)::bigint AS open_fen
  FROM receivable r
  LEFT JOIN instruction i ON i.pool_code = r.pool_code AND i.id = r.instruction_id
  CROSS JOIN LATERAL (VALUES (r.reference), (i.end_to_end_id)) AS f (reference)
  LEFT JOIN (VALUES ('recheck', '1001.02'), ('second_payment', '1001.02'), ('recovery', '1001.02'),
                    ('recovery', '1002'), ('family_account', '1002'), ('accident', '1002'),
                    ('cancellation', '1001.02'), ('cancellation', '1002'), ('order_paid_twice', '1002'))
    AS w (origin, account)
    ON r.book = 'basic' AND w.origin = r.origin
  WHERE r.pool_code = $1 AND r.made_good_on IS NULL AND f.reference = ANY ($3::text[])) d
WHERE d.account = $2 AND d.open_fen > 0
"""


async def repayments_not_needed(conn: AsyncConnection, pool: str, account: str) -> list[UUID]:
    """Batches not yet released that would pay again what an open line of the account shows as executed."""
    rows = await fetch(
        conn,
        """
        SELECT DISTINCT r.batch_id FROM open_line o
        JOIN statement_line l ON l.pool_code = o.pool_code AND l.id = o.line_id
        LEFT JOIN line_reading g ON g.pool_code = o.pool_code AND g.line_id = o.line_id
        JOIN instruction i ON i.pool_code = l.pool_code AND i.end_to_end_id = coalesce(g.reference, l.reference)
          AND i.amount_fen = -l.signed_fen AND i.status = 'not_executed'
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
