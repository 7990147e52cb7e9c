"""What changes for whom between two policies, in words (`heyi policy diff A B`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.claims.benefits.areas import EVERYTHING, phrases
from services.claims.benefits.model import Benefit, Layer, Policy, Rule, Situation
from services.claims.benefits.quote import Question, group_names, quote
from services.claims.benefits.slip import yuan
from services.claims.benefits.wall import (
    account_words,
    bucket_words,
    circumstance_words,
    deadline_words,
    layer_words,
    named_rows,
    papers_words,
    rule_words,
)
from shared.kernel.money import format_yuan

EXAMPLE_FEN = {"inpatient": 1_000_000, "outpatient": 10_000}
"""Eligible amounts of the example beside a changed row: 10,000 yuan in hospital, 100 at the clinic."""


def differences(old: Policy, new: Policy) -> list[str]:
    """Sentences, the benefits layer by layer; a list that says so where nothing changes for anybody."""
    told = [f"{old.title} → {new.title}", f"自 {new.effective_from:%Y 年 %-m 月 %-d 日}起:"]
    changes = [*_parameters(old, new), *_layers(old, new)]
    return [*told, *(changes or ["对任何人都没有变化。"])]


def _parameters(old: Policy, new: Policy) -> Iterator[str]:
    dates = {"admission": "入院日期", "discharge": "出院日期", "settlement": "结算日期"}
    if old.year_by != new.year_by:
        yield f"- 所有人:封顶线所属年度由按{dates[old.year_by]}改为按{dates[new.year_by]}。"
    if old.waiting_days != new.waiting_days:
        yield f"- 新参合的人:等待期由 {old.waiting_days} 天改为 {new.waiting_days} 天。"
    if old.lines_after_coverage != new.lines_after_coverage:
        now = "不予补偿" if new.lines_after_coverage == "excluded" else "予以补偿"
        yield f"- 跨年住院而次年没有参合的人:参合期以后的费用改为{now}。"

    if old.newborn_days != new.newborn_days:
        yield f"- 新生儿:随母亲参合由出生 {old.newborn_days} 天内改为 {new.newborn_days} 天内。"
    yield from _changes("- 各户", _account(old), _account(new))
    yield from _said_changes("- 就诊情形", _circumstances(old), _circumstances(new))
    yield from _said_changes("- 到窗口报销的人", _deadlines(old), _deadlines(new))
    yield from _said_changes("- 到窗口报销的人", _papers(old), _papers(new))


def _circumstances(policy: Policy) -> dict[str, str]:
    return {one.code: circumstance_words(one) for one in policy.circumstances}


def _deadlines(policy: Policy) -> dict[str, str]:
    """By kind of care, which has one deadline at most."""
    return {kind: deadline_words(one) for one in policy.deadlines for kind in sorted(one.kinds)}


def _papers(policy: Policy) -> dict[str, str]:
    return {one.kind: papers_words(one) for one in policy.papers}


def _said_changes(where: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Sentences that changed; one that stands for two kinds of care is told once."""
    pairs = [(before.get(one, "没有规定"), after.get(one, "没有规定")) for one in dict.fromkeys([*before, *after])]
    for was, now in dict.fromkeys(pairs):
        if was != now:
            yield f"{where}:原“{was}”,现“{now}”。"


def _account(policy: Policy) -> dict[str, tuple[str, str]]:
    account = policy.family_account
    return {} if account is None else {"family_account": (account.name, account_words(account))}


def _layers(old: Policy, new: Policy) -> Iterator[str]:
    before = {layer.id: layer for layer in old.layers}
    after = {layer.id: layer for layer in new.layers}
    for layer_id in dict.fromkeys([*before, *after]):
        was, now = before.get(layer_id), after.get(layer_id)
        if was is None and now is not None:
            yield f"- 新设“{now.name}”,由{now.payer}支付{layer_words(now)}。"
        elif now is None and was is not None:
            yield f"- 取消“{was.name}”。"
            continue
        elif was is not None and now is not None:
            yield from _one_layer(was, now)
        yield from _benefits(was, now, old, new)


