"""What makes a document of the right form unusable: two rows for one situation, a name that is not there, no source.

Pydantic has read the form; this looks across it. Each finding is a path in the document and what to say of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from services.claims.benefits.areas import phrases
from services.claims.benefits.document import Path
from services.claims.benefits.messages import choices, misformed
from services.claims.benefits.model import DESIGNATIONS, LEVELS, OWNERSHIPS, PLACES, Situation
from services.claims.benefits.payers import payer_problems
from services.claims.benefits.schema import (
    COUNT_PATTERN,
    BenefitDoc,
    DeadlineDoc,
    PapersDoc,
    PolicyDoc,
    Row,
    RuleDoc,
    Sourced,
    When,
)
from services.claims.benefits.words import KINDS, word

_BOTH = (False, True)
_COUNTERS = ("deductible", "admissions", "base")
"""What a bucket counts beside its benefit (`paying.counters`)."""
MOST_COMBINATIONS = 200_000
"""Pairs of disease and situation in a document: a table of that size is made in well under a second."""


def contradictions(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    """Paths and messages of everything that makes the document unusable."""
    if document.source is not None and document.source not in document.sources:
        yield ("source",), f"sources 里没有 {document.source}"
    if len(document.sources) > 1 and document.source is None:
        yield ("sources",), "有几个来源时,用 source 写明默认来源"
    if _combinations(document) > MOST_COMBINATIONS:
        yield (
            ("layers",),
            f"病种与情形的组合超过 {MOST_COMBINATIONS} 个,请把病种分到单独的一项(写在 benefits 的 diseases)",
        )
        return
    yield from payer_problems(document)
    yield from _parameter_origins(document)
    if document.family_account is not None:
        yield from _origin_problems(document, ("family_account",), document.family_account)
    for code, circumstance in (document.circumstances or {}).items():
        yield from _origin_problems(document, ("circumstances", code), circumstance)
    if document.accidents is not None:
        yield from _origin_problems(document, ("accidents",), document.accidents)
    yield from _deadline_problems(document)
    first = min(document.layers.values(), key=lambda layer: layer.order)
    for layer_id, layer in document.layers.items():
        here: Path = ("layers", layer_id)
        yield from _origin_problems(document, here, layer)
        kinds: dict[tuple[str, object], str] = {}
        for benefit_id, benefit in layer.benefits.items():
            where = (*here, "benefits", benefit_id)
            if benefit.kind not in KINDS:
                yield (*where, "kind"), f"只能是 {choices(list(KINDS), KINDS)} 之一"
            asked = (benefit.kind, benefit.condition)
            if asked in kinds:
                yield (*where, "kind"), f"{benefit.kind} 已在 {kinds[asked]} 中规定"
            kinds[asked] = benefit_id
            if layer.order != first.order:
                yield from _only_below(where, benefit)
            yield from _benefit_problems(document, where, f"{layer_id}.{benefit_id}", benefit)
            yield from _count_problems(document, where, benefit)
    if first.base != "eligible":
        yield ("layers",), "第一层应以合规费用(eligible)为基数"


def _combinations(document: PolicyDoc) -> int:
    """How many pairs of disease and situation the rows speak of: what the tables will hold."""
    rows = (
        rule for layer in document.layers.values() for one in layer.benefits.values() for rule in one.rules.values()
    )
    return sum(len(rule.diseases or [""]) * sum(_situations_of(when) for when in rule.when) for rule in rows)


def _situations_of(when: When) -> int:
    """How many situations a condition holds in."""
    held = 1
    for some, every in (
        (when.level, LEVELS),
        (when.place, PLACES),
        (when.ownership, OWNERSHIPS),
        (when.designation, DESIGNATIONS),
    ):
        held *= len(some or every)
    return held << sum(flag is None for flag in (when.emergency, when.migrant, when.referred))


def _only_below(here: Path, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    """What only the first layer can say, because only it sees the bill."""
    for name in ("items", "essential", "accident"):
        if getattr(benefit, name) is not None:
            yield (*here, name), f"{name} 只能写在第一层"
    for rule_id, rule in benefit.rules.items():
        if rule.limit is not None and rule.limit.excess == "hospital":
            yield (*here, "rules", rule_id, "limit", "excess"), "超限额由医院负担只能写在第一层"
    if benefit.floor is not None and benefit.floor.of == "total":
        yield (*here, "floor", "of"), "按总费用保底只能写在第一层"


def _parameter_origins(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    for name in document.parameters.model_fields_set:
        value: Sourced[Any] = getattr(document.parameters, name)
        if value.clause is None and not value.illustrative:
            yield ("parameters", name), "缺少依据:写明 clause,来源没有规定的写 illustrative: true"
        yield from _value_problems(document, ("parameters", name), value)


def _deadline_problems(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    """Deadlines without source, and a second one for the same kind of care."""
    taken: dict[str, str] = {}
    for row_id, row in deadline_rows(document).items():
        here: Path = ("window", "deadlines", row_id)
        yield from _origin_problems(document, here, row)
        for kind in row.kinds:
            if kind in taken:
                yield (*here, "kinds"), f"{word(KINDS, kind)}的截止日已在 {taken[kind]} 中规定"
            taken[kind] = row_id
    for named, papers in paper_rows(document).items():
        yield from _origin_problems(document, ("window", "papers", named), papers)


def _benefit_problems(document: PolicyDoc, here: Path, name: str, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    names = accumulator_names(name, benefit)
    yield from _ids_twice(here, benefit)
    for part in ("floor", "accident", "essential"):
        row: Row | None = getattr(benefit, part)
        if row is not None:
            yield from _origin_problems(document, (*here, part), row)
    for waiver_id, waiver in (benefit.waivers or {}).items():
        where = (*here, "waivers", waiver_id)
        yield from _origin_problems(document, where, waiver)
        for group in waiver.groups or ():
            if group not in document.groups:
                yield (*where, "groups"), f"groups 里没有 {group}"
    for rule_id, rule in benefit.rules.items():
        where = (*here, "rules", rule_id)
        yield from _empty_lists(where, rule)
        values = (rule.deductible, rule.deductible_waived_from, rule.ratio, rule.fixed, rule.patient)
        yield from _origin_problems(document, where, rule, *values)
        if rule.patient is not None and rule.limit is not None and rule.patient.value >= rule.limit.amount:
            yield (*where, "patient"), "个人负担的金额应小于限额(limit),否则什么都不补偿"
    yield from _overlaps(here, benefit)
    for cap_id, cap in benefit.caps.items():
        where = (*here, "caps", cap_id)
        yield from _origin_problems(document, where, cap, cap.amount)
        if cap.period == "person_day" and benefit.kind == "inpatient":
            yield (
                (*where, "period"),
                "每人每日(person_day)的封顶线只用于门诊:住院一次有许多天,写 admission(每次)或按年的",
            )
        if cap.per_head and cap.period != "household_year":
            yield (*where, "per_head"), "按家庭参合人数计算(per_head)的封顶线,period 应写 household_year"
        if cap.counts is not None and cap.counts not in names:
            yield (*where, "counts"), f"本项待遇不计入 {cap.counts},只计入 {'、'.join(names)}"
    for bonus_id, bonus in benefit.bonuses.items():
        where = (*here, "bonuses", bonus_id)
        yield from _origin_problems(document, where, bonus)
        for group in bonus.groups:
            if group not in document.groups:
                yield (*where, "groups"), f"groups 里没有 {group}"


def _origin_problems(
    document: PolicyDoc, here: Path, row: Row, *values: Sourced[Any] | None
) -> Iterator[tuple[Path, str]]:
    if row.clause is None and not row.illustrative:
        yield here, "缺少依据:写明 clause,来源没有规定的写 illustrative: true 和 note"
    if row.illustrative and row.clause is None and row.note is None:
        yield here, "来源没有规定的值用 note 说明如何推定"
    for part in (row, *values):
        if part is not None:
            yield from _value_problems(document, here, part)


def _value_problems(document: PolicyDoc, here: Path, part: Row | Sourced[Any]) -> Iterator[tuple[Path, str]]:
    """A source that is not there, and a value that would count before its own day (0225)."""
    if part.source is not None and part.source not in document.sources:
        yield (*here, "source"), f"sources 里没有 {part.source}"
    if part.effective_from is not None and part.effective_from > document.effective_from:
        yield (
            (*here, "effective_from"),
            f"{part.effective_from} 晚于本方案的生效日 {document.effective_from}:"
            "中途改动的值另写一个版本,从那一天起生效",
        )


def _count_problems(document: PolicyDoc, here: Path, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    """Names of counts that no cap could name, and those that the buckets count something else by."""
    buckets = [f"{layer_id}.{one}" for layer_id, layer in document.layers.items() for one in layer.benefits]
    taken = {f"{bucket}.{counter}" for bucket in buckets for counter in _COUNTERS}
    for number, name in enumerate(benefit.adds_to or ()):
        if not re.fullmatch(COUNT_PATTERN, name):
            yield (*here, "adds_to", number), misformed(COUNT_PATTERN)
        elif name in taken:
            yield (*here, "adds_to", number), f"{name} 记的是起付线、住院次数或费用,补偿请计入另一个名称"


def _ids_twice(here: Path, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    """Two rows of one id in a bucket: a pool accepts what has no source by that id, and would accept both."""
    single = [part for part in ("floor", "accident", "essential") if getattr(benefit, part) is not None]
    taken = dict.fromkeys(single, "")
    for table in ("rules", "caps", "bonuses", "waivers"):
        for row_id in getattr(benefit, table) or ():
            if row_id in taken:
                other = f"{taken[row_id]}.{row_id}".lstrip(".")
                yield (*here, table, row_id), f"{other} 已用这个编号:同一项里每行的编号不能相同,请换一个"
            taken.setdefault(row_id, table)


def _empty_lists(here: Path, rule: RuleDoc) -> Iterator[tuple[Path, str]]:
    """Conditions that name nothing: whoever empties a list means no situation, and it would mean every one."""
    for number, when in enumerate(rule.when):
        for name, value in when:
            if value == []:
                one: Path = () if len(rule.when) == 1 else (number,)
                yield (*here, "when", *one, name), "至少写一项;不论哪一种的,不写这一项"


def _overlaps(here: Path, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    taken: dict[tuple[str, Situation], str] = {}
    for rule_id, rule in benefit.rules.items():
        clashes: dict[str, set[Situation]] = {}
        mine = set(itertools.chain.from_iterable(situations(when) for when in rule.when))
        for disease, situation in itertools.product(rule.diseases or [""], mine):
            other = taken.setdefault((disease, situation), rule_id)
            if other != rule_id:
                clashes.setdefault(other, set()).add(situation)
        for one, where in clashes.items():
            told = f"与“{benefit.rules[one].name}”({one})重叠,例如 {phrases(where)[0]}"
            yield (*here, "rules", rule_id, "when"), told


# ---------------------------------------------------------------- what compiling asks for too


def situations(when: When) -> Iterator[Situation]:
    """Every situation that a condition holds in."""
    yield from itertools.product(
        when.level or LEVELS,
        when.place or PLACES,
        when.ownership or OWNERSHIPS,
        when.designation or DESIGNATIONS,
        _BOTH if when.emergency is None else (when.emergency,),
        _BOTH if when.migrant is None else (when.migrant,),
        _BOTH if when.referred is None else (when.referred,),
    )


def accumulator_names(name: str, benefit: BenefitDoc) -> list[str]:
    """What a bucket counts into; its own account where the document names none."""
    return benefit.adds_to or [f"{name}.benefit"]


def paper_rows(document: PolicyDoc) -> dict[str, PapersDoc]:
    """The papers that the window asks for, by kind of care."""
    papers = document.window.papers if document.window is not None else None
    return dict(papers.items()) if papers is not None else {}


def deadline_rows(document: PolicyDoc) -> dict[str, DeadlineDoc]:
    """The deadlines for papers of the window."""
    return document.window.deadlines if document.window is not None else {}
