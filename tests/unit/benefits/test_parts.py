"""A stay settled in parts pays together what one settlement pays, wherever a rule is one of the admission."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.engine import adjudicate
from services.claims.benefits.library import text_of
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    Carried,
    ClaimInput,
    Earlier,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Outcome,
    Policy,
)
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import decision_document

COUNTY = {"level": "county", "designation": "designated"}
ITEMS = {"A": Item("A", "A"), "M": Item("M", "A", essential=True), "X": Item("X", "C")}


def policy(row: dict[str, Any], **bucket: Any) -> Policy:
    """The Dafang policy of 2010 with another row for county hospitals (70%) and more in its inpatient bucket."""
    document = yaml.load(text_of("dafang-2010"), Loader=yaml.BaseLoader)
    inpatient = document["layers"]["basic"]["benefits"]["inpatient"]
    county = inpatient["rules"]["county"]
    if row.keys() & {"bands", "fixed", "patient"}:
        del county["ratio"]
    inpatient["rules"] = {"county": county | row} | inpatient.get("more", {})
    layers = bucket.pop("layers", {})
    inpatient |= bucket
    document["layers"] |= layers
    document["parameters"] = bucket.pop("parameters", {}) or document.get("parameters", {})
    return load(json.dumps(document, ensure_ascii=False)).policy


class Stay:
    """An admission whose counts and parts go along."""

    def __init__(self, rules: Policy, used: dict[AccumulatorKey, int] | None = None, **facts: Any) -> None:
        self.rules, self.day = rules, date(2010, 3, 5)
        county, covered = Institution("county", "in_county"), (Interval(date(2000, 1, 1), None),)
        self.facts = Facts(county, covered, ITEMS, used or {}, **facts)
        self.disease = ""

    def part(self, *amounts: int, settled: date | None = None, code: str = "A", **members: Any) -> Adjudication:
        """Settles yuan of one item."""
        lines = tuple(Line(number, code, amount * 100) for number, amount in enumerate(amounts, start=1))
        claim = ClaimInput("inpatient", self.day, settled or self.day, lines, disease=self.disease, **members)
        result = adjudicate(claim, self.facts, self.rules)
        used = dict(self.facts.used)
        for key, amount in result.movements:
            used[key] = used.get(key, 0) + amount
        self.facts = replace(self.facts, earlier=result.so_far, used=used)
        return result


def paid(stay: Stay, *amounts: int, **more: Any) -> list[int]:
    """Fen of each part."""
    return [stay.part(amount, **more).benefit_fen for amount in amounts]


@pytest.mark.requirement("ZA-06", "a fixed amount is paid once an admission, however often it is settled midway")
def test_a_fixed_amount_is_one_for_all_parts() -> None:
    assert paid(Stay(policy({"fixed": "400"})), 1_000, 1_000, 1_000) == [40_000, 0, 0]
    assert paid(Stay(policy({"fixed": "400"})), 300, 60, 1_000) == [30_000, 6_000, 4_000]


@pytest.mark.requirement("ZA-06", "a limit of a disease is one for all parts of an admission")
def test_a_limit_is_one_for_all_parts() -> None:
    limit = {"amount": "4000", "shared_up_to": "20%", "share": "50%"}
    assert paid(Stay(policy({"limit": limit})), 3_000, 3_000, 3_000) == [210_000, 98_000, 0], "4,000 and half of 800"
    bears = Stay(policy({"limit": limit | {"excess": "hospital"}}))
    parts = [bears.part(3_000), bears.part(3_000)]
    assert [one.hospital_fen for one in parts] == [0, 160_000], "6,000 − 4,400: the hospital bears the rest once"
    assert sum(one.patient_fen for one in parts) == 440_000 - 308_000
    shared = Stay(policy({"limit": limit | {"excess": "hospital"}}))
    assert [shared.part(4_500).hospital_fen, shared.part(300).hospital_fen] == [25_000, 15_000], "half of each"


def test_bands_and_deductible_run_over_the_admission() -> None:
    bands = [{"up_to": "3000", "ratio": "50%"}, {"ratio": "70%"}]
    stay = Stay(policy({"bands": bands, "deductible": "300"}))
    parts = [stay.part(200), stay.part(2_100), stay.part(5_000)]
    assert [one.deductible_fen for one in parts] == [20_000, 10_000, 0]
    assert [one.benefit_fen for one in parts] == [0, 100_000, 100_000 // 2 * 1 + 400_000 * 7 // 10]
    slip = slip_text(decision_document(parts[2]))
    assert "此前已中途结算:可补偿费用 2,300.00 元,扣起付线 300.00 元,补偿 1,000.00 元" in slip
    assert "整次住院减去此前各次:4,300.00 − 1,000.00 = 3,300.00 元。" in slip


def test_a_floor_and_essential_medicines_are_those_of_the_admission() -> None:
    floor = {"name": "保底", "ratio": "50%", "of": "total", "clause": "保底"}
    stay = Stay(policy({"ratio": "40%", "deductible": "100"}, floor=floor))
    assert paid(stay, 1_000, 1_000) == [50_000, 50_000]
    essential = {"name": "基本药物", "points": "20%", "clause": "基本药物"}
    medicine = Stay(policy({"ratio": "70%", "deductible": "100"}, essential=essential))
    assert [medicine.part(500, code="M").benefit_fen, medicine.part(500).benefit_fen] == [36_000, 37_000]


def test_a_bill_that_leaves_the_path_in_a_later_part_leaves_it_as_a_whole() -> None:
    """12,000 leave the fixed row: 70% of all, less the 400 that were paid."""
    document = yaml.load(text_of("dafang-2010"), Loader=yaml.BaseLoader)
    rows = document["layers"]["basic"]["benefits"]["inpatient"]["rules"]
    rows["birth"] = {
        "name": "分娩", "when": {"level": "county"}, "fixed": "400", "diseases": "O80", "off_path_over": "11000",
        "clause": "定额",
    }  # fmt: skip
    stay = Stay(load(json.dumps(document, ensure_ascii=False)).policy)
    stay.disease = "O80"
    assert paid(stay, 2_000, 9_000, 1_000) == [40_000, 0, 100_000], "at most what of this part nobody bears yet"
    assert stay.part(30_000).benefit_fen == 42_000 * 70 - 140_000, "the rest follows in the next part"


def test_a_cap_each_time_counts_its_own_layer_alone() -> None:
    """5,000 an admission in the first layer; the second pays half of the rest and takes none of that room."""
    second = {
        "name": "救助", "payer": "民政", "account": "1001", "book": "assistance", "risk_bearer": "government",
        "base": "eligible_unpaid", "clause": "救助",
        "benefits": {"inpatient": {"name": "救助", "kind": "inpatient", "account": "5002", "rules": {
            "all": {"name": "救助", "when": {}, "ratio": "50%", "deductible": "1000", "clause": "救助"}}}},
    }  # fmt: skip
    cap = {"time": {"name": "每次封顶", "amount": "5000", "period": "admission", "clause": "每次五千"}}
    stay = Stay(policy({}, caps=cap, layers={"assistance": second}))
    parts = [stay.part(4_000), stay.part(4_000), stay.part(2_000)]
    layers = [{layer.layer: layer.benefit_fen for layer in one.layers} for one in parts]
    assert [one["basic"] for one in layers] == [280_000, 220_000, 0]
    assert [one["assistance"] for one in layers] == [10_000, 90_000, 100_000]
    whole = Stay(policy({}, caps=cap, layers={"assistance": second})).part(10_000)
    assert [layer.benefit_fen for layer in whole.layers] == [500_000, 200_000]


def test_a_layer_that_pays_nothing_in_between_remembers_what_it_had() -> None:
    """A tenth of what is left over 100, in emergencies: 40 of the first part, and of all three 140."""
    second = {
        "name": "救助", "payer": "民政", "account": "1001", "book": "assistance", "risk_bearer": "government",
        "base": "eligible_unpaid", "clause": "救助",
        "benefits": {"inpatient": {"name": "救助", "kind": "inpatient", "account": "5002", "rules": {
            "all": {"name": "x", "when": {"emergency": "true"}, "ratio": "10%", "deductible": "100", "clause": "x"}}}},
    }  # fmt: skip
    stay = Stay(policy({"ratio": "50%"}, layers={"assistance": second}))
    parts = [stay.part(1_000, emergency=urgent) for urgent in (True, False, True)]
    layers = [{layer.layer: layer.benefit_fen for layer in one.layers} for one in parts]
    assert [one.get("assistance") for one in layers] == [4_000, None, 10_000]


def test_what_the_years_cap_takes_of_the_parts_is_within_the_cap_each_time() -> None:
    """5,000 an admission, 3,000 a year; the layer above the cap has what lies between, once."""
    above = {
        "name": "补充", "payer": "保险", "account": "1001", "book": "supplementary", "risk_bearer": "insurer",
        "base": "cut_by_cap", "clause": "补充",
        "benefits": {"inpatient": {"name": "补充", "kind": "inpatient", "account": "5001", "rules": {
            "all": {"name": "补充", "when": {}, "ratio": "100%", "clause": "补充"}}}},
    }  # fmt: skip
    caps = {
        "time": {"name": "每次封顶", "amount": "5000", "period": "admission", "clause": "每次五千"},
        "year": {"name": "全年封顶", "amount": "3000", "period": "person_year", "clause": "全年三千"},
    }
    stay = Stay(policy({"ratio": "100%"}, caps=caps, layers={"supplementary": above}))
    parts = [{layer.layer: layer.benefit_fen for layer in stay.part(4_000).layers} for _ in range(2)]
    assert parts == [{"basic": 300_000, "supplementary": 100_000}, {"basic": 0, "supplementary": 100_000}]


def test_what_a_third_party_bears_is_rounded_once() -> None:
    rules = policy({})
    stay = Stay(rules, third_party="shared", third_party_share=3_333)
    whole = Stay(rules, third_party="shared", third_party_share=3_333).part(101, 103, 107)
    assert sum(paid(stay, 101, 103, 107)) == whole.benefit_fen


def test_the_slip_of_a_part_tells_what_the_third_party_bears_of_it() -> None:
    stay = Stay(policy({}), third_party="shared", third_party_share=5_000)
    stay.part(1_000)
    second = slip_text(decision_document(stay.part(1_000)), [])
    assert "整次住院 2,000.00 × 50% = 1,000.00 元,此前各次 500.00 元,本次 500.00 元" in second
    assert "第三人负担:500.00" in second
    assert "1,000.00 − 350.00 − 500.00 = 150.00" in second


# ---------------------------------------------------------------- over 31 December

SETTLED_2010, SETTLED_2011 = date(2010, 12, 26), date(2011, 1, 10)


def over_the_year(row: dict[str, Any], used: dict[AccumulatorKey, int]) -> list[Adjudication]:
    """1,000 yuan settled in 2010 and 1,000 in 2011; each counts in its year."""
    stay = Stay(policy({"deductible": "300"} | row), used)
    stay.rules = replace(stay.rules, year_by="settlement")
    return [stay.part(1_000, settled=day) for day in (SETTLED_2010, SETTLED_2011)]


def key(name: str, year: int = 2010) -> AccumulatorKey:
    return AccumulatorKey("person_year", f"basic.inpatient.{name}", year)


def test_a_deductible_that_was_waived_stays_waived_in_the_new_year() -> None:
    parts = over_the_year({"deductible_waived_from": "3"}, {key("admissions"): 2})
    assert [one.deductible_fen for one in parts] == [0, 0]
    assert [one.benefit_fen for one in parts] == [70_000, 70_000]
    first = over_the_year({"deductible_waived_from": "3"}, {key("admissions"): 1, key("admissions", 2011): 5})
    assert [one.deductible_fen for one in first] == [30_000, 0], "the second admission of its year pays it once"


@pytest.mark.parametrize(("taken", "parts"), [(0, [30_000, 0]), (10_000, [20_000, 0]), (30_000, [0, 0])])
def test_a_deductible_of_the_year_is_asked_for_once_an_admission(taken: int, parts: list[int]) -> None:
    decided = over_the_year({"deductible_per": "person_year"}, {key("deductible"): taken})
    assert [one.deductible_fen for one in decided] == parts


def test_every_part_knows_what_others_took_before_the_first() -> None:
    """300 a year, 100 of them taken before: 200 are left to the admission, also in its third part in the new year."""
    row = {"deductible": "300", "deductible_per": "person_year"}
    stay = Stay(policy(row), {key("deductible"): 10_000})
    stay.rules = replace(stay.rules, year_by="settlement")
    days = (SETTLED_2010, SETTLED_2010, SETTLED_2011)
    taken = [stay.part(amount, settled=day).deductible_fen for amount, day in zip((50, 50, 500), days, strict=True)]
    assert taken == [5_000, 5_000, 10_000]


def test_what_others_took_of_the_years_deductible_meanwhile_is_not_asked_for() -> None:
    stay = Stay(policy({"deductible": "300", "deductible_per": "person_year"}))
    assert stay.part(100).deductible_fen == 10_000
    stay.facts = replace(stay.facts, used=dict(stay.facts.used) | {key("deductible"): 25_000})
    assert stay.part(1_000).deductible_fen == 5_000


def test_what_a_waiver_decided_meanwhile_frees_of_the_deductible_is_what_is_still_open() -> None:
    waiver = {"urgent": {"name": "急诊免起付线", "emergency": "true", "clause": "急诊"}}
    stay = Stay(policy({"deductible": "300"}, waivers=waiver))
    assert stay.part(200).deductible_fen == 20_000
    assert stay.part(1_000, emergency=True).deductible_fen == 0


def test_the_admission_counts_once_and_the_year_s_base_grows_by_each_part() -> None:
    stay = Stay(policy({"deductible": "300", "deductible_waived_from": "3"}))
    moves = [dict(stay.part(1_000).movements), dict(stay.part(1_000).movements)]
    assert [one.get(key("admissions"), 0) for one in moves] == [1, 0]
    yearly = Stay(policy({"deductible": "300"}, yearly="true"))
    moves = [dict(yearly.part(200).movements), dict(yearly.part(500).movements)]
    assert [one[key("base")] for one in moves] == [20_000, 50_000]


# ---------------------------------------------------------------- files and records


def test_a_file_tells_what_earlier_parts_had() -> None:
    rules = policy({"deductible": "300", "deductible_per": "person_year", "deductible_waived_from": "3"})
    text = (
        "institution: {level: county}\nearlier: {eligible: 1000, deductible: 300, benefit: 490}\neligible: 1000\n"
        "used: {basic.inpatient.deductible: 300, basic.inpatient.admissions: 1}\n"
    )
    answer = decide(read_claim(text), rules).adjudication
    assert (answer.deductible_fen, answer.benefit_fen) == (0, 70_000)
    third = decide(read_claim(text.replace("admissions: 1", "admissions: 3").replace("300,", "0,")), rules)
    assert third.adjudication.benefit_fen == 140_000 - 49_000, "waived: what of the whole was not paid yet"


def test_what_is_kept_comes_back() -> None:
    stay = Stay(policy({"fixed": "400"}))
    kept = stay.part(300).so_far
    assert kept is not None and Earlier.of(json.loads(json.dumps(kept.stored()))) == kept
    assert kept.buckets[0][:4] == Carried("basic", "", 30_000, 0)[:4]


def test_a_part_that_is_refused_leaves_nothing() -> None:
    stay = Stay(policy({}), third_party="pending")
    assert (stay.part(100).outcome, stay.facts.earlier) == (Outcome.THIRD_PARTY_PENDING, None)
