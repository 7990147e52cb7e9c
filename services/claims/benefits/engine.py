"""The benefit decision: pure, exact, the same for a quote, a settlement and a re-computation years later.

The usual reading of the source documents: benefit = min((eligible − deductible) × ratio, what the caps leave). Lines
are cut to what the catalogue allows first (`lines.py`); then the layers run one after the other, each over the bucket
that the claim falls into and the buckets that take certain items out of the bill (`choosing.py`, `paying.py`), unless
the claim is refused as a whole (`refusing.py`). Over 400 lines because the frame of one decision stands here in the
order in which it is taken.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.claims.benefits.case import Base, Case, Inputs, keys_of
from services.claims.benefits.choosing import Run, pays_from_account, rests_on, running
from services.claims.benefits.lines import Sums, count_lines
from services.claims.benefits.model import (
    FULL_RATIO,
    AccumulatorKey,
    Adjudication,
    Benefit,
    Carried,
    ClaimInput,
    Earlier,
    Elsewhere,
    Facts,
    FamilyAccount,
    LayerResult,
    Line,
    LineResult,
    Movement,
    Outcome,
    Policy,
    Reason,
    Rule,
    TraceStep,
)
from services.claims.benefits.paying import Paid, counters, pay
from services.claims.benefits.refusing import Refusal, as_newborn, refusal, refused_when_decided
from services.claims.benefits.stating import told
from shared.kernel.money import round_half_up

ACCOUNT_SPENT = "family_account.spent"
"""Accumulator of the household: all that was ever paid from its family account."""
ACCOUNT_LAYER = "family_account"
"""Name under which the family account stands among a claim's payables."""


