"""Work that a worker repeats, and the jobs that every service has: partitions ahead of the clock, sealing of the audit
log."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import audit
from shared.db.answers import ANSWERS_KEPT, forget_answers_before
from shared.db.scope import Scope, transaction
from shared.db.sql import fetch
from shared.kernel.clock import Clock
from shared.kernel.dates import shanghai_date
from shared.messaging.failures import describe
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.partitions import ensure_ahead
from shared.messaging.relay import wait_for

_SEAL_PAGE = 5_000
_UNSEALED_POOLS = "SELECT DISTINCT pool_code FROM audit WHERE number IS NULL"
_CHAINED_POOLS = "SELECT pool_code FROM audit_head"

_log = structlog.get_logger("heyi.jobs")


@dataclass(frozen=True)
class WorkerContext:
    """What a job gets. A job opens its own transactions, one pool each."""

    service: str
    settings: Any
    engine: AsyncEngine
    clock: Clock

    def now(self) -> datetime:
        """Business time."""
        return self.clock.now()

    def transaction(self, *pools: str) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction of the worker role with these pools in scope."""
        return transaction(self.engine, Scope("worker", pools))


@dataclass(frozen=True)
class Job:
    """``run`` is called every so many (real) seconds, first at the start; an error is logged and counted."""

    name: str
    every_seconds: float
    run: Callable[[WorkerContext], Awaitable[None]]


async def keep(job: Job, context: WorkerContext, metrics: MessagingMetrics, stop: asyncio.Event) -> None:
    """Repeats a job until ``stop``."""
    while not stop.is_set():
        try:
            await job.run(context)
        except Exception as error:
            metrics.failures.labels(job.name).inc()
            _log.error("job_failed", job=job.name, why=describe(error))
        await wait_for(stop, job.every_seconds)


async def make_partitions(context: WorkerContext) -> None:
    """Months of outbox and inbox, made before the business clock gets there."""
    async with context.transaction() as conn:
        made = await ensure_ahead(conn, shanghai_date(context.now()))
    if made:
        _log.info("partitions_made", tables=made)


async def seal_audit(context: WorkerContext) -> None:
    """Numbers and chains the audit rows of each pool, and signs the root of the day before."""
    signer = _Signer.of(context.settings)
    async with context.transaction() as conn:
        unsealed = [row["pool_code"] for row in await fetch(conn, _UNSEALED_POOLS)]
    for pool_code in unsealed:
        sealed = _SEAL_PAGE
        while sealed == _SEAL_PAGE:
            async with context.transaction(pool_code) as conn:
                sealed = await audit.seal_pending(conn, pool_code, _SEAL_PAGE)
    if signer is None:
        return
    async with context.transaction() as conn:
        chained = [row["pool_code"] for row in await fetch(conn, _CHAINED_POOLS)]
    for pool_code in chained:
        async with context.transaction(pool_code) as conn:
            await audit.sign_day(conn, pool_code, context.now(), signer.sign, signer.key_id)


@dataclass(frozen=True)
class _Signer:
    """Ed25519 with the service's signing key, which no database holds."""

    key: Ed25519PrivateKey
    key_id: str

    @classmethod
    def of(cls, settings: Any) -> "_Signer | None":
        secret = getattr(settings, "signing_key", None)
        if secret is None:
            return None
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret.get_secret_value()))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(key, hashlib.sha256(public).hexdigest()[:16])

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


async def forget_answers(context: WorkerContext) -> None:
    """Drops the bodies of answers after ninety days; the keys, with what they made, stay for ever (contracts §4)."""
    async with context.transaction() as conn:
        await forget_answers_before(conn, context.now() - ANSWERS_KEPT)


STANDING_JOBS = (
    Job("partitions", 60, make_partitions),
    Job("audit_seal", 60, seal_audit),
    Job("forget_answers", 3600, forget_answers),
)
