"""For whom a campaign is (practice (vi)): where the surplus does not reach for all inpatients, the committee chooses
groups of persons, diseases, levels of institution or high costs. Pure.

A claim counts if one of the rows says so, and a row says so where all that it names fits: the person belonged to one of
its groups on the day of admission, one of its codes covers the diagnosis (decision 0222), the institution was of one of
its levels. High cost looks at a person's whole year.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.claims.benefits.diseases import covering, told
from services.claims.benefits.model import Policy
from services.claims.benefits.quote import group_code, group_names, told_groups
from services.claims.benefits.words import LEVELS, word
from shared.kernel.money import format_yuan


@dataclass(frozen=True, slots=True)
class Selection:
    """A row of what is selected; an empty member says nothing."""

    clause: str
    """The words of the committee that say so."""
    groups: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()
    """Ages from which a person belongs to those of the groups that are told by age, on the day of admission."""
    diseases: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    words: str = ""
    """What the row says, as the list shows it: kept, since names of groups belong to a policy version."""

    def row(self) -> dict[str, Any]:
        """Its stored form."""
        return {
            "clause": self.clause,
            "groups": list(self.groups),
            "ages": list(self.ages),
            "diseases": list(self.diseases),
            "levels": list(self.levels),
            "words": self.words,
        }

    def asked(self, diagnoses: Iterable[str]) -> dict[str, Any]:
        """What the statement that computes candidates looks for; ``diagnoses`` are those that a year's claims have."""
        return {
            "groups": list(self.groups) or None,
            "ages": list(self.ages),
            "diagnoses": [one for one in diagnoses if covering(one, self.diseases)] if self.diseases else None,
            "levels": list(self.levels) or None,
        }


def selection_from(row: Mapping[str, Any]) -> Selection:
    """A row from its stored form."""
    lists = {name: tuple(row[name]) for name in ("groups", "ages", "diseases", "levels")}
    return Selection(clause=row["clause"], words=row["words"], **lists)


class UnknownGroups(ValueError):
    """The policy of the year knows no such groups; ``told`` are those that it knows, with their names."""

    def __init__(self, groups: Iterable[str], names: Mapping[str, str]) -> None:
        self.groups, self.told = tuple(sorted(groups)), told_groups(names)
        super().__init__(", ".join(self.groups))


def resolved(asked: Selection, policy: Policy) -> Selection:
    """The row with the codes and ages of its groups and its words, by the policy of the year. Raises UnknownGroups."""
    names = group_names(policy)
    groups = tuple(sorted({group_code(one, policy) for one in asked.groups}))
    if unknown := set(groups) - names.keys():
        raise UnknownGroups(unknown, names)
    ages = _ages(policy)
    by_age = tuple(sorted({ages[code] for code in groups if code in ages}))
    levels = tuple(sorted(set(asked.levels), key=list(LEVELS).index))
    found = Selection(asked.clause, groups, by_age, tuple(sorted(set(asked.diseases))), levels)
    return replace(found, words=_words(found, names))


_REGISTER_AGES = {"age_60": 60}
"""Groups by age whose code says the age, whether or not the policy of the year names them."""


def _ages(policy: Policy) -> dict[str, int]:
    """The groups that are told by age, with the age."""
    buckets = [benefit for layer in policy.layers for benefit in layer.buckets]
    told = [row.ages for benefit in buckets for row in benefit.bonuses]
    told += [row.ages for benefit in buckets for row in benefit.waivers]
    return _REGISTER_AGES | dict(itertools.chain.from_iterable(told))


def _words(one: Selection, names: Mapping[str, str]) -> str:
    parts = []
    if one.groups:
        parts.append(f"人群 {'、'.join(names[code] for code in one.groups)}")
    if one.diseases:
        parts.append(f"病种 {told(one.diseases)}")
    if one.levels:
        parts.append(f"{'、'.join(word(LEVELS, level) for level in one.levels)}医疗机构")
    return f"只补偿:{';'.join(parts)}(依据:{one.clause})"


def high_cost_words(own_above_fen: int, clause: str) -> str:
    """How the least own payment of a year is shown."""
    return f"只补偿:全年个人负担超过 {format_yuan(own_above_fen)} 元的人(依据:{clause})"
