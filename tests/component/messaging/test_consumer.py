"""Consumers: each event has its effect once and in order, and what fails holds up its own subject alone."""

from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import uuid4

import asyncpg
import pytest

from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope
from shared.contracts.wire import Yuan
from shared.db.counting import count_statements
from shared.db.scope import Scope, transaction
from shared.messaging import heartbeat, inbox
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import Consumer, EventProcessor, EventUnit
from shared.messaging.inbox import Arrived
from shared.observe.tracing import Tracing
from tests.component.messaging.bench import (
    OTHER_POOL,
    POOL,
    SERVICE,
    TOPIC,
    Bench,
    NoteFiled,
    NoteTaken,
    deliveries,
    envelope,
)


class NotePriced(EventPayload):
    """An event with an amount."""

    TYPE: ClassVar[str] = "heyi.test.note.priced.v1"
    TOPIC: ClassVar[str] = TOPIC

    amount: Yuan


async def test_each_event_has_its_effect_once(bench: Bench) -> None:
    processor = bench.processor()
    events = [envelope("a", 1), envelope("b", 1), envelope("a", 2), envelope("a", 1, pool=OTHER_POOL)]
    offsets = await processor.process(deliveries(*events))
    assert offsets == {(TOPIC, 0): 4}
    await processor.process(deliveries(*events))
    await bench.processor().process(deliveries(*events, events[0]))
    assert sorted(await bench.effects()) == [("a", 1), ("a", 1), ("a", 2), ("b", 1)]
    assert len(await bench.rows("SELECT 1 FROM inbox")) == 4


async def test_another_generation_reads_everything_anew(bench: Bench) -> None:
    event = envelope("a", 1)
    await bench.processor().process(deliveries(event))
    await bench.processor(generation=2).process(deliveries(event))
    assert await bench.effects() == [("a", 1), ("a", 1)]


async def test_an_equal_or_lower_sequence_is_dropped(bench: Bench) -> None:
    processor = bench.processor()
    await processor.process(deliveries(envelope("a", 1), envelope("a", 2)))
    await processor.process(deliveries(envelope("a", 1), envelope("a", 2)))  # other ids: a publisher's mistake
    assert await bench.effects() == [("a", 1), ("a", 2)]
    assert bench.figure("heyi_consumer_events_total", consumer="notes", step="drop") == 2


async def test_a_gap_parks_what_follows_until_the_missing_event_comes(bench: Bench) -> None:
    processor = bench.processor()
    await processor.process(deliveries(envelope("a", 1), envelope("a", 3), envelope("a", 4), envelope("b", 1)))
    assert await bench.effects() == [("a", 1), ("b", 1)]
    assert await bench.parked() == [("a", 3, "gap"), ("a", 4, "gap")]
    assert await processor.release() == 0
    assert bench.figure("heyi_parked_events", consumer="notes", reason="gap") == 2, "the alarm"
    await processor.process(deliveries(envelope("a", 2)))
    assert await processor.release() == 2
    assert await bench.effects("a") == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    assert await bench.parked() == []
    assert bench.figure("heyi_parked_events", consumer="notes", reason="gap") == 0


async def test_whole_state_events_need_no_predecessor(bench: Bench) -> None:
    processor = bench.processor(whole_state=True)
    await processor.process(deliveries(envelope("a", 5), envelope("a", 3), envelope("a", 9)))
    assert await bench.effects() == [("a", 5), ("a", 9)]
    assert await bench.parked() == []


async def test_the_guilty_event_is_parked_and_holds_up_its_subject_alone(bench: Bench) -> None:
    bench.broken.add("poison")
    processor = bench.processor()
    await processor.process(
        deliveries(
            envelope("a", 1), envelope("a", 2, text="poison"), envelope("a", 3), envelope("b", 1),
            envelope("c", 1, pool=OTHER_POOL),
        )
    )  # fmt: skip
    assert await bench.effects() == [("a", 1), ("b", 1), ("c", 1)], "nothing of the failed attempt is left"
    assert await bench.parked() == [("a", 2, "error"), ("a", 3, "behind")]
    await processor.process(deliveries(envelope("a", 4), envelope("b", 2)))
    assert await bench.parked() == [("a", 2, "error"), ("a", 3, "behind"), ("a", 4, "behind")]
    assert await processor.release() == 0, "nobody has asked for a retry"
    row = (await bench.rows("SELECT error, attempts, pool_code FROM parked WHERE sequence = 2"))[0]
    assert (row["error"], row["attempts"], row["pool_code"]) == ("RuntimeError: cannot take poison", 1, POOL)


