"""What `policy check` finds in a document that can be used, the wall table, and `policy diff`."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.claims.benefits.again import found_in
from services.claims.benefits.areas import EVERYTHING, phrases
from services.claims.benefits.check import findings
from services.claims.benefits.cli import app
from services.claims.benefits.compiler import benefit_rows, load
from services.claims.benefits.diff import differences
from services.claims.benefits.document import Finding, PolicyErrors
from services.claims.benefits.library import ids, loaded, text_of
from services.claims.benefits.wall import wall_table

GOOD = text_of("dafang-2010")
run = CliRunner()


def warned(text: str) -> list[str]:
    document = load(text, text_of)
    return [f.message for f in findings(document.policy, document.source, document.document)]


def changed(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed("ratio: 80%", "ratio: 0%"), "比例是 0%:不补偿的写 nothing: true"),
        (
            changed("ratio: 80%", "bands: [{up_to: 5000, ratio: 80%}, {ratio: 70%}]"),
            "费用高的一段比例反而低,请核对",
        ),
        (
            changed("ratio: 70%", "ratio: 95%", text_of("dafang-2006-11")),
            "加上“特殊人群”后比例为 105%,超过 100%,只按 100% 补偿",
        ),
        (
            changed("ratio: 80%", "bands: [{up_to: 100000, ratio: 60%}, {ratio: 80%}]"),
            "第 2 段永远用不到:到这一段时已达住院补偿全年封顶线",
        ),
        (
            changed("amount: 30000", "amount: 90000", text_of("dafang-2008")),
            "永远不会起作用:大病补偿年度封顶线(60,000.00 元)先到",
        ),
        (changed("amount: 60000", "amount: 0"), "封顶线是 0 元,什么都不会支付"),
        (
            changed("\n\nparameters:", "\n  idle: {title: x, verified_on: 2026-11-22}\n\nparameters:"),
            "没有任何规定引用这个来源",
        ),
        (changed("layers:\n", "groups: {wubao: {name: 五保户}}\nlayers:\n"), "没有任何规定用到这类人群"),
    ],
)
def test_a_finding(text: str, message: str) -> None:
    assert message in warned(text)


INPATIENT_CAPS = "        caps:\n          year:\n            name: 住院补偿"


def beside(rows: str, text: str = GOOD) -> str:
    """A document with more rows in the bucket of inpatients."""
    return changed(INPATIENT_CAPS, f"        {rows}\n{INPATIENT_CAPS}", text)


def capped(cap: str) -> str:
    """A document with one more cap for inpatients."""
    return changed("        caps:\n", f"        caps:\n          more: {cap}\n")


@pytest.mark.parametrize(("diseases", "found"), [("", 1), (", diseases: [K35]", 0)])
def test_a_cap_of_a_disease_limits_no_row_of_all(diseases: str, found: int) -> None:
    cap = capped(f"{{name: 每次, amount: 2000, period: admission, clause: x{diseases}}}")
    text = changed("ratio: 80%", "bands: [{up_to: 5000, ratio: 50%}, {ratio: 70%}]", cap)
    assert len([one for one in warned(text) if "永远用不到:到这一段时已达每次" in one]) == found


K80 = "diseases: [K80]\n            limit: {amount: 4000, shared_up_to: A, share: B}\n            ratio: 80%"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            changed("deductible: 200", "deductible: 99999999"),
            "deductible",
            "起付线 99,999,999.00 元,几乎没有人能得到补偿,请核对",
        ),
        (
            changed("ratio: 80%", "ratio: 80%\n            deductible_waived_from: 3"),
            "deductible_waived_from",
            "这一行不设起付线,第几次起免不起作用",
        ),
        (
            changed("ratio: 80%", K80.replace("A", "0%").replace("B", "50%")),
            "limit",
            "超过限额 0% 以内的部分才分担,等于没有分担,请核对",
        ),
        (
            changed("ratio: 80%", K80.replace("A", "20%").replace("B", "0%")),
            "limit",
            "超过限额的部分按 0% 计入,等于没有分担,请核对",
        ),
        (
            beside("essential: {name: 基药, points: 25%, clause: x}"),
            "township",
            "加上“基药”后比例为 105%,超过 100%,只按 100% 补偿",
        ),
        (beside("essential: {name: 基药, points: 0%, clause: x}"), "essential", "提高 0 个百分点,这一条不起作用"),
        (beside("floor: {name: 保底, ratio: 0%, clause: x}"), "floor", "保底 0%,这一条不起作用"),
        (
            beside("floor: {name: 保底, ratio: 100%, clause: x}"),
            "floor",
            "保底 100%,可补偿费用全部支付,起付线和比例都不起作用,请核对",
        ),
        (beside("accident: {name: 意外, factor: 0%, clause: x}"), "accident", "意外伤害一律不补偿,请核对"),
        (beside("accident: {name: 意外, factor: 50%, cap: 0, clause: x}"), "accident", "意外伤害一律不补偿,请核对"),
        (
            beside("accident: {name: 意外, factor: 100%, clause: x}"),
            "accident",
            "意外伤害与其他住院一样补偿,这一条不起作用",
        ),
        (
            capped("{name: 病种, amount: 5000, period: disease_year, diseases: [K99], clause: x}"),
            "diseases",
            "没有一行提到病种 K99,请核对编码",
        ),
        (changed("points: 10%", "points: 0%", text_of("dafang-2006-11")), "special-groups", "提高 0,这一条不起作用"),
        (changed("points: 10%", "factor: 0%", text_of("dafang-2006-11")), "special-groups", "提高 0,这一条不起作用"),
    ],
)
def test_a_row_that_changes_nothing_is_told(text: str, path: str, message: str) -> None:
    document = load(text, text_of)
    found = [one for one in findings(document.policy, document.source, document.document) if one.message == message]
    assert [one.path.rpartition(".")[2] for one in found] == [path]
    assert found[0].line


def test_a_waiver_of_no_deductible_is_told() -> None:
    rows = "waivers: {acute: {name: 急诊, emergency: true, clause: x}}"
    assert "没有一行设起付线,这一条不起作用" not in warned(beside(rows))
    free = GOOD.replace("deductible: 200", "deductible: 0").replace("deductible: 300", "deductible: 0")
    assert "没有一行设起付线,这一条不起作用" in warned(beside(rows, free))


@pytest.mark.parametrize(
    "bad",
    [
        "bands: [{up_to: 0, ratio: 80%}, {ratio: 85%}]",
        "fixed: 0",
        "fixed: {value: 0, clause: x}",
        "limit: {amount: 0}\n            ratio: 80%",
        "diseases: [K80]\n            off_path_over: 0\n            ratio: 80%",
    ],
)
def test_what_could_never_be_meant_is_refused(bad: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        load(changed("ratio: 80%", bad))
    assert [(one.message, one.line is not None) for one in wrong.value.findings] == [("应大于 0 元", True)]


def test_the_documents_of_the_repository_have_no_idle_rows() -> None:
    told = [one.message for policy_id in ids() for one in _found(policy_id)]
    assert not [message for message in told if "不起作用" in message or "请核对编码" in message]


def _found(policy_id: str) -> list[Finding]:
    document = loaded(policy_id)
    return findings(document.policy, document.source, document.document)


SECOND = """
  critical_illness:
    name: 大病保险
    payer: 保险公司
    account: "1001"
    book: critical_illness
    risk_bearer: insurer
    base: cut_by_cap
    clause: 大病
    benefits:
      inpatient:
        name: 大病住院
        kind: inpatient
        account: "5001"
        rules:
          village: {name: 村级, when: {level: village, place: in_county, designation: none}, ratio: 50%, clause: 一半}
      outpatient:
        name: 大病门诊
        kind: outpatient
        account: "5001"
        rules:
          all: {name: 各级, when: {}, ratio: 50%, clause: 一半}
