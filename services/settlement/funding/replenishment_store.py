"""SQL of replenishments: paid lines, applications, refusals, receivables."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import change_row, columns, execute, execute_counted, fetch, fetch_newest, fetchrow, fetchval


async def add_paid_lines(conn: AsyncConnection, pool: str, day: date, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """What the expenditure account paid or got back: (instruction, claim, layer, sign, fen, benefit account) a row.
    Their vouchers were just posted, in the same transaction.

    Returns what third parties are liable for of the claims' layers paid here for the first time.
    """
    return await fetch(
        conn,
        """
        WITH paid AS (
          INSERT INTO paid_line (pool_code, business_day, booked_on, instruction_id, claim_id, layer, sign, amount_fen,
                                 benefit_account)
          SELECT $1, $2, (SELECT greatest($2, max(h.open_day)) FROM book_head h
                          WHERE h.pool_code = $1 AND h.book = 'basic'), p.*
          FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::smallint[], $7::bigint[], $8::text[])
            AS p (instruction_id, claim_id, layer, sign, amount_fen, benefit_account)
          RETURNING claim_id, layer, sign
        )
        SELECT t.* FROM paid p JOIN third_party_liability t
          ON t.pool_code = $1 AND t.claim_id = p.claim_id AND t.layer = p.layer
        WHERE p.sign = 1 AND NOT EXISTS (
          SELECT FROM receivable r WHERE r.pool_code = $1 AND r.origin = 'accident' AND r.claim_id = t.claim_id
            AND r.layer = t.layer)
        ORDER BY t.claim_id, t.layer""",
        pool,
        day,
        *columns(rows, 6),
    )


async def waiting(conn: AsyncConnection, pool: str, up_to: date) -> tuple[int, int]:
    """Number and sum in fen of the lines paid up to a day and not applied for."""
    row = await fetchrow(
        conn,
        """
        SELECT count(*) AS lines, coalesce(sum(sign * amount_fen), 0)::bigint AS fen FROM paid_line
        WHERE pool_code = $1 AND replenishment_id IS NULL AND business_day <= $2""",
        pool,
        up_to,
    )
    return row["lines"], row["fen"]


async def add_application(
    conn: AsyncConnection, pool: str, replenishment_id: UUID, number: str, lines: int, fen: int, by: str, now: datetime
) -> None:
    """An application in state ``applied``."""
    await execute(
        conn,
        """
        INSERT INTO replenishment (pool_code, id, status, applied_fen, line_count, applied_by, applied_at, number)
        VALUES ($1, $2, 'applied', $3, $4, $5, $6, $7)""",
        pool,
        replenishment_id,
        fen,
        lines,
        by,
        now,
        number,
    )


async def take_lines(conn: AsyncConnection, pool: str, replenishment_id: UUID, up_to: date) -> int:
    """Numbers the waiting lines into the application; how many."""
    return await execute_counted(
        conn,
        """
        WITH taken AS (
          UPDATE paid_line SET replenishment_id = $2
          WHERE pool_code = $1 AND replenishment_id IS NULL AND business_day <= $3
          RETURNING instruction_id, claim_id, layer, sign
        )
        INSERT INTO replenishment_line (pool_code, replenishment_id, line, instruction_id, claim_id, layer, sign)
        SELECT $1, $2, row_number() OVER (ORDER BY instruction_id, claim_id, layer, sign), instruction_id, claim_id,
               layer, sign FROM taken""",
        pool,
        replenishment_id,
        up_to,
    )


async def free_lines(conn: AsyncConnection, pool: str, replenishment_id: UUID) -> None:
    """The lines of an application that was sent back wait again."""
    await execute(
        conn,
        "UPDATE paid_line SET replenishment_id = NULL WHERE pool_code = $1 AND replenishment_id = $2",
        pool,
        replenishment_id,
    )


async def replenishment(conn: AsyncConnection, pool: str, replenishment_id: UUID) -> Any:
    """An application or None."""
    return await fetchrow(conn, "SELECT * FROM replenishment WHERE pool_code = $1 AND id = $2", pool, replenishment_id)


async def replenishments(
    conn: AsyncConnection, pool: str, number: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Applications, newest first, after the last (moment, id) shown; only the one with the number where one is
    given."""
    sql = "SELECT * FROM replenishment WHERE pool_code = $1 AND ($2::text IS NULL OR number = $2)"
    return await fetch_newest(conn, sql, ("applied_at", "id"), after, limit, pool, number)


async def lines(conn: AsyncConnection, pool: str, replenishment_id: UUID, after: int, limit: int) -> list[Any]:
    """Lines of an application in order, with what was refused."""
    return await fetch(
        conn,
        """
        SELECT l.line, l.instruction_id, l.claim_id, l.layer, l.sign * p.amount_fen AS signed_fen, p.benefit_account,
               r.bearer, r.reason, r.patient_owed_fen, r.penalty_fen, r.id AS receivable_id, r.reference, r.made_good_on
        FROM replenishment_line l JOIN paid_line p USING (pool_code, instruction_id, claim_id, layer, sign)
        LEFT JOIN receivable r ON r.pool_code = l.pool_code AND r.replenishment_id = l.replenishment_id
          AND r.line = l.line
        WHERE l.pool_code = $1 AND l.replenishment_id = $2 AND l.line > $3 ORDER BY l.line LIMIT $4""",
        pool,
        replenishment_id,
        after,
        limit,
    )


