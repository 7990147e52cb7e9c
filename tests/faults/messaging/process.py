"""A worker of the small service in a process of its own, to be killed: relay and consumer, as every service runs them.

``python -m tests.faults.messaging.process BUS ADDRESS WORKER_URL TOPIC``.
"""

import asyncio
import sys
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from shared.kernel.clock import Clock, FixedClock
from shared.messaging.bus import choice
from shared.messaging.bus.postgres import PostgresBus
from shared.messaging.consumer import Consumer
from shared.messaging.worker import serve_worker
from tests.component.messaging.bench import SERVICE, START, NoteTaken, record_effect


@dataclass
class Settings:
    """What the worker reads of a service's settings."""

    bus: str
    address: str
    worker_database_url: SecretStr
    host: str = "127.0.0.1"
    worker_port: int = 0
    otlp_endpoint: str | None = None
    signing_key: SecretStr | None = None

    @property
    def bus_url(self) -> SecretStr:
        return SecretStr(self.address)

    @property
    def kafka_bootstrap(self) -> str:
        return self.address

    def clock(self) -> Clock:
        return FixedClock(START)


async def main(bus: str, address: str, worker_url: str, topic: str) -> None:
    consumer = Consumer("notes", (topic,), {NoteTaken.TYPE: record_effect})
    await serve_worker(Settings(bus, address, SecretStr(worker_url)), SERVICE, [consumer])


if __name__ == "__main__":
    choice.PostgresBus = partial(PostgresBus, lease_seconds=2.0)  # type: ignore[assignment, misc]
    asyncio.run(main(*sys.argv[1:]))
