"""What a decision later than its effective date changes for claims settled in between (rulings §8), and what it changes
for later claims that one on which they stood was cancelled (rulings §2). Pure.

Each claim is decided again on the facts that it was decided on, by the version that it was decided by and by the new
one; what it saw counted by claims that were cancelled since is no longer there for the new decision. Increases are
counted along for the later claims of the same person and household, so that a cap that was lifted helps every later
claim as far as it would have. A claim that the new version would give less keeps what it has, and keeps the room that
it took: nothing is taken back, and no cap is passed by what is kept. What earlier lists gave more counts as paid: only
the rest is payable. Of a claim that the review cut, what it left is decided anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from services.claims.benefits.case import key_of
from services.claims.benefits.diseases import covering
from services.claims.benefits.engine import ACCOUNT_SPENT, adjudicate
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Earlier,
    Facts,
    Item,
    LayerResult,
    Policy,
)
from services.claims.visits.claims import Claim
from services.claims.visits.counters import FAMILY_ACCOUNT, Owners, Ref
from services.claims.visits.deciding import Visit
from services.claims.visits.kept import kept_bill, kept_facts
from services.claims.visits.retroactive_facts import NOTHING, Counted, CutOff, Had, owed_of


@dataclass(frozen=True, slots=True)
class Settled:
    """A claim with what it was decided on."""

    claim: Claim
    input: ClaimInput
    facts: Facts
    policy: Policy
    had: Had = NOTHING
    made_up: bool = False
    """A later part of its stay was settled by the new version, which paid what this one lacks."""
    cuts: tuple[CutOff, ...] = ()
    moves: Mapping[Ref, int] = field(default_factory=dict)
    """As which move it came on each accumulator row that it read."""
    gone: Mapping[tuple[Ref, str], int] = field(default_factory=dict)
    """What it saw counted, by row and name, and claims that were cancelled since have taken back."""
    followed: bool = False
    """Not asked for itself: it is followed for what it and its increases count for the claims after it."""

    @property
    def owed(self) -> ClaimInput | None:
        """What the review left of it; None where that cannot be told line by line."""
        return owed_of(self.input, self.cuts)


class LayerChange(NamedTuple):
    """A layer of a claim in fen: as it was settled, and as it is decided again."""

    layer: str
    before_fen: int
    benefit_fen: int


class Count(NamedTuple):
    """What an increase adds to (or takes from) one name of an accumulator row."""

    ref: Ref
    name: str
    amount: int
    cap_fen: int | None
    """What the new version lets the count come to; None where nothing limits it."""
    benefit: bool
    """Whether it counts what is paid; otherwise a deductible, a yearly base, an admission."""


@dataclass(frozen=True, slots=True)
class Increase:
    """What one layer pays more: a payable of its own, and what it counts."""

    layer: LayerResult
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A claim under both versions, amounts in fen."""

    claim: Claim
    outcome: str
    benefit_fen: int
    reproduced: bool
    """The version that it was settled by gives again what was paid: a false one is for a person to look at."""
    increases: tuple[Increase, ...] = ()
    """What is payable more, layer by layer; nothing where the decision was not reproduced, or cut as a whole."""
    had_fen: int = 0
    """What earlier lists gave more for it."""
    cut: bool = False
    """The review cut it without naming lines: what is left of it is for a person to look at."""
    made_up: bool = False
    """A later part of its stay has paid the difference."""
    policy: str = ""
    """The version that it was decided again by."""
    layers: tuple[LayerChange, ...] = ()

    @property
    def difference_fen(self) -> int:
        """What the new version gives more; negative where it gives less."""
        return self.benefit_fen - self.claim.benefit_fen

    @property
    def to_pay_fen(self) -> int:
        """An increase is paid after approval; nothing is taken back from patients."""
        return sum(one.layer.benefit_fen for one in self.increases)


def differences(settled: Sequence[Settled], policy: Policy) -> Iterator[Difference]:
    """Claims by household in the order in which they were counted, each with what the new version gives it."""
    return decided_again(settled, lambda _: policy)


