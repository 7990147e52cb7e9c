"""What the engine does with lines, coverage, bonuses, layers and repeated settlements."""

import sys
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.claims.benefits.compiler import load
from services.claims.benefits.engine import BadClaim, accumulators, adjudicate, benefit_year, check_year
from services.claims.benefits.library import loaded, text_of
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Movement,
    Outcome,
    Reason,
)

DAFANG = loaded("dafang-2010").policy
DAY = date(2010, 3, 5)
YEAR = Interval(date(2010, 1, 1), date(2010, 12, 31))
ITEMS = {
    "A": Item("A", "A"),
    "B": Item("B", "B", own_share=1_000),
    "C": Item("C", "C"),
    "N": Item("N", "none"),
    "P": Item("P", "A", ceilings_micro={"county": 2_500_000, "*": 3_000_000}),
    "BP": Item("BP", "B", own_share=2_000, ceilings_micro={"*": 1_000_000}),
    "R": Item("R", "A", restricted=True),
}
INPATIENT = AccumulatorKey("person_year", "basic.inpatient.benefit", 2010)


def claim(*lines: Line, **members: Any) -> ClaimInput:
    return ClaimInput(**{"kind": "inpatient", "admitted_on": DAY, "settled_on": DAY, "lines": lines} | members)


def facts(level: str = "county", **members: Any) -> Facts:
    institution = members.pop("institution", Institution(level, "in_county"))
    return Facts(**{"institution": institution, "coverage": (YEAR,), "items": ITEMS, "used": {}} | members)


def decide(*lines: Line, **members: Any) -> Adjudication:
    return adjudicate(claim(*lines), facts(**members), DAFANG)


@pytest.mark.parametrize(
    ("line", "reason", "excluded", "over", "own", "eligible"),
    [
        (Line(1, "A", 1_000), Reason.ELIGIBLE, 0, 0, 0, 1_000),
        (Line(1, "B", 1_005), Reason.OWN_SHARE_FIRST, 0, 0, 101, 904),
        (Line(1, "C", 1_000), Reason.OWN_EXPENSE_CLASS, 1_000, 0, 0, 0),
        (Line(1, "N", 1_000), Reason.OWN_EXPENSE_CLASS, 1_000, 0, 0, 0),
        (Line(1, "?", 1_000), Reason.NOT_IN_CATALOGUE, 1_000, 0, 0, 0),
        (Line(1, "P", 600, 20_000), Reason.OVER_PRICE_CEILING, 0, 100, 0, 500),
        (Line(1, "P", 500, 20_000), Reason.ELIGIBLE, 0, 0, 0, 500),
        (Line(1, "BP", 300, 20_000), Reason.OVER_PRICE_CEILING, 0, 100, 40, 160),
        (Line(1, "R", 1_000), Reason.RESTRICTION_NOT_MET, 1_000, 0, 0, 0),
        (Line(1, "R", 1_000, restriction_met=True), Reason.ELIGIBLE, 0, 0, 0, 1_000),
        (Line(1, "A", 0), Reason.ELIGIBLE, 0, 0, 0, 0),
    ],
)
def test_how_a_line_counts(line: Line, reason: Reason, excluded: int, over: int, own: int, eligible: int) -> None:
    (result,) = decide(line).lines
    assert result == (1, reason, excluded, over, own, eligible)
    assert excluded + over + own + eligible == line.amount_fen


def test_the_ceiling_of_another_level_is_the_general_one() -> None:
    (result,) = decide(Line(1, "P", 700, 20_000), level="township").lines
    assert (result.over_ceiling_fen, result.eligible_fen) == (100, 600)


def test_lines_after_the_end_of_coverage_are_excluded() -> None:
    stay = claim(
        Line(1, "A", 1_000, day=date(2010, 12, 31)),
        Line(2, "A", 1_000, day=date(2011, 1, 1)),
        admitted_on=date(2010, 12, 30),
        settled_on=date(2011, 1, 2),
        discharged_on=date(2011, 1, 2),
    )
    ended = adjudicate(stay, facts(), DAFANG)
    assert [line.reason for line in ended.lines] == [Reason.ELIGIBLE, Reason.NOT_COVERED_ON_DAY]
    renewed = facts(coverage=(YEAR, Interval(date(2011, 1, 1), None)))
    assert adjudicate(stay, renewed, DAFANG).eligible_fen == 2_000
    assert adjudicate(stay, facts(), replace(DAFANG, lines_after_coverage="covered")).eligible_fen == 2_000
    assert ended.benefit_year == 2011, "the year of the settlement counts"


