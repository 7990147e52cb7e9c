"""What a route gets from the edge: its transaction, the caller, the time, and where to name its result."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.business_day import business_day
from shared.db.scope import Scope, transaction
from shared.http.idempotency import Claim
from shared.http.settings import ServiceSettings
from shared.http.tokens import Actor, TokenVerifier
from shared.kernel.clock import Clock
from shared.observe.metrics import Metrics
from shared.observe.tracing import Tracing


@dataclass
class ServiceState:
    """The resources of one HTTP process; ``resources`` holds those of its capabilities by name."""

    service: str
    settings: ServiceSettings
    engine: AsyncEngine
    reader: AsyncEngine
    """Connections of the role that only reads, for streams and exports: they take none from the counter."""
    clock: Clock
    verifier: TokenVerifier
    tracing: Tracing
    metrics: Metrics
    resources: dict[str, Any] = field(default_factory=dict)


Question = Callable[[], Awaitable[Any]]


class Outside(Exception):
    """A write's word that it needs answers of a peer, which are waited for while it holds no lock (contracts §7).

    The edge undoes what was written, asks, and begins the request again with the answers.
    """

    def __init__(self, questions: Mapping[Hashable, Question]) -> None:
        super().__init__("answers of a peer are needed")
        self.questions = questions


@dataclass
class Peers:
    """What peers answered to a request so far, and what the lines of an atomic bulk still have to ask."""

    answers: dict[Hashable, Any] = field(default_factory=dict)
    questions: dict[Hashable, Question] = field(default_factory=dict)


@dataclass
class Unit:
    """One request in one transaction, which the edge opened and will commit or roll back; a route never does."""

    conn: AsyncConnection
    actor: Actor
    now: datetime
    pool_code: str
    request_id: str
    app: ServiceState
    peers: Peers = field(default_factory=Peers)
    deadlock: Exception | None = None
    """What ended a line of an atomic bulk together with the whole, for the edge to begin that again."""
    result_kind: str | None = None
    result_id: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    _business_day: date | None = None

    @property
    def settings(self) -> ServiceSettings:
        """The service's settings."""
        return self.app.settings

    async def business_day(self) -> date:
        """The business day of the pool; from the first call on, closing the day waits for this request."""
        if self._business_day is None:
            self._business_day = await business_day(self.conn, self.pool_code, self.now)
        return self._business_day

    def ask(self, questions: Mapping[Hashable, Question]) -> Mapping[Hashable, Any]:
        """The answers of a peer by question; raises Outside where one is still to be asked.

        What a question raises is told to the caller, and nothing has moved.
        """
        answers = self.peers.answers
        missing = {name: question for name, question in questions.items() if name not in answers}
        if missing:
            raise Outside(missing)
        return answers

    def result(self, kind: str, identifier: object) -> None:
        """Names what this write made, for the idempotency row and the audit log."""
        self.result_kind, self.result_id = kind, str(identifier)

    def note(self, **facts: Any) -> None:
        """Adds facts to the audit row: ids, counts, amounts; never personal data."""
        self.facts.update(facts)


@dataclass(frozen=True, slots=True)
class CoalescedRequest:
    """A request of the declared exception of contracts §4: checked and parsed, no transaction open, no lock taken."""

    actor: Actor
    scope: Scope
    claim: Claim
    now: datetime
    pool_code: str
    request_id: str
    command: str
    app: ServiceState


@dataclass(frozen=True, slots=True)
class StreamUnit:
    """A request whose body is streamed: the generator opens and closes its own session."""

    actor: Actor
    scope: Scope
    now: datetime
    pool_code: str
    request_id: str
    app: ServiceState

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """A read-only REPEATABLE READ transaction of its own, since the request's would be over at the first row."""
        async with transaction(self.app.reader, self.scope, read_only=True, repeatable=True) as conn:
            yield conn


async def _of_request(request: Request) -> Any:
    return request.state.unit  # async: FastAPI would send a plain function to a thread


UnitDep = Annotated[Unit, Depends(_of_request)]
CoalescedDep = Annotated[CoalescedRequest, Depends(_of_request)]
StreamDep = Annotated[StreamUnit, Depends(_of_request)]
