"""The audit log: who did what, was refused what, or read whose data (contracts §4).

A row is written with the act; a sealer numbers and chains committed rows afterwards, because a chain in the act's own
transaction would let one write at a time through.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
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
FORMAT = "heyi-audit-1"
_PLAIN = ("subject", "role", "action", "outcome", "resource_kind", "resource_id", "request_id")
_EXPORT_PAGE = 1_000
_NOTHING: dict[str, Any] = {"kind": "end", "last_number": 0, "last_hash": GENESIS.hex()}


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
_HASH_OF = "SELECT hash FROM audit WHERE pool_code = $1 AND number = $2"
_CHAINED = """
SELECT number, id, at, subject, role, action, outcome, resource_kind, resource_id, request_id, detail, hash
FROM audit WHERE pool_code = $1 AND number > $2 ORDER BY number LIMIT $3
"""
_ROOTS = """
SELECT day, through_number, root, signature, key_id, signed_at FROM audit_root WHERE pool_code = $1 ORDER BY day
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
    told = [row[name] for name in _PLAIN]
    content = canonical_json(
        [pool_code, number, str(row["id"]), row["at"].isoformat(), *told, _detail_text(row["detail"])]
    )
    return hashlib.sha256(previous + content).digest()


def _detail_text(detail: Any) -> str | None:
    """What is hashed of the detail; the pool's connections decode jsonb."""
    return json.dumps(detail, sort_keys=True, ensure_ascii=False) if detail else None


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


async def exported(
    conn: AsyncConnection, pool_code: str, after: int, head: dict[str, Any]
) -> AsyncIterator[list[dict[str, Any]]]:
    """The chain after a number in the form of docs/audit-format.md, in pages; ``conn`` is in a REPEATABLE READ
    transaction. Nothing is judged here: the verifier, which shares no code with this, does."""
    previous = await fetchval(conn, _HASH_OF, pool_code, after) if after else GENESIS
    start = {"pool_code": pool_code, "after": after, "previous": previous.hex() if previous else None}
    yield [{"kind": "audit", "format": FORMAT} | head | start]
    number = after
    while rows := await fetch(conn, _CHAINED, pool_code, number, _EXPORT_PAGE):
        yield [_exported_row(row) for row in rows]
        number = rows[-1]["number"]
    yield [_exported_root(pool_code, row, head.get("service")) for row in await fetch(conn, _ROOTS, pool_code)]
    last = await fetchrow(conn, _HEAD, pool_code)
    yield [{"kind": "end", "last_number": last["number"], "last_hash": last["hash"].hex()} if last else _NOTHING]


def _exported_row(row: Any) -> dict[str, Any]:
    return {
        "kind": "row",
        "number": row["number"],
        "id": str(row["id"]),
        "at": row["at"].isoformat(),
        **{name: row[name] for name in _PLAIN},
        "detail": _detail_text(row["detail"]),
        "hash": row["hash"].hex(),
    }


def _exported_root(pool_code: str, row: Any, service: str | None) -> dict[str, Any]:
    return {
        "kind": "root",
        "service": service,
        "pool_code": pool_code,
        "day": row["day"].isoformat(),
        "through_number": row["through_number"],
        "root": row["root"].hex(),
        "signature": row["signature"].hex(),
        "key_id": row["key_id"],
        "signed_at": row["signed_at"].isoformat(),
    }
