"""Cancellation of what is paid: a negative claim in the current period (rulings §2). Pure.

The claim stays as it was settled, reviewed and paid, in its own period; the negative one takes back all of it on the
day of the cancellation, under an id and a number of its own, and the visit can be settled again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.claims.visits.claims import Claim

COLUMNS = (
    "id", "number", "claim_id", "institution_code", "member_id", "township_code", "kind", "benefit_year", "total_fen",
    "eligible_fen", "benefit_fen", "account_fen", "payable_fen", "layers", "reason", "reversed_on", "reversed_at",
    "reversed_by",
)  # fmt: skip
"""The columns of table ``claim_reversal`` beside the pool, in the order of the class."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What others have said of a claim that somebody wants to cancel."""

    county_released: bool = False
    """The county office lets it be cancelled although a claim of another hospital stands on it."""
    reversal_layers: tuple[Mapping[str, Any], ...] | None = None
    """Layers as released for payment, once two persons of the county office let the paid claim be cancelled."""
    paid_layers: frozenset[str] = frozenset()
    """Layers whose payment settlement has told as confirmed."""
    year_closed: bool = False
    increases: tuple[UUID, ...] = ()
    """What a late decision gave more for it and is paid: taken back with the claim."""
    increase_unpaid: bool = False
    """Something that a late decision gives more for it is approved, and the bank has not confirmed it."""
    at_window: bool = False
    """Whether the insurer's window asks for it."""

    @property
    def reversal_released(self) -> bool:
        """Whether the county office lets a paid claim be cancelled."""
        return self.reversal_layers is not None

    @property
    def released(self) -> bool:
        """Whether the county office lets it be cancelled in one way or the other."""
        return self.county_released or self.reversal_released


def all_paid(layers: Sequence[Mapping[str, Any]], paid: frozenset[str]) -> bool:
    """Whether every layer of which something is payable is paid."""
    return all(one["layer"] in paid for one in layers if one["amount_fen"] > 0)


@dataclass(frozen=True, slots=True)
class Reversal:
    """A negative claim; every amount in fen is at most zero."""

    id: UUID
    number: str
    claim_id: UUID
    institution_code: str
    member_id: UUID
    township_code: str
    kind: str
    benefit_year: int
    total_fen: int
    eligible_fen: int
    benefit_fen: int
    account_fen: int
    payable_fen: int
    layers: list[dict[str, Any]]
    reason: str
    reversed_on: date
    reversed_at: datetime
    reversed_by: str


def negative(
    reversal_id: UUID, number: str, claim: Claim, layers: Sequence[Mapping[str, Any]], reason: str, *,
    now: datetime, day: date, by: str,
) -> Reversal:  # fmt: skip
    """The negative of a paid claim, with the layers that were payable."""
    return Reversal(
        id=reversal_id,
        number=number,
        claim_id=claim.id,
        institution_code=claim.institution_code,
        member_id=claim.member_id,
        township_code=claim.township_code,
        kind=claim.kind,
        benefit_year=claim.benefit_year,
        total_fen=-claim.total_fen,
        eligible_fen=-claim.eligible_fen,
        benefit_fen=-claim.benefit_fen,
        account_fen=-claim.account_fen,
        payable_fen=-claim.payable_fen,
        layers=[{**one, "amount_fen": -one["amount_fen"]} for one in layers],
        reason=reason,
        reversed_on=day,
        reversed_at=now,
        reversed_by=by,
    )
