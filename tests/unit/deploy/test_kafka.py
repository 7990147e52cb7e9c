"""The broker that the stack starts itself: topics as contracts §6 wants them, and data that outlives a kill."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka.broker import Broker
from deploy.kafka.topics import ensure_topics
from deploy.postgres.roles import blocking
from deploy.topics import topic_names
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.kafka
TOPIC = "heyi.test.survival.v1"


async def _partitions(bootstrap: str, topic: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        await admin.close()


async def _send(bootstrap: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"k")
    finally:
        await producer.stop()


async def _read_one(bootstrap: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), PATIENCE_SECONDS)
        return bytes(record.value)
    finally:
        await consumer.stop()


async def _all_topics(bootstrap: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


def test_all_topics_are_made_once_with_twelve_partitions(kafka_broker: Broker) -> None:
    assert ensure_topics(kafka_broker.bootstrap) == []
    assert set(topic_names()) <= blocking(_all_topics(kafka_broker.bootstrap))
    assert ensure_topics(kafka_broker.bootstrap, ["heyi.test.counted.v1"]) == ["heyi.test.counted.v1"]
    assert blocking(_partitions(kafka_broker.bootstrap, "heyi.test.counted.v1")) == 12


def test_what_was_acknowledged_survives_a_kill_of_the_broker(kafka_broker: Broker) -> None:
    ensure_topics(kafka_broker.bootstrap, [TOPIC])
    blocking(_send(kafka_broker.bootstrap, TOPIC, b"kept"))
    kafka_broker.kill()
    assert not kafka_broker.listening()
    kafka_broker.start()
    ensure_topics(kafka_broker.bootstrap, [TOPIC])
    assert blocking(_read_one(kafka_broker.bootstrap, TOPIC)) == b"kept"
