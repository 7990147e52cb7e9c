"""One drawn policy judged: the engine beside the oracle on each drawn claim, which is then looked at from all sides."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from services.claims.benefits.engine import accumulators, adjudicate
from services.claims.benefits.model import ClaimInput, Facts, Line, Policy
from tests.oracle import bridge, drawing, reference

CLAIMS = 700
"""Claims drawn for each policy."""
LEAST = 50
"""Cases that each outcome and each step has to be reached by."""
EVERY = 24
"""One claim in so many is looked at from all sides: order, size, cancellation, what has to be locked."""

STEPS = (
    "circumstance submission off_path lines third_party elsewhere rule limit hospital waiver deductible bonus "
    "essential ratio fixed accident floor cap layer advanced account refused"
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

    def count(self, moves: dict[Key, int]) -> None:
        """Counts what the oracle said, so that the next claims stand on it."""
        mine, ours = self.last
        for key, amount in moves.items():
            there = ours if key[0].startswith("household") else mine
            there[key] = there.get(key, 0) + amount


class Judged(NamedTuple):
    """What one drawn policy showed."""

    reached: Counter[str]
    steps: Counter[str]
    seconds: float


def judge(seed: int, number: int) -> Judged:
    """Draws a policy and its claims and compares the engines on each; raises AssertionError on the first quarrel."""
    reached: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    started = time.process_time()
    world = World(Random(f"{seed}/{number}"), number)
    for turn, (claim, used) in enumerate(world.claims(CLAIMS)):
        expected = reference.decide(world.document, claim, used)
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
        world.count(expected["moves"])
    return Judged(reached, steps, time.process_time() - started)


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
        assert more.benefit_fen >= result.benefit_fen, "a larger bill never pays less"

    moved = dict(facts.used)
    for sign in (1, -1):
        for movement in result.movements:
            moved[movement.key] = moved.get(movement.key, 0) + sign * movement.amount
    assert adjudicate(claim, replace(facts, used=moved), policy) == result, "cancelling restores exactly"


def may_leave_its_path(claim: ClaimInput, policy: Policy) -> bool:
    """Whether a rule for the disease says that a larger bill is settled by other rows."""
    rules = [rule for layer in policy.layers for benefit in layer.buckets for rule in benefit.rules]
    return any(rule.off_path_over_fen is not None and claim.disease in rule.diseases for rule in rules)
