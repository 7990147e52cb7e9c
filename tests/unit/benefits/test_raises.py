"""Which raise of the ratio counts, what essential medicines get, and which cap a layer above the cap starts from."""

from typing import Any

import pytest
import yaml

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.compiler import load
from services.claims.benefits.library import text_of
from services.claims.benefits.model import Adjudication, Outcome
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wire import decision_document

TOWNSHIP = "institution: {level: township}\nperson: {groups: [wubao, only_child]}\neligible: %s\n"
POINTS = {"name": "甲", "groups": "wubao", "points": "5%", "clause": "甲"}
FACTOR = {"name": "乙", "groups": "only_child", "factor": "20%", "clause": "乙"}
STACKS = {"stacks": "true"}


def raised(*bonuses: dict[str, str], eligible: int = 1_000, **row: Any) -> Adjudication:
    """A township's bill under the Dafang policy of 2006 with other bonuses, and its row with something else in it."""
    document = yaml.load(text_of("dafang-2006-11"), Loader=yaml.BaseLoader)
    bucket = document["layers"]["basic"]["benefits"]["inpatient"]
    bucket["bonuses"] = {f"b{number}": bonus for number, bonus in enumerate(bonuses, start=1)}
    if "bands" in row:
        del bucket["rules"]["township"]["ratio"]
    bucket["rules"]["township"] |= row
    policy = load(yaml.safe_dump(document, allow_unicode=True)).policy
    return decide(read_claim(TOWNSHIP % eligible), policy).adjudication


def told(result: Adjudication) -> list[tuple[str, int | str, int | str]]:
    """The raises on the slip: row, points, factor."""
    steps = [(step.rule, dict(step.inputs)) for step in result.trace if step.step == "bonus"]
    return [(rule.rpartition(".")[2], inputs["points_ratio"], inputs["factor_ratio"]) for rule, inputs in steps]


@pytest.mark.requirement("DF-08", "one bonus at most: the one that pays the person more")
@pytest.mark.parametrize("bonuses", [(POINTS, FACTOR), (FACTOR, POINTS)])
def test_the_bonus_that_pays_more_counts(bonuses: tuple[dict[str, str], ...]) -> None:
    """70% and 5 points are 75%, 70% and a fifth of it 84%; of 20% the points are more."""
    result = raised(*bonuses)
    assert (result.benefit_fen, result.ratio) == (84_000, 8_400)
    assert [one[1:] for one in told(result)] == [(0, 2_000)]
    low = raised(*bonuses, ratio="20%")
    assert (low.benefit_fen, [one[1:] for one in told(low)]) == (25_000, [(500, 0)])


def test_by_bands_the_bill_decides_which_pays_more() -> None:
    bands = [{"up_to": "500", "ratio": "20%"}, {"ratio": "80%"}]
    small = raised(POINTS, FACTOR, eligible=400, bands=bands)
    assert (small.benefit_fen, told(small)) == (10_000, [("b1", 500, 0)])
    large = raised(POINTS, FACTOR, eligible=2_000, bands=bands)
    assert (large.benefit_fen, told(large)) == (500 * 24 + 1_500 * 96, [("b2", 0, 2_000)])


def test_raises_that_stack_add_up_over_the_rows() -> None:
    """70% and 5 and 10 points; both stand on the slip, because both count."""
    other = {"name": "乙", "groups": "only_child", "points": "10%", "clause": "乙"}
    result = raised(POINTS | STACKS, other | STACKS)
    assert (result.benefit_fen, told(result)) == (85_000, [("b1", 500, 0), ("b2", 1_000, 0)])
    slip = slip_text(decision_document(result))
    assert "提高 5 个百分点" in slip and "提高 10 个百分点" in slip and "1,000.00 × 85% = 850.00" in slip
    assert raised(POINTS, other).benefit_fen == 80_000, "one at most where the policy does not say that they stack"
    both = raised(POINTS | STACKS, FACTOR | STACKS)
    assert both.ratio == 7_000 + 500 + 1_400, "a factor is one of the row's own ratio"


@pytest.mark.parametrize(("points", "counts"), [("8%", ["b3"]), ("6%", ["b3"]), ("5.99%", ["b1", "b2"])])
def test_one_alone_stands_against_the_sum_of_those_that_stack(points: str, counts: list[str]) -> None:
    """5 and 1 points together; of equal raises the one is told that stands alone."""
    other = {"name": "乙", "groups": "only_child", "points": "1%", "clause": "乙"}
    alone = {"name": "丙", "groups": "wubao", "points": points, "clause": "丙"}
    assert [row for row, *_ in told(raised(POINTS | STACKS, other | STACKS, alone))] == counts


