"""Who is calling: OAuth 2 bearer tokens checked against the issuer's keys (contracts §13)."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.http import transport
from shared.http.problems import BUSY, UNAUTHENTICATED
from shared.http.roles import ROLES

ALGORITHMS = ["EdDSA", "ES256", "RS256"]
_KEYS_SECONDS = 300.0
_KEYS_AGAIN_SECONDS = 5.0
_CACHE_MAX = 4_096
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller as the token tells it; ``home_institution`` and ``household_id`` feed the conflict rules (WC-07).

    ``subject`` is in the one form of ``person``: every rule of two persons compares it as it is."""

    subject: str
    role: str
    pools: frozenset[str] = frozenset()
    institutions: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    insurer: str | None = None
    home_institution: str | None = None
    household_id: str | None = None


ANYBODY = Actor(subject="-", role="public")


class TokenVerifier:
    """Checks tokens and keeps what it has checked until they expire. Expiry is real time, never the business clock."""

    def __init__(self, *, issuer: str, audience: str, jwks_url: str, client: httpx.AsyncClient | None = None) -> None:
        self._issuer, self._audience, self._jwks_url = issuer, audience, jwks_url
        self._client = client or httpx.AsyncClient(transport=transport.Transport(), timeout=transport.ISSUER_SECONDS)
        self._keys: KeySet | None = None
        self._keys_at = -_KEYS_SECONDS
        self._known: dict[str, tuple[float, Actor]] = {}
        self._lock = asyncio.Lock()

    async def aclose(self) -> None:
        """Closes the client."""
        await self._client.aclose()

    async def actor(self, authorization: str | None) -> Actor:
        """The caller of an Authorization header; raises UNAUTHENTICATED, or BUSY when the issuer does not answer."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UNAUTHENTICATED(reason=("请求没有带令牌", "no bearer token"))
        known = self._known.get(token)
        if known is not None:
            if known[0] > time.time():
                return known[1]
            del self._known[token]
        claims = await self._claims(token)
        actor = _actor(claims)
        if len(self._known) >= _CACHE_MAX:
            self._known.clear()
        self._known[token] = (float(claims["exp"]), actor)
        return actor

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # The issuer may have a new key: ask once more, but not at every forged token.
            try:
                decoded = jwt.decode(token, await self._key_set(_KEYS_AGAIN_SECONDS), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise UNAUTHENTICATED(reason=("签名或格式不对", "its signature or form is wrong")) from error
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            rules.validate(decoded.claims)
        except JoseError as error:
            raise UNAUTHENTICATED(reason=("已过期,或不是为本系统签发", str(error))) from error
        return decoded.claims

    async def _key_set(self, older_than_seconds: float = _KEYS_SECONDS) -> KeySet:
        async with self._lock:
            if self._keys is None or time.monotonic() - self._keys_at > older_than_seconds:
                try:
                    self._keys = KeySet.import_key_set(await self._published())
                except httpx.HTTPError as error:
                    if self._keys is None:
                        raise BUSY(retry_after_seconds=2) from error
                self._keys_at = time.monotonic()
            return self._keys

    async def _published(self) -> Any:
        answer = await self._client.get(self._jwks_url)
        answer.raise_for_status()
        return answer.json()


def person(subject: str) -> str:
    """Who a token's subject is, in one form: without regard to capitals and to blanks around it, as the ledger compares
    preparer and checker. All that is kept, compared and shown has this form, so that services, tables and ledger agree
    on who is another person."""
    return subject.strip().lower()


def _actor(claims: dict[str, Any]) -> Actor:
    role = claims.get("role")
    if role not in ROLES or role == "public":
        raise UNAUTHENTICATED(reason=("令牌里的角色不是本系统的角色", "it names no role of this system"))
    subject = person(str(claims["sub"]))
    if not subject:
        raise UNAUTHENTICATED(reason=("令牌里没有写明是谁", "it names nobody"))
    return Actor(
        subject=subject,
        role=role,
        pools=frozenset(claims.get("pools", ())),
        institutions=tuple(claims.get("institutions", ())),
        areas=tuple(claims.get("areas", ())),
        insurer=claims.get("insurer"),
        home_institution=claims.get("home_institution"),
        household_id=claims.get("household_id"),
    )
