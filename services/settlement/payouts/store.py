"""SQL of batches: the cut-offs they take, their instructions, and their files."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import change_row, execute, fetch, fetch_newest, fetchrow


async def cutoffs(conn: AsyncConnection, pool: str, ids: Sequence[UUID], kind: str, layer: str) -> list[Any]:
    """The named cut-offs as far as they are known, with the batch that holds their layer."""
    return await fetch(
        conn,
        """
        SELECT c.*, b.batch_id FROM cutoff c LEFT JOIN batch_cutoff b
          ON b.pool_code = c.pool_code AND b.cutoff_id = c.id AND b.layer = $3 AND NOT b.cancelled
        WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[]) AND c.kind = $4 ORDER BY c.id""",
        pool,
        list(ids),
        layer,
        kind,
    )


async def cutoffs_listed(
    conn: AsyncConnection, pool: str, kind: str, layer: str, only_open: bool, after: UUID | None, limit: int
) -> list[Any]:
    """Cut-offs of a kind with the batch that holds their layer, downwards after the last id shown."""
    return await fetch(
        conn,
        """
        SELECT c.*, b.batch_id FROM cutoff c LEFT JOIN batch_cutoff b
          ON b.pool_code = c.pool_code AND b.cutoff_id = c.id AND b.layer = $5 AND NOT b.cancelled
        WHERE c.pool_code = $1 AND c.kind = $6 AND (NOT $2 OR b.batch_id IS NULL) AND ($3::uuid IS NULL OR c.id < $3)
        ORDER BY c.id DESC LIMIT $4""",
        pool,
        only_open,
        after,
        limit,
        layer,
        kind,
    )


async def open_totals(conn: AsyncConnection, pool: str, cutoff_ids: Sequence[UUID], layers: Sequence[str]) -> list[Any]:
    """Open payables of the cut-offs in any of the layers by institution, book and account; claims are counted once."""
    return await fetch(
        conn,
        """
        SELECT institution_code, book, account, count(DISTINCT claim_id)::integer AS claims,
               sum(amount_fen)::bigint AS fen
        FROM payable WHERE pool_code = $1 AND cutoff_id = ANY ($2::uuid[]) AND layer = ANY ($3::text[])
          AND status = 'open'
        GROUP BY institution_code, book, account ORDER BY institution_code""",
        pool,
        list(cutoff_ids),
        list(layers),
    )


async def add_batch(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A batch in state ``prepared``."""
    await execute(
        conn,
        """
        INSERT INTO batch (pool_code, id, layer, account, status, instruction_count, amount_fen, prepared_by,
                           prepared_at, business_day, number)
        VALUES ($1, $2, $3, $4, 'prepared', $5, $6, $7, $8, $9, $10)""",
        *row,
    )


async def take_cutoffs(conn: AsyncConnection, pool: str, batch_id: UUID, layer: str, ids: Sequence[UUID]) -> list[UUID]:
    """Puts cut-offs into the batch; those that were taken. A cut-off's layer is in one batch only."""
    rows = await fetch(
        conn,
        """
        INSERT INTO batch_cutoff (pool_code, cutoff_id, layer, batch_id)
        SELECT $1, c, $3, $2 FROM unnest($4::uuid[]) AS c ORDER BY c ON CONFLICT DO NOTHING RETURNING cutoff_id""",
        pool,
        batch_id,
        layer,
        list(ids),
    )
    return [row["cutoff_id"] for row in rows]


async def add_instructions(conn: AsyncConnection, pool: str, batch_id: UUID, rows: Sequence[Sequence[Any]]) -> None:
    """Instructions: (id, institution, payee version, EndToEndId, fen, claims, replaced instruction, fen set off, fen
    withheld) a row."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        INSERT INTO instruction (pool_code, batch_id, id, institution_code, payee_version, end_to_end_id, amount_fen,
                                 claim_count, replaces, set_off_fen, withheld_fen, status)
        SELECT $1, $2, i.*, 'prepared' FROM unnest($3::uuid[], $4::text[], $5::integer[], $6::text[], $7::bigint[],
                                                   $8::integer[], $9::uuid[], $10::bigint[], $11::bigint[])
          AS i (id, institution_code, payee_version, end_to_end_id, amount_fen, claim_count, replaces, set_off_fen,
                withheld_fen)""",
        pool,
        batch_id,
        *columns,
    )


