"""A bill that shows a change between two policies: what it pays by each, or nothing where none is found.

An example that pays the same by both would deny the change beside which it stands, so that bills are tried, the
ordinary ones first: nobody special before a group, the first admission before a later one, a round sum before sums near
the thresholds of the rows. Where a raise, a waiver or a cap is shown, it has to have done something to the bill by one
of the two policies: the ratio may have changed as well, and would show itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.claims.benefits import words
from services.claims.benefits.model import Adjudication, Bonus, Cap, Policy, Rule, Situation, Waiver
from services.claims.benefits.quote import Question, UnknownGroup, quote
from services.claims.benefits.slip import yuan
from shared.kernel.money import format_yuan

USUAL_FEN = {"inpatient": 1_000_000, "outpatient": 10_000}
"""Eligible amounts that are tried first: 10,000 yuan in hospital, 100 at the clinic."""
_BEYOND_FEN = 10_000
"""An amount so much above a threshold shows what it does."""


class Person(NamedTuple):
    """Who is asked about: of groups by certificate, of an age."""

    groups: tuple[str, ...] = ()
    age: int | None = None
    insured: int | None = None


_FAMILY = 4
"""Insured members of the household of which a cap of so much a head is shown."""


def row_example(
    kind: str, situation: Situation, policies: tuple[Policy, Policy], rows: Iterable[Rule | None], disease: str
) -> str:
    """What a changed row does to a bill in a situation, as a sentence; empty where no bill tried shows it."""
    known = [row for row in rows if row is not None]
    counts = {row.deductible.waived_from for row in known} - {None}
    persons = [Person(), *(Person((code,)) for code in sorted({*policies[0].groups, *policies[1].groups}))]
    amounts = [*_usual(kind), *_near(known)]
    tried = itertools.product([situation], persons, [1, *sorted(filter(None, counts))], amounts)
    return _first(kind, disease, tried, policies)


def group_example(
    kind: str, situations: Iterable[Situation], policies: tuple[Policy, Policy], rows: Sequence[Bonus | Waiver]
) -> str:
    """What a changed raise or waiver does to the bill of somebody of its groups; empty where no bill shows it.

    A bill counts where the change is that of the row: who is of its groups fares otherwise than who is of none.
    """
    ages = sorted({age for row in rows for _, age in row.ages})
    told = {code for row in rows for code, _ in row.ages}
    codes = sorted({code for row in rows for code in row.groups} - told)
    persons = [*(Person((code,)) for code in codes), *(Person(age=age) for age in ages), Person()]
    persons.append(Person(tuple(codes), max(ages, default=None)))
    tried = itertools.product(situations, persons, [1], _usual(kind))
    return _first(kind, "", tried, policies, {row.id for row in rows})


def cap_example(
    kind: str, situations: Iterable[Situation], policies: tuple[Policy, Policy], caps: Sequence[Cap]
) -> str:
    """What a changed cap does to a bill that goes beyond it; empty where no bill shows it."""
    person = Person(insured=_FAMILY if any(cap.per_head for cap in caps) else None)
    beyond = sorted({cap.limit_fen(person.insured) * times for cap in caps for times in _TIMES})
    disease = min((code for cap in caps for code in cap.diseases), default="")
    tried = itertools.product(situations, [person], [1], [*_usual(kind), *beyond])
    return _first(kind, disease, tried, policies, {cap.id for cap in caps})


_TIMES = (2, 5, 20)
"""Bills that come to a cap at all but the lowest ratios."""


def _usual(kind: str) -> list[int]:
    return [USUAL_FEN[kind]] if kind in USUAL_FEN else []


def _near(rows: Iterable[Rule]) -> Iterator[int]:
    """Amounts just beyond every threshold of the rows."""
    for row in rows:
        limit = row.limit.amount_fen if row.limit is not None else None
        thresholds = [row.deductible.amount_fen, row.fixed_fen, row.patient_fen, limit, row.off_path_over_fen]
        thresholds += [band.up_to_fen for band in row.bands]
        yield from (amount + _BEYOND_FEN for amount in thresholds if amount)


def _first(
    kind: str,
    disease: str,
    tried: Iterable[tuple[Situation, Person, int, int]],
    policies: tuple[Policy, Policy],
    named: Collection[str] = (),
) -> str:
    """The first of the bills that pays another sum by the second policy; where rows are named, one that they touch."""
    for situation, person, admission, amount in tried:
        question = _question(kind, situation, amount, disease, admission)
        try:
            paid = _paid(question, person, policies)
        except UnknownGroup:
            continue
        if _gains(paid) and (not named or _shown(question, person, policies, paid, named)):
            who = _who(situation, person, disease, admission, policies[1])
            was, now = (_yuan(one.benefit_fen) for one in paid)
            return f"例:{who},可补偿费用 {_yuan(amount)} 元,补偿由 {was} 元变为 {now} 元。"
    return ""


def _paid(question: Question, person: Person, policies: tuple[Policy, Policy]) -> list[Adjudication]:
    """What a person gets by each policy on its first day. Raises UnknownGroup."""
    return [quote(_of(question, person, policy.effective_from), policy) for policy in policies]


def _gains(paid: Sequence[Adjudication]) -> int:
    """What the second policy pays more, in fen."""
    return paid[1].benefit_fen - paid[0].benefit_fen


def _shown(
    question: Question,
    person: Person,
    policies: tuple[Policy, Policy],
    paid: Sequence[Adjudication],
    named: Collection[str],
) -> bool:
    """Whether one of the rows did something to a bill: a cap that cut, a raise or waiver that counted and by which the
    person fares otherwise, in the same direction, than who is of no group."""
    steps = [step for one in paid for step in one.trace if step.rule in named]
    if not any(step.step != "cap" or step.amount_fen < int(dict(step.inputs)["before_fen"]) for step in steps):
        return False
    nobody = person._replace(groups=(), age=None)
    others = 0 if person == nobody else _gains(_paid(question, nobody, policies))
    return _gains(paid) * (_gains(paid) - others) > 0


def _question(kind: str, situation: Situation, amount: int, disease: str, admission: int) -> Question:
    level, place, ownership, designation, emergency, migrant, referred = situation
    return Question(
        kind=kind,
        level=level,
        eligible_fen=amount,
        admitted_on=date.min,
        place=place,
        ownership=ownership,
        designation=designation,
        emergency=emergency,
        migrant=migrant,
        referred=referred,
        disease=disease,
        admission=admission,
    )


def _of(question: Question, person: Person, day: date) -> Question:
    """The question about a person on a day; who is told by age has his birthday."""
    question = replace(question, admitted_on=day, groups=frozenset(person.groups), insured=person.insured)
    if person.age is None:
        return question
    day = day if (day.month, day.day) != (2, 29) else day.replace(day=28)
    return replace(question, birth_date=day.replace(year=day.year - person.age))


def _who(situation: Situation, person: Person, disease: str, admission: int, policy: Policy) -> str:
    """`五保户,县内县级,病种 O80,本年第 3 次住院`."""
    told = [policy.groups.get(code, words.word(words.GROUPS, code)) for code in person.groups]
    told += [f"{person.age} 周岁的人"] if person.age is not None else []
    told += [f"全家参合 {person.insured} 人"] if person.insured is not None else []
    level, place, ownership, designation, *flags = situation
    where = [words.word(words.PLACES, place)]
    where += [words.word(words.DESIGNATIONS, designation)] if designation == "none" else []
    where += [words.word(words.OWNERSHIPS, ownership)] if ownership == "private" else []
    told.append("".join([*where, words.word(words.LEVELS, level)]))
    named = zip(("emergency", "migrant", "referred"), flags, strict=True)
    told += [words.word(words.CIRCUMSTANCES, code) for code, holds in named if holds]
    told += [f"病种 {disease}"] if disease else []
    told += [f"本年第 {admission} 次住院"] if admission > 1 else []
    return ",".join(told)


def _yuan(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))
