"""Property: however a bus repeats, delays and cuts up what was published, and whatever is poison for a while, every
subject ends with each of its events in effect exactly once and in order."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Envelope
from shared.messaging.ordering import Head, Step, decide
from tests.component.messaging.bench import OTHER_POOL, POOL, Bench, deliveries, envelope
from tests.support.postgres import ServiceDatabase

SUBJECTS = (("a", POOL), ("b", POOL), ("c", OTHER_POOL))
LAST = 5


@dataclass(frozen=True)
class Plan:
    """Polls of (subject, sequence), and the events that are poison until somebody asks for a retry."""

    polls: list[list[tuple[int, int]]]
    poison: frozenset[tuple[int, int]]


EVENT = st.tuples(st.integers(0, len(SUBJECTS) - 1), st.integers(1, LAST))
PLANS = st.builds(
    Plan,
    polls=st.lists(st.lists(EVENT, min_size=1, max_size=8), max_size=8),
    poison=st.frozensets(EVENT, max_size=3),
)


async def _play(database: ServiceDatabase, plan: Plan) -> None:
    bench = Bench.on(database)
    try:
        await bench.admin("TRUNCATE effect, inbox, consumer_subject, parked")
        events: dict[tuple[int, int], Envelope] = {
            (number, sequence): envelope(subject, sequence, pool=pool, text=f"{number}-{sequence}")
            for number, (subject, pool) in enumerate(SUBJECTS)
            for sequence in range(1, LAST + 1)
        }
        bench.broken |= {f"{number}-{sequence}" for number, sequence in plan.poison}
        processor = bench.processor()
        for poll in [*plan.polls, list(events)]:
            await processor.process(deliveries(*[events[key] for key in poll]))
            await processor.release()
        await _check_order(bench)
        bench.broken.clear()
        for subject, _ in SUBJECTS:
            while any(s == subject and reason == "error" for s, _, reason in await bench.parked()):
                await bench.ask_retry(subject)
                await processor.release()
        assert await bench.parked() == []
        assert await _check_order(bench) == {subject: LAST for subject, _ in SUBJECTS}
    finally:
        await bench.close()


async def _check_order(bench: Bench) -> dict[str, int]:
    """Each subject's effects are 1, 2, 3 … without repeat or gap; returns how far each got."""
    reached: dict[str, int] = {}
    for subject, sequence in await bench.effects():
        assert sequence == reached.get(subject, 0) + 1, (subject, sequence)
        reached[subject] = sequence
    return reached


@settings(max_examples=40)
@given(plan=PLANS)
def test_any_delivery_ends_in_each_effect_once_and_in_order(messaging_database: ServiceDatabase, plan: Plan) -> None:
    asyncio.run(_play(messaging_database, plan))


@given(
    sequences=st.lists(st.integers(1, 6), max_size=30),
    whole_state=st.booleans(),
)
def test_the_decision_never_repeats_nor_goes_back(sequences: list[int], whole_state: bool) -> None:
    head, applied = Head(), list[int]()
    for sequence in sequences:
        step = decide(sequence, head, whole_state=whole_state)
        if step is Step.APPLY:
            assert whole_state or sequence == head.sequence + 1
            head.sequence = sequence
            applied.append(sequence)
        elif step is Step.GAP:
            assert not whole_state
            assert sequence > head.sequence + 1
    assert applied == sorted(set(applied))


async def test_two_processes_given_the_same_events_do_each_once(bench: Bench) -> None:
    """As after a lease that passed to another while its holder went on."""
    events = deliveries(*[envelope(f"s{n % 10}", n // 10 + 1) for n in range(100)])
    processors = [bench.processor() for _ in range(3)]
    results = await asyncio.gather(*[p.process(events) for p in processors], return_exceptions=True)
    assert not [r for r in results if isinstance(r, BaseException) and not isinstance(r, asyncpg.PostgresError)]
    for processor in processors:
        await processor.process(events)
        await processor.release()
    assert len(await bench.effects()) == 100
    assert len(set(await bench.effects())) == 100
    assert await bench.parked() == []


@pytest.mark.parametrize("sequence", [0, -1])
def test_heads_begin_before_the_first_event(sequence: int) -> None:
    assert decide(sequence, Head(), whole_state=False) is Step.DROP
