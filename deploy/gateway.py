"""One origin for the local stack, as behind an ingress: four APIs, the console, the local issuer, the business clock.

``/enrollment/v1/…``, ``/claims/v1/…``, ``/settlement/v1/…`` and ``/performance/v1/…`` go to the services; bodies stream
both ways. Local use only: a deployment has an ingress and an OIDC issuer of its own.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.issuer import Issuer, Scope
from deploy.state import ROOT, StateDirectory
from shared.http.transport import Transport
from shared.kernel.clock import write_clock
from shared.kernel.dates import SHANGHAI
from shared.messaging.partitions import ensure_partitions

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
SERVICE_TOKEN_SECONDS = 3600
READ_SECONDS = 60
# of one connection only (RFC 9110 §7.6.1); `host` is the upstream's own
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "host"}
)
log = logging.getLogger("heyi.gateway")


@dataclass
class Gateway:
    """What the handlers share."""

    state: StateDirectory
    issuer: Issuer
    upstreams: dict[str, str]
    owners: list[str]
    client: httpx.AsyncClient = field(default_factory=lambda: _client())


def create_app() -> Starlette:
    """The application that the supervisor runs; its settings are HEYI_GATEWAY_… variables."""
    state = StateDirectory(Path(os.environ["HEYI_GATEWAY_STATE"]))
    upstreams = dict(pair.split("=", 1) for pair in os.environ["HEYI_GATEWAY_UPSTREAMS"].split())
    issuer = state.issuer(os.environ["HEYI_GATEWAY_ORIGIN"])
    return build(Gateway(state, issuer, upstreams, os.environ.get("HEYI_GATEWAY_OWNERS", "").split()))


def build(gateway: Gateway) -> Starlette:
    """The application around a gateway."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await gateway.client.aclose()

    routes: list[Route | Mount] = [
        Route("/livez", _livez),
        Route("/.well-known/jwks.json", _jwks),
        Route("/.well-known/openid-configuration", _openid_configuration),
        Route("/token", _token, methods=["POST"]),
        Route("/clock", _read_clock, methods=["GET"]),
        Route("/clock", _set_clock, methods=["POST"]),
    ]
    routes += [Route(f"/{service}/v1/{{path:path}}", _proxy(service), methods=METHODS) for service in gateway.upstreams]
    console = ROOT / "console"
    if console.is_dir():
        routes.append(Mount("/", StaticFiles(directory=console, html=True)))
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.gateway = gateway
    return app


def _of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


def _client() -> httpx.AsyncClient:
    """The client towards the services. It follows nothing and keeps no cookie; services limit their own time."""
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
    return httpx.AsyncClient(transport=Transport(limits=limits), timeout=httpx.Timeout(READ_SECONDS, connect=2))


