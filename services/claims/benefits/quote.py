"""A calculation that nobody relies on: the public calculator and `heyi quote` ask a hypothetical question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.claims.benefits import words
from services.claims.benefits.engine import accumulators, adjudicate
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Policy,
)

_ITEM = Item("eligible", "A", name="可补偿费用")
USUAL_PLACE = {"prefecture": "in_province", "province": "in_province"}


@dataclass(frozen=True, slots=True)
class Question:
    """What would be paid? Amounts in fen."""

    kind: str
    level: str
    eligible_fen: int
    admitted_on: date
    place: str | None = None
    """None: prefecture and province hospitals stand in the province, others in the county."""
    ownership: str = "public"
    designation: str = "designated"
    groups: frozenset[str] = frozenset()
    birth_date: date | None = None
    emergency: bool = False
    migrant: bool = False
    referred: bool = False
    used_fen: int = 0
    """Benefit of this kind received in the year before; it counts against every cap of the kind."""
    disease: str = ""


class UnknownGroup(ValueError):
    """The policy knows no such group; `groups` names them."""

    def __init__(self, groups: Iterable[str], known: Iterable[str]) -> None:
        self.groups, self.known = tuple(sorted(groups)), tuple(sorted(known))
        super().__init__(f"unknown group {', '.join(self.groups)}; the policy knows {', '.join(self.known) or 'none'}")


def quote(question: Question, policy: Policy) -> Adjudication:
    """Decides the question: the person is covered and has joined every voluntary layer; what is asked for counts.

    By a document nothing is refused for want of acceptance; by the policy of a pool it is, as a claim there would be.

    Raises UnknownGroup.
    """
    if unknown := question.groups - known_groups(policy):
        raise UnknownGroup(unknown, known_groups(policy))
    claim = ClaimInput(
        kind=question.kind,
        admitted_on=question.admitted_on,
        settled_on=question.admitted_on,
        lines=(Line(1, _ITEM.code, question.eligible_fen),),
        emergency=question.emergency,
        migrant=question.migrant,
        referred=question.referred,
        disease=question.disease,
    )
    facts = Facts(
        institution=Institution(
            level=question.level,
            place=question.place or USUAL_PLACE.get(question.level, "in_county"),
            ownership=question.ownership,
            designation=question.designation,
        ),
        coverage=(Interval(date.min, None),),
        items={_ITEM.code: _ITEM},
        used=_used(claim, policy, question.used_fen),
        groups=question.groups,
        birth_date=question.birth_date,
        joined=frozenset(layer.id for layer in policy.layers if layer.voluntary),
        decided=frozenset(words.CIRCUMSTANCES),
    )
    return adjudicate(claim, facts, policy)


def known_groups(policy: Policy) -> frozenset[str]:
    """Codes of all groups that can be asked about: those of the register and those that the policy names."""
    buckets = [benefit for layer in policy.layers for benefit in layer.buckets]
    named = [bonus.groups for benefit in buckets for bonus in benefit.bonuses]
    named += [waiver.groups for benefit in buckets for waiver in benefit.waivers]
    return frozenset(words.GROUPS).union(*named)


def _used(claim: ClaimInput, policy: Policy, used_fen: int) -> dict[AccumulatorKey, int]:
    """The amount against every benefit accumulator of the first layer; later layers have paid nothing yet."""
    benefit = policy.layers[0].benefits.get(claim.kind)
    names = {name for _, name in benefit.adds_to} if benefit is not None else set()
    return {key: used_fen for key in accumulators(claim, policy) if key.name in names}
