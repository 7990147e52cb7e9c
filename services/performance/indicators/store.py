"""SQL of indicators. Measured events and fixed figures are only ever added to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.performance.indicators.review_time import Review
from shared.db.sql import execute, fetch, fetchval

_ADD_EVENT = """
INSERT INTO measured_event (pool_code, event_id, claim_id, kind, occurred_at, business_day, institution_code)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_REVIEWS = """
SELECT a.event_id, a.business_day, a.occurred_at AS approved_at, s.occurred_at AS settled_at
FROM measured_event a
LEFT JOIN measured_event s ON s.pool_code = a.pool_code AND s.claim_id = a.claim_id AND s.kind = 'settled'
WHERE a.pool_code = $1 AND a.kind = 'approved' AND a.business_day >= $2 AND a.business_day < $3
ORDER BY a.business_day, a.event_id
"""
_EVIDENCE = """
SELECT a.claim_id, a.institution_code, a.business_day, a.event_id AS approved_event_id,
  a.occurred_at AS approved_at, s.event_id AS settled_event_id, s.occurred_at AS settled_at
FROM measured_event a
LEFT JOIN measured_event s ON s.pool_code = a.pool_code AND s.claim_id = a.claim_id AND s.kind = 'settled'
WHERE a.pool_code = $1 AND a.kind = 'approved' AND a.business_day >= $2 AND a.business_day < $3
  AND (a.business_day, a.event_id) > ($4, $5)
ORDER BY a.business_day, a.event_id LIMIT $6
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('heyi.figure:' || $1, 0))"
_FIGURE_SEQ = """
SELECT coalesce(max(recorded_seq), 0) + 1 FROM indicator_figure WHERE pool_code = $1 AND indicator = $2 AND month = $3
"""
_ADD_FIGURE = """
INSERT INTO indicator_figure (pool_code, indicator, month, recorded_seq, figure, definition, evidence_count,
  evidence_digest, fixed_by, fixed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_FIGURES = """
SELECT month, recorded_seq, figure, definition, evidence_count, evidence_digest, fixed_by, fixed_at
FROM indicator_figure WHERE pool_code = $1 AND indicator = $2 AND (month, recorded_seq) < ($3, $4)
ORDER BY month DESC, recorded_seq DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class MeasuredEvent:
    """One event of a claim as far as it is measured: no person, no amount."""

    event_id: UUID
    claim_id: UUID
    kind: str
    """``settled`` or ``approved``."""
    occurred_at: datetime
    business_day: date
    institution_code: str


@dataclass(frozen=True, slots=True)
class FixedFigure:
    """A figure as somebody fixed it, with the definition of that day and the digest of its events."""

    month: date
    recorded_seq: int
    figure: dict[str, Any]
    definition: dict[str, str]
    evidence_count: int
    evidence_digest: bytes
    fixed_by: str
    fixed_at: datetime


async def add_event(conn: AsyncConnection, pool_code: str, event: MeasuredEvent) -> None:
    """Keeps one measured event; the inbox has made sure that it comes once."""
    await execute(
        conn, _ADD_EVENT, pool_code, event.event_id, event.claim_id, event.kind, event.occurred_at,
        event.business_day, event.institution_code,
    )  # fmt: skip


async def reviews_of(conn: AsyncConnection, pool_code: str, first: date, before: date) -> list[tuple[UUID, Review]]:
    """The approvals of [first, before) with their settlement, each with the approval's event id, in evidence order."""
    rows = await fetch(conn, _REVIEWS, pool_code, first, before)
    return [(row["event_id"], Review(row["business_day"], row["approved_at"], row["settled_at"])) for row in rows]


async def evidence_page(
    conn: AsyncConnection, pool_code: str, first: date, before: date, *, after: tuple[date, UUID], limit: int
) -> list[Any]:
    """Rows of claim, institution, both event ids and times, after a (business day, approval event id)."""
    return await fetch(conn, _EVIDENCE, pool_code, first, before, *after, limit)


async def add_figure(
    conn: AsyncConnection,
    pool_code: str,
    indicator: str,
    month: date,
    *,
    figure: Mapping[str, Any],
    definition: Mapping[str, str],
    evidence_count: int,
    evidence_digest: bytes,
    subject: str,
    now: datetime,
) -> int:
    """Fixes a figure; returns its recorded_seq. Fixing a month again adds a record and leaves the first."""
    await execute(conn, _LOCK, f"{pool_code}:{indicator}")
    sequence: int = await fetchval(conn, _FIGURE_SEQ, pool_code, indicator, month)
    await execute(
        conn, _ADD_FIGURE, pool_code, indicator, month, sequence, json.dumps(figure, ensure_ascii=False),
        json.dumps(definition, ensure_ascii=False), evidence_count, evidence_digest, subject, now,
    )  # fmt: skip
    return sequence


async def figures_page(
    conn: AsyncConnection, pool_code: str, indicator: str, *, before: tuple[date, int], limit: int
) -> list[FixedFigure]:
    """Fixed figures, the latest month first."""
    rows = await fetch(conn, _FIGURES, pool_code, indicator, *before, limit)
    return [FixedFigure(**dict(row)) for row in rows]
