"""Rows of a policy that can be used and change nothing, or hardly what was meant: for `heyi policy check`."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.benefits.diseases import covering
from services.claims.benefits.document import Path
from services.claims.benefits.model import FULL_RATIO, Benefit, Rule
from services.claims.benefits.slip import percent, yuan
from shared.kernel.money import format_ratio, format_yuan

_HIGHEST_DEDUCTIBLE_FEN = 10_000_000
"""100,000 yuan: more than any scheme of the sources pays in a year."""


def idle_rows(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """Paths within a bucket, with what is wrong."""
    for rule in benefit.rules:
        yield from _rule(("rules", _name(rule.id)), rule, benefit)
    yield from _raises(benefit)
    yield from _deductible_of_nobody(benefit)
    yield from _floor(benefit)
    yield from _accident(benefit)
    yield from _cap_diseases(benefit)


def _rule(row: Path, rule: Rule, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    deductible, limit = rule.deductible, rule.limit
    if deductible.amount_fen > _HIGHEST_DEDUCTIBLE_FEN:
        yield (*row, "deductible"), f"起付线 {yuan(format_yuan(deductible.amount_fen))} 元,几乎没有人能得到补偿,请核对"
    if deductible.waived_from is not None and not deductible.amount_fen:
        yield (*row, "deductible_waived_from"), "这一行不设起付线,第几次起免不起作用"
    if limit is not None and limit.shared_up_to and not limit.share:
        yield (*row, "limit"), "超过限额的部分按 0% 计入,等于没有分担,请核对"
    if limit is not None and limit.share and not limit.shared_up_to:
        yield (*row, "limit"), "超过限额 0% 以内的部分才分担,等于没有分担,请核对"
    yield from _below_deductible(row, rule, benefit)
    most = max((band.ratio for band in rule.bands), default=0)
    essential = benefit.essential
    if essential is not None and most and most + essential.points > FULL_RATIO:
        told = f"{(most + essential.points) // 100}%"
        yield row, f"加上“{essential.name}”后比例为 {told},超过 100%,只按 100% 补偿"


def _below_deductible(row: Path, rule: Rule, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """A limit that never comes over the deductible of its row, where nothing waives it or lifts the benefit."""
    limit, due = rule.limit, rule.deductible
    if limit is None or due.per == "person_year" or due.waived_from or benefit.waivers or benefit.floor:
        return
    most = limit.amount_fen * (FULL_RATIO**2 + limit.shared_up_to * limit.share) // FULL_RATIO**2
    if most <= due.amount_fen:
        yield (*row, "limit"), f"限额不超过起付线 {yuan(format_yuan(due.amount_fen))} 元,这一行永远不会补偿"


def _raises(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    for bonus in benefit.bonuses:
        if not bonus.points and not bonus.factor:
            yield ("bonuses", _name(bonus.id)), "提高 0,这一条不起作用"
    if benefit.essential is not None and not benefit.essential.points:
        yield ("essential",), "提高 0 个百分点,这一条不起作用"


def _deductible_of_nobody(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    if any(rule.deductible.amount_fen for rule in benefit.rules):
        return
    for waiver in benefit.waivers:
        yield ("waivers", _name(waiver.id)), "没有一行设起付线,这一条不起作用"


def _floor(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    floor = benefit.floor
    if floor is not None and not floor.ratio:
        yield ("floor",), "保底 0%,这一条不起作用"
    if floor is not None and floor.ratio == FULL_RATIO:
        yield ("floor",), "保底 100%,可补偿费用全部支付,起付线和比例都不起作用,请核对"
    elif floor is not None:
        for rule in benefit.rules:
            if rule.bands and _highest(rule, benefit) <= floor.ratio:
                told = f"不高于“{floor.name}”的 {percent(format_ratio(floor.ratio))},起付线和比例都不起作用,请核对"
                yield ("rules", _name(rule.id)), f"比例{told}"


def _highest(rule: Rule, benefit: Benefit) -> int:
    """The highest ratio of a row with everything that may raise it."""
    times = [(bonus, len(bonus.groups) if bonus.stacks else 1) for bonus in benefit.bonuses]
    factor = FULL_RATIO + sum(bonus.factor * count for bonus, count in times)
    points = sum(bonus.points * count for bonus, count in times)
    points += benefit.essential.points if benefit.essential is not None else 0
    return max(band.ratio for band in rule.bands) * factor // FULL_RATIO + points


def _accident(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    accident = benefit.accident
    if accident is None:
        return
    if not accident.factor or accident.cap_fen == 0:
        yield ("accident",), "意外伤害一律不补偿,请核对"
    elif accident.factor == FULL_RATIO and accident.cap_fen is None:
        yield ("accident",), "意外伤害与其他住院一样补偿,这一条不起作用"


def _cap_diseases(benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """Diseases that a cap limits and that no row of the bucket names: mostly a misspelt code."""
    named = benefit.diseases.union(*(rule.diseases for rule in benefit.rules))
    for cap in benefit.caps:
        if lost := sorted(code for code in cap.diseases if not _spoken_of(code, named)):
            yield ("caps", _name(cap.id), "diseases"), f"没有一行提到病种 {'、'.join(lost)},请核对编码"


def _spoken_of(code: str, named: frozenset[str]) -> bool:
    """Whether a code, or one that it covers, is among those named."""
    return covering(code, named) is not None or any(covering(one, {code}) for one in named)


def _name(row_id: str) -> str:
    """`township` of `basic.inpatient.township`."""
    return row_id.split(".")[2]