async def test_a_retry_releases_in_order(bench: Bench) -> None:
    bench.broken.add("poison")
    processor = bench.processor()
    await processor.process(deliveries(envelope("a", 1, text="poison"), envelope("a", 2), envelope("a", 3)))
    await bench.ask_retry("a")
    assert await processor.release() == 0
    row = (await bench.rows("SELECT attempts, retry_asked_at, reason FROM parked WHERE sequence = 1"))[0]
    assert tuple(row) == (2, None, "error"), "it failed again and has to be asked for anew"
    bench.broken.clear()
    await bench.ask_retry("a")
    assert await processor.release() == 3
    assert await bench.effects() == [("a", 1), ("a", 2), ("a", 3)]
    await processor.process(deliveries(envelope("a", 4)))
    assert await bench.effects("a") == [("a", n) for n in range(1, 5)], "the subject is free again"


async def test_a_second_poison_stops_the_release_where_it_is(bench: Bench) -> None:
    bench.broken |= {"one", "three"}
    processor = bench.processor()
    notes = [envelope("a", 1, text="one"), envelope("a", 2), envelope("a", 3, text="three"), envelope("a", 4)]
    await processor.process(deliveries(*notes))
    bench.broken.remove("one")
    await bench.ask_retry("a")
    assert await processor.release() == 2
    assert await bench.parked() == [("a", 3, "error"), ("a", 4, "behind")]
    await processor.process(deliveries(*notes))
    assert await bench.effects() == [("a", 1), ("a", 2)]


async def test_a_missing_event_that_is_poison_keeps_the_gap_parked(bench: Bench) -> None:
    bench.broken.add("poison")
    processor = bench.processor()
    await processor.process(deliveries(envelope("a", 2), envelope("a", 1, text="poison"), envelope("a", 3)))
    assert await bench.parked() == [("a", 1, "error"), ("a", 2, "gap"), ("a", 3, "behind")]
    bench.broken.clear()
    await bench.ask_retry("a")
    assert await processor.release() == 3
    assert await bench.effects() == [("a", 1), ("a", 2), ("a", 3)]


async def test_what_is_no_event_is_kept_and_passed_over(bench: Bench) -> None:
    processor = bench.processor()
    offsets = await processor.process(deliveries(b"\x00\xff not json", b'{"id": 1}', envelope("a", 1)))
    assert offsets == {(TOPIC, 0): 3}
    assert await bench.effects() == [("a", 1)]
    assert [reason for _, _, reason in await bench.parked()] == ["unreadable", "unreadable"]
    await bench.admin("UPDATE parked SET retry_asked_at = parked_at")
    assert await processor.release() == 0
    assert [reason for _, _, reason in await bench.parked()] == ["unreadable", "unreadable"]


async def test_a_payload_that_does_not_fit_is_parked_without_quoting_it(bench: Bench) -> None:
    event = envelope("a", 1).model_copy(update={"data": {"text": 522422196503121236}})
    await bench.processor().process(deliveries(event))
    row = (await bench.rows("SELECT error FROM parked"))[0]
    assert row["error"] == "payload: text: string_type"


async def test_a_json_number_is_no_amount_and_unknown_members_are_ignored(bench: Bench) -> None:
    amounts: list[int] = []

    async def take(_unit: EventUnit, _event: Envelope, payload: NotePriced) -> None:
        amounts.append(payload.amount)

    processor = EventProcessor(
        Consumer("prices", (TOPIC,), {NotePriced.TYPE: take}), service=SERVICE, engine=bench.worker,
        clock=bench.clock, settings=None, metrics=bench.metrics, tracing=Tracing(SERVICE),
    )  # fmt: skip
    good = envelope("a", 1, payload=NotePriced(amount=12345))
    assert good.data == {"amount": "123.45"}
    newer = good.model_copy(update={"data": {"amount": "123.45", "added_later": 1}})
    number = envelope("b", 1, payload=NotePriced(amount=1)).model_copy(update={"data": {"amount": 12345}})
    await processor.process(deliveries(newer, number))
    assert amounts[-1:] == [12345]
    assert [(s, n) for s, n, _ in await bench.parked()] == [("b", 1)]


