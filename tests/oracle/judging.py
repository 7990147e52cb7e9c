"""One drawn policy judged: the engine beside the oracle on each drawn claim, which is then looked at from all sides."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from services.claims.benefits.diseases import covering
from services.claims.benefits.engine import accumulators, adjudicate
from services.claims.benefits.model import AccumulatorKey, Adjudication, ClaimInput, Facts, Line, Outcome, Policy
from tests.oracle import bridge, drawing, reference

CLAIMS = 700
"""Claims drawn for each policy."""
LEAST = 50
"""Cases that each outcome and each step has to be reached by."""
EVERY = 24
"""One claim in so many is looked at from all sides: order, size, cancellation, what has to be locked."""

STEPS = (
    "circumstance submission earlier off_path lines third_party elsewhere rule limit hospital nth_admission waiver "
    "deductible bonus essential ratio fixed patient_part accident floor part per_head cap layer advanced account "
    "refused"
).split()
"""Every step that a calculation may have."""

Key = tuple[str, str, int, str]


class World:
    """A policy and the counts of everybody who is ill under it."""

    def __init__(self, rng: Random, number: int) -> None:
        self.rng = rng
        self.document = drawing.draw_policy(rng, number)
        self.policy = bridge.compiled(self.document)
        self.catalogue = drawing.draw_catalogue(rng)
        self.items = bridge.items_of(self.catalogue)
        self.people = [drawing.draw_person(rng) for _ in range(60)]
        self.names = list(self.policy.illustrative)
        self.counts: dict[tuple[str, int], dict[Key, int]] = {}
        self.last: tuple[dict[Key, int], dict[Key, int]] = ({}, {})
        self.so_far: tuple[Any, ...] = (None, None)

    def claims(self, how_many: int) -> Iterator[tuple[dict[str, Any], dict[Key, int]]]:
        """Claims and what was counted before each; a household's counts are its members'."""
        for _ in range(how_many):
            who = int(self.rng.random() * len(self.people))
            person = self.people[who]
            claim = drawing.draw_claim(self.rng, person, self.catalogue, self.names)
            mine = self.counts.setdefault(("person", who), {})
            ours = self.counts.setdefault(("household", person["household"]), {})
            self.last = mine, ours
            yield claim, mine | ours
            for _ in range(claim["parts"] if self.so_far[0] is not None else 0):
                claim = drawing.draw_part(self.rng, claim, *self.so_far)
                yield claim, mine | ours
                if self.so_far[0] is None:
                    break

    def count(self, moves: dict[Key, int], *so_far: Any) -> None:
        """Counts what the oracle said, so that the next claims stand on it; each engine's word of the admission so far
        is what it is told at the next part."""
        self.so_far = so_far
        mine, ours = self.last
        for key, amount in moves.items():
            there = ours if key[0].startswith("household") else mine
            there[key] = there.get(key, 0) + amount


class Judged(NamedTuple):
    """What one drawn policy showed."""

    reached: Counter[str]
    steps: Counter[str]
    seconds: float
    """Of CPU."""
    yardstick: float
    """The same for a piece of work that never changes, at the same moment on the same machine."""


def yardstick() -> float:
    """Seconds of CPU for a fixed piece of work: what a slow or crowded processor does to it, it does to the engines."""
    started = time.process_time()
    kept: dict[str, int] = {}
    for n in range(20_000):
        kept[f"{n % 997}"] = kept.get(f"{n * 7 % 997}", 0) + n // 3
    return time.process_time() - started


def judge(seed: int, number: int) -> Judged:
    """Draws a policy and its claims and compares the engines on each; raises AssertionError on the first quarrel."""
    reached: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    started = time.process_time()
    world = World(Random(f"{seed}/{number}"), number)
    for turn, (claim, used) in enumerate(world.claims(CLAIMS)):
        expected = reference.decide(world.document, claim, used)
        so_far = expected.pop("so_far")
        policy = bridge.for_claim(world.policy, claim)
        asked, facts = bridge.asked(claim, world.items, used)
        decided = adjudicate(asked, facts, policy)
        told = bridge.told(decided)
        if told != expected:
            differs = {name: (told[name], expected[name]) for name in told if told[name] != expected[name]}
            raise AssertionError(f"--seed={seed} policy {number} claim {turn}: {differs}\n{claim}\n{world.document}")
        if turn % EVERY == 0:
            from_all_sides(world.rng, asked, facts, policy)
        reached[expected["outcome"]] += 1
        steps.update({step.step for step in decided.trace})
        world.count(expected["moves"], so_far, decided.so_far)
    return Judged(reached, steps, time.process_time() - started, yardstick())


def from_all_sides(rng: Random, claim: ClaimInput, facts: Facts, policy: Policy) -> None:
    """What holds for every claim, whatever the policy says."""
    result = adjudicate(claim, facts, policy)
    assert 0 <= result.benefit_fen <= result.eligible_fen <= result.total_fen
    parts = result.benefit_fen, result.elsewhere_fen, result.hospital_fen, result.patient_fen
    assert min(parts) >= 0 and sum(parts) == result.total_fen, "who bears what is the whole bill"
    touched = {movement.key for movement in result.movements}
    assert touched <= set(accumulators(replace(claim, lines=()), policy)), "what moves was locked before"

    shuffled = list(claim.lines)
    rng.shuffle(shuffled)
    other = adjudicate(replace(claim, lines=tuple(shuffled)), facts, policy)
    assert (other.benefit_fen, other.layers, other.trace) == (result.benefit_fen, result.layers, result.trace)

    if claim.elsewhere is None and not may_leave_its_path(claim, policy):
        larger = Line(len(claim.lines) + 1, "plain", rng.randint(1, 2_000_000))
        more = adjudicate(replace(claim, lines=(*claim.lines, larger)), facts, policy)
        asks = more.outcome is Outcome.ILLUSTRATIVE_NOT_ACCEPTED  # it reaches a layer that the pool has not accepted
        assert asks or more.benefit_fen >= result.benefit_fen, "a larger bill never pays less"

    if may_be_settled_in_parts(result, claim, facts, policy):
        parts_pay_together_what_one_settlement_pays(rng, result, claim, facts, policy)


def may_be_settled_in_parts(result: Adjudication, claim: ClaimInput, facts: Facts, policy: Policy) -> bool:
    """Whether the sum of parts has to be that of the whole: not where a larger bill is settled by other rows or with
    another raise, not where a floor is measured on what is not eligible too (a part of nothing eligible pays nothing,
    decision 0223), not where the family account is asked at each part, and not where parts count in different years
    (decision 0295)."""
    buckets = [benefit for layer in policy.layers for benefit in layer.buckets]
    changes = any(
        len(bucket.bonuses) > 1
        or (bucket.essential and any(len(rule.bands) > 1 for rule in bucket.rules))
        or (bucket.floor is not None and bucket.floor.of == "total")
        for bucket in buckets
    )
    first = facts.earlier is None and claim.elsewhere is None and not claim.from_account_fen
    days = {line.day or claim.admitted_on for line in claim.lines}
    of_one_year = policy.year_by != "lines" or len({day.year for day in days}) == 1
    return (
        first and of_one_year and not changes and not result.outcome.refuses and not may_leave_its_path(claim, policy)
    )


def parts_pay_together_what_one_settlement_pays(
    rng: Random, whole: Adjudication, claim: ClaimInput, facts: Facts, policy: Policy
) -> None:
    """Benefit of each layer, deductible, what the hospital bears and what is counted, however the bill is cut."""
    cuts = sorted(rng.randint(0, len(claim.lines)) for _ in range(2))
    paid, moved = Counter[str](), Counter[AccumulatorKey]()
    other = [0, 0]
    for start, end in zip((0, *cuts), (*cuts, len(claim.lines)), strict=True):
        if start == end and policy.year_by == "lines":
            continue  # a part has lines, and here they say its year
        part = adjudicate(replace(claim, lines=claim.lines[start:end]), facts, policy)
        for layer in part.layers:
            paid[layer.layer] += layer.benefit_fen
        for key, amount in part.movements:
            moved[key] += amount
        other = [other[0] + part.deductible_fen, other[1] + part.hospital_fen]
        facts = replace(facts, earlier=part.so_far, used=dict(facts.used) | added(facts.used, part))
    assert paid == Counter({layer.layer: layer.benefit_fen for layer in whole.layers})
    assert other == [whole.deductible_fen, whole.hospital_fen]
    assert moved == Counter(dict(whole.movements))


def added(used: Mapping[AccumulatorKey, int], result: Adjudication) -> dict[AccumulatorKey, int]:
    """The counts that a settlement moves, as they stand after it."""
    return {key: used.get(key, 0) + amount for key, amount in result.movements}


def may_leave_its_path(claim: ClaimInput, policy: Policy) -> bool:
    """Whether a rule for the disease says that a larger bill is settled by other rows."""
    rules = [rule for layer in policy.layers for benefit in layer.buckets for rule in benefit.rules]
    return any(rule.off_path_over_fen is not None and covering(claim.disease, rule.diseases) for rule in rules)
