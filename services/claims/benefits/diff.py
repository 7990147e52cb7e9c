"""What changes for whom between two policies, in words (`heyi policy diff A B`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from services.claims.benefits import words
from services.claims.benefits.areas import EVERYTHING, parts
from services.claims.benefits.diseases import codes_of
from services.claims.benefits.example import cap_example, group_example, row_example
from services.claims.benefits.model import Benefit, Bonus, Layer, Policy, Rule, Situation, Waiver
from services.claims.benefits.quote import group_names
from services.claims.benefits.restarted import restarts
from services.claims.benefits.sharing import kind_of, own_id, sharing_changes
from services.claims.benefits.wall import (
    account_words,
    bucket_words,
    circumstance_words,
    deadline_words,
    inquiry_words,
    layer_words,
    named_rows,
    paid_words,
    papers_words,
)


def differences(old: Policy, new: Policy) -> list[str]:
    """Sentences, the benefits layer by layer; a list that says so where nothing changes for anybody."""
    until = f"至 {_day(new.effective_to)}" if new.effective_to is not None else ""
    told = [f"{old.title} → {new.title}", f"自 {_day(new.effective_from)}起{until}:"]
    if new.effective_from < old.effective_from:
        since, later = _day(new.effective_from), _day(old.effective_from)
        told.append(f"注意:前一份({later}起)比后一份({since}起)生效晚,下面是由新到旧的变化;要看由旧到新,请交换次序。")
    changes = [*_whose(old, new), *_end(old, new), *_parameters(old, new), *_layers(old, new), *_restarts(old, new)]
    return [*told, *(changes or ["对任何人都没有变化。"])]


def _whose(old: Policy, new: Policy) -> Iterator[str]:
    """For which pools and for which scheme the policies are."""
    if old.pools != new.pools:
        was, now = ("、".join(policy.pools) or "没有写明" for policy in (old, new))
        yield f"- 统筹区:原{was},现{now}。"
    if old.scheme != new.scheme:
        was, now = (words.word(words.SCHEMES, policy.scheme) for policy in (old, new))
        yield f"- 制度:原{was},现{now}。"


def _end(old: Policy, new: Policy) -> Iterator[str]:
    """The last day, where both begin on the same day: of versions that follow each other it is no change."""
    if old.effective_from == new.effective_from and old.effective_to != new.effective_to:
        was, now = ("没有写明" if day is None else _day(day) for day in (old.effective_to, new.effective_to))
        yield f"- 所有人:方案执行到哪天,原{was},现{now}。"


def _restarts(old: Policy, new: Policy) -> Iterator[str]:
    if new.effective_from > old.effective_from:
        yield from dict.fromkeys(f"- {one.benefit.name}:{one.told}。" for one in restarts(old, new))


def _day(day: date) -> str:
    return f"{day:%Y 年 %-m 月 %-d 日}"


def _parameters(old: Policy, new: Policy) -> Iterator[str]:
    dates = {"admission": "入院日期", "discharge": "出院日期", "settlement": "结算日期", "lines": "费用发生日期"}
    if old.year_by != new.year_by:
        yield f"- 所有人:封顶线所属年度由按{dates[old.year_by]}改为按{dates[new.year_by]}。"
    if old.waiting_days != new.waiting_days:
        yield f"- 新参合的人:等待期由 {old.waiting_days} 天改为 {new.waiting_days} 天。"
    if old.lines_after_coverage != new.lines_after_coverage:
        now = "不予补偿" if new.lines_after_coverage == "excluded" else "予以补偿"
        yield f"- 跨年住院而次年没有参合的人:参合期以后的费用改为{now}。"

    if old.newborn_days != new.newborn_days:
        was, now = (
            f"出生 {days} 天内随母亲参合" if days else "没有规定" for days in (old.newborn_days, new.newborn_days)
        )
        yield f"- 新生儿:原{was},现{now}。"
    yield from _changes("- 各户", _account(old), _account(new))
    yield from _said_changes("- 就诊情形", _circumstances(old), _circumstances(new))
    yield from _said_changes("- 意外伤害", _inquiry(old), _inquiry(new))
    yield from _said_changes("- 到窗口报销的人", _deadlines(old), _deadlines(new))
    yield from _said_changes("- 到窗口报销的人", _papers(old), _papers(new))


def _circumstances(policy: Policy) -> dict[str, str]:
    return {one.code: circumstance_words(one) for one in policy.circumstances}


def _inquiry(policy: Policy) -> dict[str, str]:
    return {} if policy.accidents is None else {"accidents": inquiry_words(policy.accidents)}


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
    before = {kind_of(benefit): benefit for benefit in was.buckets} if was is not None else {}
    after = {kind_of(benefit): benefit for benefit in now.buckets} if now is not None else {}
    for kind in dict.fromkeys([*before, *after]):
        one, other = before.get(kind), after.get(kind)
        if other is None and one is not None:
            yield f"- 不再有“{one.name}”{bucket_words(one)}。"
        elif other is not None:
            if one is None:
                yield f"- 新设“{other.name}”{bucket_words(other)}。"
            first = was is old.layers[0] and now is new.layers[0] and not any(kind[1:])
            yield from _rows(one, other, (old, new) if first else None)
            shown = _shown_by(one, other, (old, new)) if first and one is not None else None
            yield from _changes(f"- {other.name}", _others(one, old), _others(other, new), shown)
            yield from sharing_changes(one, other, old, new)


def _others(benefit: Benefit | None, policy: Policy) -> dict[str, tuple[str, str]]:
    """The rows beside the table by their id in the bucket, with name and words."""
    if benefit is None:
        return {}
    return {own_id(row_id): (name, told) for row_id, name, told, _ in named_rows(benefit, group_names(policy))}


def _changes(
    where: str,
    before: Mapping[str, tuple[str, str]],
    after: Mapping[str, tuple[str, str]],
    shown: Callable[[str], str] | None = None,
) -> Iterator[str]:
    """Rows by their id that are new, gone or other; `shown` gives the example of a row."""
    for row_id in dict.fromkeys([*before, *after]):
        one, other = before.get(row_id), after.get(row_id)
        told = None
        if one is None and other is not None:
            told = f"{where}:新设{other[0]},{other[1]}。"
        elif one is not None and other is None:
            told = f"{where}:取消{one[0]}(原{one[1]})。"
        elif one is not None and other is not None and one[1] != other[1]:
            told = f"{where}:{other[0]}由{one[1]}变为{other[1]}。"
        if told is not None:
            yield told + (shown(row_id) if shown is not None else "")


def _for_groups(benefit: Benefit) -> tuple[Bonus | Waiver, ...]:
    return (*benefit.bonuses, *benefit.waivers)


def _shown_by(was: Benefit, now: Benefit, policies: tuple[Policy, Policy]) -> Callable[[str], str]:
    """The example of a raise, waiver or cap, in the plainest situation of each row that pays."""
    tables = [[one for one in now.table if now.table[one] is rule] for rule in now.rules if rule.pays]
    situations = [parts(table)[0][1] for table in tables if table]

    def example(row_id: str) -> str:
        rows = [row for one in (was, now) for row in _for_groups(one) if own_id(row.id) == row_id]
        if rows:
            return group_example(now.kind, situations, policies, rows)
        caps = [cap for one in (was, now) for cap in one.caps if own_id(cap.id) == row_id]
        return cap_example(now.kind, situations, policies, caps) if caps else ""

    return example


def _rows(was: Benefit | None, now: Benefit, policies: tuple[Policy, Policy] | None) -> Iterator[str]:
    """Every change of a row, with exactly the diseases and situations in which it is felt."""
    changed: dict[tuple[str, str, frozenset[Situation]], list[str]] = {}
    diseases = sorted({"", *now.by_disease, *(was.by_disease if was is not None else ())})
    for disease in diseases:
        for (before, after), situations in _felt(was, now, disease).items():
            changed.setdefault((before, after, frozenset(situations)), []).append(disease)
    lines = []
    for (before, after, felt), of in changed.items():
        named = f",病种 {'、'.join(of)}" if of != [""] else ""
        for where, situation in parts(felt):
            shown = ""
            if policies is not None:
                rows = [_row(one, of[0], situation) for one in (was, now)]
                shown = row_example(now.kind, situation, policies, rows, of[0])
            lines.append(f"- {now.name}{named},{where}:原 {before},现 {after}。{shown}")
    yield from sorted(lines)


def _felt(was: Benefit | None, now: Benefit, disease: str) -> dict[tuple[str, str], list[Situation]]:
    """The changes for a disease, or for all that no row names: words before and after, and where they are felt."""
    felt: dict[tuple[str, str], list[Situation]] = {}
    for situation in EVERYTHING:
        if disease and not any(_own_row(one, disease, situation) for one in (was, now)):
            continue  # the ordinary rows apply before and after: their change is told by itself
        rows = [_row(one, disease, situation) for one in (was, now)]
        said = [_said(row, one) for row, one in zip(rows, (was, now), strict=True)]
        if said[0] == said[1]:
            continue
        before, after = (_ordinary(row, disease) + told for row, told in zip(rows, said, strict=True))
        felt.setdefault((before, after), []).append(situation)
    return felt


def _own_row(benefit: Benefit | None, disease: str, situation: Situation) -> Rule | None:
    if benefit is None:
        return None
    rows = (benefit.by_disease.get(code, {}).get(situation) for code in codes_of(disease))
    return next((row for row in rows if row is not None), None)


def _row(benefit: Benefit | None, disease: str, situation: Situation) -> Rule | None:
    """The row that applies: that of the disease, or the ordinary one."""
    if benefit is None:
        return None
    return _own_row(benefit, disease, situation) or benefit.table.get(situation)


def _ordinary(rule: Rule | None, disease: str) -> str:
    return "按一般规定 " if disease and rule is not None and not rule.diseases else ""


def _said(rule: Rule | None, benefit: Benefit | None) -> str:
    if rule is None or benefit is None:
        return "没有规定"
    return ("按全年累计 " if benefit.yearly else "") + paid_words(rule, yearly=benefit.yearly)
