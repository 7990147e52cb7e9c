"""What one bucket of one layer pays: row, limit, deductible, ratio, rounding, floor, caps. Pure.

The order is fixed: the limit of a disease cuts the base, the deductible comes off, the ratio with its raises
multiplies, the benefit is rounded once, the floor lifts it, the caps cut it. Over 400 lines because the steps of one
sum stand in the order in which they are taken; what rows with a price say is in `priced.py`, caps in `capping.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from services.claims.benefits.capping import capped
from services.claims.benefits.case import E8, Base, Case, Inputs, Worked
from services.claims.benefits.choosing import left_path
from services.claims.benefits.model import (
    FULL_RATIO,
    Band,
    Benefit,
    Bonus,
    Carried,
    ClaimInput,
    Essential,
    Facts,
    Rule,
    Waiver,
)
from services.claims.benefits.priced import accident_factor, fixed, limited, patient_part
from services.claims.benefits.stating import counts
from shared.kernel.dates import age_on
from shared.kernel.money import round_half_up


class Paid(NamedTuple):
    """What one bucket pays in this settlement, and how it came to it."""

    benefit_fen: int
    uncapped_fen: int
    deductible_fen: int
    hospital_fen: int
    ratio: int
    so_far: Carried
    """The same with the parts of the admission that were settled before."""


class Raise(NamedTuple):
    """What a bonus gives a person."""

    bonus: Bonus
    groups: frozenset[str]
    points: int
    factor: int


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


def pay(case: Case, benefit: Benefit, rule: Rule, base: Base, room_fen: int) -> Paid:
    """Decides one bucket for the whole admission, takes off what parts of it had before, and counts the rest.

    So parts of an admission pay together what one settlement pays: fixed amounts, limits, bands, deductible and floor
    are those of the admission (rulings §4). `room_fen` is what of this settlement's own eligible amount nobody bears
    yet: it pays no more, whatever the whole gives.
    """
    place, before = case.facts.institution, base.before or Carried(base.layer)
    described = (("level", place.level), ("place", place.place), ("name", rule.name), *base.terms)
    case.step("rule", rule.id, rule.origin.clause, described, base.amount_fen)
    case.rest(rule.origin)
    if benefit.by_disease:
        _tell_left_path(case, benefit, rule, base)
    if rule.fixed_fen is not None:
        whole = fixed(case, benefit, rule, rule.fixed_fen, base)
    elif rule.patient_fen is not None:
        whole = patient_part(case, benefit, rule, rule.patient_fen, base)
    else:
        whole = _by_ratio(case, benefit, rule, base)
    hospital = min(room_fen, max(0, whole.hospital_fen - before.hospital_fen))
    uncapped = min(room_fen - hospital, max(0, whole.uncapped_fen - before.uncapped_fen))
    if base.before is not None or uncapped < whole.uncapped_fen:
        told = (("whole_fen", whole.uncapped_fen), ("before_fen", before.uncapped_fen))
        case.step("part", rule.id, "", told, uncapped)
    amount, over_year = capped(case, benefit, uncapped, before)
    deductible = whole.deductible_fen - before.deductible_fen
    admission, taken = _count(case, benefit, base, amount, deductible)
    so_far = Carried(
        base.layer,
        base.items,
        base.amount_fen,
        base.listed_fen,
        base.essential_fen,
        whole.worked_fen,
        before.uncapped_fen + uncapped,
        before.over_year_fen + over_year,
        before.benefit_fen + amount,
        whole.deductible_fen,
        before.hospital_fen + hospital,
        admission,
        taken,
    )
    return Paid(amount, uncapped, deductible, hospital, whole.ratio, so_far)


def _tell_left_path(case: Case, benefit: Benefit, rule: Rule, base: Base) -> None:
    """The step of a bill that by its total has left the row for its disease; where it lay rests on that row's value."""
    left = left_path(benefit, case.claim, case.facts, case.policy, rule)
    if left is None or left.off_path_over_fen is None or case.idle:
        return
    told = (("name", left.name), ("over_fen", left.off_path_over_fen), ("total_fen", base.total_fen))
    case.step("off_path", left.id, left.origin.clause, told, 0)
    case.rests += [name for name in left.origin.illustrative if name == left.id]


# ---------------------------------------------------------------- fixed amounts and ratios


