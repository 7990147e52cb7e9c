"""A disease of which the patient pays a part in yuan: the fund pays the rest of what counts, never over it."""

from typing import Any

import pytest

from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.presumed import presumed
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wall import rule_words
from services.claims.benefits.wire import decision_document
from tests.unit.benefits.test_parts import Stay, paid, policy

PRICE = {"patient": "600", "limit": {"amount": "3000", "excess": "hospital"}}


@pytest.mark.requirement("ZA-06", "the patient pays a fixed part of a disease's price, once an admission")
def test_the_part_is_one_for_all_settlements_of_a_stay() -> None:
    assert paid(Stay(policy({"patient": "600"})), 1_000, 1_000) == [40_000, 100_000]
    assert paid(Stay(policy({"patient": "600"})), 200, 300, 300) == [0, 0, 20_000]
    stay = Stay(policy(PRICE))
    parts = [stay.part(2_000), stay.part(2_000)]
    assert [(one.benefit_fen, one.hospital_fen, one.patient_fen) for one in parts] == [
        (140_000, 0, 60_000),
        (100_000, 100_000, 0),
    ]


def test_an_accident_gets_its_share_of_the_rest() -> None:
    accident = {"name": "意外伤害", "factor": "50%", "clause": "减半"}
    stay = Stay(policy({"patient": "600"}, accident=accident), third_party="accident")
    result = stay.part(1_001)
    assert result.benefit_fen == 20_050
    assert "个人负担 600.00 元,其余补偿:(1,001.00 − 600.00) × 50% = 200.50 元。" in slip_text(decision_document(result))


def test_the_slip_shows_the_subtraction_and_the_wall_the_part() -> None:
    rules = policy(PRICE | {"clause": "个人负担 600 元"})
    slip = slip_text(decision_document(Stay(rules).part(5_000)))
    assert "单病种限额 3,000.00 元,可补偿费用 5,000.00 元,计入 3,000.00 元。" in slip
    assert "超过限额没有计入的 2,000.00 元由医疗机构负担,不向病人收取。" in slip
    assert "个人负担 600.00 元,其余补偿:3,000.00 − 600.00 = 2,400.00 元。" in slip
    (row,) = rules.layers[0].benefits["inpatient"].rules
    assert (
        rule_words(row, yearly=False) == "限额 3,000.00 元,不计入的部分由医疗机构负担,个人负担 600.00 元,其余由基金支付"
    )


def test_what_does_not_exceed_the_part_is_the_patients() -> None:
    result = Stay(policy({"patient": "600"})).part(600)
    assert (result.outcome.value, result.benefit_fen, result.patient_fen) == ("zero_benefit", 0, 60_000)
    assert "个人负担 600.00 元,计入的费用 600.00 元没有超过,补偿 0.00 元。" in slip_text(decision_document(result))


def test_a_part_that_the_source_does_not_state_is_named_in_words() -> None:
    told = decision_document(Stay(policy({"patient": {"value": "600", "illustrative": "true"}})).part(1_000))
    assert [name.rsplit(".", 1)[1] for name in told["illustrative"]] == ["patient"]
    assert presumed(told, "zh").endswith("的个人负担金额")
    assert presumed(told, "en").endswith(": the patient's part")


def test_its_own_clause_is_quoted() -> None:
    stay = Stay(policy({"patient": {"value": "600", "clause": "病人负担六百元"}}))
    assert "依据:“病人负担六百元”" in slip_text(decision_document(stay.part(1_000)))


@pytest.mark.parametrize(
    ("row", "path", "said"),
    [
        ({"patient": "3000", "limit": {"amount": "3000"}}, "patient", "应小于限额"),
        ({"patient": "600", "deductible": "100"}, "", "不另设起付线"),
        ({"patient": "600", "fixed": "500"}, "", "写且只写一个"),
        ({"patient": "0"}, "patient", "应大于 0 元"),
        ({"patient": {"value": "600", "source": "nowhere"}}, "source", "sources 里没有 nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(row: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        policy(row)
    (finding,) = wrong.value.findings
    assert finding.path.endswith(path or "rules.county")
    assert said in finding.message


def test_over_the_year_there_is_no_part() -> None:
    with pytest.raises(PolicyErrors, match="不能写 fixed、patient"):
        policy({"patient": "600"}, yearly="true")
