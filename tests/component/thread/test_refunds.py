"""A refund through three services: the township applies in enrollment, settlement pays, the register and the family
account follow, and what was spent is owed to the fund (rulings §18, contracts §8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date
from typing import Any

import asyncpg
import orjson
import pytest
from prometheus_client import CollectorRegistry

from services.claims.visits import accounts
from services.claims.visits import events as coverage
from services.enrollment.financing import events as refunds
from services.enrollment.settings import Settings
from services.settlement.closing.events import consumers
from shared.db.engine import create_engine
from shared.kernel.clock import FixedClock
from shared.kernel.timelines import Start, state_on
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import Consumer, EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.enrollment.conftest import POOL, YEAR, Office
from tests.component.enrollment.conftest import county_template as county_template
from tests.component.enrollment.test_refunds import TOWNSHIP, apply, covered, members, paid_household
from tests.component.funds.world import FISCAL, World
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import START, environment, in_environment, running_app
from tests.support.tokens import TestTokens

SPENT = """
UPDATE accumulator SET used = used || '{"family_account.spent": 1200}'::jsonb
WHERE scope = 'family_account'"""


class Three:
    """Three services on one clock, and the bus between them by hand: what one tells, those who listen are given."""

    def __init__(self, office: Office, money: World, databases: dict[str, ServiceDatabase], clock: FixedClock) -> None:
        self.office, self.money, self.databases, self.clock = office, money, databases, clock
        self.seen: dict[str, set[Any]] = {name: set() for name in databases}
        self.readers: list[tuple[Consumer, EventProcessor]] = []

    def listen(self, stack: AsyncExitStack, tokens: TestTokens) -> None:
        """The consumers that the workers of the three run."""
        with in_environment(environment(self.databases["enrollment"], tokens)):
            settings = Settings()
        for service, names in {
            "enrollment": [refunds.consumer()],
            "claims": [coverage.consumer(), accounts.consumer()],
            "settlement": consumers(),
        }.items():
            engine = create_engine(self.databases[service].worker, pool_size=1)
            stack.push_async_callback(engine.dispose)
            for consumer in names:
                processor = EventProcessor(
                    consumer,
                    service=service,
                    engine=engine,
                    clock=self.clock,
                    settings=settings,
                    metrics=MessagingMetrics(CollectorRegistry()),
                    tracing=Tracing(service),
                )
                self.readers.append((consumer, processor))

    async def pass_on(self) -> None:
        """Everything told is given to everybody who listens, until nobody has anything new; nothing is parked."""
        while told := [delivery for service in self.databases for delivery in await self._told(service)]:
            for consumer, processor in self.readers:
                await processor.process([d for d in told if d.topic in consumer.topics])
        for database in self.databases.values():
            assert await rows(database, "SELECT error FROM parked") == []

    async def _told(self, service: str) -> list[Delivery]:
        sql = "SELECT id, topic, partition_key, envelope FROM outbox ORDER BY subject, sequence"
        found = [row for row in await rows(self.databases[service], sql) if row["id"] not in self.seen[service]]
        self.seen[service] |= {row["id"] for row in found}
        return [Delivery(r["topic"], 0, n, r["partition_key"], r["envelope"].encode()) for n, r in enumerate(found)]


async def rows(database: ServiceDatabase, sql: str, *args: Any) -> list[Any]:
    """Rows as the superuser."""
    conn = await asyncpg.connect(database.admin)
    try:
        return list(await conn.fetch(sql, *args))
    finally:
        await conn.close()


@pytest.fixture
async def three(postgres: TestPostgres, tokens: TestTokens, county_template: str) -> AsyncIterator[Three]:
    databases = {
        "enrollment": postgres.clone("enrollment", template=county_template),
        "claims": postgres.clone("claims"),
        "settlement": postgres.clone("settlement"),
    }
    clock = FixedClock(START)
    async with AsyncExitStack() as stack:
        register = await stack.enter_async_context(running_app(databases["enrollment"], tokens, clock=clock))
        paying = await stack.enter_async_context(running_app(databases["settlement"], tokens, clock=clock))
        office = Office(register.client, clock, databases["enrollment"], tokens)
        world = Three(office, World(paying.client, clock, databases["settlement"], tokens), databases, clock)
        world.listen(stack, tokens)
        yield world
    for database in databases.values():
        postgres.drop(database.name)


async def refunded(three: Three, bill: Any, member: str) -> Any:
    """A member's premium paid back for double enrolment; the order as it was booked."""
    made = await apply(three.office, bill, member_ids=[member])
    assert made.status_code == 201, made.text
    await three.pass_on()
    path = f"/money-orders/{made.json()['refund_id']}/approval"
    await three.money.done(path, role="county_recheck")
    booked = await three.money.done(path, role="county_finance")
    await three.pass_on()
    return booked


