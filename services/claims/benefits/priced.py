"""Rows that price a disease: a fixed benefit, a limit, a part of the price that the patient pays. Pure."""

from __future__ import annotations

from services.claims.benefits.case import Base, Case, Inputs, Worked
from services.claims.benefits.model import FULL_RATIO, Benefit, Rule
from shared.kernel.money import round_half_up


def fixed(case: Case, benefit: Benefit, rule: Rule, fixed_fen: int, base: Base) -> Worked:
    """A fixed benefit, never more than the eligible amount; what was taken of a deductible before stays taken."""
    amount = min(base.amount_fen, fixed_fen)
    case.step("fixed", rule.id, rule.origin.clause, (("fixed_fen", fixed_fen), ("base_fen", base.amount_fen)), amount)
    factor = accident_factor(case, benefit)
    if factor != FULL_RATIO:
        amount = round_half_up(amount * factor, FULL_RATIO)
    return Worked(amount, amount, 0 if base.before is None else base.before.deductible_fen)


def patient_part(case: Case, benefit: Benefit, rule: Rule, patient_fen: int, base: Base) -> Worked:
    """A part in yuan is the patient's, the fund pays the rest of what counts: never less than nothing (decision 0250).

    The part is one for all settlements of an admission. An accident gets its share of the rest, half up to the fen.
    """
    counts, hospital = limited(case, rule, base.amount_fen)
    factor = accident_factor(case, benefit)
    amount = round_half_up(max(0, counts - patient_fen) * factor, FULL_RATIO)
    inputs: Inputs = (("own_fen", patient_fen), ("base_fen", counts))
    if factor != FULL_RATIO:
        inputs += (("factor_ratio", factor),)
    case.step("patient_part", rule.id, rule.ratio_clause, inputs, amount)
    return Worked(amount, amount, 0 if base.before is None else base.before.deductible_fen, hospital)


def limited(case: Case, rule: Rule, eligible_fen: int) -> tuple[int, int]:
    """(what counts, what the hospital bears): under a limit up to it, and a share of the excess within the shared part;
    half up to the fen."""
    limit = rule.limit
    if limit is None:
        return eligible_fen, 0
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
    if not limit.hospital_bears or eligible_fen == counts:
        return counts, 0
    case.step("hospital", rule.id, rule.origin.clause, (), eligible_fen - counts)
    return counts, eligible_fen - counts


def accident_factor(case: Case, benefit: Benefit) -> int:
    """The part of the normal benefit that an accident gets; all of it otherwise."""
    accident = benefit.accident
    if accident is None or case.facts.third_party != "accident":
        return FULL_RATIO
    case.rest(accident.origin)
    inputs = (("name", accident.name), ("factor_ratio", accident.factor))
    case.step("accident", accident.id, accident.origin.clause, inputs, 0)
    return accident.factor
