"""A worker killed at named points and at drawn moments, on both buses: no event is lost, no effect is done twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.kafka.topics import ensure_topics
from deploy.postgres.roles import blocking
from shared.kernel.faults import VARIABLE
from shared.messaging.bus.postgres import create_topics
from tests.component.messaging.bench import OTHER_POOL, POOL, Bench, NoteTaken

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 300.0
SUBJECTS = 6
POINTS = ("relay.before_send", "relay.sent_not_marked", "consumer.effect_done_not_committed_offset")


@dataclass
class Stand:
    """A bus, a topic of the test's own, and workers that can be started and killed."""

    bus: str
    address: str
    topic: str
    bench: Bench
    fault_file: Path
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    sequences: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.faults.messaging.process"]
        process = subprocess.Popen(
            [*command, self.bus, self.address, self.bench.database.worker, self.topic],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), VARIABLE: str(self.fault_file)},
            stdout=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    async def publish(self, count: int) -> None:
        """The next events of every subject, in two pools."""
        for pool in (POOL, OTHER_POOL):
            for number in range(SUBJECTS):
                key = (pool, f"{pool}-s{number}")
                first = self.sequences[key] + 1
                self.sequences[key] += count
                await self.bench.emit(key[1], range(first, first + count), pool=pool)

    async def settled(self) -> None:
        """Waits until every event is sent and has had an effect, then sees that each had exactly one, in order."""
        expected = sum(self.sequences.values())
        async with asyncio.timeout(SECONDS):
            while len(await self.bench.effects()) < expected or await self._unsent():  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        await asyncio.sleep(1.0)  # anything delivered once more would show now
        done: dict[str, list[int]] = defaultdict(list)
        for subject, sequence in await self.bench.effects():
            done[subject].append(sequence)
        assert done == {subject: list(range(1, last + 1)) for (_, subject), last in self.sequences.items()}
        assert await self.bench.parked() == []

    async def _unsent(self) -> int:
        return len(await self.bench.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL"))


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def stand(
    request: pytest.FixtureRequest, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    """Each test runs on both buses."""
    topic = f"heyi.test.t{uuid4().hex[:12]}.v1"
    monkeypatch.setattr(NoteTaken, "TOPIC", topic)
    if request.param == "postgres":
        database = request.getfixturevalue("bus_database")
        blocking(_make(database.owner, topic))
        address = database.app
    else:
        address = request.getfixturevalue("kafka_broker").bootstrap
        ensure_topics(address, [topic])
    stand = Stand(request.param, address, topic, bench, tmp_path / "fault")
    yield stand
    for process in stand.running:
        process.kill()
        process.wait()


async def _make(owner_url: str, topic: str) -> None:
    conn = await asyncpg.connect(owner_url)
    try:
        await create_topics(conn, [topic])
    finally:
        await conn.close()


async def killed(process: "subprocess.Popen[bytes]") -> bool:
    """Waits until the worker has died at its point."""
    return await asyncio.to_thread(process.wait, SECONDS) == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point(stand: Stand, point: str) -> None:
    stand.fault_file.write_text(point)
    await stand.publish(20)
    assert await killed(stand.start()), point
    assert not stand.fault_file.exists()
    unsent, effects = await stand._unsent(), len(await stand.bench.effects())
    expected: dict[str, Callable[[], bool]] = {
        "relay.before_send": lambda: unsent == 240 and effects == 0,
        "relay.sent_not_marked": lambda: unsent == 240,
        "consumer.effect_done_not_committed_offset": lambda: effects > 0,
    }
    assert expected[point](), (unsent, effects)
    stand.start()
    await stand.publish(3)
    await stand.settled()


async def test_killed_at_drawn_moments_while_events_are_published(stand: Stand, seed: int) -> None:
    draw = random.Random(seed)
    process = stand.start()
    for _ in range(4):
        await stand.publish(draw.randint(1, 15))
        await asyncio.sleep(draw.uniform(0.0, 1.5))
        process.kill()
        process.wait()
        process = stand.start()
        await stand.publish(draw.randint(1, 5))
    await stand.settled()


async def test_two_workers_share_the_work_and_one_is_killed(stand: Stand) -> None:
    first = stand.start()
    stand.start()
    await stand.publish(10)
    await asyncio.sleep(2)
    first.kill()
    await stand.publish(10)
    await stand.settled()


async def test_a_worker_told_to_end_does_so_and_leaves_nothing_undone(stand: Stand) -> None:
    process = stand.start()
    await stand.publish(10)
    await stand.settled()
    process.terminate()
    assert await asyncio.to_thread(process.wait, SECONDS) == 0
    await stand.publish(5)
    stand.start()
    await stand.settled()
