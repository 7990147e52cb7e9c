"""One contract for both buses: the log in PostgreSQL and a real Kafka broker give the same promises."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.partitioner import murmur2 as kafka_murmur2

from deploy.kafka.topics import ensure_topics
from deploy.postgres.roles import blocking
from shared.messaging.bus.base import (
    PARTITIONS,
    Bus,
    Delivery,
    NotActive,
    Outbound,
    Subscriber,
    UnknownTopic,
    murmur2,
    partition_of,
)
from shared.messaging.bus.postgres import PostgresBus, create_topics
from tests.contract.bus_child import patient_bus_of
from tests.support.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bench:
    """A bus, how a child reaches it, and a topic of this test's own."""

    kind: str
    address: str
    bus: Bus
    topic: str

    async def publish(self, *records: tuple[str, bytes]) -> None:
        """Publishes (key, value) pairs in order."""
        publisher = await self.bus.publisher()
        try:
            await publisher.publish([Outbound(self.topic, key, value) for key, value in records])
        finally:
            await publisher.close()

    async def subscriber(self, group: str) -> Subscriber:
        return await self.bus.subscriber(group, [self.topic])

    @contextmanager
    def child(self, group: str, actions: str) -> Iterator["subprocess.Popen[str]"]:
        """A member of the group in a process of its own; killed at the end if it lives."""
        command = [sys.executable, "-m", "tests.contract.bus_child"]
        process = subprocess.Popen(
            [*command, self.kind, self.address, group, self.topic, actions],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


async def told(process: "subprocess.Popen[str]") -> str:
    """The next line that the child says."""
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each test runs on both buses."""
    topic = f"heyi.test.t{uuid4().hex[:12]}.v1"
    if request.param == "postgres":
        database = request.getfixturevalue("bus_database")
        blocking(_make(database.owner, topic))
        address = database.app
    else:
        address = request.getfixturevalue("kafka_broker").bootstrap
        ensure_topics(address, [topic])
    return Bench(request.param, address, patient_bus_of(request.param, address), topic)


async def _make(owner_url: str, topic: str) -> None:
    conn = await asyncpg.connect(owner_url)
    try:
        await create_topics(conn, [topic])
    finally:
        await conn.close()


async def read(subscriber: Subscriber, count: int) -> list[Delivery]:
    """Polls until so many records have come."""
    found: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            found += await subscriber.poll(500, 0.5)
    return found


def next_offsets(deliveries: Sequence[Delivery]) -> dict[tuple[str, int], int]:
    return {(d.topic, d.partition): d.offset + 1 for d in deliveries}


def numbered(count: int, keys: int = 7) -> list[tuple[str, bytes]]:
    return [(f"key-{n % keys}", str(n).encode()) for n in range(count)]


def values(deliveries: Sequence[Delivery]) -> list[int]:
    return sorted(int(d.value) for d in deliveries)


def test_keys_go_where_kafkas_own_partitioner_puts_them() -> None:
    keys = ["", "a", "ab", "abc", "abcd", "大方县", *(str(uuid4()) for _ in range(500))]
    assert [murmur2(key.encode()) for key in keys] == [kafka_murmur2(key.encode()) & 0xFFFFFFFF for key in keys]
    assert {partition_of(key) for key in keys} == set(range(PARTITIONS))
    assert partition_of("0127b673-e180-79ca-9ca1-4fe4e2a56d79") == 9, "a key's partition never changes"


async def test_order_is_kept_within_a_key(bench: Bench) -> None:
    sent = numbered(1000, keys=40)
    for start in range(0, 1000, 150):
        await bench.publish(*sent[start : start + 150])
    subscriber = await bench.subscriber("readers")
    found = await read(subscriber, 1000)
    await subscriber.close()
    by_key: dict[str, list[int]] = defaultdict(list)
    for delivery in found:
        assert delivery.partition == partition_of(delivery.key)
        by_key[delivery.key].append(int(delivery.value))
    assert len(found) == 1000
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


async def test_offsets_have_no_gaps_whoever_appends(bench: Bench) -> None:
    await asyncio.gather(*[bench.publish(*numbered(100)) for _ in range(5)])
    subscriber = await bench.subscriber("readers")
    found = await read(subscriber, 500)
    await subscriber.close()
    offsets: dict[int, list[int]] = defaultdict(list)
    for delivery in found:
        offsets[delivery.partition].append(delivery.offset)
    assert all(seen == list(range(len(seen))) for seen in offsets.values())


async def test_a_group_goes_on_where_it_committed(bench: Bench) -> None:
    await bench.publish(*numbered(50))
    first = await bench.subscriber("readers")
    await first.commit(next_offsets(await read(first, 50)))
    await first.close()
    await bench.publish(("key-1", b"50"))
    second = await bench.subscriber("readers")
    assert values(await read(second, 1)) == [50]
    assert await second.poll(10, 0.5) == []
    progress = second.progress()
    assert (progress.active, progress.partitions, progress.polled, progress.lag) == (True, PARTITIONS, 1, 0)
    await second.close()


async def test_rewinding_delivers_again_what_was_not_committed(bench: Bench) -> None:
    await bench.publish(*numbered(30))
    subscriber = await bench.subscriber("readers")
    found = await read(subscriber, 30)
    await subscriber.rewind()
    again = await read(subscriber, 30)
    assert sorted(again, key=lambda d: (d.partition, d.offset)) == sorted(found, key=lambda d: (d.partition, d.offset))
    await subscriber.commit(next_offsets(again))
    await subscriber.rewind()
    assert await subscriber.poll(10, 1.0) == []
    await subscriber.close()


async def test_a_new_group_replays_from_the_first_record(bench: Bench) -> None:
    await bench.publish(*numbered(60))
    old = await bench.subscriber("notes.g1")
    await old.commit(next_offsets(await read(old, 60)))
    await old.close()
    new = await bench.subscriber("notes.g2")
    assert values(await read(new, 60)) == list(range(60))
    await new.close()


async def test_killed_before_the_commit_everything_is_delivered_again(bench: Bench) -> None:
    await bench.publish(*numbered(20))
    with bench.child("readers", "pw") as child:
        assert (await told(child)).startswith("polled")
        child.send_signal(signal.SIGKILL)
        child.wait()
    successor = await bench.subscriber("readers")
    assert values(await read(successor, 20)) == list(range(20))
    await successor.close()


async def test_a_waiting_member_takes_over_from_one_that_was_killed(bench: Bench) -> None:
    await bench.publish(("key-0", b"0"))
    with bench.child("readers", "pcw") as child:
        assert [await told(child), await told(child)] == ["polled 1", "committed"]
        successor = await bench.subscriber("readers")
        await successor.poll(10, 0.5)
        child.send_signal(signal.SIGKILL)
        child.wait()
        await bench.publish(*[(key, value) for key, value in numbered(41)[1:]])
        found: set[int] = set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found) < 40:
                polled = await successor.poll(500, 0.5)
                found |= set(values(polled))
                with suppress(NotActive):  # while the partitions are handed over
                    await successor.commit(next_offsets(polled))
    assert found == set(range(1, 41)), "nothing lost, and what was committed does not come again"
    await successor.close()


async def test_one_that_slept_through_its_lease_cannot_commit(bench: Bench) -> None:
    await bench.publish(*numbered(20))
    with bench.child("readers", "pwcw") as sleeper:
        assert (await told(sleeper)).startswith("polled")
        sleeper.send_signal(signal.SIGSTOP)
        successor = await bench.subscriber("readers")
        found = await read(successor, 20)
        await successor.commit(next_offsets(found))
        assert sleeper.stdin is not None
        sleeper.stdin.write("\n")
        sleeper.stdin.flush()
        sleeper.send_signal(signal.SIGCONT)
        assert await told(sleeper) == "refused"
    await bench.publish(("key-0", b"20"))
    assert values(await read(successor, 1)) == [20]
    await successor.close()


async def test_poison_is_carried_like_anything_else(bench: Bench) -> None:
    poison = [b"\x00\xff", b"", b"{", "不是事件".encode(), b"x" * 100_000]
    await bench.publish(*[("key", value) for value in poison])
    subscriber = await bench.subscriber("readers")
    assert [d.value for d in await read(subscriber, len(poison))] == poison
    await subscriber.close()


async def test_every_partition_can_be_addressed(bench: Bench) -> None:
    publisher = await bench.bus.publisher()
    await publisher.publish([Outbound(bench.topic, "beat", b"1", partition=p) for p in range(PARTITIONS)])
    await publisher.close()
    subscriber = await bench.subscriber("readers")
    assert {d.partition for d in await read(subscriber, PARTITIONS)} == set(range(PARTITIONS))
    await subscriber.close()


async def test_topics_are_never_made_on_the_way(bench: Bench) -> None:
    publisher = await bench.bus.publisher()
    with pytest.raises(UnknownTopic):
        await publisher.publish([Outbound("heyi.test.nowhere.v1", "k", b"v")])
    await publisher.close()
    with pytest.raises(UnknownTopic):
        await bench.bus.subscriber("readers", [bench.topic, "heyi.test.nowhere.v1"])


async def test_a_lease_that_passed_to_another_refuses_the_commit(bus_database: Any) -> None:
    """The local bus alone: its lease is its own, Kafka's is the session of the broker."""
    await _make(bus_database.owner, "heyi.test.lease.v1")
    bus = PostgresBus(bus_database.app, lease_seconds=60)
    publisher = await bus.publisher()
    await publisher.publish([Outbound("heyi.test.lease.v1", "k", b"1")])
    first = await bus.subscriber("readers", ["heyi.test.lease.v1"])
    found = await read(first, 1)
    second = await bus.subscriber("readers", ["heyi.test.lease.v1"])
    assert await second.poll(10, 0.2) == [], "one active member a group"
    admin = await asyncpg.connect(bus_database.admin)
    await admin.execute("UPDATE bus_member SET lease_until = 'epoch'")
    await admin.close()
    assert len(await read(second, 1)) == 1
    with pytest.raises(NotActive):
        await first.commit(next_offsets(found))
    for part in (first, second, publisher):
        await part.close()


async def test_the_log_can_only_grow(bus_database: Any) -> None:
    conn = await asyncpg.connect(bus_database.app)
    try:
        for statement in ("DELETE FROM bus_log", "UPDATE bus_log SET value = ''", "DELETE FROM bus_partition"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
    finally:
        await conn.close()
