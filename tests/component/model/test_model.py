"""Sequences of commands over the real service and an oracle side by side, with a fault in every second one.

``HEYI_MODEL_SEQUENCES`` says how many (CI 200; the soak 5,000). The seed is printed, and each sequence names its own.
"""

import ast
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from heyi_verify.check import verify
from services.settlement.ledger.signing import Signer
from shared.db.engine import create_engine
from shared.kernel.clock import FixedClock
from tests.component.model import oracle
from tests.component.model.county import County, Stack
from tests.component.model.faults import KINDS, Faults, watched
from tests.component.model.oracle import BENEFITS, FISCAL, INTEREST, OK, SPENDING
from tests.support.postgres import TestPostgres
from tests.support.services import START, TEST_KEYS, running_app
from tests.support.tokens import TestTokens

SEQUENCES = int(os.environ.get("HEYI_MODEL_SEQUENCES", "200"))
COMMANDS_MAX = 30
OPENING, FISCAL_OPENING = 5_000_000, 3_000_000
DAY = timedelta(days=1)
VERIFIED_EVERY = 20
SIGNER = Signer.from_hex(TEST_KEYS["SIGNING_KEY"])
MIXED = (
    "post post forbidden hold hold release post_hold reverse seal claim claim claim batch batch batch let_go let_go "
    "let_go let_go cancel statement statement statement statement repay repay next_day close_day close_month"
).split()
PAYING = "claim batch batch let_go let_go statement statement statement repay repay hold cancel close_day".split()
MIXES = (MIXED, MIXED, PAYING)
"""Two sequences in three draw from everything; the third goes on paying, to reach the ends of long ways."""
STATEMENTS_AT_FIRST = 8
"""How many statements a command is thought to send before one of its kind was seen."""


@pytest.fixture(scope="module")
async def stack(postgres: TestPostgres, tokens: TestTokens) -> AsyncIterator[Stack]:
    """One service and database for all sequences; each has a pool of its own."""
    database = postgres.clone("settlement")
    clock, admin = FixedClock(START), await asyncpg.connect(database.admin)
    app, worker = create_engine(database.app, pool_size=4), create_engine(database.worker, pool_size=2)
    async with running_app(database, tokens, clock=clock) as running:
        yield Stack(running.client, clock, tokens, app, worker, admin, Faults(await asyncpg.connect(database.admin)))
    for engine in (app, worker):
        await engine.dispose()
    await admin.close()
    postgres.drop(database.name)


