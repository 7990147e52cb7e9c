"""Health of a worker process over HTTP: /livez, /readyz (outbox age, consumer progress), /metrics."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.messaging.bus.base import Progress
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.relay import Relay
from shared.observe.metrics import Metrics

LIVE_SECONDS = 180.0
READY_SECONDS = 30.0


class Loop(Protocol):
    """A consumer's loop, as far as its health goes."""

    name: str
    turned_at: float

    def progress(self) -> Progress: ...


class _Server(uvicorn.Server):
    """Without signal handlers: the worker has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HealthServer:
    """Answers on the worker's port; port 0 answers nowhere."""

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        figures: MessagingMetrics,
        relay: Relay,
        loops: Sequence[Loop],
    ) -> None:
        self._host, self._port, self._metrics, self._figures = host, port, metrics, figures
        self._relay, self._loops = relay, loops

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/livez", self._livez),
                Route("/readyz", self._readyz),
                Route("/metrics", self._exposition),
            ]
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until ``stop``; raises SystemExit where the port is taken."""
        if not self._port:
            await stop.wait()
            return
        config = uvicorn.Config(
            self.app(), host=self._host, port=self._port, log_config=None, access_log=False, lifespan="off"
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving

    def facts(self) -> dict[str, Any]:
        """What the answers tell; ages in real seconds."""
        now = time.monotonic()
        consumers = {}
        for loop in self._loops:
            progress = loop.progress()
            consumers[loop.name] = {
                "active": progress.active,
                "partitions": progress.partitions,
                "polled": progress.polled,
                "lag": progress.lag,
                "poll_age_seconds": round(now - loop.turned_at, 1),
            }
        relay = {
            "holder": self._relay.holds,
            "turn_age_seconds": round(now - self._relay.turned_at, 1),
            "outbox_age_seconds": round(self._relay.outbox_age(), 1),
        }
        return {"relay": relay, "consumers": consumers}

    def silence(self) -> float:
        """Real seconds since the loop that has been silent longest took a turn."""
        now = time.monotonic()
        return max(now - turned_at for turned_at in [self._relay.turned_at, *(loop.turned_at for loop in self._loops)])

    async def _livez(self, _request: Request) -> Response:
        alive = self.silence() < LIVE_SECONDS
        return JSONResponse({"status": "alive" if alive else "silent"}, 200 if alive else 503)

    async def _readyz(self, _request: Request) -> Response:
        facts = self.facts()
        ready = self.silence() < READY_SECONDS and self._relay.outbox_age() < READY_SECONDS
        return JSONResponse({"ready": ready} | facts, 200 if ready else 503)

    async def _exposition(self, _request: Request) -> Response:
        now = time.monotonic()
        self._figures.outbox_age.set(self._relay.outbox_age())
        for loop in self._loops:
            self._figures.poll_age.labels(loop.name).set(now - loop.turned_at)
        return Response(self._metrics.exposition(), media_type="text/plain; version=0.0.4")
