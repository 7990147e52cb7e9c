"""What begins to count anew with a version that starts within a year: earlier benefits then no longer use a cap up.

A mid-year change keeps what was accumulated (rulings §4). Counts are kept by name, so that a version that names a
bucket or a count otherwise, or counts over another period, starts from nothing: that is said before it is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from services.claims.benefits.document import Finding, Path, Source
from services.claims.benefits.model import EACH_TIME, Benefit, Layer, Policy
from services.claims.benefits.paying import counters
from services.claims.benefits.sharing import kind_of

_COUNTERS = {
    "deductible": "全年起付线重新累计,本年此前已扣的不再计入",
    "admissions": "住院次数重新计算,本年此前的不再计入",
    "base": "全年费用重新累计,本年此前的不再计入",
}
_KEPT = "要接着累计,请沿用原方案的编号、adds_to 和 counts"


class Restart(NamedTuple):
    """Something of a bucket that counts anew, where it stands in the document, and in words."""

    benefit: Benefit
    path: Path
    told: str


def restarts(old: Policy, new: Policy) -> Iterator[Restart]:
    """What the new version does not count on; nothing where it follows at the beginning of a year.

    One that corrects another from the same day on has what was counted by it since, also from the first of January.
    """
    day = new.effective_from
    if old.effective_from < day and (day - timedelta(days=1)).year != day.year:
        return
    layers = {layer.id: layer for layer in old.layers}
    for layer in new.layers:
        for now in layer.buckets:
            was = _before(layers.get(layer.id), now)
            if was is not None:
                path: Path = ("layers", layer.id, "benefits", now.id.split(".")[1])
                yield from (Restart(now, (*path, *row), told) for row, told in _of(was, now))


def restart_findings(old: Policy, new: Policy, source: Source) -> list[Finding]:
    """The same as warnings on the lines of the new document."""
    return [source.finding(one.path, f"{one.told};{_KEPT}", "warning") for one in restarts(old, new)]


def _before(layer: Layer | None, now: Benefit) -> Benefit | None:
    """The bucket of the older version that the care fell into: of the same conditions, or else of the same id."""
    buckets = () if layer is None else layer.buckets
    alike = [one for one in buckets if kind_of(one) == kind_of(now)] or [one for one in buckets if one.id == now.id]
    return alike[0] if alike else None


def _of(was: Benefit, now: Benefit) -> Iterator[tuple[Path, str]]:
    for cap in now.caps:
        if cap.period not in (*EACH_TIME, "person_day") and (cap.period, cap.counts) not in was.adds_to:
            yield ("caps", cap.id.split(".")[2]), f"{cap.name}重新累计,本年此前的补偿不再计入"
    for name in counters(now):
        if name not in counters(was):
            yield (), _COUNTERS[name.rpartition(".")[2]]