def _by_ratio(case: Case, benefit: Benefit, rule: Rule, base: Base) -> Worked:
    """Limit, deductible, ratio, floor."""
    more: Inputs
    counts, hospital = limited(case, rule, base.amount_fen)
    if benefit.yearly:
        deductible, bands, worked = _over_the_year(case, benefit, rule, base)
    else:
        taken = 0 if base.before is None else base.before.deductible_fen
        deductible = max(taken, min(counts, _deductible_due(case, benefit, rule, base.before)))
        told: Inputs = (("full_fen", rule.deductible.amount_fen),)
        if rule.deductible.per == "person_year" and base.before is None:
            told += (("year_fen", case.used("person_year", f"{benefit.id}.deductible")),)
        if taken:
            told += (("taken_fen", taken),)
        case.step("deductible", rule.id, rule.deductible.clause, told, deductible)
        rest = max(0, counts - deductible)
        bands = _raised(case, benefit, rule, rest)
        product, more = _product(rest, bands), ()
        essential = min(rest, base.amount_fen, base.essential_fen)
        if benefit.essential is not None and essential:
            gained, more = _essential(case, benefit.essential, bands, essential)
            product += gained
        factor = accident_factor(case, benefit)
        if factor != FULL_RATIO:
            more += (("factor_ratio", factor),)
        # the one place where a benefit by ratio is rounded: half up to the fen
        worked = round_half_up(product * factor, E8 * FULL_RATIO)
        _ratio_step(case, rule, bands, rest, worked, more)
    lifted = worked
    if benefit.floor is not None and case.facts.third_party != "accident":
        lifted = _floor(case, benefit, base, worked)
    ratio = round_half_up(bands[0].ratio, FULL_RATIO) if len(bands) == 1 else 0
    return Worked(lifted, worked, deductible, hospital, ratio)


def _ratio_step(
    case: Case,
    rule: Rule,
    bands: tuple[Band, ...],
    base_fen: int,
    benefit_fen: int,
    more: Inputs = (),
) -> None:
    """The step that multiplies; a banded row tells every band."""
    inputs: list[tuple[str, int | str]] = [("base_fen", base_fen)]
    for number, band in enumerate(bands):
        suffix = "" if len(bands) == 1 else f"_{number + 1}"
        inputs.append((f"applied{suffix}_e8", band.ratio))
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


def _over_the_year(case: Case, benefit: Benefit, rule: Rule, base: Base) -> tuple[int, tuple[Band, ...], int]:
    """(deductible, bands, benefit) where both run over the year: what the year's base gives beyond the base before.

    Parts of the admission that were settled before are in the year's base already, or in that of the year before.
    """
    earlier = base.before or Carried(base.layer)
    base_fen = max(0, base.amount_fen - earlier.base_fen)
    before = case.used("person_year", f"{benefit.id}.base")
    full = rule.deductible.amount_fen
    deductible = min(before + base_fen, full) - min(before, full)
    told = (("full_fen", full), ("before_fen", before), ("base_fen", base_fen))
    case.step("deductible", rule.id, rule.deductible.clause, told, deductible)
    done, now = max(0, before - full), max(0, before + base_fen - full)
    bands = _raised(case, benefit, rule, now, done)
    benefit_fen = round_half_up(_product(now, bands), E8) - round_half_up(_product(done, bands), E8)
    more: Inputs = (("before_fen", done),)
    if earlier.worked_fen:
        more += (("worked_fen", earlier.worked_fen),)
    _ratio_step(case, rule, bands, now, benefit_fen, more)
    return earlier.deductible_fen + deductible, bands, earlier.worked_fen + benefit_fen


def _essential(case: Case, row: Essential, bands: tuple[Band, ...], amount_fen: int) -> tuple[int, Inputs]:
    """(the raise for essential medicines in 10⁻⁸ fen, its factors): they fill the bands from below, never over 100%."""
    case.rest(row.origin)
    terms: list[tuple[int, int]] = []
    done = 0
    for band in bands:
        upper = amount_fen if band.up_to_fen is None else min(amount_fen, band.up_to_fen)
        gain = min(row.points * FULL_RATIO, E8 - band.ratio)
        if upper > done and gain:
            part, done = upper - done, upper
            if terms and terms[-1][1] == gain:
                part += terms.pop()[0]
            terms.append((part, gain))
        done = max(done, upper)
    inputs: list[tuple[str, int | str]] = []
    for number, (part, gain) in enumerate(terms, start=1):
        told = (("name", row.name), ("base_fen", part), ("points_e8", gain))
        case.step("essential", row.id, row.origin.clause, told, 0)
        inputs += ((f"essential_{number}_fen", part), (f"points_{number}_e8", gain))
    return sum(part * gain for part, gain in terms), tuple(inputs)


def _floor(case: Case, benefit: Benefit, base: Base, benefit_fen: int) -> int:
    """The benefit lifted to its least share of the bill, never over the eligible amount; half up to the fen."""
    assert benefit.floor is not None
    floor = benefit.floor
    case.rest(floor.origin)
    of = base.total_fen if floor.of == "total" else base.amount_fen
    least = min(base.amount_fen, round_half_up(of * floor.ratio, FULL_RATIO))
    lifted = max(benefit_fen, least)
    inputs = (("name", floor.name), ("of_fen", of), ("floor_ratio", floor.ratio), ("before_fen", benefit_fen))
    case.step("floor", floor.id, floor.origin.clause, inputs, lifted)
    return lifted