@pytest.mark.parametrize(("by", "year"), [("admission", 2010), ("discharge", 2011), ("settlement", 2012)])
def test_the_year_is_a_parameter_of_its_own(by: str, year: int) -> None:
    stay = claim(admitted_on=date(2010, 12, 30), discharged_on=date(2011, 1, 2), settled_on=date(2012, 1, 5))
    assert benefit_year(stay, replace(DAFANG, year_by=by)) == year
    assert benefit_year(replace(stay, discharged_on=None), replace(DAFANG, year_by="discharge")) == 2012


SPLIT = replace(DAFANG, year_by="lines")


@pytest.mark.parametrize(
    ("days", "year"),
    [
        ((date(2010, 12, 31), None), 2010),
        ((date(2011, 1, 1),), 2011),
        ((None, date(2011, 1, 1), date(2010, 12, 31)), 2011),
    ],
)
def test_costs_split_over_the_years_count_in_that_of_their_days(days: tuple[date | None, ...], year: int) -> None:
    lines = tuple(Line(number, "a", 1_000, day=day) for number, day in enumerate(days, 1))
    stay = claim(*lines, admitted_on=date(2010, 12, 30), discharged_on=date(2011, 1, 2), settled_on=date(2012, 1, 5))
    assert benefit_year(stay, SPLIT) == year
    assert {key.year for key in accumulators(stay, SPLIT)} == {year}
    before_the_bill = replace(stay, lines=())
    assert {key.year for key in accumulators(before_the_bill, SPLIT)} == {2010, 2011}, "all that the bill may move"
    assert {key.year for key in accumulators(replace(before_the_bill, discharged_on=None), SPLIT)} == {2010, 2011, 2012}
    assert {key.year for key in accumulators(before_the_bill, DAFANG)} == {2012}
    assert benefit_year(before_the_bill, SPLIT) == 2011, "without lines the day of discharge"


def test_lines_of_two_years_are_not_settled_together() -> None:
    lines = Line(7, "a", 1_000), Line(8, "a", 1_000, day=date(2011, 1, 1)), Line(9, "a", 1_000, day=date(2010, 12, 31))
    stay = claim(*lines, admitted_on=date(2010, 12, 30), settled_on=date(2011, 1, 5))
    with pytest.raises(BadClaim) as refused:
        check_year(stay, SPLIT)
    assert refused.value.line == 8
    check_year(stay, DAFANG)
    check_year(replace(stay, lines=lines[::2]), SPLIT)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"coverage": ()}, Outcome.NOT_COVERED),
        ({"coverage": (Interval(date(2010, 3, 6), None),)}, Outcome.NOT_COVERED),
        ({"institution": Institution("county", "in_county", suspended=True)}, Outcome.INSTITUTION_SUSPENDED),
        (
            {"institution": Institution("county", "in_county", kinds=frozenset({"outpatient"}))},
            Outcome.INSTITUTION_NOT_DESIGNATED,
        ),
        ({"institution": Institution("village", "in_county")}, Outcome.NO_RULE),
        ({"institution": Institution("county", "in_county", designation="none")}, Outcome.INSTITUTION_NOT_DESIGNATED),
        ({"third_party": "pending"}, Outcome.THIRD_PARTY_PENDING),
        ({"third_party": "liable"}, Outcome.THIRD_PARTY_LIABLE),
    ],
)
def test_the_ladder_of_refusals(changes: dict[str, Any], outcome: Outcome) -> None:
    refused = decide(Line(1, "A", 1_000), Line(2, "C", 500), **changes)
    assert refused.outcome == outcome
    assert outcome.refuses
    assert (refused.benefit_fen, refused.patient_fen, refused.movements, refused.layers) == (0, 1_500, (), ())
    assert {line.reason for line in refused.lines} == {Reason.CLAIM_REFUSED}
    assert refused.trace[-1].step == "refused"


def test_a_waiting_period_counts_from_the_start_of_coverage() -> None:
    policy = replace(DAFANG, waiting_days=30)
    late = facts(coverage=(Interval(date(2010, 2, 10), None),))
    assert adjudicate(claim(Line(1, "A", 1_000)), late, policy).outcome == Outcome.WAITING
    over = claim(Line(1, "A", 1_000), admitted_on=date(2010, 3, 12))
    assert adjudicate(over, late, policy).outcome == Outcome.SETTLED


