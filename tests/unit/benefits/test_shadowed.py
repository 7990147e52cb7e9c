"""`policy check` finds what another bucket always comes before, and rows that can never pay or never count."""

import pytest

from services.claims.benefits.check import findings
from services.claims.benefits.compiler import load
from services.claims.benefits.library import ids, loaded, text_of

POLICY = """policy: small
title: 小方案
scheme: nrcms
effective_from: 2010-03-01
sources: {s: {title: 文件, verified_on: 2026-01-01}}
groups: {wubao: {name: 五保户}}
layers:
  basic:
    name: 基本
    payer: 基金
    account: "1001.02"
    book: basic
    risk_bearer: pool
    clause: c
    benefits:
      ordinary:
        name: 一般
        kind: inpatient
        account: "5001.01"
        rules:
          a: {name: 甲, when: {level: township}, deductible: 100, ratio: 70%, clause: 甲}
          b: {name: 乙, when: {level: county}, deductible: 200, ratio: 60%, clause: 乙}
"""
BUCKET = """      {id}:
        name: {id}
        kind: inpatient
        account: "5001.01"
        {asks}
        rules:
          all: {{name: 全, when: {{place: {place}}}, ratio: 80%, clause: x}}
"""


def bucket(name: str, asks: str, place: str = "[in_county, in_province]") -> str:
    return BUCKET.format(id=name, asks=asks, place=place)


def told(text: str) -> list[tuple[str, str]]:
    """(what is written on the line, message) of every finding but the gaps."""
    document = load(text)
    found = findings(document.policy, document.source, document.document)
    lines = text.splitlines()
    return [
        (lines[(one.line or 0) - 1].strip(), one.message)
        for one in found
        if not one.message.startswith("没有规定") and "没有任何规定用到这类人群" not in one.message
    ]


@pytest.mark.parametrize(
    ("first", "second", "line", "message"),
    [
        ("diseases: [K35]", "diseases: [K35.9]", "diseases: [K35.9]", "病种 K35.9 在这里永远用不到:先按“one”补偿"),
        (
            "entitlement: chronic",
            "entitlement: chronic\n        diseases: [E11]",
            "two:",
            "这一项永远用不到:先按“one”补偿;要用它,请写到前面",
        ),
        (
            "diseases: [E11]",
            "entitlement: chronic\n        diseases: [E11, I10]",
            "diseases: [E11, I10]",
            "病种 E11 在这里永远用不到:先按“one”补偿",
        ),
        ("items: [CT, MRI]", "items: [CT]", "items: [CT]", "项目 CT 在这里永远用不到:先按“one”补偿"),
    ],
)
def test_a_bucket_that_another_always_comes_before_is_told(first: str, second: str, line: str, message: str) -> None:
    assert told(POLICY + bucket("one", first) + bucket("two", second)) == [(line, message)]
    if not first.startswith("items"):
        assert not told(POLICY + bucket("one", second) + bucket("two", first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("entitlement: chronic\n        diseases: [E11]", "entitlement: special\n        diseases: [E11]"),
        ("entitlement: chronic", "diseases: [E11]"),
        ("diseases: [K35]", "diseases: [K36]"),
    ],
)
def test_a_bucket_that_some_claims_reach_is_not_told(first: str, second: str) -> None:
    assert not told(POLICY + bucket("one", first) + bucket("two", second))


def test_an_item_is_split_between_buckets_by_place() -> None:
    here, there = bucket("one", "items: [CT]", "in_county"), bucket("two", "items: [CT, MRI]", "in_province")
    assert not told(POLICY + here + there)


def test_a_row_of_a_disease_that_its_bucket_does_not_take_is_told() -> None:
    row = "          own: {name: 甲, diseases: [%s], when: {}, ratio: 90%%, clause: x}\n"
    special = bucket("one", "diseases: [K35.9]")
    ((line, message),) = told(POLICY + special + row % "E11")
    assert line.startswith("own:")
    assert message == "这一项不用于病种 E11,这一行对它永远用不到"
    for code in ("K35", "K35.900"):
        assert not told(POLICY + special + row % code)
    ((line, message),) = told(POLICY + row % "K35.900" + special)
    assert (line[:4], message) == ("own:", "病种 K35.900 在这里永远用不到:先按“one”补偿")
    assert not told(POLICY + row % "K35" + special), "of K35 the bucket takes a part only"


def test_a_card_that_nobody_is_given_is_told() -> None:
    ((line, message),) = told(POLICY + bucket("one", "entitlement: chornic"))
    assert line == "entitlement: chornic"
    assert message.startswith("没有发这种证 chornic,这一项永远用不到;有的是:chronic(慢性病)、special(特殊病)、")


DEDUCTIBLE = "deductible: 100, ratio: 70%"


