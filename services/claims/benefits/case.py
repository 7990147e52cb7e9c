"""A claim while it is decided: what its buckets work on, what was moved so far, the steps told so far."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import NamedTuple

from services.claims.benefits.diseases import counted_as, counted_under
from services.claims.benefits.model import (
    FULL_RATIO,
    AccumulatorKey,
    Carried,
    ClaimInput,
    Facts,
    Origin,
    Policy,
    TraceStep,
)

E8 = FULL_RATIO * FULL_RATIO
Inputs = tuple[tuple[str, int | str], ...]


class Worked(NamedTuple):
    """What a bucket comes to for the whole admission, before caps."""

    uncapped_fen: int
    worked_fen: int
    """Before the floor."""
    deductible_fen: int
    hospital_fen: int = 0
    ratio: int = 0


class Base(NamedTuple):
    """What a bucket works on, in fen: of the whole admission, parts that were settled before included."""

    layer: str
    items: str
    """The bucket, where it takes items out of the bill; empty otherwise."""
    amount_fen: int
    """The eligible amount that is the bucket's."""
    total_fen: int
    """The whole bill."""
    listed_fen: int
    """The eligible amount of the items that it takes out of the bill."""
    essential_fen: int
    """Of the eligible amount, that of essential medicines."""
    before: Carried | None
    """What parts of the admission that were settled before had of it; None: there were none."""
    terms: Inputs = ()
    """How the amount came about where it is not the whole eligible amount: `of` (`left`, `cut_by_cap`, `items`), and
    for what is left that amount and what is taken off it."""


@dataclass(slots=True)
class Case:
    """A claim while it is decided: `added` is what it has moved so far, so that a later bucket sees it."""

    claim: ClaimInput
    facts: Facts
    policy: Policy
    year: int
    steps: list[TraceStep]
    added: dict[AccumulatorKey, int] = field(default_factory=dict)
    rests: list[str] = field(default_factory=list)
    """Names of the values without source that it was computed with."""
    idle: bool = False
    """True while a bucket is computed that has nothing to work on: it rests on none of its values."""

    def used(self, scope: str, name: str, diseases: Container[str] = ()) -> int:
        """What an accumulator stands at; of a disease-year that of the code among `diseases`, or of the category."""
        key = key_of(self.claim, self.year, scope, name, diseases)
        return self.facts.used.get(key, 0) + self.added.get(key, 0)

    def rest(self, origin: Origin) -> None:
        """Remembers that a value is used, where its source does not state it."""
        if origin.illustrative and not self.idle:
            self.rests += origin.illustrative

    def add(self, scope: str, name: str, amount: int) -> None:
        """Moves an accumulator; by nothing moves nothing."""
        if amount:
            for key in keys_of(self.claim, self.year, scope, name):
                self.added[key] = self.added.get(key, 0) + amount

    def step(self, step: str, rule: str, clause: str, inputs: Inputs, amount: int) -> None:
        """Writes a step of the trace."""
        self.steps.append(TraceStep(step, rule, clause, inputs, amount))


def key_of(claim: ClaimInput, year: int, scope: str, name: str, diseases: Container[str] = ()) -> AccumulatorKey:
    """The accumulator that a cap of `diseases` looks at."""
    if scope == "person_day":
        return AccumulatorKey(scope, name, 0, claim.admitted_on.isoformat())
    return AccumulatorKey(scope, name, year, counted_as(claim.disease, diseases) if scope == "disease_year" else "")


def keys_of(claim: ClaimInput, year: int, scope: str, name: str) -> tuple[AccumulatorKey, ...]:
    """The accumulators that a claim counts on: one, of a disease-year one for every code that covers the disease."""
    if scope == "disease_year":
        return tuple(AccumulatorKey(scope, name, year, code) for code in counted_under(claim.disease))
    return (key_of(claim, year, scope, name),)
