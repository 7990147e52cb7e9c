"""SQL of what claims told: their projection, what is owed, cut-offs and payables."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow


async def claim_state(conn: AsyncConnection, pool: str, claim_id: UUID) -> Any:
    """A claim as last told, or None."""
    return await fetchrow(
        conn,
        """
        SELECT version, state, fund_fen, approved_fen, cut_fen FROM claim_state
        WHERE pool_code = $1 AND claim_id = $2 FOR UPDATE""",
        pool,
        claim_id,
    )


async def write_claim(
    conn: AsyncConnection,
    row: Sequence[Any],
    changes: Sequence[tuple[str, int, int, int, int]],
    day: date,
    flows: Mapping[tuple[str, str], int],
) -> None:
    """A claim's newest state with all that follows from it, in one statement: the totals by state, each change being
    (state, claims, fund fen, approved fen, cut fen), and what the day changed in what is owed."""
    columns = [list(column) for column in zip(*sorted(changes), strict=True)]
    await execute(conn, _WRITE_CLAIM, *row, *columns, day, *_flow_columns(flows))


_WRITE_CLAIM = """
WITH put AS (
  INSERT INTO claim_state AS c (pool_code, claim_id, version, state, institution_code, township_code, care_kind,
                                fund_fen, approved_fen, cut_fen, settled_on, benefit_year, opened_on, decided_on,
                                decided_fen, ended_on)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $18, CASE WHEN $4 <> 'settled' THEN $18::date END,
          CASE WHEN $4 IN ('approved', 'released', 'reversed') THEN $9::bigint END,
          CASE WHEN $4 IN ('rejected', 'returned', 'cancelled') THEN $18::date END)
  ON CONFLICT (pool_code, claim_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    fund_fen = excluded.fund_fen, approved_fen = excluded.approved_fen, cut_fen = excluded.cut_fen,
    decided_on = CASE WHEN excluded.decided_on IS NOT NULL THEN coalesce(c.decided_on, excluded.decided_on) END,
    decided_fen = coalesce(excluded.decided_fen, c.decided_fen), ended_on = excluded.ended_on
  WHERE c.version < excluded.version
), totals AS (
  INSERT INTO claim_total AS t (pool_code, state, claims, fund_fen, approved_fen, cut_fen)
  SELECT $1, c.* FROM unnest($13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
    AS c (state, claims, fund_fen, approved_fen, cut_fen)
  ON CONFLICT (pool_code, state) DO UPDATE SET claims = t.claims + excluded.claims,
    fund_fen = t.fund_fen + excluded.fund_fen, approved_fen = t.approved_fen + excluded.approved_fen,
    cut_fen = t.cut_fen + excluded.cut_fen
)
INSERT INTO obligation_day AS o (pool_code, business_day, debit, credit, amount_fen)
SELECT $1, $18::date, f.* FROM unnest($19::text[], $20::text[], $21::bigint[]) AS f (debit, credit, amount_fen)
ON CONFLICT (pool_code, business_day, debit, credit) DO UPDATE SET amount_fen = o.amount_fen + excluded.amount_fen
"""


def _flow_columns(flows: Mapping[tuple[str, str], int]) -> tuple[list[str], list[str], list[int]]:
    keys = sorted(flows)
    return [key[0] for key in keys], [key[1] for key in keys], [flows[key] for key in keys]


async def add_obligations(conn: AsyncConnection, pool: str, day: date, flows: Mapping[tuple[str, str], int]) -> None:
    """Adds to what the obligations book will be told when the day is closed."""
    await execute(
        conn,
        """
        INSERT INTO obligation_day AS o (pool_code, business_day, debit, credit, amount_fen)
        SELECT $1, $2, f.* FROM unnest($3::text[], $4::text[], $5::bigint[]) AS f (debit, credit, amount_fen)
        ON CONFLICT (pool_code, business_day, debit, credit)
        DO UPDATE SET amount_fen = o.amount_fen + excluded.amount_fen""",
        pool,
        day,
        *_flow_columns(flows),
    )


async def obligations(conn: AsyncConnection, pool: str, day: date) -> list[Any]:
    """What the obligations book has to be told of a day."""
    return await fetch(
        conn,
        """
        SELECT debit, credit, amount_fen FROM obligation_day WHERE pool_code = $1 AND business_day = $2
        ORDER BY debit, credit""",
        pool,
        day,
    )


async def add_cutoff(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """One released claim more of a cut-off: (pool, id, institution, expected count, expected fen, fen of the claim)."""
    await execute(
        conn,
        """
        INSERT INTO cutoff AS c (pool_code, id, institution_code, expected_count, expected_fen, received_count,
                                 received_fen)
        VALUES ($1, $2, $3, $4, $5, 1, $6)
        ON CONFLICT (pool_code, id) DO UPDATE SET received_count = c.received_count + 1,
          received_fen = c.received_fen + excluded.received_fen""",
        *row,
    )


async def add_payables(conn: AsyncConnection, pool: str, released_on: date, rows: Sequence[Sequence[Any]]) -> None:
    """Payables of claims released on a day in Shanghai, one a layer; a second one of the same claim and layer is an
    error."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        INSERT INTO payable (pool_code, claim_id, layer, version, cutoff_id, institution_code, care_kind, township_code,
                             payer, book, account, expense_account, amount_fen, released_on, status)
        SELECT $1, p.*, $14, 'open'
        FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
                    $10::text[], $11::text[], $12::text[], $13::bigint[])
          AS p (claim_id, layer, version, cutoff_id, institution_code, care_kind, township_code, payer, book, account,
                expense_account, amount_fen)""",
        pool,
        *columns,
        released_on,
    )


async def add_increase(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """Which claim an increase belongs to: (pool, payment, claim, layer, document)."""
    await execute(
        conn,
        "INSERT INTO increase_payment (pool_code, payment_id, claim_id, layer, document_number)"
        " VALUES ($1, $2, $3, $4, $5)",
        *row,
    )


async def add_made_cutoff(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A cut-off that is complete from the beginning: (pool, id, kind, payee, payables, fen)."""
    await execute(
        conn,
        """
        INSERT INTO cutoff (pool_code, id, kind, institution_code, expected_count, expected_fen, received_count,
                            received_fen)
        VALUES ($1, $2, $3, $4, $5, $6, $5, $6)""",
        *row,
    )
