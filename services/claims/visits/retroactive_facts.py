"""What became of a claim since it was settled, as far as a late decision looks at it: what earlier lists gave more for
it, and what the review cut. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from services.claims.benefits.model import ClaimInput
from services.claims.visits.counters import Ref


class Counted(NamedTuple):
    """What an increase added to an accumulator row, as its ``move``-th move."""

    ref: Ref
    move: int
    added: Mapping[str, int]


class TakenBack(NamedTuple):
    """What a cancelled claim had counted as the ``move``-th move of a row, and took back as the ``back``-th."""

    ref: Ref
    move: int
    back: int
    added: Mapping[str, int]


def gone_of(moves: Mapping[Ref, int], taken: Iterable[TakenBack]) -> dict[tuple[Ref, str], int]:
    """What a claim, counted as these moves, saw counted and is no longer there, by row and name."""
    sums: dict[tuple[Ref, str], int] = defaultdict(int)
    for one in taken:
        if one.move < moves.get(one.ref, 0) < one.back:
            for name, amount in one.added.items():
                sums[one.ref, name] += amount
    return sums


class Given(NamedTuple):
    """A line of a list that was approved and stands, in fen."""

    id: UUID
    claim_id: UUID
    policy_id: UUID | None
    """The late version of its list; None on a list of claims that stood on a cancelled one."""
    layer: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Had:
    """What earlier lists gave more for a claim: by layer in fen, and what that counted."""

    layers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    counted: tuple[Counted, ...] = ()
    by_this: bool = False
    """A list of the version at hand was approved for it: what a cap left then was paid, and there is no more."""

    @property
    def total_fen(self) -> int:
        """Of all layers together."""
        return sum(self.layers.values())

    def counts(self) -> dict[tuple[Ref, str], int]:
        """What its increases count by now, by row and name."""
        sums: dict[tuple[Ref, str], int] = defaultdict(int)
        for one in self.counted:
            for name, amount in one.added.items():
                sums[one.ref, name] += amount
        return sums


NOTHING = Had()


def had_of(
    given: Iterable[Given], counted: Mapping[UUID, Sequence[Counted]], policy_id: UUID | None
) -> dict[UUID, Had]:
    """By claim, what its approved lines gave; ``counted`` is by line, and ``policy_id`` the late version at hand."""
    lines: dict[UUID, list[Given]] = defaultdict(list)
    for one in given:
        lines[one.claim_id].append(one)
    return {claim_id: _had(mine, counted, policy_id) for claim_id, mine in lines.items()}


def _had(lines: Sequence[Given], counted: Mapping[UUID, Sequence[Counted]], policy_id: UUID | None) -> Had:
    layers: dict[str, int] = defaultdict(int)
    for line in lines:
        layers[line.layer] += line.amount_fen
    entries = tuple(entry for line in lines for entry in counted.get(line.id, ()))
    by_this = policy_id is not None and any(line.policy_id == policy_id for line in lines)
    return Had(layers, entries, by_this)


class CutOff(NamedTuple):
    """A cut of the review, in fen: of which line (counted from 1; None for the bill as a whole), how much of it was
    found not owed, and what of that the hospital owes the patient."""

    line: int | None
    amount_fen: int
    patient_owed_fen: int


def owed_of(claim: ClaimInput, cuts: Sequence[CutOff]) -> ClaimInput | None:
    """The claim with what the review left of its bill; None where a cut names no line, so that nobody can tell which
    lines are left."""
    if any(cut.line is None for cut in cuts):
        return None
    gone: dict[int, int] = defaultdict(int)
    for cut in cuts:
        gone[cut.line or 0] += cut.amount_fen
    lines = [line._replace(amount_fen=line.amount_fen - gone[line.number]) for line in claim.lines]
    return replace(claim, lines=tuple(lines))
