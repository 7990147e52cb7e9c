"""Which layers, buckets and rows of a policy speak for a claim, and which of its values have no source. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from services.claims.benefits.diseases import codes_of, covering
from services.claims.benefits.model import Benefit, ClaimInput, Facts, Layer, Policy, Rule, Situation
from services.claims.benefits.stating import asked_for, counts, deadline_of


class Run(NamedTuple):
    """A layer that pays, with its buckets and the row that each applies; the bucket that takes the bill is last."""

    layer: Layer
    parts: tuple[tuple[Benefit, Rule], ...]


def running(claim: ClaimInput, facts: Facts, policy: Policy) -> Iterator[Run]:
    """The layers that pay for this kind of care, disease and person in this situation."""
    key = situation(claim, facts, policy)
    for number, layer in enumerate(policy.layers):
        if (layer.voluntary and layer.id not in facts.joined) or (number == 0 and claim.elsewhere is not None):
            continue
        parts = []
        for extended in layer.extended.get(claim.kind, ()):
            rule = row_of(extended, claim, facts, key)
            if rule is not None and rule.pays:
                parts.append((extended, rule))
        benefit = bucket_of(layer, claim, facts)
        rule = None if benefit is None else row_of(benefit, claim, facts, key)
        if benefit is not None and rule is not None and rule.pays:
            parts.append((benefit, rule))
        if parts:
            yield Run(layer, tuple(parts))


def bucket_of(layer: Layer, claim: ClaimInput, facts: Facts) -> Benefit | None:
    """The bucket that a claim falls into: the first that its disease and the person's cards open, or the ordinary."""
    codes = codes_of(claim.disease)
    for benefit in layer.special.get(claim.kind, ()):
        if benefit.diseases and covering(claim.disease, benefit.diseases) is None:
            continue
        if benefit.entitlement and not any(
            one.kind == benefit.entitlement and one.disease in codes and one.holds(claim.admitted_on)
            for one in facts.entitlements
        ):
            continue
        return benefit
    return layer.benefits.get(claim.kind)


def row_of(benefit: Benefit, claim: ClaimInput, facts: Facts, key: Situation) -> Rule | None:
    """The row for the disease, unless the case has left its path, or else the ordinary row."""
    if benefit.by_disease and not claim.off_path:
        rule = _row_for_disease(benefit, claim, key)
        if rule is not None and (rule.off_path_over_fen is None or _bill(claim, facts) <= rule.off_path_over_fen):
            return rule
    return benefit.table.get(key)


def _bill(claim: ClaimInput, facts: Facts) -> int:
    """The total of the admission, parts settled before included."""
    before = 0 if facts.earlier is None else facts.earlier.total_fen
    return before + sum(line.amount_fen for line in claim.lines)


def _row_for_disease(benefit: Benefit, claim: ClaimInput, key: Situation) -> Rule | None:
    """The row that names the disease; of several codes that cover it the longest with a row for the situation."""
    for code in codes_of(claim.disease):
        rule = benefit.by_disease.get(code, {}).get(key)
        if rule is not None:
            return rule
    return None


def situation(claim: ClaimInput, facts: Facts, policy: Policy) -> Situation:
    """The key under which the table of rules is searched."""
    place = facts.institution
    return (
        place.level,
        place.place,
        place.ownership,
        place.designation,
        counts(claim, facts, policy, "emergency"),
        counts(claim, facts, policy, "migrant"),
        counts(claim, facts, policy, "referred"),
    )


def pays_from_account(claim: ClaimInput, policy: Policy) -> bool:
    """Whether the patient asks for the family account and it serves this kind of care."""
    account = policy.family_account
    return account is not None and claim.from_account_fen > 0 and claim.kind in account.kinds


def rests_on(claim: ClaimInput, facts: Facts, policy: Policy) -> Iterator[str]:
    """Names of the values without source that a decision rests on beside what its buckets were computed with."""
    yield from policy.always_illustrative
    if facts.newborn_of:
        yield from policy.newborn_illustrative
    if policy.family_account is not None and pays_from_account(claim, policy):
        yield from policy.family_account.origin.illustrative
    for circumstance in asked_for(claim, policy):
        yield from circumstance.origin.illustrative
    if (deadline := deadline_of(claim, policy)) is not None:
        yield from deadline.origin.illustrative


def left_path(benefit: Benefit, claim: ClaimInput, facts: Facts, policy: Policy, rule: Rule) -> Rule | None:
    """The row for the disease that the bill's total has left for the one that applies; None where it left none."""
    if not benefit.by_disease or claim.off_path:
        return None
    own = _row_for_disease(benefit, claim, situation(claim, facts, policy))
    return None if own is rule else own
