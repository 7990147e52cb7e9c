"""SQL of accumulators: rows locked in order, entries read, what was counted written."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.counters import Counters, Entry, Ref, Row
from shared.db.sql import Statement, fetch

_ENTRIES = """
SELECT e.owner_id, e.scope, e.year, e.detail, e.move, e.claim_id, e.institution_code, e.takes_back, e.added
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[]) AS q(owner_id, scope, year, detail)
JOIN accumulator_entry e ON e.pool_code = $1 AND e.owner_id = q.owner_id AND e.scope = q.scope AND e.year = q.year
 AND e.detail = q.detail
ORDER BY e.owner_id, e.scope, e.year, e.detail, e.move
"""


_LOCK_ROWS = "SELECT * FROM lock_accumulators($1, $2, $3, $4, $5)"


_WRITE_ROWS = """
UPDATE accumulator AS a SET used = q.used::jsonb, moves = q.moves
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[])
  AS q(owner_id, scope, year, detail, used, moves)
WHERE a.pool_code = $1 AND a.owner_id = q.owner_id AND a.scope = q.scope AND a.year = q.year AND a.detail = q.detail
"""


_WRITE_ENTRIES = """
INSERT INTO accumulator_entry
  (pool_code, owner_id, scope, year, detail, move, claim_id, institution_code, takes_back, added, counted_on)
SELECT $1, q.owner_id, q.scope, q.year, q.detail, q.move, q.claim_id, q.institution_code, q.takes_back, q.added::jsonb,
       $11
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::uuid[], $8::text[], $9::bool[],
            $10::text[])
  AS q(owner_id, scope, year, detail, move, claim_id, institution_code, takes_back, added)
"""


async def lock_rows(conn: AsyncConnection, pool_code: str, refs: Sequence[Ref]) -> dict[Ref, Row]:
    """Locks accumulator rows in the order given, making those that are missing, and reads them."""
    return rows_of(await fetch(conn, _LOCK_ROWS, pool_code, *ref_columns(refs)))


def rows_of(found: Iterable[Any]) -> dict[Ref, Row]:
    """Accumulator rows by their keys."""
    return {
        Ref(row["owner_id"], row["scope"], row["year"], row["detail"]): Row(row["used"], row["moves"]) for row in found
    }


async def entries_on(conn: AsyncConnection, pool_code: str, refs: Sequence[Ref]) -> list[Entry]:
    """Every entry on accumulator rows, in order."""
    rows = await fetch(conn, _ENTRIES, pool_code, *ref_columns(refs))
    return [
        Entry(
            Ref(row["owner_id"], row["scope"], row["year"], row["detail"]),
            row["move"],
            row["claim_id"],
            row["institution_code"],
            row["takes_back"],
            row["added"],
        )
        for row in rows
    ]


def counts_written(pool_code: str, counters: Counters, day: date) -> list[Statement]:
    """The statements that write what accumulator rows stand at, and what each claim added or took back on a day."""
    rows, entries = counters.changed(), counters.new
    used = [orjson.dumps(row.used).decode() for _, row in rows]
    columns = ref_columns([e.ref for e in entries])
    added = [orjson.dumps(e.added).decode() for e in entries]
    return [
        Statement(
            _WRITE_ROWS, (pool_code, *ref_columns([ref for ref, _ in rows]), used, [row.moves for _, row in rows])
        ),
        Statement(
            _WRITE_ENTRIES,
            (
                pool_code,
                *columns,
                [e.move for e in entries],
                [e.claim_id for e in entries],
                [e.institution_code for e in entries],
                [e.takes_back for e in entries],
                added,
                day,
            ),
        ),
    ]


def ref_columns(refs: Sequence[Ref]) -> tuple[list[UUID], list[str], list[int], list[str]]:
    """Keys of accumulator rows as the columns that ``unnest`` takes."""
    return [r.owner_id for r in refs], [r.scope for r in refs], [r.year for r in refs], [r.detail for r in refs]