readings:
"""


def test_layers_that_never_pay() -> None:
    text = re.sub(r"      outpatient:\n(        .*\n)+", "", GOOD, count=1).replace("\nreadings:\n", SECOND)
    found = warned(text)
    assert "第一层在这些情形下都不补偿,这一行永远不会用到" in found
    assert "第一层不补偿这类医疗服务,“大病门诊”永远不会支付" in found
    uncapped = re.sub(
        r"        caps:\n          year:\n            name: 住院补偿全年.*\n(            .*\n)+", "", text
    )
    assert uncapped != text
    assert "这一层从前一层的全年封顶线起付,而前一层没有全年封顶线,永远不会支付" in warned(uncapped)


def test_gaps_are_told_exactly_and_briefly() -> None:
    assert [m for m in warned(GOOD) if m.startswith("没有规定")][:3] == [
        "没有规定:县内 定点 公立 村级",
        "没有规定:县内 非定点",
        "没有规定:县外省内、省外 定点 公立 村级、乡级、县级",
    ]
    assert "没有规定:县外省内、省外 未经转诊" in warned(text_of("wancheng-2007")), "circumstances count too"


def test_phrases_name_the_whole_and_nothing() -> None:
    assert phrases(EVERYTHING) == ["所有情形"]
    assert phrases([]) == []
    one = next(iter(EVERYTHING))
    assert len(phrases(EVERYTHING - {one})) > 1


@pytest.mark.requirement("DF-03", "the wall table has a heading for each of the seven disclosures")
@pytest.mark.parametrize("policy_id", ids())
def test_the_wall_tells_everything(policy_id: str) -> None:
    document = loaded(policy_id)
    told = wall_table(document.policy, document.document)
    for heading in ("基本药物目录", "药品价格", "服务项目", "收费标准", "报销程序", "报销结果", "补偿比例"):
        assert heading in told
    for layer in document.policy.layers:
        assert f"【{layer.name}】" in told
        for benefit in layer.buckets:
            assert all(row.name in told for row in benefit_rows(benefit))
    assert told.count("推定") >= len({name.rsplit(".", 1)[0] for name in document.policy.illustrative}) - 2


def test_the_wall_says_it_in_the_policys_own_words() -> None:
    text = GOOD + "\ndisclosure:\n  procedure: [凭证登记, 出院即报]\n"
    document = load(text)
    told = wall_table(document.policy, document.document)
    assert "五、报销程序\n  凭证登记\n  出院即报\n" in told


def test_the_wall_says_that_a_deductible_of_the_year_is_taken_once_and_what_the_bands_are_of() -> None:
    layers = loaded("henan-2014-layers")
    told = wall_table(layers.policy, layers.document)
    assert (
        "    全年个人负担的合规费用:起付线每年 15,000.00 元,超过起付线的部分中 35,000.00 元以内 补偿 50%,"
        "85,000.00 元以内 补偿 55%,其余 补偿 65%\n"
    ) in told
    assert "县级定点医院:起付线每次 300.00 元,补偿 65%" in told, "one ratio is of all that lies above"
    free = load(changed("ratio: 80%", "bands: [{up_to: 5000, ratio: 50%}, {ratio: 70%}]"))
    assert "不设起付线,5,000.00 元以内 补偿 50%,其余 补偿 70%" in wall_table(free.policy, free.document)


def test_the_diff_says_what_counts_over_the_year() -> None:
    each_time = text_of("henan-2014-layers").replace("        yearly: true\n", "")
    told = differences(load(each_time).policy, loaded("henan-2014-layers").policy)
    assert [
        line for line in told if "原 起付线每次 15,000.00 元,超" in line and "现 按全年累计 起付线每年 15,0" in line
    ]


@pytest.mark.requirement("ZA-05", "the wall says which benefits one cap counts together")
def test_the_wall_says_which_benefits_a_cap_counts_together() -> None:
    zhengan = loaded("zhengan-2011-05")
    told = wall_table(zhengan.policy, zhengan.document)
    cap = "    全年封顶线(不分项目):每人每年 100,000.00 元,与"
    assert f"{cap}“住院统筹”、“慢性病门诊”、“门诊大型检查”合并累计\n" in told
    assert f"{cap}“住院统筹”、“门诊统筹”、“慢性病门诊”合并累计\n" in told
    assert "慢性病每病种全年封顶线:每人每病种每年 2,000.00 元(推定" in told, "a cap of its own bucket says no more"


COUNTY_GROUPS = """
groups: {a: {name: 甲类村民}, b: {name: 乙类村民, age_from: 65}, idle: {name: 闲置人群}}
layers:
"""


def test_the_wall_names_the_countys_own_groups_and_only_those_that_rows_speak_of() -> None:
    rows = """        bonuses:
          raise: {name: 加点, groups: [a], points: 5%, clause: x}
          more: {name: 加成, groups: [b], factor: 20%, clause: x}
        waivers:
          named: {name: 甲类村民免起付线, groups: a, clause: x}
          other: {name: 照顾, groups: [a, b], emergency: true, clause: x}
        caps:
