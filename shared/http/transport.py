"""The HTTP transport that every client of ours uses, with a limit of a library mended at one place."""

import ssl
from functools import lru_cache

import httpx

ISSUER_SECONDS = 5.0
"""What the issuer of tokens may take to answer."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """The certificates that we trust; reading them takes tens of milliseconds, and every client would do it again."""
    return httpx.create_ssl_context()


class Transport(httpx.AsyncHTTPTransport):
    """Tells a peer that dies while a connection opens as what it is, a network error.

    httpcore asks a socket that is already gone for its address and lets an ``AttributeError`` out, which no caller of
    httpx expects. Whether the peer saw the request is then unknown, as with any read error.
    """

    def __init__(self, limits: httpx.Limits = _LIMITS) -> None:
        super().__init__(verify=_certificates(), limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx errors only."""
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            raise httpx.ReadError("the connection was lost while it opened", request=request) from error
