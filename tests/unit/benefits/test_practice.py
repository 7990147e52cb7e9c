"""What practice is known to do (limited diseases, maternity, accidents, shared caps, layers), said in one policy: each
rule with the sum that an officer would do by hand."""

from typing import Any

import pytest
import yaml

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.model import Adjudication, Band
from services.claims.benefits.payment import Case, Month, month_statement, year_clearing
from services.claims.benefits.payment_document import read_payment
from services.claims.benefits.second import Campaign, Candidate, banded

POLICY = load("""
policy: practice
title: 各地做法
scheme: nrcms
effective_from: 2011-01-01
sources: {practice: {title: 各地做法, verified_on: 2026-11-22}}
groups: {wubao: {name: 五保户}}
circumstances:
  emergency: {counts: decided, notice_days: 3, clause: 急诊三日内报告}
layers:
  basic:
    name: 基本补偿
    payer: 新农合基金
    account: "1001.02"
    book: basic
    risk_bearer: pool
    clause: 基本补偿
    benefits:
      inpatient:
        name: 住院
        kind: inpatient
        account: "5001.01"
        rules:
          township: {name: 乡级, when: {level: township, place: in_county}, deductible: 150, ratio: 75%, clause: x}
          referred:
            name: 县外经转诊
            when: [{level: province, emergency: false, referred: true}, {level: province, emergency: true}]
            deductible: 1000
            ratio: 50%
            clause: 经转诊或急诊的
          direct:
            name: 县外未经转诊
            when: {level: province, emergency: false, referred: false}
            deductible: 1000
            ratio: 30%
            clause: 未经转诊的降低比例
          county: {name: 县级, when: {level: county, place: in_county}, deductible: 300, ratio: 60%, clause: x}
          appendix_township:
            name: 阑尾炎,乡级
            when: {level: township, place: in_county}
            diseases: [K35]
            ratio: 80%
            limit: {amount: 2000, excess: hospital}
            off_path_over: 8000
            clause: 限额 2,000 元
          appendix_county:
            name: 阑尾炎,县级
            when: {level: county, place: in_county}
            diseases: [K35]
            ratio: 70%
            limit: {amount: 3500, excess: hospital}
            off_path_over: 8000
            clause: 限额 3,500 元
          delivery:
            name: 住院分娩定额
            when: {level: [township, county], place: in_county}
            diseases: [O80]
            fixed: 400
            clause: 正常分娩定额
        accident: {name: 意外伤害, factor: 50%, clause: 按正常的一半}
        waivers:
          wubao: {name: 五保户, groups: wubao, clause: 五保户不设起付线}
        caps:
          year: {name: 年封顶线, amount: 30000, period: person_year, clause: 三万元}
      chronic:
        name: 慢性病门诊
        kind: outpatient
        entitlement: chronic
        account: "5001.02"
        rules:
          card: {name: 凭证, when: {}, ratio: 30%, clause: 百分之三十}
        caps:
          hypertension: {name: 高血压, amount: 1200, period: disease_year, diseases: [I10], clause: 一千二百元}
          diabetes: {name: 糖尿病, amount: 2000, period: disease_year, diseases: [E11], clause: 二千元}
      outpatient:
        name: 门诊统筹
        kind: outpatient
        account: "5001.02"
        rules:
          all: {name: 村乡门诊, when: {level: [village, township]}, ratio: 80%, clause: 不设起付线}
        caps:
          household: {name: 家庭共用, amount: 240, period: household_year, clause: 家庭成员共用}
          visit: {name: 每次, amount: 30, period: visit, clause: 每次三十元}
  critical_illness:
    name: 大病保险
    payer: 保险公司
    account: "1001"
    book: critical_illness
    risk_bearer: insurer
    base: eligible_unpaid
    clause: 大病
    benefits:
      inpatient:
        name: 大病
        kind: inpatient
        account: "5001"
        yearly: true
        rules:
          bands:
            name: 分段
            when: {}
            deductible: 15000
            bands: [{up_to: 35000, ratio: 50%}, {up_to: 85000, ratio: 55%}, {ratio: 65%}]
            clause: 一万五以上分段
        caps:
          year: {name: 大病封顶线, amount: 300000, period: person_year, clause: 三十万元}
""").policy


def paid(eligible: int, **claim: Any) -> Adjudication:
    """A stay at the county hospital unless it says otherwise."""
    claim = {"institution": {"level": "county"}, "eligible": eligible} | claim
    return decide(read_claim(yaml.safe_dump(claim, allow_unicode=True)), POLICY).adjudication


def basic(result: Adjudication) -> int:
    return result.layers[0].benefit_fen


@pytest.mark.requirement(
    "ZA-06", "a disease has its limit by level; above it the hospital bears, below it actual costs count"
)
@pytest.mark.parametrize(
    ("level", "eligible", "benefit", "hospital"),
    [("township", 2600, 160_000, 60_000), ("township", 1500, 120_000, 0), ("county", 3600, 245_000, 10_000)],
)
def test_a_limit_by_level_which_the_hospital_keeps(level: str, eligible: int, benefit: int, hospital: int) -> None:
    result = paid(eligible, institution={"level": level}, disease="K35")
    assert (basic(result), result.hospital_fen) == (benefit, hospital)
    assert result.patient_fen == eligible * 100 - benefit - hospital


