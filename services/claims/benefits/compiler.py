"""From a policy document to the immutable policy that the engine decides with."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.claims.benefits.areas import phrases
from services.claims.benefits.document import Path, PolicyErrors, Source, inherit, read
from services.claims.benefits.messages import refused
from services.claims.benefits.model import (
    DESIGNATIONS,
    EACH_TIME,
    LEVELS,
    OWNERSHIPS,
    PLACES,
    Accident,
    Band,
    Benefit,
    Bonus,
    Cap,
    Circumstance,
    Deadline,
    Deductible,
    Essential,
    FamilyAccount,
    Floor,
    Layer,
    Limit,
    Origin,
    Policy,
    Rule,
    Situation,
    Waiver,
)
from services.claims.benefits.payers import payer_problems
from services.claims.benefits.schema import (
    AccidentDoc,
    BenefitDoc,
    BonusDoc,
    CapDoc,
    DeadlineDoc,
    EssentialDoc,
    FloorDoc,
    LayerDoc,
    LimitDoc,
    PolicyDoc,
    Row,
    RuleDoc,
    Sourced,
    WaiverDoc,
    When,
)
from services.claims.benefits.words import KINDS, word
from shared.kernel.canonical import canonical_json, digest

_BOTH = (False, True)
MOST_COMBINATIONS = 200_000
"""Pairs of disease and situation in a document: a table of that size is made in well under a second."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document that can be used: its policy, its canonical form and what a person should look at."""

    policy: Policy
    document: PolicyDoc
    canonical: str
    source: Source


def load(text: str, parent_of: Callable[[str], str] | None = None) -> Loaded:
    """Reads, validates and compiles a document. Raises PolicyErrors naming every guilty line."""
    source = inherit(read(text), parent_of or _no_parent)
    try:
        document = PolicyDoc.model_validate(source.raw)
    except ValidationError as wrong:
        raise refused(source, wrong, PolicyDoc) from wrong
    findings = [source.finding(path, message) for path, message in _contradictions(document)]
    if findings:
        raise PolicyErrors(findings)
    canonical = document.model_dump(mode="json", exclude_none=True)
    return Loaded(_policy(document), document, canonical_json(canonical).decode(), source)


def stored(canonical: str) -> tuple[Policy, PolicyDoc]:
    """The policy and the document of a canonical form that was kept after `load` had accepted it."""
    document = PolicyDoc.model_validate(json.loads(canonical))
    return _policy(document), document


def _no_parent(policy_id: str) -> str:
    raise KeyError(policy_id)


# ---------------------------------------------------------------- what pydantic cannot see


