"""Credits of family accounts (contracts §8): so much a head of what was paid in, split off for the household.

Enrollment decides and publishes the credits; claims posts them, spends and keeps the balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.financing.billing import standard_for
from services.enrollment.registry.act import SERVICE, Act
from shared.contracts.enrollment import FamilyAccountCredited
from shared.db.sql import execute, fetch
from shared.kernel.errors import define
from shared.kernel.ids import new_id
from shared.messaging.outbox import Outgoing, emit_many

CREDIT_ABOVE_PREMIUM = define(
    "credit_above_premium",
    422,
    "划入额超过筹资标准",
    "More than is paid in",
    "{year} 年度每人筹资 {limit} 元,划入家庭账户的不能超过它。",
    "{limit} yuan a head are paid in for {year}: no more can go to the family account.",
)
# A household is credited once it is complete: for each member whose premium was paid or sponsored.
_COMPLETE = """
SELECT b.household_id, count(*)::int AS heads FROM bill b
JOIN bill_line l ON l.pool_code = b.pool_code AND l.bill_id = b.bill_id AND l.settled_on IS NOT NULL
WHERE b.pool_code = $1 AND b.year = $2 AND b.township_code = $3 AND b.paid_fen = b.due_fen
  AND NOT EXISTS (SELECT 1 FROM family_account_credit f
                  WHERE f.pool_code = b.pool_code AND f.household_id = b.household_id AND f.year = b.year)
GROUP BY b.household_id ORDER BY b.household_id
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_ADD = """
INSERT INTO family_account_credit (pool_code, credit_id, household_id, township_code, year, head_count, amount_fen,
                                   document_number, credited_on, credited_by)
SELECT $1, q.credit_id, q.household_id, $2, $3, q.heads, q.amount_fen, $4, $5, $6
FROM unnest($7::uuid[], $8::uuid[], $9::int[], $10::bigint[]) AS q(credit_id, household_id, heads, amount_fen)
"""


@dataclass(frozen=True, slots=True)
class Credited:
    """What a decision credited now, in fen; households credited before are not credited again."""

    households: int
    heads: int
    amount_fen: int


async def credit(act: Act, year: int, township_code: str, per_head_fen: int, document_number: str) -> Credited:
    """Credits every complete household of a township that has no credit of the year yet; one event a household.

    Raises STANDARD_UNKNOWN, CREDIT_ABOVE_PREMIUM.
    """
    standard = await standard_for(act.conn, act.pool_code, year)
    paid_in = standard.premium_fen + sum(standard.subsidies_fen.values())
    if per_head_fen > paid_in:
        raise CREDIT_ABOVE_PREMIUM(year=year, limit=f"{paid_in // 100}.{paid_in % 100:02d}")
    await execute(act.conn, _LOCK, f"heyi.family_account:{act.pool_code}\x1f{township_code}\x1f{year}")
    rows = await fetch(act.conn, _COMPLETE, act.pool_code, year, township_code)
    made = [(new_id(act.now), row["household_id"], row["heads"], row["heads"] * per_head_fen) for row in rows]
    if made:
        await _keep(act.conn, act, year, township_code, document_number, made)
        await emit_many(act.conn, [_told(act, year, document_number, *one) for one in made])
    return Credited(len(made), sum(one[2] for one in made), sum(one[3] for one in made))


async def _keep(
    conn: AsyncConnection, act: Act, year: int, township_code: str, document_number: str, made: Sequence[Any]
) -> None:
    columns = [list(column) for column in zip(*made, strict=True)]
    await execute(conn, _ADD, act.pool_code, township_code, year, document_number, act.day, act.by, *columns)


def _told(
    act: Act, year: int, document_number: str, credit_id: UUID, household_id: UUID, _heads: int, amount_fen: int
) -> Outgoing:
    payload = FamilyAccountCredited(
        credit_id=credit_id,
        household_id=household_id,
        year=year,
        amount=amount_fen,
        reason=document_number,
        credited_on=act.day,
        at=act.now,
    )
    return Outgoing(
        payload=payload,
        pool_code=act.pool_code,
        subject=str(credit_id),
        sequence=1,
        business_day=act.day,
        now=act.now,
        service=SERVICE,
        amount_fen=amount_fen,
    )
