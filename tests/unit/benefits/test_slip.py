"""The slip lets the patient redo the sum by hand; the command line answers as the issue of the office needs it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.claims.benefits.cli import app
from services.claims.benefits.library import ids, loaded
from services.claims.benefits.model import Outcome, Reason
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