class BadClaim(ValueError):
    """A claim that no policy can decide; `line` is the number of the guilty line, None where it is the head."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


def adjudicate(claim: ClaimInput, facts: Facts, policy: Policy) -> Adjudication:
    """Decides a claim on facts by a policy. Raises BadClaim; every other end is an outcome of the result."""
    check_claim(claim)
    runs = tuple(running(claim, facts, policy))
    said = list(told(claim, facts, policy))
    refused = refusal(claim, facts, policy, runs)
    if refused is not None:
        return _refused(claim, policy, refused, said)
    if facts.newborn_of:
        facts = replace(facts, coverage=facts.coverage + as_newborn(claim, facts, policy))
    lines, sums = count_lines(claim, facts, policy.lines_after_coverage == "excluded")
    if claim.elsewhere is not None:
        sums = _taken_as_given(claim.elsewhere)
    before = len(said)
    case = Case(claim, facts, policy, benefit_year(claim, policy), said)
    case.step("lines", "", "", sums.inputs(), sums.eligible_fen)
    result = _settle(case, runs, lines, sums)
    refused = refused_when_decided(claim, facts, policy, runs, result.illustrative)
    return result if refused is None else _refused(claim, policy, refused, said[:before])


def check_claim(claim: ClaimInput) -> None:
    """Raises BadClaim: dates in the wrong order, a negative amount or quantity, two lines of one number, a basic
    settlement of elsewhere that does not add up."""
    if claim.discharged_on is not None and claim.discharged_on < claim.admitted_on:
        raise BadClaim("discharged before admitted")
    seen = set()
    for line in claim.lines:
        if line.amount_fen < 0 or line.quantity_e4 < 0:
            raise BadClaim("amount and quantity must not be negative", line.number)
        seen.add(line.number)
    if len(seen) != len(claim.lines):
        raise BadClaim("two lines have the same number")
    if claim.from_account_fen < 0:
        raise BadClaim("the amount from the family account must not be negative")
    if (given := claim.elsewhere) is not None:
        if claim.lines:
            raise BadClaim("a basic settlement made elsewhere comes without lines")
        if not (
            0 <= given.benefit_fen <= given.eligible_fen <= given.total_fen
            and 0 <= given.over_cap_fen <= given.eligible_fen - given.benefit_fen
        ):
            raise BadClaim(
                "the amounts of elsewhere must be benefit ≤ eligible ≤ total, over the cap ≤ the rest, none negative"
            )


def benefit_year(claim: ClaimInput, policy: Policy) -> int:
    """The year whose deductible, caps and accumulators apply (rulings §4); a visit of an outpatient ends on its day, a
    stay that is settled midway has not ended yet. Lines of several years, which `check_year` refuses to settle
    together, count in the last."""
    if policy.year_by == "admission":
        return claim.admitted_on.year
    if policy.year_by == "lines" and claim.kind == "inpatient" and claim.lines:
        return max(day_of(line, claim) for line in claim.lines).year
    stays = claim.kind == "inpatient" and claim.discharged_on is None
    if policy.year_by == "settlement" or stays:
        return claim.settled_on.year
    return claim.ended_on.year


def day_of(line: Line, claim: ClaimInput) -> date:
    """The day on which a line counts: its own, or that of the admission."""
    return line.day or claim.admitted_on


def check_year(claim: ClaimInput, policy: Policy) -> None:
    """Raises BadClaim, naming the first line of a later year, where the policy splits a stay by the days of its lines
    and these belong to several years: a settlement counts in one (decision 0295)."""
    if policy.year_by != "lines" or claim.kind != "inpatient":
        return
    first = min((day_of(line, claim).year for line in claim.lines), default=0)
    for line in claim.lines:
        if day_of(line, claim).year != first:
            raise BadClaim("lines of two years are settled in a part for each year", line.number)


def years(claim: ClaimInput, policy: Policy) -> range:
    """The years whose accumulators a decision may read or move; several only before the lines are known."""
    if policy.year_by != "lines" or claim.lines or claim.kind != "inpatient":
        only = benefit_year(claim, policy)
        return range(only, only + 1)
    return range(claim.admitted_on.year, (claim.discharged_on or claim.settled_on).year + 1)


def accumulators(claim: ClaimInput, policy: Policy) -> tuple[AccumulatorKey, ...]:
    """Every accumulator that a decision may read or move, sorted: what to lock and read before `adjudicate`."""
    wanted: set[tuple[str, str]] = set()
    for layer in policy.layers:
        for benefit in layer.buckets:
            if benefit.kind == claim.kind:
                wanted.update(benefit.adds_to)  # a cap limits what its bucket adds to, in the period that it names
                wanted.update(("person_year", name) for name in counters(benefit))
    keys = {key for year in years(claim, policy) for one in wanted for key in keys_of(claim, year, *one)}
    if policy.family_account is not None and claim.from_account_fen:
        keys.add(_ACCOUNT_KEY)
    return tuple(sorted(keys))


def _refused(claim: ClaimInput, policy: Policy, refused: Refusal, said: list[TraceStep]) -> Adjudication:
    outcome, rule, clause, names = refused
    total = sum(line.amount_fen for line in claim.lines)
    elsewhere = 0
    if claim.elsewhere is not None:
        total, elsewhere = claim.elsewhere.total_fen, claim.elsewhere.benefit_fen
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
        patient_fen=total - elsewhere,
        lines=tuple(LineResult(line.number, Reason.CLAIM_REFUSED, line.amount_fen, 0, 0, 0) for line in claim.lines),
        layers=(),
        movements=(),
        trace=(*said, TraceStep("refused", rule, clause, inputs, 0)),
        illustrative=names,
        elsewhere_fen=elsewhere,
    )


# ---------------------------------------------------------------- layers


class _Paying(NamedTuple):
    """What all layers pay together in this settlement."""

    results: tuple[LayerResult, ...]
    first: tuple[Paid, ...]
    paid_fen: int
    cut_fen: int
    """What caps of any kind took in any layer."""
    hospital_fen: int
    borne_fen: int
    """By a third party."""
    so_far: Earlier


def _settle(case: Case, runs: tuple[Run, ...], lines: tuple[LineResult, ...], sums: Sums) -> Adjudication:
    """Runs the layers in the policy's order over the eligible amount, then the family account."""
    claim, policy, facts = case.claim, case.policy, case.facts
    paying = _run_layers(case, runs, lines, sums)
    given = claim.elsewhere.benefit_fen if claim.elsewhere is not None else 0
    if facts.third_party == "advanced":
        case.step("advanced", "", "", (), paying.paid_fen)
    own = sums.total_fen - given - paying.paid_fen - paying.hospital_fen
    account = None
    if policy.family_account is not None and pays_from_account(claim, policy):
        eligible = sums.eligible_fen - given - paying.paid_fen - paying.hospital_fen
        account = _from_account(case, policy.family_account, own - paying.borne_fen, eligible - paying.borne_fen)
    return Adjudication(
        outcome=_outcome(sums.eligible_fen, paying, account),
        policy_id=policy.id,
        policy_hash=policy.hash,
        benefit_year=case.year,
        total_fen=sums.total_fen,
        excluded_fen=sums.excluded_fen,
        over_ceiling_fen=sums.over_ceiling_fen,
        own_share_fen=sums.own_share_fen,
        eligible_fen=sums.eligible_fen,
        deductible_fen=sum(part.deductible_fen for part in paying.first),
        ratio=paying.first[0].ratio if len(paying.first) == 1 else 0,
        benefit_fen=paying.paid_fen,
        patient_fen=own,
        lines=lines,
        layers=paying.results,
        movements=tuple(Movement(key, amount) for key, amount in case.added.items()),
        trace=tuple(case.steps),
        illustrative=_rests(case) if policy.illustrative else (),
        elsewhere_fen=given,
        account=account,
        hospital_fen=paying.hospital_fen,
        so_far=paying.so_far,
    )