@pytest.mark.requirement("ZZ-10", "a refund from township to bank: income, register, dues and family account follow")
@pytest.mark.requirement("ZZ-26", "head count and money shrink together when a premium is refunded")
async def test_a_refund_through_three_services(three: Three) -> None:
    office, money = three.office, three.money
    bill = await paid_household(office)
    await office.done("county_finance", "POST", f"/pools/{POOL}/subsidies/{YEAR}/dues", json={})
    credit = {"year": YEAR, "township_code": TOWNSHIP, "per_head": "5.00", "document_number": "大合管〔2010〕1号"}
    await office.done("county_director", "POST", f"/pools/{POOL}/family-account-credits", json=credit)
    await three.pass_on()
    await rows(three.databases["claims"], SPENT)
    await money.fund()
    head, wife, _ = await members(office)
    booked = await refunded(three, bill, wife)
    assert (booked["amount"], booked["status"], booked["debit"]) == ("20.00", "booked", "4001")
    await money.statement(FISCAL, ("out", 2000, booked["reference"]))
    assert (await money.get(f"/subsidies/{YEAR}"))["levels"][0]["head_count"] == 2
    assert (await office.bills())[0]["refunded"] == "20.00"
    assert await covered(office, wife) == [("2010-01-01", "none"), ("2011-01-01", "none")]
    sql = "SELECT timeline FROM member_coverage WHERE member_id = $1"
    (known,) = await rows(three.databases["claims"], sql, wife)
    starts = [Start(date.fromisoformat(day), seq, state) for day, seq, state in orjson.loads(known["timeline"])]
    assert state_on(starts, date(2010, 6, 1)) == "none", "claims covers her no more"
    # 15.00 were credited and 12.00 spent: of the 5.00 to give back 3.00 were there, 2.00 are owed
    (owed,) = (await money.get("/receivables?open=true"))["items"]
    assert (owed["origin"], owed["open"], owed["household_id"]) == ("family_account", "2.00", bill["household_id"])
    await money.statement(FISCAL, ("in", 200, owed["reference"]))
    assert (await money.get("/receivables?open=true"))["items"] == []
    await money.check_books()
    assert await covered(office, head) == [("2010-01-01", "covered"), ("2011-01-01", "none")]


async def test_a_refund_twice_at_once_is_one(three: Three) -> None:
    bill = await paid_household(three.office)
    await three.money.fund()
    both = await asyncio.gather(*(apply(three.office, bill) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    await three.pass_on()
    (order,) = (await three.money.get("/money-orders?kind=premium_refund"))["items"]
    path = f"/money-orders/{order['id']}/approval"
    await three.money.done(path, role="county_recheck")
    done = await asyncio.gather(*(three.money.send(path, role="county_finance") for _ in range(2)))
    assert sorted(answer.status_code for answer in done) == [200, 409]
    await three.pass_on()
    assert (await three.office.bills())[0]["refunded"] == "60.00"
