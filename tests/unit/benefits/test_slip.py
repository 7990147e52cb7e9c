"""The slip lets the patient redo the sum by hand; the command line answers as the issue of the office needs it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.cli import app
from services.claims.benefits.compiler import load
from services.claims.benefits.face import Face
from services.claims.benefits.library import ids, loaded, text_of
from services.claims.benefits.model import Outcome, Reason
from services.claims.benefits.presumed import presumed
from services.claims.benefits.quote import Question, quote
from services.claims.benefits.slip import percent, slip_text, yuan
from services.claims.benefits.wire import DecisionWire, decision_document
from services.claims.benefits.words import OUTCOMES, REASONS

DAY = date(2010, 3, 5)
run = CliRunner()


def document(**members: object) -> dict[str, object]:
    asked: dict[str, object] = {
        "kind": "inpatient",
        "level": "prefecture",
        "eligible_fen": 1_000_000,
        "admitted_on": DAY,
    }
    return decision_document(quote(Question(**asked | members), loaded("dafang-2010").policy))  # type: ignore[arg-type]


def test_the_sum_can_be_redone_by_hand() -> None:
    slip = slip_text(document(), [("姓名", "张*")])
    assert "姓名:张*" in slip
    assert "10,000.00 − 200.00 = 9,800.00 元" in slip
    assert "9,800.00 × 60% = 5,880.00 元" in slip
    assert "10,000.00 − 5,880.00 = 4,120.00" in slip
    assert "依据:“在省地级指定医院住院,报销比例为60%,设起付线为200元”" in slip
    assert slip.count("在省地级指定医院住院") == 1, "each clause is quoted once"


def test_every_sum_on_the_slip_is_true() -> None:
    for used in (0, 5_500_000, 6_000_000):
        slip = slip_text(document(eligible_fen=2_345_678, used_fen=used))
        for left, sign, right, result in re.findall(r"([\d,.]+) ([−×]) ([\d,.%]+) = ([\d,.]+)", slip):
            a, b, c = (float(part.rstrip("%").replace(",", "")) for part in (left, right, result))
            assert abs((a - b if sign == "−" else a * b / 100) - c) < 0.006


def test_a_cap_tells_what_was_left() -> None:
    slip = slip_text(document(used_fen=5_900_000))
    assert "此前已补偿 59,000.00 元,还可补偿 60,000.00 − 59,000.00 = 1,000.00 元,本次按 1,000.00 元补偿" in slip


def test_a_cap_that_was_lowered_below_what_was_paid() -> None:
    slip = slip_text(document(used_fen=6_100_000))
    assert "此前已补偿 61,000.00 元,已达到或超过,本次补偿 0.00 元" in slip
    assert "还可补偿" not in slip


def test_a_deductible_that_falls_away_with_the_admission_says_by_which_clause() -> None:
    own = "deductible_waived_from: {value: 3, clause: 第三次起不再扣除起付线}"
    text = text_of("dafang-2010").replace("deductible: 200\n", f"deductible: 200\n            {own}\n")
    claim = "{institution: {level: prefecture}, eligible: 1000, used: {basic.inpatient.admissions: %d}}"
    told = [slip_text(decision_document(decide(read_claim(claim % n), load(text).policy).adjudication)) for n in (1, 2)]
    assert "第三次起不再扣除起付线" not in told[0]
    assert "本年第 3 次,从第 3 次起免除起付线。依据:“第三次起不再扣除起付线”" in told[1]
    assert "起付线 200.00 元,本次扣除 0.00 元" in told[1]


def test_english_and_refusals() -> None:
    assert "9,800.00 × 60% = 5,880.00 yuan" in slip_text(document(), language="en")
    refused = slip_text(document(level="village"))
    assert "方案没有规定这种情形的补偿" in refused


def test_every_code_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(REASONS) == set(Reason)


def test_the_document_has_the_declared_form() -> None:
    told = document(used_fen=5_900_000)
    read = DecisionWire.model_validate(told | {"outcome_text": ""})
    assert read.benefit == 100_000
    assert json.loads(read.model_dump_json()) == told | {"outcome_text": ""}


@pytest.mark.parametrize(
    ("ratio", "text"), [("0.7000", "70%"), ("0.3750", "37.5%"), ("0.0505", "5.05%"), ("1.0000", "100%")]
)
def test_percent(ratio: str, text: str) -> None:
    assert percent(ratio) == text
    assert yuan("1234567.80") == "1,234,567.80"


def test_quote_on_the_command_line() -> None:
    asked = ["quote", "--policy", "dafang-2006-11", "--level", "township", "--eligible", "10000", "--group", "wubao"]
    answer = run.invoke(app, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert {name: told[name] for name in ("benefit", "patient", "outcome", "policy")} == {
        "benefit": "8000.00",
        "patient": "2000.00",
        "outcome": "settled",
        "policy": "dafang-2006-11",
    }
    assert len(told["policy_hash"]) == 64
    assert told["layers"][0]["benefit"] == "8000.00"
    assert told["trace"]
    text = run.invoke(app, asked)
    assert "特殊人群:补偿比例提高 10 个百分点" in text.stdout


def test_quote_writes_a_paper(tmp_path: Path) -> None:
    asked = ["quote", "--policy", "dafang-2010", "--level", "county", "--eligible", "10000"]
    path = tmp_path / "slip.pdf"
    answer = run.invoke(app, [*asked, "--pdf", str(path)])
    assert answer.exit_code == 0, answer.output
    assert path.read_bytes().startswith(b"%PDF-")
    again = tmp_path / "again.pdf"
    run.invoke(app, [*asked, "--pdf", str(again)])
    assert again.read_bytes() == path.read_bytes()
    nowhere = run.invoke(app, [*asked, "--pdf", str(tmp_path / "none" / "slip.pdf")])
    assert nowhere.exit_code == 2
    assert "不能写入" in nowhere.output


@pytest.mark.parametrize(
    "wrong",
    [
        ["--eligible", "-5"],
        ["--eligible", "1.234"],
        ["--eligible", "1", "--level", "moon"],
        ["--eligible", "1", "--group", "nobody"],
        ["--eligible", "1", "--admitted", "yesterday"],
        ["--eligible", "1", "--policy", "nowhere"],
    ],
)
def test_bad_questions_end_with_2(wrong: list[str]) -> None:
    answer = run.invoke(app, ["quote", "--policy", "dafang-2010", "--level", "county", *wrong])
    assert answer.exit_code == 2


def test_policy_check_prints_the_wall_table() -> None:
    answer = run.invoke(app, ["policy", "check", "dafang-2010"])
    assert answer.exit_code == 0
    assert "省、地级指定医院:起付线每次 200.00 元,补偿 60%" in answer.stdout
    assert run.invoke(app, ["policy", "check", "dafang-2010", "--strict"]).exit_code == 1
    listed = run.invoke(app, ["policy", "list"])
    assert all(policy_id in listed.stdout for policy_id in ids())


def test_policy_check_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("policy: x\ntitle: y\nscheme: nobody\n", encoding="utf-8")
    answer = run.invoke(app, ["policy", "check", str(path)])
    assert answer.exit_code == 2
    assert "第 3 行 scheme:只能是" in answer.output


# ---------------------------------------------------------------- what stands on it, and what does not


def slip_of(policy_id: str, claim: str, language: str = "zh") -> str:
    answer = decide(read_claim(claim), loaded(policy_id).policy)
    return slip_text(decision_document(answer.adjudication), faces=answer.faces, language=language)


LINES = """
institution: {level: county}
catalogue:
  bed: {name: 床位费, class: A, ceilings: {county: 15}}
  drug: {name: 阿莫西林, class: B, own_share: 10%}
  both: {name: CT 平扫, class: B, own_share: 20%, ceilings: {"*": 180}}
