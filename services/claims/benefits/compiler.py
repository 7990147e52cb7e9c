"""From a policy document to the immutable policy that the engine decides with."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.claims.benefits.contradictions import (
    accumulator_names,
    contradictions,
    deadline_rows,
    paper_rows,
    situations,
)
from services.claims.benefits.document import PolicyErrors, Source, inherit, read
from services.claims.benefits.messages import refused
from services.claims.benefits.model import (
    EACH_TIME,
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
    Inquiry,
    Layer,
    Limit,
    Origin,
    Papers,
    Policy,
    Rule,
    Situation,
    Waiver,
)
from services.claims.benefits.schema import (
    AccidentDoc,
    BenefitDoc,
    BonusDoc,
    CapDoc,
    EssentialDoc,
    FloorDoc,
    LayerDoc,
    LimitDoc,
    PolicyDoc,
    Row,
    RuleDoc,
    Sourced,
    WaiverDoc,
)
from shared.kernel.canonical import canonical_json, digest


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
    findings = [source.finding(path, message) for path, message in contradictions(document)]
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


# ---------------------------------------------------------------- compiling


def _policy(document: PolicyDoc) -> Policy:
    scopes = _scopes(document)
    layers = tuple(
        _layer(document, layer_id, layer, scopes)
        for layer_id, layer in sorted(document.layers.items(), key=lambda pair: pair[1].order)
    )
    always = [
        f"parameters.{name}"
        for name in type(document.parameters).model_fields
        if (value := getattr(document.parameters, name)) is not None and value.illustrative
    ]
    newborn = [name for name in always if name == "parameters.newborn_days"]
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
        always_illustrative=tuple(name for name in always if name not in newborn),
        newborn_illustrative=tuple(newborn),
        newborn_days=parameters.newborn_days.value if parameters.newborn_days is not None else 0,
        family_account=_family_account(document),
        circumstances=tuple(_circumstances(document)),
        deadlines=tuple(_deadlines(document)),
        papers=tuple(_papers(document)),
        accidents=_accidents(document),
        groups={code: group.name for code, group in document.groups.items()},
    )


def _circumstances(document: PolicyDoc) -> Iterator[Circumstance]:
    for code, row in sorted((document.circumstances or {}).items()):
        origin = _origin(document, f"circumstances.{code}", row)
        yield Circumstance(code, row.counts == "decided", row.notice_days, origin, row.late == "approved")


def _accidents(document: PolicyDoc) -> Inquiry | None:
    row = document.accidents
    if row is None:
        return None
    return Inquiry(row.report_days, row.late == "approved", row.posted_days, _origin(document, "accidents", row))


def _deadlines(document: PolicyDoc) -> Iterator[Deadline]:
    for row_id, row in sorted(deadline_rows(document).items()):
        name = f"window.deadlines.{row_id}"
        month_day = None if row.by is None else (int(row.by[:2]), int(row.by[3:]))
        yield Deadline(name, row.name, frozenset(row.kinds), month_day, row.days, _origin(document, name, row))


def _papers(document: PolicyDoc) -> Iterator[Papers]:
    for kind, row in sorted(paper_rows(document).items()):
        yield Papers(kind, tuple(row.needed), _origin(document, f"window.papers.{kind}", row))


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
    for layer in layers:
        yield from layer.origin.illustrative
    for benefit in itertools.chain.from_iterable(layer.buckets for layer in layers):
        for row in benefit_rows(benefit):
            yield from row.origin.illustrative


def _beside_the_layers(document: PolicyDoc) -> Iterator[str]:
    """What has no source of the family account, the circumstances, accidents, deadlines and papers."""
    if document.family_account is not None and document.family_account.illustrative:
        yield "family_account"
    rows: list[Circumstance | Deadline | Papers] = [
        *_circumstances(document),
        *_deadlines(document),
        *_papers(document),
    ]
    if (accidents := _accidents(document)) is not None:
        yield from accidents.origin.illustrative
    for row in rows:
        yield from row.origin.illustrative


def benefit_rows(benefit: Benefit) -> list[Rule | Cap | Bonus | Waiver | Floor | Accident | Essential]:
    """Everything in a bucket that has an origin."""
    single = [row for row in (benefit.floor, benefit.accident, benefit.essential) if row is not None]
    return [*benefit.rules, *benefit.caps, *benefit.bonuses, *benefit.waivers, *single]


def _layer(document: PolicyDoc, layer_id: str, layer: LayerDoc, scopes: dict[str, set[str]]) -> Layer:
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


def _scopes(document: PolicyDoc) -> dict[str, set[str]]:
    """For each accumulator the scopes in which some cap counts it, of whatever layer; a person-year is always kept."""
    scopes: dict[str, set[str]] = {}
    for layer_id, layer in document.layers.items():
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
            waived_clause=(rule.deductible_waived_from and rule.deductible_waived_from.clause) or rule.clause or "",
        ),
        bands=bands,
        ratio_clause=next((way.clause for way in (rule.ratio, rule.patient) if way and way.clause), rule.clause) or "",
        origin=_origin(
            document,
            name,
            rule,
            deductible=rule.deductible,
            ratio=rule.ratio,
            fixed=rule.fixed,
            patient=rule.patient,
            deductible_waived_from=rule.deductible_waived_from,
            when=None if rule.when_stated else Sourced[bool](value=False, illustrative=True),
        ),
        diseases=frozenset(rule.diseases or ()),
        fixed_fen=rule.fixed.value if rule.fixed is not None else None,
        patient_fen=rule.patient.value if rule.patient is not None else None,
        limit=_limit(rule.limit),
        off_path_over_fen=rule.off_path_over,
    )


def _limit(limit: LimitDoc | None) -> Limit | None:
    return (
        None
        if limit is None
        else Limit(limit.amount, limit.shared_up_to or 0, limit.share or 0, limit.excess == "hospital")
    )


def _cap(document: PolicyDoc, name: str, cap: CapDoc, counts: str) -> Cap:
    return Cap(
        id=name,
        name=cap.name,
        amount_fen=cap.amount.value,
        period=cap.period,
        counts=cap.counts or counts,
        origin=_origin(document, name, cap, amount=cap.amount),
        diseases=frozenset(cap.diseases or ()),
        per_head=bool(cap.per_head),
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
