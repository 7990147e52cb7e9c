"""Topics: made here, never automatically (contracts §6): 12 partitions for ever, delete policy, unlimited retention.

Their names come from the event payloads in shared/contracts, so that a new topic needs no list of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import time
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

import shared.contracts
from deploy.home import DeployError
from deploy.postgres.roles import blocking
from shared.contracts.base import EventPayload

PARTITIONS = 12
CONFIGURATION = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
READY_SECONDS = 60


def payloads() -> list[type[EventPayload]]:
    """Every event payload of shared/contracts, by TYPE."""
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    return sorted(_named(EventPayload), key=lambda payload: payload.TYPE)


def _named(base: type[EventPayload]) -> Iterable[type[EventPayload]]:
    """The classes below `base` in shared.contracts that name a type."""
    for payload in base.__subclasses__():
        if "TYPE" in payload.__dict__ and payload.__module__.startswith("shared.contracts."):
            yield payload
        yield from _named(payload)


def topic_names() -> list[str]:
    """The topics of all payloads, sorted."""
    return sorted({payload.TOPIC for payload in payloads()})


def ensure_topics(bootstrap: str, names: Iterable[str] | None = None, replication: int = 1) -> list[str]:
    """Make the missing ones of `names` (all topics when None); answers those made now. Raises DeployError."""
    return blocking(_ensure(bootstrap, list(topic_names() if names is None else names), replication))


async def _ensure(bootstrap: str, names: list[str], replication: int) -> list[str]:
    admin = await _connected(bootstrap)
    try:
        missing = sorted(set(names) - set(await admin.list_topics()))
        if not missing:
            return []
        wanted = [NewTopic(name, PARTITIONS, replication, topic_configs=CONFIGURATION) for name in missing]
        answer = await admin.create_topics(wanted)
        for error in answer.topic_errors:
            if error[1] not in (0, TopicAlreadyExistsError.errno):
                raise DeployError(f"无法创建主题 (cannot make topic) {error[0]}: {for_code(error[1]).__name__}")
        await _wait_for_leaders(admin, missing)
        return missing
    finally:
        await admin.close()


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """A topic is usable when the metadata name a leader for each of its partitions, shortly after it was made."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        described = await admin.describe_topics(names)
        led = [sum(part["leader"] >= 0 for part in topic["partitions"]) for topic in described]
        if all(count == PARTITIONS for count in led):
            return
        if time.monotonic() > deadline:
            raise DeployError(f"主题没有就绪 (topics have no leaders): {', '.join(names)}")
        await asyncio.sleep(0.1)


async def _connected(bootstrap: str) -> AIOKafkaAdminClient:
    """An administration client, trying until the broker answers or READY_SECONDS have passed."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
        except (KafkaError, OSError) as error:
            await admin.close()
            if time.monotonic() > deadline:
                raise DeployError(f"Kafka {bootstrap} 没有应答 (does not answer): {error}") from error
            await asyncio.sleep(0.3)
        else:
            return admin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="host:port[,host:port]")
    parser.add_argument("--replication", type=int, default=3)
    arguments = parser.parse_args()
    for made in ensure_topics(arguments.bootstrap, replication=arguments.replication):
        print(made)
