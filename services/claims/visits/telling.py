"""The events of a claim. Their values come from a decision, so they are not checked again."""

from datetime import datetime
from typing import Any

from services.claims.visits.cancelling_store import Cancelled
from services.claims.visits.claims import Claim, told_layers
from shared.contracts.claims import ClaimCancelled, ClaimReversed, ClaimSettled


def head_of(claim: Claim, at: datetime) -> dict[str, Any]:
    """What every event of a claim carries."""
    return {
        "claim_id": claim.id,
        "institution_code": claim.institution_code,
        "member_id": claim.member_id,
        "township_code": claim.township_code,
        "kind": claim.kind,
        "admitted_on": claim.admitted_on,
        "benefit_year": claim.benefit_year,
        "settled_at": claim.settled_at,
        "at": at,
        "benefit": claim.benefit_fen,
        "account": claim.account_fen,
        "paid_to": claim.paid_to,
    }


def settled_event(claim: Claim) -> ClaimSettled:
    """The event of a settlement."""
    return ClaimSettled.model_construct(
        **head_of(claim, claim.settled_at),
        visit_id=claim.visit_id,
        household_id=claim.household_id,
        discharged_on=claim.discharged_on,
        total=claim.total_fen,
        eligible=claim.eligible_fen,
        patient=claim.patient_fen,
        outcome=claim.outcome,
        policy_id=claim.policy_id,
        policy_hash=claim.policy_hash,
        layers=told_layers(claim.layers),
    )


def voided_event(done: Cancelled, at: datetime) -> ClaimCancelled | ClaimReversed:
    """The event of a cancellation, or of the negative claim that takes back a paid one."""
    if done.reversal is not None:
        return ClaimReversed.model_construct(
            **head_of(done.claim, at),
            reversal_id=done.reversal.id,
            approved=done.claim.payable_fen,
            layers=told_layers([{**one, "amount_fen": -one["amount_fen"]} for one in done.reversal.layers]),
            increases=list(done.increases),
        )
    values: dict[str, Any] = head_of(done.claim, at) | {"before": done.before, "approved": done.payable_before_fen}
    return ClaimCancelled.model_construct(**values)
