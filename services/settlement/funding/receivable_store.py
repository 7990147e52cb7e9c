"""SQL of receivables: what a hospital, patient, insurer or third party owes the fund, how it is made good, and what of
it is owed no more."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.funding.refusal import DECISION
from shared.db.sql import change_row, columns, execute, fetch, fetch_newest, fetchrow

# What is about to be set off and what is done: rows of a batch that was given up do not count.
_SET_OFF = """
coalesce((SELECT sum(s.amount_fen) FROM set_off s WHERE s.pool_code = r.pool_code AND s.receivable_id = r.id
          AND NOT s.given_up AND s.done_on IS NULL), 0)::bigint"""
_COLUMNS = f"""
r.id, r.book, r.origin, r.bearer, r.institution_code, r.household_id, r.claim_id, r.layer, r.expense_account,
r.care_year, r.reason, r.amount_fen, r.patient_owed_fen, r.penalty_fen, r.settled_fen, r.waived_fen, r.reference,
r.arisen_on, r.made_good_on, {_SET_OFF} AS setting_off_fen"""


async def add(conn: AsyncConnection, pool: str, day: date, rows: Sequence[Sequence[Any]]) -> None:
    """Receivables that arise on a day: (id, origin, bearer, institution, household, expense account, year of care,
    replenishment, line, instruction, reason, fen, fen owed to the patient, fen of penalty, reference, claim, layer,
    book, order, reference under which the bank paid too often) a row."""
    await execute(
        conn,
        """
        INSERT INTO receivable (pool_code, arisen_on, booked_on, id, origin, bearer, institution_code, household_id,
                                expense_account, care_year, replenishment_id, line, instruction_id, reason, amount_fen,
                                patient_owed_fen, penalty_fen, reference, claim_id, layer, book, order_id,
                                shown_as)
        SELECT $1, $2, (SELECT greatest($2, max(h.open_day)) FROM book_head h
                        WHERE h.pool_code = $1 AND h.book = r.book), r.*
                                FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                                       $9::integer[], $10::uuid[], $11::integer[], $12::uuid[], $13::text[],
                                       $14::bigint[], $15::bigint[], $16::bigint[], $17::text[], $18::uuid[],
                                       $19::text[], $20::text[], $21::uuid[], $22::text[])
          AS r (id, origin, bearer, institution_code, household_id, expense_account, care_year, replenishment_id, line,
                instruction_id, reason, amount_fen, patient_owed_fen, penalty_fen, reference, claim_id, layer, book,
                order_id, shown_as)""",
        pool,
        day,
        *columns(rows, 20),
    )


async def listed(
    conn: AsyncConnection,
    pool: str,
    book: str | None,
    institution: str | None,
    only_open: bool,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Any]:
    """Receivables, newest first after the last (day, id) shown."""
    return await fetch(
        conn,
        f"""
        SELECT {_COLUMNS} FROM receivable r
        WHERE r.pool_code = $1 AND ($2::text IS NULL OR r.institution_code = $2)
          AND (NOT $3 OR r.made_good_on IS NULL) AND ($4::date IS NULL OR (r.arisen_on, r.id) < ($4, $5::uuid))
          AND ($7::text IS NULL OR r.book = $7)
        ORDER BY r.arisen_on DESC, r.id DESC LIMIT $6""",
        pool,
        institution,
        only_open,
        *(after or (None, None)),
        limit,
        book,
    )


async def receivable(conn: AsyncConnection, pool: str, receivable_id: UUID) -> Any:
    """A receivable or None."""
    sql = f"SELECT {_COLUMNS} FROM receivable r WHERE r.pool_code = $1 AND r.id = $2"
    return await fetchrow(conn, sql, pool, receivable_id)


async def of_hospitals(conn: AsyncConnection, pool: str, book: str, ids: Sequence[UUID]) -> list[Any]:
    """Those of the named receivables that a hospital owes in a book and that are not made good, kept from others, with
    what is still to be set off or repaid in fen."""
    return await fetch(
        conn,
        f"""
        SELECT r.id, r.institution_code, r.amount_fen - r.settled_fen - r.waived_fen - {_SET_OFF} AS open_fen
        FROM receivable r
        WHERE r.pool_code = $1 AND r.id = ANY ($2::uuid[]) AND r.bearer = 'hospital' AND r.made_good_on IS NULL
          AND r.book = $3
        ORDER BY r.id FOR UPDATE OF r""",
        pool,
        list(ids),
        book,
    )


async def begin_set_off(conn: AsyncConnection, pool: str, rows: Sequence[tuple[UUID, UUID, int]]) -> None:
    """An instruction will set off part of a receivable: (receivable, instruction, fen) a row."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await execute(
        conn,
        """
        INSERT INTO set_off (pool_code, receivable_id, instruction_id, amount_fen)
        SELECT $1, s.* FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS s (receivable, instruction, fen)""",
        pool,
        *columns,
    )


