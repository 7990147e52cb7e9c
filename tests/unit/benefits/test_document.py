"""A bad policy file is refused with the line that is wrong; a good one has one canonical form."""

import pytest

from services.claims.benefits.check import findings
from services.claims.benefits.compiler import load, stored
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import ids, loaded, text_of
from services.claims.benefits.wall import wall_table

GOOD = text_of("dafang-2010")


def told(text: str) -> list[tuple[int | None, str]]:
    """(line, message) of everything that is wrong."""
    with pytest.raises(PolicyErrors) as wrong:
        load(text, text_of)
    return [(finding.line, finding.message) for finding in wrong.value.findings]


def line_of(text: str, needle: str) -> int:
    """The number of the first line that holds the needle."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if needle in line)


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("ratio: 80%", "ratio: 180%", "比例不能超过 100%"),
        ("ratio: 80%", "ratio: 0.8.1", "比例写作百分数,例如 80% 或 37.5%"),
        ("ratio: 80%", "ratio: -5%", "比例写作百分数,例如 80% 或 37.5%"),
        ("deductible: 300", "deductible: -300", "金额写作元,最多两位小数,不能为负,例如 200 或 200.50"),
        ("deductible: 300", "deductible: 300.555", "金额写作元,最多两位小数,不能为负,例如 200 或 200.50"),
        ("amount: 60000", "amount: 6e4", "金额写作元,最多两位小数,不能为负,例如 200 或 200.50"),
        ("amount: 60000", "amout: 60000", "缺少这一项"),
        ("effective_from: 2010-01-01", "effective_from: 2010-02-30", "日期写作 2010-01-01"),
        ("period: person_year", "period: lifetime", "只能是"),
        ("risk_bearer: pool", "risk_bearer: moon", "只能是"),
        ("level: township, place", "level: towship, place", "只能是"),
        ("source: rulings", "source: ruling", "sources 里没有 ruling"),
        ("clause: 住院补偿封顶线为6万元", "note: x", "缺少依据"),
    ],
)
def test_a_wrong_value_names_its_line(good: str, bad: str, message: str) -> None:
    text = GOOD.replace(good, bad, 1)
    assert text != GOOD
    found = told(text)
    near = line_of(text, bad)
    assert any(line is not None and abs(line - near) <= 5 and message in said for line, said in found), found


LAYERS = text_of("henan-2014-layers")


@pytest.mark.requirement("ZZ-23", "a layer, or a place to pay it from, that nobody could pay is refused by its line")
@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("  assistance:\n", "  charity:\n", "没有支付“charity”这一层的账户,补偿了也付不出去;层名只能是 basic("),
        ("book: assistance", "book: basic", "这一层从 assistance 账簿支付,应写 book: assistance"),
        ("book: critical_illness", "book: supplementary", "这一层从 critical_illness 账簿支付"),
        ('account: "1001.02"', 'account: "1001.01"', '这一层从 basic 账簿的 1001.02 账户支付,应写 account: "1001.02"'),
        ('account: "5002"', 'account: "5001"', "assistance 账簿的支出科目只能是 5002"),
        ('account: "5001.01"', 'account: "5001.05"', "basic 账簿的支出科目只能是 5001.01、5001.02、"),
        ("risk_bearer: government", "risk_bearer: insurer", "这一层的风险只能由 government(政府) 承担"),
        ("risk_bearer: insurer", "risk_bearer: government", "这一层的风险只能由 insurer(保险公司)或 pool("),
    ],
)  # fmt: skip
def test_a_layer_that_nobody_could_pay_is_refused(good: str, bad: str, message: str) -> None:
    text = LAYERS.replace(good, bad, 1)
    assert text != LAYERS
    near = LAYERS[: LAYERS.index(good)].count("\n") + 1
    assert any(line == near and message in said for line, said in told(text)), told(text)


def test_the_family_account_is_the_funds() -> None:
    text = text_of("dafang-2009").replace('expense_account: "5002"', 'expense_account: "5001.02"')
    assert told(text) == [(line_of(text, "expense_account"), "basic 账簿的支出科目只能是 5002")]


def test_the_pool_may_bear_the_risk_of_critical_illness() -> None:
    assert load(LAYERS.replace("risk_bearer: insurer", "risk_bearer: pool", 1)).policy.layers[1].risk_bearer == "pool"


def test_an_unknown_member_is_named_exactly() -> None:
    text = GOOD.replace("amount: 60000", "amout: 60000", 1)
    assert (line_of(text, "amout"), "不认识这一项,请核对名称:是不是 amount?") in told(text)


def test_overlapping_rows_are_named() -> None:
    text = GOOD.replace(
        "{level: township, place: in_county, ownership: public,", "{level: county, place: in_county,", 1
    )
    ((line, message),) = told(text)
    assert "重叠" in message
    assert line is not None
    assert abs(line - line_of(text, "county:")) <= 3


def test_a_group_must_be_declared() -> None:
    text = text_of("dafang-2006-11").replace("  wubao: {name: 五保户}\n", "")
    ((_, message),) = told(text)
    assert message == "groups 里没有 wubao"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "方案文件应是"),
        ("- a\n- b\n", "方案文件应是"),
        ("policy: x\n  title: y\n", "不是有效的 YAML"),
        ("policy: x\npolicy: y\n", "写了两次"),
        ("policy: &a x\ntitle: *a\n", "不能使用锚点和引用"),
        ("policy: [" + "[" * 40 + "]" * 40 + "]", "层次太深"),
        ("x" * 600_000, "文件超过"),
        ("policy: x\ninherits: nobody\n", "没有编号为 nobody 的方案"),
    ],
)
def test_what_is_no_policy_document(text: str, message: str) -> None:
    assert any(message in said for _, said in told(text))


def test_bands_run_upwards_and_end_open() -> None:
    bands = "bands: [{up_to: 5000, ratio: 60%}, {ratio: 70%}]"
    assert load(GOOD.replace("ratio: 80%", bands, 1)).policy.id == "dafang-2010"
    for wrong in (
        "bands: [{up_to: 5000, ratio: 60%}, {up_to: 4000, ratio: 70%}, {ratio: 80%}]",
        "bands: [{up_to: 5000, ratio: 60%}]",
        "bands: [{ratio: 60%}, {ratio: 70%}]",
        "ratio: 80%\n            nothing: true",
    ):
        assert told(GOOD.replace("ratio: 80%", wrong, 1))


def test_the_canonical_form_does_not_depend_on_spelling() -> None:
    spelt = GOOD.replace("ratio: 80%", 'ratio: "0.8000"   # 八成').replace("amount: 60000", "amount: {value: 60000.00}")
    assert spelt != GOOD
    assert load(spelt).policy.hash == load(GOOD).policy.hash
    assert load(GOOD.replace("ratio: 80%", "ratio: 81%")).policy.hash != load(GOOD).policy.hash


@pytest.mark.parametrize("policy_id", ids())
def test_a_stored_canonical_form_gives_the_same_policy(policy_id: str) -> None:
    document = loaded(policy_id)
    policy, again = stored(document.canonical)
    assert policy == document.policy
    assert wall_table(policy, again) == wall_table(document.policy, document.document)


def test_what_the_source_does_not_state_is_listed_with_its_line() -> None:
    document = loaded("dafang-2010")
    assert document.policy.illustrative == ("basic.outpatient.pool", "basic.outpatient.year")
    lines = GOOD.splitlines()
    marked = [f for f in findings(document.policy, document.source) if f.path in document.policy.illustrative]
    assert [lines[(f.line or 0) - 1].strip() for f in marked] == ["pool:", "year:"]


@pytest.mark.requirement("ZZ-07", "a county inherits the city's template and overrides values of its own")
def test_a_county_inherits_and_overrides() -> None:
    county = """
policy: bijie-county
inherits: dafang-2010
title: 某县方案
pools: ["522423"]
layers:
  basic:
    benefits:
      inpatient:
        rules:
          township:
            ratio: {value: 85%, clause: 本县乡镇卫生院补偿85%}
          private-outside: ~
"""
    document = load(county, text_of)
    rules = {rule.id: rule for rule in document.policy.layers[0].benefits["inpatient"].rules}
    assert document.policy.pools == ("522423",)
    assert rules["basic.inpatient.township"].bands[0].ratio == 8500
    assert rules["basic.inpatient.county"].bands[0].ratio == 7000
    assert "basic.inpatient.private-outside" not in rules
