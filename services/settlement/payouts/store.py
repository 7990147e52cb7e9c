"""SQL of payouts: the claims' projection, cut-offs, payables, batches and instructions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

# -- what the events told


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
                                ended_on)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $18, CASE WHEN $4 <> 'settled' THEN $18::date END,
          CASE WHEN $4 IN ('rejected', 'returned', 'cancelled') THEN $18::date END)
  ON CONFLICT (pool_code, claim_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    fund_fen = excluded.fund_fen, approved_fen = excluded.approved_fen, cut_fen = excluded.cut_fen,
    decided_on = CASE WHEN excluded.decided_on IS NOT NULL THEN coalesce(c.decided_on, excluded.decided_on) END,
    ended_on = excluded.ended_on
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


async def add_payables(conn: AsyncConnection, pool: str, rows: Sequence[Sequence[Any]]) -> None:
    """Payables of released claims, one a layer; a second one of the same claim and layer is an error."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        INSERT INTO payable (pool_code, claim_id, layer, version, cutoff_id, institution_code, care_kind, township_code,
                             payer, book, account, expense_account, amount_fen, status)
        SELECT $1, p.*, 'open' FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
                                           $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[])
          AS p (claim_id, layer, version, cutoff_id, institution_code, care_kind, township_code, payer, book, account,
                expense_account, amount_fen)""",
        pool,
        *columns,
    )


# -- payees


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


# -- batches


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


async def paid_by(conn: AsyncConnection, pool: str, instruction_id: UUID) -> list[UUID]:
    """The claims that an instruction pays, or a person's payments."""
    rows = await fetch(
        conn,
        "SELECT claim_id FROM instruction_claim WHERE pool_code = $1 AND instruction_id = $2 ORDER BY claim_id",
        pool,
        instruction_id,
    )
    return [row["claim_id"] for row in rows]


async def batch(conn: AsyncConnection, pool: str, batch_id: UUID) -> Any:
    """A batch or None."""
    return await fetchrow(conn, "SELECT * FROM batch WHERE pool_code = $1 AND id = $2", pool, batch_id)


async def batches(
    conn: AsyncConnection, pool: str, number: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Batches, newest first, after the last (moment, id) shown; only the one with the number where one is given."""
    return await fetch(
        conn,
        """
        SELECT * FROM batch WHERE pool_code = $1 AND ($2::timestamptz IS NULL OR (prepared_at, id) < ($2, $3::uuid))
          AND ($5::text IS NULL OR number = $5)
        ORDER BY prepared_at DESC, id DESC LIMIT $4""",
        pool,
        *(after or (None, None)),
        limit,
        number,
    )


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


async def instruction(conn: AsyncConnection, pool: str, instruction_id: UUID) -> Any:
    """An instruction with its batch's layer and the one that replaced it, or None."""
    return await fetchrow(
        conn,
        """
        SELECT i.*, b.layer, b.account,
               (SELECT r.id FROM instruction r WHERE r.pool_code = i.pool_code AND r.replaces = i.id
                  AND r.status <> 'cancelled') AS replaced_by
        FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE i.pool_code = $1 AND i.id = $2""",
        pool,
        instruction_id,
    )


async def release_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, now: datetime) -> bool:
    """prepared ▸ released; False if it is not ``prepared`` any more."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE batch SET status = 'released', released_by = $3, released_at = $4
        WHERE pool_code = $1 AND id = $2 AND status = 'prepared'""",
            pool,
            batch_id,
            by,
            now,
        )
        == 1
    )


async def send_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, now: datetime) -> bool:
    """released ▸ sent; False if it is not ``released`` any more."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE batch SET status = 'sent', sent_by = $3, sent_at = $4
        WHERE pool_code = $1 AND id = $2 AND status = 'released'""",
            pool,
            batch_id,
            by,
            now,
        )
        == 1
    )


async def cancel_batch(conn: AsyncConnection, pool: str, batch_id: UUID, by: str, reason: str) -> bool:
    """prepared ▸ cancelled with its instructions; False if it is not ``prepared`` any more. Payables are as before:
    open, or bounced where the batch would have paid them again; cut-offs are free for another batch."""
    cancelled = await execute_counted(
        conn,
        """
        UPDATE batch SET status = 'cancelled', cancelled_by = $3, cancel_reason = $4
        WHERE pool_code = $1 AND id = $2 AND status = 'prepared'""",
        pool,
        batch_id,
        by,
        reason,
    )
    await execute(conn, _UNDO_BATCH, pool, batch_id)
    return cancelled == 1


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


async def overdue(conn: AsyncConnection, pool: str, day: date) -> int:
    """released or sent ▸ unknown for instructions whose deadline has passed; how many. Their holds stay."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction SET status = 'unknown'
        WHERE pool_code = $1 AND status IN ('released', 'sent') AND deadline < $2""",
        pool,
        day,
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


# -- what the bank said


