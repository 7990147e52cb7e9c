"""Buckets and rows of a policy that another one always comes before: for `heyi policy check`.

A claim falls into the first special bucket that its disease and the person's cards open, otherwise into the ordinary
one (0222); an item is paid by the first bucket that takes it out of the bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.claims.benefits import words
from services.claims.benefits.diseases import covering
from services.claims.benefits.document import Path
from services.claims.benefits.messages import choices
from services.claims.benefits.model import Benefit, Layer


def shadowed(layer: Layer, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """Paths within a bucket of a layer, with what is wrong."""
    if benefit.entitlement and benefit.entitlement not in words.ENTITLEMENTS:
        known = choices(list(words.ENTITLEMENTS), words.ENTITLEMENTS)
        yield ("entitlement",), f"没有发这种证 {benefit.entitlement},这一项永远用不到;有的是:{known}"
    if benefit.items:
        yield from _items(layer, benefit)
        return
    if (first := next(_before(layer, benefit, ""), None)) is not None:
        yield (), f"这一项永远用不到:先按“{first.name}”补偿;要用它,请写到前面"
        return
    yield from _codes(layer, benefit, ("diseases",), benefit.diseases)
    for rule in benefit.rules:
        row: Path = ("rules", rule.id.split(".")[2], "diseases")
        if lost := sorted(code for code in rule.diseases if not _meets(code, benefit.diseases)):
            yield row, f"这一项不用于病种 {'、'.join(lost)},这一行对它永远用不到"
        yield from _codes(layer, benefit, row, rule.diseases - set(lost))


def _codes(layer: Layer, benefit: Benefit, row: Path, codes: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Codes of a bucket or row that a bucket before it takes."""
    for code in sorted(codes):
        if (first := next(_before(layer, benefit, code), None)) is not None:
            yield row, f"病种 {code} 在这里永远用不到:先按“{first.name}”补偿"


def _before(layer: Layer, benefit: Benefit, code: str) -> Iterator[Benefit]:
    """The buckets that come before a bucket and open whenever it does: for a code, or whatever the disease is."""
    for other in layer.special.get(benefit.kind, ()):
        if other is benefit:
            return
        if other.entitlement not in ("", benefit.entitlement):
            continue
        if (covering(code, other.diseases) is not None) if code else not other.diseases:
            yield other


def _meets(code: str, named: frozenset[str]) -> bool:
    """Whether a code and those of a bucket have diagnoses in common; a bucket that names none is for all."""
    return not named or covering(code, named) is not None or any(covering(one, {code}) for one in named)


def _items(layer: Layer, benefit: Benefit) -> Iterator[tuple[Path, str]]:
    """Items that a bucket before it takes wherever it would pay."""
    for other in layer.extended.get(benefit.kind, ()):
        if other is benefit:
            return
        if (common := sorted(other.items & benefit.items)) and _paying(benefit) <= _paying(other):
            yield ("items",), f"项目 {'、'.join(common)} 在这里永远用不到:先按“{other.name}”补偿"


def _paying(benefit: Benefit) -> set[object]:
    return {situation for situation, rule in benefit.table.items() if rule.pays}
