"""The ladder of refusals: the first rung that holds keeps a claim from being settled at all. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from services.claims.benefits.choosing import Run, bucket_of, pays_from_account, row_of, situation
from services.claims.benefits.model import ClaimInput, Facts, Interval, Outcome, Policy, Rule
from services.claims.benefits.stating import is_late

_THIRD_PARTY = {"pending": Outcome.THIRD_PARTY_PENDING, "liable": Outcome.THIRD_PARTY_LIABLE}


class Refusal(NamedTuple):
    """Why a claim is refused as a whole, the row that says so, and the names that the pool has not accepted."""

    outcome: Outcome
    rule: str = ""
    clause: str = ""
    names: tuple[str, ...] = ()


def refusal(claim: ClaimInput, facts: Facts, policy: Policy, runs: tuple[Run, ...]) -> Refusal | None:
    """The first rung that refuses the claim as a whole before it is computed, or None."""
    day, covered = claim.admitted_on, _coverage(claim, facts, policy)
    if day < policy.effective_from or (policy.effective_to is not None and day > policy.effective_to):
        return Refusal(Outcome.POLICY_NOT_IN_FORCE)
    if covered is None:
        return Refusal(Outcome.NOT_COVERED)
    if policy.waiting_days and _waits(claim, facts, policy, covered):
        return Refusal(Outcome.WAITING)
    if claim.elsewhere is None:
        refused = _refused_by_first_layer(claim, facts, policy, runs)
        if refused is not None:
            return refused
    elif not runs:
        return Refusal(Outcome.NO_RULE)
    if (outcome := _THIRD_PARTY.get(facts.third_party)) is not None:
        return Refusal(outcome)
    return None


def refused_when_decided(
    claim: ClaimInput, facts: Facts, policy: Policy, runs: tuple[Run, ...], names: tuple[str, ...]
) -> Refusal | None:
    """The last rungs, which look at what was computed: `names` are the values without source that it rests on."""
    if policy.accepted is not None and names:
        lacking = tuple(name for name in names if name not in policy.accepted)
        if lacking:
            row = runs[0].parts[-1][1] if runs else None
            return Refusal(Outcome.ILLUSTRATIVE_NOT_ACCEPTED, *_told(row), lacking)
    return Refusal(Outcome.SUBMITTED_LATE) if is_late(claim, facts, policy) else None


def _refused_by_first_layer(claim: ClaimInput, facts: Facts, policy: Policy, runs: tuple[Run, ...]) -> Refusal | None:
    """The rungs that ask whether the first layer pays for this care in this place."""
    place, first = facts.institution, policy.layers[0]
    benefit = bucket_of(first, claim, facts)
    by_account = pays_from_account(claim, policy)
    if benefit is None and not first.extended.get(claim.kind) and not by_account:
        return Refusal(Outcome.KIND_NOT_COVERED)
    if place.suspended:
        return Refusal(Outcome.INSTITUTION_SUSPENDED)
    pays = bool(runs) and runs[0].layer is first
    row = None if benefit is None or pays else row_of(benefit, claim, facts, situation(claim, facts, policy))
    if (place.kinds is not None and claim.kind not in place.kinds) or (
        place.designation == "none" and not pays and not by_account
    ):
        return Refusal(Outcome.INSTITUTION_NOT_DESIGNATED, *_told(row))
    if not pays and not by_account:
        return Refusal(Outcome.NO_RULE, *_told(row))
    return None


def _told(rule: Rule | None) -> tuple[str, str]:
    return ("", "") if rule is None else (rule.id, rule.origin.clause)


def _coverage(claim: ClaimInput, facts: Facts, policy: Policy) -> Interval | None:
    """The interval that covers the day of admission; a newborn's may be its mother's (rulings §17)."""
    for interval in facts.coverage:
        if interval.holds(claim.admitted_on):
            return interval
    return _mothers(claim, facts, policy)


def _mothers(claim: ClaimInput, facts: Facts, policy: Policy) -> Interval | None:
    """The mother's coverage on the day of admission of a newborn."""
    for interval in as_newborn(claim, facts, policy):
        if interval.holds(claim.admitted_on):
            return interval
    return None


def as_newborn(claim: ClaimInput, facts: Facts, policy: Policy) -> tuple[Interval, ...]:
    """The mother's coverage where it is the child's too: its age on admission decides for the stay (rulings §17)."""
    if not policy.newborn_days or facts.birth_date is None:
        return ()
    young = 0 <= (claim.admitted_on - facts.birth_date).days <= policy.newborn_days
    return facts.newborn_of if young else ()


def _waits(claim: ClaimInput, facts: Facts, policy: Policy, covered: Interval) -> bool:
    """Whether the waiting period still runs; a newborn has none."""
    if _mothers(claim, facts, policy) is not None:
        return False
    return claim.admitted_on < _covered_since(covered, facts.coverage) + timedelta(days=policy.waiting_days)


def _covered_since(covered: Interval, coverage: tuple[Interval, ...]) -> date:
    """The first day of unbroken coverage: a renewed year goes on where the one before ended."""
    start, ends = covered.start, {interval.end: interval.start for interval in coverage}
    while start > date.min and (before := ends.get(start - timedelta(days=1))) is not None and before < start:
        start = before
    return start