def _rests(case: Case) -> tuple[str, ...]:
    """The names without source that the decision rests on, each once."""
    return tuple(dict.fromkeys((*rests_on(case.claim, case.facts, case.policy), *case.rests)))


_NO_PARTS = Earlier(0, 0, 0, ())


def _run_layers(case: Case, runs: tuple[Run, ...], lines: tuple[LineResult, ...], sums: Sums) -> _Paying:
    """Each layer over what its base says, never over what is left of the eligible amount.

    Bases are those of the whole admission; what each bucket had before is taken off where it pays (`paying.pay`).
    """
    results: list[LayerResult] = []
    first: tuple[Paid, ...] = ()
    before = _earlier(case)
    paid, cut = _start(case)
    begun, now, hospital, hospital_now, cut_now = paid, 0, 0, 0, 0
    eligible = before.eligible_fen + sums.eligible_fen
    borne = _borne_by_others(case, eligible, before)
    borne_now = max(0, borne - before.borne_fen)
    room = max(0, sums.eligible_fen - begun - borne_now)
    so_far: list[Carried] = []
    for layer, parts in runs:
        left = max(0, eligible - borne - paid - hospital)
        base, terms = left, _left_of(eligible, borne, paid, hospital)
        if layer.base == "cut_by_cap":
            base, terms = min(cut, left), (("of", "cut_by_cap"),)
        had = {one.items: one for one in before.buckets if one.layer == layer.id} if before.buckets else {}
        outcomes, benefit_fen = [], 0
        for part, one in zip(parts, _split(case, lines, layer.id, parts, base, sums, had, terms), strict=True):
            case.idle = not one.amount_fen
            if case.policy.illustrative and one.amount_fen:
                case.rest(layer.origin)
            outcome = pay(case, *part, one, room)
            outcomes.append(outcome)
            had[one.items] = outcome.so_far
            room -= outcome.benefit_fen + outcome.hospital_fen
            benefit_fen += outcome.benefit_fen
            hospital_now += outcome.hospital_fen
            cut_now += outcome.uncapped_fen - outcome.benefit_fen
        first = first or tuple(outcomes)
        now, cut = now + benefit_fen, 0
        for mine in had.values():
            so_far.append(mine)
            paid += mine.benefit_fen
            hospital += mine.hospital_fen
            cut += mine.over_year_fen
        expense_account = parts[-1][0].account
        results.append(
            LayerResult(
                layer.id, layer.payer, layer.account, expense_account, layer.book, layer.risk_bearer, benefit_fen
            )
        )
        inputs = (("name", layer.name), ("payer", layer.payer))
        case.step("layer", layer.id, layer.origin.clause, inputs, benefit_fen)
    so_far += [one for one in before.buckets if all(one.layer != layer.id for layer, _ in runs)]
    whole = Earlier(before.total_fen + sums.total_fen, eligible, borne, tuple(so_far))
    return _Paying(tuple(results), first, now, cut_now, hospital_now, borne_now, whole)


def _left_of(eligible_fen: int, borne_fen: int, paid_fen: int, hospital_fen: int) -> Inputs:
    """What is left of the eligible amount, as a sum to redo; empty where nothing is taken off it."""
    taken = (("borne_fen", borne_fen), ("paid_fen", paid_fen), ("hospital_fen", hospital_fen))
    terms = tuple(one for one in taken if one[1])
    return (("of", "left"), ("whole_fen", eligible_fen), *terms) if terms else ()


def _less_items(terms: Inputs, base_fen: int, items_fen: int) -> Inputs:
    """The same less the items that other buckets of the layer took out of the bill."""
    whole = terms if any(name == "whole_fen" for name, _ in terms) else (("of", "left"), ("whole_fen", base_fen))
    return (*whole, ("items_fen", items_fen))


def _earlier(case: Case) -> Earlier:
    """What parts of the admission that were settled before had, told where there are such."""
    earlier = case.facts.earlier
    if earlier is None:
        return _NO_PARTS
    inputs = (
        ("eligible_fen", earlier.eligible_fen),
        ("deductible_fen", sum(one.deductible_fen for one in earlier.buckets if one.layer == case.policy.layers[0].id)),
    )
    case.step("earlier", "", "", inputs, sum(one.benefit_fen for one in earlier.buckets))
    return earlier


def _start(case: Case) -> tuple[int, int]:
    """(paid, cut by a cap) before the first layer that we run."""
    given = case.claim.elsewhere
    if given is None:
        return 0, 0
    inputs = (
        ("settlement", given.settlement_id),
        ("eligible_fen", given.eligible_fen),
        ("over_cap_fen", given.over_cap_fen),
    )
    case.step("elsewhere", "", "", inputs, given.benefit_fen)
    return given.benefit_fen, given.over_cap_fen


