"""Claims as hospitals, the insurer and enrollment meet it: the real application, the real consumer, a real database."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.claims.benefits.library import text_of
from services.claims.visits.events import consumer
from shared.contracts.claims import ClaimSettled
from shared.contracts.enrollment import COVERAGE_TOPIC, CoverageChanged, CoverageStart, GroupStart
from shared.contracts.envelope import Envelope, schema_of
from shared.db.engine import create_engine
from shared.db.personal import Keys, Sealer
from shared.kernel.clock import FixedClock
from shared.kernel.ids import new_id
from shared.messaging.bus.base import Delivery
from shared.messaging.consumer import EventProcessor
from shared.messaging.metrics import MessagingMetrics
from shared.observe.tracing import Tracing
from tests.support.postgres import ServiceDatabase
from tests.support.servers import StandInServer
from tests.support.services import TEST_KEYS
from tests.support.tokens import TestTokens
from tests.support.waiting import until

POOL, OTHER_POOL = "522422", "410182"
COUNTY, TOWNSHIP, VILLAGE, SUSPENDED = "H52242200001", "H52242200002", "H52242200003", "H52242200004"
CATALOGUE = "gz-2010"
ACCEPTED = ["basic.outpatient.pool", "basic.outpatient.year"]
ENROLLED = date(2010, 1, 1)
ADMITTED, DISCHARGED = "2010-02-20T09:00", "2010-02-27T10:00"

OTHER_SESSIONS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
HELD = f"SELECT pid, query {OTHER_SESSIONS} AND (xact_start IS NOT NULL OR state LIKE 'idle in transaction%')"
"""Transactions that are open in other sessions of this test's database, and with them all that they have locked."""
WAITING = f"SELECT pid {OTHER_SESSIONS} AND wait_event_type = 'Lock'"
"""Other sessions that wait for a lock."""

assert ClaimSettled  # its payload has to be known to the consumer's table of types


