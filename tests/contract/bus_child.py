"""A member of a group in a process of its own, for tests that kill or stop it.

``python -m tests.contract.bus_child KIND ADDRESS GROUP TOPIC ACTIONS``: each letter of ACTIONS is done in turn and told
on standard output: p polls until something comes, c commits it, w waits for a line on standard input.
"""

import asyncio
import sys

import structlog

from shared.messaging.bus.base import Bus, Delivery, NotActive
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.postgres import PostgresBus

PATIENT_SECONDS = 60.0


def bus_of(kind: str, address: str) -> Bus:
    """The bus under test, with its own limits."""
    return PostgresBus(address) if kind == "postgres" else KafkaBus(address)


def patient_bus_of(kind: str, address: str) -> Bus:
    """The same for members that nobody kills: a minute of a machine that stands still does not make them dead."""
    if kind == "postgres":
        return PostgresBus(address, lease_seconds=PATIENT_SECONDS)
    return KafkaBus(address, session_seconds=PATIENT_SECONDS, request_seconds=PATIENT_SECONDS)


def say(*words: object) -> None:
    print(*words, flush=True)


async def main(kind: str, address: str, group: str, topic: str, actions: str) -> None:
    subscriber = await bus_of(kind, address).subscriber(group, [topic])
    polled: list[Delivery] = []
    for action in actions:
        if action == "p":
            polled = []
            while not polled:
                polled = await subscriber.poll(500, 1.0)
            say("polled", len(polled))
        elif action == "c":
            try:
                await subscriber.commit({(d.topic, d.partition): d.offset + 1 for d in polled})
                say("committed")
            except NotActive:
                say("refused")
        elif action == "w":
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await subscriber.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is the test's
    asyncio.run(main(*sys.argv[1:]))
