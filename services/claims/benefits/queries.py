"""What others may ask of the policies. Parsed policies are kept by hash: a decided document never changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits import registry
from services.claims.benefits.model import Policy
from shared.db.sql import fetch, fetchrow, fetchval
from shared.kernel.errors import define

NO_POLICY = define(
    "no_policy_in_force",
    409,
    "当日没有生效的补偿方案",
    "No policy was in force on that day",
    "统筹区 {pool_code} 在 {day} 没有经决定生效的补偿方案,请由县合管办公布方案后再办理。",
    "Pool {pool_code} has no decided policy for {day}: the county office has to decide one first.",
)
POLICY_HASH_UNKNOWN = define(
    "policy_hash_unknown",
    404,
    "没有这个指纹的方案",
    "No policy with that fingerprint",
    "统筹区 {pool_code} 没有经决定的方案 {digest}。",
    "Pool {pool_code} has no decided policy {digest}.",
)
_LATE = """
SELECT p.hash, p.effective_from, p.decided_at,
       (SELECT min(s.valid_from) FROM policy_start s
        WHERE s.pool_code = $1 AND s.valid_from > p.effective_from) AS until,
       (SELECT n.policy_id FROM policy_on($1, p.effective_from) n) AS in_force
FROM policy p WHERE p.pool_code = $1 AND p.id = $2 AND p.status = 'decided'
"""
_ON_DAYS = """
SELECT d.day, n.policy_id, n.hash FROM unnest($2::date[]) AS d(day), LATERAL policy_on($1, d.day) n
"""


@dataclass(frozen=True, slots=True)
class Late:
    """A decided version and the days of admission that it decides: from `since` until the next version's `until`."""

    policy_id: UUID
    policy: Policy
    since: date
    until: date | None
    decided_at: datetime
    """When the decision was recorded: claims are settled by the version from then on."""
    in_force: UUID
    """The version that decides its first day by now: another one, where it was corrected for the same day."""


async def decided_version(conn: AsyncConnection, pool_code: str, policy_id: UUID) -> Late | None:
    """A decided version with its days, or None: two statements."""
    row = await fetchrow(conn, _LATE, pool_code, policy_id)
    if row is None:
        return None
    policy = await policy_by_hash(conn, pool_code, row["hash"])
    return Late(policy_id, policy, row["effective_from"], row["until"], row["decided_at"], row["in_force"])


async def policy_for(conn: AsyncConnection, pool_code: str, admitted_on: date) -> Policy:
    """The policy that decides a claim admitted (visited) on that day: one statement, two when it is new here.

    Raises NO_POLICY.
    """
    row = await fetchrow(conn, "SELECT hash, accepted FROM policy_on($1, $2)", pool_code, admitted_on)
    if row is None:
        raise NO_POLICY(pool_code=pool_code, day=admitted_on)
    return await policy_from(conn, pool_code, row["hash"], tuple(row["accepted"]))


class InForce(NamedTuple):
    """The version that decides a day."""

    policy_id: UUID
    hash: str


async def policies_on(conn: AsyncConnection, pool_code: str, days: Iterable[date]) -> dict[date, InForce]:
    """The versions that decide claims admitted (visited) on days; a day without one is left out."""
    rows = await fetch(conn, _ON_DAYS, pool_code, sorted(days))
    return {row["day"]: InForce(row["policy_id"], row["hash"]) for row in rows}


async def policy_from(conn: AsyncConnection, pool_code: str, digest: str, accepted: tuple[str, ...]) -> Policy:
    """The parsed policy of a hash with what its pool accepted, for callers that read `policy_on()` themselves."""
    known = registry.known(digest, accepted)
    if known is not None:
        return known
    canonical = await fetchval(
        conn, "SELECT canonical FROM policy WHERE pool_code = $1 AND hash = $2", pool_code, digest
    )
    if canonical is None:
        raise LookupError(f"policy {digest} is in force in {pool_code} and its document is missing")
    return registry.remember(str(canonical), digest, accepted)


async def policy_by_hash(conn: AsyncConnection, pool_code: str, digest: str) -> Policy:
    """The policy that a claim was decided on, to reproduce its trace; raises POLICY_HASH_UNKNOWN."""
    row = await fetchrow(
        conn,
        "SELECT accepted FROM policy WHERE pool_code = $1 AND hash = $2 AND status = 'decided'",
        pool_code,
        digest,
    )
    if row is None:
        raise POLICY_HASH_UNKNOWN(pool_code=pool_code, digest=digest)
    return await policy_from(conn, pool_code, digest, tuple(row["accepted"]))
