"""The SQL of the coverage projection."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.visits.coverage import Coverage, starts_as_rows
from services.claims.visits.settling_store import DOUBTED
from services.claims.visits.visit_rows import coverage_of
from shared.db.sql import execute, fetch, fetchrow

EVENT, ANSWER = "event", "answer"

_COLUMNS = (
    "member_id, household_id, blind_index, township_code, village_code, birth_date, sex, sequence, timeline, groups, "
    f"layers, entitlements, entitlement_seq, {DOUBTED}"
)
_OF_MEMBER = f"SELECT {_COLUMNS} FROM member_coverage m WHERE pool_code = $1 AND member_id = $2"
_BY_INDEX = f"""
SELECT DISTINCT ON (blind_index) {_COLUMNS} FROM member_coverage m
WHERE pool_code = $1 AND blind_index = ANY ($2::bytea[]) ORDER BY blind_index, sequence DESC
"""
_REPLACE = """
INSERT INTO member_coverage AS m (pool_code, member_id, household_id, blind_index, township_code, birth_date, sex,
                                  sequence, timeline, groups, layers, learnt_from, learnt_at, village_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (pool_code, member_id) DO UPDATE SET
  household_id = EXCLUDED.household_id, blind_index = EXCLUDED.blind_index, township_code = EXCLUDED.township_code,
  birth_date = EXCLUDED.birth_date, sex = EXCLUDED.sex, sequence = EXCLUDED.sequence, timeline = EXCLUDED.timeline,
  groups = EXCLUDED.groups, layers = EXCLUDED.layers, village_code = EXCLUDED.village_code,
  learnt_from = EXCLUDED.learnt_from, learnt_at = EXCLUDED.learnt_at
WHERE m.sequence < EXCLUDED.sequence
"""


async def replace(conn: AsyncConnection, pool_code: str, told: Coverage, learnt_from: str, now: datetime) -> None:
    """Keeps what was told if its sequence is higher than what is known (contracts §7)."""
    timeline, groups, layers = starts_as_rows(told)
    await execute(
        conn,
        _REPLACE,
        pool_code,
        told.member_id,
        told.household_id,
        told.blind_index,
        told.township_code,
        told.birth_date,
        told.sex,
        told.sequence,
        orjson.dumps(timeline).decode(),
        orjson.dumps(groups).decode(),
        orjson.dumps(layers).decode(),
        learnt_from,
        now,
        told.village_code,
    )


async def of_member(conn: AsyncConnection, pool_code: str, member_id: UUID, *, lock: bool = False) -> Coverage | None:
    """What is known of a member."""
    row = await fetchrow(conn, _OF_MEMBER + " FOR UPDATE" if lock else _OF_MEMBER, pool_code, member_id)
    return None if row is None else coverage_of(row)


async def by_index(conn: AsyncConnection, pool_code: str, blind_index: bytes) -> Coverage | None:
    """What is known of the member with this blind index; of several the one heard of most."""
    return (await by_indexes(conn, pool_code, [blind_index])).get(blind_index)


async def by_indexes(conn: AsyncConnection, pool_code: str, blind_indexes: Sequence[bytes]) -> dict[bytes, Coverage]:
    """The same of many, by blind index."""
    found = map(coverage_of, await fetch(conn, _BY_INDEX, pool_code, list(blind_indexes)))
    return {one.blind_index: one for one in found}