"""
    document = load(changed("        caps:\n", rows, changed("\nlayers:\n", COUNTY_GROUPS)))
    told = wall_table(document.policy, document.document).splitlines()
    assert "    加点:甲类村民提高 5 个百分点" in told
    assert "    加成:乙类村民(年满 65 周岁)提高 原比例的 20%" in told
    assert "    甲类村民免起付线" in told, "a row whose name says it all is said once"
    assert "    照顾:甲类村民、乙类村民(年满 65 周岁)急诊免起付线" in told
    assert "特殊人群:甲类村民、乙类村民" in told
    assert not any("闲置人群" in line for line in told)
    found = findings(document.policy, document.source, document.document)
    assert [one.path for one in found if one.message == "没有任何规定用到这类人群"] == ["groups.idle"]


def test_the_wall_marks_presumed_parameters() -> None:
    county = loaded("zhengzhou-county-2011")
    told = wall_table(county.policy, county.document)
    assert "等待期:参合后 30 天(推定,须统筹区接受)\n" in told
    assert "新生儿:出生 90 天内随母亲参合(推定,须统筹区接受)\n" in told
    assert "参合期以外发生的费用不予补偿\n" in told, "a ruling of the template is none"


@pytest.mark.requirement("DF-09", "the change from one version to the next is told in words, with whom it concerns")
def test_what_changes_for_whom() -> None:
    told = "\n".join(differences(loaded("dafang-2009").policy, loaded("dafang-2010").policy))
    assert "- 住院统筹,县内 定点 县级:原 不设起付线,补偿 60%,现 不设起付线,补偿 70%。" in told
    assert "例:县内县级,可补偿费用 10,000.00 元,补偿由 6,000.00 元变为 7,000.00 元。" in told
    assert "取消住院补偿封顶线(原每次 30,000.00 元)" in told
    assert "门诊统筹" not in told, "nothing changes there"
    assert "家庭账户" not in told, "what is left of it stays spendable (rulings §4)"
    without = load(text_of("dafang-2010").partition("family_account:")[0]).policy
    told = "\n".join(differences(loaded("dafang-2009").policy, without))
    assert "- 各户:取消家庭账户(原余额)(原可支付门诊的个人负担部分,不计入封顶线和补偿比例)。" in told
    back = "\n".join(differences(loaded("dafang-2008").policy, loaded("dafang-2006-11").policy))
    assert "五保户提高 10 个百分点" in back, "by the name that the policy gives the group"


@pytest.mark.requirement("ZA-03", "what the change within the year brings is told: the cap, and examinations outside")
@pytest.mark.requirement("ZA-05", "the change of the cap within the year is told for every bucket that it limits")
def test_a_change_within_the_year() -> None:
    answer = run.invoke(app, ["policy", "diff", "zhengan-2011-01", "zhengan-2011-05"])
    assert answer.exit_code == 0
    changes = [line for line in answer.stdout.splitlines() if line.startswith("- ")]
    assert "- 新设“门诊大型检查”(项目 CT、GASTROSCOPY、MRI)。" in changes
    assert [line for line in changes if "大型检查" not in line] == [
        "- 住院统筹:全年封顶线(不分项目)由每人每年 80,000.00 元变为每人每年 100,000.00 元。"
        "例:县内乡级,可补偿费用 160,000.00 元,补偿由 80,000.00 元变为 100,000.00 元。",
        "- 门诊统筹:全年封顶线(不分项目)由每人每年 80,000.00 元变为每人每年 100,000.00 元。"
        "例:县内县级,可补偿费用 200,000.00 元,补偿由 80,000.00 元变为 100,000.00 元。",
        "- 慢性病门诊:全年封顶线(不分项目)由每人每年 80,000.00 元变为每人每年 100,000.00 元。",
    ]


def test_layers_parameters_and_bonuses_of_two_policies() -> None:
    text = changed("\nreadings:\n", SECOND)
    text = changed("    value: excluded", "    value: covered", text)
    text = changed("parameters:\n", "parameters:\n  waiting_days: {value: 30, clause: x}\n", text)
    text = changed("value: settlement", "value: admission", text)
    old, new = load(GOOD).policy, load(text).policy
    told = "\n".join(differences(old, new))
    assert "新设“大病保险”,由保险公司支付,从前一层封顶线用完以后起。" in told
    assert "等待期由 0 天改为 30 天" in told
    assert "由按结算日期改为按入院日期" in told
    assert "参合期以后的费用改为予以补偿" in told
    assert "取消“大病保险”" in "\n".join(differences(new, old))
    assert differences(old, old)[-1] == "对任何人都没有变化。"


@pytest.mark.parametrize(("old", "new"), [("dafang-2010", "nowhere"), ("nowhere", "dafang-2010")])
def test_diff_of_what_is_not_there(old: str, new: str, tmp_path: Path) -> None:
    assert run.invoke(app, ["policy", "diff", old, new]).exit_code == 2


# ---------------------------------------------------------------- circumstances and deadlines

SAID = """
circumstances:
  referred: {counts: decided, clause: 转诊审批制}
  emergency: {notice_days: 3, clause: 急诊三日内报告}
