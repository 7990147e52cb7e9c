"""The local issuer of tokens: one ES256 key, short-lived JWTs that name a role and its scope (rulings §8).

For local use and tests only; a real deployment points HEYI_<SERVICE>_ISSUER and …_JWKS_URL at its own OIDC issuer
(contracts §13).
"""

from __future__ import annotations

import json
import os
import secrets
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
ROLES = (
    "hospital", "insurer_intake", "insurer_reviewer", "insurer_approver", "insurer_finance", "insurer_manager",
    "township_clerk", "township_director", "county_recheck", "county_inspector", "county_director", "city_health",
    "county_finance", "city_finance", "sponsor", "auditor", "insurance_regulator", "discipline", "supervisor",
    "coordination_secretary", "public", "service", "operator",
)  # fmt: skip
LIFETIME_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Scope:
    """What a token lets its bearer see: pools, institutions ('*' is all), areas, insurer, home unit, household."""

    pools: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    insurer: str | None = None
    home_institution: str | None = None
    household_id: str | None = None

    def claims(self) -> dict[str, Any]:
        """The JWT claims of this scope; absent facts are left out."""
        named: dict[str, Any] = {
            "pools": list(self.pools),
            "institutions": list(self.institutions),
            "areas": list(self.areas),
        }
        for key in ("insurer", "home_institution", "household_id"):
            if getattr(self, key) is not None:
                named[key] = getattr(self, key)
        return named


class Issuer:
    """Signs tokens with one key. `name` is the `iss` claim and the origin of the JWKS."""

    def __init__(self, key: ECKey, name: str, audience: str = "heyi") -> None:
        self._key = key
        self.name = name
        self.audience = audience

    @classmethod
    def generate(cls, name: str, audience: str = "heyi") -> Issuer:
        """An issuer with a key drawn now."""
        return cls(_new_key(), name, audience)

    @classmethod
    def from_file(cls, path: Path, name: str, audience: str = "heyi") -> Issuer:
        """The issuer whose private key (JWK, 0600) is in `path`; the file is made when missing."""
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
                json.dump(_new_key().as_dict(private=True), sink)
        return cls(ECKey.import_key(json.loads(path.read_text())), name, audience)

    def jwks(self) -> dict[str, Any]:
        """The public key set, as served under /.well-known/jwks.json."""
        return {"keys": [{**self._key.as_dict(private=False), "alg": ALGORITHM, "use": "sig"}]}

    def token(
        self,
        role: str,
        *,
        subject: str,
        scope: Scope | None = None,
        seconds: int = LIFETIME_SECONDS,
        **extra: Any,
    ) -> str:
        """A signed JWT for `subject` in `role`, valid for `seconds` of real time (never the business clock).

        `extra` overrides single claims, so that tests can make expired or foreign tokens.
        """
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.name, "aud": self.audience, "sub": subject, "role": role,
            "iat": now, "nbf": now - 5, "exp": now + seconds, "jti": uuid.uuid4().hex,
            **(scope or Scope()).claims(), **extra,
        }  # fmt: skip
        header = {"alg": ALGORITHM, "kid": str(self._key.kid), "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


def _new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(8)}, private=True)
