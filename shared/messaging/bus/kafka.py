"""The bus on Kafka: at-least-once transport (contracts §6).

aiokafka's defaults are wrong for money, so each is set: acks=all, idempotence on, no automatic commit, earliest.
Kafka's transactions are not used. Progress is counted here, because the client tells nobody when it hangs.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.messaging.bus.base import Delivery, NotActive, Outbound, Position, Progress, UnknownTopic

_LOST = (CommitFailedError, IllegalStateError, RebalanceInProgressError, UnknownMemberIdError)
_SEND_SECONDS = 30
_CHECK_SECONDS = 20.0
_ANSWER_SECONDS = 20.0


class Stalled(RuntimeError):
    """The broker has records that the client does not fetch; close the subscriber and open another."""


class KafkaBus:
    """Opens publishers and subscribers on one cluster. Six seconds of silence make a member dead."""

    def __init__(self, bootstrap: str, *, session_seconds: float = 6.0, request_seconds: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._session_ms = int(session_seconds * 1000)
        self._request_ms = int(request_seconds * 1000)

    async def publisher(self) -> "KafkaPublisher":
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            request_timeout_ms=self._request_ms,
        )
        await producer.start()
        return KafkaPublisher(producer)

    async def subscriber(self, group: str, topics: Sequence[str]) -> "KafkaSubscriber":
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=self._session_ms // 4,
            max_poll_interval_ms=300_000,
            request_timeout_ms=self._request_ms,
            metadata_max_age_ms=60_000,
        )
        await consumer.start()
        try:
            known = await consumer.topics()
            if missing := sorted(set(topics) - known):
                raise UnknownTopic(f"topics are made by deploy before use; missing: {', '.join(missing)}")
            consumer.subscribe(topics=sorted(set(topics)))
        except BaseException:
            await consumer.stop()
            raise
        return KafkaSubscriber(consumer, group)

    async def close(self) -> None:
        """Nothing is shared between publishers and subscribers."""


class KafkaPublisher:
    """An idempotent producer. After an error close it and open another: its sequence numbers may be spoiled."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._known: set[str] = set()

    async def publish(self, records: Sequence[Outbound]) -> None:
        await self._check_topics({record.topic for record in records})
        async with asyncio.timeout(_SEND_SECONDS):
            acknowledgements = [await self._send(record) for record in records]
            await asyncio.gather(*acknowledgements)

    async def _send(self, record: Outbound) -> "asyncio.Future[object]":
        headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
        if record.traceparent:
            headers.append(("traceparent", record.traceparent.encode()))
        sent: asyncio.Future[object] = await self._producer.send(
            record.topic, value=record.value, key=record.key.encode(), partition=record.target, headers=headers
        )
        return sent

    async def _check_topics(self, topics: set[str]) -> None:
        """Refuses a topic that deploy has not made, instead of waiting for it."""
        for topic in sorted(topics - self._known):
            if topic not in (await self._producer.client.fetch_all_metadata()).topics():
                raise UnknownTopic(f"topics are made by deploy before use; missing: {topic}")
            self._known.add(topic)

    async def close(self) -> None:
        await self._producer.stop()


class KafkaSubscriber:
    """One member of a consumer group; Kafka shares the partitions among the members."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str) -> None:
        self._consumer, self._group = consumer, group
        self._polled = 0
        self._positions: dict[TopicPartition, int] = {}
        self._checked_at = time.monotonic()
        self._waiting: dict[TopicPartition, int] = {}

    async def poll(self, limit: int, timeout_seconds: float) -> list[Delivery]:
        batches = await self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=limit)
        found = [
            Delivery(record.topic, record.partition, record.offset, (record.key or b"").decode(), record.value or b"")
            for records in batches.values()
            for record in records
        ]
        self._polled += len(found)
        self._positions |= {place: records[-1].offset + 1 for place, records in batches.items() if records}
        if found:
            self._checked_at, self._waiting = time.monotonic(), {}
        elif time.monotonic() - self._checked_at > _CHECK_SECONDS:
            await self._check()
        return found

    async def _check(self) -> None:
        """Asks the broker itself where the partitions end, since a hung client tells nobody.

        Raises Stalled when a partition has had records after an unmoved position at two checks in a row, and
        TimeoutError when nobody answers.
        """
        async with asyncio.timeout(_ANSWER_SECONDS):
            ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
            at = {partition: await self._consumer.position(partition) for partition in ends}
        behind = {partition: at[partition] for partition, end in ends.items() if at[partition] < end}
        if any(self._waiting.get(partition) == position for partition, position in behind.items()):
            raise Stalled(f"{self._group}: the client does not fetch {len(behind)} partitions that have records")
        self._checked_at, self._waiting = time.monotonic(), behind

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        wanted = {TopicPartition(*place): OffsetAndMetadata(offset, "") for place, offset in offsets.items()}
        if not wanted:
            return
        try:
            await self._consumer.commit(wanted)
        except _LOST as error:
            raise NotActive(f"{self._group}: the partitions went to another member") from error

    async def rewind(self) -> None:
        if not self._consumer.assignment():
            return
        committed = await self._consumer.seek_to_committed()
        fresh = [partition for partition, offset in committed.items() if not offset]
        if fresh:
            await self._consumer.seek_to_beginning(*fresh)

    def progress(self) -> Progress:
        assigned = self._consumer.assignment()
        return Progress(bool(assigned), len(assigned), self._polled, sum(map(self._lag, assigned)))

    def _lag(self, partition: TopicPartition) -> int:
        """Records between what was polled and the end, as last told by the broker; 0 before the first fetch."""
        end = self._consumer.highwater(partition)
        return 0 if end is None else max(0, end - self._positions.get(partition, end))

    async def close(self) -> None:
        await self._consumer.stop()