async def test_a_type_without_handler_counts_in_the_order(bench: Bench) -> None:
    processor = bench.processor()
    await processor.process(deliveries(envelope("a", 1), envelope("a", 2, payload=NoteFiled()), envelope("a", 3)))
    assert await bench.effects() == [("a", 1), ("a", 3)]


async def test_subjects_are_counted_per_topic(bench: Bench) -> None:
    processor = bench.processor()
    await processor.process(deliveries(envelope("522422:2010-03-01", 1)))
    await processor.process(deliveries(envelope("522422:2010-03-01", 1), topic="heyi.test.other.v1"))
    assert len(await bench.effects()) == 2


async def test_a_handler_sees_its_pool_alone(bench: Bench) -> None:
    seen: list[list[str]] = []

    async def look(unit: EventUnit, _event: Envelope, _payload: NoteTaken) -> None:
        from shared.db.sql import fetch

        rows = await fetch(unit.conn, "SELECT DISTINCT pool_code FROM effect")
        seen.append([row["pool_code"] for row in rows])

    await bench.processor().process(deliveries(envelope("a", 1), envelope("b", 1, pool=OTHER_POOL)))
    processor = EventProcessor(
        Consumer("looker", (TOPIC,), {NoteTaken.TYPE: look}), service=SERVICE, engine=bench.worker,
        clock=bench.clock, settings=None, metrics=bench.metrics, tracing=Tracing(SERVICE),
    )  # fmt: skip
    await processor.process(deliveries(envelope("c", 1), envelope("d", 1, pool=OTHER_POOL)))
    assert seen == [[POOL], [OTHER_POOL]]


async def test_the_trace_goes_on_in_the_consumer(bench: Bench) -> None:
    tracing, traces = Tracing(SERVICE), []

    async def note_trace(_unit: EventUnit, _event: Envelope, _payload: NoteTaken) -> None:
        from shared.observe.tracing import current_traceparent

        traces.append(current_traceparent() or "")

    processor = EventProcessor(
        Consumer("tracer", (TOPIC,), {NoteTaken.TYPE: note_trace}), service=SERVICE, engine=bench.worker,
        clock=bench.clock, settings=None, metrics=bench.metrics, tracing=tracing,
    )  # fmt: skip
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await processor.process(deliveries(envelope("a", 1).model_copy(update={"traceparent": parent})))
    assert traces[0].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_a_batch_of_a_pool_costs_a_fixed_number_of_statements(bench: Bench) -> None:
    processor = bench.processor()
    await processor.process(deliveries(*[envelope(f"s{n}", 1) for n in range(100)]))
    with count_statements() as counted:
        await processor.process(deliveries(*[envelope(f"s{n}", 2) for n in range(100)]))
    assert counted.total() - 100 == 6, "scope, heads, blocked, taken, inbox, moved; the effects are the handler's"


async def test_an_event_of_any_month_finds_its_inbox_partition(bench: Bench) -> None:
    await bench.processor().process(deliveries(envelope("a", 1, at=datetime(2044, 2, 29, tzinfo=UTC))))
    assert (await bench.rows("SELECT event_month FROM inbox"))[0]["event_month"] == date(2044, 2, 1)


async def test_when_the_database_is_away_no_event_is_to_blame(bench: Bench) -> None:
    processor, event = bench.processor(), envelope("a", 1)

    async def die(unit: EventUnit, _event: Envelope, _payload: NoteTaken) -> None:
        await bench.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'heyi_performance_worker'"
            " AND datname = current_database()"
        )
        await bench.handle(unit, _event, _payload)

    dying = EventProcessor(
        Consumer("notes", (TOPIC,), {NoteTaken.TYPE: die}), service=SERVICE, engine=bench.worker,
        clock=bench.clock, settings=None, metrics=bench.metrics, tracing=Tracing(SERVICE),
    )  # fmt: skip
    with pytest.raises(Exception) as caught:
        await dying.process(deliveries(event))
    assert not isinstance(caught.value, RuntimeError)
    assert await bench.parked() == []
    await processor.process(deliveries(event))
    assert await bench.effects() == [("a", 1)]


