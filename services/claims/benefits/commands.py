"""The life of a policy version (rulings §8): proposed or drafted ▸ checked ▸ decided ▸ in force ▸ superseded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.benefits import store, templates
from services.claims.benefits.check import findings
from services.claims.benefits.compiler import Loaded, stored
from services.claims.benefits.document import Finding, Source
from services.claims.benefits.lifecycle import PUBLIC_SIDE, expect_checkable, expect_decidable
from services.claims.benefits.model import Policy
from services.claims.benefits.restarted import restart_findings
from services.claims.benefits.schema import PolicyDoc
from shared.http.unit import Unit
from shared.kernel.errors import define
from shared.kernel.ids import new_id

POLICY_UNKNOWN = define(
    "policy_unknown",
    404,
    "没有这个方案版本",
    "No such policy version",
    "统筹区 {pool_code} 没有方案版本 {policy_id},请核对编号。",
    "Pool {pool_code} has no policy version {policy_id}: check the id.",
)
POLICY_KNOWN = define(
    "policy_already_recorded",
    409,
    "同样的方案已经登记",
    "The same policy is recorded already",
    "内容相同的方案(指纹 {digest})已经登记,请直接使用已有的版本。",
    "A policy of the same content (fingerprint {digest}) is recorded: go on with that version.",
)
OTHER_POOL = define(
    "policy_of_another_pool",
    422,
    "方案不是为本统筹区写的",
    "The policy is written for another pool",
    "方案写明适用于 {pools},不含 {pool_code};请改正“pools”后重新提交。",
    "The policy names {pools} and not {pool_code}: correct pools and send it again.",
)
ACCEPTED_UNKNOWN = define(
    "accepted_unknown",
    422,
    "接受了方案里没有的推定项目",
    "Accepts items that the policy does not mark",
    "方案没有把 {names} 标为推定;可以接受的有:{known}。",
    "The policy does not mark {names} as illustrative; it marks: {known}.",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the committee decided."""

    document_number: str
    decided_on: date
    accepted: Sequence[str]


async def submit(unit: Unit, text: str) -> tuple[UUID, str, Loaded]:
    """Records a new version: a draft of the public side, a proposal of the insurer. Returns id, status, document."""
    loaded = await templates.load_for_pool(unit, text)
    policy = loaded.policy
    if policy.pools and unit.pool_code not in policy.pools:
        raise OTHER_POOL(pools=", ".join(policy.pools), pool_code=unit.pool_code)
    policy_id = new_id(unit.now)
    status = "draft" if unit.actor.role in PUBLIC_SIDE else "proposed"
    row: dict[str, Any] = {
        "id": policy_id,
        "code": policy.id,
        "title": policy.title,
        "hash": policy.hash,
        "effective_from": policy.effective_from,
        "document": text,
        "canonical": loaded.canonical,
        "illustrative": list(policy.illustrative),
        "status": status,
        "author": unit.actor.subject,
        "author_role": unit.actor.role,
        "created_at": unit.now,
    }
    if not await store.insert(unit.conn, unit.pool_code, row):
        raise POLICY_KNOWN(digest=policy.hash[:16])
    unit.result("policy", policy_id)
    unit.note(code=policy.id, hash=policy.hash, status=status)
    return policy_id, status, loaded


async def check(unit: Unit, policy_id: UUID) -> list[Finding]:
    """A second person on the public side has read it; returns what the machine found. Raises the problems above."""
    policy = await locked(unit, policy_id)
    expect_checkable(unit, policy)
    canonical = await store.canonical(unit.conn, unit.pool_code, policy_id)
    text = await store.document(unit.conn, unit.pool_code, policy_id)
    source = await templates.source_of(unit, policy, text, unit.pool_code)
    known, written = stored(str(canonical))
    found = await looked_at(unit, known, source, written)
    await store.set_checked(unit.conn, unit.pool_code, policy_id, unit.actor.subject, unit.now)
    unit.result("policy", policy_id)
    unit.note(code=policy["code"], hash=policy["hash"], warnings=len(found))
    return found


async def looked_at(unit: Unit, policy: Policy, source: Source, document: PolicyDoc) -> list[Finding]:
    """What the machine finds in a version, and what of the version that it follows it does not go on counting."""
    found = findings(policy, source, document)
    followed = await store.canonical_on(unit.conn, unit.pool_code, policy.effective_from)
    return found if followed is None else [*found, *restart_findings(stored(followed)[0], policy, source)]


async def decide(unit: Unit, policy_id: UUID, decision: Decision) -> Any:
    """The committee's document makes it count from its effective date on. Returns the row as it was before."""
    policy = await locked(unit, policy_id)
    expect_decidable(unit, policy, decision.decided_on)
    known = policy["illustrative"]
    if unknown := [name for name in decision.accepted if name not in known]:
        raise ACCEPTED_UNKNOWN(names=", ".join(unknown), known=", ".join(known) or "—")
    accepted = sorted(set(decision.accepted))
    await store.set_decided(
        unit.conn,
        unit.pool_code,
        policy_id,
        by=unit.actor.subject,
        at=unit.now,
        document_number=decision.document_number,
        decided_on=decision.decided_on,
        accepted=accepted,
    )
    await store.start(unit.conn, unit.pool_code, policy, accepted, unit.now)
    unit.result("policy", policy_id)
    unit.note(code=policy["code"], hash=policy["hash"], document_number=decision.document_number, accepted=accepted)
    return policy


async def locked(unit: Unit, policy_id: UUID) -> Any:
    """The version, locked until the end of the transaction. Raises POLICY_UNKNOWN."""
    policy = await store.get(unit.conn, unit.pool_code, policy_id, lock=True)
    if policy is None:
        raise POLICY_UNKNOWN(pool_code=unit.pool_code, policy_id=policy_id)
    return policy
