"""What one bucket of one layer pays: row, limit, deductible, ratio, rounding, floor, caps. Pure.

The order is fixed: the limit of a disease cuts the base, the deductible comes off, the ratio with its raises
multiplies, the benefit is rounded once, the floor lifts it, the caps cut it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from services.claims.benefits.model import (
    EACH_TIME,
    FULL_RATIO,
    AccumulatorKey,
    Band,
    Benefit,
    Bonus,
    Cap,
    ClaimInput,
    Facts,
    Limit,
    Policy,
    Rule,
    TraceStep,
    Waiver,
)
from services.claims.benefits.stating import counts
from shared.kernel.dates import age_on
from shared.kernel.money import round_half_up

E8 = FULL_RATIO * FULL_RATIO


class Paid(NamedTuple):
    """What one bucket pays, and how it came to it."""

    benefit_fen: int
    uncapped_fen: int
    deductible_fen: int
    ratio: int


class Base(NamedTuple):
    """What a bucket works on, in fen."""

    amount_fen: int
    """The eligible amount that is the bucket's."""
    total_fen: int
    """The whole bill."""
    essential_fen: int = 0
    """Of the eligible amount, that of essential medicines."""


@dataclass(slots=True)
class Case:
    """A claim while it is decided: `added` is what it has moved so far, so that a later bucket sees it."""

    claim: ClaimInput
    facts: Facts
    policy: Policy
    year: int
    steps: list[TraceStep]
    added: dict[AccumulatorKey, int] = field(default_factory=dict)
    hospital_fen: int = 0
    """What the hospital bears so far."""

    def used(self, scope: str, name: str) -> int:
        """What an accumulator stands at."""
        key = key_of(self.claim, self.year, scope, name)
        return self.facts.used.get(key, 0) + self.added.get(key, 0)

    def add(self, scope: str, name: str, amount: int) -> None:
        """Moves an accumulator; by nothing moves nothing."""
        if amount and (scope != "disease_year" or self.claim.disease):
            key = key_of(self.claim, self.year, scope, name)
            self.added[key] = self.added.get(key, 0) + amount

    def step(self, step: str, rule: str, clause: str, inputs: tuple[tuple[str, int | str], ...], amount: int) -> None:
        """Writes a step of the trace."""
        self.steps.append(TraceStep(step, rule, clause, inputs, amount))


def key_of(claim: ClaimInput, year: int, scope: str, name: str) -> AccumulatorKey:
    """The accumulator that a claim counts on."""
    if scope == "person_day":
        return AccumulatorKey(scope, name, 0, claim.admitted_on.isoformat())
    return AccumulatorKey(scope, name, year, claim.disease if scope == "disease_year" else "")


def counters(benefit: Benefit) -> tuple[str, ...]:
    """Accumulators of the person's year beside the benefit itself that some row of the bucket reads."""
    names = []
    if any(rule.deductible.per == "person_year" for rule in benefit.rules):
        names.append(f"{benefit.id}.deductible")
    if any(rule.deductible.waived_from is not None for rule in benefit.rules):
        names.append(f"{benefit.id}.admissions")
    if benefit.yearly:
        names.append(f"{benefit.id}.base")
    return tuple(names)


def pay(case: Case, benefit: Benefit, rule: Rule, base: Base) -> Paid:
    """Decides one bucket and counts it."""
    place = case.facts.institution
    described = (("level", place.level), ("place", place.place), ("name", rule.name))
    case.step("rule", rule.id, rule.origin.clause, described, base.amount_fen)
    if rule.fixed_fen is not None:
        paid = _fixed(case, benefit, rule, rule.fixed_fen, base)
    else:
        paid = _by_ratio(case, benefit, rule, base)
    amount = paid.uncapped_fen
    if case.facts.third_party == "accident" and benefit.accident is not None and benefit.accident.cap_fen is not None:
        accident = benefit.accident
        cap = Cap(accident.id, accident.name, benefit.accident.cap_fen, "visit", "", accident.origin)
        amount = _left_under(cap, case, amount)
    for cap in benefit.caps:
        if not cap.diseases or case.claim.disease in cap.diseases:
            amount = _left_under(cap, case, amount)
    _count(case, benefit, amount, paid.deductible_fen, base.amount_fen)
    return paid._replace(benefit_fen=amount)


# ---------------------------------------------------------------- fixed amounts and ratios


def _fixed(case: Case, benefit: Benefit, rule: Rule, fixed_fen: int, base: Base) -> Paid:
    """A fixed benefit, never more than the eligible amount."""
    amount = min(base.amount_fen, fixed_fen)
    case.step("fixed", rule.id, rule.origin.clause, (("fixed_fen", fixed_fen), ("base_fen", base.amount_fen)), amount)
    factor = _accident_factor(case, benefit)
    if factor != FULL_RATIO:
        amount = round_half_up(amount * factor, FULL_RATIO)
    return Paid(amount, amount, 0, 0)


