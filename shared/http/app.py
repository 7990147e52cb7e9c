"""Builds the HTTP application of a service: its routers behind the edge, health, metrics, problems."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException as StarletteHTTPException

from shared.db.engine import create_engine
from shared.db.scope import Scope, transaction
from shared.http.audit_api import router as audit_log
from shared.http.edge import as_problem
from shared.http.problems import METHOD_NOT_ALLOWED, NO_SUCH_PATH, language_of, render
from shared.http.settings import ServiceSettings
from shared.http.tokens import TokenVerifier
from shared.http.unit import ServiceState
from shared.kernel.clock import Clock
from shared.observe import logs
from shared.observe.metrics import Metrics
from shared.observe.tracing import Tracing

NO_SECOND_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""The edge makes our spans and figures; the framework's own would carry what callers sent, and cost time."""
_READERS = 4
"""Streams and exports at a time; one more waits, at most the request timeout."""
Start = Callable[[ServiceState, AsyncExitStack], Awaitable[None]]
"""Opens resources of the service; what has to be closed is pushed on the stack."""


def create_service_app(
    settings: ServiceSettings,
    *,
    service: str,
    title: str,
    routers: Sequence[APIRouter],
    starts: Sequence[Start] = (),
    clock: Clock | None = None,
    token_client: httpx.AsyncClient | None = None,
) -> FastAPI:
    """The application; ``clock`` and ``token_client`` are given by tests, otherwise made from the settings."""
    state = _state(settings, service, clock, token_client)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(state.engine.dispose)
            stack.push_async_callback(state.reader.dispose)
            stack.push_async_callback(state.verifier.aclose)
            stack.callback(state.tracing.shutdown)
            for start in starts:
                await start(state, stack)
            yield

    app = FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
        telemetry=NO_SECOND_TELEMETRY,
    )
    app.state.heyi = state
    for router in (*routers, audit_log):
        app.include_router(router, prefix="/v1")
    _add_health(app, state)
    _add_problem_handlers(app)
    return app


def _state(
    settings: ServiceSettings, service: str, clock: Clock | None, token_client: httpx.AsyncClient | None
) -> ServiceState:
    return ServiceState(
        service=service,
        settings=settings,
        engine=_engine(settings, settings.database_url, settings.database_pool_size, f"heyi-{service}"),
        reader=_engine(
            settings, settings.reader_database_url or settings.database_url, _READERS, f"heyi-{service}-reader"
        ),
        clock=clock or settings.clock(),
        verifier=TokenVerifier(
            issuer=settings.issuer, audience=settings.audience, jwks_url=settings.jwks_url, client=token_client
        ),
        tracing=Tracing(service, settings.otlp_endpoint),
        metrics=Metrics(),
    )


def _engine(settings: ServiceSettings, url: SecretStr, pool_size: int, name: str) -> AsyncEngine:
    timeout = settings.request_timeout_seconds
    return create_engine(
        url.get_secret_value(),
        pool_size=pool_size,
        statement_timeout_seconds=timeout,
        lock_timeout_seconds=timeout * 0.8,
        application_name=name,
    )


def _add_health(app: FastAPI, state: ServiceState) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        try:
            async with transaction(state.engine, Scope("health"), read_only=True):
                return JSONResponse({"ready": True, "database": "reachable"})
        except Exception as error:
            return JSONResponse({"ready": False, "database": type(error).__name__}, 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(state.metrics.exposition(), media_type="text/plain; version=0.0.4")


def _add_problem_handlers(app: FastAPI) -> None:
    """Problems outside a route of the edge: unknown paths, wrong methods, errors of the framework."""

    async def tell(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 500)
        if status == 404:
            error = NO_SUCH_PATH(path=request.url.path)
        elif status == 405:
            error = METHOD_NOT_ALLOWED(method=request.method)
        return render(as_problem(error, "-"), language_of(request), "-")

    for kind in (StarletteHTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, tell)


def configure_process(service: str) -> None:
    """Logging of an API process; called by its ``create_app`` and not by tests."""
    logs.configure(service, "api")