def test_a_case_far_above_its_price_leaves_the_rule() -> None:
    assert basic(paid(8001, disease="K35")) == (800_100 - 30_000) * 6 // 10


@pytest.mark.requirement("ZA-07", "a delivery has a fixed benefit, instead of the ratio and not beside it")
def test_maternity_is_fixed_and_not_on_top() -> None:
    result = paid(3000, disease="O80")
    assert basic(result) == 40_000
    steps = [step.step for step in result.trace if step.rule.startswith("basic.") and step.step in ("ratio", "fixed")]
    assert steps == ["fixed"]
    assert basic(paid(300, disease="O80")) == 30_000, "never more than the bill"


def test_an_accident_gets_half_and_somebody_elses_liability_nothing() -> None:
    assert basic(paid(3000, third_party="accident")) == (300_000 - 30_000) * 6 // 20
    assert paid(3000, third_party="liable").outcome == "third_party_liable"


def test_an_unreferred_patient_gets_less_and_an_emergency_that_was_reported_does_not() -> None:
    away = {"institution": {"level": "province"}}
    assert basic(paid(11_000, **away)) == 300_000
    assert basic(paid(11_000, **away, referred=True)) == 500_000
    assert basic(paid(11_000, **away, emergency=True)) == 300_000, "nobody reported it"
    assert basic(paid(11_000, **away, decided=["emergency"])) == 500_000


def test_a_group_pays_no_deductible() -> None:
    assert basic(paid(1000, person={"groups": ["wubao"]})) == 60_000


@pytest.mark.requirement("HL-03", "each chronic disease has its own cap a year")
def test_each_chronic_disease_has_its_own_cap() -> None:
    cards = [{"kind": "chronic", "disease": code, "from": "2011-01-01"} for code in ("I10", "E11")]
    care: dict[str, Any] = {"kind": "outpatient", "person": {"cards": cards}}
    assert basic(paid(5000, **care, disease="I10")) == 120_000
    assert basic(paid(5000, **care, disease="E11")) == 150_000
    assert basic(paid(5000, **care, disease="E11", used={"disease_year:basic.chronic.benefit": "1000"})) == 100_000


@pytest.mark.requirement("HL-10", "an outpatient cap may be the household's, and one may be each visit's")
def test_an_outpatient_cap_is_shared_by_the_household() -> None:
    care: dict[str, Any] = {"kind": "outpatient", "institution": {"level": "village"}}
    assert basic(paid(30, **care)) == 2_400
    assert basic(paid(100, **care)) == 3_000, "the cap of a visit"
    assert basic(paid(30, **care, used={"household_year:basic.outpatient.benefit": "220"})) == 2_000


def test_critical_illness_by_bands_of_the_years_own_costs() -> None:
    result = paid(150_300)
    assert basic(result) == 3_000_000
    own = 15_030_000 - 3_000_000  # 120,300 of which 15,000 stay: 35,000 × 50%, 50,000 × 55%, 20,300 × 65%
    assert own == 12_030_000
    assert result.layers[1].benefit_fen == 1_750_000 + 2_750_000 + 1_319_500


def test_second_compensation_by_bands_under_a_combined_cap() -> None:
    bands = (Band(1_000_000, 5_000), Band(2_000_000, 5_500), Band(3_000_000, 6_000), Band(None, 6_500))
    people = [
        Candidate("a", 9_000_000, 4_500_000),
        Candidate("b", 20_000_000, 14_500_000),
        Candidate("c", 9_000_000, 4_500_000, excluded_fen=4_500_000),
    ]
    listed = banded(people, Campaign(10_000_000, 1_000_000, 15_000_000), bands)
    told = {one.person: one.amount_fen for one in listed.payments}
    assert told == {"a": 500_000 + 550_000 + 600_000 + 325_000, "b": 500_000}, "c had a fixed amount or an accident"


PAYMENT = """
payment: practice
title: 县医院支付办法
pool: "522422"
institution: H52242200001
kind: inpatient
effective_from: 2011-01-01
source: {title: 各地做法, verified_on: 2026-11-22}
clause: 单病种
monthly_share: 100%
method: {by: item}
diseases:
  appendix: {name: 阑尾炎, diseases: [K35], way: fixed, price: 3500, fund_share: 70%, clause: 按限额标准支付}
over: {share: 50%, up_to: 20%}
under: {share: 30%, up_to: 3%}
"""


@pytest.mark.requirement(
    "ZA-06", "the agency pays the hospital on the limit, whatever the patient got; quotas are shared"
)
@pytest.mark.parametrize(
    ("advanced", "shared", "returned"),
    [(245_000, 0, 0), (280_000, 17_500, 0), (345_000, 24_500, 0), (200_000, 0, 45_000 - 7_350)],
)
def test_the_hospital_is_paid_on_the_limit_and_shares_the_quota(advanced: int, shared: int, returned: int) -> None:
    document, _ = read_payment(PAYMENT)
    month = month_statement(document, Month(1, [Case("1", 300_000, advanced, "K35")]))
    assert month.due_fen == 245_000, "3,500 × 70%, though the case cost less"
    cleared = year_clearing(document, [month])
    assert (cleared.shared_fen, cleared.returned_fen) == (shared, returned)