def _by_ratio(case: Case, benefit: Benefit, rule: Rule, base: Base) -> Paid:
    """Limit, deductible, ratio, floor."""
    counts = base.amount_fen if rule.limit is None else _limited(case, rule, rule.limit, base.amount_fen)
    raise_points, raise_factor = _bonus(case, benefit)
    bands = tuple(Band(b.up_to_fen, _raised(b.ratio, raise_points, raise_factor)) for b in rule.bands)
    if benefit.yearly:
        deductible, uncapped = _over_the_year(case, benefit, rule, bands, counts)
    else:
        deductible = min(counts, _deductible_due(case, benefit, rule))
        told = (("full_fen", rule.deductible.amount_fen),)
        case.step("deductible", rule.id, rule.deductible.clause, told, deductible)
        rest = counts - deductible
        product = _product(rest, bands)
        more: tuple[tuple[str, int | str], ...] = ()
        if benefit.essential is not None and base.essential_fen:
            essential = min(rest, base.essential_fen)
            product = min(rest * E8, product + _essential(case, benefit, essential))
            more = (("essential_fen", essential), ("points_ratio", benefit.essential.points))
        factor = _accident_factor(case, benefit)
        if factor != FULL_RATIO:
            more += (("factor_ratio", factor),)
        # the one place where a benefit by ratio is rounded: half up to the fen
        uncapped = round_half_up(product * factor, E8 * FULL_RATIO)
        _ratio_step(case, rule, bands, rest, uncapped, more)
    if benefit.floor is not None and case.facts.third_party != "accident":
        uncapped = _floor(case, benefit, base, uncapped)
    return Paid(uncapped, uncapped, deductible, round_half_up(bands[0].ratio, FULL_RATIO) if len(bands) == 1 else 0)


def _limited(case: Case, rule: Rule, limit: Limit, eligible_fen: int) -> int:
    """What counts under a limit: up to it, and a share of the excess within the shared part; half up to the fen."""
    over = max(0, eligible_fen - limit.amount_fen)
    within = min(over, round_half_up(limit.amount_fen * limit.shared_up_to, FULL_RATIO))
    counts = min(eligible_fen, limit.amount_fen) + round_half_up(within * limit.share, FULL_RATIO)
    inputs = (
        ("limit_fen", limit.amount_fen),
        ("base_fen", eligible_fen),
        ("shared_fen", within),
        ("share_ratio", limit.share),
    )
    case.step("limit", rule.id, rule.origin.clause, inputs, counts)
    if limit.hospital_bears and eligible_fen > counts:
        case.hospital_fen += eligible_fen - counts
        case.step("hospital", rule.id, rule.origin.clause, (), eligible_fen - counts)
    return counts


def _ratio_step(
    case: Case,
    rule: Rule,
    bands: tuple[Band, ...],
    base_fen: int,
    benefit_fen: int,
    more: tuple[tuple[str, int | str], ...] = (),
) -> None:
    """The step that multiplies; a banded row tells every band."""
    inputs: list[tuple[str, int | str]] = [("base_fen", base_fen)]
    for number, band in enumerate(bands):
        suffix = "" if len(bands) == 1 else f"_{number + 1}"
        inputs.append((f"applied{suffix}_ratio", round_half_up(band.ratio, FULL_RATIO)))
        if band.up_to_fen is not None:
            inputs.append((f"up_to{suffix}_fen", band.up_to_fen))
    case.step("ratio", rule.id, rule.ratio_clause, (*inputs, *more), benefit_fen)


def _product(base_fen: int, bands: tuple[Band, ...]) -> int:
    """base × ratio, band by band, in 10⁻⁸ fen."""
    product, done = 0, 0
    for band in bands:
        upper = base_fen if band.up_to_fen is None else min(base_fen, band.up_to_fen)
        product += max(0, upper - done) * band.ratio
        done = max(done, upper)
    return product


def _raised(ratio: int, points: int, factor: int) -> int:
    """A ratio with its bonus, in 10⁻⁸, never over 100%."""
    return min(E8, (ratio + points) * (FULL_RATIO + factor))


def _over_the_year(case: Case, benefit: Benefit, rule: Rule, bands: tuple[Band, ...], base_fen: int) -> tuple[int, int]:
    """(deductible, benefit) where both run over the year: what the year's base gives more than it gave before."""
    before = case.used("person_year", f"{benefit.id}.base")
    full = rule.deductible.amount_fen
    deductible = min(before + base_fen, full) - min(before, full)
    case.step("deductible", rule.id, rule.deductible.clause, (("full_fen", full), ("before_fen", before)), deductible)
    done, now = max(0, before - full), max(0, before + base_fen - full)
    benefit_fen = round_half_up(_product(now, bands), E8) - round_half_up(_product(done, bands), E8)
    _ratio_step(case, rule, bands, now, benefit_fen, (("before_fen", done),))
    return deductible, benefit_fen


