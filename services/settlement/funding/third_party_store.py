"""SQL of what claims told that third parties are liable for, and of what they were asked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch


async def add(conn: AsyncConnection, pool: str, rows: Sequence[Sequence[Any]]) -> None:
    """(claim, layer, institution, expense account, year of care, fen) a row."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        INSERT INTO third_party_liability (pool_code, claim_id, layer, institution_code, expense_account, care_year,
                                           amount_fen)
        SELECT $1, t.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[])
          AS t (claim_id, layer, institution_code, expense_account, care_year, amount_fen)""",
        pool,
        *columns,
    )


async def asked(conn: AsyncConnection, pool: str, claims: Sequence[UUID], layers: Sequence[str]) -> list[Any]:
    """What third parties were asked of claims' layers, one each a pair, and still owe; kept from others."""
    return await fetch(
        conn,
        """
        SELECT r.id, r.bearer, r.institution_code, r.expense_account, r.care_year, r.reference, r.amount_fen,
               r.settled_fen, r.waived_fen
        FROM unnest($2::uuid[], $3::text[]) AS q (claim_id, layer)
        JOIN receivable r ON r.pool_code = $1 AND r.origin = 'accident' AND r.claim_id = q.claim_id
          AND r.layer = q.layer
        WHERE r.made_good_on IS NULL ORDER BY r.id FOR UPDATE OF r""",
        pool,
        list(claims),
        list(layers),
    )
