"""The server of a bus goes down and comes back: clients that open anew, as relay and consumers do, lose nothing."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from deploy.kafka.topics import ensure_topics
from shared.messaging.bus import kafka
from shared.messaging.bus.base import Bus, Outbound, Subscriber
from shared.messaging.bus.kafka import KafkaBus, Stalled
from tests.support.waiting import PATIENCE_SECONDS

SECONDS = 300.0


async def publish(bus: Bus, topic: str, first: int, last: int) -> None:
    """Tries until everything is acknowledged, each time with a new publisher, as the relay does."""
    while True:
        try:
            publisher = await bus.publisher()
            try:
                await publisher.publish([Outbound(topic, f"k{n % 5}", str(n).encode()) for n in range(first, last)])
                return
            finally:
                await publisher.close()
        except Exception:
            await asyncio.sleep(0.5)


async def read(bus: Bus, topic: str, expected: int, on_half: Callable[[], Any]) -> set[int]:
    """Reads and commits, with a new subscriber after every error, until everything has come."""
    seen: set[int] = set()
    subscriber: Subscriber | None = None
    halfway = False
    while len(seen) < expected:
        try:
            subscriber = subscriber or await bus.subscriber("readers", [topic])
            for delivery in await subscriber.poll(100, 0.5):
                seen.add(int(delivery.value))
        except Exception:
            if subscriber is not None:
                await asyncio.wait_for(subscriber.close(), PATIENCE_SECONDS)
            subscriber = None
            await asyncio.sleep(0.5)
        if not halfway and len(seen) >= expected // 2:
            halfway = True
            await asyncio.to_thread(on_half)
    if subscriber is not None:
        await subscriber.close()
    return seen


@pytest.mark.kafka
async def test_a_broker_that_was_killed_comes_back_with_everything(kafka_broker: Any) -> None:
    topic = f"heyi.test.t{uuid4().hex[:12]}.v1"
    ensure_topics(kafka_broker.bootstrap, [topic])
    bus = KafkaBus(kafka_broker.bootstrap)

    def restart() -> None:
        kafka_broker.kill()
        kafka_broker.start()

    async with asyncio.timeout(SECONDS):
        await publish(bus, topic, 0, 100)
        reading = asyncio.create_task(read(bus, topic, 200, restart))
        await asyncio.sleep(2)
        await publish(bus, topic, 100, 200)
        assert await reading == set(range(200))


@pytest.mark.kafka
async def test_a_client_that_does_not_fetch_is_found_out(kafka_broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = f"heyi.test.t{uuid4().hex[:12]}.v1"
    ensure_topics(kafka_broker.bootstrap, [topic])
    bus = KafkaBus(kafka_broker.bootstrap)
    subscriber = await bus.subscriber("readers", [topic])
    monkeypatch.setattr(kafka, "_CHECK_SECONDS", 0.5)
    monkeypatch.setattr(kafka, "_ANSWER_SECONDS", PATIENCE_SECONDS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not subscriber.progress().active:
            assert await subscriber.poll(10, 0.2) == []
        for _ in range(4):
            assert await subscriber.poll(10, 0.4) == [], "an idle topic is no stall"
        subscriber._consumer.pause(*subscriber._consumer.assignment())  # type: ignore[attr-defined]
        await publish(bus, topic, 0, 10)
        with pytest.raises(Stalled):
            while True:
                await subscriber.poll(10, 0.2)
    await subscriber.close()
