"""What a person should look at before a policy is decided, and the policy as the table on the office wall (七公开)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from services.claims.benefits import words
from services.claims.benefits.document import Finding, Source
from services.claims.benefits.model import DESIGNATIONS, LEVELS, OWNERSHIPS, PLACES, Benefit, Cap, Layer, Policy, Rule
from services.claims.benefits.schema import PolicyDoc
from services.claims.benefits.slip import percent, yuan
from shared.kernel.money import format_ratio, format_yuan

_FLAGS = 3


def findings(policy: Policy, source: Source) -> list[Finding]:
    """Warnings of a document that can be used: situations without a row, values without source."""
    found = []
    for layer in policy.layers:
        for benefit in layer.benefits.values():
            path = ("layers", layer.id, "benefits", benefit.id.split(".")[1], "rules")
            for gap in gaps(benefit):
                found.append(source.finding(path, f"没有规定:{gap}", "warning"))
    for name in policy.illustrative:
        found.append(Finding("warning", _line_of(source, name), name, "来源没有写明,须由统筹区点名接受才能用于结算"))
    return found


def gaps(benefit: Benefit) -> Iterator[str]:
    """Situations that no row speaks of, in words, the most general wording that is true."""
    missing: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for place, designation in itertools.product(PLACES, DESIGNATIONS):
        for level, ownership in itertools.product(LEVELS, OWNERSHIPS):
            if not _spoken_of(benefit, (level, place, ownership, designation)):
                missing[place, designation].append((level, ownership))
    for (place, designation), holes in missing.items():
        where = f"{words.word(words.PLACES, place)}{words.word(words.DESIGNATIONS, designation)}机构"
        if len(holes) == len(LEVELS) * len(OWNERSHIPS):
            yield where
        else:
            yield f"{where}:" + "、".join(
                words.word(words.LEVELS, level) + words.word(words.OWNERSHIPS, ownership) for level, ownership in holes
            )


def _spoken_of(benefit: Benefit, place: tuple[str, str, str, str]) -> bool:
    flags = itertools.product((False, True), repeat=_FLAGS)
    return any((*place, *three) in benefit.table for three in flags)


def _line_of(source: Source, name: str) -> int | None:
    """The line of an illustrative name: `basic.inpatient.township.ratio` or `parameters.year_by`."""
    parts = tuple(name.split("."))
    if parts[0] == "parameters":
        return source.line_of(parts)
    layer = ("layers", parts[0])
    if len(parts) == 1:
        return source.line_of(layer)
    benefit = (*layer, "benefits", parts[1])
    for table in ("rules", "caps", "bonuses"):
        if (path := (*benefit, table, *parts[2:])) in source.lines:
            return source.lines[path]
    return source.line_of(benefit)


# ---------------------------------------------------------------- the table on the wall


def wall_table(policy: Policy, document: PolicyDoc) -> str:
    """The policy as plain text for the notice board, in Chinese."""
    lines = [policy.title, f"自 {policy.effective_from:%Y 年 %-m 月 %-d 日}起执行", ""]
    for layer in policy.layers:
        lines += list(_layer_lines(layer))
    for reading in document.readings:
        lines.append(f"问:{reading.question} 答:{reading.taken}")
    sources = "、".join(source.title for _, source in sorted(document.sources.items()))
    lines += ["", f"依据:{sources}", f"方案编号:{policy.id} 版本指纹:{policy.hash}"]
    return "\n".join(lines) + "\n"


def _layer_lines(layer: Layer) -> Iterator[str]:
    yield f"【{layer.name}】由{layer.payer}支付"
    for benefit in layer.benefits.values():
        yield f"  {benefit.name}"
        for rule in benefit.rules:
            yield f"    {rule.name}:{_rule_words(rule)}{_mark(rule)}"
        for cap in benefit.caps:
            amount = yuan(format_yuan(cap.amount_fen))
            yield f"    {cap.name}:{words.word(words.PERIODS, cap.period)} {amount} 元{_mark(cap)}"
        for bonus in benefit.bonuses:
            raised = (
                f"{bonus.points // 100} 个百分点" if bonus.points else f"原比例的 {percent(format_ratio(bonus.factor))}"
            )
            yield f"    {bonus.name}:提高 {raised}"
    yield ""


def _rule_words(rule: Rule) -> str:
    if not rule.bands:
        return "不补偿"
    deductible = rule.deductible
    per = "每年" if deductible.per == "person_year" else "每次"
    start = f"起付线{per} {yuan(format_yuan(deductible.amount_fen))} 元" if deductible.amount_fen else "不设起付线"
    if deductible.waived_from is not None:
        start += f"(第 {deductible.waived_from} 次起免)"
    parts = []
    for band in rule.bands:
        limit = f"{yuan(format_yuan(band.up_to_fen))} 元以内 " if band.up_to_fen is not None else ""
        limit = "其余 " if band.up_to_fen is None and len(rule.bands) > 1 else limit
        parts.append(f"{limit}补偿 {percent(format_ratio(band.ratio))}")
    return f"{start},{','.join(parts)}"


def _mark(row: Rule | Cap) -> str:
    return "(推定,须统筹区接受)" if row.origin.illustrative else ""
