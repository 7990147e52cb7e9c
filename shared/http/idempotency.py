"""Each write once (contracts §4): the key's row is the first one inserted and stays for ever."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.sql import Statement, execute, fetch, fetchrow, fetchval
from shared.http.problems import KEY_MISSING, KEY_REUSED

KEY_MAX = 128

_CLAIM = """
INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at)
SELECT $1, $2, $3, $4, $5 WHERE pg_advisory_xact_lock(hashtextextended($6, 0)) IS NOT NULL
ON CONFLICT DO NOTHING RETURNING true
"""
_CLAIM_MANY = """
INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at)
SELECT $1, q.s, q.k, q.h, $5
FROM (SELECT r.s, r.k, r.h, r.name FROM unnest($2::text[], $3::text[], $4::bytea[], $6::text[]) AS r(s, k, h, name)
      ORDER BY r.s, r.k) AS q
WHERE pg_advisory_xact_lock(hashtextextended(q.name, 0)) IS NOT NULL
ON CONFLICT DO NOTHING RETURNING subject, key
"""
_READ = """
SELECT request_hash, result_kind, result_id, status, answer, etag FROM idempotency
WHERE pool_code = $1 AND subject = $2 AND key = $3
"""
_FINISH = """
UPDATE idempotency SET result_kind = $4, result_id = $5, status = $6, answer = $7, etag = $8
WHERE pool_code = $1 AND subject = $2 AND key = $3
"""
_FINISH_MANY = """
UPDATE idempotency AS i SET result_kind = r.kind, result_id = r.id, status = r.status, answer = r.answer
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::bytea[])
     AS r(subject, key, kind, id, status, answer)
WHERE i.pool_code = $1 AND i.subject = r.subject AND i.key = r.key
"""
_RELEASE_MANY = """
DELETE FROM idempotency AS i USING unnest($2::text[], $3::text[]) AS r(subject, key)
WHERE i.pool_code = $1 AND i.subject = r.subject AND i.key = r.key
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as one caller uses it for one request."""

    pool_code: str
    subject: str
    key: str
    request_hash: bytes


def lock_name(wanted: Claim) -> str:
    """The name under which a key is locked, by ordinary writes and by the coalescer alike (contracts §4)."""
    return f"heyi.key:{wanted.pool_code}\x1f{wanted.subject}\x1f{wanted.key}"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the key's first request was answered; ``answer`` is None once the body is no longer kept. ``etag``: the
    edition that it made, as long as its body is kept."""

    status: int
    answer: bytes | None
    result_kind: str | None
    result_id: str | None
    etag: str | None = None

    def body(self) -> bytes:
        """The answer, or after its ninety days the record that it named."""
        return self.answer or json.dumps({"result": {"kind": self.result_kind, "id": self.result_id}}).encode()


def key_of(headers: Mapping[str, str]) -> str:
    """The Idempotency-Key header; raises KEY_MISSING."""
    key = headers.get("idempotency-key", "")
    if not 0 < len(key) <= KEY_MAX or not key.isascii() or not key.isprintable():
        raise KEY_MISSING()
    return key


def request_hash(method: str, path: str, query: str, content_type: str, body: bytes) -> bytes:
    """SHA-256 of method, path, query and body: a JSON body by its meaning, any other byte for byte."""
    content: Any = hashlib.sha256(body).hexdigest()
    if content_type.startswith("application/json") and body:
        with suppress(orjson.JSONDecodeError):
            content = orjson.loads(body)
    pairs = sorted([list(p) for p in parse_qsl(query, keep_blank_values=True)]) if query else []
    return hashlib.sha256(orjson.dumps([method, path, pairs, content], option=orjson.OPT_SORT_KEYS)).digest()


async def claim(conn: AsyncConnection, wanted: Claim, now: datetime) -> Answered | None:
    """None: the key is ours now. Otherwise what it was answered; raises KEY_REUSED for another request.

    Waits for a request in flight with the same key, at most the connection's lock timeout (then the driver raises).
    The wait is for the key's lock and not for its row: so a batch that finds the lock held lets that request leave
    and goes on with the others.
    """
    values = (wanted.pool_code, wanted.subject, wanted.key, wanted.request_hash, now, lock_name(wanted))
    if await fetchval(conn, _CLAIM, *values):
        return None
    return await read(conn, wanted)


async def claim_many(
    conn: AsyncConnection, pool_code: str, wanted: Sequence[Claim], now: datetime
) -> set[tuple[str, str]]:
    """Locks and inserts the keys in sorted order in one statement; returns (subject, key) of those ours now."""
    rows = await fetch(
        conn,
        _CLAIM_MANY,
        pool_code,
        [c.subject for c in wanted],
        [c.key for c in wanted],
        [c.request_hash for c in wanted],
        now,
        [lock_name(c) for c in wanted],
    )
    return {(row["subject"], row["key"]) for row in rows}


async def read(conn: AsyncConnection, wanted: Claim) -> Answered | None:
    """What the key was answered, None where it is not there; raises KEY_REUSED for another request."""
    row = await fetchrow(conn, _READ, wanted.pool_code, wanted.subject, wanted.key)
    if row is None:
        return None
    if row["request_hash"] != wanted.request_hash:
        raise KEY_REUSED()
    etag = None if row["answer"] is None else row["etag"]
    return Answered(row["status"], row["answer"], row["result_kind"], row["result_id"], etag)


async def finish(conn: AsyncConnection, done: Claim, answered: Answered) -> None:
    """Keeps the answer with the key."""
    await execute(
        conn,
        _FINISH,
        done.pool_code,
        done.subject,
        done.key,
        answered.result_kind,
        answered.result_id,
        answered.status,
        answered.answer,
        answered.etag,
    )


def finishing(pool_code: str, done: Sequence[tuple[Claim, Answered]]) -> Statement:
    """The statement that keeps many answers."""
    return Statement(
        _FINISH_MANY,
        (
            pool_code,
            [c.subject for c, _ in done],
            [c.key for c, _ in done],
            [a.result_kind for _, a in done],
            [a.result_id for _, a in done],
            [a.status for _, a in done],
            [a.answer for _, a in done],
        ),
    )


def releasing(pool_code: str, refused: Sequence[Claim]) -> Statement:
    """The statement that deletes the keys of refusals: a refused request may come again with its key."""
    return Statement(_RELEASE_MANY, (pool_code, [c.subject for c in refused], [c.key for c in refused]))
