"""Settlement in this process with events fed to its consumers, and the steps of the money as short calls."""

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from prometheus_client import CollectorRegistry

from services.settlement.closing.events import consumers
from services.settlement.closing.sources import CLAIMS, ENROLLMENT
from shared.contracts import claims, enrollment
from shared.contracts.base import EventPayload
from shared.contracts.envelope import Envelope, schema_of
from shared.db.engine import create_engine
from shared.kernel.clock import FixedClock
from shared.kernel.dates import shanghai_date
from shared.kernel.ids import new_id, to_base32
from shared.kernel.money import format_yuan, parse_yuan
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.support.postgres import ServiceDatabase
from tests.support.tokens import TestTokens

POOL = "522422"
HOSPITAL, OTHER_HOSPITAL = "H52242200001", "H52242200002"
TOWNSHIP = "52242201"
EXPENDITURE, FISCAL, INCOME = "1001.02", "1002", "1003"
STATEMENT_ROLE = {
    EXPENDITURE: "insurer_finance",
    FISCAL: "county_finance",
    INCOME: "county_recheck",
    "urban-1002": "county_finance",
    "critical_illness-1001": "insurer_finance",
    "supplementary-1001": "insurer_finance",
    "assistance-1001": "county_finance",
    "budget-1001": "city_finance",
    "county_budget-1001": "county_finance",
}
REGISTERED = (EXPENDITURE, FISCAL, INCOME)
ABOVE = {
    "critical_illness": ("大病保险(商业保险机构)", "5001", "insurer"),
    "supplementary": ("补充医疗保险(商业保险机构)", "5001", "insurer"),
    "assistance": ("医疗救助资金(县财政)", "5002", "government"),
}
"""Payer, account of the benefits, and who bears the risk of the layers above the basic one."""