def test_a_renewed_year_waits_no_second_time() -> None:
    policy = replace(DAFANG, waiting_days=30)
    bill = claim(Line(1, "A", 1_000), admitted_on=date(2010, 1, 5))
    renewed = facts(coverage=(Interval(date(2009, 1, 1), date(2009, 12, 31)), YEAR))
    assert adjudicate(bill, renewed, policy).outcome == Outcome.SETTLED
    lapsed = facts(coverage=(Interval(date(2009, 1, 1), date(2009, 12, 30)), YEAR))
    assert adjudicate(bill, lapsed, policy).outcome == Outcome.WAITING


def test_a_layer_above_rests_on_accepted_values_too() -> None:
    policy = loaded("zhengzhou-2011").policy
    bill = claim(Line(1, "A", 1_000_000), admitted_on=date(2011, 6, 1), settled_on=date(2011, 6, 1))
    basic = frozenset(name for name in policy.illustrative if name.startswith("basic."))
    pool = replace(policy, accepted=basic)
    covered = (Interval(date(2011, 1, 1), None),)
    assert adjudicate(bill, facts(coverage=covered), pool).outcome == Outcome.SETTLED
    member = facts(coverage=covered, joined=frozenset({"supplementary"}))
    assert adjudicate(bill, member, pool).outcome == Outcome.SETTLED, "the year's cap is not reached: it does not start"
    large = replace(bill, lines=(Line(1, "A", 20_000_000),))
    joined = adjudicate(large, member, pool)
    assert joined.outcome == Outcome.ILLUSTRATIVE_NOT_ACCEPTED
    assert joined.illustrative == ("supplementary.inpatient.all",)


def test_illustrative_values_need_the_pools_acceptance() -> None:
    visit = claim(Line(1, "A", 3_000), kind="outpatient")
    clinic = facts("village")
    assert adjudicate(visit, clinic, DAFANG).outcome == Outcome.SETTLED, "a calculation"
    refused = adjudicate(visit, clinic, replace(DAFANG, accepted=frozenset({"basic.outpatient.pool"})))
    assert refused.outcome == Outcome.ILLUSTRATIVE_NOT_ACCEPTED
    assert refused.illustrative == ("basic.outpatient.year",)
    settled = adjudicate(visit, clinic, replace(DAFANG, accepted=frozenset(DAFANG.illustrative)))
    assert (settled.outcome, settled.benefit_fen) == (Outcome.SETTLED, 1_500)
    stay = adjudicate(claim(Line(1, "A", 3_000)), facts(), replace(DAFANG, accepted=frozenset()))
    assert stay.outcome == Outcome.SETTLED, "the inpatient rows are stated"


def test_what_a_settlement_moves_and_reads() -> None:
    bill = claim(Line(1, "A", 1_000_000))
    assert accumulators(bill, DAFANG) == (INPATIENT,)
    first = adjudicate(bill, facts(), DAFANG)
    assert first.movements == (Movement(INPATIENT, 700_000),)
    last = adjudicate(bill, facts(used={INPATIENT: 5_999_999}), DAFANG)
    assert (last.benefit_fen, last.outcome, last.movements) == (1, Outcome.CAPPED, (Movement(INPATIENT, 1),))
    none = adjudicate(bill, facts(used={INPATIENT: 6_000_000}), DAFANG)
    assert (none.outcome, none.movements) == (Outcome.CAP_EXHAUSTED, ())


def test_one_deductible_an_admission_also_when_settled_midway() -> None:
    hospital = Institution("prefecture", "in_province")
    first = adjudicate(claim(Line(1, "A", 15_000)), facts(institution=hospital), DAFANG)
    assert (first.outcome, first.deductible_fen) == (Outcome.BELOW_DEDUCTIBLE, 15_000)
    later = facts(institution=hospital, earlier=first.so_far)
    second = adjudicate(claim(Line(1, "A", 100_000)), later, DAFANG)
    assert second.deductible_fen == 5_000
    assert second.benefit_fen == 57_000


YEARLY = text_of("dafang-2010").replace(
    "deductible: 200\n",
    "deductible: 200\n            deductible_per: person_year\n            deductible_waived_from: 3\n",
)