accidents: {report_days: 3, posted_days: 7, clause: 三日内报告并公示}
window:
  deadlines:
    inpatient: {name: 住院受理期限, kinds: inpatient, by: 03-31, clause: 次年三月底以前}
    outpatient: {name: 门诊受理期限, kinds: outpatient, days: 60, clause: 六十天内}
"""


@pytest.mark.parametrize("name", ids())
def test_a_stored_form_has_the_findings_of_its_document(name: str) -> None:
    known = loaded(name)
    assert found_in(known.canonical, known.source) == findings(known.policy, known.source, known.document)


def test_the_wall_tells_circumstances_and_deadlines() -> None:
    document = load(GOOD + SAID)
    told = wall_table(document.policy, document.document)
    assert "转诊:凭县合管办批准的申请计入\n" in told
    assert "急诊:凭县合管办批准的申请计入,发生后 3 天内申请\n" in told
    assert "意外伤害:发生后 3 天内报告,逾期不予受理;乡镇负责人签署意见后在村里公示 7 天,期满再决定\n" in told
    assert "住院受理期限:住院的材料次年 3 月 31 日以前送到窗口,逾期须经县合管办批准\n" in told
    assert "门诊受理期限:门诊的材料出院(就诊)后 60 天内送到窗口" in told


def test_the_wall_tells_who_approves_what_is_told_late() -> None:
    late = changed("notice_days: 3", "notice_days: 3, late: approved", GOOD + SAID)
    document = load(changed("posted_days: 7", "late: approved", late))
    told = wall_table(document.policy, document.document)
    assert "急诊:凭县合管办批准的申请计入,发生后 3 天内申请,逾期的须经县合管办负责人批准\n" in told
    assert "意外伤害:发生后 3 天内报告,逾期的须经县合管办负责人批准\n" in told


def test_the_diff_tells_circumstances_and_deadlines() -> None:
    other = changed("by: 03-31", "by: 06-30", changed("counts: decided", "counts: stated", GOOD + SAID))
    other = changed("posted_days: 7", "posted_days: 15", other)
    old, new, plain = load(GOOD + SAID).policy, load(other).policy, load(GOOD).policy
    told = "\n".join(differences(old, new))
    assert "- 就诊情形:原“转诊:凭县合管办批准的申请计入”,现“转诊:凭医院说明或县合管办批准的申请计入”。" in told
    assert "公示 7 天,期满再决定”,现“意外伤害:" in told and "公示 15 天" in told
    assert "次年 3 月 31 日以前" in told and "次年 6 月 30 日以前" in told and "门诊受理期限" not in told
    gone = "\n".join(differences(old, plain))
    assert "- 到窗口报销的人:原“门诊受理期限:" in gone and "现“没有规定”。" in gone


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x", "x", "没有任何规定区分有无转诊,这一条不起作用"),
        ("by: 03-31", "by: 01-05", "年底出院(就诊)的只有 5 天时间送材料,请核对"),
        ("days: 60", "days: 5", "年底出院(就诊)的只有 5 天时间送材料,请核对"),
        ("clause: 六十天内", "illustrative: true, note: 示例", "来源没有写明,须由统筹区点名接受才能用于结算"),
        ("clause: 三日内报告并公示", "illustrative: true, note: 示例", "来源没有写明,须由统筹区点名接受才能用于结算"),
    ],
)
def test_a_finding_about_circumstances_and_deadlines(old: str, new: str, message: str) -> None:
    assert message in warned(changed(old, new, GOOD + SAID))


HOSPITAL = "limit: {amount: 4000, shared_up_to: 20%, share: 50%"


def test_the_wall_says_that_the_hospital_bears_what_is_over_a_limit() -> None:
    text = changed(HOSPITAL, HOSPITAL + ", excess: hospital", text_of("zhengan-2011-01"))
    document = load(text, text_of)
    told = wall_table(document.policy, document.document)
    assert "按 50% 计入),不计入的部分由医疗机构负担," in told
    floor = changed("        caps:\n", "        floor: {name: 保底, ratio: 30%, clause: x}\n        caps:\n", text)
    with pytest.raises(PolicyErrors, match="不能设保底"):
        load(floor, text_of)


def test_a_circumstance_that_rows_or_waivers_ask_for_is_not_warned_of() -> None:
    urban = loaded("dafang-urban-2009")
    assert not any("不起作用" in one.message for one in findings(urban.policy, urban.source, urban.document))
    waiver = "        waivers: {acute: {name: 急诊, emergency: true, clause: 急诊免}}\n        caps:\n"
    assert "没有任何规定区分有无急诊,这一条不起作用" in warned(GOOD + SAID)
    assert "没有任何规定区分有无急诊,这一条不起作用" not in warned(changed("        caps:\n", waiver, GOOD + SAID))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("by: 03-31", "by: 02-30", "不是每年都有 02-30 这一天"),
        ("by: 03-31", "by: 02-29", "不是每年都有 02-29 这一天"),
        ("by: 03-31", "by: 三月底", "截止日写作 月-日,例如 03-31"),
        ("by: 03-31", "by: 03-31, days: 5", "by(次年某日以前)与 days(结束后若干天内)写且只写一个"),
        ("by: 03-31, ", "", "by(次年某日以前)与 days(结束后若干天内)写且只写一个"),
        ("days: 60", "days: 0", "不能小于 1"),
        ("kinds: outpatient", "kinds: [inpatient, outpatient]", "住院的截止日已在 inpatient 中规定"),
        ("counts: decided", "counts: stated, notice_days: 3", "凭医院说明即可(stated)的,不写 notice_days"),
        ("clause: 转诊审批制", "note: x", "缺少依据"),
        ("clause: 三日内报告并公示", "note: x", "缺少依据"),
        ("report_days: 3, posted_days: 7", "note: x", "至少写一个"),
        ("report_days: 3, posted_days: 7", "posted_days: 7, late: refused", "没有写 report_days 的,不写 late"),
        ("report_days: 3, posted_days: 7", "posted_days: 61", "不能大于 60"),
        ("counts: decided", "late: approved", "没有写 notice_days 的,不写 late"),
        (" referred:", " lost:", "只能是"),
    ],
)
def test_impossible_circumstances_and_deadlines(old: str, new: str, message: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        load(changed(old, new, GOOD + SAID))
    assert any(message in one.message and one.line for one in wrong.value.findings), str(wrong.value)


def test_a_cap_a_day_is_of_outpatients() -> None:
    """A stay has many days, and its lines need not say theirs."""
    with pytest.raises(PolicyErrors) as wrong:
        load(capped("{name: 每日, amount: 50, period: person_day, clause: x}"))
    assert [one.message for one in wrong.value.findings] == [
        "每人每日(person_day)的封顶线只用于门诊:住院一次有许多天,写 admission(每次)或按年的"
    ]
