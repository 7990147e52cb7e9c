"""Which values without source a decision rests on: those that it was computed with, and no other."""

import json
from typing import Any

import pytest
import yaml

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.library import text_of

CITY = "zhengzhou-county-2011"
OTHERS = {"parameters.waiting_days", "basic.inpatient.floor"}
"""What every stay under that policy is measured by."""


def names(policy_id: str, claim: str, change: dict[str, Any] | None = None) -> set[str]:
    """What a claim rests on; `change` is put into the policy by path."""
    text = text_of(policy_id)
    if change:
        document = yaml.load(text, Loader=yaml.BaseLoader)
        for path, value in change.items():
            *parents, last = path.split(".")
            part = document
            for parent in parents:
                part = part[parent]
            part[last] = value
        text = json.dumps(document, ensure_ascii=False)
    return set(decide(read_claim(claim), load(text, text_of).policy).adjudication.illustrative)


@pytest.mark.parametrize(
    ("claim", "more"),
    [
        ("eligible: 10300\n", set()),
        ("person: {groups: [wubao]}\neligible: 10300\n", {"basic.inpatient.poor"}),
        ("third_party: accident\neligible: 10300\n", {"basic.inpatient.accident"}),
        ("catalogue: {m: {essential: true}}\nlines: [{code: m, amount: 9000}]\n", {"basic.inpatient.essential"}),
        ("eligible: 160000\n", {"supplementary.inpatient.all"}),
        ("person: {birth: 2011-06-01, newborn_of: [{from: 2011-01-01}]}\nadmitted: 2011-06-10\neligible: 9000\n",
         {"parameters.newborn_days"}),
    ],
)  # fmt: skip
def test_a_value_counts_where_it_was_computed_with(claim: str, more: set[str]) -> None:
    """Groups he is not in, accidents, medicines, newborns, the layer above a cap that was not reached: not named."""
    rests = names(CITY, f"institution: {{level: county}}\n{claim}")
    floor = {"basic.inpatient.floor"} if "accident" in claim else set()
    assert rests == OTHERS - floor | {"basic.inpatient.county"} | more


def test_a_bucket_without_items_on_the_bill_is_not_rested_on() -> None:
    claim = (
        "kind: outpatient\ninstitution: {level: county}\ncatalogue: {CT: {}, d: {}}\nlines: [{code: %s, amount: 9}]\n"
    )
    examinations = "basic.examinations.all.ratio"
    assert examinations not in names("zhengan-2011-05", claim % "d")
    assert examinations in names("zhengan-2011-05", claim % "CT")


ROWS = "layers.basic.benefits.inpatient."
MARK = {"illustrative": "true", "note": "推定"}
FIXED = {"name": "定额", "when": {"level": "county"}, "diseases": "K35", "fixed": "400", "off_path_over": "900"} | MARK


@pytest.mark.parametrize(
    ("disease", "amount", "off_path", "rests"),
    [
        ("K35", 500, "", True),
        ("K35", 5_000, "", True),
        ("K35", 5_000, "off_path: 合并症\n", False),
        ("I10", 1, "", False),
    ],
)
def test_a_row_that_the_bill_left_was_asked(disease: str, amount: int, off_path: str, rests: bool) -> None:
    """Its limit of the path decided which row applies; one that left by the hospital's word did not ask."""
    claim = f"institution: {{level: county}}\ndisease: {disease}\neligible: {amount}\n{off_path}"
    found = names("dafang-2010", claim, {f"{ROWS}rules.k": FIXED})
    assert ("basic.inpatient.k" in found) is rests


def test_caps_of_another_disease_and_raises_of_others_are_not_rested_on() -> None:
    change = {
        f"{ROWS}caps.k": {"name": "病种", "amount": "9", "period": "disease_year", "diseases": "K35"} | MARK,
        f"{ROWS}bonuses": {"b": {"name": "加成", "groups": ["g"], "points": "1%"} | MARK},
        "groups": {"g": {"name": "某群"}},
    }
    plain = "institution: {level: county}\neligible: 100\n"
    assert names("dafang-2010", plain, change) == names("dafang-2010", plain)
    more = names("dafang-2010", plain + "disease: K35.9\nperson: {groups: [g]}\n", change)
    assert more - names("dafang-2010", plain) == {"basic.inpatient.k", "basic.inpatient.b"}


def test_nothing_eligible_rests_on_no_row() -> None:
    claim = "institution: {level: county}\ncatalogue: {x: {class: C}}\nlines: [{code: x, amount: 9}]\n"
    assert names(CITY, claim) == {"parameters.waiting_days"}
