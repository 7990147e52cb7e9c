"""A load client that costs little: raw HTTP/1.1 over kept connections, each with one request in flight."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Load:
    """What a run saw."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    first_error: bytes = b""

    @property
    def rate(self) -> float:
        """Successes a second."""
        return sum(n for status, n in self.statuses.items() if status < 300) / self.seconds

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * share)] * 1000 if ordered else 0.0


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last is complete; answers carry Content-Length."""

    def __init__(self, requests: Iterator[bytes], load: Load, stop: Callable[[], bool], done: asyncio.Event) -> None:
        self._requests, self._load, self._stop, self._done = requests, load, stop, done
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self._buffer[:head].lower()
        start = lower.index(b"content-length:") + 15
        end = lower.find(b"\r\n", start)
        length = int(lower[start : end if end >= 0 else None])
        if len(self._buffer) < head + 4 + length:
            return
        status = int(self._buffer[9:12])
        self._load.statuses[status] = self._load.statuses.get(status, 0) + 1
        if status >= 300 and not self._load.first_error:
            self._load.first_error = self._buffer
        self._load.latencies.append(time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        self._done.set()

    def _next(self) -> None:
        request = None if self._stop() else next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def run(host: str, port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Sends requests over ``connections`` for a while; ends when each connection has its last answer."""
    loop, load = asyncio.get_running_loop(), Load()
    started = time.perf_counter()
    ends: list[asyncio.Event] = []
    for _ in range(connections):
        done = asyncio.Event()
        ends.append(done)
        await loop.create_connection(
            lambda done=done: _Connection(requests, load, lambda: time.perf_counter() - started > seconds, done),
            host,
            port,
        )
    await asyncio.gather(*(done.wait() for done in ends))
    load.seconds = time.perf_counter() - started
    return load