async def instruction_sums(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Sums of instructions by expense account: what is paid, and what is set off."""
    return await fetch(
        conn,
        """
        SELECT c.instruction_id, i.institution_code, i.end_to_end_id, i.status, c.expense_account,
               b.layer AS purse, sum(c.amount_fen - c.set_off_fen - c.withheld_fen)::bigint AS fen,
               sum(c.set_off_fen)::bigint AS set_off_fen
        FROM instruction_claim c JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE c.pool_code = $1 AND c.instruction_id = ANY ($2::uuid[])
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 5""",
        pool,
        list(ids),
    )


async def claim_amounts(conn: AsyncConnection, pool: str, ids: Sequence[UUID]) -> list[Any]:
    """Of each claim of instructions: what it is owed by them, and what of that is set off or withheld; in fen."""
    return await fetch(
        conn,
        """
        SELECT c.instruction_id, c.claim_id, c.layer, c.expense_account, c.amount_fen, c.set_off_fen, c.withheld_fen,
               i.institution_code, b.layer AS purse
        FROM instruction_claim c JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
        JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE c.pool_code = $1 AND c.instruction_id = ANY ($2::uuid[])
        ORDER BY c.instruction_id, c.claim_id, c.layer""",
        pool,
        list(ids),
    )


async def write_shares(conn: AsyncConnection, pool: str, rows: Sequence[tuple[UUID, UUID, str, int, int]]) -> None:
    """Each claim's part of what is set off and withheld: (instruction, claim, layer, set off, withheld) a row."""
    columns = [[row[column] for row in rows] for column in range(5)]
    await execute(
        conn,
        """
        UPDATE instruction_claim c SET set_off_fen = s.set_off, withheld_fen = s.withheld
        FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[])
          AS s (instruction_id, claim_id, layer, set_off, withheld)
        WHERE c.pool_code = $1 AND c.instruction_id = s.instruction_id AND c.claim_id = s.claim_id
          AND c.layer = s.layer""",
        pool,
        *columns,
    )


async def confirm(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> int:
    """released, sent, unknown or declared not executed ▸ confirmed; how many."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction i SET status = 'confirmed', confirmed_on = a.day
        FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE i.pool_code = $1 AND i.id = a.id AND i.status IN ('released', 'sent', 'unknown', 'not_executed')""",
        pool,
        list(ids),
        list(days),
    )


async def bounce(conn: AsyncConnection, pool: str, ids: Sequence[UUID], days: Sequence[date]) -> int:
    """confirmed ▸ returned; how many."""
    return await execute_counted(
        conn,
        """
        UPDATE instruction i SET status = 'returned', returned_on = a.day
        FROM unnest($2::uuid[], $3::date[]) AS a (id, day)
        WHERE i.pool_code = $1 AND i.id = a.id AND i.status = 'confirmed'""",
        pool,
        list(ids),
        list(days),
    )


async def undo(conn: AsyncConnection, pool: str, instruction_id: UUID, after: str) -> bool:
    """unknown ▸ not_executed, or not_executed ▸ paid_twice; False if it is in another state by now."""
    return (
        await execute_counted(
            conn,
            """
        UPDATE instruction SET status = $3 WHERE pool_code = $1 AND id = $2
          AND status = CASE $3 WHEN 'not_executed' THEN 'unknown' WHEN 'paid_twice' THEN 'not_executed' END""",
            pool,
            instruction_id,
            after,
        )
        == 1
    )


async def move_payables(
    conn: AsyncConnection, pool: str, ids: Sequence[UUID], before: Sequence[str], after: str
) -> list[Any]:
    """Payables of instructions from one state to the next, each with the sequence of the event that tells it."""
    return await fetch(
        conn,
        """
        WITH locked AS (
          SELECT claim_id, layer FROM payable
          WHERE pool_code = $1 AND instruction_id = ANY ($2::uuid[]) AND status = ANY ($3::text[])
          ORDER BY claim_id, layer FOR UPDATE
        )
        UPDATE payable p SET status = $4, published = p.published + 1 FROM locked
        WHERE p.pool_code = $1 AND p.claim_id = locked.claim_id AND p.layer = locked.layer
        RETURNING p.claim_id, p.layer, p.institution_code, p.instruction_id, p.expense_account, p.amount_fen,
                  p.published, p.care_kind""",
        pool,
        list(ids),
        list(before),
        after,
    )


# -- questions


async def heard_of(conn: AsyncConnection, pool: str, institution: str) -> bool:
    """Whether the pool ever had a claim, a cut-off or a payee of an institution."""
    return bool(
        await fetchval(
            conn,
            """
            SELECT EXISTS (SELECT FROM payee WHERE pool_code = $1 AND institution_code = $2)
                OR EXISTS (SELECT FROM cutoff WHERE pool_code = $1 AND institution_code = $2)
                OR EXISTS (SELECT FROM claim_state WHERE pool_code = $1 AND institution_code = $2)""",
            pool,
            institution,
        )
    )


async def payments_to(conn: AsyncConnection, pool: str, institution: str, first: date, last: date) -> list[Any]:
    """Payments to an institution confirmed or returned in a period, oldest first."""
    return await fetch(
        conn,
        """
        SELECT i.id, i.end_to_end_id, i.batch_id, i.amount_fen, i.claim_count, i.status, i.confirmed_on, i.returned_on,
               i.replaces, i.institution_code, i.deadline, i.set_off_fen, i.withheld_fen, b.layer, b.account
        FROM instruction i JOIN batch b ON b.pool_code = i.pool_code AND b.id = i.batch_id
        WHERE i.pool_code = $1 AND i.institution_code = $2 AND i.confirmed_on BETWEEN $3 AND $4
        ORDER BY i.confirmed_on, i.id""",
        pool,
        institution,
        first,
        last,
    )


async def claims_of(
    conn: AsyncConnection, pool: str, instruction_id: UUID, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Claims that an instruction pays, a layer a row, after the last (claim, layer) shown."""
    return await fetch(
        conn,
        """
        SELECT c.claim_id, c.layer, c.expense_account, c.amount_fen, c.set_off_fen, c.withheld_fen, p.cutoff_id,
               p.township_code, p.care_kind
        FROM instruction_claim c JOIN payable p USING (pool_code, claim_id, layer)
        WHERE c.pool_code = $1 AND c.instruction_id = $2
          AND ($3::uuid IS NULL OR (c.claim_id, c.layer) > ($3, $4::text))
        ORDER BY c.claim_id, c.layer LIMIT $5""",
        pool,
        instruction_id,
        *(after or (None, None)),
        limit,
    )


# -- quality deposits


async def add_deposit_rate(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The agreed share of an institution from a day on; a later word about the same day has a higher number."""
    await execute(
        conn,
        """
        INSERT INTO deposit_rate (pool_code, institution_code, valid_from, recorded_seq, rate_e4, document, set_by,
                                  set_at)
        SELECT $1, $2, $3, 1 + coalesce(max(recorded_seq), 0), $4, $5, $6, $7 FROM deposit_rate
        WHERE pool_code = $1 AND institution_code = $2 AND valid_from = $3""",
        *row,
    )


async def deposit_rates(conn: AsyncConnection, pool: str, institutions: Sequence[str], day: date) -> dict[str, int]:
    """The share in 1/10,000 that is withheld of each institution's payments on a day; none where none is agreed."""
    rows = await fetch(
        conn,
        """
        SELECT DISTINCT ON (institution_code) institution_code, rate_e4 FROM deposit_rate
        WHERE pool_code = $1 AND institution_code = ANY ($2::text[]) AND valid_from <= $3
        ORDER BY institution_code, valid_from DESC, recorded_seq DESC""",
        pool,
        list(institutions),
        day,
    )
    return {row["institution_code"]: row["rate_e4"] for row in rows}


async def deposits(conn: AsyncConnection, pool: str, institution: str) -> list[Any]:
    """What confirmed payments of an institution withheld, by expense account, and what of all was released or is about
    to be; in fen."""
    return await fetch(
        conn,
        """
        SELECT c.expense_account, sum(c.withheld_fen)::bigint AS withheld_fen,
               (SELECT coalesce(sum(amount_fen), 0)::bigint FROM deposit_release
                WHERE pool_code = $1 AND institution_code = $2) AS released_fen
        FROM instruction i JOIN instruction_claim c ON c.pool_code = i.pool_code AND c.instruction_id = i.id
        WHERE i.pool_code = $1 AND i.institution_code = $2 AND i.status IN ('confirmed', 'returned')
        GROUP BY c.expense_account HAVING sum(c.withheld_fen)::bigint > 0 ORDER BY 1""",
        pool,
        institution,
    )


async def add_deposit_release(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A release that a first person asks for."""
    await execute(
        conn,
        """
        INSERT INTO deposit_release (pool_code, id, institution_code, amount_fen, reason, prepared_by, prepared_at,
                                     forfeit)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *row,
    )


async def deposit_release(conn: AsyncConnection, pool: str, release_id: UUID) -> Any:
    """A release, kept from others until the end, or None."""
    return await fetchrow(
        conn, "SELECT * FROM deposit_release WHERE pool_code = $1 AND id = $2 FOR UPDATE", pool, release_id
    )


async def approve_deposit_release(conn: AsyncConnection, pool: str, release_id: UUID, by: str, day: date) -> None:
    """The second person's word."""
    await execute(
        conn,
        "UPDATE deposit_release SET approved_by = $3, approved_on = $4 WHERE pool_code = $1 AND id = $2",
        pool,
        release_id,
        by,
        day,
    )


async def deposits_in(conn: AsyncConnection, pool: str, cutoff_ids: Sequence[UUID], kind: str) -> dict[str, int]:
    """Released deposits among the open payables of cut-offs, by institution, in fen."""
    rows = await fetch(
        conn,
        """
        SELECT institution_code, sum(amount_fen)::bigint AS fen FROM payable
        WHERE pool_code = $1 AND cutoff_id = ANY ($2::uuid[]) AND status = 'open' AND care_kind = $3
        GROUP BY institution_code""",
        pool,
        list(cutoff_ids),
        kind,
    )
    return {row["institution_code"]: row["fen"] for row in rows}


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
