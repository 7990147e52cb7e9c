"""The relay: everything committed is sent, in order, marked after the acknowledgements, by one process at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared.db.scope import Scope, set_scope
from shared.messaging import heartbeat
from shared.messaging import relay as relay_module
from shared.messaging.outbox import emit_many
from shared.messaging.relay import Relay
from shared.messaging.republish import republish
from tests.component.messaging.bench import DAY, POOL, SERVICE, TOPIC, Bench, RecordingBus
from tests.support.waiting import PATIENCE_SECONDS, until

UNSENT = "SELECT subject, sequence FROM outbox WHERE sent_at IS NULL ORDER BY subject, sequence"


def relay_of(bench: Bench, bus: RecordingBus, **options: object) -> Relay:
    return Relay(bench.database.worker, bus, SERVICE, bench.metrics, **options)  # type: ignore[arg-type]


async def test_everything_committed_is_sent_in_order_and_marked(bench: Bench, recording: RecordingBus) -> None:
    await bench.emit("b", [1, 2])
    await bench.emit("a", [1])
    await bench.emit("b", [3], pool="410182")
    assert await relay_of(bench, recording, batch=2).drain() == 4
    assert [(e.subject, e.sequence) for e in recording.events()] == [("a", 1), ("b", 1), ("b", 2), ("b", 3)]
    assert {(r.topic, r.key) for r in recording.out.sent} == {(TOPIC, "a"), (TOPIC, "b")}
    assert await bench.rows(UNSENT) == []
    assert await relay_of(bench, recording).drain() == 0


async def test_what_was_not_acknowledged_stays_unsent(bench: Bench, recording: RecordingBus) -> None:
    await bench.emit("a", [1])
    recording.out.fail = True
    with pytest.raises(ConnectionError):
        await relay_of(bench, recording).drain()
    assert len(await bench.rows(UNSENT)) == 1
    recording.out.fail = False
    assert await relay_of(bench, recording).drain() == 1


async def test_an_event_that_commits_late_is_found(bench: Bench, recording: RecordingBus) -> None:
    """Its id and business time are older than those of what was sent before it committed."""
    async with bench.app.connect() as conn:
        await set_scope(conn, Scope("county_director", (POOL,)))
        await emit_many(conn, [bench.outgoing("a", 1)])
        bench.clock.advance(timedelta(minutes=5))
        await bench.emit("b", [1])
        assert await relay_of(bench, recording).drain() == 1
        await conn.commit()
    assert await relay_of(bench, recording).drain() == 1
    assert [e.subject for e in recording.events()] == ["b", "a"]


async def test_a_commit_wakes_the_relay(bench: Bench, recording: RecordingBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a notification, and would look by itself only long after the test has given up."""
    waits, first = asyncio.Event(), relay_module._first

    async def noted(*args: Any) -> None:
        waits.set()
        await first(*args)

    monkeypatch.setattr(relay_module, "_first", noted)
    monkeypatch.setattr(relay_module, "_NET_SECONDS", 100 * PATIENCE_SECONDS)
    stop = asyncio.Event()
    running = asyncio.create_task(relay_of(bench, recording).run(stop))
    await waits.wait()
    assert recording.out.sent == []
    await bench.emit("a", [1])
    await until(lambda: recording.out.sent)
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)


async def test_one_relay_a_service_and_the_next_takes_over(bench: Bench) -> None:
    buses = [RecordingBus(), RecordingBus()]
    relays, stop = [relay_of(bench, bus) for bus in buses], asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    await until(lambda: any(relay.holds for relay in relays))
    await bench.emit("a", [1])
    await until(lambda: buses[0].out.sent or buses[1].out.sent)
    assert [relay.holds for relay in relays].count(True) == 1
    first = 0 if relays[0].holds else 1
    buses[first].out.fail = True  # and so would a relay be that has lost the bus and with it its session
    await bench.emit("a", [2])
    await until(lambda: relays[1 - first].holds)
    await until(lambda: buses[1 - first].out.sent)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_SECONDS)
    assert [e.sequence for e in buses[1 - first].events()] == [2]


async def test_the_relay_survives_the_loss_of_its_connection(bench: Bench, recording: RecordingBus) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(relay_of(bench, recording).run(stop))
    await until(lambda: bench.figure("heyi_relay_holder") == 1)
    await bench.admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE '%-relay' AND datname = current_database()"
    )
    await bench.emit("a", [1])
    await until(lambda: recording.out.sent)
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)


async def test_heartbeats_follow_only_a_look_that_left_nothing_unsent(bench: Bench, recording: RecordingBus) -> None:
    began = datetime.now(UTC)
    relay, stop = relay_of(bench, recording, heartbeat_topics=(TOPIC,), heartbeat_seconds=0.0), asyncio.Event()
    await bench.emit("a", [1, 2, 3])
    recording.out.fail = True
    running = asyncio.create_task(relay.run(stop))
    await until(lambda: bench.figure("heyi_relay_errors_total") >= 2)
    assert recording.out.sent == []
    recording.out.fail = False
    await until(lambda: len(recording.out.sent) >= 15)
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)
    kinds = [heartbeat.is_heartbeat(event) for event in recording.events()[:15]]
    assert kinds == [False] * 3 + [True] * 12
    beats = recording.out.sent[3:15]
    assert [beat.target for beat in beats] == list(range(12)), "every partition, whatever its key"
    assert began <= recording.events()[3].time <= datetime.now(UTC), "real time"


async def test_a_topic_is_filled_again_from_the_outbox(bench: Bench, recording: RecordingBus) -> None:
    await bench.emit("a", [1, 2])
    await bench.emit("b", [1], pool="410182")
    stop = asyncio.Event()
    running = asyncio.create_task(relay_of(bench, recording).run(stop))
    await until(lambda: len(recording.out.sent) == 3)
    first = [record.value for record in recording.out.sent if b'"522422"' in record.value]
    recording.out.sent.clear()
    asked = {"topic": TOPIC, "pool_code": POOL, "asked_by": "operator-1"}
    assert await republish(bench.database.worker, from_day=datetime(2010, 3, 2, tzinfo=UTC).date(), **asked) == 0
    assert await republish(bench.database.worker, from_day=datetime(2010, 3, 1, tzinfo=UTC).date(), **asked) == 2
    assert [record.value for record in recording.out.sent] == first, "byte for byte what was sent before"
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)


async def test_a_pass_goes_by_index_in_the_months_concerned(bench: Bench) -> None:
    """The cost of a pass must not grow with the archive, nor depend on statistics."""
    await bench.emit("a", list(range(1, 50)))
    ids = [row["id"] for row in await bench.rows("SELECT id FROM outbox")]
    conn = await asyncpg.connect(bench.database.worker, server_settings=relay_module._PLANNING)
    try:
        reading = await conn.fetch(f"EXPLAIN {relay_module._UNSENT}", 500)
        marking = await conn.fetch(f"EXPLAIN {relay_module._MARK}", [POOL], [DAY], ids, datetime.now(UTC))
    finally:
        await conn.close()
    told = "\n".join(row[0] for row in (*reading, *marking))
    assert "Seq Scan" not in told
    assert "Join" not in told
    assert "Nested Loop" not in told
    assert "Merge Append" in told
    assert [line for line in told.splitlines() if "outbox_p2011" in line and "Update" in line] == []
