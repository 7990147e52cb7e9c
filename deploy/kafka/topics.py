"""Topics on a Kafka cluster: 12 partitions for ever, delete policy, unlimited retention (contracts §6).

For a cluster of one's own: ``python -m deploy.kafka.topics --bootstrap HOST:PORT --replication 3``.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.home import DeployError
from deploy.postgres.roles import blocking
from deploy.topics import topic_names
from shared.messaging.bus.base import PARTITIONS

READY_SECONDS = 180
CONFIGURATION = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": str(8 * 1024 * 1024),
}


def ensure_topics(bootstrap: str, names: Iterable[str] | None = None, replication: int = 1) -> list[str]:
    """Make the missing ones of `names` (all topics when None); answers those made now. Raises DeployError."""
    return blocking(_ensure(bootstrap, list(topic_names() if names is None else names), replication))


async def _ensure(bootstrap: str, names: list[str], replication: int) -> list[str]:
    admin = await _connected(bootstrap)
    try:
        missing = sorted(set(names) - set(await admin.list_topics()))
        if missing:
            await _create(admin, missing, replication)
            await _wait_for_leaders(admin, missing)
        await _wait_for_groups(admin)
        return missing
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, names: list[str], replication: int) -> None:
    """Make topics; one that somebody else made meanwhile is as good."""
    settings = CONFIGURATION | ({"min.insync.replicas": str(replication - 1)} if replication > 1 else {})
    wanted = [NewTopic(name, PARTITIONS, replication, topic_configs=settings) for name in names]
    answer = await admin.create_topics(wanted)
    for topic, code, *_ in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise DeployError(f"无法创建主题 (cannot make the topic) {topic}: {for_code(code).__name__}")


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


async def _wait_for_groups(admin: AIOKafkaAdminClient) -> None:
    """The broker makes its topic of committed offsets when first asked; wait here, before any consumer has to."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            await admin.find_coordinator("heyi.deploy")
        except KafkaError as error:
            if time.monotonic() > deadline:
                raise DeployError(f"Kafka 的消费组没有就绪 (groups are not ready): {error}") from error
            await asyncio.sleep(0.2)
        else:
            return


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
