"""The audit log: who did what, was refused what, or read whose data (contracts §4).

A row is written with the act; a sealer numbers and chains committed rows afterwards, because a chain in the act's own
transaction would let one write at a time through.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import Statement, execute, execute_counted, executemany, fetch, fetchrow, fetchval, rows_as_json
from shared.kernel.canonical import canonical_json
from shared.kernel.dates import SHANGHAI
from shared.kernel.ids import new_id

DONE, REFUSED, READ = "done", "refused", "read"
GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. ``detail`` holds ids and facts, never names, ID numbers, accounts or phones."""

    pool_code: str
    at: datetime
    subject: str
    role: str
    action: str
    outcome: str
    request_id: str
    resource_kind: str | None = None
    resource_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


_INSERT = """
INSERT INTO audit (pool_code, id, at, subject, role, action, outcome, resource_kind, resource_id, request_id, detail)
SELECT * FROM json_to_recordset($1::json)
  AS e(pool_code text, id uuid, at timestamptz, subject text, role text, action text, outcome text, resource_kind text,
       resource_id text, request_id text, detail jsonb)
"""
_HEAD = "SELECT number, hash FROM audit_head WHERE pool_code = $1"
_UNSEALED = """
SELECT id, at, subject, role, action, outcome, resource_kind, resource_id, request_id, detail
FROM audit WHERE pool_code = $1 AND number IS NULL ORDER BY id LIMIT $2
"""
_SEAL = "UPDATE audit SET number = $3, hash = $4 WHERE pool_code = $1 AND id = $2"
_MOVE_HEAD = """
INSERT INTO audit_head (pool_code, number, hash) VALUES ($1, $2, $3)
ON CONFLICT (pool_code) DO UPDATE SET number = EXCLUDED.number, hash = EXCLUDED.hash
"""
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('heyi.audit:' || $1, 0))"
_LAST_BEFORE = """
SELECT number, hash FROM audit WHERE pool_code = $1 AND number IS NOT NULL AND at < $2 ORDER BY number DESC LIMIT 1
"""
_ROOT = """
INSERT INTO audit_root (pool_code, day, through_number, root, signature, key_id, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""


async def write(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Writes the rows in one statement, in the caller's transaction."""
    statement = insertion(entries)
    await execute(conn, statement.sql, *statement.args)


def insertion(entries: Sequence[Entry]) -> Statement:
    """The statement that writes the rows."""
    return Statement(_INSERT, (rows_as_json([_row(entry) for entry in entries]),))


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "pool_code": entry.pool_code,
        "id": new_id(entry.at),
        "at": entry.at,
        "subject": entry.subject,
        "role": entry.role,
        "action": entry.action,
        "outcome": entry.outcome,
        "resource_kind": entry.resource_kind,
        "resource_id": entry.resource_id,
        "request_id": entry.request_id,
        "detail": entry.detail or None,
    }


def chained(previous: bytes, pool_code: str, number: int, row: Any) -> bytes:
    """The hash of a row: SHA-256 of the previous hash and the row's canonical JSON."""
    detail = row["detail"]  # the pool's connections decode jsonb
    content = canonical_json(
        [
            pool_code,
            number,
            str(row["id"]),
            row["at"].isoformat(),
            row["subject"],
            row["role"],
            row["action"],
            row["outcome"],
            row["resource_kind"],
            row["resource_id"],
            row["request_id"],
            json.dumps(detail, sort_keys=True, ensure_ascii=False) if detail else None,
        ]
    )
    return hashlib.sha256(previous + content).digest()


async def seal_pending(conn: AsyncConnection, pool_code: str, limit: int = 5_000) -> int:
    """Numbers and chains committed rows of a pool; returns how many. One sealer a pool at a time (advisory lock)."""
    if not await fetchval(conn, _TRY_LOCK, pool_code):
        return 0
    head = await fetchrow(conn, _HEAD, pool_code)
    number, previous = (head["number"], head["hash"]) if head else (0, GENESIS)
    sealed: list[tuple[str, UUID, int, bytes]] = []
    for row in await fetch(conn, _UNSEALED, pool_code, limit):
        number += 1
        previous = chained(previous, pool_code, number, row)
        sealed.append((pool_code, row["id"], number, previous))
    if sealed:
        await executemany(conn, _SEAL, sealed)
        await execute(conn, _MOVE_HEAD, pool_code, number, previous)
    return len(sealed)


async def sign_day(
    conn: AsyncConnection, pool_code: str, now: datetime, sign: Callable[[bytes], bytes], key_id: str
) -> date | None:
    """Signs the chain up to the last sealed row before today, as yesterday's root, once a day.

    Returns the day, or None where it was signed already or there is nothing before today.
    """
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    last = await fetchrow(conn, _LAST_BEFORE, pool_code, midnight)
    if last is None:
        return None
    day = midnight.date() - timedelta(days=1)
    signed = canonical_json([pool_code, day.isoformat(), last["number"], last["hash"].hex()])
    made = await execute_counted(conn, _ROOT, pool_code, day, last["number"], last["hash"], sign(signed), key_id, now)
    return day if made else None


async def verify_chain(conn: AsyncConnection, pool_code: str) -> str | None:
    """None if the sealed rows of the pool are as they were sealed, otherwise what is wrong first."""
    previous, expected = GENESIS, 0
    rows = await fetch(
        conn, "SELECT * FROM audit WHERE pool_code = $1 AND number IS NOT NULL ORDER BY number", pool_code
    )
    for row in rows:
        expected += 1
        if row["number"] != expected:
            return f"row {expected} is missing"
        previous = chained(previous, pool_code, expected, row)
        if previous != row["hash"]:
            return f"row {expected} was changed"
    head = await fetchrow(conn, _HEAD, pool_code)
    if head and (head["number"], head["hash"]) != (expected, previous):
        return f"rows after {expected} are missing"
    return None