def test_a_deductible_a_year_and_waived_from_the_third_admission() -> None:
    policy = load(YEARLY).policy
    hospital = Institution("prefecture", "in_province")
    bill = claim(Line(1, "A", 15_000))
    used: dict[AccumulatorKey, int] = {}
    taken = []
    for _ in range(4):
        decided = adjudicate(bill, facts(institution=hospital, used=used), policy)
        taken.append(decided.deductible_fen)
        for movement in decided.movements:
            used[movement.key] = used.get(movement.key, 0) + movement.amount
    assert taken == [15_000, 5_000, 0, 0]
    assert [step.amount_fen for step in decided.trace if step.step == "nth_admission"] == [0]
    assert used[AccumulatorKey("person_year", "basic.inpatient.admissions", 2010)] == 4
    assert set(used) <= set(accumulators(bill, policy))


def test_bands() -> None:
    bands = "bands: [{up_to: 1000, ratio: 50%}, {up_to: 3000, ratio: 60.5%}, {ratio: 70%}]"
    policy = load(text_of("dafang-2010").replace("ratio: 80%", bands, 1)).policy
    paid = adjudicate(claim(Line(1, "A", 500_001)), facts("township"), policy)
    assert paid.benefit_fen == 50_000 + 121_000 + 140_001
    assert paid.ratio == 0
    assert adjudicate(claim(Line(1, "A", 100_000)), facts("township"), policy).benefit_fen == 50_000


SECOND_LAYER = """
  supplementary:
    name: 补充医疗保险
    payer: 保险公司
    account: "1001"
    book: supplementary
    risk_bearer: insurer
    base: BASE
    clause: 在基本封顶线的基础上再累计
    benefits:
      inpatient:
        name: 补充住院
        kind: inpatient
        account: "5001"
        rules:
          all: {name: 各级定点医院, when: {designation: designated}, ratio: 50%, clause: 补偿一半}
        caps:
          year: {name: 补充封顶线, amount: 120000, period: person_year, clause: 累计12万元}
readings:
"""


@pytest.mark.requirement("ZZ-23", "a layer above works on what the layer below leaves, with its own payer and book")
@pytest.mark.parametrize(("base", "second"), [("cut_by_cap", 500_000), ("eligible_unpaid", 2_000_000)])
def test_layers(base: str, second: int) -> None:
    text = text_of("dafang-2010").replace("\nreadings:\n", SECOND_LAYER.replace("BASE", base))
    policy = load(text).policy
    paid = adjudicate(claim(Line(1, "A", 10_000_000)), facts(), policy)
    assert [(layer.layer, layer.book, layer.risk_bearer, layer.benefit_fen) for layer in paid.layers] == [
        ("basic", "basic", "pool", 6_000_000),
        ("supplementary", "supplementary", "insurer", second),
    ]
    assert paid.benefit_fen == 6_000_000 + second
    voluntary = load(text.replace("base: " + base, f"base: {base}\n    voluntary: true")).policy
    bill = claim(Line(1, "A", 10_000_000))
    assert adjudicate(bill, facts(), voluntary).benefit_fen == 6_000_000
    assert adjudicate(bill, facts(joined=frozenset({"supplementary"})), voluntary).benefit_fen == paid.benefit_fen
    assert {movement.key.name for movement in paid.movements} == {
        "basic.inpatient.benefit",
        "supplementary.inpatient.benefit",
    }


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        (claim(Line(7, "A", -1)), 7),
        (claim(Line(3, "A", 1, quantity_e4=-1)), 3),
        (claim(Line(1, "A", 1), Line(1, "A", 1)), None),
        (claim(discharged_on=date(2010, 3, 4)), None),
    ],
)
def test_bad_claims_name_the_line(bad: ClaimInput, line: int | None) -> None:
    with pytest.raises(BadClaim) as wrong:
        adjudicate(bad, facts(), DAFANG)
    assert wrong.value.line == line


def test_twenty_lines_stay_cheap() -> None:
    """Python calls are counted, not microseconds: a budget that a noisy machine cannot blur."""
    codes = ("A", "B", "P", "BP")
    lines = [Line(n, codes[n % 4], 1_000 + n, 20_000, day=DAY) for n in range(1, 21)]
    bill, known = claim(*lines), facts()
    calls = 0

    def counting(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(counting)
    try:
        adjudicate(bill, known, DAFANG)
    finally:
        sys.setprofile(None)
    assert calls <= 225
