"""Which code of a policy speaks of a diagnosis."""

import json
from datetime import date
from typing import Any

import pytest
import yaml

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.diseases import codes_of, counted_as, covering, told
from services.claims.benefits.engine import adjudicate
from services.claims.benefits.library import text_of
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
)
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import decision_document


@pytest.mark.parametrize(
    ("disease", "codes"),
    [
        ("K35.900", ("K35.900", "K35.90", "K35.9", "K35")),
        ("K35.1x2", ("K35.1x2", "K35.1x", "K35.1", "K35")),
        ("K35", ("K35",)),
        ("K350", ("K350",)),
        ("K35.", ("K35",)),
        ("", ()),
    ],
)
def test_what_covers_a_diagnosis(disease: str, codes: tuple[str, ...]) -> None:
    assert codes_of(disease) == codes


def test_the_longest_code_speaks() -> None:
    assert covering("K35.900", {"K35", "K35.9"}) == "K35.9"
    assert covering("K35.100", {"K35", "K35.9"}) == "K35"
    assert covering("K350.1", {"K35"}) is None
    assert (counted_as("K35.100", {"K35.1"}), counted_as("K35.100", set())) == ("K35.1", "K35")
    assert told({"K35", "E11.2"}) == "E11.2、K35 及 K35.x"


def paid(disease: str, change: dict[str, Any], used: str = "{}", kind: str = "inpatient", **more: Any) -> Adjudication:
    """A bill of 1,000 yuan in a county hospital; the Dafang policy of 2010 (70%) says more in its inpatient bucket."""
    document = yaml.load(text_of("dafang-2010"), Loader=yaml.BaseLoader)
    bucket = document["layers"]["basic"]["benefits"]["inpatient"]
    for name, rows in change.items():
        bucket[name] = bucket[name] | rows
    document["layers"]["basic"]["benefits"] |= more.get("benefits", {})
    person = more.get("person", "{}")
    claim = f"kind: {kind}\ninstitution: {{level: county}}\nperson: {person}\nused: {used}\n"
    claim += f"disease: {disease}\n" if disease else ""
    policy = load(json.dumps(document, ensure_ascii=False)).policy
    return decide(read_claim(claim + "eligible: 1000\n"), policy).adjudication


COUNTY = {"level": "county", "designation": "designated"}
FIXED = {"name": "单病种", "when": COUNTY, "clause": "单病种"}


@pytest.mark.parametrize(
    ("disease", "benefit"), [("K35", 300), ("K35.100", 300), ("K35.900", 500), ("K35.9", 500), ("K36.900", 700)]
)
def test_a_row_for_a_category_is_hit_by_longer_codes_and_gives_way_to_a_longer_row(disease: str, benefit: int) -> None:
    for first, second in (("K35", "K35.9"), ("K35.9", "K35")):
        amounts = {"K35": "300", "K35.9": "500"}
        rows = {
            f"r{number}": FIXED | {"diseases": code, "fixed": amounts[code]}
            for number, code in enumerate((first, second))
        }
        assert paid(disease, {"rules": rows}).benefit_fen == benefit * 100


def test_where_the_longer_row_says_nothing_of_the_place_the_shorter_one_speaks() -> None:
    rows = {
        "a": FIXED | {"diseases": "K35", "fixed": "300"},
        "b": FIXED | {"diseases": "K35.9", "fixed": "500", "when": {"level": "township"}},
    }
    assert paid("K35.900", {"rules": rows}).benefit_fen == 30_000


def test_a_bill_that_leaves_the_path_of_the_longer_row_is_paid_by_the_ordinary_ones() -> None:
    rows = {
        "a": FIXED | {"diseases": "K35", "fixed": "300"},
        "b": FIXED | {"diseases": "K35.9", "fixed": "500", "off_path_over": "900"},
    }
    assert paid("K35.900", {"rules": rows}).benefit_fen == 70_000


