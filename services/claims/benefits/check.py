"""What a person should look at before a policy is decided: the findings of `heyi policy check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.claims.benefits import words
from services.claims.benefits.areas import EVERYTHING, phrases
from services.claims.benefits.diseases import codes_of, covering
from services.claims.benefits.diseases import told as told_codes
from services.claims.benefits.document import Finding, Path, Source
from services.claims.benefits.idle import idle_rows
from services.claims.benefits.model import EACH_TIME, FULL_RATIO, Benefit, Cap, Layer, Policy, Rule, Situation
from services.claims.benefits.schema import PolicyDoc
from services.claims.benefits.shadowed import shadowed
from services.claims.benefits.slip import yuan
from shared.kernel.money import format_yuan

_PERIODS = ("admission", "visit", "person_day", "disease_year", "person_year", "household_year")
"""Periods from the narrowest to the widest."""


def findings(policy: Policy, source: Source, document: PolicyDoc | None = None) -> list[Finding]:
    """Warnings of a document that can be used, in the order of the document; `document` adds what only it shows."""
    found = []
    first = policy.layers[0]
    for layer in policy.layers:
        found += [source.finding(path, message, "warning") for path, message in _place_of(policy, layer)]
        for benefit in layer.buckets:
            here: Path = ("layers", layer.id, "benefits", benefit.id.split(".")[1])
            told = [*_gaps(layer, first, benefit), *_ratios(benefit), *_unreachable(policy, layer, benefit)]
            told += [*shadowed(layer, benefit), *idle_rows(benefit)]
            found += [source.finding((*here, *path), message, "warning") for path, message in told]
        if layer.base == "cut_by_cap" and not _capped_before(policy, layer):
            message = "这一层从前一层的全年封顶线起付,而前一层没有全年封顶线,永远不会支付"
            found.append(source.finding(("layers", layer.id, "base"), message, "warning"))
    found += [source.finding(path, message, "warning") for path, message in _said(policy)]
    if document is not None:
        found += [source.finding(path, message, "warning") for path, message in _sources(document)]
    for name in policy.illustrative:
        message = "来源没有写明,须由统筹区点名接受才能用于结算"
        found.append(source.finding(_path_of(source, name), message, "warning", name))
    return found


def _place_of(policy: Policy, layer: Layer) -> Iterator[tuple[Path, str]]:
    """A layer that runs before one that rulings §3 puts below it, and one below all that not everybody has."""
    ranks = list(words.LAYERS)
    later = [one for one in policy.layers[policy.layers.index(layer) + 1 :] if one.id in ranks]
    if layer.id in ranks and any(ranks.index(one.id) < ranks.index(layer.id) for one in later):
        usual = "、".join(words.word(words.LAYERS, code) for code in words.BOOKS)
        yield ("layers", layer.id), f"各层不按通常的次序({usual})计算,请核对"
    if layer is policy.layers[0] and layer.voluntary:
        yield ("layers", layer.id, "voluntary"), "第一层只给参加的人,没有参加的得不到任何补偿,请核对"


# ---------------------------------------------------------------- gaps


def _gaps(layer: Layer, first: Layer, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """Situations that no row speaks of; a layer above has to speak only where the first one pays."""
    wanted = EVERYTHING
    if layer is not first and benefit.kind in first.benefits:
        wanted = frozenset(first.benefits[benefit.kind].table)
    if benefit.items and benefit.kind not in layer.benefits and benefit.kind not in layer.special:
        yield ("items",), "没有规定:所列项目以外的费用"
    if not benefit.table:
        yield from _gaps_of_diseases(benefit, wanted)
        return
    for gap in phrases(wanted - benefit.table.keys()):
        yield ("rules",), f"没有规定:{gap}"


def _gaps_of_diseases(benefit: Benefit, wanted: frozenset[Situation]) -> Iterator[tuple[Path, str]]:
    """What a bucket leaves open whose rows all name diseases: other diseases, and situations of those named."""
    if not benefit.diseases:
        yield ("rules",), "没有规定:各行写明的病种以外的病种"
    elif lost := [code for code in sorted(benefit.diseases) if covering(code, benefit.by_disease) is None]:
        yield ("rules",), f"没有规定:病种 {told_codes(lost)} 中各行没有写明的"
    gaps: dict[str, list[str]] = {}
    for code in sorted(benefit.by_disease):
        tables = [benefit.by_disease[one] for one in codes_of(code) if one in benefit.by_disease]
        for gap in phrases(wanted.difference(*tables)):
            gaps.setdefault(gap, []).append(code)
    for gap, codes in gaps.items():
        yield ("rules",), f"没有规定:病种 {'、'.join(codes)},{gap}"


# ---------------------------------------------------------------- impossible ratios


def _ratios(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    for rule in benefit.rules:
        row: Path = ("rules", rule.id.split(".")[2])
        ratios = [band.ratio for band in rule.bands]
        if ratios and not any(ratios):
            yield row, "比例是 0%:不补偿的写 nothing: true"
        if ratios != sorted(ratios):
            yield row, "费用高的一段比例反而低,请核对"
        for bonus in benefit.bonuses:
            times = len(bonus.groups) if bonus.stacks else 1
            most = (max(ratios, default=0) + bonus.points * times) * (FULL_RATIO + bonus.factor * times) // FULL_RATIO
            if most > FULL_RATIO:
                told = f"{most // 100}%"
                yield row, f"加上“{bonus.name}”后比例为 {told},超过 100%,只按 100% 补偿"


# ---------------------------------------------------------------- rows and caps that never count


def _unreachable(policy: Policy, layer: Layer, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    below = [bucket for bucket in policy.layers[0].buckets if bucket.kind == benefit.kind]
    if not below:
        yield ("kind",), f"第一层不补偿这类医疗服务,“{benefit.name}”永远不会支付"
        return
    for rule in benefit.rules:
        row: Path = ("rules", rule.id.split(".")[2])
        tables = [benefit.table, *benefit.by_disease.values()]
        mine = {situation for table in tables for situation, one in table.items() if one is rule}
        reached = any(_pays(bucket, situation) for bucket in below for situation in mine)
        if layer is not policy.layers[0] and rule.pays and not reached:
            yield row, "第一层在这些情形下都不补偿,这一行永远不会用到"
        yield from _row_against_caps(row, rule, benefit)
    yield from _caps(benefit.caps)


def _pays(benefit: Benefit, situation: Situation) -> bool:
    tables = [benefit.table, *benefit.by_disease.values()]
    return any((rule := table.get(situation)) is not None and rule.pays for table in tables)


def _row_against_caps(row: Path, rule: Rule, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """A band that lies beyond what the caps ever let through."""
    paid, done = 0, 0
    for number, band in enumerate(rule.bands):
        for cap in benefit.caps:
            if cap.per_head:
                continue  # how much it lets through depends on the household
            limits = not cap.diseases or (rule.diseases and rule.diseases <= cap.diseases)
            if limits and paid >= cap.amount_fen * FULL_RATIO and number:
                yield row, f"第 {number + 1} 段永远用不到:到这一段时已达{cap.name}"
                return
        if band.up_to_fen is not None:
            paid, done = paid + (band.up_to_fen - done) * band.ratio, band.up_to_fen


def _caps(caps: tuple[Cap, ...]) -> Iterator[tuple[Path, str]]:
    for cap in caps:
        where: Path = ("caps", cap.id.split(".")[2])
        if not cap.amount_fen:
            yield where, "封顶线是 0 元,什么都不会支付"
        for other in caps:
            if other is cap or not _within(cap, other):
                continue
            amount = yuan(format_yuan(other.amount_fen))
            yield where, f"永远不会起作用:{other.name}({amount} 元)先到"


def _within(cap: Cap, other: Cap) -> bool:
    """True where the other cap is always reached before this one."""
    if other.counts != cap.counts and cap.period not in EACH_TIME:
        return False
    if other.diseases and other.diseases != cap.diseases:
        return False
    if other.per_head and not cap.per_head:
        return False  # a large household may come to the other one first
    narrower = _PERIODS.index(cap.period) < _PERIODS.index(other.period)
    return (narrower and other.amount_fen <= cap.amount_fen) or (
        cap.period == other.period and other.amount_fen < cap.amount_fen
    )


def _capped_before(policy: Policy, layer: Layer) -> bool:
    before = policy.layers[policy.layers.index(layer) - 1]
    kinds = {benefit.kind for benefit in layer.buckets}
    return any(cap.of_the_year for benefit in before.buckets if benefit.kind in kinds for cap in benefit.caps)


# ---------------------------------------------------------------- circumstances and deadlines


def _said(policy: Policy) -> Iterator[tuple[Path, str]]:
    """Circumstances that change nothing, deadlines for care that is not covered or that leave no time."""
    for one in policy.circumstances:
        if not _asks_for(policy, one.code):
            what = words.word(words.CIRCUMSTANCES, one.code)
            yield ("circumstances", one.code), f"没有任何规定区分有无{what},这一条不起作用"
    kinds = {benefit.kind for benefit in policy.layers[0].buckets}
    for deadline in policy.deadlines:
        where: Path = ("window", "deadlines", deadline.id.rpartition(".")[2])
        for kind in sorted(deadline.kinds - kinds):
            yield (*where, "kinds"), f"第一层不补偿{words.word(words.KINDS, kind)},这一截止日不会用到"
        left = (deadline.last_day(_YEAR_END) - _YEAR_END).days
        if left < _FEWEST_DAYS:
            yield where, f"年底出院(就诊)的只有 {left} 天时间送材料,请核对"


_YEAR_END = date(2010, 12, 31)
_FEWEST_DAYS = 10


def _asks_for(policy: Policy, code: str) -> bool:
    """Whether some row or waiver of the policy is another one with the circumstance than without it."""
    member = len(_PLAIN) + _FLAGS.index(code)
    for benefit in (bucket for layer in policy.layers for bucket in layer.buckets):
        if code == "emergency" and any(waiver.emergency for waiver in benefit.waivers):
            return True
        for table in (benefit.table, *benefit.by_disease.values()):
            for situation, rule in table.items():
                other = (*situation[:member], not situation[member], *situation[member + 1 :])
                if table.get(other) is not rule:  # type: ignore[arg-type]
                    return True
    return False


_PLAIN, _FLAGS = ("level", "place", "ownership", "designation"), ("emergency", "migrant", "referred")
"""The members of a Situation, in their order."""


# ---------------------------------------------------------------- sources


def _sources(document: PolicyDoc) -> Iterator[tuple[Path, str]]:
    """Sources that nothing rests on, groups that nothing names."""
    rest_on = {document.source or next(iter(document.sources))}
    named: set[str] = set()
    for _, row in _rows(document):
        rest_on.add(str(row.get("source") or ""))
        named.update(row.get("groups") or ())
    for name in document.sources:
        if name not in rest_on:
            yield ("sources", name), "没有任何规定引用这个来源"
    for code in document.groups:
        if code not in named:
            yield ("groups", code), "没有任何规定用到这类人群"


def _rows(document: PolicyDoc) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every mapping of the document that may name a source."""
    stack: list[tuple[Path, object]] = [((), document.model_dump(exclude={"sources"}))]
    while stack:
        path, part = stack.pop()
        if isinstance(part, dict):
            if path:
                yield path, part
            stack += [((*path, key), value) for key, value in part.items()]
        elif isinstance(part, list):
            stack += [((*path, number), value) for number, value in enumerate(part)]


def _path_of(source: Source, name: str) -> Path:
    """Where an illustrative name stands: `basic.inpatient.township.ratio` or `parameters.year_by`."""
    parts = tuple(name.split("."))
    if parts[0] in ("parameters", "family_account", "circumstances", "accidents", "window"):
        return parts
    layer = ("layers", parts[0])
    if len(parts) == 1:
        return layer
    benefit = (*layer, "benefits", parts[1])
    for table in ("rules", "caps", "bonuses", "waivers"):
        if source.has((*benefit, table, *parts[2:3])):
            return (*benefit, table, *parts[2:])
    return (*benefit, *parts[2:])