class Sequence:
    """A drawn sequence: each command goes to the county and to the oracle, and both must say and show the same."""

    def __init__(self, stack: Stack, seed: int, faulty: bool, sizes: dict[str, int], seen: Counter[str]) -> None:
        self.random = random.Random(seed)
        self.pool = f"{seed % 990_000 // 99:04d}{seed % 99 + 1:02d}"  # a code that ends in 00 is a city's
        today = date(2010, 3, self.random.choice([1, 25, 30]))
        self.county, self.model = County(stack, self.pool), oracle.County(today, today)
        self.stack, self.sizes, self.seen = stack, sizes, seen
        self.length = self.random.randint(1, COMMANDS_MAX)
        self.fault_at = self.random.randrange(self.length) if faulty else -1
        self.commands = self.random.choice(MIXES)
        seen["faulty"] += faulty
        self.numbers, self.log = 0, []  # type: ignore[var-annotated]

    async def run(self) -> None:
        """From the opening to the last look."""
        flows = ((FISCAL, "4004.01", OPENING + FISCAL_OPENING), ("1009.03", FISCAL, OPENING),
                 (SPENDING, "1009.03", OPENING))  # fmt: skip
        await self.county.open(OPENING, flows, self.model.today)
        self.model.fund(flows)
        self.model.bank = OPENING
        for step in range(self.length):
            struck = await self._step(self.random.choice(self.commands), strike=step == self.fault_at)
            if step == self.fault_at and not struck:
                self.fault_at += (
                    1  # the command had fewer statements, or there was nothing to do: the next one is struck
                )
        assert await self.county.replay() == [], self.log

    async def _step(self, name: str, strike: bool) -> bool:
        """Whether a fault struck."""
        faults = self.stack.faults
        if strike:
            kind = self.random.choice(KINDS)
            at = self.random.randint(1, self.sizes.get(name, STATEMENTS_AT_FIRST))
            faults.arm(kind, at)
        else:
            faults.seen = 0
        outcome = await getattr(self, f"_{name}")()
        struck = strike and faults.struck
        if struck:
            self.seen[f"struck {kind}"] += 1
        faults.disarm()
        if outcome is None:
            return struck
        if not strike:
            self.sizes[name] = max(self.sizes.get(name, 1), faults.seen // 2)
        said, due = outcome
        self.log.append((name, said))
        assert said == due, (self.pool, self.log, due)
        self.seen[f"{name} {'taken' if said == OK else 'refused'}"] += 1
        assert await self.county.state() == self._due(), (self.pool, self.log)
        return struck

    def _due(self) -> dict[str, Any]:
        """The oracle's state in the words of the database's."""
        model, due = self.model, {}
        pending = sum(model.held.values()) + sum(model.paid_holds.values())
        for name, book in (("basic", model.basic), ("obligations", model.owed), ("supplementary", model.supplementary)):
            for account, fen in book.balances.items():
                waits = -pending if (name, account) == ("basic", SPENDING) else 0
                if fen or waits:
                    due[f"{name} {account}"] = f"{fen} {waits}"
            due[f"{name} head"] = f"{book.last} {book.open_day} {book.sealed} {book.closed}"
        due["holds"] = str(len(model.held) + len(model.paid_holds))
        for number, payment in model.payments.items():
            due[f"payment {self.county.instructions[number]['end_to_end_id']}"] = payment.state
        return due

    def _next(self) -> int:
        self.numbers += 1
        return self.numbers

    def _fen(self) -> int:
        """Mostly small, at times more than there is."""
        return self.random.choice([1, 100, self.random.randint(1, 900_000), self.random.randint(1, 900_000), 6_000_000])

    def _some(self, things: Any) -> Any:
        """One of them, or None."""
        found = sorted(things)
        return self.random.choice(found) if found else None

    # -- commands: what the county says, and what is due

    async def _post(self) -> tuple[str, str]:
        fen = self._fen()
        flows = self.random.choice([((FISCAL, INTEREST, fen),), ((BENEFITS, SPENDING, fen),),
                                    ((BENEFITS, SPENDING, fen), (SPENDING, BENEFITS, fen // 2 + 1))])  # fmt: skip
        said = await self.county.post(f"p{self._next()}", flows, self.model.business_day)
        return said, self.model.post(flows)

    async def _forbidden(self) -> tuple[str, str]:
        pair = self.random.choice([(BENEFITS, FISCAL), (SPENDING, FISCAL), ("5003", SPENDING), (SPENDING, "1003")])
        flows = ((FISCAL, INTEREST, 5), (*pair, self._fen()))
        said = await self.county.post(f"p{self._next()}", flows, self.model.business_day)
        return said, self.model.post(flows)

    async def _hold(self) -> tuple[str, str]:
        number, fen = self._next(), self._fen()
        return await self.county.hold(number, fen), self.model.hold(number, fen)

    async def _release(self) -> tuple[str, str] | None:
        number = self._some(self.model.held if self.random.random() < 0.7 else self.model.ended)
        if number is None:
            return None
        return await self.county.release(number), self.model.release(number)

    async def _post_hold(self) -> tuple[str, str] | None:
        number = self._some(self.model.held.keys() | self.model.ended)
        if number is None:
            return None
        fen = max(1, self.model.held.get(number, 5) + self.random.choice([0, 0, -1, 1]))
        flows = ((BENEFITS, SPENDING, fen),)
        day = self.model.business_day
        said = await self.county.post(f"p{self._next()}", flows, day, hold_id=UUID(int=number))
        return said, self.model.post_hold(number, fen)

    async def _reverse(self) -> tuple[str, str] | None:
        number = self._some(self.model.vouchers)
        if number is None:
            return None
        flows = tuple((credit, debit, fen) for debit, credit, fen in self.model.vouchers[number].flows)
        day = self.model.business_day
        said = await self.county.post(f"p{self._next()}", flows, day, reason="reversal", reversal_of=number)
        return said, self.model.reverse(number)

    async def _seal(self) -> tuple[str, str]:
        day = self.model.business_day + self.random.choice([-1, 0, 0, 1]) * DAY
        return await self.county.seal(day), self.model.seal(day)

    async def _claim(self) -> tuple[str, str]:
        number, fen = self._next(), self.random.randint(1, 900_000)
        return await self.county.claim(number, fen), self.model.claim(number, fen)

    async def _batch(self) -> tuple[str, str] | None:
        fresh = [c for c, (_, batched) in self.model.cutoffs.items() if not batched or self.random.random() < 0.1]
        if not fresh:
            return None
        number, cutoffs = self._next(), tuple(fresh[: self.random.randint(1, 3)])
        return await self.county.batch(number, cutoffs), self.model.batch(number, cutoffs)

    async def _let_go(self) -> tuple[str, str] | None:
        return await self._on_batch("release", self.model.release_batch)

    async def _cancel(self) -> tuple[str, str] | None:
        return await self._on_batch("cancellation", self.model.cancel_batch)

    async def _on_batch(self, act: str, due: Any) -> tuple[str, str] | None:
        waiting = [n for n, p in self.model.payments.items() if p.state == "prepared" or self.random.random() < 0.2]
        number = self._some(waiting)
        if number is None:
            return None
        return await self.county.on_batch(number, act), due(number)

    async def _statement(self) -> tuple[str, str]:
        if self.model.statement_day == self.model.today and self.random.random() < 0.8:
            self._pass(1)
        opening = self.model.bank + (1 if self.random.random() < 0.1 else 0)
        lines = [("in", self._fen(), -1)] if self.random.random() < 0.3 else []
        for number, payment in self.model.payments.items():
            way = {"released": "out", "confirmed": "in"}.get(payment.state)
            if way and self.random.random() < (0.8 if way == "out" else 0.4):
                lines.append((way, payment.fen + (1 if self.random.random() < 0.1 else 0), number))
        told = tuple(lines)
        return await self.county.statement(told, opening, self.model.today), self.model.statement(told, opening)

    async def _repay(self) -> tuple[str, str] | None:
        back = [n for n, p in self.model.payments.items() if p.state == "returned" or self.random.random() < 0.2]
        number = self._some(back)
        if number is None:
            return None
        again = self._next()
        return await self.county.repay(number, again), self.model.repay(number, again)

    async def _next_day(self) -> None:
        self._pass(self.random.choice([1, 1, 2, 4]))

    def _pass(self, days: int) -> None:
        self.model.today += days * DAY
        self.stack.clock.advance(days * DAY)

    async def _close_day(self) -> tuple[str, str]:
        model = self.model
        day = model.today + self.random.choice([-3, -2, -1, -1, 0, 1]) * DAY
        days: list[date] = []
        if day <= model.today and not (model.first_open and day < model.first_open):
            begin = min(model.first_open or model.first_business or day, day)
            days = [begin + n * DAY for n in range((day - begin).days + 1)]
        long_owed = any(owed < model.today - DAY for owed in model.owed_days if owed <= day)
        said, due = await self.county.close_day(days, day), model.close_day(day)
        self.seen["obligations of days before yesterday booked"] += long_owed and said == OK
        return said, due

    async def _close_month(self) -> tuple[str, str]:
        month = date(2010, 3, 1)
        return await self.county.close_month(month), self.model.close_month(month)


def test_the_oracle_imports_nothing_of_what_it_judges() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"collections", "dataclasses", "datetime"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]


@pytest.mark.requirement("ZZ-14", "acts in any order, each sent twice, with the database failing: the books are right")
@pytest.mark.requirement("ZZ-10", "no order of acts spends more than the fund has, holds counted")
async def test_the_books_are_those_of_the_oracle(stack: Stack, seed: int) -> None:
    sizes: dict[str, int] = {}
    seen: Counter[str] = Counter()
    started = time.monotonic()
    with watched(stack.faults):
        for number in range(SEQUENCES):
            sequence = Sequence(stack, seed * 1_000 + number, number % 2 == 1, sizes, seen)
            await sequence.run()
            if number % VERIFIED_EVERY == 0:
                assert verify(await sequence.county.export(), public_keys=[SIGNER.public_key]) == []
    seconds = time.monotonic() - started
    struck = sum(n for what, n in seen.items() if what.startswith("struck"))
    print(f"\nseed {seed}: {SEQUENCES} sequences in {seconds:.0f} s, {struck} of {seen['faulty']} faults struck")
    print(dict(sorted(seen.items())))
    assert not await stack.admin.fetch("SELECT error FROM parked WHERE released_at IS NULL")
    if SEQUENCES >= 100:
        wanted = {f"{name} taken" for name in set(MIXED) - {"next_day", "forbidden"}}
        missing = [what for what in (*wanted, "obligations of days before yesterday booked") if not seen[what]]
        assert missing == [] and struck > 0.7 * seen["faulty"], seen
