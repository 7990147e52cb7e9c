"""The benefit decision: pure, exact, the same for a quote, a settlement and a re-computation years later.

The usual reading of the source documents: benefit = min((eligible − deductible) × ratio, what the caps leave). Lines
are cut to what the catalogue allows first (`lines.py`); the benefit is rounded once, half up to the fen, in
`_benefit_fen`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from services.claims.benefits.lines import Sums, count_lines
from services.claims.benefits.model import (
    FULL_RATIO,
    AccumulatorKey,
    Adjudication,
    Band,
    Benefit,
    Bonus,
    Cap,
    ClaimInput,
    Facts,
    Interval,
    Layer,
    LayerResult,
    LineResult,
    Movement,
    Outcome,
    Policy,
    Reason,
    Rule,
    Situation,
    TraceStep,
)
from shared.kernel.dates import age_on
from shared.kernel.money import round_half_up

_E8 = FULL_RATIO * FULL_RATIO


class BadClaim(ValueError):
    """A claim that no policy can decide; `line` is the number of the guilty line, None where it is the head."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


def adjudicate(claim: ClaimInput, facts: Facts, policy: Policy) -> Adjudication:
    """Decides a claim on facts by a policy. Raises BadClaim; every other end is an outcome of the result."""
    check_claim(claim)
    covered = _coverage(claim, facts)
    refused = _refusal(claim, facts, policy, covered)
    if refused is not None:
        return _refused(claim, policy, *refused)
    after_coverage = covered if policy.lines_after_coverage == "excluded" else None
    lines, sums = count_lines(claim, facts, after_coverage)
    steps = [TraceStep("lines", "", "", sums.inputs(), sums.eligible_fen)]
    return _settle(claim, facts, policy, lines, sums, steps)


def check_claim(claim: ClaimInput) -> None:
    """Raises BadClaim: dates in the wrong order, a negative amount or quantity, two lines of one number."""
    if claim.discharged_on is not None and claim.discharged_on < claim.admitted_on:
        raise BadClaim("discharged before admitted")
    seen = set()
    for line in claim.lines:
        if line.amount_fen < 0 or line.quantity_e4 < 0:
            raise BadClaim("amount and quantity must not be negative", line.number)
        seen.add(line.number)
    if len(seen) != len(claim.lines):
        raise BadClaim("two lines have the same number")


def benefit_year(claim: ClaimInput, policy: Policy) -> int:
    """The year whose deductible, caps and accumulators apply (rulings §4)."""
    if policy.year_by == "admission":
        return claim.admitted_on.year
    if policy.year_by == "discharge":
        return (claim.discharged_on or claim.settled_on).year
    return claim.settled_on.year


def accumulators(claim: ClaimInput, policy: Policy) -> tuple[AccumulatorKey, ...]:
    """Every accumulator that a decision may read or move, sorted: what to lock and read before `adjudicate`."""
    keys: set[AccumulatorKey] = set()
    for layer in policy.layers:
        benefit = layer.benefits.get(claim.kind)
        if benefit is not None:
            keys.update(_key(claim, policy, scope, name) for scope, name in benefit.adds_to)
            keys.update(
                _key(claim, policy, cap.period, cap.counts) for cap in benefit.caps if cap.period != "admission"
            )
            keys.update(_key(claim, policy, "person_year", name) for name in _counters(benefit))
    return tuple(sorted(keys))


# ---------------------------------------------------------------- the ladder of refusals


def _refusal(
    claim: ClaimInput, facts: Facts, policy: Policy, covered: Interval | None
) -> tuple[Outcome, Rule | None, tuple[str, ...]] | None:
    """The first rung that refuses the claim as a whole, or None."""
    day, place = claim.admitted_on, facts.institution
    if day < policy.effective_from or (policy.effective_to is not None and day > policy.effective_to):
        return Outcome.POLICY_NOT_IN_FORCE, None, ()
    if covered is None:
        return Outcome.NOT_COVERED, None, ()
    if policy.waiting_days and day < _covered_since(covered, facts.coverage) + timedelta(days=policy.waiting_days):
        return Outcome.WAITING, None, ()
    benefit = policy.layers[0].benefits.get(claim.kind)
    if benefit is None:
        return Outcome.KIND_NOT_COVERED, None, ()
    if place.suspended:
        return Outcome.INSTITUTION_SUSPENDED, None, ()
    rule = benefit.table.get(situation(claim, facts))
    if (place.kinds is not None and claim.kind not in place.kinds) or (
        place.designation == "none" and (rule is None or not rule.bands)
    ):
        return Outcome.INSTITUTION_NOT_DESIGNATED, rule, ()
    if rule is None or not rule.bands:
        return Outcome.NO_RULE, rule, ()
    if facts.third_party != "none":
        liable = facts.third_party == "liable"
        return (Outcome.THIRD_PARTY_LIABLE if liable else Outcome.THIRD_PARTY_PENDING), None, ()
    if policy.accepted is not None and policy.illustrative:
        rests_on = (illustrative_of(policy, b, r, facts, claim) for _, b, r in _running(claim, facts, policy))
        lacking = dict.fromkeys(n for names in rests_on for n in names if n not in policy.accepted)
        if lacking:
            return Outcome.ILLUSTRATIVE_NOT_ACCEPTED, rule, tuple(lacking)
    return None