def decided_again(settled: Sequence[Settled], version: Callable[[Settled], Policy]) -> Iterator[Difference]:
    """Claims by household in the order in which they were counted, each with what its version gives it by now."""
    ahead: dict[tuple[Ref, str], int] = defaultdict(int)
    given: dict[UUID, list[Counted]] = defaultdict(list)
    parts: dict[UUID, Earlier | None] = {}
    raised: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    stays = _in_parts(settled)
    for one in settled:
        owners, stay = Owners(one.claim.member_id, one.claim.household_id), one.claim.visit_id
        policy = version(one)
        before = adjudicate(one.input, one.facts, one.policy)
        facts = _moved(one.facts, owners, _besides(one, ahead, given[owners.household_id]), parts.get(stay))
        after = adjudicate(one.input, facts, policy)
        reproduced, cut = _same(before, one.claim), one.owed is None
        payable = reproduced and not (cut or one.had.by_this or one.made_up or one.followed)
        increases = tuple(_increases(one, owners, before, after, facts, policy, stays)) if payable else ()
        for more in increases if stay in stays else ():
            stays[stay][more.layer.layer] += more.layer.benefit_fen
            raised[stay][more.layer.layer] += more.layer.benefit_fen
        for layer, fen in one.had.layers.items():
            raised[stay][layer] += fen
        if stay in stays:
            parts[stay] = _so_far(before, after, raised[stay])
        for count in (count for increase in increases for count in increase.counts):
            ahead[count.ref, count.name] += count.amount
        given[owners.household_id] += one.had.counted
        if not one.followed:
            yield Difference(
                one.claim,
                after.outcome.value,
                after.benefit_fen,
                reproduced,
                increases,
                one.had.total_fen,
                cut,
                one.made_up,
                policy.id,
                _changes(before, after),
            )


def _changes(before: Adjudication, after: Adjudication) -> tuple[LayerChange, ...]:
    was = {layer.layer: layer.benefit_fen for layer in before.layers}
    now = {layer.layer: layer.benefit_fen for layer in after.layers}
    return tuple(LayerChange(layer, was.get(layer, 0), now.get(layer, 0)) for layer in {**was, **now})


def _besides(
    one: Settled, ahead: Mapping[tuple[Ref, str], int], given: Sequence[Counted]
) -> dict[tuple[Ref, str], int]:
    """What counts before a claim by the new version and its facts do not hold: the increases of this list, and those of
    earlier lists that were counted after the claim was; less what its facts hold and was cancelled since."""
    sums = defaultdict(int, ahead)
    for row, amount in one.gone.items():
        sums[row] -= amount
    for entry in given:
        if entry.move > one.moves.get(entry.ref, 0):
            for name, amount in entry.added.items():
                sums[entry.ref, name] += amount
    return sums


Stays = Mapping[UUID, dict[str, int]]
"""By visit, of stays settled in parts: what each layer paid for all parts together, earlier lists included, in fen."""


def _in_parts(settled: Sequence[Settled]) -> Stays:
    claims: dict[UUID, list[Settled]] = defaultdict(list)
    for one in settled:
        claims[one.claim.visit_id].append(one)
    stays: dict[UUID, dict[str, int]] = {}
    for visit_id, parts in claims.items():
        if len(parts) > 1:
            stays[visit_id] = defaultdict(int)
            for layer in (layer for part in parts for layer in part.claim.layers):
                stays[visit_id][layer["layer"]] += layer["amount_fen"]
            for name, fen in (had for part in parts for had in part.had.layers.items()):
                stays[visit_id][name] += fen
    return stays


def _left_of_stay(one: Settled, policy: Policy, stays: Stays, layer_id: str) -> int:
    """What a cap each admission leaves of a stay settled in parts, later ones included: those keep what they have."""
    paid = stays.get(one.claim.visit_id)
    buckets = [bucket for layer in policy.layers if layer.id == layer_id for bucket in layer.buckets]
    caps = [
        cap.amount_fen for bucket in buckets for cap in bucket.caps
        if cap.period == "admission" and bucket.kind == one.input.kind
        and (not cap.diseases or covering(one.input.disease, cap.diseases) is not None)
    ]  # fmt: skip
    return one.claim.total_fen if paid is None or not caps else min(caps) - paid[layer_id]


def _increases(
    one: Settled,
    owners: Owners,
    before: Adjudication,
    after: Adjudication,
    facts: Facts,
    policy: Policy,
    stays: Stays,
) -> Iterator[Increase]:
    """What each layer pays more than it did with earlier lists: together what the benefit of what the review left grew
    by, and at most what the patient paid in cash and is not owed by the hospital."""
    grown = [_grown(before, after)]
    if one.cuts and one.owed is not None:
        grown.append(_grown(adjudicate(one.owed, one.facts, one.policy), adjudicate(one.owed, facts, policy)))
    owed_fen = sum(cut.patient_owed_fen for cut in one.cuts)
    cash = one.claim.patient_fen - one.claim.account_fen - owed_fen
    rest = min(cash, *(by.total_fen for by in grown)) - one.had.total_fen
    others = _other_counts(owners, before, after, policy, one.had)
    for layer in after.layers:
        left = _left_of_stay(one, policy, stays, layer.layer)
        by_layer = min(by.layers.get(layer.layer, 0) for by in grown)
        more = min(rest, by_layer - one.had.layers.get(layer.layer, 0), left)
        if more > 0:
            counts = _benefit_counts(one, owners, after, policy, layer.layer, more)
            yield Increase(layer._replace(benefit_fen=more), (*counts, *others))
            rest, others = rest - more, ()


