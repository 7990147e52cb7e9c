"""What of a claim's circumstances counts, and whether its papers came in time: said before anything is computed. Pure.

A circumstance (referral, emergency, migrant worker) is stated by the hospital or by a decided case (rulings §13); the
policy says whether a statement alone is enough. Papers of the window have a deadline where the policy sets one (§14).
"""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.model import Circumstance, ClaimInput, Deadline, Facts, Policy, TraceStep


def counts(claim: ClaimInput, facts: Facts, policy: Policy, code: str) -> bool:
    """Whether a circumstance counts: stated, and decided where the policy asks for a case."""
    stated: bool = getattr(claim, code)
    return stated and all(code in facts.decided for one in policy.circumstances if one.code == code and one.by_case)


def asked_for(claim: ClaimInput, policy: Policy) -> Iterator[Circumstance]:
    """The stated circumstances of which the policy asks for a decided case."""
    return (one for one in policy.circumstances if one.by_case and getattr(claim, one.code))


def deadline_of(claim: ClaimInput, policy: Policy) -> Deadline | None:
    """The deadline that the papers of a claim had; None for what was settled at the bedside."""
    return None if claim.submitted_on is None else policy.deadline_for(claim.kind)


def is_late(claim: ClaimInput, facts: Facts, policy: Policy) -> bool:
    """Whether the papers came after their deadline and nobody approved that."""
    deadline = deadline_of(claim, policy)
    if deadline is None or claim.submitted_on is None or facts.late_approved:
        return False
    return claim.submitted_on > deadline.last_day(claim.ended_on)


def told(claim: ClaimInput, facts: Facts, policy: Policy) -> Iterator[TraceStep]:
    """The first steps of the trace: what became of the circumstances, and the papers against their deadline."""
    for one in asked_for(claim, policy):
        case = "yes" if one.code in facts.decided else "no"
        yield TraceStep("circumstance", one.origin_name, one.origin.clause, (("code", one.code), ("case", case)), 0)
    if claim.off_path:
        yield TraceStep("off_path", "", "", (("reason", claim.off_path),), 0)
    deadline = deadline_of(claim, policy)
    if deadline is not None and claim.submitted_on is not None:
        days = (claim.submitted_on.isoformat(), deadline.last_day(claim.ended_on).isoformat())
        late = "approved" if facts.late_approved else "no"
        inputs = (("name", deadline.name), ("submitted_on", days[0]), ("last_day", days[1]), ("late", late))
        yield TraceStep("submission", deadline.id, deadline.origin.clause, inputs, 0)
