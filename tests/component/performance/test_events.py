"""Events of claims through the consumer into measured events: each once, nothing but what is measured."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from services.performance.indicators.events import consumer
from shared.contracts.base import EventPayload
from shared.contracts.claims import ClaimApproved, ClaimRejected, ClaimSettled
from shared.contracts.envelope import Envelope, schema_of
from shared.db.engine import create_engine
from shared.kernel.clock import FixedClock
from shared.kernel.ids import new_id
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.performance.conftest import HOSPITAL, POOL, Performance

SETTLED = datetime(2010, 3, 1, 1, 0, tzinfo=UTC)
APPROVED = SETTLED + timedelta(hours=30)


def claim_facts(claim_id: UUID, at: datetime) -> dict[str, Any]:
    """What every event of a claim carries."""
    return {
        "claim_id": claim_id,
        "institution_code": HOSPITAL,
        "member_id": new_id(SETTLED),
        "township_code": "52242201",
        "kind": "inpatient",
        "admitted_on": date(2010, 2, 25),
        "benefit_year": 2010,
        "settled_at": SETTLED,
        "at": at,
        "benefit": 700000,
    }


def settled(claim_id: UUID) -> ClaimSettled:
    return ClaimSettled(
        **claim_facts(claim_id, SETTLED),
        visit_id=new_id(SETTLED),
        household_id=new_id(SETTLED),
        total=1000000,
        eligible=1000000,
        patient=300000,
        outcome="settled",
        policy_id="dafang-2010",
        policy_hash="0" * 64,
        layers=[],
    )


def approved(claim_id: UUID) -> ClaimApproved:
    return ClaimApproved(**claim_facts(claim_id, APPROVED), approved=700000, cut=0, cuts=[], layers=[])


def delivery(payload: EventPayload, sequence: int, offset: int) -> Delivery:
    """The payload as the bus would bring it."""
    claim = str(payload.model_dump()["claim_id"])
    at: datetime = payload.model_dump()["at"]
    envelope = Envelope(
        id=new_id(at),
        source="/heyi/claims",
        type=payload.TYPE,
        subject=claim,
        time=at,
        dataschema=schema_of(payload.TYPE),
        sequence=sequence,
        partitionkey=claim,
        poolcode=POOL,
        businessdate=at.date(),
        data=payload.model_dump(mode="json"),
    )
    return Delivery(topic=payload.TOPIC, partition=0, offset=offset, key=claim, value=envelope.to_bytes())


async def process(performance: Performance, deliveries: list[Delivery]) -> None:
    """Gives the deliveries to the consumer, as the worker process would."""
    engine = create_engine(performance.database.worker, pool_size=1)
    try:
        processor = EventProcessor(
            consumer(),
            service="performance",
            engine=engine,
            clock=FixedClock(APPROVED),
            settings=None,
            metrics=MessagingMetrics(CollectorRegistry()),
            tracing=Tracing("performance", None),
        )
        await processor.process(deliveries)
    finally:
        await engine.dispose()


@pytest.mark.requirement(
    "ZZ-19", "nobody reports a review time: it is computed from the events of settlement and approval"
)
async def test_a_redelivered_review_counts_once(performance: Performance) -> None:
    claim_id = new_id(SETTLED)
    events = [delivery(settled(claim_id), 1, 0), delivery(approved(claim_id), 2, 1)]
    await process(performance, events)
    await process(performance, events)
    answer = (await performance.get(f"/pools/{POOL}/indicators/review_time?month=2010-03")).json()
    assert (answer["measured"], answer["median_hours"]) == (1, "30.00")
    evidence = (await performance.get(f"/pools/{POOL}/indicators/review_time/evidence?month=2010-03")).json()
    assert evidence["items"][0]["claim_id"] == str(claim_id)
    assert evidence["items"][0]["hours"] == "30.00"


async def test_an_approval_that_overtakes_its_settlement_waits_for_it(performance: Performance) -> None:
    claim_id = new_id(SETTLED)
    await process(performance, [delivery(approved(claim_id), 2, 0)])
    assert await performance.rows("SELECT 1 FROM measured_event") == []
    await process(performance, [delivery(settled(claim_id), 1, 1)])
    kinds = [row["kind"] for row in await performance.rows("SELECT kind FROM measured_event")]
    assert kinds == ["settled"]  # the parked approval follows when the worker releases it


async def test_a_rejection_is_no_review_that_ended_in_approval(performance: Performance) -> None:
    claim_id = new_id(SETTLED)
    rejected = ClaimRejected(**claim_facts(claim_id, APPROVED), bearer="hospital", ground="fictitious")
    await process(performance, [delivery(settled(claim_id), 1, 0), delivery(rejected, 2, 1)])
    answer = (await performance.get(f"/pools/{POOL}/indicators/review_time?month=2010-03")).json()
    assert (answer["measured"], answer["unmatched"]) == (0, 0)


async def test_no_person_and_no_amount_is_kept(performance: Performance) -> None:
    columns = await performance.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'measured_event'"
    )
    assert {row["column_name"] for row in columns} == {
        "pool_code",
        "event_id",
        "claim_id",
        "kind",
        "occurred_at",
        "business_day",
        "institution_code",
    }