async def set_off_done(conn: AsyncConnection, pool: str, instruction_ids: Sequence[UUID], day: date) -> list[Any]:
    """The bank confirmed payments that set something off: the parts, each with its receivable's origin."""
    return await fetch(
        conn,
        """
        WITH done AS (
          UPDATE set_off SET done_on = $3
          WHERE pool_code = $1 AND instruction_id = ANY ($2::uuid[]) AND NOT given_up AND done_on IS NULL
          RETURNING receivable_id, instruction_id, amount_fen
        ), sums AS (
          SELECT receivable_id, sum(amount_fen)::bigint AS fen FROM done GROUP BY receivable_id
        ), settled AS (
          UPDATE receivable r SET settled_fen = r.settled_fen + sums.fen,
            made_good_on = CASE WHEN r.settled_fen + sums.fen + r.waived_fen = r.amount_fen THEN $3::date END
          FROM sums WHERE r.pool_code = $1 AND r.id = sums.receivable_id
          RETURNING r.id, r.book, r.origin, r.expense_account
        )
        SELECT d.receivable_id, d.instruction_id, d.amount_fen, s.book, s.origin, s.expense_account
        FROM done d JOIN settled s ON s.id = d.receivable_id ORDER BY d.instruction_id, d.receivable_id""",
        pool,
        list(instruction_ids),
        day,
    )


async def settle(
    conn: AsyncConnection, pool: str, ids: Sequence[UUID], fens: Sequence[int], days: Sequence[date]
) -> list[Any]:
    """Money came in for receivables (fen and day each, several of one where it comes in parts); the rows."""
    return await fetch(
        conn,
        f"""
        UPDATE receivable r SET settled_fen = r.settled_fen + a.fen,
          made_good_on = CASE WHEN r.settled_fen + a.fen + r.waived_fen = r.amount_fen THEN a.day END
        FROM (SELECT id, sum(fen)::bigint AS fen, max(day) AS day
              FROM unnest($2::uuid[], $3::bigint[], $4::date[]) AS one (id, fen, day) GROUP BY id) a
        WHERE r.pool_code = $1 AND r.id = a.id RETURNING {_COLUMNS}""",
        pool,
        list(ids),
        list(fens),
        list(days),
    )


async def parts(conn: AsyncConnection, pool: str, movements: Sequence[UUID]) -> list[Any]:
    """Movements of money that came in for receivables, each with its receivable and the line that showed it."""
    return await fetch(
        conn,
        """
        SELECT m.id, x.line_id, r.id AS receivable_id, r.book, r.origin, r.expense_account
        FROM movement m JOIN receivable r ON r.pool_code = m.pool_code AND r.id = m.source_id
        JOIN line_match x ON x.pool_code = m.pool_code AND x.movement_id = m.id
        WHERE m.pool_code = $1 AND m.id = ANY ($2::uuid[])""",
        pool,
        list(movements),
    )


async def refused_open(conn: AsyncConnection, pool: str, instruction_ids: Sequence[UUID]) -> list[Any]:
    """Lines of instructions that were refused, of which nothing is made good or about to be."""
    return await fetch(
        conn,
        """
        SELECT l.instruction_id, l.claim_id, l.layer, p.benefit_account AS expense_account, r.amount_fen,
               r.id AS receivable_id
        FROM receivable r JOIN replenishment_line l ON l.pool_code = r.pool_code
          AND l.replenishment_id = r.replenishment_id AND l.line = r.line
        JOIN paid_line p ON p.pool_code = l.pool_code AND p.instruction_id = l.instruction_id
          AND p.claim_id = l.claim_id AND p.layer = l.layer AND p.sign = l.sign
        WHERE r.pool_code = $1 AND r.made_good_on IS NULL AND l.instruction_id = ANY ($2::uuid[])
          AND r.settled_fen = 0 AND r.waived_fen = 0 AND NOT EXISTS (
            SELECT FROM set_off s WHERE s.pool_code = r.pool_code AND s.receivable_id = r.id AND NOT s.given_up)
          AND NOT EXISTS (
            SELECT FROM instruction_claim c WHERE c.pool_code = p.pool_code AND c.instruction_id = p.instruction_id
              AND c.claim_id = p.claim_id AND c.layer = p.layer AND c.set_off_fen > 0)""",
        pool,
        list(instruction_ids),
    )


