"""What the caps of a policy leave to a person who asks before care. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.claims.benefits.case import key_of
from services.claims.benefits.diseases import codes_of, covering
from services.claims.benefits.engine import benefit_year
from services.claims.benefits.model import Benefit, Cap, ClaimInput, Entitlement, Policy


@dataclass(frozen=True, slots=True)
class CapLeft:
    """What a cap leaves on a day, in fen."""

    kind: str
    cap: str
    name: str
    period: str
    amount_fen: int
    used_fen: int

    @property
    def remaining_fen(self) -> int:
        return max(0, self.amount_fen - self.used_fen)


class Asked(NamedTuple):
    """Care that is asked about: sought on a day and settled on one, for a diagnosis where it is known."""

    day: date
    settled_on: date
    diagnosis: str = ""

    def care(self, kind: str) -> ClaimInput:
        """As the engine reads it: which accumulators it counts on."""
        return ClaimInput(kind, self.day, self.settled_on, (), disease=self.diagnosis)

    def year(self, policy: Policy) -> int:
        """The year whose caps count, as far as it is known before the discharge."""
        return benefit_year(self.care("inpatient"), policy)


def caps_left(
    policy: Policy,
    used: Mapping[tuple[str, int, str, str], int],
    asked: Asked,
    joined: frozenset[str] = frozenset(),
    held: Sequence[Entitlement] = (),
    heads: int | None = None,
) -> list[CapLeft]:
    """Every cap of the buckets and layers that are open to a person, with what is used of it; a cap a visit or
    admission starts unused. What holds for a disease only is left out where no diagnosis is named. `heads`: insured
    members of the household."""
    left: list[CapLeft] = []
    for layer in policy.layers:
        if layer.voluntary and layer.id not in joined:
            continue
        for benefit in layer.buckets:
            if not _opens(benefit, asked, held):
                continue
            care = asked.care(benefit.kind)
            for cap in benefit.caps:
                if not _limits(cap, asked.diagnosis):
                    continue
                key = key_of(care, benefit_year(care, policy), cap.period, cap.counts, cap.diseases)
                counted = used.get((key.scope, key.year, key.detail, key.name), 0)
                left.append(CapLeft(benefit.kind, cap.id, cap.name, cap.period, cap.limit_fen(heads), counted))
    return left


def _opens(benefit: Benefit, asked: Asked, held: Sequence[Entitlement]) -> bool:
    """Whether the care may fall into a bucket: of its disease, and with a card where it asks for one."""
    if benefit.diseases and covering(asked.diagnosis, benefit.diseases) is None:
        return False
    codes = codes_of(asked.diagnosis)
    return not benefit.entitlement or any(
        one.kind == benefit.entitlement and one.holds(asked.day) and (not codes or one.disease in codes) for one in held
    )


def _limits(cap: Cap, diagnosis: str) -> bool:
    """Whether a cap limits care for a diagnosis; one of diseases none where that is not known."""
    if cap.diseases:
        return covering(diagnosis, cap.diseases) is not None
    return cap.period != "disease_year" or bool(diagnosis)
