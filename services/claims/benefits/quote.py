"""A calculation that nobody relies on: the public calculator and `heyi quote` ask a hypothetical question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.claims.benefits import words
from services.claims.benefits.areas import USUAL_PLACE
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
    admission: int = 1
    """Which admission of the year it is, where the policy counts them."""
    insured: int | None = None
    """How many of the household are insured, for caps that are so much a head; None: not said."""


class UnknownGroup(ValueError):
    """The policy knows no such group; `groups` names them, `known` are the codes that it knows, `told` with names."""

    def __init__(self, groups: Iterable[str], names: Mapping[str, str]) -> None:
        self.groups, self.known = tuple(sorted(groups)), tuple(sorted(names))
        self.told = told_groups(names)
        super().__init__(f"unknown group {', '.join(self.groups)}; the policy knows {', '.join(self.known) or 'none'}")


def quote(question: Question, policy: Policy) -> Adjudication:
    """Decides the question: the person is covered and has joined every voluntary layer; what is asked for counts.

    By a document nothing is refused for want of acceptance; by the policy of a pool it is, as a claim there would be.

    Raises UnknownGroup.
    """
    groups, names = frozenset(group_code(one, policy) for one in question.groups), group_names(policy)
    if unknown := groups - names.keys():
        raise UnknownGroup(unknown, names)
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
        used=_used(claim, policy, question),
        groups=groups,
        birth_date=question.birth_date,
        joined=frozenset(layer.id for layer in policy.layers if layer.voluntary),
        decided=frozenset(words.CIRCUMSTANCES),
        insured=question.insured,
    )
    return adjudicate(claim, facts, policy)


def rested_on(policy: Policy) -> frozenset[str]:
    """Codes of the groups that some row of the policy speaks of."""
    buckets = [benefit for layer in policy.layers for benefit in layer.buckets]
    named = [bonus.groups for benefit in buckets for bonus in benefit.bonuses]
    named += [waiver.groups for benefit in buckets for waiver in benefit.waivers]
    return frozenset[str]().union(*named)


def group_names(policy: Policy) -> dict[str, str]:
    """All groups that can be asked about, with their names: those of the register and those that the policy names."""
    register = {code: words.word(words.GROUPS, code) for code in words.GROUPS}
    return register | {code: code for code in rested_on(policy) - register.keys()} | dict(policy.groups)


def group_code(written: str, policy: Policy) -> str:
    """The code of a group that is written by code or by name; what is neither comes back as it is."""
    names = group_names(policy)
    register = {names: code for code, (names, _) in words.GROUPS.items()}
    by_name = register | {name: code for code, name in names.items()}
    return written if written in names else by_name.get(written, written)


def told_groups(names: Mapping[str, str]) -> str:
    """`dibao(低保)、wubao(五保户)`."""
    return "、".join(f"{code}({name})" for code, name in sorted(names.items()))


def _used(claim: ClaimInput, policy: Policy, question: Question) -> dict[AccumulatorKey, int]:
    """The amount against every benefit accumulator of the first layer; later layers have paid nothing yet."""
    benefit = policy.layers[0].benefits.get(claim.kind)
    names = {name for _, name in benefit.adds_to} if benefit is not None else set()
    keys = accumulators(claim, policy)
    counted = {key: question.admission - 1 for key in keys if key.name.endswith(".admissions")}
    return counted | {key: question.used_fen for key in keys if key.name in names}
