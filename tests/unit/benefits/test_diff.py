"""`policy diff` says every change that somebody feels, with a bill that shows it, and never a bill that denies it."""

import itertools
import re

import pytest

from services.claims.benefits.compiler import load
from services.claims.benefits.diff import differences
from services.claims.benefits.library import ids, loaded
from services.claims.benefits.restarted import restart_findings

COUNTY = """
policy: yunxi-2012
title: 云溪县补偿方案
scheme: nrcms
effective_from: 2012-01-01
sources: {plan: {title: 云溪县方案, verified_on: 2026-11-22}}
groups: {wubao: {name: 五保户}, dibao: {name: 低保户}, old: {name: 老人, age_from: 60}}
layers:
  basic:
    name: 基本补偿
    payer: 新农合基金
    account: "1001.02"
    book: basic
    risk_bearer: pool
    clause: x
    benefits:
      inpatient:
        name: 住院补偿
        kind: inpatient
        account: "5001.01"
        rules:
          township:
            name: 乡镇卫生院
            when: {level: township, place: in_county, designation: designated}
            deductible: 100
            deductible_waived_from: 3
            ratio: 70%
            clause: x
          above:
            name: 省级医院
            when: {level: province, place: [in_province, out_of_province], designation: designated}
            deductible: 500
            ratio: 40%
            clause: x
          delivery:
            name: 分娩定额
            when: {level: township, place: in_county, designation: designated}
            diseases: [O80, O82]
            fixed: 500
            clause: x
          gall:
            name: 结石限额
            when: {level: township, place: in_county, designation: designated}
            diseases: [K80]
            limit: {amount: 4000, shared_up_to: 20%, share: 50%}
            ratio: 75%
            clause: x
        bonuses:
          raise: {name: 提高, groups: [wubao, dibao, old], points: 10%, clause: x}
        waivers:
          free: {name: 照顾, groups: [wubao], clause: x}
"""
BILL = "可补偿费用 10,000.00 元,"


def changes(old: str, new: str) -> list[str]:
    """What the diff says of one replacement in the county's document."""
    assert old in COUNTY
    return differences(load(COUNTY).policy, load(COUNTY.replace(old, new, 1)).policy)[2:]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fixed: 500", "fixed: 600", f"例:县内乡级,病种 O80,{BILL}补偿由 500.00 元变为 600.00 元。"),
        (
            "fixed: 500",
            "fixed: 500\n            off_path_over: 9000",
            f"例:县内乡级,病种 O80,{BILL}补偿由 500.00 元变为 6,930.00 元。",
        ),
        (
            "fixed: 500",
            "fixed: 500\n            off_path_over: 20000",
            "例:县内乡级,病种 O80,可补偿费用 20,100.00 元,补偿由 500.00 元变为 14,000.00 元。",
        ),
        (
            "fixed: 500",
            "patient: 700",
            f"原 定额补偿 500.00 元,现 个人负担 700.00 元,其余由基金支付。例:县内乡级,病种 O80,{BILL}"
            "补偿由 500.00 元变为 9,300.00 元。",
        ),
        (
            "ratio: 75%",
            "patient: 1000",
            "现 限额 4,000.00 元(超过限额 20% 以内的部分按 50% 计入),个人负担 1,000.00 元,其余由基金支付。",
        ),
        ("amount: 4000", "amount: 5000", f"例:县内乡级,病种 K80,{BILL}补偿由 3,300.00 元变为 4,125.00 元。"),
        ("share: 50%", "share: 60%", f"例:县内乡级,病种 K80,{BILL}补偿由 3,300.00 元变为 3,360.00 元。"),
        (
            "waived_from: 3",
            "waived_from: 2",
            f"例:县内乡级,本年第 2 次住院,{BILL}补偿由 6,930.00 元变为 7,000.00 元。",
        ),
        ("ratio: 40%", "ratio: 45%", f"例:县外省内省级,{BILL}补偿由 3,800.00 元变为 4,275.00 元。"),
        ("age_from: 60", "age_from: 65", f"例:60 周岁的人,县内乡级,{BILL}补偿由 7,920.00 元变为 6,930.00 元。"),
        (
            "groups: [wubao], clause",
            "groups: [dibao], clause",
            f"例:低保户,县内乡级,{BILL}补偿由 7,920.00 元变为 8,000.00 元。",
        ),
        ("points: 10%", "points: 15%", f"例:低保户,县内乡级,{BILL}补偿由 7,920.00 元变为 8,415.00 元。"),
        (
            "points: 10%",
            "points: 10%, stacks: true",
            f"例:低保户,五保户,60 周岁的人,县内乡级,{BILL}补偿由 8,000.00 元变为 10,000.00 元。",
        ),
    ],
)
def test_a_change_is_told_with_a_bill_that_shows_it(old: str, new: str, said: str) -> None:
    told = changes(old, new)
    assert told
    assert said in told[0]