@dataclass
class Enrollment:
    """A stand-in for enrollment's two questions, over HTTP; ``silent`` lets it answer nothing but errors.

    It is held and let answer by the test, never by a clock: a busy machine must not decide what a test sees.
    """

    known: dict[UUID, CoverageChanged] = field(default_factory=dict)
    silent: bool = False
    asked: int = 0
    _held: threading.Semaphore | None = None

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address while it runs."""
        server = StandInServer(("127.0.0.1", 0), _enrollment_handler(self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.let(1000)
            server.shutdown()
            server.server_close()

    def hold(self) -> None:
        """From now on questions wait for `let`."""
        self._held = threading.Semaphore(0)

    def let(self, times: int) -> None:
        """Answers so many of the questions that wait or come."""
        if self._held is not None:
            self._held.release(times)

    def wait(self) -> None:
        """Waits until the question may be answered."""
        if self._held is not None:
            self._held.acquire()


def _enrollment_handler(enrollment: Enrollment) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            enrollment.asked += 1
            assert self.headers["Authorization"].startswith("Bearer ")
            enrollment.wait()
            parts = self.path.strip("/").split("/")
            if enrollment.silent:
                self._answer(503, {"code": "busy"})
                return
            found = None
            if parts[3] == "members":
                found = enrollment.known.get(UUID(parts[4]))
            elif parts[3:5] == ["coverage", "by-index"]:
                found = next((c for c in enrollment.known.values() if c.blind_index == parts[5]), None)
            if found is None:
                self._answer(404, {"code": "not_found"})
            else:
                self._answer(200, json.loads(found.model_dump_json()) | {"masked_name": "王**"})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return Handler


def line(code: str = "A1", amount: str = "100.00", **more: Any) -> dict[str, Any]:
    """A fee line whose price is its amount."""
    return {"item_code": code, "item_name": f"项目{code}", "price": amount, "quantity": "1", "amount": amount} | more


def sealer() -> Sealer:
    """The sealer of the test keys."""
    data, lookup = bytes.fromhex(TEST_KEYS["DATA_KEY"]), bytes.fromhex(TEST_KEYS["LOOKUP_KEY"])
    return Sealer(Keys({1: data}, 1, lookup))


@dataclass
class World:
    """The service with its surroundings. ``call`` sends with a role's token and a fresh key."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: FixedClock
    database: ServiceDatabase
    tokens: TestTokens
    enrollment: Enrollment
    _offset: int = 0

    async def call(
        self, role: str, method: str, path: str, *, key: str | None = None, of: str | None = None, **options: Any
    ) -> httpx.Response:
        """A request of a role; ``of`` names the institution of a hospital's token, ``subject`` another person."""
        who = {name: options.pop(name) for name in ("subject", "pools", "home_institution", "household_id", "areas")
               if name in options}  # fmt: skip
        institutions = (of,) if of else (COUNTY,) if role == "hospital" else ()
        headers = options.pop("headers", {}) | self.tokens.headers(role, institutions=institutions, **who)
        headers["Idempotency-Key"] = key or str(uuid4())
        return await self.client.request(method, f"/v1{path}", headers=headers, **options)

    async def pool(self, role: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A request below the demo pool."""
        return await self.call(role, method, f"/pools/{POOL}{path}", **options)

    # -- the world before the first patient

    async def prepare(self) -> None:
        """Policy, catalogue, hospitals and agreements, each by the public side over the API."""
        await self._policy()
        await self._catalogue()
        levels = {COUNTY: "county", TOWNSHIP: "township", VILLAGE: "village", SUSPENDED: "township"}
        for code, level in levels.items():
            await self._hospital(code, level)
        agreement = self._agreement() | {"valid_from": "2010-02-01", "state": "suspended"}
        await self._done("county_director", "PUT", f"/pools/{POOL}/agreements/{SUSPENDED}", json=agreement)
        await self.heard()

    async def _done(self, role: str, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.call(role, method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer

    async def _policy(self) -> None:
        content = text_of("dafang-2010").encode()
        headers = {"Content-Type": "application/yaml"}
        path = f"/pools/{POOL}/policies"
        made = await self._done("insurer_manager", "POST", path, content=content, headers=headers)
        path = f"{path}/{made.json()['id']}"
        await self._done("county_recheck", "POST", f"{path}/check")
        decision: dict[str, Any] = {"document_number": "方合管〔2009〕12号", "decided_on": "2009-12-20"}
        decision |= {"accept_illustrative": ACCEPTED}
        await self._done("county_director", "POST", f"{path}/decision", json=decision)

    async def _catalogue(self) -> None:
        head = {"title": "药品诊疗目录", "region": POOL, "effective_from": "2010-01-01"}
        items = [
            {"code": code, "name": f"项目{code}", "category": "drug", "item_class": kind}
            for code, kind in (("A1", "A"), ("A2", "A"), ("C1", "C"))
        ]
        path = f"/catalogues/{CATALOGUE}"
        await self._done("county_recheck", "PUT", path, json=head)
        await self._done("county_recheck", "POST", f"{path}/items", json={"items": items})
        decision = {"document_number": "黔卫〔2009〕88号", "decided_on": "2009-12-01"}
        await self._done("county_director", "POST", f"{path}/decision", json=decision)

    def _agreement(self) -> dict[str, Any]:
        return {
            "valid_from": "2010-01-01",
            "kinds": ["inpatient", "outpatient"],
            "grade": "A",
            "payee": "大方县人民医院",
            "bank_name": "中国农业银行大方县支行",
            "bank_account": "6228480000001234567",
            "document_number": "方合管协〔2010〕1号",
            "decided_on": "2009-12-28",
        }

    async def _hospital(self, code: str, level: str) -> None:
        body = {"valid_from": "2006-01-01", "name": code, "level": level, "ownership": "public", "area_code": POOL}
        await self._done("county_director", "PUT", f"/institutions/{code}", json=body)
        await self._done("county_director", "PUT", f"/pools/{POOL}/agreements/{code}", json=self._agreement())

    # -- enrollment and its stream

    async def heard(self, at: datetime | None = None) -> None:
        """Every partition of the coverage stream was heard of; real time now unless told otherwise."""
        await self.sql(
            "INSERT INTO stream_heartbeat SELECT 'coverage', 1, $1, p, coalesce($2, clock_timestamp())"
            " FROM generate_series(0, 11) p"
            " ON CONFLICT (consumer, generation, topic, partition) DO UPDATE SET sent_at = EXCLUDED.sent_at",
            COVERAGE_TOPIC,
            at,
        )

    def coverage(
        self,
        *starts: tuple[date, int, str],
        member_id: UUID | None = None,
        sequence: int = 1,
        household_id: UUID | None = None,
        groups: tuple[GroupStart, ...] = (),
        id_number: str = "",
        birth_date: date = date(1970, 5, 1),
        village_code: str = "522422100201",
    ) -> CoverageChanged:
        """A member's coverage as enrollment tells it; covered from the start of the year without starts."""
        member_id = member_id or new_id(self.clock.now())
        told = starts or ((ENROLLED, 1, "covered"),)
        return CoverageChanged(
            member_id=member_id,
            household_id=household_id or new_id(self.clock.now()),
            person_id=new_id(self.clock.now()),
            blind_index=sealer().blind_index("id_number", id_number or str(member_id)).hex(),
            township_code="522422100",
            village_code=village_code,
            birth_date=birth_date,
            sex="male",
            sequence=sequence,
            timeline=[CoverageStart(valid_from=d, recorded_seq=s, state=_state(state)) for d, s, state in told],
            groups=list(groups),
        )

    async def tell(self, *payloads: CoverageChanged, broken: bool = False) -> None:
        """The events through the real consumer with the worker's role; ``broken`` ones cannot be understood."""
        deliveries = []
        for payload in payloads:
            event = Envelope(
                id=new_id(self.clock.now()),
                source="/heyi/enrollment",
                type=CoverageChanged.TYPE,
                subject=str(payload.member_id),
                time=self.clock.now(),
                dataschema=schema_of(CoverageChanged.TYPE),
                sequence=payload.sequence,
                partitionkey=str(payload.member_id),
                poolcode=POOL,
                businessdate=self.clock.now().date(),
                data={} if broken else json.loads(payload.model_dump_json()),
            )
            self._offset += 1
            deliveries.append(Delivery(COVERAGE_TOPIC, 0, self._offset, event.subject, event.to_bytes()))
        engine = create_engine(self.database.worker, pool_size=1)
        try:
            processor = EventProcessor(
                consumer(),
                service="claims",
                engine=engine,
                clock=self.clock,
                settings=None,
                metrics=MessagingMetrics(CollectorRegistry()),
                tracing=Tracing("claims"),
            )
            await processor.process(deliveries)
        finally:
            await engine.dispose()

    async def member(self, **facts: Any) -> UUID:
        """A member that both enrollment and claims know."""
        told = self.coverage(**facts)
        self.enrollment.known[told.member_id] = told
        await self.tell(told)
        return told.member_id

    async def until_asked(self, times: int) -> None:
        """Returns once enrollment was asked so many times."""
        await until(lambda: self.enrollment.asked >= times)

    # -- the hospital

    async def visit(
        self, member_id: UUID, *, kind: str = "inpatient", of: str = COUNTY, admitted: str = ADMITTED,
        discharged: str | None = DISCHARGED, **more: Any,
    ) -> str:  # fmt: skip
        """A visit registered, and an inpatient discharged too; returns its id."""
        visit_id = str(new_id(self.clock.now()))
        body = {
            "institution_code": of,
            "institution_number": f"ZY{visit_id[-12:]}",
            "member_id": str(member_id),
            "kind": kind,
            "admitted_at": admitted,
            "diagnosis_code": "J18.9",
            "diagnosis_name": "肺炎",
        } | more
        await self._done("hospital", "PUT", f"/pools/{POOL}/visits/{visit_id}", of=of, json=body)
        if kind == "inpatient" and discharged:
            path = f"/pools/{POOL}/visits/{visit_id}/discharge"
            await self._done("hospital", "POST", path, of=of, json={"discharged_at": discharged})
        return visit_id

    async def settle(
        self, visit_id: str, *lines: dict[str, Any], of: str = COUNTY, key: str | None = None
    ) -> httpx.Response:
        """A settlement of lines sent along, or of what was uploaded."""
        body: dict[str, Any] = {"lines": list(lines)} if lines else {}
        return await self.pool("hospital", "POST", f"/visits/{visit_id}/settlement", of=of, key=key, json=body)

    async def settled(self, member_id: UUID, amount: str = "1000.00", **facts: Any) -> dict[str, Any]:
        """A claim settled for a member."""
        of = facts.get("of", COUNTY)
        answer = await self.settle(await self.visit(member_id, **facts), line("A1", amount), of=of)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def cancel(self, claim_id: str, *, of: str = COUNTY, key: str | None = None) -> httpx.Response:
        """A cancellation."""
        path = f"/claims/{claim_id}/cancellation"
        return await self.pool("hospital", "POST", path, of=of, key=key, json={"reason": "录入错误"})

    # -- looking

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        """Arranges or looks into the database as its superuser."""
        conn = await asyncpg.connect(self.database.admin)
        try:
            return list(await conn.fetch(statement, *args))
        finally:
            await conn.close()

    async def used(self, owner: UUID | str) -> dict[str, int]:
        """What the accumulators of a person or household stand at, by name; zeros left out."""
        rows = await self.sql("SELECT used FROM accumulator WHERE owner_id = $1", UUID(str(owner)))
        found: dict[str, int] = {}
        for row in rows:
            for name, amount in json.loads(row["used"]).items():
                found[name] = found.get(name, 0) + amount
        return {name: amount for name, amount in found.items() if amount}

    async def counts(self) -> dict[str, int]:
        """How many rows the tables that a settlement writes hold."""
        tables = ("claim", "claim_detail", "accumulator_entry", "cancellation", "outbox", "idempotency")
        return {table: (await self.sql(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables}


def _state(text: str) -> Any:
    return text