def _one_layer(was: Layer, now: Layer) -> Iterator[str]:
    if was.payer != now.payer:
        yield f"- “{now.name}”改由{now.payer}支付(原为{was.payer})。"
    before, after = (layer_words(layer).lstrip(",") or "以合规费用为基数" for layer in (was, now))
    if before != after:
        yield f"- “{now.name}”:原“{before}”,现“{after}”。"


def _benefits(was: Layer | None, now: Layer | None, old: Policy, new: Policy) -> Iterator[str]:
    before = {_kind(benefit): benefit for benefit in was.buckets} if was is not None else {}
    after = {_kind(benefit): benefit for benefit in now.buckets} if now is not None else {}
    for kind in dict.fromkeys([*before, *after]):
        one, other = before.get(kind), after.get(kind)
        if other is None and one is not None:
            yield f"- 不再有“{one.name}”{bucket_words(one)}。"
        elif other is not None:
            if one is None:
                yield f"- 新设“{other.name}”{bucket_words(other)}。"
            first = was is old.layers[0] and now is new.layers[0] and not any(kind[1:])
            yield from _rows(one, other, (old, new) if first else None)
            yield from _changes(f"- {other.name}", _others(one, old), _others(other, new))


def _kind(benefit: Benefit) -> tuple[object, ...]:
    """What makes two buckets the same in two policies."""
    return benefit.kind, benefit.entitlement, tuple(sorted(benefit.diseases)), tuple(sorted(benefit.items))


def _others(benefit: Benefit | None, policy: Policy) -> dict[str, tuple[str, str]]:
    """The rows beside the table by their id, with name and words."""
    if benefit is None:
        return {}
    return {row_id: (name, told) for row_id, name, told, _ in named_rows(benefit, group_names(policy))}


def _changes(where: str, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for row_id in dict.fromkeys([*before, *after]):
        one, other = before.get(row_id), after.get(row_id)
        if one is None and other is not None:
            yield f"{where}:新设{other[0]},{other[1]}。"
        elif one is not None and other is None:
            yield f"{where}:取消{one[0]}(原{one[1]})。"
        elif one is not None and other is not None and one[1] != other[1]:
            yield f"{where}:{other[0]}由{one[1]}变为{other[1]}。"


def _rows(was: Benefit | None, now: Benefit, policies: tuple[Policy, Policy] | None) -> Iterator[str]:
    """Every change of a row, with exactly the situations in which it is felt."""
    changed: dict[tuple[str, str], list[Situation]] = {}
    diseases = sorted({"", *now.by_disease, *(was.by_disease if was is not None else ())})
    for disease in diseases:
        before_table, after_table = _table(was, disease), _table(now, disease)
        for situation in EVERYTHING:
            before, after = _said(before_table.get(situation)), _said(after_table.get(situation))
            if before != after:
                changed.setdefault((before, after), []).append(situation)
    lines = []
    for (before, after), situations in changed.items():
        for where in phrases(situations):
            lines.append(f"- {now.name},{where}:原 {before},现 {after}。{_example(now, situations, policies)}")
    yield from sorted(lines)


def _table(benefit: Benefit | None, disease: str) -> Mapping[Situation, Rule]:
    """The rows for a disease, or the ordinary ones."""
    if benefit is None:
        return {}
    return benefit.by_disease.get(disease, {}) if disease else benefit.table


def _said(rule: Rule | None) -> str:
    return "没有规定" if rule is None else rule_words(rule)


def _example(benefit: Benefit, situations: list[Situation], policies: tuple[Policy, Policy] | None) -> str:
    """What the change does to a bill, where both policies answer the same question."""
    amount = EXAMPLE_FEN.get(benefit.kind)
    if policies is None or amount is None:
        return ""
    level, place, ownership, designation, emergency, migrant, referred = min(situations)
    paid = []
    for policy in policies:
        question = Question(
            kind=benefit.kind,
            level=level,
            eligible_fen=amount,
            admitted_on=policy.effective_from,
            place=place,
            ownership=ownership,
            designation=designation,
            emergency=emergency,
            migrant=migrant,
            referred=referred,
        )
        paid.append(yuan(format_yuan(quote(question, policy).benefit_fen)))
    return f"例:可补偿费用 {yuan(format_yuan(amount))} 元,补偿由 {paid[0]} 元变为 {paid[1]} 元。"
