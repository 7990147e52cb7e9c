"""SQL of cancellations: what they rest on, and what becomes of the claims."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.claims import Claim
from services.claims.visits.counters import Ref
from services.claims.visits.deciding import BEDSIDE, TO_PERSON, WINDOW
from services.claims.visits.reversing import COLUMNS as REVERSAL_COLUMNS
from services.claims.visits.reversing import Reversal, Standing
from shared.db.sql import Statement, fetch, rows_as_json

_CLAIM_HEADS = """
SELECT c.id, c.institution_code, c.visit_id, c.member_id, c.household_id, c.paid_to,
       EXISTS (SELECT FROM cancellation_release r
               WHERE r.pool_code = c.pool_code AND r.claim_id = c.id) AS county_released, v.layers AS reversal_layers,
       ARRAY(SELECT p.layer FROM claim_payment p
             WHERE p.pool_code = c.pool_code AND p.claim_id = c.id AND p.paid) AS paid_layers,
       EXISTS (SELECT FROM benefit_year_close y
               WHERE y.pool_code = c.pool_code AND y.year = c.benefit_year) AS year_closed
FROM claim c LEFT JOIN reversal_release v
  ON v.pool_code = c.pool_code AND v.claim_id = c.id AND v.approved_by IS NOT NULL
WHERE c.pool_code = $1 AND c.id = ANY ($2::uuid[])
"""


_ENTRIES_OF = """
SELECT e.claim_id, e.owner_id, e.scope, e.year, e.detail FROM accumulator_entry e
WHERE e.pool_code = $1 AND e.owner_id = ANY ($2::uuid[]) AND e.claim_id = ANY ($3::uuid[]) AND NOT e.takes_back
"""


_INCREASES = """
SELECT claim_id, coalesce(array_agg(id ORDER BY id) FILTER (WHERE status = 'paid'), '{}') AS paid,
       bool_or(status = 'released') AS unpaid
FROM increase WHERE pool_code = $1 AND claim_id = ANY ($2::uuid[]) AND status IN ('released', 'paid') GROUP BY claim_id
"""


_REVERSE_INCREASES = "UPDATE increase SET status = 'reversed' WHERE pool_code = $1 AND id = ANY ($2::uuid[])"


_CANCEL = """
UPDATE claim AS c SET status = q.status, version = q.version, payable_fen = q.payable_fen, reversal_id = q.reversal_id
FROM unnest($2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[])
  AS q(id, status, version, payable_fen, reversal_id)
WHERE c.pool_code = $1 AND c.id = q.id
"""


_REVERSALS = (
    f"INSERT INTO claim_reversal (pool_code, {', '.join(REVERSAL_COLUMNS)}) SELECT $1, q.* "
    "FROM json_to_recordset($2::json) AS q(id uuid, number text, claim_id uuid, institution_code text, member_id uuid, "
    "township_code text, kind text, benefit_year int, total_fen bigint, eligible_fen bigint, benefit_fen bigint, "
    "account_fen bigint, payable_fen bigint, layers jsonb, reason text, reversed_on date, reversed_at timestamptz, "
    "reversed_by text)"
)


_CANCELLATIONS = """
INSERT INTO cancellation (pool_code, claim_id, institution_code, reason, cancelled_at, cancelled_on, cancelled_by)
SELECT $1, q.claim_id, q.institution_code, q.reason, $6, $7, q.cancelled_by
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS q(claim_id, institution_code, reason, cancelled_by)
"""


_READJUDICATIONS = """
INSERT INTO readjudication (pool_code, claim_id, cancelled_claim_id, institution_code, listed_at)
SELECT $1, q.claim_id, q.cancelled, q.institution_code, $5
FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS q(claim_id, cancelled, institution_code)
"""


@dataclass(frozen=True, slots=True)
class ClaimHead:
    """What never changes of a claim, and what county office and settlement have said of it."""

    id: UUID
    institution_code: str
    visit_id: UUID
    member_id: UUID
    household_id: UUID
    paid_to: str
    standing: Standing

    @property
    def channel(self) -> str:
        """The channel of its visit."""
        return WINDOW if self.paid_to == TO_PERSON else BEDSIDE


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancellation to write."""

    claim: Claim
    reason: str
    by: str
    before: str
    payable_before_fen: int
    later: dict[UUID, str]
    reversal: Reversal | None = None
    """The negative claim, where the claim was paid."""
    increases: tuple[UUID, ...] = ()
    """What a late decision paid more for it: taken back with it."""


