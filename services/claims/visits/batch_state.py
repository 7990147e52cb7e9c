"""What a settlement batch is asked, what it has at hand, and what it answers (contracts §4)."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.claims.benefits.model import AccumulatorKey, Item
from services.claims.visits import cancelling_store
from services.claims.visits.bill import Bill, Sheet
from services.claims.visits.cancelling_store import Cancelled
from services.claims.visits.claims import VOID, Claim, settled_sheets
from services.claims.visits.coalescer import Leave
from services.claims.visits.counters import Counters, Ref
from services.claims.visits.coverage import CONSUMER
from services.claims.visits.deciding import Decided, Ground
from shared.contracts.enrollment import COVERAGE_TOPIC
from shared.http import idempotency
from shared.http.idempotency import Answered
from shared.http.unit import CoalescedRequest
from shared.messaging.heartbeat import STALE_AFTER, fresh_until

_HEARD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SettleAsk:
    """A settlement asked for. ``asked``: enrollment was asked already, and what is stored is its answer."""

    request: CoalescedRequest
    visit_id: UUID
    inline: Bill | None
    traceparent: str | None = None
    asked: bool = False
    from_account_fen: int = 0
    midway: bool = False
    off_path: str = ""


@dataclass(frozen=True, slots=True)
class CancelAsk:
    """A cancellation asked for."""

    request: CoalescedRequest
    claim_id: UUID
    reason: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The key was used before for the same request."""

    answered: Answered


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Coverage cannot be told from here: ask enrollment of these, then come again. Nothing stays locked or written."""

    members: tuple[UUID, ...]


Ask = SettleAsk | CancelAsk


Reply = Answered | Replayed | InDoubt


Outcome = Reply | Exception | Leave


@dataclass(slots=True, eq=False)
class Slot:
    """One request in the batch; with an outcome it has left, whatever the outcome is."""

    ask: Ask
    outcome: Outcome | None = None
    ground: Ground | None = None
    head: cancelling_store.ClaimHead | None = None
    keys: tuple[AccumulatorKey, ...] = ()
    refs: list[Ref] = field(default_factory=list)
    decided: Decided | None = None
    cancelled: Cancelled | None = None

    @property
    def key(self) -> idempotency.Claim:
        return self.ask.request.claim

    @property
    def key_name(self) -> tuple[str, str]:
        """The key within the pool; tuples sort as contracts §4 wants the inserts."""
        return self.key.subject, self.key.key

    @property
    def visit_id(self) -> UUID:
        """The visit to lock."""
        return self.ask.visit_id if isinstance(self.ask, SettleAsk) else self.head.visit_id  # type: ignore[union-attr]


class Freshness:
    """Whether the coverage stream is fresh. What was heard once stays heard, so a time is used again for a while."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._read_at = float("-inf")

    async def is_fresh(self, conn: AsyncConnection) -> bool:
        """Whether every partition was heard of within ten minutes of real time (contracts §7)."""
        real_now = datetime.now(UTC)  # real time: heartbeats keep to it
        known = self._until if time.monotonic() - self._read_at < _HEARD_SECONDS else None
        if known is None or real_now - known > STALE_AFTER:
            known = self._until = await fresh_until(conn, CONSUMER, COVERAGE_TOPIC)
            self._read_at = time.monotonic()
        return known is not None and real_now - known <= STALE_AFTER


@dataclass(slots=True)
class Batch:
    """What a transaction has at hand."""

    conn: AsyncConnection
    pool_code: str
    slots: list[Slot]
    now: datetime
    freshness: Freshness
    day: date = date.min
    fresh: bool = False
    keyed: list[Slot] = field(default_factory=list)
    items: dict[str, Mapping[str, Item]] = field(default_factory=dict)
    sheets: dict[UUID, list[Sheet]] = field(default_factory=dict)
    claims: dict[UUID, Claim] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    numbers: Iterator[str] = field(default_factory=lambda: iter(()))

    def going(self) -> list[Slot]:
        """Those that have not left, in order of arrival."""
        return [slot for slot in self.slots if slot.outcome is None]

    def settling(self) -> list[Slot]:
        """Those going that settle."""
        return [slot for slot in self.going() if isinstance(slot.ask, SettleAsk)]

    def live(self, visit_id: UUID) -> list[Claim]:
        """The claims of a visit that are not cancelled, as they stand now: one, or the parts of a stay."""
        return [one for one in self.claims.values() if one.visit_id == visit_id and one.status not in VOID]

    def uploaded(self, visit_id: UUID) -> list[Sheet]:
        """What is uploaded of a visit and not settled as things stand now, after what this batch has decided."""
        settled = settled_sheets(self.live(visit_id))
        return [sheet for sheet in self.sheets.get(visit_id, ()) if sheet.number > settled]

    def cancelling(self) -> list[Slot]:
        """Those going that cancel."""
        return [slot for slot in self.going() if isinstance(slot.ask, CancelAsk)]