async def pays_institution(conn: AsyncConnection, pool: str, replenishment_id: UUID, institution: str) -> bool:
    """Whether any line of an application is money of this hospital."""
    found: bool = await fetchval(
        conn,
        """
        SELECT EXISTS (SELECT FROM replenishment_line l
          JOIN payable d ON d.pool_code = l.pool_code AND d.claim_id = l.claim_id AND d.layer = l.layer
          WHERE l.pool_code = $1 AND l.replenishment_id = $2 AND d.institution_code = $3)""",
        pool,
        replenishment_id,
        institution,
    )
    return found


async def lines_named(conn: AsyncConnection, pool: str, replenishment_id: UUID, numbers: Sequence[int]) -> list[Any]:
    """The named lines of an application that are payments whose money has not come back: only they can be refused."""
    return await fetch(
        conn,
        """
        SELECT l.line, l.claim_id, l.layer, p.amount_fen, p.benefit_account, d.institution_code,
               coalesce(s.institution_code, d.institution_code) AS care_institution,
               r.id IS NOT NULL AS third_party, coalesce(r.settled_fen, 0) AS third_party_paid_fen,
               EXISTS (SELECT FROM receivable x WHERE x.pool_code = l.pool_code AND x.origin = 'cancellation'
                 AND x.claim_id = l.claim_id AND x.layer = l.layer) AS reversed
        FROM replenishment_line l JOIN paid_line p USING (pool_code, instruction_id, claim_id, layer, sign)
        JOIN payable d ON d.pool_code = l.pool_code AND d.claim_id = l.claim_id AND d.layer = l.layer
        LEFT JOIN claim_state s ON s.pool_code = l.pool_code AND s.claim_id = l.claim_id
        LEFT JOIN receivable r ON r.pool_code = l.pool_code AND r.origin = 'accident' AND r.claim_id = l.claim_id
          AND r.layer = l.layer
        WHERE l.pool_code = $1 AND l.replenishment_id = $2 AND l.line = ANY ($3::integer[]) AND l.sign = 1
          AND NOT EXISTS (SELECT FROM paid_line b WHERE b.pool_code = l.pool_code AND b.sign = -1
            AND b.instruction_id = l.instruction_id AND b.claim_id = l.claim_id AND b.layer = l.layer)""",
        pool,
        replenishment_id,
        numbers,
    )


async def recheck(
    conn: AsyncConnection, pool: str, replenishment_id: UUID, refused: int, by: str, now: datetime
) -> bool:
    """applied ▸ rechecked; False if it is not ``applied`` any more."""
    changes = "status = 'rechecked', refused_fen = $3, rechecked_by = $4, rechecked_at = $5"
    return await change_row(
        conn, "replenishment", pool, replenishment_id, changes, refused, by, now, only="status = 'applied'"
    )


async def send_back(conn: AsyncConnection, pool: str, replenishment_id: UUID, by: str, reason: str) -> bool:
    """applied ▸ sent_back; False if it is not ``applied`` any more."""
    changes = "status = 'sent_back', sent_back_by = $3, sent_back_reason = $4"
    return await change_row(
        conn, "replenishment", pool, replenishment_id, changes, by, reason, only="status = 'applied'"
    )


async def approve(conn: AsyncConnection, pool: str, replenishment_id: UUID, by: str, now: datetime) -> bool:
    """rechecked ▸ approved; False if it is not ``rechecked`` any more."""
    changes = "status = 'approved', approved_by = $3, approved_at = $4"
    return await change_row(
        conn, "replenishment", pool, replenishment_id, changes, by, now, only="status = 'rechecked'"
    )


async def transferred(conn: AsyncConnection, pool: str, replenishment_id: UUID) -> None:
    """approved ▸ transferred, when its transfer is released."""
    await change_row(conn, "replenishment", pool, replenishment_id, "status = 'transferred'")


async def back_to_approved(conn: AsyncConnection, pool: str, replenishment_id: UUID) -> None:
    """transferred ▸ approved, when the bank sent its transfer back."""
    await change_row(conn, "replenishment", pool, replenishment_id, "status = 'approved'")


async def undecided(conn: AsyncConnection, pool: str) -> int:
    """Applied for, not refused and not yet transferred, in fen."""
    fen: int = await fetchval(
        conn,
        """
        SELECT coalesce(sum(applied_fen - refused_fen), 0)::bigint FROM replenishment
        WHERE pool_code = $1 AND status IN ('applied', 'rechecked', 'approved')""",
        pool,
    )
    return fen
