"""Publishing: the row is in the fact's transaction, under row security, without personal data."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.envelope import Envelope
from shared.db.scope import Scope, transaction
from shared.kernel.disclosure import PersonalData, has_sound_id_number
from shared.messaging.outbox import day_totals, emit, emit_many
from shared.messaging.partitions import ensure_ahead, ensure_partitions
from shared.observe.tracing import Tracing
from tests.component.messaging.bench import DAY, OTHER_POOL, POOL, SERVICE, Bench, NoteTaken

SCOPE = Scope("county_director", (POOL,))


async def test_an_event_is_a_cloud_event_of_the_facts_transaction(bench: Bench) -> None:
    cause = UUID("0127b673-e180-79ca-9ca1-4fe4e2a56d79")
    with Tracing(SERVICE).span("settle") as span:
        async with transaction(bench.app, SCOPE) as conn:
            event_id = await emit(
                conn, NoteTaken(text="合作医疗"), pool_code=POOL, subject="n1", sequence=7, business_day=DAY,
                now=bench.clock.now(), service=SERVICE, amount_fen=12345, causation_id=cause,
            )  # fmt: skip
        trace_id = f"{span.get_span_context().trace_id:032x}"
    row = (await bench.rows("SELECT * FROM outbox"))[0]
    event = Envelope.from_bytes(row["envelope"].encode())
    assert (event.id, event.sequence, event.subject, event.partitionkey) == (event_id, 7, "n1", "n1")
    assert (event.source, event.type, event.poolcode) == ("/heyi/performance", NoteTaken.TYPE, POOL)
    assert (event.businessdate, event.time, event.causationid) == (DAY, bench.clock.now(), cause)
    assert event.data == {"text": "合作医疗"}
    assert trace_id in (event.traceparent or "")
    assert (row["amount_fen"], row["sent_at"], row["traceparent"]) == (12345, None, event.traceparent)


async def test_the_envelope_is_written_in_the_form_of_its_model(bench: Bench) -> None:
    bench.clock.advance(timedelta(microseconds=1_500))
    async with transaction(bench.app, SCOPE) as conn:
        await emit_many(conn, [bench.outgoing("n1", 1, text='合作"医\\疗')])
    (row,) = await bench.rows("SELECT envelope FROM outbox")
    raw = row["envelope"].encode()
    assert Envelope.from_bytes(raw).to_bytes() == raw


@pytest.mark.parametrize("before", range(5))
def test_an_id_number_is_found_wherever_it_stands(before: int) -> None:
    assert has_sound_id_number(" " * before + "11010519491231002X")
    assert not has_sound_id_number(" " * before + "1101051949123100")


async def test_nothing_is_published_by_a_transaction_that_is_rolled_back(bench: Bench) -> None:
    with pytest.raises(RuntimeError):
        async with transaction(bench.app, SCOPE) as conn:
            await emit_many(conn, [bench.outgoing("n1", 1)])
            raise RuntimeError("the fact did not happen")
    assert await bench.rows("SELECT 1 FROM outbox") == []


async def test_the_application_publishes_for_its_pools_only(bench: Bench) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _emit_as(bench, Scope("county_director", (OTHER_POOL,)))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _emit_as(bench, Scope("county_director"))
    await bench.emit("n1", [1])
    async with transaction(bench.app, Scope("county_director", (OTHER_POOL,))) as conn:
        assert await day_totals(conn, POOL, DAY) == []


async def _emit_as(bench: Bench, scope: Scope) -> None:
    async with transaction(bench.app, scope) as conn:
        await emit_many(conn, [bench.outgoing("n1", 1)])


async def test_the_application_cannot_mark_change_or_remove_an_event(bench: Bench) -> None:
    await bench.emit("n1", [1])
    for statement in ("UPDATE outbox SET sent_at = NULL", "UPDATE outbox SET amount_fen = 1", "DELETE FROM outbox"):
        for url in (bench.database.app, bench.database.worker):
            if url == bench.database.worker and "sent_at" in statement:
                continue
            conn = await asyncpg.connect(url)
            try:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await conn.execute(statement)
            finally:
                await conn.close()


@pytest.mark.parametrize("text", ["522422196503121236", "人 11010519491231002X 号", "11010519491231002x"])
async def test_an_id_number_is_never_published(bench: Bench, text: str) -> None:
    with pytest.raises(PersonalData):
        await bench.emit("n1", [1], text=text)
    assert await bench.rows("SELECT 1 FROM outbox") == []


@pytest.mark.parametrize("text", ["11010519491231002" + "1", "a110105194912310021", "123456789012345678"])
async def test_what_only_resembles_an_id_number_passes(bench: Bench, text: str) -> None:
    await bench.emit("n1", [1], text=text)


async def test_day_totals_add_up_by_type_and_business_day(bench: Bench) -> None:
    async with transaction(bench.app, SCOPE) as conn:
        await emit_many(conn, [bench.outgoing("n1", n, amount=n * 100) for n in range(1, 4)])
        await emit_many(conn, [bench.outgoing("n1", 4, amount=5, day=date(2010, 3, 2))])
        totals = await day_totals(conn, POOL, DAY)
    assert [(t.type, t.count, t.amount_fen) for t in totals] == [(NoteTaken.TYPE, 3, 600)]


async def test_months_are_made_before_the_clock_gets_there(bench: Bench) -> None:
    late = date(2031, 5, 17)
    with pytest.raises(asyncpg.CheckViolationError):
        await bench.emit("n1", [1], day=late)
    assert await ensure_partitions(bench.database.owner, late) == 2
    await bench.emit("n1", [1], day=late)
    async with transaction(bench.worker, Scope("worker")) as conn:
        assert await ensure_ahead(conn, date(2031, 5, 31)) == 6
        assert await ensure_ahead(conn, date(2031, 5, 31)) == 0
    bench.clock.set(datetime(2031, 8, 31, 12, 0, tzinfo=UTC))
    await bench.emit("n1", [2], day=date(2031, 8, 31))


async def test_partitions_give_no_way_around_the_row_rules(bench: Bench) -> None:
    await bench.emit("n1", [1])
    for url in (bench.database.app, bench.database.worker, bench.database.reader):
        conn = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.fetch("SELECT * FROM outbox_p201003")
        finally:
            await conn.close()
