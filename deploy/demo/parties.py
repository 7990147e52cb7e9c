"""The parties of the demo county as HTTP clients: each has its own token and sees what its role may see.

Every write carries an idempotency key that follows from the story alone. A party that gets no answer, or a 5xx, sends
the same request with the same key again; this is how any client of Heyi should behave, and the kill tests rely on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.issuer import Issuer, Scope

PATIENCE_SECONDS = 300.0
_PAUSE_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)
_AGAIN = frozenset({502, 503, 504})
_IN_FLIGHT = "idempotency_key_in_flight"


class DemoError(Exception):
    """The story cannot go on; the message tells the step and the service's own words."""


@dataclass
class Office:
    """What all parties share: the origin, the issuer, the pool, and the story's name that all keys begin with."""

    origin: str
    issuer: Issuer
    pool_code: str
    story: str
    http: httpx.AsyncClient
    repeats: int = 0
    """Requests that had to be sent again."""


@dataclass
class Party:
    """One person or machine with one role."""

    office: Office
    role: str
    subject: str
    institutions: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    insurer: str | None = None
    home_institution: str | None = None
    _token: tuple[float, str] = field(default=(0.0, ""), repr=False)

    def token(self) -> str:
        """A token of this party, renewed in time."""
        if self._token[0] < time.monotonic():
            scope = Scope(
                pools=(self.office.pool_code,), institutions=self.institutions, areas=self.areas, insurer=self.insurer,
                home_institution=self.home_institution,
            )  # fmt: skip
            self._token = (
                time.monotonic() + 1800,
                self.office.issuer.token(self.role, subject=self.subject, scope=scope, seconds=3600),
            )
        return self._token[1]

    async def write(self, method: str, path: str, step: str, *, expect: int | None = None, **request: Any) -> Any:
        """Sends a write under the key of ``step`` until it is answered; returns the JSON of a 2xx.

        ``expect`` names a refusal that belongs to the story; then the problem is returned. Raises DemoError.
        """
        headers = {"Idempotency-Key": f"{self.office.story}.{step}"} | request.pop("headers", {})
        answer = await self._send(method, path, headers, request)
        if expect is not None and answer.status_code == expect:
            return answer.json()
        if expect is not None or not answer.is_success:
            raise DemoError(f"{step}: {self.role} {method} {path} → {answer.status_code} {answer.text[:600]}")
        return answer.json() if answer.content else None

    async def ask(self, path: str, question: Any, *, too_late: str) -> Any | None:
        """The answer to a question that changes nothing; None where the story was told beyond it before, as the code
        of the refusal says. Raises DemoError."""
        answer = await self._send("POST", path, {}, {"json": question})
        if answer.status_code == 409 and answer.json()["code"] == too_late:
            return None
        if not answer.is_success:
            raise DemoError(f"{self.role} POST {path} → {answer.status_code} {answer.text[:600]}")
        return answer.json()

    async def read(self, path: str, **params: Any) -> Any:
        """The JSON of a GET; raises DemoError."""
        return (await self.get(path, **params)).json()

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """A GET's answer; raises DemoError for anything but 2xx."""
        answer = await self._send("GET", path, {}, {"params": params})
        if not answer.is_success:
            raise DemoError(f"{self.role} GET {path} → {answer.status_code} {answer.text[:600]}")
        return answer

    async def clock(self, business_at: str) -> bool:
        """Moves the local business clock forward (role operator); False where it stands later already."""
        answer = await self._send("POST", "/clock", {}, {"json": {"business_at": business_at}})
        return answer.is_success or answer.status_code == 409

    async def items(self, path: str, **params: Any) -> list[Any]:
        """All items of a keyset list, page by page."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = await self.read(path, **(params | ({"cursor": cursor} if cursor else {})))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def _send(self, method: str, path: str, headers: dict[str, str], request: dict[str, Any]) -> httpx.Response:
        until = time.monotonic() + PATIENCE_SECONDS
        turn = 0
        while True:
            try:
                who = headers | {"Authorization": f"Bearer {self.token()}", "Accept-Language": "zh-CN"}
                answer = await self.office.http.request(method, self.office.origin + path, headers=who, **request)
            except httpx.TransportError as error:
                told = f"{type(error).__name__}: {error}"
            else:
                if not (answer.status_code in _AGAIN or (answer.status_code == 409 and _IN_FLIGHT in answer.text)):
                    return answer
                told = f"{answer.status_code} {answer.text[:300]}"
            if time.monotonic() > until:
                raise DemoError(f"{method} {path}: no answer in {PATIENCE_SECONDS:.0f} s, at last {told}")
            self.office.repeats += 1
            await asyncio.sleep(_PAUSE_SECONDS[min(turn, len(_PAUSE_SECONDS) - 1)])
            turn += 1


async def eventually(what: str, look: Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first truthy result of ``look``: events need a moment to arrive. Raises DemoError after ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > until:
            raise DemoError(f"{what}: nothing arrived within {seconds:.0f} s")
        await asyncio.sleep(0.15)
