"""A cap of so much for each insured member of the household, whose members share it (decision 0251)."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from services.claims.benefits.capping import asks_for_household
from services.claims.benefits.check import findings
from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.cli import app
from services.claims.benefits.compiler import load
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import text_of
from services.claims.benefits.model import Adjudication, Policy
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wall import wall_table
from services.claims.benefits.wire import decision_document

PERSON = "amount: 200\n            period: person_year"
SHARED = "amount: 60\n            period: household_year\n            per_head: true"
run = CliRunner()
TEXT = text_of("huali-2010").replace(PERSON, SHARED)


def paid(policy: Policy, eligible: int, insured: int | None = None, **claim: Any) -> Adjudication:
    """A visit to the village clinic, of which 60% are paid."""
    person = {} if insured is None else {"insured": insured}
    claim = {"kind": "outpatient", "institution": {"level": "village"}, "eligible": eligible, "person": person} | claim
    return decide(read_claim(yaml.safe_dump(claim, allow_unicode=True)), policy).adjudication


def slip(result: Adjudication, language: str = "zh") -> str:
    return slip_text(decision_document(result), language=language)


@pytest.mark.requirement("HL-10", "so much a head, shared by the household: the sum stands on the slip")
def test_the_slip_multiplies_and_then_cuts() -> None:
    policy = load(TEXT).policy
    result = paid(policy, 1_000, 4, used={"household_year:basic.outpatient.benefit": "100"})
    assert (result.benefit_fen, result.outcome) == (14_000, "capped")
    told = slip(result)
    assert "门诊封顶线:每人 60.00 元,全家参合 4 人:60.00 × 4 = 240.00 元。" in told
    assert "门诊封顶线 240.00 元(每户每年),此前已补偿 100.00 元,还可补偿 240.00 − 100.00 = 140.00 元" in told
    assert told.count("门诊封顶119人次") == 1, "the clause is quoted once"


def test_a_household_of_which_nothing_is_said_counts_one() -> None:
    result = paid(load(TEXT).policy, 1_000)
    assert result.benefit_fen == 6_000
    assert "没有写明全家参合人数,按 1 人计算:60.00 × 1 = 60.00 元。" in slip(result)
    assert "counted as 1: 60.00 × 1 = 60.00." in slip(result, "en")


def test_the_command_line_is_told_the_number(tmp_path: Path) -> None:
    file = tmp_path / "shared.yaml"
    file.write_text(TEXT, encoding="utf-8")
    asked = [
        "quote",
        "--policy",
        str(file),
        "--kind",
        "outpatient",
        "--level",
        "village",
        "--eligible",
        "1000",
        "--json",
    ]
    answer = run.invoke(app, [*asked, "--insured", "3"])
    assert (answer.exit_code, json.loads(answer.stdout)["benefit"]) == (0, "180.00")
    assert json.loads(run.invoke(app, asked).stdout)["benefit"] == "60.00"
    assert run.invoke(app, [*asked, "--insured", "0"]).exit_code == 2


def test_the_wall_tells_whose_it_is() -> None:
    loaded = load(TEXT)
    wall = wall_table(loaded.policy, loaded.document)
    assert "门诊封顶线:每户每年 60.00 元,按全家参合人数每人一份,全家共用" in wall


def test_only_care_that_it_limits_asks_for_the_household() -> None:
    policy = load(TEXT).policy
    assert asks_for_household("outpatient", policy)
    assert not asks_for_household("inpatient", policy)
    assert not asks_for_household("outpatient", load(text_of("huali-2010")).policy)


def test_it_is_a_cap_of_the_household() -> None:
    wrong = TEXT.replace("household_year", "person_year")
    with pytest.raises(PolicyErrors) as refused:
        load(wrong)
    (finding,) = refused.value.findings
    assert "per_head" in wrong.splitlines()[(finding.line or 0) - 1]
    assert "period 应写 household_year" in finding.message
    said = TEXT.replace("per_head: true", "per_head: 4")
    with pytest.raises(PolicyErrors, match="写 true 或 false"):
        load(said)


@pytest.mark.parametrize(
    ("amount", "other", "idle"),
    [
        ("60", "amount: 240\n            period: household_year", False),
        ("240", "amount: 60\n            period: household_year", True),
        ("60", "amount: 100\n            period: person_year", False),
        ("60", "amount: 60\n            period: person_day", False),
        ("100", "amount: 60\n            period: household_year\n            per_head: true", True),
    ],
)
def test_which_cap_comes_first_depends_on_the_household(amount: str, other: str, idle: bool) -> None:
    """A cap a head is never lower than for one; how high it is nobody knows from the document."""
    text = TEXT.replace("amount: 60", f"amount: {amount}", 1)
    one = text.index("          year:\n            name: 门诊封顶线")
    more = f"          other:\n            name: 另一条\n            {other}\n            clause: x\n"
    loaded = load(text[:one] + more + text[one:])
    told = [found.path for found in findings(loaded.policy, loaded.source) if "永远不会起作用" in found.message]
    wanted = "layers.basic.benefits.outpatient.caps.year"
    assert (wanted in told) is idle