lines:
  - {code: bed, amount: 120, quantity: 6}
  - {code: drug, amount: 84}
  - {code: both, amount: 1460, quantity: 1}
  - {code: lost, amount: 10, quantity: 3}
"""


def test_each_line_can_be_redone_by_hand() -> None:
    slip = slip_of("dafang-2010", LINES)
    assert "第 1 行 床位费 20.00 × 6 = 120.00,未计入 30.00:最高限价 15.00 × 6 = 90.00,超过 30.00\n" in slip
    assert "第 2 行 阿莫西林 84.00 × 1 = 84.00,未计入 8.40:先由个人负担 84.00 × 10% = 8.40\n" in slip
    assert "第 3 行 CT 平扫 1,460.00 × 1 = 1,460.00,未计入 1,316.00:" in slip
    assert "最高限价 180.00 × 1 = 180.00,超过 1,280.00;先由个人负担 180.00 × 20% = 36.00\n" in slip
    assert "第 4 行 lost 未计入 10.00:不在目录内\n" in slip, "a line without an entry is told by its code"
    english = slip_of("dafang-2010", LINES, "en")
    assert "ceiling 15.00 × 6 = 90.00, 30.00 above it" in english
    assert "own share first 84.00 × 10% = 8.40" in english


def test_a_layer_that_did_not_begin_is_one_sentence() -> None:
    slip = slip_of("zhengzhou-county-2011", "institution: {level: county}\neligible: 10000\n")
    assert "“农村居民补充医疗保险”:没有应由这一层补偿的金额,支付 0.00 元。" in slip
    assert "0.00 × 100%" not in slip
    assert "补充医疗最高报销" not in slip
    begun = slip_of("zhengzhou-county-2011", "institution: {level: county}\neligible: 300000\n")
    assert "补充医疗最高报销" in begun
    assert "没有应由这一层补偿的金额" not in begun


def test_a_bucket_without_lines_is_left_out() -> None:
    visit = "kind: outpatient\ninstitution: {level: county}\ncatalogue: {CT: {}, drug: {}}\nlines:\n"
    without = slip_of("zhengan-2011-05", f"{visit}  - {{code: drug, amount: 80}}\n")
    assert "0.00 × 40%" not in without
    assert "门诊 CT、核磁共振、电子胃镜" not in without
    both = slip_of("zhengan-2011-05", f"{visit}  - {{code: drug, amount: 80}}\n  - {{code: CT, amount: 200}}\n")
    assert "200.00 × 40% = 80.00" in both
    assert "80.00 × 50% = 40.00" in both


def test_nothing_eligible_is_told_without_a_sum_of_nothing() -> None:
    slip = slip_of("dafang-2010", "institution: {level: county}\nlines: [{code: x, amount: 9}]\ncatalogue: {y: {}}\n")
    assert "没有应由这一层补偿的金额" in slip
    assert "0.00 ×" not in slip


def test_a_note_is_not_quoted_as_a_clause() -> None:
    slip = slip_of("zhengzhou-county-2011", "institution: {level: county}\neligible: 800\nperson: {groups: [wubao]}\n")
    assert "为示例" not in slip
    assert "适用“县级定点医院”一项。(来源没有写明,为推定)\n" in slip
    assert "五保户、低保户免起付线:免除起付线。(来源没有写明,为推定)\n" in slip
    assert slip.count("为推定") == 3, "row, waiver and floor; each once"


def test_what_is_presumed_stands_in_words_and_in_english_too() -> None:
    claim = "institution: {level: county}\neligible: 800\nperson: {groups: [wubao]}\n"
    slip = slip_of("zhengzhou-county-2011", claim)
    told = slip.splitlines()[-1]
    assert told.startswith("以下规定来源没有写明,须由统筹区点名接受:") and "县级定点医院" in told
    assert "五保户、低保户免起付线" in told and "basic." not in told, told
    decision = document()
    decision["illustrative"] = ["parameters.year_by", "circumstances.migrant", "basic.inpatient.nowhere.ratio"]
    rule = next(step for step in decision["trace"] if step["step"] == "rule")  # type: ignore[attr-defined]
    decision["illustrative"] += [f"{rule['rule']}.ratio", f"{rule['rule']}.deductible", rule["rule"]]
    zh, en = (presumed(decision, language) for language in ("zh", "en"))
    name = rule["inputs"]["name"]
    assert zh == (
        f"累计所属年度的算法、外出务工、basic.inpatient.nowhere.ratio、{name}的补偿比例、{name}的起付线、{name}"
    )
    assert en.startswith("the year that counts, migrant work, ") and f"{name}: the ratio" in en


def test_what_a_third_party_bears_is_not_the_patients_part() -> None:
    claim = "institution: {level: county}\neligible: 10000\nthird_party: shared\nthird_party_share: 30%\n"
    slip = slip_of("zhengzhou-county-2011", claim)
    assert "  第三人负担:3,000.00\n" in slip
    assert "  个人负担:10,000.00 − 4,355.00 − 3,000.00 = 2,645.00\n" in slip


# ---------------------------------------------------------------- every printed sum can be redone


SUMS = """
policy: sums
title: 算式
scheme: nrcms
effective_from: 2010-01-01
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
          a: {name: 甲, when: {level: township}, deductible: 100, deductible_per: person_year, ratio: 70%, clause: 甲}
          b: {name: 乙, when: {level: county}, deductible: 300, ratio: 60%, clause: 乙}
          c: {name: 丙, when: {level: province}, deductible: 300, ratio: 50%, clause: 丙}