def test_a_raise_that_gives_nothing_is_not_told() -> None:
    assert told(raised(POINTS, FACTOR, ratio="100%")) == []
    below = raised(POINTS, deductible="2000")
    assert (below.outcome, told(below)) == (Outcome.BELOW_DEDUCTIBLE, [("b1", 500, 0)]), "raised all the same"


# ---------------------------------------------------------------- essential medicines


def medicine(essential: int, other: int, points: str = "5%", **row: Any) -> Adjudication:
    """A bill of essential medicines and something else in a county hospital."""
    document = yaml.load(text_of("dafang-2010"), Loader=yaml.BaseLoader)
    bucket = document["layers"]["basic"]["benefits"]["inpatient"]
    bucket["essential"] = {"name": "基本药物", "points": points, "clause": "基本药物"}
    if "bands" in row:
        del bucket["rules"]["county"]["ratio"]
    bucket["rules"]["county"] |= row
    claim = (
        "institution: {level: county}\ncatalogue: {m: {essential: true}, o: {}}\n"
        f"lines: [{{code: m, amount: {essential}}}, {{code: o, amount: {other}}}]\n"
    )
    return decide(read_claim(claim), load(yaml.safe_dump(document, allow_unicode=True)).policy).adjudication


def test_essential_medicines_are_never_paid_above_the_whole() -> None:
    """500 × 98% and 500 × 100%: the raise is cut at what the medicines cost, and the slip's sum is true."""
    result = medicine(500, 500, ratio="98%")
    slip = slip_text(decision_document(result))
    assert result.benefit_fen == 99_000
    assert "其中 500.00 元的补偿比例提高 2 个百分点" in slip and "1,000.00 × 98% + 500.00 × 2% = 990.00 元" in slip
    assert medicine(500, 500, "90%", ratio="60%").benefit_fen == 80_000
    full = medicine(500, 500, ratio="100%")
    assert full.benefit_fen == 100_000 and "提高" not in slip_text(decision_document(full))


def test_by_bands_essential_medicines_fill_the_bands_from_below() -> None:
    """500 at 60% and 5 points, 100 at 97% and 3; a raise that is the same in two bands is one term."""
    bands = [{"up_to": "500", "ratio": "60%"}, {"ratio": "97%"}]
    result = medicine(600, 400, bands=bands)
    assert result.benefit_fen == 500 * 60 + 500 * 97 + 500 * 5 + 100 * 3
    assert "500.00 × 60% + 500.00 × 97% + 500.00 × 5% + 100.00 × 3%,合计 813.00 元" in slip_text(
        decision_document(result)
    )
    same = medicine(600, 400, bands=[{"up_to": "500", "ratio": "60%"}, {"ratio": "70%"}])
    assert "500.00 × 70% + 600.00 × 5%,合计 680.00 元" in slip_text(decision_document(same))


def test_a_band_that_cannot_be_raised_still_takes_its_part_of_the_medicines() -> None:
    """500 at 100%, which no raise betters; of the 600 of medicines 100 are in the band above it."""
    result = medicine(600, 400, bands=[{"up_to": "500", "ratio": "100%"}, {"ratio": "80%"}])
    assert result.benefit_fen == 500_00 + 500 * 80 + 100 * 5


def test_a_band_that_the_medicines_do_not_reach_is_not_told() -> None:
    result = medicine(500, 500, bands=[{"up_to": "500", "ratio": "60%"}, {"ratio": "97%"}])
    assert len([step for step in result.trace if step.step == "essential"]) == 1
    (ratio,) = (step for step in result.trace if step.step == "ratio")
    assert ratio.inputs[-2:] == (("essential_1_fen", 50_000), ("points_1_e8", 5_000_000))


# ---------------------------------------------------------------- the layer above the cap


@pytest.mark.requirement("ZZ-23", "the layer above starts when the year's cap is used up, by no other cap")
@pytest.mark.parametrize("period", ["admission", "visit", "disease_year"])
def test_no_cap_but_the_years_opens_the_layer_above(period: str) -> None:
    """130,000 at 65% are 84,500: another cap of 40,000 takes 44,500, the year's cap of 60,000 nothing."""
    result = above(period)
    assert {layer.layer: layer.benefit_fen for layer in result.layers} == {"basic": 4_000_000, "supplementary": 0}
    assert (result.outcome, result.benefit_fen) == (Outcome.CAPPED, 4_000_000)


