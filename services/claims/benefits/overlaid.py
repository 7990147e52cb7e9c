"""What is wrong with a document as it is laid over the one it inherits from: looked at before the two become one.

Afterwards nobody can tell any more whose clause stands beside a value, or that a row was to be taken away which is not
there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.claims.benefits.spelling import like

Laid = Mapping[str, Any]
Place = tuple[str | int, ...]
_BESIDE = ("clause", "source", "effective_from", "illustrative", "note", "name", "order", "benefits")
"""Members of a row that are none of its values."""
_MARKED = ("true", "yes", "on", "1", "t", "y")


def overlay_problems(below: Laid, above: Laid) -> Iterator[tuple[Place, str]]:
    """Paths in the heir and what to say of them."""
    if above.get("policy") is None:
        yield ("inherits",), "继承另一份方案的,要写自己的编号(policy):否则改过的内容与原方案同名"
    own = {name: value for name, value in above.items() if name != "policy"}
    yield from _of(below, own, ())


def _of(below: Laid, above: Laid, here: Place) -> Iterator[tuple[Place, str]]:
    for name, value in above.items():
        if value is None and name not in below:
            yield (*here, name), f"所继承的方案里没有 {name},去不掉{like(name, below)}"
        elif isinstance(value, dict) and isinstance(below.get(name), dict):
            yield from _of(below[name], value, (*here, name))
    if isinstance(below.get("clause"), str) and above.get("clause") is None and not _marked(below, above):
        for name in above:
            if name not in _BESIDE and above[name] != below.get(name) and not _of_its_own(below.get(name), above[name]):
                told = "改了值,依据还是所继承方案的原文:另写 clause;来源没有规定的写 illustrative: true 和 note"
                yield (*here, name), told


def _of_its_own(below: Any, above: Any) -> bool:
    """Whether a value has an origin beside it, so that the clause of the row does not speak of it."""
    if not isinstance(above, dict):
        return False
    before = below if isinstance(below, dict) else {}
    return isinstance(before.get("clause") or above.get("clause"), str) or _marked(before, above)


def _marked(below: Laid, above: Laid) -> bool:
    return str(above.get("illustrative", below.get("illustrative"))).lower() in _MARKED
