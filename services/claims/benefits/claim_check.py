"""What is contradictory in a claim of a file, or unknown to the policy that is to decide it: each with its line."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.claim_document import ClaimDoc
from services.claims.benefits.document import Finding, Path, Source
from services.claims.benefits.engine import ACCOUNT_SPENT
from services.claims.benefits.model import Policy
from services.claims.benefits.paying import counters
from services.claims.benefits.quote import group_code, group_names, told_groups

_PERIODS = ("person_year", "household_year", "disease_year", "person_day")


def claim_findings(document: ClaimDoc, source: Source, policy: Policy) -> list[Finding]:
    """Every contradiction, in the order in which a claim is written; empty where the policy can decide it."""
    found = [
        *_dates(document, policy),
        *_person(document, policy),
        *_third_party(document),
        *_elsewhere(document),
        *_used(document, policy),
    ]
    return [source.finding(path, message) for path, message in found]


def _dates(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    admitted = document.admitted or policy.effective_from
    for name, word in (("discharged", "出院"), ("settled", "结算")):
        day = getattr(document, name)
        if day is not None and day < admitted:
            yield (name,), f"{word}日期 {day} 早于入院(就诊)日期 {admitted}"
    ended = document.discharged or admitted
    if document.submitted is not None and document.submitted < ended:
        yield ("submitted",), f"送材料的日期 {document.submitted} 早于出院(就诊)日期 {ended}"


def _person(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    names = group_names(policy)
    for group in document.person.groups:
        if group_code(group, policy) not in names:
            yield ("person", "groups"), f"方案不认识人群 {group};认识的有:{told_groups(names)}"
    voluntary = [layer.id for layer in policy.layers if layer.voluntary]
    for layer in document.person.joined or ():
        if layer not in voluntary:
            yield ("person", "joined"), f"方案没有自愿参加的一层 {layer};有的是:{'、'.join(voluntary) or '没有'}"


def _third_party(document: ClaimDoc) -> Iterator[tuple[Path, str]]:
    if (document.third_party == "shared") != bool(document.third_party_share):
        yield ("third_party_share",), "第三人负担的比例只在 third_party 为 shared 时写,并且必须写"


def _elsewhere(document: ClaimDoc) -> Iterator[tuple[Path, str]]:
    given = document.elsewhere
    if given is not None and not given.benefit <= given.eligible <= given.total:
        yield ("elsewhere",), "在别处做的基本结算,补偿不得超过可补偿费用,可补偿费用不得超过总额"


def _used(document: ClaimDoc, policy: Policy) -> Iterator[tuple[Path, str]]:
    known = _counts(policy)
    for written in document.used:
        scope, _, name = written.rpartition(":")
        if scope and scope not in _PERIODS:
            yield ("used", written), f"没有累计期间 {scope};有的是:{'、'.join(_PERIODS)}"
        elif (scope or default_scope(name), name) not in known:
            told = "、".join(sorted(f"{one}:{count}" for one, count in known))
            yield ("used", written), f"方案没有累计项 {written};有的是:{told}"


def default_scope(name: str) -> str:
    """The period of a count that is written without one: the person's year; of the family account the household."""
    return "household_year" if name == ACCOUNT_SPENT else "person_year"


def _counts(policy: Policy) -> set[tuple[str, str]]:
    """Every (period, name) that the policy may count."""
    known = {("household_year", ACCOUNT_SPENT)} if policy.family_account is not None else set()
    for benefit in (bucket for layer in policy.layers for bucket in layer.buckets):
        known.update(benefit.adds_to)
        known.update(("person_year", name) for name in counters(benefit))
    return known
