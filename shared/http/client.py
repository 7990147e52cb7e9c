"""Questions to another service: REST with a service token, a time limit, and the trace carried on."""

import asyncio
import time
from typing import Any

import httpx

from shared.http import transport
from shared.http.settings import ServiceSettings
from shared.observe.tracing import current_traceparent

_RENEW_BEFORE_SECONDS = 60


class PeerUnavailable(Exception):
    """The other service gave no usable answer in time; ask again later."""


class ClientCredentials:
    """Fetches and keeps a service token (OAuth 2 client credentials)."""

    def __init__(self, settings: ServiceSettings, client: httpx.AsyncClient | None = None) -> None:
        if not (settings.token_url and settings.client_id and settings.client_secret):
            raise ValueError("TOKEN_URL, CLIENT_ID and CLIENT_SECRET are needed to ask other services")
        self._url, self._id = settings.token_url, settings.client_id
        self._secret = settings.client_secret.get_secret_value()
        self._client = client or httpx.AsyncClient(transport=transport.Transport(), timeout=transport.ISSUER_SECONDS)
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token that is valid for a while yet; raises PeerUnavailable."""
        async with self._lock:
            if time.monotonic() > self._until:
                form = {"grant_type": "client_credentials", "client_id": self._id, "client_secret": self._secret}
                try:
                    answer = await self._client.post(self._url, data=form)
                    answer.raise_for_status()
                    told = answer.json()
                except (httpx.HTTPError, ValueError) as error:
                    raise PeerUnavailable("the issuer gave no token") from error
                self._token = told["access_token"]
                self._until = time.monotonic() + max(float(told["expires_in"]) - _RENEW_BEFORE_SECONDS, 1)
            return self._token

    async def aclose(self) -> None:
        """Closes the client."""
        await self._client.aclose()


class PeerClient:
    """Asks one other service. Limits are given per question; there are no retries here."""

    def __init__(self, base_url: str, credentials: ClientCredentials, client: httpx.AsyncClient | None = None) -> None:
        self._credentials = credentials
        self._client = client or httpx.AsyncClient(transport=transport.Transport(), base_url=base_url)

    async def get(self, path: str, *, timeout_seconds: float, params: dict[str, str] | None = None) -> Any | None:
        """The JSON answer, None for 404; raises PeerUnavailable for anything else, also after the time limit."""
        try:
            async with asyncio.timeout(timeout_seconds):
                headers = {"Authorization": f"Bearer {await self._credentials.token()}"}
                traceparent = current_traceparent()
                if traceparent:
                    headers["traceparent"] = traceparent
                answer = await self._client.get(path, params=params, headers=headers, timeout=timeout_seconds)
        except (httpx.HTTPError, TimeoutError) as error:
            raise PeerUnavailable(f"no answer within {timeout_seconds} s") from error
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise PeerUnavailable(f"answered {answer.status_code}")
        return answer.json()

    async def aclose(self) -> None:
        """Closes the client."""
        await self._client.aclose()
