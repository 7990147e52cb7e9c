"""Claims and settlement in one process: both real applications on real databases, the events between them by hand.

A test decides when an event arrives, how often and beside which others; only the order within a subject is kept, as
both buses keep it. Enrollment is not asked: every member is covered and the coverage stream is fresh.
"""

import itertools
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.kernel.clock import FixedClock
from shared.messaging.bus.base import Delivery
from tests.component.claims import world as care
from tests.component.funds import world as funds
from tests.support.postgres import ServiceDatabase, TestPostgres
from tests.support.services import START, RunningApp, running_app
from tests.support.tokens import TestTokens

POOL = "522422"
COUNTY_HOSPITAL, TOWNSHIP_HOSPITAL, CLINIC = care.COUNTY, care.TOWNSHIP, care.VILLAGE
MEMBERS = 3
_KEYS_USED = 10_000
"""More idempotency keys than the prepared county can have used."""
NOBODY = "http://127.0.0.1:9"
"""Enrollment's address: nothing listens there, so a test that would ask it fails."""


@dataclass(frozen=True)
class Prepared:
    """A county made once a session and copied for each story: its two databases, its people, its clock, its bank."""

    care: ServiceDatabase
    money: ServiceDatabase
    members: tuple[UUID, ...]
    at: datetime
    bank: dict[str, int]
    days: dict[str, date]


async def prepare(postgres: TestPostgres, tokens: TestTokens) -> Prepared:
    """Policy, catalogue and hospitals in force, three members covered, payees registered, an advance at the bank."""
    databases = postgres.clone("claims"), postgres.clone("settlement")
    async with _worlds(*databases, tokens, FixedClock(START)) as (visits, money):
        await visits.prepare()
        members = tuple([await visits.member() for _ in range(MEMBERS)])
        await money.register()
        body = {"payee_name": "化联村卫生室", "bank_name": "中国农业银行大方支行", "account_number": "9559900000000003"}
        await money.payee(CLINIC, body)
        await money.fund("900000000.00", "400000000.00")
        return Prepared(*databases, members, money.clock.now(), dict(money.bank), dict(money.days))


@asynccontextmanager
async def _worlds(
    care_database: ServiceDatabase,
    money_database: ServiceDatabase,
    tokens: TestTokens,
    clock: FixedClock,
    enrollment: str = NOBODY,
) -> AsyncIterator[tuple[care.World, funds.World]]:
    async with (
        running_app(care_database, tokens, clock=clock, peers={"enrollment": enrollment}) as visits,
        running_app(money_database, tokens, clock=clock) as money,
    ):
        paying = funds.World(money.client, clock, money_database, tokens)
        try:
            yield _care(visits, tokens), paying
        finally:
            await paying.aclose()


def _care(running: RunningApp, tokens: TestTokens) -> care.World:
    return care.World(running.app, running.client, running.clock, running.database, tokens, care.Enrollment())


@dataclass
class County:
    """Both services, and the events that the one has published and the other has not yet been given."""

    care: care.World
    money: funds.World
    members: tuple[UUID, ...]
    care_rows: asyncpg.Connection
    money_rows: asyncpg.Connection
    pending: list[Delivery] = field(default_factory=list)
    given: list[Delivery] = field(default_factory=list)
    told: dict[UUID, str] = field(default_factory=dict)
    """Claim ▸ its last event that settlement was given: settled, approved …"""
    _seen: set[UUID] = field(default_factory=set)

    @property
    def clock(self) -> FixedClock:
        """The clock of both."""
        return self.care.clock

    async def collect(self) -> None:
        """Takes from the outbox of claims what was published since, in order within each subject."""
        rows = await self.care_rows.fetch(
            "SELECT id, topic, partition_key, envelope FROM outbox WHERE id <> ALL ($1) ORDER BY subject, sequence",
            list(self._seen),
        )
        for row in rows:
            self._seen.add(row["id"])
            value = row["envelope"].encode()
            self.pending.append(Delivery(row["topic"], 0, len(self._seen), row["partition_key"], value))

    async def deliver(self, claims: Iterable[UUID], how: random.Random, share: float = 1.0, repeated: int = 0) -> None:
        """Gives settlement a share of what is pending, subjects in any order, and some of what it had again.

        ``claims`` are all subjects in a fixed order, so that the same story is told when it is told again.
        """
        await self.collect()
        keys = {delivery.key for delivery in self.pending}
        subjects = [str(claim) for claim in claims if str(claim) in keys]
        assert len(subjects) == len(keys), "an event of an unknown claim"
        how.shuffle(subjects)
        chosen = subjects[: max(1, round(len(subjects) * share))] if subjects else []
        fresh = [d for subject in chosen for d in self.pending if d.key == subject]
        self.pending = [d for d in self.pending if d.key not in chosen]
        self.given += fresh
        again = how.sample(self.given, min(repeated, len(self.given)))
        await self.money.feed(*fresh, *again)
        for delivery in fresh:
            self.told[UUID(delivery.key)] = _word(delivery.value)

    async def look(self, sql: str, *args: Any) -> Sequence[Any]:
        """Rows of the database of claims, as its superuser."""
        return list(await self.care_rows.fetch(sql, *args))

    async def count_money(self, sql: str, *args: Any) -> Sequence[Any]:
        """Rows of the database of settlement, as its superuser."""
        return list(await self.money_rows.fetch(sql, *args))


def _word(envelope: bytes) -> str:
    """``settled`` of an event of type ``heyi.claims.claim.settled.v1``."""
    return envelope.split(b"heyi.claims.claim.", 1)[1].split(b".", 1)[0].decode()


@asynccontextmanager
async def open_county(
    postgres: TestPostgres, tokens: TestTokens, prepared: Prepared, *, enrollment: str = NOBODY
) -> AsyncIterator[County]:
    """A copy of the prepared county; ``enrollment`` is where its claims ask about coverage."""
    visits = postgres.clone("claims", template=prepared.care.name)
    money = postgres.clone("settlement", template=prepared.money.name)
    async with AsyncExitStack() as stack:
        stack.callback(postgres.drop, money.name)
        stack.callback(postgres.drop, visits.name)
        worlds = await stack.enter_async_context(_worlds(visits, money, tokens, FixedClock(prepared.at), enrollment))
        worlds[1].bank, worlds[1].days = dict(prepared.bank), dict(prepared.days)
        worlds[1]._keys = itertools.count(_KEYS_USED)
        connections = []
        for database in (visits, money):
            connection = await asyncpg.connect(database.admin)
            stack.push_async_callback(connection.close)
            connections.append(connection)
        await worlds[0].heard()
        yield County(*worlds, prepared.members, *connections)
