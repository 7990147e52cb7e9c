"""Tokens for tests: a key of the session, its JWKS over HTTP, and `mint`."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from deploy.issuer import Issuer, Scope
from tests.support.servers import StandInServer

DEMO_POOL = "522422"


class TestTokens:
    """`mint(role)` gives a bearer token. A small server on 127.0.0.1 answers the key set under `jwks_url` and client
    credentials under `token_url`, so that apps in this process and in others trust and obtain the same tokens."""

    __test__ = False

    def __init__(self) -> None:
        self._server = StandInServer(("127.0.0.1", 0), _handler(self))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.issuer = Issuer.generate(self.origin)
        self.jwks_url = f"{self.origin}/.well-known/jwks.json"
        self.token_url = f"{self.origin}/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def mint(
        self,
        role: str,
        *,
        pools: tuple[str, ...] = (DEMO_POOL,),
        institutions: tuple[str, ...] = (),
        areas: tuple[str, ...] | None = None,
        subject: str | None = None,
        home_institution: str | None = None,
        insurer: str | None = None,
        household_id: str | None = None,
        seconds: int = 3600,
        **extra: Any,
    ) -> str:
        """A token of `role`; the subject is ``<role>-1`` unless named (four eyes look at the subject). A township role
        is for the whole of its pools unless `areas` says otherwise."""
        if areas is None:
            areas = pools if role.startswith("township_") else ()
        scope = Scope(
            pools=pools,
            institutions=institutions,
            areas=areas,
            insurer=insurer,
            home_institution=home_institution,
            household_id=household_id,
        )
        return self.issuer.token(role, subject=subject or f"{role}-1", scope=scope, seconds=seconds, **extra)

    def headers(self, role: str, **options: Any) -> dict[str, str]:
        """`mint` as a request header."""
        return {"Authorization": f"Bearer {self.mint(role, **options)}"}

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        return self.issuer.jwks()

    def environment(self, service: str) -> dict[str, str]:
        """The variables that make an app of `service` trust these tokens and obtain its own."""
        prefix = f"HEYI_{service.upper()}_"
        return {
            prefix + "ISSUER": self.origin,
            prefix + "AUDIENCE": "heyi",
            prefix + "JWKS_URL": self.jwks_url,
            prefix + "TOKEN_URL": self.token_url,
            prefix + "CLIENT_ID": service,
            prefix + "CLIENT_SECRET": "test",
        }


def _handler(tokens: TestTokens) -> type[BaseHTTPRequestHandler]:
    """The request handler of the small issuer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(tokens.jwks)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            client = form.get("client_id", ["service"])[0]
            token = tokens.mint("service", subject=f"service:{client}")
            self._answer({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

        def _answer(self, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Silent: the requests of tests are of no interest."""

    return Handler
