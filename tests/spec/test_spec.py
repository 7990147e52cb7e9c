"""The worked vectors of the source documents and each of their clauses, as data: one file a policy."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.claims.benefits import library
from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.model import Adjudication, Policy
from services.claims.benefits.quote import Question, quote
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import decision_document
from shared.kernel.money import parse_yuan

HERE = Path(__file__).parent


def _cases() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            marks = [pytest.mark.requirement(row, case["name"]) for row in case.get("rows", ())]
            found.append(pytest.param(document["policy"], case, id=f"{path.stem}-{case['name']}", marks=marks))
    return found


def policy_of(policy_id: str, variant: dict[str, Any]) -> Policy:
    """The policy of the repository with values replaced by path, for readings that a ruling keeps as a parameter."""
    if not variant:
        return library.loaded(policy_id).policy
    document = yaml.load(library.text_of(policy_id), Loader=yaml.BaseLoader)
    for path, value in variant.items():
        *parents, last = path.split(".")
        part = document
        for parent in parents:
            part = part[parent]
        part[last] = value
    return load(yaml.safe_dump(document, allow_unicode=True), library.text_of).policy


@pytest.mark.parametrize(("policy_id", "case"), _cases())
def test_case(policy_id: str, case: dict[str, Any]) -> None:
    policy = policy_of(policy_id, case.get("variant", {}))
    if "claim" in case:
        answer = decide(read_claim(yaml.safe_dump(case["claim"], allow_unicode=True)), policy)
        check(case, answer.adjudication)
        return
    ask = {"kind": "inpatient", "admitted_on": policy.effective_from} | case["ask"]
    assert isinstance(ask["admitted_on"], date)
    ask["eligible_fen"] = parse_yuan(ask.pop("eligible"))
    ask["used_fen"] = parse_yuan(ask.pop("used", "0.00"))
    ask["groups"] = frozenset(ask.get("groups", ()))
    check(case, quote(Question(**ask), policy))


def check(case: dict[str, Any], adjudication: Adjudication) -> None:
    """What a case expects of a decision, and that its slip can be written."""
    decided = decision_document(adjudication)
    redo(slip_text(decided))
    expected = {"outcome": "settled"} | case["expect"]
    assert {name: decided[name] for name in expected} == expected
    if "layers" in case:
        assert {layer["layer"]: layer["benefit"] for layer in decided["layers"]} == case["layers"]


NUMBER = r"\d[\d,]*\.\d\d"
SUM = re.compile(rf"([(]?{NUMBER}(?:[)]? [×+−] [(]?(?:{NUMBER}|[\d.]+%|\d+))+[)]?)(?: =|,合计) ({NUMBER})")


def redo(slip: str) -> None:
    """Every sum on a slip is true, so that the patient can redo it; each rounding is to the fen."""
    sums = SUM.findall(slip.replace("此前累计的", ""))
    for said, result in sums:
        expression = said.replace(",", "").replace("×", "*").replace("−", "-")
        value = eval(re.sub(r"([\d.]+)%", r"(\1/100)", expression))
        assert abs(value - float(result.replace(",", ""))) < 0.0101, (said, result)
    assert sums, slip


def test_every_policy_has_its_cases() -> None:
    written = {yaml.safe_load(path.read_text(encoding="utf-8"))["policy"] for path in HERE.glob("*.yaml")}
    assert written == set(library.ids())