@dataclass
class World:
    """The service, its clock, and a small memory of what the bank would know."""

    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens
    processors: dict[str, EventProcessor] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    bank: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATEMENT_ROLE, 0))
    days: dict[str, date] = field(default_factory=dict)
    ahead: date | None = None
    """The business day of what is published, where the sources have closed today; the clock's day otherwise."""
    benefits: dict[UUID, int] = field(default_factory=dict)
    accounts: dict[UUID, int] = field(default_factory=dict)
    """What the family account paid of a claim besides; nothing of most."""
    persons: set[UUID] = field(default_factory=set)
    """Claims that came to the window: the benefit is owed to the person, who has the claim's id here."""
    above: dict[UUID, dict[str, int]] = field(default_factory=dict)
    """What of a claim's benefit the layers above the basic one pay; nothing of most."""
    liable: dict[UUID, int] = field(default_factory=dict)
    """What third parties are liable for of a claim's basic layer; nothing of most."""
    receipts: dict[UUID, tuple[UUID, int, int]] = field(default_factory=dict)
    """Bill, coverage year and fen of what was collected."""
    published: dict[tuple[str, date, str], list[int]] = field(default_factory=dict)
    _keys: Any = field(default_factory=lambda: itertools.count(1))
    _engines: list[Any] = field(default_factory=list)

    # -- HTTP

    async def get(self, path: str, role: str = "auditor", **options: Any) -> Any:
        """A read that must succeed; its JSON."""
        answer = await self.client.get(f"/v1/pools/{POOL}{path}", headers=self.tokens.headers(role, **options))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(
        self,
        path: str,
        body: Any = None,
        role: str = "insurer_finance",
        subject: str | None = None,
        method: str = "POST",
        key: str | None = None,
        if_match: str | None = None,
        pool: str = POOL,
        **token: Any,
    ) -> httpx.Response:
        """A write with a key of its own unless one is given; ``token`` are further claims of the token."""
        named = {"pools": (pool,)} if pool != POOL else {}
        headers = self.tokens.headers(role, subject=subject or f"{role}-1", **named, **token)
        headers["Idempotency-Key"] = key or f"key-{next(self._keys)}"
        headers |= {"If-Match": if_match} if if_match else {}
        return await self.client.request(method, f"/v1/pools/{pool}{path}", json=body, headers=headers)

    async def done(self, *args: Any, **options: Any) -> Any:
        """A write that must succeed; its JSON."""
        answer = await self.send(*args, **options)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def receive(self, order: Any, role: str = "insurer_finance", **options: Any) -> Any:
        """Money that came in: entered by one person and booked by another of the same unit; the order."""
        made = await self.done("/money-orders", order, role=role, **options)
        path = f"/money-orders/{made['id']}/approval"
        return await self.done(path, role=role, **options | {"subject": f"{role}-2"})

    async def arrival(self, kind: str, body: dict[str, Any]) -> Any:
        """A ``subsidy`` or a ``sponsor``'s money, recorded by one person of finance and booked by another."""
        made = await self.done(f"/{kind}-arrivals", body, role="county_finance")
        second = {"role": "county_finance", "subject": "county_finance-2"}
        return await self.done(f"/arrivals/{made['id']}/approval", **second)

    async def refused(self, code: str, *args: Any, **options: Any) -> Any:
        """A write that must be refused with this code; its problem."""
        answer = await self.send(*args, **options)
        problem = answer.json()
        assert problem.get("code") == code, answer.text
        return problem

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return list(await conn.fetch(sql, *args))
        finally:
            await conn.close()

    # -- events

    def _processor(self, source: str) -> EventProcessor:
        if source not in self.processors:
            engine = create_engine(self.database.worker, pool_size=2)
            self._engines.append(engine)
            consumer = next(c for c in consumers() if c.name == source)
            self.processors[source] = EventProcessor(
                consumer,
                service="settlement",
                engine=engine,
                clock=self.clock,
                settings=None,
                metrics=MessagingMetrics(CollectorRegistry()),
                tracing=Tracing("settlement", None),
            )
        return self.processors[source]

    def delivery(self, payload: EventPayload, subject: str, fen: int | None = None) -> Delivery:
        """The payload as the bus would bring it, numbered after the subject's last one; counted as published."""
        now = self.clock.now()
        self.sequences[subject] = self.sequences.get(subject, 0) + 1
        day, source = self.ahead or shanghai_date(now), payload.TYPE.split(".")[1]
        if fen is not None:
            total = self.published.setdefault((source, day, payload.TYPE), [0, 0])
            total[0], total[1] = total[0] + 1, total[1] + fen
        envelope = Envelope(
            id=new_id(now),
            source=f"/heyi/{source}",
            type=payload.TYPE,
            subject=subject,
            time=now,
            dataschema=schema_of(payload.TYPE),
            sequence=self.sequences[subject],
            partitionkey=subject,
            poolcode=POOL,
            businessdate=day,
            data=payload.model_dump(mode="json"),
        )
        return Delivery(payload.TOPIC, 0, next(self._keys), subject, envelope.to_bytes())

    async def feed(self, *deliveries: Delivery) -> None:
        """Gives deliveries to the consumer of their source; none may be parked."""
        for source in {d.topic.split(".")[1] for d in deliveries}:
            await self._processor(source).process([d for d in deliveries if d.topic.split(".")[1] == source])
        parked = await self.rows("SELECT error FROM parked WHERE released_at IS NULL")
        assert not parked, [dict(row) for row in parked]

    async def aclose(self) -> None:
        """Closes the engines of the consumers."""
        for engine in self._engines:
            await engine.dispose()

    # -- enrollment

    async def collect(self, yuan: str, year: int = 2010) -> UUID:
        """A township collects a premium; its receipt."""
        now, fen = self.clock.now(), parse_yuan(yuan)
        bill, receipt = new_id(now), new_id(now)
        told = enrollment.PremiumCollected(
            bill_id=bill,
            household_id=new_id(now),
            township_code=TOWNSHIP,
            year=year,
            receipt_id=receipt,
            receipt_number=to_base32(receipt),
            amount=fen,
            paid_on=shanghai_date(now),
            at=now,
        )
        await self.feed(self.delivery(told, str(bill), fen))
        self.receipts[receipt] = (bill, year, fen)
        return receipt

    async def void(self, receipt: UUID) -> None:
        """The township voids a receipt whose money it still holds."""
        bill, year, fen = self.receipts[receipt]
        now = self.clock.now()
        told = enrollment.PremiumVoided(
            bill_id=bill,
            township_code=TOWNSHIP,
            year=year,
            receipt_id=receipt,
            receipt_number=to_base32(receipt),
            amount=fen,
            voided_on=shanghai_date(now),
            at=now,
        )
        await self.feed(self.delivery(told, str(bill), fen))

    async def refund_applied(
        self, bill: UUID, year: int, yuan: str, cause: str = "withdrawn", by: str = "township_clerk-1"
    ) -> UUID:
        """A township applies for a premium back; the id of the refund, which is that of its order."""
        now, fen = self.clock.now(), parse_yuan(yuan)
        refund = new_id(now)
        told = enrollment.RefundApplied(
            refund_id=refund,
            bill_id=bill,
            township_code=TOWNSHIP,
            year=year,
            cause=cause,
            head_count=1,
            amount=fen,
            applied_by=by,
            at=now,
        )
        await self.feed(self.delivery(told, str(refund), fen))
        return refund

    def remittance(self, yuan: str) -> tuple[Delivery, str]:
        """A township's remittance as an event, and its reference on the bank's statement."""
        now, fen = self.clock.now(), parse_yuan(yuan)
        remittance = new_id(now)
        told = enrollment.PremiumRemitted(
            remittance_id=remittance,
            township_code=TOWNSHIP,
            amount=fen,
            receipt_count=1,
            by_year=[],
            remitted_on=shanghai_date(now),
            at=now,
        )
        return self.delivery(told, str(remittance), fen), to_base32(remittance)

    async def sponsor(self, yuan: str, year: int = 2010) -> UUID:
        """Civil affairs promises the premiums of a group."""
        now, fen = self.clock.now(), parse_yuan(yuan)
        sponsorship = new_id(now)
        told = enrollment.PremiumSponsored(
            sponsorship_id=sponsorship,
            sponsor="大方县民政局",
            group="wubao",
            year=year,
            head_count=10,
            amount=fen,
            confirmed_on=shanghai_date(now),
            at=now,
        )
        await self.feed(self.delivery(told, str(sponsorship), fen))
        return sponsorship

    async def due(
        self, level: str, yuan: str, heads: int = 100, year: int = 2010, audited: bool = False, due: UUID | None = None
    ) -> UUID:
        """A level owes its subsidy, or a new revision of what it owes; the id of the due."""
        now, fen = self.clock.now(), parse_yuan(yuan)
        due = due or new_id(now)
        revision = self.sequences.get(str(due), 0) + 1
        told = enrollment.SubsidyDue(
            due_id=due,
            year=year,
            level=level,
            payer="财政",
            head_count=heads,
            standard=fen // heads,
            total=fen,
            amount=fen,
            revision=revision,
            audited=audited,
            at=now,
        )
        await self.feed(self.delivery(told, str(due), fen))
        return due

    # -- claims

    def claim_facts(self, claim_id: UUID, fen: int, hospital: str, kind: str) -> dict[str, Any]:
        """What every event of a claim carries."""
        now = self.clock.now()
        return {
            "claim_id": claim_id,
            "institution_code": hospital,
            "member_id": claim_id,
            "township_code": TOWNSHIP,
            "kind": kind,
            "admitted_on": shanghai_date(now),
            "benefit_year": 2010,
            "settled_at": now,
            "at": now,
            "benefit": fen,
            "account": self.accounts.get(claim_id, 0),
            "paid_to": "person" if claim_id in self.persons else "hospital",
        }

    def layers(self, claim_id: UUID, fen: int, kind: str) -> list[claims.LayerAmount]:
        """The basic layer, those above it, and what the family account pays of the claim."""
        expense, above = "5001.01" if kind == "inpatient" else "5001.02", self.above.get(claim_id, {})
        amounts = {"basic": fen - sum(above.values()), **above, "family_account": self.accounts.get(claim_id, 0)}
        return [
            claims.LayerAmount(
                layer=layer,
                amount=amount,
                recover=self.liable.get(claim_id, 0) if layer == "basic" else 0,
                **self._payer(layer, expense),
            )
            for layer, amount in amounts.items()
            if amount or layer == "basic"
        ]

    def _payer(self, layer: str, expense: str) -> dict[str, str]:
        if layer in ABOVE:
            payer, expense, bearer = ABOVE[layer]
            return {
                "payer": payer,
                "account": "1001",
                "expense_account": expense,
                "book": layer,
                "risk_bearer": bearer,
            }
        return {
            "payer": "新农合基金",
            "account": EXPENDITURE,
            "expense_account": expense if layer == "basic" else "5002",
            "book": "basic",
            "risk_bearer": "pool",
        }

    def advanced(self, claim_id: UUID) -> int:
        """What the hospital advanced for the fund: the benefit and the family account's part."""
        return self.benefits[claim_id] + self.accounts.get(claim_id, 0)

    def settled(
        self, claim_id: UUID, fen: int, hospital: str = HOSPITAL, kind: str = "inpatient", account: int = 0
    ) -> Delivery:
        """A bedside settlement, of which the family account pays something besides."""
        self.benefits[claim_id] = fen
        if account:
            self.accounts[claim_id] = account
        told = claims.ClaimSettled(
            **self.claim_facts(claim_id, fen, hospital, kind),
            visit_id=claim_id,
            household_id=claim_id,
            total=fen * 2,
            eligible=fen * 2,
            patient=fen,
            outcome="settled",
            policy_id="dafang-2010",
            policy_hash="0" * 64,
            layers=self.layers(claim_id, fen, kind),
        )
        return self.delivery(told, str(claim_id), self.advanced(claim_id))

    def approved(self, claim_id: UUID, cut: int = 0, hospital: str = HOSPITAL, kind: str = "inpatient") -> Delivery:
        """The review accepts a claim, less a cut."""
        fen = self.benefits[claim_id]
        cuts = [
            claims.Cut(number=1, bearer="hospital", amount=cut, fund_share=cut, patient_owed=0)
        ] if cut else []  # fmt: skip
        told = claims.ClaimApproved(
            **self.claim_facts(claim_id, fen, hospital, kind),
            approved=self.advanced(claim_id) - cut,
            cut=cut,
            cuts=cuts,
            layers=self.layers(claim_id, fen - cut, kind),
        )
        return self.delivery(told, str(claim_id), self.advanced(claim_id) - cut)

    def cancelled(self, claim_id: UUID, before: str = "settled", approved: int | None = None) -> Delivery:
        """The hospital takes its settlement back."""
        fen = self.benefits[claim_id]
        told = claims.ClaimCancelled(
            **self.claim_facts(claim_id, fen, HOSPITAL, "inpatient"),
            before=before,
            approved=self.advanced(claim_id) if approved is None else approved,
        )
        return self.delivery(told, str(claim_id), self.advanced(claim_id))

    def rejected(self, claim_id: UUID) -> Delivery:
        """Nothing is payable."""
        fen = self.benefits[claim_id]
        facts = self.claim_facts(claim_id, fen, HOSPITAL, "inpatient")
        return self.delivery(
            claims.ClaimRejected(**facts, bearer="hospital", ground="fictitious"),
            str(claim_id),
            self.advanced(claim_id),
        )

    def returned(self, claim_id: UUID) -> Delivery:
        """Back to the hospital."""
        fen = self.benefits[claim_id]
        facts = self.claim_facts(claim_id, fen, HOSPITAL, "inpatient")
        return self.delivery(claims.ClaimReturned(**facts, ground="papers"), str(claim_id), self.advanced(claim_id))

    def cutoff(
        self, amounts: dict[UUID, int], hospital: str = HOSPITAL, kind: str = "inpatient"
    ) -> tuple[UUID, list[Delivery]]:
        """A cut-off over approved claims, each with what is payable of it: one event a claim."""
        cutoff_id = new_id(self.clock.now())
        events = []
        for claim_id, fen in amounts.items():
            told = claims.ClaimReleased(
                **self.claim_facts(claim_id, self.benefits[claim_id], hospital, kind),
                cutoff_id=cutoff_id,
                cutoff_count=len(amounts),
                cutoff_amount=sum(amounts.values()),
                approved=fen,
                layers=self.layers(claim_id, fen - self.accounts.get(claim_id, 0), kind),
            )
            events.append(self.delivery(told, str(claim_id), fen))
        return cutoff_id, events

    async def release_claims(
        self, *yuan: str, hospital: str = HOSPITAL, kind: str = "inpatient"
    ) -> tuple[UUID, list[UUID]]:
        """Claims settled, approved and released in one cut-off."""
        ids = [new_id(self.clock.now()) for _ in yuan]
        amounts = {claim: parse_yuan(y) for claim, y in zip(ids, yuan, strict=True)}
        await self.feed(*(self.settled(c, fen, hospital, kind) for c, fen in amounts.items()))
        await self.feed(*(self.approved(c, 0, hospital, kind) for c in amounts))
        cutoff_id, events = self.cutoff(amounts, hospital, kind)
        await self.feed(*events)
        return cutoff_id, ids

    async def sources_close(self, day: date, **wrong: int) -> None:
        """Both sources close a day with the totals of what they published."""
        now = self.clock.now()
        for source, module in ((ENROLLMENT, enrollment), (CLAIMS, claims)):
            totals = [
                module.TypeTotal(type=kind, count=count + wrong.get(kind.split(".")[-2], 0), amount=fen)
                for (where, on, kind), (count, fen) in self.published.items()
                if (where, on) == (source, day)
            ]
            told = module.DayClosed(day=day, totals=totals, at=now)
            await self.feed(self.delivery(told, f"{POOL}:{day}:{source}"))

    # -- money

    async def register(self) -> None:
        """Registers the three bank accounts and two payees."""
        for account in REGISTERED:
            role = STATEMENT_ROLE[account]
            body = {
                "bank_name": "中国工商银行大方支行",
                "bank_ownership": "state_owned",
                "holder_name": "大方县新型农村合作医疗基金",
                "account_number": f"6222000{account.replace('.', '')}0001",
            }
            await self.done(f"/bank-accounts/{account}", body, role=role, method="PUT")
        for number, hospital in enumerate((HOSPITAL, OTHER_HOSPITAL), 1):
            body = {
                "payee_name": f"大方县医院{number}<&>",
                "bank_name": "中国农业银行大方支行",
                "account_number": f"95599000000000{number}",
            }
            await self.payee(hospital, body)

    async def payee(self, hospital: str, body: dict[str, str]) -> None:
        """Who receives for a hospital, registered by one person and confirmed by another."""
        await self.done(f"/payees/{hospital}", body, role="county_director", method="PUT")
        number = {"account_number": body["account_number"]}
        await self.done(f"/payees/{hospital}/confirmation", number, role="county_recheck")

    async def statement(
        self, account: str, *lines: tuple[str, int, str], subject: str | None = None, pool: str = POOL
    ) -> Any:
        """The bank's statement of one more day: (direction, fen, reference) a line."""
        body = self.statement_body(account, *lines)
        answer = await self.done("/bank-statements", body, role=STATEMENT_ROLE[account], subject=subject, pool=pool)
        self.bank[account] = parse_yuan(body["closing_balance"])
        return answer

    async def paid(self, *yuan: str, hospital: str = HOSPITAL) -> Any:
        """Claims paid by a batch of their own that the bank has confirmed."""
        cutoff, _ = await self.release_claims(*yuan, hospital=hospital)
        batch = await self.batch(cutoff)
        await self.confirm(batch)
        return batch

    def statement_body(self, account: str, *lines: tuple[str, int, str]) -> dict[str, Any]:
        """The request of the next statement of an account."""
        today = shanghai_date(self.clock.now())
        if self.days.get(account, date.min) >= today:
            self.clock.advance(timedelta(days=1))
            today = shanghai_date(self.clock.now())
        self.days[account] = today
        closing = self.bank[account] + sum(fen if way == "in" else -fen for way, fen, _ in lines)
        return {
            "account": account,
            "day": today.isoformat(),
            "opening_balance": format_yuan(self.bank[account]),
            "closing_balance": format_yuan(closing),
            "lines": [{"direction": w, "amount": format_yuan(fen), "reference": ref} for w, fen, ref in lines],
        }

    async def fund(self, yuan: str = "100000.00", advance: str = "50000.00") -> None:
        """A central subsidy arrives, and an advance reaches the insurer's account."""
        fen = parse_yuan(yuan)
        reference = f"CB{next(self._keys)}"
        day = shanghai_date(self.clock.now()).isoformat()
        body = {"level": "central", "coverage_year": 2010, "amount": yuan, "bank_reference": reference}
        await self.arrival("subsidy", body | {"arrived_on": day})
        await self.statement(FISCAL, ("in", fen, reference))
        await self.advance(advance)

    async def advance(self, yuan: str) -> None:
        """An advance, released by a second person and shown by both banks."""
        made = await self.done("/advances", {"amount": yuan}, role="county_finance")
        await self.arrive(made)

    async def arrive(self, transfer: Any, *, released: bool = False) -> None:
        """Releases a transfer by a second person and lets both banks show it."""
        role = STATEMENT_ROLE[transfer["source"]]
        if not released:
            await self.done(f"/transfers/{transfer['id']}/release", role=role, subject=f"{role}-2")
        fen = parse_yuan(transfer["amount"])
        await self.statement(transfer["source"], ("out", fen, transfer["reference"]))
        await self.statement(transfer["target"], ("in", fen, transfer["reference"]))

    async def batch(self, *cutoffs: UUID) -> Any:
        """A batch prepared and released."""
        made = await self.done("/batches", {"cutoff_ids": [str(c) for c in cutoffs]})
        return await self.release(made)

    async def release(self, batch: Any, role: str = "insurer_approver", subject: str | None = None) -> Any:
        """The second person releases."""
        return await self.done(f"/batches/{batch['id']}/release", role=role, subject=subject)

    async def confirm(self, batch: Any) -> None:
        """The bank's statement shows the payments of a batch."""
        await self.statement(
            EXPENDITURE, *(("out", parse_yuan(i["amount"]), i["end_to_end_id"]) for i in batch["instructions"])
        )

    async def bounce(self, batch: Any) -> None:
        """The bank's statement shows that the payments of a batch came back."""
        await self.statement(
            EXPENDITURE, *(("in", parse_yuan(i["amount"]), i["end_to_end_id"]) for i in batch["instructions"])
        )

    # -- what must always hold

    async def identities(self) -> dict[str, Any]:
        """The identities by letter; every one must tie."""
        answer = await self.get("/identities")
        broken = [i for i in answer["identities"] if not i["ties"]]
        assert not broken, broken
        assert answer["ties"]
        return {i["code"]: i for i in answer["identities"]}

    async def term(self, letter: str, code: str) -> str:
        """The value of one term of an identity."""
        identity = (await self.identities())[letter]
        terms = identity["left"] + identity["right"] + identity["apart"]
        return str(next(t["value"] for t in terms if t["code"] == code))

    async def check_books(self) -> None:
        """The ledger's own replay finds nothing, and no payable is paid by two instructions at once."""
        for book in ("basic", "obligations"):
            conn = await asyncpg.connect(self.database.worker)
            try:
                async with conn.transaction():
                    await conn.execute("SELECT heyi_set_scope('worker', $1::text[], $2::text[])", [POOL], ["*"])
                    assert await conn.fetch("SELECT * FROM ledger_replay($1, $2)", POOL, book) == []
            finally:
                await conn.close()
        twice = await self.rows(
            """
            SELECT c.claim_id FROM instruction_claim c
            JOIN instruction i ON i.pool_code = c.pool_code AND i.id = c.instruction_id
            WHERE i.status NOT IN ('returned', 'not_executed', 'paid_twice', 'cancelled')
            GROUP BY c.claim_id, c.layer HAVING count(*) > 1"""
        )
        assert twice == []


def at(text: str) -> datetime:
    """A business moment in Shanghai."""
    return datetime.fromisoformat(text + "+08:00")