@pytest.mark.parametrize(("used", "second"), [(0, 0), (2_500_000, 500_000), (6_000_000, 4_000_000)])
def test_what_the_years_cap_takes_below_another_cap_is_paid_above(used: int, second: int) -> None:
    """40,000 may be paid a time; of the year's 60,000 the rest is left: what the year's cap takes of the 40,000."""
    for first in (True, False):
        result = above("admission", used, year_first=first)
        assert {layer.layer: layer.benefit_fen for layer in result.layers} == {
            "basic": 4_000_000 - second,
            "supplementary": second,
        }
        assert result.outcome is Outcome.CAPPED, "a cap took something, whoever paid it"


def above(period: str, used: int = 0, *, year_first: bool = True) -> Adjudication:
    """A stay of 130,000 under a policy with a cap of the year, another one, and a layer above the year's."""
    document = yaml.load(text_of("zhengzhou-2011"), Loader=yaml.BaseLoader)
    bucket = document["layers"]["basic"]["benefits"]["inpatient"]
    (name, year), *_ = bucket["caps"].items()
    year["amount"] = "60000"
    other = {"name": "另一封顶线", "amount": "40000", "period": period, "clause": "另一封顶线"}
    caps = [(name, year), ("other", other)]
    bucket["caps"] = dict(caps if year_first else caps[::-1])
    claim = (
        f"institution: {{level: county}}\ndisease: K35\neligible: 130300\nused: {{{name_of(bucket)}: {used // 100}}}\n"
    )
    return decide(read_claim(claim), load(yaml.safe_dump(document, allow_unicode=True)).policy).adjudication


def name_of(bucket: dict[str, Any]) -> str:
    """The count of what the bucket pays."""
    return str(bucket.get("adds_to", "basic.inpatient.benefit"))


# ---------------------------------------------------------------- two raises over the year


def over_the_year(amount: int, before: int) -> Adjudication:
    """A bill by a yearly bucket whose bands rise and fall, of a person with both raises; so much was counted before."""
    document = yaml.load(text_of("dafang-2006-11"), Loader=yaml.BaseLoader)
    bucket = document["layers"]["basic"]["benefits"]["inpatient"]
    row = {"name": "乡级", "when": {"level": "township"}, "clause": "乡级"}
    bands = [{"up_to": "1000", "ratio": "30%"}, {"up_to": "2000", "ratio": "80%"}, {"ratio": "40%"}]
    bucket |= {"yearly": "true", "rules": {"township": row | {"bands": bands}}}
    bucket["bonuses"] = {"b1": POINTS | {"points": "10%"}, "b2": FACTOR}
    policy = load(yaml.safe_dump(document, allow_unicode=True)).policy
    claim = f"{TOWNSHIP % amount}used: {{basic.inpatient.base: {before}}}\n"
    return decide(read_claim(claim), policy).adjudication


@pytest.mark.parametrize(
    ("amount", "benefit"),
    [(500, 48_000), (1_000, 96_000), (1_900, 96_000 + 43_200), (2_000, 96_000 + 48_000)],
)
def test_over_the_year_the_raise_counts_that_pays_most_on_the_bill(amount: int, benefit: int) -> None:
    """80% is 96% by a fifth of it and 90% by ten points, 40% is 48% and 50%: what either would have given more of the
    thousand that was counted before has no part in it."""
    assert over_the_year(amount, 1_000).benefit_fen == benefit


def test_over_the_year_a_larger_bill_never_pays_less() -> None:
    paid = [over_the_year(amount, 950).benefit_fen for amount in range(0, 4_000, 50)]
    assert paid == sorted(paid)


def test_a_raise_by_a_factor_is_told_with_all_its_places() -> None:
    """52.5% and a twentieth of it are 55.125%."""
    result = raised(FACTOR | {"factor": "5%"}, eligible=100_000, ratio="52.5%", deductible="0")
    document = decision_document(result)
    (step,) = (one for one in document["trace"] if one["step"] == "ratio")
    assert step["inputs"]["applied_ratio"] == "0.55125"
    assert "100,000.00 × 55.125% = 55,125.00 元" in slip_text(document)
