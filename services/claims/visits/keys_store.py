"""SQL of the idempotency keys of a batch: tried, waited for, read (contracts §4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import execute, fetch, fetchrow
from shared.http.idempotency import Answered, lock_name
from shared.http.idempotency import Claim as Key

_TAKE_KEYS = """
WITH taken AS (
  INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at)
  SELECT $1, q.subject, q.key, q.request_hash, $6
  FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) AS q(subject, key, request_hash, name)
  WHERE pg_try_advisory_xact_lock(hashtextextended(q.name, 0))
  ORDER BY q.subject, q.key
  ON CONFLICT DO NOTHING RETURNING subject, key
)
SELECT coalesce(array_agg(subject), '{}') AS subjects, coalesce(array_agg(key), '{}') AS keys,
       heyi_open_day($1) AS first_open
FROM taken
"""


_WAIT_KEY = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


_READ_KEYS = """
SELECT i.subject, i.key, i.request_hash, i.status, i.answer, i.result_kind, i.result_id
FROM unnest($2::text[], $3::text[]) AS q(subject, key)
JOIN idempotency i ON i.pool_code = $1 AND i.subject = q.subject AND i.key = q.key
"""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key used before: for which request, and its answer."""

    request_hash: bytes
    answered: Answered


async def take_keys(
    conn: AsyncConnection, pool_code: str, keys: Sequence[Key], now: datetime
) -> tuple[set[tuple[str, str]], date | None]:
    """Tries the lock of each key, without waiting, inserts those that are locked in sorted order (contracts §4), and
    then takes the shared lock of the business day.

    Returns (subject, key) of those that are ours now (of the others the lock is held elsewhere or the key was used)
    and the pool's first open day.
    """
    row = await fetchrow(
        conn,
        _TAKE_KEYS,
        pool_code,
        [key.subject for key in keys],
        [key.key for key in keys],
        [key.request_hash for key in keys],
        [lock_name(key) for key in keys],
        now,
    )
    return set(zip(row["subjects"], row["keys"], strict=True)), row["first_open"]


async def wait_for_key(conn: AsyncConnection, key: Key) -> None:
    """Waits for the key, at most the connection's lock timeout (then the driver raises)."""
    await execute(conn, _WAIT_KEY, lock_name(key))


async def read_keys(conn: AsyncConnection, pool_code: str, keys: Sequence[Key]) -> dict[tuple[str, str], KnownKey]:
    """What keys were used for and answered, by (subject, key)."""
    rows = await fetch(conn, _READ_KEYS, pool_code, [key.subject for key in keys], [key.key for key in keys])
    return {
        (row["subject"], row["key"]): KnownKey(
            row["request_hash"], Answered(row["status"], row["answer"], row["result_kind"], row["result_id"])
        )
        for row in rows
    }
