"""The SQL of voluntary layers: what a year costs, who paid for it, since when each has joined."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow

_STANDARD = "SELECT * FROM layer_standard WHERE pool_code = $1 AND layer = $2 AND year = $3"
_ADD_STANDARD = """
INSERT INTO layer_standard (pool_code, layer, year, premium_fen, subsidy_fen, document_number, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
_PAYMENTS = """
SELECT p.member_id, p.receipt_number, p.paid_on, p.joined_from, p.left_from FROM layer_payment p
WHERE p.pool_code = $1 AND p.layer = $2 AND p.year = $3 AND p.member_id = ANY ($4::uuid[])
"""
_RECEIPTS = """
SELECT DISTINCT p.receipt_number, m.household_id FROM layer_payment p
JOIN member m ON m.pool_code = p.pool_code AND m.member_id = p.member_id
WHERE p.pool_code = $1 AND p.layer = $2 AND p.receipt_number = ANY ($3::text[])
"""
_ADD_PAYMENTS = """
INSERT INTO layer_payment (pool_code, layer, year, amount_fen, recorded_by, recorded_at, member_id, township_code,
                           receipt_number, paid_on, joined_from)
SELECT $1, $2, $3, $4, $5, $6, q.* FROM unnest($7::uuid[], $8::text[], $9::text[], $10::date[], $11::date[]) AS q
"""
_LEAVE = """
UPDATE layer_payment SET left_from = $5, reason = $6
WHERE pool_code = $1 AND layer = $2 AND year = $3 AND member_id = $4 AND left_from IS NULL AND joined_from < $5
"""
_STARTS = """
SELECT member_id, valid_from, recorded_seq, state FROM member_layer
WHERE pool_code = $1 AND layer = $2 AND member_id = ANY ($3::uuid[]) ORDER BY member_id, valid_from, recorded_seq
"""
_ADD_STARTS = """
INSERT INTO member_layer (pool_code, layer, recorded_by, recorded_at, member_id, valid_from, recorded_seq, state)
SELECT $1, $2, $3, $4, q.* FROM unnest($5::uuid[], $6::date[], $7::integer[], $8::text[]) AS q
"""
_HEADS = """
SELECT township_code, count(*)::integer AS heads, sum(amount_fen)::bigint AS premium_fen,
       count(*) FILTER (WHERE left_from IS NOT NULL)::integer AS left_early
FROM layer_payment WHERE pool_code = $1 AND layer = $2 AND year = $3 GROUP BY township_code ORDER BY township_code
"""
_OF_HOUSEHOLD = """
SELECT m.member_id, m.member_number, p.receipt_number, p.paid_on, p.joined_from, p.left_from FROM member m
LEFT JOIN layer_payment p ON p.pool_code = m.pool_code AND p.member_id = m.member_id AND p.layer = $3 AND p.year = $4
WHERE m.pool_code = $1 AND m.household_id = $2 AND (m.status <> 'ended' OR p.member_id IS NOT NULL)
ORDER BY m.member_number
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

Payment = tuple[UUID, str, str, date, date]
"""(member, township, receipt number, day of payment, first joined day)."""
LayerStartRow = tuple[UUID, date, int, str]


async def standard(conn: AsyncConnection, pool_code: str, layer: str, year: int) -> Any:
    """What a year of the layer costs, or None."""
    return await fetchrow(conn, _STANDARD, pool_code, layer, year)


async def insert_standard(conn: AsyncConnection, pool_code: str, *values: Any) -> bool:
    """(layer, year, premium, subsidy, document, by, now); False where the year has one already."""
    return await execute_counted(conn, _ADD_STANDARD, pool_code, *values) == 1


async def lock_layer(conn: AsyncConnection, pool_code: str, layer: str) -> None:
    """One list of a layer after the other, so that a receipt counts for one household."""
    await execute(conn, _LOCK, f"heyi.layer:{pool_code}\x1f{layer}")


async def payments(
    conn: AsyncConnection, pool_code: str, layer: str, year: int, members: Sequence[UUID]
) -> dict[UUID, Any]:
    """What is recorded of members for a year, by member."""
    rows = await fetch(conn, _PAYMENTS, pool_code, layer, year, list(members))
    return {row["member_id"]: row for row in rows}


async def receipt_households(
    conn: AsyncConnection, pool_code: str, layer: str, numbers: Sequence[str]
) -> dict[str, UUID]:
    """The household of each receipt that was used."""
    rows = await fetch(conn, _RECEIPTS, pool_code, layer, list(numbers))
    return {row["receipt_number"]: row["household_id"] for row in rows}


async def insert_payments(
    conn: AsyncConnection,
    pool_code: str,
    layer: str,
    year: int,
    amount_fen: int,
    by: str,
    now: datetime,
    rows: Sequence[Payment],
) -> None:
    """Records payments in one statement."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(conn, _ADD_PAYMENTS, pool_code, layer, year, amount_fen, by, now, *columns)


async def leave(
    conn: AsyncConnection, pool_code: str, layer: str, year: int, member_id: UUID, on: date, reason: str
) -> bool:
    """Ends a member's year; False where there is none that runs."""
    return await execute_counted(conn, _LEAVE, pool_code, layer, year, member_id, on, reason) == 1


async def starts(conn: AsyncConnection, pool_code: str, layer: str, members: Sequence[UUID]) -> list[Any]:
    """Every start of members' timelines of the layer."""
    return await fetch(conn, _STARTS, pool_code, layer, list(members))


async def insert_starts(
    conn: AsyncConnection, pool_code: str, layer: str, by: str, now: datetime, rows: Sequence[LayerStartRow]
) -> None:
    """Records starts in one statement."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(conn, _ADD_STARTS, pool_code, layer, by, now, *columns)


async def heads(conn: AsyncConnection, pool_code: str, layer: str, year: int) -> list[Any]:
    """Persons who paid for a year and their money, by township."""
    return await fetch(conn, _HEADS, pool_code, layer, year)


async def of_household(conn: AsyncConnection, pool_code: str, household_id: UUID, layer: str, year: int) -> list[Any]:
    """The members of a household, each with his payment for a layer's year if there is one."""
    return await fetch(conn, _OF_HOUSEHOLD, pool_code, household_id, layer, year)