def _running(claim: ClaimInput, facts: Facts, policy: Policy) -> Iterator[tuple[Layer, Benefit, Rule]]:
    """The layers that pay for this kind of care and person in this situation, with the row that each applies."""
    key = situation(claim, facts)
    for layer in policy.layers:
        benefit = layer.benefits.get(claim.kind)
        rule = benefit.table.get(key) if benefit is not None else None
        if benefit is None or rule is None or not rule.bands or (layer.voluntary and layer.id not in facts.joined):
            continue
        yield layer, benefit, rule


def situation(claim: ClaimInput, facts: Facts) -> Situation:
    """The key under which the table of rules is searched."""
    place = facts.institution
    return (
        place.level,
        place.place,
        place.ownership,
        place.designation,
        claim.emergency,
        claim.migrant,
        claim.referred,
    )


def illustrative_of(policy: Policy, benefit: Benefit, rule: Rule, facts: Facts, claim: ClaimInput) -> tuple[str, ...]:
    """Names of the values without source that a decision by this row rests on."""
    names = [*policy.always_illustrative, *rule.origin.illustrative]
    for cap in benefit.caps:
        names += cap.origin.illustrative
    for bonus in benefit.bonuses:
        if bonus.origin.illustrative and _groups(claim, facts, bonus):
            names += bonus.origin.illustrative
    return tuple(dict.fromkeys(names))


def _coverage(claim: ClaimInput, facts: Facts) -> Interval | None:
    """The interval that covers the day of admission."""
    for interval in facts.coverage:
        if interval.holds(claim.admitted_on):
            return interval
    return None


def _covered_since(covered: Interval, coverage: tuple[Interval, ...]) -> date:
    """The first day of unbroken coverage: a renewed year goes on where the one before ended."""
    start, ends = covered.start, {interval.end: interval.start for interval in coverage}
    while (before := ends.get(start - timedelta(days=1))) is not None and before < start:
        start = before
    return start


def _refused(
    claim: ClaimInput, policy: Policy, outcome: Outcome, rule: Rule | None, names: tuple[str, ...]
) -> Adjudication:
    total = sum(line.amount_fen for line in claim.lines)
    clause = rule.origin.clause if rule is not None else ""
    inputs: tuple[tuple[str, int | str], ...] = (("outcome", outcome.value), ("total_fen", total))
    if names:
        inputs += (("illustrative", ",".join(names)),)
    return Adjudication(
        outcome=outcome,
        policy_id=policy.id,
        policy_hash=policy.hash,
        benefit_year=benefit_year(claim, policy),
        total_fen=total,
        excluded_fen=total,
        over_ceiling_fen=0,
        own_share_fen=0,
        eligible_fen=0,
        deductible_fen=0,
        ratio=0,
        benefit_fen=0,
        patient_fen=total,
        lines=tuple(LineResult(line.number, Reason.CLAIM_REFUSED, line.amount_fen, 0, 0, 0) for line in claim.lines),
        layers=(),
        movements=(),
        trace=(TraceStep("refused", rule.id if rule is not None else "", clause, inputs, 0),),
        illustrative=names,
    )


# ---------------------------------------------------------------- layers


class _Paid(NamedTuple):
    """What one bucket of one layer pays, and how it came to it."""

    benefit_fen: int
    uncapped_fen: int
    deductible_fen: int
    ratio: int
    movements: tuple[Movement, ...]
    rests_on: tuple[str, ...]