# -- what is owed no more


async def waive(conn: AsyncConnection, pool: str, day: date, kind: str, rows: Sequence[Sequence[Any]]) -> None:
    """Parts of receivables that nobody owes any more: (id, receivable, fen, year of care, reason) a row."""
    await execute(
        conn,
        """
        WITH gone AS (
          INSERT INTO waiver (pool_code, waived_on, kind, booked_on, id, receivable_id, amount_fen, care_year, reason)
          SELECT $1, $2, $3, (SELECT greatest($2, max(h.open_day)) FROM receivable r
                              JOIN book_head h ON h.pool_code = $1 AND h.book = r.book
                              WHERE r.pool_code = $1 AND r.id = w.receivable_id), w.*
          FROM unnest($4::uuid[], $5::uuid[], $6::bigint[], $7::integer[], $8::text[])
            AS w (id, receivable_id, amount_fen, care_year, reason)
          RETURNING receivable_id, amount_fen
        )
        UPDATE receivable r SET waived_fen = r.waived_fen + g.amount_fen,
          made_good_on = CASE WHEN r.settled_fen + r.waived_fen + g.amount_fen = r.amount_fen THEN $2 END
        FROM gone g WHERE r.pool_code = $1 AND r.id = g.receivable_id""",
        pool,
        day,
        kind,
        *columns(rows, 5),
    )


# -- recoveries: found after the county had made the payment good

_RECOVERY = f"""
v.id, v.instruction_id, v.claim_id, v.layer, v.institution_code, v.expense_account, v.care_year, v.bearer, v.amount_fen,
v.patient_owed_fen, v.penalty_fen, v.document, v.reason, v.asked_by, v.asked_at, v.approved_by, v.approved_on,
v.refused_by, v.refused_on, v.refusal, {DECISION} AS status"""


async def payment_of(conn: AsyncConnection, pool: str, instruction_id: UUID, claim_id: UUID, layer: str) -> Any:
    """What a confirmed payment spent on a claim's layer, what of that was asked back already, and what of this waits
    for approval; None if it did not, or while the line waits for the county's re-check."""
    return await fetchrow(
        conn,
        """
        SELECT d.institution_code, coalesce(s.institution_code, d.institution_code) AS care_institution,
               p.benefit_account, s.benefit_year, p.amount_fen,
               coalesce((SELECT sum(v.amount_fen) FROM recovery v WHERE v.pool_code = p.pool_code
                 AND v.instruction_id = p.instruction_id AND v.claim_id = p.claim_id AND v.layer = p.layer
                 AND v.refused_by IS NULL), 0)::bigint
               + coalesce((SELECT sum(r.amount_fen - r.waived_fen) FROM receivable r JOIN replenishment_line l
                   ON l.pool_code = r.pool_code AND l.replenishment_id = r.replenishment_id AND l.line = r.line
                 WHERE l.pool_code = p.pool_code AND l.instruction_id = p.instruction_id AND l.claim_id = p.claim_id
                   AND l.layer = p.layer AND l.sign = 1), 0)::bigint
               + coalesce((SELECT sum(r.amount_fen - r.waived_fen) FROM receivable r WHERE r.pool_code = p.pool_code
                 AND r.origin IN ('accident', 'cancellation') AND r.claim_id = p.claim_id AND r.layer = p.layer),
                 0)::bigint AS asked_fen,
               coalesce((SELECT sum(v.amount_fen) FROM recovery v WHERE v.pool_code = p.pool_code
                 AND v.instruction_id = p.instruction_id AND v.claim_id = p.claim_id AND v.layer = p.layer
                 AND v.approved_by IS NULL AND v.refused_by IS NULL), 0)::bigint AS waiting_fen
        FROM paid_line p JOIN payable d ON d.pool_code = p.pool_code AND d.claim_id = p.claim_id AND d.layer = p.layer
        JOIN replenishment n ON n.pool_code = p.pool_code AND n.id = p.replenishment_id
          AND n.status IN ('approved', 'transferred')
        LEFT JOIN claim_state s ON s.pool_code = p.pool_code AND s.claim_id = p.claim_id
        WHERE p.pool_code = $1 AND p.instruction_id = $2 AND p.claim_id = $3 AND p.layer = $4 AND p.sign = 1
          AND d.status = 'paid' AND d.instruction_id = p.instruction_id""",
        pool,
        instruction_id,
        claim_id,
        layer,
    )