def _borne_by_others(case: Case, eligible_fen: int, before: Earlier) -> int:
    """What a third party pays of the whole admission's eligible amount; half up to the fen."""
    if case.facts.third_party != "shared":
        return 0
    share = case.facts.third_party_share
    amount = round_half_up(eligible_fen * share, FULL_RATIO)
    inputs: tuple[tuple[str, int | str], ...] = (("base_fen", eligible_fen), ("share_ratio", share))
    if before.eligible_fen:
        inputs += (("before_fen", before.borne_fen),)
    case.step("third_party", "", "", inputs, amount)
    return amount


def _split(
    case: Case,
    lines: tuple[LineResult, ...],
    layer: str,
    parts: tuple[tuple[Benefit, Rule], ...],
    base_fen: int,
    sums: Sums,
    had: dict[str, Carried],
    terms: Inputs,
) -> list[Base]:
    """The base of each part: items that a bucket takes out of the bill first, the rest for the bucket of the bill.

    A bill without a bucket of its own leaves the rest unpaid. `had` is what earlier parts of the admission had of it.
    """
    claim, items = case.claim, case.facts.items
    earlier = case.facts.earlier
    total = sums.total_fen + (0 if earlier is None else earlier.total_fen)
    if len(parts) == 1 and not parts[0][0].items and parts[0][0].essential is None:
        return [Base(layer, "", base_fen, total, 0, 0, had.get(""), terms)]
    bases, taken, first_fen = [], set[str](), base_fen
    for benefit, _ in parts:
        name = benefit.id if benefit.items else ""
        before = had.get(name)
        listed = 0 if before is None else before.listed_fen
        essential = 0 if before is None else before.essential_fen
        amount, wanted = base_fen, None
        if benefit.items:
            wanted = benefit.items - taken
            listed += _eligible_of(claim, lines, wanted)
            amount = min(base_fen, listed)
            taken |= benefit.items
            told: Inputs = (("of", "items"),)
        else:
            told = terms if base_fen == first_fen else _less_items(terms, first_fen, first_fen - base_fen)
        base_fen -= amount
        if benefit.essential is not None:
            codes = {
                line.code
                for line in claim.lines
                if (line.code in wanted if wanted is not None else line.code not in taken)
                and (item := items.get(line.code)) is not None
                and item.essential
            }
            essential += _eligible_of(claim, lines, codes)
        bases.append(Base(layer, name, amount, total, listed, essential, before, told))
    return bases


def _eligible_of(claim: ClaimInput, lines: tuple[LineResult, ...], codes: frozenset[str] | set[str]) -> int:
    counted = zip(claim.lines, lines, strict=True)
    return sum(result.eligible_fen for line, result in counted if line.code in codes)


def _outcome(eligible_fen: int, paying: _Paying, account: LayerResult | None) -> Outcome:
    """The rung on which a claim ends that was not refused."""
    if eligible_fen == 0 and account is None:
        return Outcome.NOTHING_ELIGIBLE
    if paying.paid_fen:
        return Outcome.CAPPED if paying.cut_fen else Outcome.SETTLED
    if account is not None:
        return Outcome.ACCOUNT_ONLY
    if any(part.uncapped_fen for part in paying.first):
        return Outcome.CAP_EXHAUSTED
    below = paying.first and sum(part.deductible_fen for part in paying.first) >= eligible_fen
    return Outcome.BELOW_DEDUCTIBLE if below else Outcome.ZERO_BENEFIT


def _taken_as_given(given: Elsewhere) -> Sums:
    """The sums of a bill that was settled elsewhere."""
    return Sums(given.total_fen, given.total_fen - given.eligible_fen, 0, 0, given.eligible_fen)


# ---------------------------------------------------------------- the family account

_ACCOUNT_KEY = AccumulatorKey("household_year", ACCOUNT_SPENT, 0)


def _from_account(case: Case, account: FamilyAccount, own_fen: int, eligible_fen: int) -> LayerResult | None:
    """What the family account pays of the patient's part; None where it pays nothing."""
    spent = case.facts.used.get(_ACCOUNT_KEY, 0)
    left = max(0, case.facts.account_credit_fen - spent)
    amount = min(case.claim.from_account_fen, left, max(0, own_fen if account.covers == "all" else eligible_fen))
    if not amount:
        return None
    inputs = (("name", account.name), ("left_fen", left), ("wanted_fen", case.claim.from_account_fen))
    case.step("account", "family_account", account.origin.clause, inputs, amount)
    case.added[_ACCOUNT_KEY] = amount
    return LayerResult(
        ACCOUNT_LAYER, account.payer, account.account, account.expense_account, account.book, "pool", amount
    )
