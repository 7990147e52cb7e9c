"""Who may call a route: declared beside it, shown in the OpenAPI file, checked by the edge (contracts §13)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.db.scope import EVERY_INSTITUTION, NO_POOL, Scope
from shared.http.problems import FORBIDDEN_INSTITUTION, FORBIDDEN_POOL, FORBIDDEN_ROLE
from shared.http.roles import ROLES, role_words, roles_words
from shared.http.tokens import Actor

EXTENSION = "x-heyi-access"
BODY_MAX = 2 * 1024 * 1024
ScopeKind = Literal["pool", "institution", "free", "public"]


@dataclass(frozen=True, slots=True)
class AccessRule:
    """``pool``: the token names the path's pool. ``institution``: a hospital besides only its own institutions.

    ``free``: no pool. ``public``: no token. ``personal``: reading it is an audited act. ``query``: a POST that only
    asks. ``coalesced``: the capability opens the transaction itself (contracts §4). ``stream``: the body reads from a
    session of its own. ``max_bytes`` bounds the body. ``bulk``: the path of the sibling that takes many of these writes
    as NDJSON, and ``bulk_of`` there the single one (``shared.http.bulk``).
    """

    command: str
    roles: frozenset[str]
    scope: ScopeKind
    personal: bool = False
    coalesced: bool = False
    stream: bool = False
    query: bool = False
    max_bytes: int = BODY_MAX
    bulk: str | None = None
    bulk_of: str | None = None

    def pool_of(self, actor: Actor, path: Mapping[str, Any]) -> str:
        """The pool that the request may touch, ``-`` for none; raises the FORBIDDEN problems."""
        if self.scope == "public":
            return str(path.get("pool_code", NO_POOL))
        if actor.role not in self.roles:
            raise FORBIDDEN_ROLE(role=role_words(actor.role), allowed=roles_words(self.roles))
        if self.scope == "free":
            return NO_POOL
        pool_code = str(path["pool_code"])
        if pool_code not in actor.pools:
            raise FORBIDDEN_POOL(pool_code=pool_code)
        institution = path.get("institution_code")
        if actor.role == "hospital" and institution is not None and institution not in actor.institutions:
            raise FORBIDDEN_INSTITUTION(institution_code=institution)
        return pool_code

    def row_scope(self, actor: Actor, pool_code: str) -> Scope:
        """What the row policies let this request see: a hospital its own institutions only."""
        institutions = actor.institutions if actor.role == "hospital" else EVERY_INSTITUTION
        return Scope(actor.role, (pool_code,), institutions)


def access(
    roles: Collection[str],
    *,
    command: str,
    scope: ScopeKind = "pool",
    personal: bool = False,
    coalesced: bool = False,
    stream: bool = False,
    query: bool = False,
    max_bytes: int = BODY_MAX,
    bulk: str | None = None,
) -> dict[str, Any]:
    """The ``openapi_extra`` of a route: who may call it. Raises ValueError for a role that does not exist."""
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"unknown roles: {sorted(unknown)}")
    if scope != "public" and not roles:
        raise ValueError(f"{command}: a route that is not public names its roles")
    rule: dict[str, Any] = {"command": command, "roles": sorted(roles), "scope": scope, "personal": personal}
    optional = {"coalesced": coalesced, "stream": stream, "query": query}
    rule |= {name: True for name, value in optional.items() if value}
    if max_bytes != BODY_MAX:
        rule["max_bytes"] = max_bytes
    if bulk is not None:
        rule["bulk"] = bulk
    return {EXTENSION: rule}


def rule_from(openapi_extra: Mapping[str, Any] | None, path: str) -> AccessRule:
    """The rule of a route; raises ValueError where none is declared or its path lacks the pool it speaks of."""
    declared = (openapi_extra or {}).get(EXTENSION)
    if declared is None:
        raise ValueError(f"{path}: a route needs openapi_extra=access(…)")
    if declared["scope"] in ("pool", "institution") and "{pool_code}" not in path:
        raise ValueError(f"{path}: a route of a pool has {{pool_code}} in its path")
    return AccessRule(**(declared | {"roles": frozenset(declared["roles"])}))
