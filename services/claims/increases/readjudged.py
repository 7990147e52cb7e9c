"""A claim decided again after one on which it stood was cancelled, as its list shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.claims.visits.readjudging import Readjudged


@dataclass(frozen=True, slots=True)
class ReadjudgedClaim:
    """What was decided and what would be decided now, in fen."""

    claim_id: UUID
    cancelled_claims: list[UUID]
    """Claims on which it stood and that were cancelled."""
    member_id: UUID
    household_id: UUID
    township_code: str
    institution_code: str
    admitted_on: date
    settled_on: date
    policy_before: str
    policy: str
    outcome: str
    benefit_before_fen: int
    benefit_fen: int
    paid_more_fen: int
    """What earlier lists gave more for it."""
    to_pay_fen: int
    """What is payable more once the list is approved, as far as the caps leave it then."""
    let_stand_fen: int
    """What it had too much: its slip, its benefit and its counts stay (decision 0290)."""
    layers: list[dict[str, Any]]
    """Each layer as settled (``before_fen``) and as decided again (``benefit_fen``)."""

    @property
    def difference_fen(self) -> int:
        """What would be decided now, less what was; negative where it would be less."""
        return self.benefit_fen - self.benefit_before_fen


READJUDGED_COLUMNS = tuple(ReadjudgedClaim.__dataclass_fields__)


def shown(found: Readjudged) -> ReadjudgedClaim:
    """A claim as its list shows it."""
    one = found.difference
    claim = one.claim
    return ReadjudgedClaim(
        claim_id=claim.id,
        cancelled_claims=[pair.cancelled_id for pair in found.pairs],
        member_id=claim.member_id,
        household_id=claim.household_id,
        township_code=claim.township_code,
        institution_code=claim.institution_code,
        admitted_on=claim.admitted_on,
        settled_on=claim.settled_on,
        policy_before=claim.policy_id,
        policy=one.policy,
        outcome=one.outcome,
        benefit_before_fen=claim.benefit_fen,
        benefit_fen=one.benefit_fen,
        paid_more_fen=one.had_fen,
        to_pay_fen=one.to_pay_fen,
        let_stand_fen=max(0, claim.benefit_fen + one.had_fen - one.benefit_fen),
        layers=[layer._asdict() for layer in one.layers],
    )