def test_caps_count_a_disease_however_long_it_is_written() -> None:
    cap = {"name": "病种封顶线", "amount": "400", "period": "disease_year", "clause": "每病种四百元"}
    first = paid("E11.201", {"caps": {"one": cap | {"diseases": "E11"}}})
    assert first.benefit_fen == 40_000
    counted = {one.key.detail for one in first.movements if one.key.scope == "disease_year"}
    assert counted == {"E11", "E11.2", "E11.20", "E11.201"}, "whatever code another cap or a later version names"
    general = paid("E11.900", {"caps": {"one": cap}}, '{"disease_year:basic.inpatient.benefit": 100}')
    assert general.benefit_fen == 30_000, "another code of the same category has used a hundred"
    assert paid("I10", {"caps": {"one": cap | {"diseases": "E11"}}}).benefit_fen == 70_000
    assert paid("", {"caps": {"one": cap}}).benefit_fen == 40_000, "a disease that is not named is one of its own"


def in_turn(caps: list[list[str]], *diseases: str) -> list[int]:
    """What bills of 1,000 yuan are paid one after the other, each under a version with caps of 400 for other codes."""
    used: dict[AccumulatorKey, int] = {}
    found = []
    for codes, disease in zip(caps, diseases, strict=True):
        document = yaml.load(text_of("dafang-2010"), Loader=yaml.BaseLoader)
        rows = document["layers"]["basic"]["benefits"]["inpatient"]["caps"]
        for number, code in enumerate(codes):
            cap = {"name": "病种封顶线", "amount": "400", "period": "disease_year", "clause": "每病种四百元"}
            rows[f"cap-{number}"] = cap | {"diseases": code}
        policy = load(json.dumps(document, ensure_ascii=False)).policy
        day = date(2010, 3, 1)
        claim = ClaimInput("inpatient", day, day, (Line(1, "x", 100_000),), discharged_on=day, disease=disease)
        county, covered = Institution("county", "in_county"), (Interval(date(2010, 1, 1), None),)
        result = adjudicate(claim, Facts(county, covered, {"x": Item("x", "A")}, used), policy)
        for key, amount in result.movements:
            used[key] = used.get(key, 0) + amount
        found.append(result.benefit_fen)
    return found


def test_a_cap_counts_its_own_code_whatever_else_is_named() -> None:
    assert in_turn([["E11", "E11.2"]] * 3, "E11.201", "E11.901", "I10") == [40_000, 0, 70_000]
    assert in_turn([["E11.2", "E11.9"]] * 2, "E11.201", "E11.901") == [40_000, 40_000]


def test_a_version_that_names_another_code_finds_what_was_counted() -> None:
    """A change within the year keeps what was accumulated (rulings §4)."""
    assert in_turn([["E11"], ["E11.2"], ["E11.9"]], "E11.201", "E11.201", "E11.901") == [40_000, 0, 40_000]


def test_a_bill_that_has_left_the_path_of_its_disease_is_told_so() -> None:
    left = paid("K35.900", {"rules": {"a": FIXED | {"diseases": "K35", "fixed": "300", "off_path_over": "900"}}})
    (step,) = (one for one in left.trace if one.step == "off_path")
    assert dict(step.inputs) == {"name": FIXED["name"], "over_fen": 90_000, "total_fen": 100_000}
    assert f"总费用 1,000.00 元超过“{FIXED['name']}”的 900.00 元,退出单病种,按一般规定补偿。" in slip_text(
        decision_document(left)
    )


@pytest.mark.parametrize(
    ("card", "benefit"), [("E11", 90_000), ("E11.2", 90_000), ("E11.900", 70_000), ("I10", 70_000)]
)
def test_a_card_for_a_category_opens_its_bucket_for_longer_codes(card: str, benefit: int) -> None:
    rules = {"all": {"name": "凭证", "when": {}, "ratio": "90%", "clause": "凭证"}}
    chronic = {"name": "凭证", "kind": "inpatient", "account": "5001.01", "entitlement": "chronic", "rules": rules}
    person = f"{{cards: [{{kind: chronic, disease: {card}, from: 2009-01-01}}]}}"
    assert paid("E11.201", {}, benefits={"chronic": chronic}, person=person).benefit_fen == benefit
