"""Parsed policies of this process, by hash and by what the pool accepted."""

from dataclasses import replace

from services.claims.benefits.compiler import stored
from services.claims.benefits.model import Policy

_KEPT = 64
_policies: dict[tuple[str, tuple[str, ...]], Policy] = {}


def known(digest: str, accepted: tuple[str, ...]) -> Policy | None:
    """The policy if this process has parsed it."""
    return _policies.get((digest, accepted))


def remember(canonical: str, digest: str, accepted: tuple[str, ...]) -> Policy:
    """Parses the canonical form of a document and keeps it. Raises ValueError where its hash is another."""
    policy, _ = stored(canonical)
    if policy.hash != digest:
        raise ValueError(f"the stored document of policy {policy.id} has hash {policy.hash}, not {digest}")
    if len(_policies) >= _KEPT:
        _policies.pop(next(iter(_policies)))
    _policies[digest, accepted] = replace(policy, accepted=frozenset(accepted))
    return _policies[digest, accepted]
