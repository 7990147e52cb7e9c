"""What becomes of a cancellation by the table of rulings §2, given all facts. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.claims.visits.claims import (
    CANCELLED,
    RELEASED,
    REVERSED,
    VOID,
    WITHIN_THE_HOUR,
    Claim,
)
from services.claims.visits.counters import Counters
from services.claims.visits.problems import (
    BENEFIT_YEAR_CLOSED,
    CLAIM_CANCELLED,
    CLAIM_PAID,
    CLAIM_RELEASED,
    INCREASE_UNPAID,
    LATER_CLAIM,
    LATER_CLAIM_ELSEWHERE,
)
from services.claims.visits.reversing import Standing, all_paid


def cancel(
    claim: Claim, parts: Sequence[Claim], counters: Counters, standing: Standing, *, now: datetime
) -> tuple[Claim, dict[UUID, str]]:
    """The claim cancelled and its counts taken back, with the later claims that stood on it (rulings §2); one that is
    paid is reversed, once the county office has released that, with what a late decision paid more for it.

    Of a stay settled in parts the last goes first, always: the parts share one deductible and count as one admission.
    Within the hour those keep their result and are listed. After it those of the same hospital go first, and those of
    another hold it up until the county office releases it; then they are listed too. Raises CLAIM_CANCELLED,
    CLAIM_RELEASED, CLAIM_PAID, INCREASE_UNPAID, BENEFIT_YEAR_CLOSED, LATER_CLAIM, LATER_CLAIM_ELSEWHERE.
    """
    if claim.status in VOID:
        raise CLAIM_CANCELLED(claim_id=claim.id)
    at_once = now - claim.settled_at <= WITHIN_THE_HOUR
    _check_standing(claim, standing, at_once=at_once)
    if after := [one for one in parts if one.part > claim.part]:
        raise LATER_CLAIM(claim_id=claim.id, later_claim_id=max(after, key=lambda one: one.part).id)
    counted = (claim.id, *standing.increases)
    later: dict[UUID, str] = {}
    for one in counted:
        later |= counters.standing_on(one)
    if later and not at_once:
        here = [other for other, institution in later.items() if institution == claim.institution_code]
        if len(here) < len(later) and not standing.released:
            raise LATER_CLAIM_ELSEWHERE(claim_id=claim.id)
        if here:
            raise LATER_CLAIM(claim_id=claim.id, later_claim_id=here[-1])
    for one in counted:
        counters.take_back_once(one)
    if claim.status == RELEASED:
        return replace(claim, status=REVERSED, version=claim.version + 1), later
    return replace(claim, status=CANCELLED, version=claim.version + 1, payable_fen=0), later


def _check_standing(claim: Claim, standing: Standing, *, at_once: bool) -> None:
    """Raises CLAIM_RELEASED for what is in a batch or at the bank, CLAIM_PAID for what is paid and not released by the
    county office, INCREASE_UNPAID while more of it is on its way to the person, BENEFIT_YEAR_CLOSED for what is
    corrected at the window alone."""
    if claim.status == RELEASED:
        layers = standing.reversal_layers
        if layers is None:
            raise CLAIM_PAID(claim_id=claim.id) if standing.paid_layers else CLAIM_RELEASED(claim_id=claim.id)
        if not all_paid(layers, standing.paid_layers):
            raise CLAIM_RELEASED(claim_id=claim.id)
        if standing.increase_unpaid:
            raise INCREASE_UNPAID(claim_id=claim.id)
    elif at_once:
        return
    if standing.year_closed and not (standing.at_window and standing.released):
        raise BENEFIT_YEAR_CLOSED(claim_id=claim.id, year=claim.benefit_year)