# ---------------------------------------------------------------- deductible, bonus, caps, accumulators


def _deductible_due(case: Case, benefit: Benefit, rule: Rule, before: Carried | None) -> int:
    """The deductible of the whole admission. A later part asks as its first part did: what was waived then stays
    waived, and what a year's deductible had been used up by stays used, also over 31 December (rulings §4)."""
    deductible = rule.deductible
    if not deductible.amount_fen:
        return 0
    if deductible.waived_from is not None and (number := _admission(case, benefit, before)) >= deductible.waived_from:
        told: Inputs = (("admission", number), ("waived_from", deductible.waived_from))
        case.step("nth_admission", rule.id, deductible.waived_clause, told, 0)
        return 0
    for waiver in benefit.waivers:
        if _waived(case, waiver):
            case.rest(waiver.origin)
            case.step("waiver", waiver.id, waiver.origin.clause, (("name", waiver.name),), 0)
            return 0
    if deductible.per != "person_year":
        return deductible.amount_fen
    taken = case.used("person_year", f"{benefit.id}.deductible")
    left = max(0, deductible.amount_fen - taken)
    if before is None:
        return left
    left += before.deductible_fen
    if before.year_deductible_fen is None:
        return left
    return max(0, min(deductible.amount_fen - before.year_deductible_fen, left))


def _admission(case: Case, benefit: Benefit, before: Carried | None) -> int:
    """Which admission of the year this is; it was counted at its first part, in the year of that part."""
    counted = case.used("person_year", f"{benefit.id}.admissions")
    if before is None:
        return counted + 1
    return counted if before.admission is None else before.admission


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


def _raised(case: Case, benefit: Benefit, rule: Rule, base_fen: int, done_fen: int = 0) -> tuple[Band, ...]:
    """The bands with the raise that pays most on this bill, in 10⁻⁸: on a base, less what is `done` of a year's base.
    Where it pays the same, the higher ratios."""
    plain = tuple([Band(band.up_to_fen, band.ratio * FULL_RATIO) for band in rule.bands])
    if not benefit.bonuses:
        return plain

    def worth(bands: tuple[Band, ...]) -> tuple[int, int, list[int]]:
        now, done = _product(base_fen, bands), _product(done_fen, bands)
        # to the fen first: a larger bill never pays less, also where both ends of the year are rounded
        return round_half_up(now, E8) - round_half_up(done, E8), now - done, [band.ratio for band in bands]

    best, counting = worth(plain), plain
    chosen: tuple[Raise, ...] = ()
    for offer in _offers(case, benefit):
        bands = _with(rule.bands, offer)
        gives = worth(bands)
        if gives > best:
            best, counting, chosen = gives, bands, offer
    for one in chosen:
        inputs: Inputs = (
            ("name", one.bonus.name),
            ("groups", ",".join(sorted(one.groups))),
            ("points_ratio", one.points),
            ("factor_ratio", one.factor),
        )
        case.step("bonus", one.bonus.id, one.bonus.origin.clause, inputs, 0)
    return counting


def _offers(case: Case, benefit: Benefit) -> Iterator[tuple[Raise, ...]]:
    """What may raise the ratio: each bonus alone (rulings §4: one at most), and together those that the policy stacks,
    each of them once a group."""
    together = []
    for bonus in benefit.bonuses:
        groups = groups_of(case.claim, case.facts, bonus)
        if groups:
            case.rest(bonus.origin)
        if groups and bonus.stacks:
            together.append(Raise(bonus, groups, bonus.points * len(groups), bonus.factor * len(groups)))
        elif groups:
            yield (Raise(bonus, groups, bonus.points, bonus.factor),)
    if together:
        yield tuple(together)


def _with(bands: tuple[Band, ...], offer: tuple[Raise, ...]) -> tuple[Band, ...]:
    """Bands with raises, in 10⁻⁸, never over 100%; a factor is one of the row's own ratio."""
    points = sum(one.points for one in offer) * FULL_RATIO
    factor = FULL_RATIO + sum(one.factor for one in offer)
    return tuple(Band(band.up_to_fen, min(E8, band.ratio * factor + points)) for band in bands)


def _count(case: Case, benefit: Benefit, base: Base, amount_fen: int, deductible_fen: int) -> tuple[int, int]:
    """Adds the settlement to the accumulators: (which admission it is, the year's deductible before its first part)."""
    before = base.before
    admission = taken = 0
    for scope, name in benefit.adds_to:
        case.add(scope, name, amount_fen)
    for name in counters(benefit):
        if name.endswith(".deductible"):
            taken = case.used("person_year", name) if before is None else before.year_deductible_fen or 0
            case.add("person_year", name, deductible_fen)
        elif name.endswith(".admissions"):
            admission = _admission(case, benefit, before)
            case.add("person_year", name, int(before is None))
        else:
            case.add("person_year", name, max(0, base.amount_fen - (0 if before is None else before.base_fen)))
    return admission, taken