async def payments_of(conn: AsyncConnection, pool: str, claims: Sequence[UUID]) -> list[Any]:
    """What was to be paid of claims, or of payments beside them, by layer with its book, and what of that is asked back
    already: by a refused line, by an approved recovery, or in hand from a third party."""
    return await fetch(
        conn,
        """
        SELECT d.claim_id, d.layer, d.book, d.institution_code, d.expense_account, d.amount_fen,
               coalesce((SELECT sum(r.amount_fen - r.waived_fen) FROM receivable r JOIN replenishment_line l
                   ON l.pool_code = r.pool_code AND l.replenishment_id = r.replenishment_id AND l.line = r.line
                 WHERE l.pool_code = d.pool_code AND l.instruction_id = d.instruction_id AND l.claim_id = d.claim_id
                   AND l.layer = d.layer AND l.sign = 1), 0)::bigint
               + coalesce((SELECT sum(v.amount_fen) FROM recovery v WHERE v.pool_code = d.pool_code
                   AND v.instruction_id = d.instruction_id AND v.claim_id = d.claim_id AND v.layer = d.layer
                   AND v.approved_by IS NOT NULL), 0)::bigint
               + coalesce((SELECT r.settled_fen FROM receivable r WHERE r.pool_code = d.pool_code
                   AND r.origin = 'accident' AND r.claim_id = d.claim_id AND r.layer = d.layer), 0) AS asked_fen
        FROM payable d WHERE d.pool_code = $1 AND d.claim_id = ANY ($2::uuid[])
        ORDER BY array_position($2::uuid[], d.claim_id), d.layer""",
        pool,
        claims,
    )


async def add_recovery(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """A recovery that a first person asks for."""
    await execute(
        conn,
        """
        INSERT INTO recovery (pool_code, id, instruction_id, claim_id, layer, institution_code, expense_account,
                              care_year, bearer, amount_fen, patient_owed_fen, penalty_fen, document, reason, asked_by,
                              asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        *row,
    )


async def recovery(conn: AsyncConnection, pool: str, recovery_id: UUID) -> Any:
    """A recovery, kept from others until the end, or None."""
    sql = f"SELECT {_RECOVERY} FROM recovery v WHERE v.pool_code = $1 AND v.id = $2 FOR UPDATE"
    return await fetchrow(conn, sql, pool, recovery_id)


async def recoveries(
    conn: AsyncConnection, pool: str, status: str | None, after: Sequence[Any] | None, limit: int
) -> list[Any]:
    """Recoveries, newest first, after the last (moment, id) shown."""
    sql = f"SELECT {_RECOVERY} FROM recovery v WHERE v.pool_code = $1 AND ($2::text IS NULL OR {DECISION} = $2)"
    return await fetch_newest(conn, sql, ("v.asked_at", "v.id"), after, limit, pool, status)


_UNDECIDED = "approved_by IS NULL AND refused_by IS NULL"


async def refuse_recovery(conn: AsyncConnection, pool: str, recovery_id: UUID, by: str, day: date, reason: str) -> bool:
    """It is asked for no more; False if it was decided before."""
    changes = "refused_by = $3, refused_on = $4, refusal = $5"
    return await change_row(conn, "recovery", pool, recovery_id, changes, by, day, reason, only=_UNDECIDED)


async def approve_recovery(
    conn: AsyncConnection, pool: str, recovery_id: UUID, by: str, now: datetime, day: date
) -> bool:
    """The second person's word; False if it was decided before."""
    changes = "approved_by = $3, approved_at = $4, approved_on = $5"
    return await change_row(conn, "recovery", pool, recovery_id, changes, by, now, day, only=_UNDECIDED)