def test_the_age_of_a_group_and_the_last_day_are_changes() -> None:
    (age,) = changes("age_from: 60", "age_from: 65")
    assert "低保户、老人(年满 60 周岁)、五保户提高 10 个百分点变为低保户、老人(年满 65 周岁)、五保户提高" in age
    (end,) = changes("effective_from: 2012-01-01", "effective_from: 2012-01-01\neffective_to: 2012-12-31")
    assert end == "- 所有人:方案执行到哪天,原没有写明,现2012 年 12 月 31 日。"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scheme: nrcms", "scheme: urban_residents", "- 制度:原新型农村合作医疗,现城镇居民医保。"),
        ("scheme: nrcms", "scheme: nrcms\npools: ['522422']", "- 统筹区:原没有写明,现522422。"),
        (
            "layers:\n",
            "parameters: {newborn_days: {value: 28, clause: x}}\nlayers:\n",
            "- 新生儿:原没有规定,现出生 28 天内随母亲参合。",
        ),
    ],
)
def test_for_whom_a_policy_is_changes_too(old: str, new: str, said: str) -> None:
    assert changes(old, new) == [said]


def test_what_nobody_feels_is_no_change() -> None:
    assert changes("clause: x", "clause: 另一句话") == ["对任何人都没有变化。"]
    assert changes("name: 省级医院", "name: 省里的医院") == ["对任何人都没有变化。"]


def test_a_disease_without_a_row_any_more_is_told_what_applies_instead() -> None:
    (gone,) = changes("[O80, O82]", "[O80]")
    assert gone == (
        "- 住院补偿,病种 O82,县内 定点 乡级:原 定额补偿 500.00 元,现 按一般规定 起付线每次 100.00 元(第 3 次起免),"
        f"补偿 70%。例:县内乡级,病种 O82,{BILL}补偿由 500.00 元变为 6,930.00 元。"
    )
    with_row, without = load(COUNTY).policy, load(re.sub(r"          gall:\n(            .*\n)+", "", COUNTY)).policy
    (added,) = differences(without, with_row)[2:]
    assert "病种 K80,县内 定点 乡级:原 按一般规定 起付线每次 100.00 元(第 3 次起免),补偿 70%,现 限额" in added


def test_no_example_denies_its_change() -> None:
    for old, new in itertools.pairwise([*ids(), *reversed(ids())]):
        for line in differences(loaded(old).policy, loaded(new).policy):
            for was, now in re.findall(r"补偿由 ([\d,.]+) 元变为 ([\d,.]+) 元", line):
                assert was != now, line


def test_the_wrong_order_is_told() -> None:
    old, new = loaded("zhengan-2011-05").policy, loaded("zhengan-2011-01").policy
    assert "注意:前一份(2011 年 5 月 1 日起)比后一份(2011 年 1 月 1 日起)生效晚" in differences(old, new)[2]
    assert not any("注意" in line for line in differences(new, old))
    assert differences(new, old)[1] == "自 2011 年 5 月 1 日起至 2011 年 12 月 31 日:"
    assert not any("执行到" in line for line in differences(new, old)), "of versions that follow it is no change"


FAMILY = (
    COUNTY
    + """        caps:
          year: {name: 封顶线, amount: 3000, period: person_year, clause: x}
"""
)
SHARED = "amount: 1500, period: household_year, per_head: true"


def family(old: str, new: str) -> list[str]:
    """What the diff says of one replacement in a county's document with a cap."""
    assert old in FAMILY
    return differences(load(FAMILY).policy, load(FAMILY.replace(old, new, 1)).policy)[2:]


def test_a_cap_for_each_head_is_told_with_a_family_that_shows_it() -> None:
    assert family("amount: 3000, period: person_year", SHARED) == [
        "- 住院补偿:封顶线由每人每年 3,000.00 元变为每户每年 1,500.00 元,按全家参合人数每人一份,全家共用。"
        f"例:全家参合 4 人,县内乡级,{BILL}补偿由 3,000.00 元变为 6,000.00 元。"
    ]


def test_a_changed_cap_is_told_with_a_bill_that_comes_to_it() -> None:
    (told,) = family("amount: 3000", "amount: 60000")
    assert told.endswith(f"例:县内乡级,{BILL}补偿由 3,000.00 元变为 6,930.00 元。")
    (told,) = family("amount: 3000, period: person_year", "amount: 400, period: disease_year, diseases: [O80]")
    assert told.endswith("补偿由 500.00 元变为 400.00 元。"), "of a disease that it speaks of"


CLINIC = """      outpatient:
        name: 门诊补偿
        kind: outpatient
        account: "5001.02"
        rules: {all: {name: 门诊, when: {}, ratio: 50%, clause: x}}
"""