"""


def slip_by_sums(claim: str) -> str:
    return slip_text(decision_document(decide(read_claim(claim), load(SUMS).policy).adjudication))


def test_a_deductible_of_the_year_tells_what_was_taken_of_it() -> None:
    claim = "institution: {level: township}\neligible: 1000\n"
    assert "起付线 100.00 元,本次扣除 100.00 元:1,000.00 − 100.00 = 900.00 元。" in slip_by_sums(claim)
    told = slip_by_sums(f"{claim}used: {{basic.inpatient.deductible: 60}}\n")
    assert "起付线每年 100.00 元,本年此前已扣 60.00 元,本次扣除 40.00 元:1,000.00 − 40.00 = 960.00 元。" in told


def test_a_later_part_tells_the_deductible_of_the_stay() -> None:
    earlier = "earlier: {eligible: 500, deductible: 300, benefit: 120}\n"
    told = slip_by_sums(f"institution: {{level: county}}\neligible: 1000\n{earlier}")
    stay = "起付线 300.00 元,此前各次已扣 300.00 元,整次住院共扣 300.00 元:1,500.00 − 300.00 = 1,200.00 元。"
    assert stay in told and "1,200.00 × 60% = 720.00 元" in told and "720.00 − 120.00 = 600.00 元" in told
    shared = "third_party: shared\nthird_party_share: 90%\n"
    told = slip_by_sums(f"institution: {{level: county}}\neligible: 1000\n{earlier}{shared}")
    assert (
        "整次住院共扣 300.00 元,计入的费用 150.00 元没有超过。" in told
        and "-" not in told.split("二、")[1].split("---")[0]
    )


@pytest.mark.parametrize(
    ("amount", "told"), [("3.00", "1.00 × 3 = 3.00,未计入"), ("2.99", "1.00 × 3,医院按 2.99 收取,")]
)
def test_an_amount_that_is_a_fen_beside_its_product_is_no_sum(amount: str, told: str) -> None:
    claim = f"institution: {{level: county}}\ncatalogue: {{x: {{class: C}}}}\nlines: [{{code: x, amount: {amount}}}]\n"
    decision = decision_document(decide(read_claim(claim), load(SUMS).policy).adjudication)
    faces = {1: Face("药", "C", "1.000000", "3.0000")}
    assert told in slip_text(decision, faces=faces)


def test_a_later_part_over_the_year_tells_what_the_stay_comes_to() -> None:
    """1,000 before at 60% over 300 are 420.00; with 500 now the stay is 1,200 x 60%."""
    yearly = SUMS.replace("kind: inpatient\n", "kind: inpatient\n        yearly: true\n")
    yearly = yearly.replace("deductible: 100, deductible_per: person_year", "deductible: 100")
    earlier = "earlier: {eligible: 1000, deductible: 300, benefit: 420}\nused: {basic.inpatient.base: 1000}\n"
    claim = f"institution: {{level: county}}\neligible: 500\n{earlier}"
    told = slip_text(decision_document(decide(read_claim(claim), load(yearly).policy).adjudication))
    assert "此前累计的(700.00 × 60%) = 300.00 元" in told
    assert "加此前各次算得的 420.00 元,整次住院 720.00 元。" in told
    assert "整次住院减去此前各次:720.00 − 420.00 = 300.00 元。" in told
    first = slip_text(
        decision_document(
            decide(read_claim("institution: {level: county}\neligible: 1000\n"), load(yearly).policy).adjudication
        )
    )
    assert "整次住院" not in first
