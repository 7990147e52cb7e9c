"""A set of situations in words: the fewest phrases that name exactly these situations and no other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from services.claims.benefits import words
from services.claims.benefits.model import DESIGNATIONS, LEVELS, OWNERSHIPS, PLACES, Situation

_FLAG = (False, True)
DOMAINS: tuple[tuple[str | bool, ...], ...] = (LEVELS, PLACES, OWNERSHIPS, DESIGNATIONS, _FLAG, _FLAG, _FLAG)
"""Every value of every member of a Situation."""
EVERYTHING: frozenset[Situation] = frozenset(itertools.product(*DOMAINS))  # type: ignore[arg-type]
_ORDER = (1, 3, 2, 0, 4, 5, 6)
"""The order in which an office says it: place, designation, ownership, level, then the circumstances."""
_TABLES = (words.LEVELS, words.PLACES, words.OWNERSHIPS, words.DESIGNATIONS)
_FLAGS = (("非急诊", "急诊"), ("非外出务工", "外出务工"), ("未经转诊", "经转诊"))
_FIRST_FLAG = 4
_HOSPITALS_FIRST = ("county", "township", "prefecture", "province", "village")
USUAL_PLACE = {"prefecture": "in_province", "province": "in_province"}
"""Where a hospital of a level stands unless somebody says otherwise; of every other level in the county."""
Phrase = tuple[frozenset[str | bool], ...]


def phrases(situations: Iterable[Situation]) -> list[str]:
    """The situations in words, for example `县外省内、省外 非定点 外出务工`."""
    return [told for told, _ in parts(situations)]


def parts(situations: Iterable[Situation]) -> list[tuple[str, Situation]]:
    """The situations in words, each phrase with the plainest situation that it names."""
    cells = {tuple(situation[i] for i in _ORDER) for situation in situations}
    boxes = _boxes(frozenset(cells), tuple(DOMAINS[i] for i in _ORDER))
    return [(_words(phrase), _plainest(phrase)) for phrase in boxes]


def _plainest(phrase: Phrase) -> Situation:
    """The first value of each member, but a hospital rather than a clinic, and where such a hospital usually stands."""
    values = dict(zip(_ORDER, phrase, strict=True))
    first = [next(value for value in DOMAINS[member] if value in values[member]) for member in range(len(DOMAINS))]
    first[0] = next(level for level in _HOSPITALS_FIRST if level in values[0])
    usual = USUAL_PLACE.get(str(first[0]), "in_county")
    first[1] = usual if usual in values[1] else first[1]
    return tuple(first)  # type: ignore[return-value]


def _boxes(cells: frozenset[tuple[str | bool, ...]], domains: tuple[tuple[str | bool, ...], ...]) -> Iterator[Phrase]:
    """The cells as boxes (products of value sets): values that leave the same rest are said together."""
    if not domains:
        yield ()
        return
    rests: dict[frozenset[tuple[str | bool, ...]], list[str | bool]] = {}
    for value in domains[0]:
        rest = frozenset(cell[1:] for cell in cells if cell[0] == value)
        if rest:
            rests.setdefault(rest, []).append(value)
    for rest, values in rests.items():
        for box in _boxes(rest, domains[1:]):
            yield (frozenset(values), *box)


def _words(phrase: Phrase) -> str:
    told = []
    for member, values in zip(_ORDER, phrase, strict=True):
        domain = DOMAINS[member]
        if len(values) == len(domain):
            continue
        if member >= _FIRST_FLAG:
            told.append(_FLAGS[member - _FIRST_FLAG][int(True in values)])
        else:
            told.append("、".join(words.word(_TABLES[member], str(value)) for value in domain if value in values))
    return " ".join(told) or "所有情形"