async def claim_heads(conn: AsyncConnection, pool_code: str, ids: Collection[UUID]) -> dict[UUID, ClaimHead]:
    """What never changes of claims that the scope may see, with what county office and settlement say of each."""
    return {row["id"]: _head(row) for row in await fetch(conn, _CLAIM_HEADS, pool_code, list(ids))}


def _head(row: Any) -> ClaimHead:
    layers = row["reversal_layers"]
    standing = Standing(
        county_released=row["county_released"],
        reversal_layers=None if layers is None else tuple(layers),
        paid_layers=frozenset(row["paid_layers"]),
        year_closed=row["year_closed"],
    )
    named = ("id", "institution_code", "visit_id", "member_id", "household_id", "paid_to")
    return ClaimHead(**{name: row[name] for name in named}, standing=standing)


async def with_increases(conn: AsyncConnection, pool_code: str, heads: Collection[ClaimHead]) -> dict[UUID, ClaimHead]:
    """Heads with what late decisions gave more, by claim: read for those alone that the county office lets be
    reversed, since nothing else that has an increase is cancelled."""
    wanted = [head.id for head in heads if head.standing.reversal_released]
    rows = await fetch(conn, _INCREASES, pool_code, wanted) if wanted else []
    found = {row["claim_id"]: {"increases": tuple(row["paid"]), "increase_unpaid": row["unpaid"]} for row in rows}
    none: dict[str, Any] = {"increases": (), "increase_unpaid": False}
    return {head.id: replace(head, standing=replace(head.standing, **found.get(head.id, none))) for head in heads}


async def refs_of_claims(conn: AsyncConnection, pool_code: str, heads: Collection[ClaimHead]) -> dict[UUID, list[Ref]]:
    """The accumulator rows that claims have entries on, those of their increases included, by claim."""
    owners = {owner for head in heads for owner in (head.member_id, head.household_id)}
    of = {counted: head.id for head in heads for counted in (head.id, *head.standing.increases)}
    refs: dict[UUID, list[Ref]] = {}
    for row in await fetch(conn, _ENTRIES_OF, pool_code, list(owners), list(of)):
        ref = Ref(row["owner_id"], row["scope"], row["year"], row["detail"])
        refs.setdefault(of[row["claim_id"]], []).append(ref)
    return refs


def cancellations_written(
    pool_code: str, cancelled: Sequence[Cancelled], *, now: datetime, day: date
) -> list[Statement]:
    """The statements that set claims cancelled or reversed, with who and why, write the negative claims of those that
    were paid and take their increases with them, and list the later claims that stood on them."""
    claims = [c.claim for c in cancelled]
    ids, institutions = [c.id for c in claims], [c.institution_code for c in claims]
    by, reasons = [c.by for c in cancelled], [c.reason for c in cancelled]
    statements = [
        Statement(
            _CANCEL,
            (
                pool_code,
                ids,
                [c.status for c in claims],
                [c.version for c in claims],
                [c.payable_fen for c in claims],
                [c.reversal_id for c in claims],
            ),
        ),
        Statement(_CANCELLATIONS, (pool_code, ids, institutions, reasons, by, now, day)),
    ]
    if reversals := [c.reversal for c in cancelled if c.reversal is not None]:
        statements.append(Statement(_REVERSALS, (pool_code, rows_as_json(reversals))))
    if increases := [one for c in cancelled for one in c.increases]:
        statements.append(Statement(_REVERSE_INCREASES, (pool_code, increases)))
    listed = [(later, c.claim.id, code) for c in cancelled for later, code in c.later.items()]
    if listed:
        later, of, codes = (list(column) for column in zip(*listed, strict=True))
        statements.append(Statement(_READJUDICATIONS, (pool_code, later, of, codes, now)))
    return statements
