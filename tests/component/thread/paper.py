"""What a clerk with pencil and paper would know: no line of this comes from the engine, the counters or the books."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

CAPS = {"inpatient": 60_000_00, "outpatient": 150_00}
"""Fen a person and year (大方 2010: 6万元; 150元)."""
PERCENT = {"county": 70, "township": 80, "outpatient": 50}
HOUR = timedelta(hours=1)


@dataclass
class PaperClaim:
    """A settlement as its answers told it, amounts in fen."""

    id: UUID
    visit_id: str
    member_id: UUID
    hospital: str
    kind: str
    benefit: int
    settled_at: datetime
    settled_on: date
    order: int
    status: str = "settled"
    payable: int = 0
    taken_back: bool = False

    @property
    def counts(self) -> bool:
        """Whether it stands on the person's accumulator: settled and neither cancelled nor taken back."""
        return self.status != "cancelled" and not self.taken_back


@dataclass
class Paper:
    """Claims, cut-offs and payments on paper."""

    claims: dict[UUID, PaperClaim] = field(default_factory=dict)
    cutoffs: dict[UUID, list[UUID]] = field(default_factory=dict)
    """Cut-off ▸ its claims."""
    batched: set[UUID] = field(default_factory=set)
    """Cut-offs in a batch that was not given up."""
    prepared: list[dict] = field(default_factory=list)
    at_bank: list[dict] = field(default_factory=list)
    """Payments of released batches that the bank has not shown."""
    confirmed: list[dict] = field(default_factory=list)
    returned: list[dict] = field(default_factory=list)
    """Payments that came back and that no payment in being replaces."""

    def used(self, member_id: UUID, kind: str) -> int:
        """What the live claims of a person add up to."""
        return sum(
            c.benefit for c in self.claims.values() if (c.member_id, c.kind, c.counts) == (member_id, kind, True)
        )

    def expected_benefit(self, member_id: UUID, kind: str, level: str, total: int) -> int:
        """The bill times its ratio, rounded half up, and no more than the cap leaves."""
        ratio = PERCENT["outpatient" if kind == "outpatient" else level]
        return min((total * ratio + 50) // 100, CAPS[kind] - self.used(member_id, kind))

    def in_state(self, *states: str) -> list[PaperClaim]:
        """Claims in these states."""
        return [claim for claim in self.claims.values() if claim.status in states]

    def cancellation(self, claim: PaperClaim, now: datetime) -> str:
        """What a cancellation has to end with (rulings §2): 'done' or the code of its refusal."""
        if claim.status in ("cancelled", "released"):
            return f"claim_{claim.status}"
        later = [
            other
            for other in self.claims.values()
            if (other.member_id, other.kind, other.counts) == (claim.member_id, claim.kind, True)
            and other.order > claim.order
        ]
        if now - claim.settled_at <= HOUR or not claim.benefit or claim.taken_back or not later:
            return "done"
        elsewhere = any(other.hospital != claim.hospital for other in later)
        return "later_claim_elsewhere" if elsewhere else "later_claim"

    def payable_of(self, cutoff: UUID) -> int:
        """What a cut-off owes."""
        return sum(self.claims[claim].payable for claim in self.cutoffs[cutoff])
