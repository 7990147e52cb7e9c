"""The real thing behind the same commands: settlement over HTTP, its consumer, its ledger's functions, on PostgreSQL.

Every write is sent twice at once: under one idempotency key over HTTP, as two transactions at the ledger's functions,
as two deliveries of an event. What comes back must be one effect.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from services.settlement.closing.events import consumers
from services.settlement.ledger import posting
from services.settlement.ledger.posting import Posting, Voucher
from shared.contracts import claims, enrollment
from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, schema_of
from shared.db.scope import Scope, transaction
from shared.kernel.clock import FixedClock
from shared.kernel.errors import Problem
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.component.model.faults import Faults
from tests.component.model.oracle import OK, Flow
from tests.support.tokens import TestTokens

HOSPITAL, TOWNSHIP = "H52242200001", "52242201"
SHANGHAI = "+08:00"
TRIES = 6
AGAIN = {
    "ledger_source_posted", "ledger_hold_exists", "ledger_hold_invalid", "ledger_reversed_already", "ledger_overdrawn",
    "ledger_period_closed",
}  # fmt: skip
"""What the second of two equal transactions at the ledger may be told."""
Act = Callable[[Any], Awaitable[Any]]


@dataclass
class Stack:
    """What all sequences share: the service, its consumer, engines, the clock, the fault."""

    client: httpx.AsyncClient
    clock: FixedClock
    tokens: TestTokens
    app: AsyncEngine
    worker: AsyncEngine
    admin: asyncpg.Connection
    faults: Faults
    consumers: dict[str, EventProcessor] = field(init=False)
    keys: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """One consumer a source, as in the worker."""
        self.consumers = {
            consumer.name: EventProcessor(
                consumer, service="settlement", engine=self.worker, clock=self.clock, settings=None,
                metrics=MessagingMetrics(CollectorRegistry()), tracing=Tracing("settlement", None),
            )
            for consumer in consumers()
        }  # fmt: skip


@dataclass
class County:
    """One pool of its own, for one sequence."""

    stack: Stack
    pool: str
    instructions: dict[int, dict[str, Any]] = field(default_factory=dict)
    cutoffs: dict[int, UUID] = field(default_factory=dict)
    sequences: Counter[str] = field(default_factory=Counter)
    published: dict[tuple[date, str], list[int]] = field(default_factory=dict)
    told: set[date] = field(default_factory=set)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    # -- sending

    async def write(self, path: str, body: Any = None, role: str = "insurer_finance", method: str = "POST") -> Any:
        """The answer of a write that was sent twice at once with one key, each sent again until it is final."""
        key = f"{self.pool}-{next(self.stack.keys)}"
        before = await self.everything() if self.stack.faults.kind else None
        if before is not None:
            first = await self._send(path, body, role, method, key)
            if self.stack.faults.disarm() and first.status_code >= 500 and first.json()["code"] != "outcome_unknown":
                assert await self.everything() == before, f"{first.text} and something moved"
        one, two = await asyncio.gather(*[self._final(path, body, role, method, key) for _ in range(2)])
        told = [{**answer.json(), "instance": ""} for answer in (one, two)]
        assert (one.status_code, told[0]) == (two.status_code, told[1]), (one.text, two.text)
        return one

    async def _final(self, *request: Any) -> httpx.Response:
        for _ in range(TRIES):
            answer = await self._send(*request)
            if answer.status_code < 500 and answer.json().get("code") != "idempotency_key_in_flight":
                return answer
        raise AssertionError(f"never a final answer: {answer.text}")

    async def _send(self, path: str, body: Any, role: str, method: str, key: str) -> httpx.Response:
        if role not in self.headers:
            self.headers[role] = self.stack.tokens.headers(role, pools=(self.pool,))
        headers = self.headers[role] | {"Idempotency-Key": key}
        return await self.stack.client.request(method, f"/v1/pools/{self.pool}{path}", json=body, headers=headers)

    async def ask(self, path: str, body: Any = None, role: str = "insurer_finance", method: str = "POST") -> str:
        """``ok`` or the code of the refusal."""
        answer = await self.write(path, body, role, method)
        return OK if answer.status_code < 300 else str(answer.json()["code"])

    async def ledger(self, act: Act, happened: Callable[[], Awaitable[bool]]) -> str:
        """The same act in two transactions at once: one takes effect, the other is told so; or both are refused.

        ``happened`` says whether the act has taken effect, for the caller whose COMMIT was never acknowledged.
        """
        once = False
        if self.stack.faults.kind:
            before, earlier = await self.everything(), await happened()
            outcome = await self._try(act)
            self.stack.faults.disarm()
            once = not earlier and await happened()
            if not once:
                assert await self.everything() == before, f"{outcome} and something moved"
        one, two = await asyncio.gather(self._told(act), self._told(act))
        told = {one, two}
        if once:
            assert told <= AGAIN, told
            return OK
        if OK in told:
            assert one != two and (told - {OK}) <= AGAIN, told
            return OK
        assert one == two, told
        return one

    async def _told(self, act: Act) -> str:
        """What the ledger says, asked again on another connection where the fault has left a dead one in the pool."""
        for _ in range(TRIES):
            outcome = await self._try(act)
            if not outcome[0].isupper():
                return outcome
        raise AssertionError(f"never an answer of the ledger: {outcome}")

    async def _try(self, act: Act) -> str:
        """``ok``, the code of the refusal, or the class of the error that the fault has caused."""
        try:
            async with transaction(self.stack.app, Scope("service", (self.pool,))) as conn:
                await act(conn)
        except Problem as problem:
            return problem.kind.code
        except Exception as error:
            if not self.stack.faults.struck:
                raise
            return type(error).__name__
        return OK

    async def feed(self, *deliveries: Delivery) -> None:
        """Each event delivered twice, and again where the database went away."""
        for delivery in (*deliveries, *deliveries):
            for _ in range(TRIES):
                with suppress(Exception):
                    await self.stack.consumers[delivery.topic.split(".")[1]].process([delivery])
                    break
                assert self.stack.faults.struck
            else:
                raise AssertionError("an event never had its effect")
        self.stack.faults.disarm()

    # -- setting up

    async def open(self, opening: int, flows: tuple[Flow, ...], today: date) -> None:
        """Bank account, payee, money in the books."""
        self.stack.clock.set(datetime.fromisoformat(f"{today}T09:00:00{SHANGHAI}"))
        account = {"bank_name": "中国工商银行", "bank_ownership": "state_owned", "holder_name": "基金",
                   "account_number": "62220001"}  # fmt: skip
        payee = {"payee_name": "医院", "bank_name": "中国农业银行", "account_number": "95599001"}
        for path, body, role, method in (
            ("/bank-accounts/1001.02", account, "insurer_finance", "PUT"),
            (f"/payees/{HOSPITAL}", payee, "county_director", "PUT"),
            (f"/payees/{HOSPITAL}/confirmation", {"account_number": "95599001"}, "county_recheck", "POST"),
        ):
            assert (await self._send(path, body, role, method, f"{self.pool}-{path}-{role}")).status_code < 300
        async with transaction(self.stack.app, Scope("service", (self.pool,))) as conn:
            await posting.open_books(conn, self.pool, today)
            await posting.post(
                conn, self.pool, [self._voucher(f"fund-{n}", (flow,), today) for n, flow in enumerate(flows)]
            )

    def _voucher(self, source: str, flows: tuple[Flow, ...], day: date, **more: Any) -> Voucher:
        by = posting.by_rule("model")
        lines = tuple(Posting(*flow) for flow in flows)
        return Voucher("basic", source, day, day, "模型凭证", *by, lines, **more)

    # -- the ledger's functions

    async def post(self, source: str, flows: tuple[Flow, ...], day: date, **more: Any) -> str:
        """One voucher of the fund's book."""
        voucher = self._voucher(source, flows, day, **more)
        return await self.ledger(
            lambda conn: posting.post(conn, self.pool, [voucher]), lambda: self._is("voucher", "source_event", source)
        )

    async def hold(self, number: int, fen: int) -> str:
        """Sets money aside."""
        hold = UUID(int=number)
        return await self.ledger(
            lambda conn: posting.hold(conn, self.pool, "basic", "1001.02", fen, hold),
            lambda: self._is("hold", "hold_id", hold),
        )

    async def release(self, number: int) -> str:
        """Frees it."""
        hold = UUID(int=number)
        return await self.ledger(
            lambda conn: posting.release_hold(conn, self.pool, "basic", hold),
            lambda: self._is("hold_end", "hold_id", hold),
        )

    async def _is(self, table: str, column: str, value: Any) -> bool:
        sql = f"SELECT EXISTS (SELECT FROM {table} WHERE pool_code = $1 AND {column} = $2)"
        return bool(await self.stack.admin.fetchval(sql, self.pool, value))

    # -- claims, payments, days

    async def claim(self, cutoff: int, fen: int) -> str:
        """Settled, approved, released: three events of one claim."""
        now = self.stack.clock.now()
        claim_id, self.cutoffs[cutoff] = new_id(now), new_id(now)
        layers = [claims.LayerAmount(layer="basic", payer="新农合基金", account="1001.02", expense_account="5001.01",
                                     book="basic", risk_bearer="pool", amount=fen)]  # fmt: skip
        facts = {
            "claim_id": claim_id, "institution_code": HOSPITAL, "member_id": claim_id, "township_code": TOWNSHIP,
            "kind": "inpatient", "admitted_on": date(2010, 3, 1), "benefit_year": 2010, "settled_at": now, "at": now,
            "benefit": fen, "layers": layers,
        }  # fmt: skip
        told = [
            claims.ClaimSettled(**facts, visit_id=claim_id, household_id=claim_id, total=fen, eligible=fen, patient=0,
                                outcome="settled", policy_id="dafang-2010", policy_hash="0" * 64),
            claims.ClaimApproved(**facts, approved=fen, cut=0, cuts=[]),
            claims.ClaimReleased(**facts, approved=fen, cutoff_id=self.cutoffs[cutoff], cutoff_count=1,
                                 cutoff_amount=fen),
        ]  # fmt: skip
        await self.feed(*[self._delivery(payload, str(claim_id), fen) for payload in told])
        return OK

    def _delivery(self, payload: EventPayload, subject: str, fen: int | None = None) -> Delivery:
        now = self.stack.clock.now()
        day = datetime.fromisoformat(f"{now:%Y-%m-%dT%H:%M:%S%z}").astimezone(_zone()).date()
        while day in self.told:
            day += timedelta(days=1)
        if fen is not None:
            total = self.published.setdefault((day, payload.TYPE), [0, 0])
            total[0], total[1] = total[0] + 1, total[1] + fen
        self.sequences[subject] += 1
        envelope = Envelope(
            id=new_id(now), source=f"/heyi/{payload.TYPE.split('.')[1]}", type=payload.TYPE, subject=subject, time=now,
            dataschema=schema_of(payload.TYPE), sequence=self.sequences[subject], partitionkey=subject,
            poolcode=self.pool, businessdate=day, data=payload.model_dump(mode="json"),
        )  # fmt: skip
        return Delivery(payload.TOPIC, 0, next(self.stack.keys), subject, envelope.to_bytes())

    async def batch(self, number: int, cutoffs: tuple[int, ...]) -> str:
        """Whole cut-offs into a batch of one payment."""
        return await self._paying(number, "/batches", {"cutoff_ids": [str(self.cutoffs[c]) for c in cutoffs]})

    async def repay(self, number: int, again: int) -> str:
        """A returned payment, paid again."""
        return await self._paying(again, f"/payments/{self.instructions[number]['id']}/repayment")

    async def _paying(self, number: int, path: str, body: Any = None) -> str:
        answer = await self.write(path, body)
        if answer.status_code >= 300:
            return str(answer.json()["code"])
        made = answer.json()
        assert len(made["instructions"]) == 1
        self.instructions[number] = made["instructions"][0] | {"batch": made["id"]}
        return OK

    async def on_batch(self, number: int, act: str) -> str:
        """``release`` or ``cancellation``, by the second person."""
        body = {"reason": "金额有误"} if act == "cancellation" else None
        return await self.ask(f"/batches/{self.instructions[number]['batch']}/{act}", body, "insurer_approver")

    async def statement(self, lines: tuple[tuple[str, int, int], ...], opening: int, today: date) -> str:
        """The bank's statement of the insurer's account."""
        closing = opening + sum(fen if way == "in" else -fen for way, fen, _ in lines)
        body = {
            "account": "1001.02", "day": str(today), "opening_balance": format_yuan(opening),
            "closing_balance": format_yuan(closing),
            "lines": [
                {"direction": way, "amount": format_yuan(fen),
                 "reference": self.instructions[n]["end_to_end_id"] if n in self.instructions else f"X{number}"}
                for number, (way, fen, n) in enumerate(lines)
            ],
        }  # fmt: skip
        return await self.ask("/bank-statements", body)

    async def seal(self, day: date) -> str:
        """Seals a day of the fund's book."""
        return await self.ask(f"/books/basic/days/{day}/seal", None, "county_finance")

    async def close_day(self, days: list[date], day: date) -> str:
        """Both sources close ``days`` with their totals, then settlement closes through ``day``."""
        now = self.stack.clock.now()
        for one in days:
            totals = [claims.TypeTotal(type=kind, count=count, amount=fen)
                      for (on, kind), (count, fen) in self.published.items() if on == one]  # fmt: skip
            for payload in (claims.DayClosed(day=one, totals=totals, at=now),
                            enrollment.DayClosed(day=one, totals=[], at=now)):  # fmt: skip
                await self.feed(self._delivery(payload, f"{self.pool}:{one}:{payload.TYPE}"))
            self.told.add(one)
        return await self.ask(f"/days/{day}/close", None, "county_finance")

    async def close_month(self, month: date) -> str:
        """Closes a month of every book."""
        return await self.ask(f"/months/{month:%Y-%m}/close", None, "county_finance")

    # -- looking

    async def state(self) -> dict[str, Any]:
        """Balances, heads, open holds and payments as the database has them."""
        rows = await self.stack.admin.fetch(_STATE, self.pool)
        return {row["what"]: row["is"] for row in rows}

    async def everything(self) -> list[Any]:
        """The state, and all that was told, remembered and answered: what a write that failed may not have moved."""
        counts = await self.stack.admin.fetchrow(_COUNTS, self.pool)
        return [await self.state(), *counts]

    async def export(self) -> list[str]:
        """The fund's book as an auditor downloads it."""
        headers = self.stack.tokens.headers("auditor", pools=(self.pool,))
        answer = await self.stack.client.get(f"/v1/pools/{self.pool}/books/basic/export", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    async def replay(self) -> list[Any]:
        """What the ledger's own replay finds wrong."""
        found = []
        async with transaction(self.stack.app, Scope("auditor", (self.pool,)), read_only=True) as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert raw is not None
            for book in ("basic", "obligations", "supplementary"):
                found += await raw.fetch("SELECT * FROM ledger_replay($1, $2)", self.pool, book)
        return found


def _zone() -> Any:
    return datetime.fromisoformat(f"2010-01-01T00:00:00{SHANGHAI}").tzinfo


_STATE = """
SELECT book || ' ' || account AS what, posted_fen || ' ' || pending_fen AS is FROM balance
WHERE pool_code = $1 AND (posted_fen <> 0 OR pending_fen <> 0)
UNION ALL SELECT book || ' head', concat_ws(' ', last_number, open_day, sealed_through, closed_through) FROM book_head
WHERE pool_code = $1
UNION ALL SELECT 'holds', count(*)::text FROM hold h WHERE h.pool_code = $1 AND NOT EXISTS (
  SELECT FROM hold_end e WHERE e.pool_code = $1 AND e.book = h.book AND e.hold_id = h.hold_id)
UNION ALL SELECT 'payment ' || end_to_end_id, status FROM instruction WHERE pool_code = $1
"""
_COUNTS = """
SELECT (SELECT count(*) FROM outbox WHERE pool_code = $1), (SELECT count(*) FROM idempotency WHERE pool_code = $1),
       (SELECT count(*) FROM movement WHERE pool_code = $1), (SELECT count(*) FROM statement WHERE pool_code = $1)
"""
