"""SQL of payees, in versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch


async def payees(conn: AsyncConnection, pool: str, institutions: Sequence[str], *, confirmed: bool = True) -> list[Any]:
    """Payees of the institutions in their current version: the last one that a second person has confirmed, or the
    last one registered."""
    return await fetch(
        conn,
        """
        SELECT DISTINCT ON (institution_code) institution_code, version, payee_name, bank_name, number_sealed,
               number_index, registered_by, confirmed_by
        FROM payee WHERE pool_code = $1 AND institution_code = ANY ($2::text[])
          AND (NOT $3 OR confirmed_by IS NOT NULL)
        ORDER BY institution_code, version DESC""",
        pool,
        list(institutions),
        confirmed,
    )


async def confirm_payee(
    conn: AsyncConnection, pool: str, institution: str, version: int, by: str, now: datetime
) -> None:
    """A second person confirms a version."""
    await execute(
        conn,
        """
        UPDATE payee SET confirmed_by = $4, confirmed_at = $5
        WHERE pool_code = $1 AND institution_code = $2 AND version = $3""",
        pool,
        institution,
        version,
        by,
        now,
    )


async def add_payee(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A new version of a payee."""
    await execute(
        conn,
        """
        INSERT INTO payee (pool_code, institution_code, version, payee_name, bank_name, number_sealed, number_index,
                           registered_by, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        *row,
    )