def _contradictions(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
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
    yield from _deadline_problems(document)
    first = min(document.layers.values(), key=lambda layer: layer.order)
    for layer_id, layer in document.layers.items():
        here: Path = ("layers", layer_id)
        yield from _origin_problems(document, here, layer)
        kinds: dict[tuple[str, object], str] = {}
        for benefit_id, benefit in layer.benefits.items():
            where = (*here, "benefits", benefit_id)
            asked = (benefit.kind, benefit.condition)
            if asked in kinds:
                yield (*where, "kind"), f"{benefit.kind} 已在 {kinds[asked]} 中规定"
            kinds[asked] = benefit_id
            if layer.order != first.order:
                yield from _only_below(where, benefit)
            yield from _benefit_problems(document, where, f"{layer_id}.{benefit_id}", benefit)
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
    if benefit.floor is not None and benefit.floor.of == "total":
        yield (*here, "floor", "of"), "按总费用保底只能写在第一层"


def _parameter_origins(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    for name in document.parameters.model_fields_set:
        value: Sourced[Any] = getattr(document.parameters, name)
        if value.clause is None and not value.illustrative:
            yield ("parameters", name), "缺少依据:写明 clause,来源没有规定的写 illustrative: true"
        if value.source is not None and value.source not in document.sources:
            yield ("parameters", name, "source"), f"sources 里没有 {value.source}"


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


def _benefit_problems(document: PolicyDoc, here: Path, name: str, benefit: BenefitDoc) -> Iterator[tuple[Path, str]]:
    names = accumulator_names(name, benefit)
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
        yield from _origin_problems(
            document, where, rule, rule.deductible, rule.deductible_waived_from, rule.ratio, rule.fixed
        )
    yield from _overlaps(here, benefit)
    for cap_id, cap in benefit.caps.items():
        where = (*here, "caps", cap_id)
        yield from _origin_problems(document, where, cap, cap.amount)
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
        if part is not None and part.source is not None and part.source not in document.sources:
            yield (*here, "source"), f"sources 里没有 {part.source}"


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


# ---------------------------------------------------------------- compiling


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


def _policy(document: PolicyDoc) -> Policy:
    layers = tuple(
        _layer(document, layer_id, layer)
        for layer_id, layer in sorted(document.layers.items(), key=lambda pair: pair[1].order)
    )
    always = [
        f"parameters.{name}"
        for name in type(document.parameters).model_fields
        if (value := getattr(document.parameters, name)) is not None and value.illustrative
    ]
    always += [name for layer in layers for name in layer.origin.illustrative]
    parameters = document.parameters
    return Policy(
        id=document.policy,
        title=document.title,
        scheme=document.scheme,
        pools=tuple(document.pools),
        effective_from=document.effective_from,
        effective_to=document.effective_to,
        year_by=parameters.year_by.value,
        waiting_days=parameters.waiting_days.value,
        lines_after_coverage=parameters.lines_after_coverage.value,
        layers=layers,
        hash=digest(document.model_dump(mode="json", exclude_none=True)).hex(),
        illustrative=tuple(dict.fromkeys([*always, *_illustrative(layers), *_beside_the_layers(document)])),
        always_illustrative=tuple(always),
        newborn_days=parameters.newborn_days.value if parameters.newborn_days is not None else 0,
        family_account=_family_account(document),
        circumstances=tuple(_circumstances(document)),
        deadlines=tuple(_deadlines(document)),
        groups={code: group.name for code, group in document.groups.items()},
    )


def _circumstances(document: PolicyDoc) -> Iterator[Circumstance]:
    for code, row in sorted((document.circumstances or {}).items()):
        origin = _origin(document, f"circumstances.{code}", row)
        yield Circumstance(code, row.counts == "decided", row.notice_days, origin)


def _deadlines(document: PolicyDoc) -> Iterator[Deadline]:
    for row_id, row in sorted(deadline_rows(document).items()):
        name = f"window.deadlines.{row_id}"
        month_day = None if row.by is None else (int(row.by[:2]), int(row.by[3:]))
        yield Deadline(name, row.name, frozenset(row.kinds), month_day, row.days, _origin(document, name, row))


def deadline_rows(document: PolicyDoc) -> dict[str, DeadlineDoc]:
    """The deadlines for papers of the window."""
    return document.window.deadlines if document.window is not None else {}


def _family_account(document: PolicyDoc) -> FamilyAccount | None:
    account = document.family_account
    if account is None:
        return None
    return FamilyAccount(
        name=account.name,
        kinds=frozenset(account.kinds),
        covers=account.covers,
        payer=account.payer,
        account=account.account,
        book=account.book,
        expense_account=account.expense_account,
        origin=_origin(document, "family_account", account),
    )


def _illustrative(layers: Iterable[Layer]) -> Iterator[str]:
    for benefit in itertools.chain.from_iterable(layer.buckets for layer in layers):
        for row in benefit_rows(benefit):
            yield from row.origin.illustrative


def _beside_the_layers(document: PolicyDoc) -> Iterator[str]:
    """What has no source of the family account, the circumstances and the deadlines."""
    if document.family_account is not None and document.family_account.illustrative:
        yield "family_account"
    rows: list[Circumstance | Deadline] = [*_circumstances(document), *_deadlines(document)]
    for row in rows:
        yield from row.origin.illustrative


def benefit_rows(benefit: Benefit) -> list[Rule | Cap | Bonus | Waiver | Floor | Accident | Essential]:
    """Everything in a bucket that has an origin."""
    single = [row for row in (benefit.floor, benefit.accident, benefit.essential) if row is not None]
    return [*benefit.rules, *benefit.caps, *benefit.bonuses, *benefit.waivers, *single]


def _layer(document: PolicyDoc, layer_id: str, layer: LayerDoc) -> Layer:
    scopes = _scopes(layer_id, layer)
    buckets = [
        (_benefit(document, f"{layer_id}.{benefit_id}", benefit, scopes), benefit)
        for benefit_id, benefit in sorted(layer.benefits.items(), key=lambda pair: pair[1].order)
    ]
    return Layer(
        id=layer_id,
        name=layer.name,
        payer=layer.payer,
        account=layer.account,
        book=layer.book,
        risk_bearer=layer.risk_bearer,
        base=layer.base,
        benefits={benefit.kind: benefit for benefit, doc in buckets if doc.condition is None},
        origin=_origin(document, layer_id, layer),
        voluntary=layer.voluntary,
        special=_by_kind(benefit for benefit, doc in buckets if doc.condition is not None and doc.items is None),
        extended=_by_kind(benefit for benefit, doc in buckets if doc.items is not None),
    )


def _by_kind(benefits: Iterable[Benefit]) -> dict[str, tuple[Benefit, ...]]:
    grouped: dict[str, tuple[Benefit, ...]] = {}
    for benefit in benefits:
        grouped[benefit.kind] = (*grouped.get(benefit.kind, ()), benefit)
    return grouped


def accumulator_names(name: str, benefit: BenefitDoc) -> list[str]:
    """What a bucket counts into; its own account where the document names none."""
    return benefit.adds_to or [f"{name}.benefit"]


def _scopes(layer_id: str, layer: LayerDoc) -> dict[str, set[str]]:
    """For each accumulator the scopes in which some cap of the layer counts it; a person-year is always kept."""
    scopes: dict[str, set[str]] = {}
    for benefit_id, benefit in layer.benefits.items():
        names = accumulator_names(f"{layer_id}.{benefit_id}", benefit)
        for name in names:
            scopes.setdefault(name, {"person_year"})
        for cap in benefit.caps.values():
            if cap.period not in EACH_TIME:
                scopes.setdefault(cap.counts or names[0], {"person_year"}).add(cap.period)
    return scopes


def _benefit(document: PolicyDoc, here: str, benefit: BenefitDoc, scopes: dict[str, set[str]]) -> Benefit:
    names = accumulator_names(here, benefit)
    rows = sorted(benefit.rules.items(), key=lambda pair: pair[1].order)
    rules = {rule_id: _rule(document, f"{here}.{rule_id}", rule) for rule_id, rule in rows}
    tables: dict[str, dict[Situation, Rule]] = {}
    for rule_id, rule in rows:
        for disease, when in itertools.product(rule.diseases or [""], rule.when):
            tables.setdefault(disease, {}).update(dict.fromkeys(situations(when), rules[rule_id]))
    table = tables.pop("", {})
    caps = sorted(benefit.caps.items(), key=lambda pair: pair[1].order)
    bonuses = sorted(benefit.bonuses.items(), key=lambda pair: pair[1].order)
    return Benefit(
        id=here,
        kind=benefit.kind,
        name=benefit.name,
        adds_to=tuple((scope, name) for name in names for scope in sorted(scopes[name])),
        rules=tuple(rules.values()),
        table=table,
        caps=tuple(_cap(document, f"{here}.{cap_id}", cap, names[0]) for cap_id, cap in caps),
        bonuses=tuple(_bonus(document, f"{here}.{bonus_id}", bonus) for bonus_id, bonus in bonuses),
        account=benefit.account,
        entitlement=benefit.entitlement or "",
        diseases=frozenset(benefit.diseases or ()),
        items=frozenset(benefit.items or ()),
        by_disease=tables,
        yearly=bool(benefit.yearly),
        floor=_floor(document, f"{here}.floor", benefit.floor),
        waivers=tuple(
            _waiver(document, f"{here}.{waiver_id}", waiver)
            for waiver_id, waiver in sorted((benefit.waivers or {}).items())
        ),
        accident=_accident(document, f"{here}.accident", benefit.accident),
        essential=_essential(document, f"{here}.essential", benefit.essential),
    )


def _floor(document: PolicyDoc, name: str, floor: FloorDoc | None) -> Floor | None:
    if floor is None:
        return None
    return Floor(name, floor.name, floor.ratio, floor.of, _origin(document, name, floor))


def _waiver(document: PolicyDoc, name: str, waiver: WaiverDoc) -> Waiver:
    groups = waiver.groups or []
    return Waiver(
        name, waiver.name, frozenset(groups), _ages(document, groups), waiver.emergency, _origin(document, name, waiver)
    )


def _accident(document: PolicyDoc, name: str, accident: AccidentDoc | None) -> Accident | None:
    if accident is None:
        return None
    return Accident(name, accident.name, accident.factor, accident.cap, _origin(document, name, accident))


def _essential(document: PolicyDoc, name: str, essential: EssentialDoc | None) -> Essential | None:
    if essential is None:
        return None
    return Essential(name, essential.name, essential.points, _origin(document, name, essential))


def _rule(document: PolicyDoc, name: str, rule: RuleDoc) -> Rule:
    bands: tuple[Band, ...] = ()
    if rule.ratio is not None:
        bands = (Band(None, rule.ratio.value),)
    elif rule.bands is not None:
        bands = tuple(Band(band.up_to, band.ratio) for band in rule.bands)
    return Rule(
        id=name,
        name=rule.name,
        deductible=Deductible(
            amount_fen=rule.deductible.value,
            per=rule.deductible_per,
            waived_from=rule.deductible_waived_from.value if rule.deductible_waived_from is not None else None,
            clause=rule.deductible.clause or rule.clause or "",
        ),
        bands=bands,
        ratio_clause=(rule.ratio.clause if rule.ratio is not None else None) or rule.clause or "",
        origin=_origin(
            document,
            name,
            rule,
            deductible=rule.deductible,
            ratio=rule.ratio,
            fixed=rule.fixed,
            deductible_waived_from=rule.deductible_waived_from,
            when=None if rule.when_stated else Sourced[bool](value=False, illustrative=True),
        ),
        diseases=frozenset(rule.diseases or ()),
        fixed_fen=rule.fixed.value if rule.fixed is not None else None,
        limit=_limit(rule.limit),
        off_path_over_fen=rule.off_path_over,
    )


def _limit(limit: LimitDoc | None) -> Limit | None:
    return None if limit is None else Limit(limit.amount, limit.shared_up_to or 0, limit.share or 0)


def _cap(document: PolicyDoc, name: str, cap: CapDoc, counts: str) -> Cap:
    return Cap(
        id=name,
        name=cap.name,
        amount_fen=cap.amount.value,
        period=cap.period,
        counts=cap.counts or counts,
        origin=_origin(document, name, cap, amount=cap.amount),
        diseases=frozenset(cap.diseases or ()),
    )


def _bonus(document: PolicyDoc, name: str, bonus: BonusDoc) -> Bonus:
    return Bonus(
        id=name,
        name=bonus.name,
        groups=frozenset(bonus.groups),
        ages=_ages(document, bonus.groups),
        points=bonus.points or 0,
        factor=bonus.factor or 0,
        stacks=bonus.stacks,
        origin=_origin(document, name, bonus),
    )


def _ages(document: PolicyDoc, groups: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """The groups that are told by age, with the age."""
    ages = [(code, document.groups[code].age_from) for code in groups]
    return tuple((code, age) for code, age in ages if age is not None)


def _origin(document: PolicyDoc, name: str, row: Row, **values: Sourced[Any] | None) -> Origin:
    source = row.source or document.source or next(iter(document.sources))
    since: date = row.effective_from or document.effective_from
    marked = [name] if row.illustrative else []
    marked += [f"{name}.{field}" for field, value in values.items() if value is not None and value.illustrative]
    clause = row.clause or next((v.clause for v in values.values() if v is not None and v.clause), None)
    return Origin(clause or "", source, since, document.sources[source].verified_on, tuple(marked))
