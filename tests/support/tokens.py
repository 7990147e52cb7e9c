"""Tokens for tests: a key of the session, its JWKS, and `mint`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.issuer import Issuer, Scope

ISSUER = "http://issuer.test"
DEMO_POOL = "522422"


@dataclass
class TestTokens:
    """`mint(role)` gives a bearer token; `jwks` is the key set that an app under test is given."""

    __test__ = False
    directory: Path
    issuer: Issuer = field(default_factory=lambda: Issuer.generate(ISSUER))

    def mint(
        self,
        role: str,
        *,
        pools: tuple[str, ...] = (DEMO_POOL,),
        institutions: tuple[str, ...] = (),
        areas: tuple[str, ...] = (),
        subject: str | None = None,
        home_institution: str | None = None,
        insurer: str | None = None,
        household_id: str | None = None,
        seconds: int = 3600,
        **extra: Any,
    ) -> str:
        """A token of `role`; the subject is ``<role>-1`` unless named (four eyes look at the subject)."""
        scope = Scope(
            pools=pools, institutions=institutions, areas=areas, insurer=insurer,
            home_institution=home_institution, household_id=household_id,
        )  # fmt: skip
        return self.issuer.token(role, subject=subject or f"{role}-1", scope=scope, seconds=seconds, **extra)

    def headers(self, role: str, **options: Any) -> dict[str, str]:
        """`mint` as a request header."""
        return {"Authorization": f"Bearer {self.mint(role, **options)}"}

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        return self.issuer.jwks()

    @property
    def jwks_url(self) -> str:
        """The key set as a file:// URL, for settings that want an address and no server."""
        path = self.directory / "jwks.json"
        if not path.exists():
            path.write_text(json.dumps(self.jwks))
        return path.as_uri()

    def environment(self, service: str) -> dict[str, str]:
        """The variables that make an app of `service` trust these tokens."""
        prefix = f"HEYI_{service.upper()}_"
        return {prefix + "ISSUER": ISSUER, prefix + "AUDIENCE": "heyi", prefix + "JWKS_URL": self.jwks_url}