def _settle(
    claim: ClaimInput,
    facts: Facts,
    policy: Policy,
    lines: tuple[LineResult, ...],
    sums: Sums,
    steps: list[TraceStep],
) -> Adjudication:
    """Runs the layers in the policy's order over the eligible amount."""
    results: list[LayerResult] = []
    movements: list[Movement] = []
    rests_on: list[str] = []
    first: _Paid | None = None
    paid = cut = 0
    for layer, benefit, rule in _running(claim, facts, policy):
        left = sums.eligible_fen - paid
        base = min(cut, left) if layer.base == "cut_by_cap" else left
        outcome = _pay(claim, facts, policy, benefit, rule, base, steps)
        first = first or outcome
        paid += outcome.benefit_fen
        cut = outcome.uncapped_fen - outcome.benefit_fen
        movements += outcome.movements
        rests_on += outcome.rests_on
        results.append(_layer_result(layer, benefit, outcome.benefit_fen))
        inputs = (("name", layer.name), ("payer", layer.payer))
        steps.append(TraceStep("layer", layer.id, layer.origin.clause, inputs, outcome.benefit_fen))
    assert first is not None, "the ladder of refusals found a row in the first layer"
    return Adjudication(
        outcome=_outcome(sums.eligible_fen, first, paid, cut),
        policy_id=policy.id,
        policy_hash=policy.hash,
        benefit_year=benefit_year(claim, policy),
        total_fen=sums.total_fen,
        excluded_fen=sums.excluded_fen,
        over_ceiling_fen=sums.over_ceiling_fen,
        own_share_fen=sums.own_share_fen,
        eligible_fen=sums.eligible_fen,
        deductible_fen=first.deductible_fen,
        ratio=first.ratio,
        benefit_fen=paid,
        patient_fen=sums.total_fen - paid,
        lines=lines,
        layers=tuple(results),
        movements=tuple(movements),
        trace=tuple(steps),
        illustrative=tuple(dict.fromkeys(rests_on)),
    )


def _outcome(eligible_fen: int, first: _Paid, paid_fen: int, cut_fen: int) -> Outcome:
    """The rung on which a claim ends that was not refused."""
    if eligible_fen == 0:
        return Outcome.NOTHING_ELIGIBLE
    if paid_fen == 0:
        if first.uncapped_fen:
            return Outcome.CAP_EXHAUSTED
        return Outcome.BELOW_DEDUCTIBLE if first.deductible_fen >= eligible_fen else Outcome.ZERO_BENEFIT
    return Outcome.CAPPED if cut_fen else Outcome.SETTLED


def _layer_result(layer: Layer, benefit: Benefit, benefit_fen: int) -> LayerResult:
    return LayerResult(
        layer.id, layer.payer, layer.account, benefit.account, layer.book, layer.risk_bearer, benefit_fen
    )


def _pay(
    claim: ClaimInput,
    facts: Facts,
    policy: Policy,
    benefit: Benefit,
    rule: Rule,
    base_fen: int,
    steps: list[TraceStep],
) -> _Paid:
    """One bucket: row, deductible, ratio with bonus, rounding, caps."""
    origin, place = rule.origin, facts.institution
    described = (("level", place.level), ("place", place.place), ("name", rule.name))
    steps.append(TraceStep("rule", rule.id, origin.clause, described, base_fen))
    deductible = min(base_fen, _deductible_due(claim, facts, policy, benefit, rule))
    steps.append(
        TraceStep(
            "deductible", rule.id, rule.deductible.clause, (("full_fen", rule.deductible.amount_fen),), deductible
        )
    )
    raise_points, raise_factor = _bonus(claim, facts, benefit, steps)
    bands = tuple(Band(b.up_to_fen, _raised(b.ratio, raise_points, raise_factor)) for b in rule.bands)
    uncapped = _benefit_fen(base_fen - deductible, bands)
    steps.append(_ratio_step(rule, bands, base_fen - deductible, uncapped))
    amount = uncapped
    for cap in benefit.caps:
        amount = min(amount, _left_under(cap, claim, facts, policy, amount, steps))
    return _Paid(
        benefit_fen=amount,
        uncapped_fen=uncapped,
        deductible_fen=deductible,
        ratio=round_half_up(bands[0].ratio, FULL_RATIO) if len(bands) == 1 else 0,
        movements=tuple(_movements(claim, facts, policy, benefit, amount, deductible)),
        rests_on=illustrative_of(policy, benefit, rule, facts, claim),
    )


def _ratio_step(rule: Rule, bands: tuple[Band, ...], base_fen: int, benefit_fen: int) -> TraceStep:
    """The step that multiplies; a banded row tells every band."""
    inputs: list[tuple[str, int | str]] = [("base_fen", base_fen)]
    for number, band in enumerate(bands):
        suffix = "" if len(bands) == 1 else f"_{number + 1}"
        inputs.append((f"applied{suffix}_ratio", round_half_up(band.ratio, FULL_RATIO)))
        if band.up_to_fen is not None:
            inputs.append((f"up_to{suffix}_fen", band.up_to_fen))
    return TraceStep("ratio", rule.id, rule.ratio_clause, tuple(inputs), benefit_fen)


