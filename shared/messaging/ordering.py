"""The order of events within a subject (contracts §6), as a pure decision.

A publisher counts its events of a subject by one. A consumer keeps the last number it has taken in; what is equal or
lower has been seen, what leaves a gap waits for the missing one, and what follows an event in error waits behind it.
"""

from dataclasses import dataclass
from enum import Enum


class Step(Enum):
    """What to do with an event."""

    APPLY = "apply"
    DROP = "drop"
    BEHIND = "behind"
    GAP = "gap"


@dataclass(slots=True)
class Head:
    """Where a consumer stands with a subject; ``blocked`` while an event in error, or one behind it, is parked."""

    sequence: int = 0
    blocked: bool = False


def decide(sequence: int, head: Head, *, whole_state: bool) -> Step:
    """The step for an event; ``whole_state`` events carry everything, so that a higher one needs no predecessor."""
    if sequence <= head.sequence:
        return Step.DROP
    if head.blocked:
        return Step.BEHIND
    if whole_state or sequence == head.sequence + 1:
        return Step.APPLY
    return Step.GAP
