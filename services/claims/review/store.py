"""The SQL of the review."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.review.rules import WantedCut
from services.claims.visits.claims import COLUMNS, Claim, claim_of
from shared.db.sql import execute, execute_counted, fetch, fetchrow, fetchval

_QUEUE = f"""
SELECT {", ".join(COLUMNS)} FROM claim
WHERE pool_code = $1 AND status = 'settled' AND ($2::text IS NULL OR institution_code = $2)
  AND ($3::text IS NULL OR institution_code <> $3) AND ($4::uuid IS NULL OR household_id <> $4) AND settled_by <> $5
  AND ($6::date IS NULL OR (settled_on, id) > ($6, $7::uuid))
ORDER BY settled_on, id LIMIT $8
"""
_SET = """
UPDATE claim SET status = $3, version = $4, payable_fen = $5 WHERE pool_code = $1 AND id = $2
"""
_REVIEW = """
INSERT INTO claim_review (pool_code, claim_id, claim_version, institution_code, decision, reviewer, decided_at,
                          decided_on, ground, bearer, payable_fen, cut_fen, taken_back, layers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_CUTS = """
INSERT INTO claim_cut (pool_code, claim_id, claim_version, number, institution_code, line, bearer, amount_fen,
                       fund_share_fen, patient_owed_fen, penalty_fen, reason)
SELECT $1, $2, $3, q.number, $4, q.line, q.bearer, q.amount_fen, q.fund_share_fen, q.patient_owed_fen, q.penalty_fen,
       q.reason
FROM unnest($5::int[], $6::int[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[])
  AS q(number, line, bearer, amount_fen, fund_share_fen, patient_owed_fen, penalty_fen, reason)
"""
_APPROVED = f"""
SELECT {", ".join("c." + column for column in COLUMNS)}, r.reviewer, r.layers AS payable_layers FROM claim c
JOIN claim_review r ON r.pool_code = c.pool_code AND r.claim_id = c.id AND r.claim_version = c.version
WHERE c.pool_code = $1 AND c.status = 'approved' AND c.institution_code = $2 AND c.settled_on <= $3
  AND c.paid_to = $4
ORDER BY c.id FOR UPDATE OF c
"""
_RELEASE = """
UPDATE claim SET status = 'released', version = version + 1, cutoff_id = $3
WHERE pool_code = $1 AND id = ANY ($2::uuid[])
"""
_RELEASE_CANCELLATION = """
INSERT INTO cancellation_release (pool_code, claim_id, institution_code, reason, released_at, released_by)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_RELEASED_LAYERS = """
SELECT layers FROM claim_review WHERE pool_code = $1 AND claim_id = $2 AND decision = 'approved'
ORDER BY claim_version DESC LIMIT 1
"""
_CUTOFF = """
INSERT INTO cutoff (pool_code, id, institution_code, up_to, claims, amount_fen, released_at, released_on, released_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_CUTOFFS = """
SELECT id, institution_code, up_to, claims, amount_fen, released_at, released_by FROM cutoff
WHERE pool_code = $1 AND ($2::text IS NULL OR institution_code = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Review:
    """A decision of the review, to write."""

    claim: Claim
    """As it is after the decision."""
    decision: str
    reviewer: str
    ground: str
    bearer: str | None
    cuts: Sequence[WantedCut]
    layers: list[dict[str, Any]]
    taken_back: bool

    @property
    def cut_fen(self) -> int:
        """What is withheld of benefit and family account."""
        claim = self.claim
        return claim.fund_fen - claim.payable_fen if self.decision == "approved" else 0


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved claim that a cut-off may release."""

    claim: Claim
    reviewer: str
    layers: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A cut-off."""

    id: UUID
    institution_code: str
    up_to: date
    claims: int
    amount_fen: int
    released_at: datetime
    released_by: str


async def release_cancellation(
    conn: AsyncConnection, pool_code: str, claim: Claim, reason: str, by: str, now: datetime
) -> bool:
    """Records that the county office lets a claim be cancelled; False where it did before."""
    values = (pool_code, claim.id, claim.institution_code, reason, now, by)
    return bool(await execute_counted(conn, _RELEASE_CANCELLATION, *values))


async def released_layers(conn: AsyncConnection, pool_code: str, claim_id: UUID) -> list[dict[str, Any]]:
    """The layers of a released claim as they were approved for payment."""
    layers: list[dict[str, Any]] = await fetchval(conn, _RELEASED_LAYERS, pool_code, claim_id)
    return layers


async def queue(
    conn: AsyncConnection,
    pool_code: str,
    *,
    institution: str | None,
    not_of: str | None,
    not_household: UUID | None,
    not_by: str,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Claim]:
    """Claims waiting for review that a reviewer may take, oldest first."""
    day, last = after or (None, None)
    rows = await fetch(conn, _QUEUE, pool_code, institution, not_of, not_household, not_by, day, last, limit)
    return [claim_of(row) for row in rows]


async def write(conn: AsyncConnection, pool_code: str, review: Review, *, now: datetime, day: date) -> None:
    """Writes a decision with its cuts, and sets the locked claim to what it came to."""
    claim = review.claim
    await execute(conn, _SET, pool_code, claim.id, claim.status, claim.version, claim.payable_fen)
    await execute(
        conn,
        _REVIEW,
        pool_code,
        claim.id,
        claim.version,
        claim.institution_code,
        review.decision,
        review.reviewer,
        now,
        day,
        review.ground,
        review.bearer,
        claim.payable_fen,
        review.cut_fen,
        review.taken_back,
        orjson.dumps(review.layers).decode(),
    )
    if review.cuts:
        await _write_cuts(conn, pool_code, claim, review.cuts)


async def _write_cuts(conn: AsyncConnection, pool_code: str, claim: Claim, cuts: Sequence[WantedCut]) -> None:
    await execute(
        conn,
        _CUTS,
        pool_code,
        claim.id,
        claim.version,
        claim.institution_code,
        list(range(1, len(cuts) + 1)),
        [cut.line for cut in cuts],
        [cut.bearer for cut in cuts],
        [cut.amount_fen for cut in cuts],
        [cut.fund_share_fen for cut in cuts],
        [cut.patient_owed_fen for cut in cuts],
        [cut.penalty_fen for cut in cuts],
        [cut.reason for cut in cuts],
    )


async def lock_approved(
    conn: AsyncConnection, pool_code: str, institution: str, up_to: date, paid_to: str
) -> list[Approved]:
    """Locks in order of id what is approved of a hospital's care, settled up to a business day and owed to it or to
    persons."""
    rows = await fetch(conn, _APPROVED, pool_code, institution, up_to, paid_to)
    return [Approved(claim_of(row), row["reviewer"], row["payable_layers"]) for row in rows]


async def release(conn: AsyncConnection, pool_code: str, new: Cutoff, claims: Sequence[UUID], *, day: date) -> None:
    """Writes a cut-off and sets its claims released."""
    await execute(
        conn,
        _CUTOFF,
        pool_code,
        new.id,
        new.institution_code,
        new.up_to,
        new.claims,
        new.amount_fen,
        new.released_at,
        day,
        new.released_by,
    )
    await execute(conn, _RELEASE, pool_code, list(claims), new.id)


async def cutoffs(
    conn: AsyncConnection, pool_code: str, institution: str | None, before: UUID | None, limit: int
) -> list[Cutoff]:
    """Cut-offs, the newest first."""
    rows = await fetch(conn, _CUTOFFS, pool_code, institution, before, limit)
    return [Cutoff(**row) for row in rows]


async def has_cutoff(conn: AsyncConnection, pool_code: str, cutoff_id: UUID) -> Cutoff | None:
    """A cut-off by its id."""
    row = await fetchrow(
        conn,
        "SELECT id, institution_code, up_to, claims, amount_fen, released_at, released_by FROM cutoff"
        " WHERE pool_code = $1 AND id = $2",
        pool_code,
        cutoff_id,
    )
    return None if row is None else Cutoff(**row)