@pytest.mark.parametrize(
    ("limit", "more", "found"),
    [
        ("{amount: 50}", "", 1),
        ("{amount: 90, shared_up_to: 20%, share: 50%}", "", 1),
        ("{amount: 91, shared_up_to: 20%, share: 50%}", "", 0),
        ("{amount: 50}", ", deductible_waived_from: 2", 0),
        ("{amount: 50}", ", deductible_per: person_year", 0),
    ],
)
def test_a_limit_that_never_comes_over_the_deductible_is_told(limit: str, more: str, found: int) -> None:
    text = POLICY.replace(DEDUCTIBLE, f"{DEDUCTIBLE}, diseases: [K80], limit: {limit}{more}")
    messages = [message for _, message in told(text)]
    assert messages.count("限额不超过起付线 100.00 元,这一行永远不会补偿") == found


@pytest.mark.parametrize(
    ("floor", "more", "rows"),
    [
        ("80%", "", ["a:", "b:"]),
        ("60%", "", ["b:"]),
        ("59%", "", []),
        ("60%", "        essential: {name: 基药, points: 1%, clause: x}\n", []),
        ("60%", "        bonuses: {r: {name: 提高, groups: [wubao], points: 1%, clause: x}}\n", []),
    ],
)
def test_a_ratio_under_the_floor_is_told(floor: str, more: str, rows: list[str]) -> None:
    text = f"{POLICY}        floor: {{name: 保底, ratio: {floor}, clause: x}}\n{more}"
    message = f"比例不高于“保底”的 {floor},起付线和比例都不起作用,请核对"
    assert [line[:2] for line, said in told(text) if said == message] == rows


def test_the_documents_of_the_repository_have_none() -> None:
    for policy_id in ids():
        document = loaded(policy_id)
        found = findings(document.policy, document.source, document.document)
        assert not [one for one in found if "永远" in one.message or "都不起作用" in one.message]


def gaps(text: str) -> list[str]:
    document = load(text)
    found = findings(document.policy, document.source, document.document)
    return [one.message for one in found if one.message.startswith("没有规定") and one.line]


ROW = "          {id}: {{name: 甲, diseases: [{codes}], when: {when}, ratio: 90%, clause: x}}\n"
HEAD, _, _ = POLICY.partition("          a: {name")


def test_gaps_of_rows_that_name_diseases_are_told() -> None:
    county = ROW.format(id="own", codes="K35.1", when="{level: county}")
    special = bucket("surgery", "diseases: [K35]").partition("          all:")[0] + county
    assert [one for one in gaps(POLICY + special) if "病种" in one] == [
        "没有规定:病种 K35 及 K35.x 中各行没有写明的",
        "没有规定:病种 K35.1,村级、乡级、地(市)级、省级",
    ]
    whole = ROW.format(id="own", codes="K35", when="{}")
    assert gaps(HEAD + whole) == ["没有规定:各行写明的病种以外的病种"]
    longer = ROW.format(id="more", codes="K35.1", when="{level: county}")
    assert gaps(HEAD + whole + longer) == ["没有规定:各行写明的病种以外的病种"], "elsewhere K35.1 falls under K35"


def test_what_stands_beside_a_list_of_items_is_told_where_nothing_pays_it() -> None:
    alone = HEAD.replace("        rules:\n", "        items: [CT]\n        rules:\n")
    text = alone + "          all: {name: 甲, when: {}, ratio: 90%, clause: x}\n"
    assert gaps(text) == ["没有规定:所列项目以外的费用"]


HEIR = """policy: heir
inherits: zhengzhou-2011
layers:
  critical_illness:
    name: 大病
    payer: 保险
    account: "1001"
    book: critical_illness
    risk_bearer: insurer
    base: eligible_unpaid
    clause: x
    benefits:
      inpatient:
        name: 大病住院
        kind: inpatient
        account: "5001"
        rules:
          all: {name: 全, when: {}, ratio: 50%, clause: x}
"""
UNUSUAL = "各层不按通常的次序(基本医疗、大病保险、补充保险、医疗救助)计算,请核对"


@pytest.mark.requirement("ZZ-23", "a layer that a county adds to the city's runs in its place")
def test_a_layer_that_an_heir_adds_runs_in_its_place() -> None:
    document = load(HEIR, text_of)
    assert [layer.id for layer in document.policy.layers] == ["basic", "critical_illness", "supplementary"]
    assert not [one for one in findings(document.policy, document.source) if "次序" in one.message]
    otherwise = load(HEIR.replace("    name: 大病\n", "    name: 大病\n    order: 9\n"), text_of)
    found = findings(otherwise.policy, otherwise.source)
    assert [one.path for one in found if one.message.endswith(UNUSUAL)] == ["layers.supplementary"]


def test_a_first_layer_that_not_everybody_has_is_told() -> None:
    messages = [
        message for _, message in told(POLICY.replace("    clause: c\n", "    clause: c\n    voluntary: true\n"))
    ]
    assert messages == ["第一层只给参加的人,没有参加的得不到任何补偿,请核对"]