async def test_an_event_id_must_be_of_version_seven(bench: Bench) -> None:
    event = envelope("a", 1)
    value = event.to_bytes().replace(str(event.id).encode(), str(uuid4()).encode())
    await bench.processor().process(deliveries(value))
    assert [reason for _, _, reason in await bench.parked()] == ["unreadable"]


async def test_freshness_needs_every_partition_within_ten_minutes(bench: Bench) -> None:
    processor, now = bench.processor(), datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    beats = [
        Delivery(TOPIC, beat.target, 0, beat.key, beat.value) for beat in heartbeat.heartbeats(SERVICE, TOPIC, now)
    ]

    async def fresh(at: datetime) -> bool:
        async with transaction(bench.app, Scope("hospital", (POOL,))) as conn:
            return await heartbeat.is_fresh(conn, "notes", [TOPIC], at)

    await processor.process(beats[:11])
    assert not await fresh(now)
    await processor.process(beats)
    assert await fresh(now.replace(minute=9))
    assert not await fresh(now.replace(minute=11))
    assert await bench.rows("SELECT 1 FROM inbox") == [], "heartbeats are not counted"


async def test_nobody_but_the_worker_touches_the_inbox(bench: Bench) -> None:
    await bench.processor().process(deliveries(envelope("a", 1)))
    conn = await asyncpg.connect(bench.database.app)
    try:
        for statement in ("SELECT * FROM inbox", "SELECT * FROM consumer_subject", "UPDATE parked SET reason = 'gap'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
        assert await conn.fetch("SELECT * FROM parked") == []
    finally:
        await conn.close()


async def test_an_event_that_another_member_had_meanwhile_is_not_parked(bench: Bench) -> None:
    """A take-over: the first member fails over an event that the second has already done."""
    event = envelope("a", 1, text="poison")
    processor, other = bench.processor(), bench.processor()
    guilty = processor._park_guilty

    async def after_the_other(pool: str, arrived: Arrived, error: Exception) -> None:
        bench.broken.clear()
        await other.process(deliveries(event))
        await guilty(pool, arrived, error)

    bench.broken.add("poison")
    processor._park_guilty = after_the_other  # type: ignore[method-assign]
    await processor.process(deliveries(event))
    assert await bench.effects() == [("a", 1)]
    assert await bench.parked() == []


async def test_a_parked_event_that_was_done_all_the_same_is_released(bench: Bench) -> None:
    bench.broken.add("poison")
    event, processor = envelope("a", 1, text="poison"), bench.processor()
    await processor.process(deliveries(event))
    async with transaction(processor._engine, Scope("worker", (POOL,))) as conn:
        await inbox.take(conn, processor.reader, POOL, [event.id], event.time)
        await inbox.lock_heads(conn, processor.reader, POOL, {(TOPIC, "a")})
        await inbox.move_heads(conn, processor.reader, POOL, {(TOPIC, "a"): 1})
    await bench.ask_retry("a")
    assert await processor.release() == 1
    assert await bench.parked() == []
    assert await bench.effects() == [], "its effect was the other member's"


@pytest.mark.parametrize("told", ["cannot perform operation: another operation is in progress", "no such option"])
async def test_a_mistake_at_the_driver_is_parked_and_stops_nothing(bench: Bench, told: str) -> None:
    bench.broken_as["poison"] = asyncpg.InterfaceError(told)
    await bench.processor().process(deliveries(envelope("a", 1, text="poison"), envelope("b", 1)))
    assert await bench.effects() == [("b", 1)]
    assert await bench.parked() == [("a", 1, "error")]


async def test_a_closed_connection_is_no_events_fault(bench: Bench) -> None:
    bench.broken_as["poison"] = asyncpg.InterfaceError("connection is closed")
    with pytest.raises(asyncpg.InterfaceError):
        await bench.processor().process(deliveries(envelope("a", 1, text="poison")))
    assert await bench.parked() == []
