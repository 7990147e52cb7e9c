"""What is wrong with a file is told in Chinese, on the line where it stands, with what to write instead."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.claims.benefits import words
from services.claims.benefits.check import findings
from services.claims.benefits.claim_document import ClaimDoc
from services.claims.benefits.claim_file import read_claim
from services.claims.benefits.cli import app
from services.claims.benefits.compiler import load
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import loaded, text_of
from services.claims.benefits.messages import _MESSAGES, _PATTERNS
from services.claims.benefits.payment_document import PaymentDoc, read_payment
from services.claims.benefits.quote import Question, quote
from services.claims.benefits.schema import PolicyDoc

GOOD = text_of("dafang-2010")
FULL_WIDTH = "\uff1a"
run = CliRunner()


def told(text: str) -> list[tuple[int | None, str]]:
    """(line, message) of everything that is wrong."""
    with pytest.raises(PolicyErrors) as wrong:
        load(text, text_of)
    return [(finding.line, finding.message) for finding in wrong.value.findings]


def slipped(good: str, bad: str) -> tuple[str, int]:
    """The good document with a slip, and the line of the slip."""
    assert good in GOOD
    return GOOD.replace(good, bad, 1), GOOD[: GOOD.index(good)].count("\n") + 1


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("            ratio: 80%", "            ratio:80%", "“ratio”的冒号后面缺一个空格"),
        ("            ratio: 80%", f"            ratio{FULL_WIDTH}80%", "“ratio”后面是全角的冒号"),
        ("            ratio: 80%", f"            ratio{FULL_WIDTH} 80%", "“ratio”后面是全角的冒号"),
        ("            ratio: 80%", "            ratio:\u00a080%", "行里有不间断空格,请改用普通空格"),
        ("            ratio: 80%", "          \u00a0\u00a0ratio: 80%", "行里有不间断空格,请改用普通空格"),
        ("            ratio: 80%", "            ratio:\u300080%", "行里有全角空格,请改用普通空格"),
        ("            ratio: 80%", "\t\tratio: 80%", "缩进里有制表符(Tab),请改用空格"),
        ("            ratio: 80%", "           ratio: 80%", "缩进与同一级的其他行不齐"),
        ("            ratio: 80%", "            ratio: @80%", "不能以这个符号开头"),
        ("            ratio: 80%", "            ratio: 80: 20", "多出一个冒号"),
        ('            ratio: 80%', '            ratio: "80%', "引号没有写完"),
        ("scheme: nrcms", "scheme:nrcms", "“scheme”的冒号后面缺一个空格"),
    ],
)  # fmt: skip
def test_a_slip_of_spelling_is_told_on_its_own_line(good: str, bad: str, message: str) -> None:
    text, line = slipped(good, bad)
    ((where, said),) = told(text)
    assert where == line
    assert said.startswith(f"不是有效的 YAML:{message}")
    assert not re.search(r"[a-z]{3} [a-z]", said), "no English sentence"


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("effective_from: 2010-01-01", "effective_from: 20100101", "日期写作 2010-01-01"),
        ("effective_from: 2010-01-01", "effective_from: 1262304000", "日期写作 2010-01-01"),
        ("effective_from: 2010-01-01", "effective_from: 2010-01-01T00:00:00", "日期写作 2010-01-01"),
        ("effective_from: 2010-01-01", "effective_from: 2010-02-30", "日期写作 2010-01-01;没有 2010-02-30 这一天"),
        ("    verified_on: 2026-11-22", "    verified_on: 20261122", "日期写作 2010-01-01"),
        ("level: township", "level: 乡级", "只能是 village(村级)、township(乡级)、county(县级)、"),
        ("period: person_year", "period: lifetime", "person_day(每人每日)、person_year(每人每年)、"),
        ("scheme: nrcms", "scheme: ncms", "只能是 nrcms(新型农村合作医疗)、"),
        ("policy: dafang-2010", "policy: Dafang 2010", "写法不对:只用小写英文字母、数字"),
        ("{level: township,", "{level:township,", "冒号后面缺一个空格,应写 level: township"),
        ("            ratio: 80%", "            ratoi: 80%", "不认识这一项,请核对名称:是不是 ratio?"),
        ("            deductible: 300", "            deductible:", "没有写值"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_chinese(good: str, bad: str, message: str) -> None:
    text, line = slipped(good, bad)
    assert any(where == line and message in said for where, said in told(text)), told(text)


@pytest.mark.parametrize("name", ["value", '"[key]"'])
def test_a_member_that_is_named_as_pydantic_names_values_is_told_where_it_stands(name: str) -> None:
    key = name.strip('"')
    top = GOOD + f"\n{name}: 1\n"
    assert told(top) == [(top.count("\n"), "不认识这一项,请核对名称")]
    text, line = slipped("            ratio: 80%", f"            ratio: 80%\n            {name}: 3")
    with pytest.raises(PolicyErrors) as wrong:
        load(text, text_of)
    (finding,) = wrong.value.findings
    assert (finding.line, finding.path.rpartition(".")[2]) == (line + 1, key)
    with pytest.raises(PolicyErrors) as claim:
        read_claim(f"institution: {{level: county, {name}: 3}}\neligible: 1\n{name}: 3\n")
    assert {(one.line, one.path) for one in claim.value.findings} == {(1, f"institution.{key}"), (3, key)}
    with pytest.raises(PolicyErrors) as payment:
        read_payment(f"{name}: 3\n")
    assert (1, key) in {(one.line, one.path) for one in payment.value.findings}


def test_a_row_may_be_named_value() -> None:
    text, line = slipped("          township:\n", "          value:\n")
    wrong, _ = text.replace("ratio: 80%", "ratio: 180%"), line
    assert told(wrong) == [(line + 4, "比例不能超过 100%")]


def test_the_end_before_the_beginning_is_told_on_its_line() -> None:
    text, line = slipped("effective_from: 2010-01-01", "effective_from: 2010-01-01\neffective_to: 2009-12-31")
    assert told(text) == [(line + 1, "终止日期 2009-12-31 早于生效日期(effective_from)2010-01-01")]


def test_a_member_on_the_wrong_level_is_told_where_it_belongs() -> None:
    text, line = slipped("        kind: inpatient\n", "        deductible_waived_from: 3\n        kind: inpatient\n")
    assert told(text) == [
        (line, "这一项不写在这里,应写作 layers.basic.benefits.inpatient.rules.….deductible_waived_from")
    ]
    text, line = slipped("layers:\n", "year_by: {value: admission, clause: x}\nlayers:\n")
    assert told(text) == [(line, "这一项不写在这里,应写作 parameters.year_by")]


def test_the_admission_from_which_nothing_is_taken_has_its_own_clause() -> None:
    text, _ = slipped(
        "            deductible: 300", "            deductible: 300\n            deductible_waived_from: {V}"
    )
    sourced = load(text.replace("{V}", "{value: 3, clause: 第三次住院起不设起付线}"), text_of)
    rows = sourced.policy.layers[0].benefits["inpatient"].rules
    assert [row.deductible.waived_from for row in rows if row.deductible.waived_from] == [3]
    assert "第三次住院起不设起付线" in sourced.canonical
    presumed = load(text.replace("{V}", "{value: 3, illustrative: true}"), text_of)
    assert any(name.endswith(".deductible_waived_from") for name in presumed.policy.illustrative)


def test_overlapping_rows_are_told_in_words() -> None:
    text = GOOD.replace(
        "{level: township, place: in_county, ownership: public,", "{level: county, place: in_county,", 1
    )
    ((_, said),) = told(text)
    assert re.fullmatch(r"与“[^”]+”\([a-z-]+\)重叠,例如 县内 定点( 公立)? 县级", said), said


def test_every_pattern_of_the_documents_has_words() -> None:
    found: set[str] = set()

    def collect(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                found.add(part["pattern"])
            for one in part.values():
                collect(one)
        elif isinstance(part, list):
            for one in part:
                collect(one)

    for model in (PolicyDoc, ClaimDoc, PaymentDoc):
        collect(model.model_json_schema(mode="validation"))
    assert {pattern.replace(r"\d", "[0-9]") for pattern in found} <= set(_PATTERNS)
    assert not any(re.search(r"[a-z]{3} [a-z]{3}", message) for message in _MESSAGES.values())


def test_what_is_inherited_is_told_with_the_document_it_stands_in() -> None:
    county = loaded("zhengzhou-county-2011")
    lines = text_of("zhengzhou-2011").splitlines()
    by_path = {one.path: one for one in findings(county.policy, county.source, county.document)}
    inherited = by_path["basic.inpatient.county"]
    assert inherited.line is None
    number = int(inherited.message.removeprefix("(在所继承的 zhengzhou-2011 第 ").split(" ", 1)[0])
    assert lines[number - 1].strip().startswith("county:")
    own = by_path["basic.inpatient.outside"]
    assert text_of("zhengzhou-county-2011").splitlines()[(own.line or 0) - 1].strip() == "outside:"


# ---------------------------------------------------------------- files and options


@pytest.mark.parametrize(
    "ask",
    [
        ["policy", "check", "{}"],
        ["policy", "payment", "{}"],
        ["quote", "--policy", "dafang-2010", "--claim", "{}"],
    ],
)
def test_a_file_of_another_encoding_is_told_how_to_save_it(ask: list[str], tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    for encoding in ("gbk", "utf-16"):
        path.write_bytes(GOOD.encode(encoding, "replace"))
        answer = run.invoke(app, [part.format(path) for part in ask])
        assert answer.exit_code == 2
        assert "文件不是 UTF-8 编码;在记事本里“另存为”,编码选 UTF-8" in answer.output
        assert "codec" not in answer.output
    gone = run.invoke(app, [part.format(tmp_path / "none.yaml") for part in ask])
    assert gone.exit_code == 2
    assert "没有这个文件或目录" in gone.output
    assert "Errno" not in gone.output


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (["policy", "check", "{}"], "方案文件"),
        (["policy", "payment", "{}"], "支付办法文件"),
        (["quote", "--policy", "dafang-2010", "--claim", "{}"], "费用文件"),
    ],
)
def test_a_file_that_holds_no_names_is_called_what_it_is(ask: list[str], what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("无\n", encoding="utf-8")
    answer = run.invoke(app, [part.format(path) for part in ask])
    assert answer.exit_code == 2
    assert f"第 1 行 {what}应是若干“名称: 值”的组合" in answer.output


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\x9f", "\uffff"])
def test_a_control_character_is_told_on_its_line(control: str) -> None:
    assert told(f"policy: a\ntitle: 甲{control}乙\nscheme: nrcms\n") == [
        (2, "不是有效的 YAML:这一行有不能使用的控制字符,请删去")
    ]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--eligible", "x", "x:金额写作元,最多两位小数"),
        ("--used", "-1", "-1:金额不能为负"),
        ("--used", "1.234", "1.234:金额写作元,最多两位小数"),
        ("--admitted", "20100101", "20100101:日期写作 2010-01-01"),
        ("--admitted", "2010-W01-1", "2010-W01-1:日期写作 2010-01-01"),
        ("--admitted", "2010-02-30", "没有 2010-02-30 这一天"),
        ("--admitted", "", ":日期写作 2010-01-01"),
        ("--insured", "0", "0:写 1 至 99 的整数"),
        ("--insured", "100", "100:写 1 至 99 的整数"),
        ("--insured", "四", "四:写 1 至 99 的整数"),
    ],
)
def test_a_wrong_option_is_named_and_told_in_chinese(option: str, value: str, message: str) -> None:
    ask = ["quote", "--policy", "dafang-2010", "--level", "county", "--eligible", "1000", option, value]
    answer = run.invoke(app, ask, env={"COLUMNS": "200"})
    assert answer.exit_code == 2
    assert option in answer.output
    assert message in answer.output


def test_a_file_with_the_mark_of_utf8_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(GOOD.encode("utf-8-sig"))
    assert run.invoke(app, ["policy", "check", str(path)]).exit_code == 0


def test_options_are_taken_by_code_and_in_chinese() -> None:
    ask = ["quote", "--policy", "dafang-2006-11", "--eligible", "1000", "--json"]
    by_code = run.invoke(app, [*ask, "--level", "county", "--place", "in_county", "--group", "wubao"])
    chinese = run.invoke(app, [*ask, "--level", "县级", "--place", "县内", "--group", "五保户"])
    assert by_code.exit_code == 0
    assert chinese.stdout == by_code.stdout
    wrong = run.invoke(app, [*ask, "--level", "county", "--place", "县里"])
    assert wrong.exit_code == 2
    assert "in_county(县内)、in_province(县外省内)、out_of_province(省外)" in wrong.output
    assert "Value error" not in wrong.output
    nobody = run.invoke(app, [*ask, "--level", "county", "--group", "老人"])
    assert nobody.exit_code == 2
    assert "village_cadre(在职村干部)、wubao(五保户)" in nobody.output


def test_a_group_is_known_by_the_name_of_the_register_and_of_the_policy() -> None:
    policy = loaded("dafang-2006-11").policy
    asked = {"kind": "inpatient", "level": "county", "eligible_fen": 100_000, "admitted_on": policy.effective_from}
    for written in ("wubao", "五保户", words.GROUPS["wubao"][0]):
        assert quote(Question(groups=frozenset({written}), **asked), policy).benefit_fen == 65_000  # type: ignore[arg-type]


def test_a_claim_file_speaks_the_same_language() -> None:
    with pytest.raises(PolicyErrors) as wrong:
        read_claim("institution: {level: 县}\nadmitted: 1267401600\neligible: 1\n")
    said = [str(one) for one in wrong.value.findings]
    assert said[0] == "第 2 行 admitted:日期写作 2010-01-01"
    assert "county(县级)" in said[1]


def test_a_payment_document_speaks_the_same_language() -> None:
    text = (Path(__file__).parents[3] / "policies/payments/zhengan-county-hospital-2011.yaml").read_text("utf-8")
    with pytest.raises(PolicyErrors) as wrong:
        read_payment(text.replace("by: item", "by: barter").replace("2011-01-01", "20110101"))
    said = "\n".join(str(one) for one in wrong.value.findings)
    assert "日期写作 2010-01-01" in said
    assert "method:by 只能是 item(按项目)、visit(次均)" in said