async def take_payables(
    conn: AsyncConnection, pool: str, batch_id: UUID, cutoff_ids: Sequence[UUID], layers: Sequence[str]
) -> Any:
    """open ▸ batched for all payables of the cut-offs in any of the layers, each with its hospital's instruction; how
    many claims, and the sum."""
    return await fetchrow(
        conn,
        """
        WITH taken AS (
          UPDATE payable p SET status = 'batched', instruction_id = i.id FROM instruction i
          WHERE p.pool_code = $1 AND p.cutoff_id = ANY ($3::uuid[]) AND p.layer = ANY ($4::text[]) AND p.status = 'open'
            AND i.pool_code = $1 AND i.batch_id = $2 AND i.institution_code = p.institution_code
          RETURNING p.instruction_id, p.claim_id, p.layer, p.expense_account, p.amount_fen
        ), kept AS (
          INSERT INTO instruction_claim (pool_code, instruction_id, claim_id, layer, expense_account, amount_fen)
          SELECT $1, t.* FROM taken t
        )
        SELECT count(DISTINCT claim_id)::integer AS claims, coalesce(sum(amount_fen), 0)::bigint AS fen FROM taken""",
        pool,
        batch_id,
        list(cutoff_ids),
        list(layers),
    )


async def retake_payables(conn: AsyncConnection, pool: str, old: UUID, new: UUID, *, with_set_off: bool) -> Any:
    """bounced ▸ batched for the payables of an instruction returned or not executed; count and sum of what is due.

    ``with_set_off``: the old one was never executed, so that what it would have set off goes with the new one; of one
    that came back the set-off stands and only the money is due again.
    """
    return await fetchrow(
        conn,
        """
        WITH taken AS (
          UPDATE payable p SET status = 'batched', instruction_id = $3
          WHERE p.pool_code = $1 AND p.instruction_id = $2 AND p.status = 'bounced'
          RETURNING p.claim_id, p.layer
        ), due AS (
          SELECT c.claim_id, c.layer, c.expense_account,
                 c.amount_fen - CASE WHEN $4 THEN 0 ELSE c.set_off_fen + c.withheld_fen END AS amount_fen,
                 CASE WHEN $4 THEN c.set_off_fen ELSE 0 END AS set_off_fen,
                 CASE WHEN $4 THEN c.withheld_fen ELSE 0 END AS withheld_fen
          FROM taken t JOIN instruction_claim c ON c.pool_code = $1 AND c.instruction_id = $2
            AND c.claim_id = t.claim_id AND c.layer = t.layer
        ), kept AS (
          INSERT INTO instruction_claim (pool_code, instruction_id, claim_id, layer, expense_account, amount_fen,
                                         set_off_fen, withheld_fen)
          SELECT $1, $3, d.* FROM due d WHERE d.amount_fen > 0
        ), moved AS (
          UPDATE set_off SET instruction_id = $3 WHERE $4 AND pool_code = $1 AND instruction_id = $2 AND NOT given_up
        )
        SELECT count(DISTINCT claim_id)::integer AS claims, coalesce(sum(amount_fen), 0)::bigint AS fen FROM due""",
        pool,
        old,
        new,
        with_set_off,
    )


async def batch(conn: AsyncConnection, pool: str, batch_id: UUID) -> Any:
    """A batch or None."""
    return await fetchrow(conn, "SELECT * FROM batch WHERE pool_code = $1 AND id = $2", pool, batch_id)


