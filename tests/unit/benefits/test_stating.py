"""What is said before a claim is computed: circumstances with and without a case, papers and their deadline."""

from datetime import date
from typing import Any

import pytest

from services.claims.benefits.compiler import load
from services.claims.benefits.engine import adjudicate
from services.claims.benefits.library import text_of
from services.claims.benefits.model import ClaimInput, Facts, Institution, Interval, Item, Line, Outcome
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import decision_document

SAID = """
circumstances:
  referred: {counts: decided, clause: 转诊审批制}
  emergency: {counts: stated, clause: 凭医院说明}
  migrant: {illustrative: true, note: 推定}
window:
  deadlines:
    inpatient: {name: 住院受理期限, kinds: inpatient, days: 30, illustrative: true, note: 推定}
"""
POLICY = load(text_of("dafang-2010") + SAID).policy


def decided(claim: dict[str, Any] | None = None, **facts: Any) -> Any:
    """A stay of ten days at the county hospital, 1,000 yuan eligible."""
    asked = ClaimInput(
        "inpatient", date(2010, 3, 1), date(2010, 6, 1), (Line(1, "A", 100_000),), discharged_on=date(2010, 3, 11),
        **(claim or {}),
    )  # fmt: skip
    known = Facts(
        Institution("county", "in_county"), (Interval(date.min, None),), {"A": Item("A", "A")}, {}, **facts
    )  # fmt: skip
    return adjudicate(asked, known, POLICY)


def said(result: Any) -> list[tuple[str, dict[str, Any]]]:
    """The first steps of the trace with their inputs; they move no money."""
    told = [step for step in result.trace if step.step in ("circumstance", "submission", "off_path")]
    assert [step.amount_fen for step in told] == [0] * len(told)
    return [(step.step, dict(step.inputs)) for step in told]


def test_nothing_is_said_of_what_nobody_states() -> None:
    result = decided()
    assert (said(result), result.illustrative) == ([], ())
    assert said(decided(decided=frozenset({"referred", "emergency", "migrant"}))) == []


@pytest.mark.parametrize(("case", "told"), [(frozenset({"referred"}), "yes"), (frozenset({"migrant"}), "no")])
def test_a_circumstance_that_needs_a_case_is_told_with_it_or_without(case: frozenset[str], told: str) -> None:
    result = decided({"referred": True, "emergency": True}, decided=case)
    assert said(result) == [("circumstance", {"code": "referred", "case": told})]
    slip = slip_text(decision_document(result))
    sentence = {"yes": "转诊经县合管办批准,计入。", "no": "转诊没有经县合管办批准的申请,按没有转诊计算。"}
    assert sentence[told] in slip and "急诊" not in slip


def test_what_a_decision_rests_on_names_only_what_is_stated() -> None:
    assert decided({"migrant": True}).illustrative == ("circumstances.migrant",)
    assert decided({"submitted_on": date(2010, 3, 20)}).illustrative == ("window.deadlines.inpatient",)


@pytest.mark.parametrize(
    ("day", "approved", "late", "sentence"),
    [
        (date(2010, 4, 10), False, "no", "受理期限 2010-04-10(住院受理期限),在期限内。"),
        (date(2010, 4, 10), True, "approved", "受理期限 2010-04-10(住院受理期限),在期限内。"),
        (date(2010, 4, 11), True, "approved", "受理期限 2010-04-10(住院受理期限),县合管办批准逾期受理。"),
        (date(2010, 4, 11), False, "no", "受理期限 2010-04-10(住院受理期限),已过期限。"),
    ],
)
def test_papers_are_told_with_their_last_day(day: date, approved: bool, late: str, sentence: str) -> None:
    result = decided({"submitted_on": day}, late_approved=approved)
    refused = day > date(2010, 4, 10) and not approved
    assert (result.outcome is Outcome.SUBMITTED_LATE) == refused
    ((step, inputs),) = said(result)
    assert (step, inputs["last_day"], inputs["late"]) == ("submission", "2010-04-10", late)
    assert sentence in slip_text(decision_document(result))
    assert {english for english in ("in time", "too late", "approved by the county office")
            if english in slip_text(decision_document(result), language="en")} == {
        "in time" if "在期限内" in sentence else "too late" if refused else "approved by the county office"
    }  # fmt: skip


def test_a_deadline_of_the_following_year_and_no_deadline_for_another_kind() -> None:
    by = load(text_of("dafang-2010") + "window: {deadlines: {all: {name: 期限, by: 03-31, clause: 次年三月}}}\n").policy
    deadline = by.deadline_for("outpatient")
    assert deadline is not None
    assert deadline.last_day(date(2010, 1, 1)) == deadline.last_day(date(2010, 12, 31)) == date(2011, 3, 31)
    assert POLICY.deadline_for("outpatient") is None


def test_a_case_that_left_its_path_says_why() -> None:
    assert said(decided({"off_path": "并发症"})) == [("off_path", {"reason": "并发症"})]
