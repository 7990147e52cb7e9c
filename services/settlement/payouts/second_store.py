"""The SQL of second compensation."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchval

_ADD = """
INSERT INTO second_payment (pool_code, payment_id, campaign_id, member_id, document_number, claim_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_ADD_STATE = """
INSERT INTO claim_state (pool_code, claim_id, version, state, institution_code, township_code, care_kind, fund_fen,
                         approved_fen, cut_fen, settled_on, benefit_year, opened_on, decided_on, decided_fen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0, $9, $10, $9, $9, $8)
"""
_PAST = """
SELECT payment_id, claim_by FROM second_payment
WHERE pool_code = $1 AND payment_id = ANY ($2::uuid[]) AND claim_by < $3 ORDER BY payment_id
"""
_UNCLAIMED = """
WITH late AS (
  SELECT p.claim_id, p.layer FROM payable p
  JOIN second_payment s ON s.pool_code = p.pool_code AND s.payment_id = p.claim_id
  WHERE p.pool_code = $1 AND s.campaign_id = $2 AND p.layer = $3 AND s.claim_by < $4
    AND p.status IN ('open', 'bounced')
  ORDER BY p.claim_id FOR UPDATE OF p
)
UPDATE payable p SET status = 'unclaimed', published = p.published + 1 FROM late
WHERE p.pool_code = $1 AND p.claim_id = late.claim_id AND p.layer = late.layer
RETURNING p.claim_id, p.amount_fen, p.published
"""
_REVIVE = """
WITH revived AS (
  UPDATE payable SET status = 'bounced'
  WHERE pool_code = $1 AND instruction_id = ANY ($2::uuid[]) AND status = 'unclaimed' RETURNING amount_fen
)
SELECT coalesce(sum(amount_fen), 0)::bigint FROM revived
"""
_BY_STATE = """
SELECT p.status, count(*)::integer AS payments, sum(p.amount_fen)::bigint AS fen FROM payable p
JOIN second_payment s ON s.pool_code = p.pool_code AND s.payment_id = p.claim_id
WHERE p.pool_code = $1 AND s.campaign_id = $2 AND p.layer = $3 GROUP BY p.status ORDER BY p.status
"""


async def add(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """What a campaign says of a payment: (pool, payment, campaign, member, document, last day)."""
    await execute(conn, _ADD, *row)


async def add_claim_state(conn: AsyncConnection, row: Sequence[Any]) -> None:
    """The payment beside the claims, for its year of care: (pool, id, version, state, payee, township, kind, fen, day,
    year)."""
    await execute(conn, _ADD_STATE, *row)


async def past_their_day(conn: AsyncConnection, pool: str, payments: Sequence[UUID], day: date) -> list[Any]:
    """Those of the payments that can be claimed no more on a day."""
    return await fetch(conn, _PAST, pool, list(payments), day)


async def take_unclaimed(conn: AsyncConnection, pool: str, campaign_id: UUID, layer: str, day: date) -> list[Any]:
    """open or bounced ▸ unclaimed for what is past its day, each with the sequence of the event that tells it."""
    return await fetch(conn, _UNCLAIMED, pool, campaign_id, layer, day)


async def revive(conn: AsyncConnection, pool: str, instruction_ids: Sequence[UUID]) -> int:
    """unclaimed ▸ bounced for what instructions paid after all; the sum in fen."""
    return int(await fetchval(conn, _REVIVE, pool, list(instruction_ids)))


async def by_state(conn: AsyncConnection, pool: str, campaign_id: UUID, layer: str) -> list[Any]:
    """Payments of a campaign by their state."""
    return await fetch(conn, _BY_STATE, pool, campaign_id, layer)