async def batches(
    conn: AsyncConnection, pool: str, number: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Batches, newest first, after the last (moment, id) shown; only the one with the number where one is given."""
    sql = "SELECT * FROM batch WHERE pool_code = $1 AND ($2::text IS NULL OR number = $2)"
    return await fetch_newest(conn, sql, ("prepared_at", "id"), after, limit, pool, number)


async def instructions(conn: AsyncConnection, pool: str, batch_id: UUID) -> list[Any]:
    """Instructions of a batch with their payees, by institution."""
    return await fetch(
        conn,
        """
        SELECT i.*, b.layer, b.account, p.payee_name, p.bank_name, p.number_sealed FROM instruction i
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        JOIN payee p ON p.pool_code = i.pool_code AND p.institution_code = i.institution_code
          AND p.version = i.payee_version
        WHERE i.pool_code = $1 AND i.batch_id = $2 ORDER BY i.institution_code""",
        pool,
        batch_id,
    )


async def release_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, now: datetime) -> bool:
    """prepared ▸ released; False if it is not ``prepared`` any more."""
    changes = "status = 'released', released_by = $3, released_at = $4"
    return await change_row(conn, "batch", pool, batch_id, changes, by, now, only="status = 'prepared'")


async def executed_by_bank(
    conn: AsyncConnection, pool: str, batch_id: UUID, by: str, now: datetime, reference: str
) -> None:
    """A batch that the bank made by executing again what had come back under a reference: it was sent by nobody."""
    await release_batch(conn, pool, batch_id, by, now)
    await send_batch(conn, pool, batch_id, by, now)
    await execute(
        conn,
        "UPDATE instruction SET status = 'sent', shown_as = $3 WHERE pool_code = $1 AND batch_id = $2",
        pool,
        batch_id,
        reference,
    )


async def send_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, now: datetime) -> bool:
    """released ▸ sent; False if it is not ``released`` any more."""
    changes = "status = 'sent', sent_by = $3, sent_at = $4"
    return await change_row(conn, "batch", pool, batch_id, changes, by, now, only="status = 'released'")


async def cancel_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, reason: str) -> bool:
    """prepared ▸ cancelled with its instructions; False if it is not ``prepared`` any more. Payables are as before:
    open, or bounced where the batch would have paid them again; cut-offs are free for another batch."""
    changes = "status = 'cancelled', cancelled_by = $3, cancel_reason = $4"
    cancelled = await change_row(conn, "batch", pool, batch_id, changes, by, reason, only="status = 'prepared'")
    await execute(conn, _UNDO_BATCH, pool, batch_id)
    return cancelled


_UNDO_BATCH = """
WITH undone AS (
  UPDATE instruction SET status = 'cancelled' WHERE pool_code = $1 AND batch_id = $2 AND status = 'prepared'
  RETURNING id, replaces
), freed AS (
  UPDATE batch_cutoff SET cancelled = true WHERE pool_code = $1 AND batch_id = $2
), owed AS (
  UPDATE set_off s SET instruction_id = coalesce(u.replaces, s.instruction_id), given_up = u.replaces IS NULL
  FROM undone u WHERE s.pool_code = $1 AND s.instruction_id = u.id
)
UPDATE payable p SET status = CASE WHEN u.replaces IS NULL THEN 'open' ELSE 'bounced' END, instruction_id = u.replaces
FROM undone u WHERE p.pool_code = $1 AND p.instruction_id = u.id AND p.status = 'batched'
"""


async def move_instructions(
    conn: AsyncConnection, pool: str, batch_id: UUID, before: Sequence[str], after: str, deadline: date
) -> None:
    """Instructions of a batch from any of the states before to the next, with the bank's deadline."""
    await execute(
        conn,
        """
        UPDATE instruction SET status = $4, deadline = $5
        WHERE pool_code = $1 AND batch_id = $2 AND status = ANY ($3::text[])""",
        pool,
        batch_id,
        list(before),
        after,
        deadline,
    )


async def add_file(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The payment file of a batch, for ever."""
    await execute(
        conn,
        """
        INSERT INTO payment_file (pool_code, batch_id, message_id, content_sealed, sha256, control_sum_fen, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        *row,
    )


async def file(conn: AsyncConnection, pool: str, batch_id: UUID) -> Any:
    """The payment file of a batch, or None before its release."""
    return await fetchrow(conn, "SELECT * FROM payment_file WHERE pool_code = $1 AND batch_id = $2", pool, batch_id)