def test_what_a_cap_counts_together_is_a_change() -> None:
    together = FAMILY.replace("name: 住院补偿", "name: 住院补偿\n        adds_to: all") + CLINIC
    both = together.replace("name: 门诊补偿", "name: 门诊补偿\n        adds_to: [own, all]")
    told = differences(load(together).policy, load(both).policy)[2:]
    assert told == ["- 住院补偿:封顶线原单独累计,现与“门诊补偿”合并累计。"]
    back = differences(load(both).policy, load(together).policy)[2:]
    assert back == ["- 住院补偿:封顶线原与“门诊补偿”合并累计,现单独累计。"]
    other = both.replace("period: person_year", "period: person_year, counts: mine").replace(
        "adds_to: all", "adds_to: [all, mine]"
    )
    assert differences(load(both).policy, load(other).policy)[2:] == back
    named = both.replace("name: 门诊补偿", "name: 看门诊")
    assert differences(load(both).policy, load(named).policy)[2:] == ["对任何人都没有变化。"], "a name is no change"
    visit = both.replace("person_year", "admission")
    each_time = load(visit).policy, load(visit.replace("[own, all]", "own")).policy
    assert differences(*each_time)[2:] == ["对任何人都没有变化。"], "a cap each time counts nothing"


@pytest.mark.requirement("DF-09", "the example beside a change shows that change and no other")
@pytest.mark.parametrize(("old", "new"), [*itertools.pairwise(i for i in ids() if i.startswith("dafang-20"))])
def test_an_example_of_a_cap_or_raise_goes_beyond_the_cap_or_is_of_the_group(old: str, new: str) -> None:
    before, after = loaded(old).policy, loaded(new).policy
    for line in differences(before, after):
        if "封顶线" in line and "例:" in line:
            limits = [
                float(one.replace(",", "")) for one in re.findall(r"每[^,]*? ([0-9,.]+) 元", line.split("例:")[0])
            ]
            paid = re.findall(r"补偿由 ([0-9,.]+) 元变为 ([0-9,.]+) 元", line)[0]
            assert {float(one.replace(",", "")) for one in paid} & set(limits), line
        if "提高 10 个百分点" in line:
            assert "例:县" not in line, line


def test_an_abolished_raise_is_not_shown_by_a_ratio_that_rose() -> None:
    without = COUNTY.replace("ratio: 70%", "ratio: 85%").replace(
        "        bonuses:\n          raise: {name: 提高, groups: [wubao, dibao, old], points: 10%, clause: x}\n", ""
    )
    (line,) = [one for one in differences(load(COUNTY).policy, load(without).policy) if "取消提高" in one]
    assert "例:低保户,县外省内省级," in line, "the row that did not change shows it"


YEARS_CAP = "        caps: {year: {name: 封顶, amount: 60000, period: person_year, clause: x}}\n"
MID_YEAR = COUNTY.replace("2012-01-01", "2012-05-01").replace("        bonuses:\n", f"{YEARS_CAP}        bonuses:\n")


def anew(old: str, new: str, text: str = MID_YEAR) -> list[str]:
    """What counts anew by a later version of the county's document."""
    earlier = load(MID_YEAR.replace("2012-05-01", "2012-01-01")).policy
    assert old in text
    told = differences(earlier, load(text.replace(old, new, 1)).policy)[2:]
    return [line for line in told if "不再计入" in line]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "      inpatient:\n",
            "      hospital:\n",
            ["封顶重新累计,本年此前的补偿不再计入", "住院次数重新计算,本年此前的不再计入"],
        ),
        ("        rules:\n", "        adds_to: own\n        rules:\n", ["封顶重新累计,本年此前的补偿不再计入"]),
        ("period: person_year", "period: household_year", ["封顶重新累计,本年此前的补偿不再计入"]),
        (
            "            deductible_waived_from: 3\n",
            "            deductible_per: person_year\n",
            ["全年起付线重新累计,本年此前已扣的不再计入"],
        ),
        ("amount: 60000", "amount: 70000", []),
        ("period: person_year", "period: admission", []),
    ],
)
@pytest.mark.requirement("DF-09", "what a version within the year does not go on counting is said in words")
def test_what_a_version_within_the_year_counts_anew_is_told(old: str, new: str, said: list[str]) -> None:
    assert anew(old, new) == [f"- 住院补偿:{one}。" for one in said]
    next_year = MID_YEAR.replace("2012-05-01", "2013-01-01")
    assert not anew(old, new, next_year), "a year begins from nothing anyway"


def test_a_bucket_of_another_id_has_the_same_rows() -> None:
    assert changes("      inpatient:\n", "      hospital:\n") == ["对任何人都没有变化。"]


def test_a_correction_from_the_same_day_on_has_what_was_counted_since() -> None:
    old = load(MID_YEAR.replace("2012-05-01", "2012-01-01"))
    new = load(MID_YEAR.replace("2012-05-01", "2012-01-01").replace("      inpatient:\n", "      hospital:\n"))
    found = restart_findings(old.policy, new.policy, new.source)
    assert [one.message.partition(";")[0] for one in found] == [
        "封顶重新累计,本年此前的补偿不再计入",
        "住院次数重新计算,本年此前的不再计入",
    ]
    assert all(one.line for one in found)
