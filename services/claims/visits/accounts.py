"""The family account of a household: credits told by enrollment, spending by claims (contracts §8).

The account is one accumulator row a household, so that settlement locks, spends and cancels it like any other count;
the row's CHECK keeps the balance from falling below zero. Enrollment decides the credits, claims alone posts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.engine import ACCOUNT_SPENT
from services.claims.benefits.model import AccumulatorKey
from services.claims.visits import counting_store
from services.claims.visits.counters import CREDITED, Ref, account_of
from shared.contracts.claims import FamilyAccountOverspent
from shared.contracts.enrollment import ACCOUNT_TOPIC, FamilyAccountCredited, FamilyAccountWithdrawn
from shared.contracts.envelope import Envelope
from shared.db.sql import execute, fetch, fetchval
from shared.messaging.consumer import Consumer, EventUnit
from shared.messaging.outbox import Outgoing, emit_many

CONSUMER = "family_accounts"
REFUNDED = "退费扣回"
"""The reason that stands in the account's history where a refund took back a credit."""
_CREDIT = """
INSERT INTO family_account_credit (pool_code, id, household_id, year, amount_fen, reason, credited_on, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_POST = "UPDATE accumulator SET used = $4::jsonb WHERE pool_code = $1 AND owner_id = $2 AND scope = $3"
_USED = "SELECT used FROM accumulator WHERE pool_code = $1 AND owner_id = $2 AND scope = 'family_account'"
_CREDITS = """
SELECT id, year, amount_fen, reason, credited_on FROM family_account_credit
WHERE pool_code = $1 AND household_id = $2 ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class FamilyAccount:
    """What a household's account stands at, in fen."""

    credited_fen: int
    spent_fen: int

    @property
    def balance_fen(self) -> int:
        """What is left to spend; never cashed, never set off against premiums (rulings §4)."""
        return self.credited_fen - self.spent_fen


async def account(conn: AsyncConnection, pool_code: str, household_id: UUID) -> FamilyAccount:
    """A household's account, without a lock; nothing credited and nothing spent where there is none."""
    used: dict[str, int] = await fetchval(conn, _USED, pool_code, household_id) or {}
    return FamilyAccount(used.get(CREDITED, 0), used.get(ACCOUNT_SPENT, 0))


async def credits_of(conn: AsyncConnection, pool_code: str, household_id: UUID) -> list[Any]:
    """What was credited to a household, in order."""
    return await fetch(conn, _CREDITS, pool_code, household_id)


async def credit(conn: AsyncConnection, pool_code: str, household_id: UUID, keys: Mapping[AccumulatorKey, int]) -> int:
    """All that was ever credited, in fen, for a quote; not asked for where no key names the account."""
    if all(key.name != ACCOUNT_SPENT for key in keys):
        return 0
    return (await account(conn, pool_code, household_id)).credited_fen


async def credited(unit: EventUnit, event: Envelope, payload: FamilyAccountCredited) -> None:
    """Posts a credit once; the inbox keeps it from coming twice, the key of its row says so again."""
    ref = account_of(payload.household_id)
    row = (await counting_store.lock_rows(unit.conn, unit.pool_code, [ref]))[ref]
    posting = (payload.credit_id, payload.household_id, payload.year, payload.amount, payload.reason)
    await _post(unit, ref, row.used, *posting, payload.credited_on)


async def withdrawn(unit: EventUnit, event: Envelope, payload: FamilyAccountWithdrawn) -> None:
    """Takes back what a refunded premium had brought, as far as it is there; what is spent the household owes."""
    day = await unit.business_day()  # before any row, like every writer that may publish (contracts §5)
    ref = account_of(payload.household_id)
    row = (await counting_store.lock_rows(unit.conn, unit.pool_code, [ref]))[ref]
    left = row.used.get(CREDITED, 0) - row.used.get(ACCOUNT_SPENT, 0)
    taken = min(payload.amount, left)
    if taken:
        posting = (payload.refund_id, payload.household_id, payload.year, -taken, REFUNDED)
        await _post(unit, ref, row.used, *posting, payload.withdrawn_on)
    if taken < payload.amount:
        await _tell_overspent(unit, day, payload, payload.amount - taken)


async def _tell_overspent(unit: EventUnit, day: date, payload: FamilyAccountWithdrawn, fen: int) -> None:
    told = FamilyAccountOverspent(
        refund_id=payload.refund_id,
        household_id=payload.household_id,
        year=payload.year,
        amount=fen,
        at=unit.now,
    )
    subject = str(payload.refund_id)
    await emit_many(unit.conn, [Outgoing(told, unit.pool_code, subject, 1, day, unit.now, unit.service, fen)])


async def _post(
    unit: EventUnit,
    ref: Ref,
    used: Mapping[str, int],
    posting_id: UUID,
    household_id: UUID,
    year: int,
    fen: int,
    reason: str,
    posted_on: date,
) -> None:
    """One row of the account's history, and the account itself."""
    row = (posting_id, household_id, year, fen, reason, posted_on, unit.now)
    await execute(unit.conn, _CREDIT, unit.pool_code, *row)
    after = {**used, CREDITED: used.get(CREDITED, 0) + fen}
    await execute(unit.conn, _POST, unit.pool_code, ref.owner_id, ref.scope, orjson.dumps(after).decode())


def consumer() -> Consumer:
    """The reader of the credits of family accounts, and of what is taken back of them."""
    return Consumer(
        CONSUMER, [ACCOUNT_TOPIC], {FamilyAccountCredited.TYPE: credited, FamilyAccountWithdrawn.TYPE: withdrawn}
    )