class _Grown(NamedTuple):
    """What a decision gives more than another, in fen; negative where it gives less."""

    total_fen: int
    layers: Mapping[str, int]


def _grown(before: Adjudication, after: Adjudication) -> _Grown:
    was = {layer.layer: layer.benefit_fen for layer in before.layers}
    layers = {layer.layer: layer.benefit_fen - was.get(layer.layer, 0) for layer in after.layers}
    return _Grown(after.benefit_fen - before.benefit_fen, layers)


def _benefit_counts(
    one: Settled, owners: Owners, after: Adjudication, policy: Policy, layer_id: str, more_fen: int
) -> Iterator[Count]:
    """What an increase of a layer adds to the benefits that the layer counts, with the lowest cap on each."""
    buckets = [bucket for layer in policy.layers if layer.id == layer_id for bucket in layer.buckets]
    names = {name for bucket in buckets for name in bucket.adds_to}
    for key, _ in after.movements:
        if (key.scope, key.name) in names:
            caps = [
                cap.limit_fen(one.facts.insured)
                for bucket in buckets
                for cap in bucket.caps
                if (not cap.diseases or covering(one.input.disease, cap.diseases) is not None)
                and key == key_of(one.input, key.year, cap.period, cap.counts, cap.diseases)
            ]
            yield Count(owners.ref(key), key.name, more_fen, min(caps, default=None), True)


def _other_counts(
    owners: Owners, before: Adjudication, after: Adjudication, policy: Policy, had: Had
) -> tuple[Count, ...]:
    """What the new version counts otherwise beside benefits: deductibles, yearly bases, admissions; less what earlier
    lists have counted of it.

    The family account stays as it was spent.
    """
    benefits = {name for layer in policy.layers for bucket in layer.buckets for name in bucket.adds_to}
    was, now = dict(before.movements), dict(after.movements)
    counted = had.counts()
    changed = {
        key: now.get(key, 0) - was.get(key, 0) - counted.get((owners.ref(key), key.name), 0) for key in {**was, **now}
    }
    return tuple(
        Count(owners.ref(key), key.name, amount, None, False)
        for key, amount in sorted(changed.items())
        if amount and (key.scope, key.name) not in benefits and key.name != ACCOUNT_SPENT
    )


def _so_far(before: Adjudication, after: Adjudication, more: Mapping[str, int]) -> Earlier | None:
    """What the parts of a stay have come to by the new version, with what was truly paid for them: nothing is taken
    back, and ``more`` is what each layer pays for them besides."""
    if before.so_far is None or after.so_far is None:
        return after.so_far
    paid = {(one.layer, one.items): one.benefit_fen for one in before.so_far.buckets}
    buckets = [
        one._replace(
            benefit_fen=paid.get((one.layer, one.items), 0) + (0 if one.items else more.get(one.layer, 0)),
        )
        for one in after.so_far.buckets
    ]
    return after.so_far._replace(buckets=tuple(buckets))


def _moved(facts: Facts, owners: Owners, ahead: Mapping[tuple[Ref, str], int], parts: Earlier | None) -> Facts:
    """The facts with what the new version would have counted more or less before, and in earlier parts of the stay."""
    used = dict(facts.used)
    mine = {owners.member_id, owners.household_id}
    for (ref, name), amount in ahead.items():
        if amount and ref.owner_id in mine:
            scope = "household_year" if ref.scope == FAMILY_ACCOUNT else ref.scope  # as the engine names the account
            key = AccumulatorKey(scope, name, ref.year, ref.detail)
            used[key] = max(0, used.get(key, 0) + amount)
    return replace(facts, used=used, earlier=facts.earlier if parts is None else parts)


def _same(result: Adjudication, claim: Claim) -> bool:
    return (result.benefit_fen, result.outcome.value) == (claim.benefit_fen, claim.outcome)


# ---------------------------------------------------------------- back from the record


def settled_of(claim: Claim, visit: Visit, detail: Any, items: Mapping[str, Item], policy: Policy) -> Settled:
    """A claim's input and facts from its record; `items` are those of its catalogue version."""
    kept, bill = detail["facts"], kept_bill(detail)
    granted = frozenset(kept.get("granted", ()))
    asked = visit.as_of("discharged", visit.discharged_at, visit.line_sheets).input(
        claim.settled_on, bill, granted, claim.account_fen, kept.get("off_path", "")
    )
    return Settled(claim, replace(asked, discharged_on=claim.discharged_on), kept_facts(kept, items), policy)
