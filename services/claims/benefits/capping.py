"""What the caps leave of a benefit. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.case import Case, Inputs
from services.claims.benefits.diseases import covering
from services.claims.benefits.model import EACH_TIME, Benefit, Cap, Carried, Policy


def capped(case: Case, benefit: Benefit, amount_fen: int, before: Carried) -> tuple[int, int]:
    """(what the caps leave of a benefit, what those of the whole year took).

    A cap each time is one for all parts of an admission. What a cap a time, a day or a disease takes is gone: a layer
    that starts above the year's cap does not pay it.
    """
    paid = within = amount_fen
    for cap in _caps(case, benefit):
        case.rest(cap.origin)
        used = before.benefit_fen if cap.period in EACH_TIME else case.used(cap.period, cap.counts, cap.diseases)
        limit = _limit(case, cap)
        left = max(0, limit - used)
        allowed = min(paid, left)
        inputs: Inputs = (
            ("name", cap.name),
            ("cap_fen", limit),
            ("used_fen", used),
            ("left_fen", left),
            ("before_fen", paid),
            ("period", cap.period),
        )
        case.step("cap", cap.id, cap.origin.clause, inputs, allowed)
        paid = allowed
        if cap.period in EACH_TIME:
            within = min(within, max(0, left - before.over_year_fen))
        elif not cap.of_the_year:
            within = min(within, left)
    return paid, max(0, within - paid)


def _limit(case: Case, cap: Cap) -> int:
    """What a cap comes to for the patient's household; where it is so much a head, the sum is told."""
    if not cap.per_head:
        return cap.amount_fen
    insured = case.facts.insured
    limit = cap.limit_fen(insured)
    known: Inputs = (("name", cap.name), ("each_fen", cap.amount_fen), ("insured", insured or 0))
    case.step("per_head", cap.id, cap.origin.clause, known, limit)
    return limit


def asks_for_household(kind: str, policy: Policy) -> bool:
    """Whether a decision on a kind of care needs to know how many of the household are insured."""
    buckets = (benefit for layer in policy.layers for benefit in layer.buckets if benefit.kind == kind)
    return any(cap.per_head for benefit in buckets for cap in benefit.caps)


def _caps(case: Case, benefit: Benefit) -> Iterator[Cap]:
    """The caps that speak of a claim. Where no disease is named, a cap each disease and year takes it for one of its
    own: what is promised without naming it is never more than what is paid."""
    accident = benefit.accident
    if case.facts.third_party == "accident" and accident is not None and accident.cap_fen is not None:
        yield Cap(accident.id, accident.name, accident.cap_fen, "visit", "", accident.origin)
    for cap in benefit.caps:
        if not cap.diseases or covering(case.claim.disease, cap.diseases) is not None:
            yield cap
