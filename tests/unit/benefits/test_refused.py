"""What makes a policy document unusable although each value has the right form, and on which line it is told."""

import pytest

from services.claims.benefits.compiler import load
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import text_of

SMALL = """policy: small
title: 小方案
scheme: nrcms
effective_from: 2010-03-01
sources: {s: {title: 文件, verified_on: 2026-01-01}}
layers:
  basic:
    name: 基本
    payer: 基金
    account: "1001.02"
    book: basic
    risk_bearer: pool
    clause: c
    benefits:
      inpatient:
        name: 住院
        kind: inpatient
        account: "5001.01"
        rules:
          a: {name: 甲, when: {level: township}, deductible: 100, ratio: 70%, clause: 甲}
          b: {name: 乙, when: {level: [county, prefecture]}, deductible: 200, ratio: 60%, clause: 乙}
        caps:
          year: {name: 封顶, amount: 60000, period: person_year, clause: 封}
"""


def changed(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new, 1)


def refused(text: str) -> list[tuple[int | None, str]]:
    """(line, message) of everything for which a document is refused."""
    with pytest.raises(PolicyErrors) as wrong:
        load(text, text_of)
    return [(finding.line, finding.message) for finding in wrong.value.findings]


def line_of(needle: str, text: str = SMALL) -> int:
    """The number of the line that holds the needle."""
    return text[: text.index(needle)].count("\n") + 1


@pytest.mark.parametrize("kind", ["inpateint", "dental"])
def test_a_kind_of_care_that_no_claim_has_is_refused(kind: str) -> None:
    text = changed("kind: inpatient", f"kind: {kind}")
    assert refused(text) == [(line_of(kind, text), "只能是 inpatient(住院)、outpatient(门诊) 之一")]


@pytest.mark.parametrize("name", ["level", "place", "ownership", "designation"])
def test_an_emptied_list_of_a_condition_is_not_every_situation(name: str) -> None:
    told = "至少写一项;不论哪一种的,不写这一项"
    text = changed("{level: township}", f"{{emergency: false, {name}: []}}")
    assert (line_of(f"{name}: []", text), told) in refused(text)
    listed = changed("{level: township}", f"[{{level: township}}, {{level: village,\n            {name}: []}}]")
    listed = listed.replace("level: village,\n            level", "emergency: true,\n            level")
    assert (line_of(f"{name}: []", listed), told) in refused(listed)


def test_a_parameter_counts_from_the_first_day_of_its_version() -> None:
    later = "parameters:\n  waiting_days:\n    value: 30\n    clause: x\n    effective_from: 2010-03-02\nlayers:\n"
    text = changed("layers:\n", later)
    assert refused(text) == [
        (
            line_of("effective_from: 2010-03-02", text),
            "2010-03-02 晚于本方案的生效日 2010-03-01:中途改动的值另写一个版本,从那一天起生效",
        )
    ]
    assert load(text.replace("2010-03-02", "2010-03-01")).policy.waiting_days == 30