async def _livez(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


# -- reverse proxy


def _proxy(service: str) -> Any:
    """The handler that passes requests on to `service`, both bodies streamed."""

    async def handle(request: Request) -> Response:
        gateway = _of(request)
        path = request.scope["raw_path"].decode("ascii").removeprefix(f"/{service}")  # still percent-encoded
        url = httpx.URL(gateway.upstreams[service] + path).copy_with(query=request.url.query.encode() or None)
        headers = [(k, v) for k, v in request.headers.raw if k.decode("latin-1").lower() not in HOP_BY_HOP]
        headers.append((b"x-forwarded-prefix", f"/{service}".encode()))
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        content = request.stream() if has_body else None
        upstream = gateway.client.build_request(request.method, url, headers=headers, content=content)
        try:
            answer = await gateway.client.send(upstream, stream=True)
        except httpx.ConnectError:
            return _problem(
                503, "service_unavailable", "服务正在启动", "Service is starting", _RETRY, service, {"Retry-After": "1"}
            )
        except httpx.HTTPError as error:
            log.warning("%s gave no answer: %s", service, type(error).__name__)
            return _problem(502, "outcome_unknown", "没有收到答复", "No answer", _SAME_KEY, service)
        kept = [(k, v) for k, v in answer.headers.raw if k.decode("latin-1").lower() not in HOP_BY_HOP]
        response = StreamingResponse(_body(answer), answer.status_code)
        response.raw_headers = [(name.lower(), value) for name, value in kept]
        return response

    return handle


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The raw body; the upstream connection is given back also when the client hangs up."""
    try:
        async for part in answer.aiter_raw():
            yield part
    finally:
        await answer.aclose()


_RETRY = (
    "服务 {subject} 暂时连不上, 什么都没有发生, 请稍后再试。",
    "{subject} cannot be reached; nothing happened; try again.",
)
_SAME_KEY = (
    "服务 {subject} 没有答复, 不知道是否已经办成; 请用同一个 Idempotency-Key 再发一次。",
    "{subject} did not answer, the outcome is unknown: send the same request again with the same Idempotency-Key.",
)


def _problem(
    status: int,
    code: str,
    title_zh: str,
    title_en: str,
    detail: tuple[str, str],
    subject: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """An RFC 9457 answer of the gateway itself, in Chinese and English at once."""
    body = {
        "type": f"urn:heyi:problem:{code}",
        "code": code,
        "status": status,
        "title": f"{title_zh} · {title_en}",
        "detail": " ".join(text.format(subject=subject) for text in detail),
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


# -- local issuer


async def _jwks(request: Request) -> Response:
    return JSONResponse(_of(request).issuer.jwks())


async def _openid_configuration(request: Request) -> Response:
    name = _of(request).issuer.name
    return JSONResponse(
        {
            "issuer": name,
            "jwks_uri": f"{name}/.well-known/jwks.json",
            "token_endpoint": f"{name}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        }
    )


async def _token(request: Request) -> Response:
    """OAuth 2 client credentials for the services themselves: role `service`, all pools of this stack."""
    gateway = _of(request)
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    if form.get("grant_type") != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    known: str | None = gateway.state.keys()["client_secrets"].get(client)
    if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    scope = Scope(pools=tuple(gateway.state.pools()))
    token = gateway.issuer.token("service", subject=f"service:{client}", scope=scope, seconds=SERVICE_TOKEN_SECONDS)
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": SERVICE_TOKEN_SECONDS}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return None
    return client, secret


# -- business clock


async def _read_clock(request: Request) -> Response:
    return JSONResponse({"business_at": _of(request).state.business_now().isoformat()})


async def _set_clock(request: Request) -> Response:
    """Move the business clock forward; the role operator only. Partitions are made before it gets there."""
    gateway = _of(request)
    if _role(request, gateway.issuer) != "operator":
        detail = ("请用 operator 角色的令牌。", "Use a token of the role operator.")
        return _problem(403, "forbidden_role", "无权调整业务时钟", "Not allowed to move the clock", detail)
    wanted = _business_time(await request.body())
    if wanted is None:
        detail = ('请给出 {{"business_at": "2010-03-31T18:00"}}。', "Give business_at as an ISO time.")
        return _problem(422, "invalid_time", "时间无法识别", "Not a time", detail)
    if wanted < gateway.state.business_now():
        now = gateway.state.business_now().isoformat(timespec="minutes")
        detail = (
            "业务时钟现在是 {subject}, 只能往前拨。",
            "The business clock is at {subject} and only moves forward.",
        )
        return _problem(409, "clock_moves_forward", "不能往回拨", "The clock only moves forward", detail, now)
    for owner in gateway.owners:
        await ensure_partitions(owner, wanted.date(), gateway.state.business_now().date())
    write_clock(gateway.state.clock_file, wanted)
    return JSONResponse({"business_at": wanted.isoformat()})


def _role(request: Request, issuer: Issuer) -> str | None:
    """The role of a valid token of this issuer, None for any other."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    keys: Any = issuer.jwks()
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
        jwt.JWTClaimsRegistry(exp={"essential": True}, iss={"essential": True, "value": issuer.name}).validate(claims)
    except (JoseError, ValueError):
        return None
    return str(claims.get("role"))


def _business_time(body: bytes) -> datetime | None:
    """The time in a request; without an offset it is Shanghai's."""
    try:
        at = datetime.fromisoformat(json.loads(body)["business_at"])
    except (ValueError, KeyError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