def _benefit_fen(base_fen: int, bands: tuple[Band, ...]) -> int:
    """base × ratio, band by band (ratios in 10⁻⁸ here).

    **The one place where a benefit is rounded: half up to the fen.**
    """
    product, done = 0, 0
    for band in bands:
        upper = base_fen if band.up_to_fen is None else min(base_fen, band.up_to_fen)
        product += max(0, upper - done) * band.ratio
        done = max(done, upper)
    return round_half_up(product, _E8)


def _raised(ratio: int, points: int, factor: int) -> int:
    """A ratio with its bonus, in 10⁻⁸, never over 100%."""
    return min(_E8, (ratio + points) * (FULL_RATIO + factor))


# ---------------------------------------------------------------- deductible, bonus, caps, accumulators


def _deductible_due(claim: ClaimInput, facts: Facts, policy: Policy, benefit: Benefit, rule: Rule) -> int:
    """What of the deductible is still to be taken in this settlement."""
    deductible = rule.deductible
    if not deductible.amount_fen:
        return 0
    if deductible.waived_from is not None:
        before = facts.used.get(_key(claim, policy, "person_year", f"{benefit.id}.admissions"), 0)
        number = before if facts.earlier is not None else before + 1
        if number >= deductible.waived_from:
            return 0
    if deductible.per == "person_year":
        taken = facts.used.get(_key(claim, policy, "person_year", f"{benefit.id}.deductible"), 0)
    else:
        taken = facts.earlier.deductible_fen if facts.earlier is not None else 0
    return max(0, deductible.amount_fen - taken)


def _groups(claim: ClaimInput, facts: Facts, bonus: Bonus) -> frozenset[str]:
    """The groups of a bonus that the person belongs to on the day of admission."""
    groups = facts.groups & bonus.groups
    if bonus.ages and facts.birth_date is not None:
        age = age_on(facts.birth_date, claim.admitted_on)
        groups |= {code for code, from_age in bonus.ages if age >= from_age}
    return groups


def _bonus(claim: ClaimInput, facts: Facts, benefit: Benefit, steps: list[TraceStep]) -> tuple[int, int]:
    """(points, factor) of the bonus that applies: the best single one, or all groups where the policy stacks them."""
    points, factor = 0, 0
    for bonus in benefit.bonuses:
        groups = _groups(claim, facts, bonus)
        if not groups:
            continue
        times = len(groups) if bonus.stacks else 1
        gained = (bonus.points * times, bonus.factor * times)
        if gained > (points, factor):
            points, factor = gained
            inputs = (
                ("name", bonus.name),
                ("groups", ",".join(sorted(groups))),
                ("points_ratio", points),
                ("factor_ratio", factor),
            )
            steps.append(TraceStep("bonus", bonus.id, bonus.origin.clause, inputs, 0))
    return points, factor


def _left_under(
    cap: Cap, claim: ClaimInput, facts: Facts, policy: Policy, amount_fen: int, steps: list[TraceStep]
) -> int:
    """What the cap leaves of a benefit."""
    if cap.period == "admission":
        used = facts.earlier.benefit_fen if facts.earlier is not None else 0
    else:
        used = facts.used.get(_key(claim, policy, cap.period, cap.counts), 0)
    left = max(0, cap.amount_fen - used)
    allowed = min(amount_fen, left)
    inputs = (
        ("name", cap.name),
        ("cap_fen", cap.amount_fen),
        ("used_fen", used),
        ("left_fen", left),
        ("before_fen", amount_fen),
        ("period", cap.period),
    )
    steps.append(TraceStep("cap", cap.id, cap.origin.clause, inputs, allowed))
    return allowed


def _movements(
    claim: ClaimInput, facts: Facts, policy: Policy, benefit: Benefit, amount_fen: int, deductible_fen: int
) -> Iterator[Movement]:
    """What the settlement adds to the accumulators."""
    if amount_fen:
        for scope, name in benefit.adds_to:
            yield Movement(_key(claim, policy, scope, name), amount_fen)
    for name in _counters(benefit):
        amount = deductible_fen if name.endswith(".deductible") else int(facts.earlier is None)
        if amount:
            yield Movement(_key(claim, policy, "person_year", name), amount)


def _counters(benefit: Benefit) -> tuple[str, ...]:
    """Accumulators beside the benefit itself that some row of the bucket reads."""
    names = []
    if any(rule.deductible.per == "person_year" for rule in benefit.rules):
        names.append(f"{benefit.id}.deductible")
    if any(rule.deductible.waived_from is not None for rule in benefit.rules):
        names.append(f"{benefit.id}.admissions")
    return tuple(names)


def _key(claim: ClaimInput, policy: Policy, scope: str, name: str) -> AccumulatorKey:
    if scope == "person_day":
        return AccumulatorKey(scope, name, 0, claim.admitted_on.isoformat())
    return AccumulatorKey(scope, name, benefit_year(claim, policy))