def _essential(case: Case, benefit: Benefit, amount_fen: int) -> int:
    """The raise for essential medicines, in 10⁻⁸ fen."""
    assert benefit.essential is not None
    one = benefit.essential
    inputs = (("name", one.name), ("base_fen", amount_fen), ("points_ratio", one.points))
    case.step("essential", one.id, one.origin.clause, inputs, 0)
    return amount_fen * one.points * FULL_RATIO


def _accident_factor(case: Case, benefit: Benefit) -> int:
    """The part of the normal benefit that an accident gets; all of it otherwise."""
    accident = benefit.accident
    if accident is None or case.facts.third_party != "accident":
        return FULL_RATIO
    inputs = (("name", accident.name), ("factor_ratio", accident.factor))
    case.step("accident", accident.id, accident.origin.clause, inputs, 0)
    return accident.factor


def _floor(case: Case, benefit: Benefit, base: Base, benefit_fen: int) -> int:
    """The benefit lifted to its least share of the bill, never over the eligible amount; half up to the fen."""
    assert benefit.floor is not None
    floor = benefit.floor
    of = base.total_fen if floor.of == "total" else base.amount_fen
    least = min(base.amount_fen, round_half_up(of * floor.ratio, FULL_RATIO))
    lifted = max(benefit_fen, least)
    inputs = (("name", floor.name), ("of_fen", of), ("floor_ratio", floor.ratio), ("before_fen", benefit_fen))
    case.step("floor", floor.id, floor.origin.clause, inputs, lifted)
    return lifted


# ---------------------------------------------------------------- deductible, bonus, caps, accumulators


def _deductible_due(case: Case, benefit: Benefit, rule: Rule) -> int:
    """What of the deductible is still to be taken in this settlement."""
    deductible, earlier = rule.deductible, case.facts.earlier
    if not deductible.amount_fen:
        return 0
    if deductible.waived_from is not None:
        before = case.used("person_year", f"{benefit.id}.admissions")
        number = before if earlier is not None else before + 1
        if number >= deductible.waived_from:
            return 0
    for waiver in benefit.waivers:
        if _waived(case, waiver):
            case.step("waiver", waiver.id, waiver.origin.clause, (("name", waiver.name),), 0)
            return 0
    if deductible.per == "person_year":
        taken = case.used("person_year", f"{benefit.id}.deductible")
    else:
        taken = earlier.deductible_fen if earlier is not None else 0
    return max(0, deductible.amount_fen - taken)


def _waived(case: Case, waiver: Waiver) -> bool:
    """Whether a waiver speaks of this person and circumstance."""
    if waiver.emergency and not counts(case.claim, case.facts, case.policy, "emergency"):
        return False
    return not waiver.groups or bool(groups_of(case.claim, case.facts, waiver))


def groups_of(claim: ClaimInput, facts: Facts, row: Bonus | Waiver) -> frozenset[str]:
    """The groups of a row that the person belongs to on the day of admission."""
    groups = facts.groups & row.groups
    if row.ages and facts.birth_date is not None:
        age = age_on(facts.birth_date, claim.admitted_on)
        groups |= {code for code, from_age in row.ages if age >= from_age}
    return groups


def _bonus(case: Case, benefit: Benefit) -> tuple[int, int]:
    """(points, factor) of the bonus that applies: the best single one, or all groups where the policy stacks them."""
    points, factor = 0, 0
    for bonus in benefit.bonuses:
        groups = groups_of(case.claim, case.facts, bonus)
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
            case.step("bonus", bonus.id, bonus.origin.clause, inputs, 0)
    return points, factor


def _left_under(cap: Cap, case: Case, amount_fen: int) -> int:
    """What the cap leaves of a benefit; a cap a disease-year asks for a disease."""
    if cap.period == "disease_year" and not case.claim.disease:
        return amount_fen
    if cap.period in EACH_TIME:
        used = case.facts.earlier.benefit_fen if case.facts.earlier is not None else 0
    else:
        used = case.used(cap.period, cap.counts)
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
    case.step("cap", cap.id, cap.origin.clause, inputs, allowed)
    return allowed


def _count(case: Case, benefit: Benefit, amount_fen: int, deductible_fen: int, base_fen: int) -> None:
    """What the settlement adds to the accumulators."""
    for scope, name in benefit.adds_to:
        case.add(scope, name, amount_fen)
    for name in counters(benefit):
        if name.endswith(".deductible"):
            case.add("person_year", name, deductible_fen)
        elif name.endswith(".admissions"):
            case.add("person_year", name, int(case.facts.earlier is None))
        else:
            case.add("person_year", name, base_fen)
