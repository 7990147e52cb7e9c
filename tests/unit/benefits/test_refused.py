"""What makes a policy document unusable although each value has the right form, and on which line it is told."""

import pytest

from services.claims.benefits.compiler import load
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import text_of

SMALL = """policy: small
title: 小方案
scheme: nrcms
effective_from: 2010-03-01
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
          a: {name: 甲, when: {level: township}, deductible: 100, ratio: 70%, clause: 甲}
          b: {name: 乙, when: {level: [county, prefecture]}, deductible: 200, ratio: 60%, clause: 乙}
        caps:
          year: {name: 封顶, amount: 60000, period: person_year, clause: 封}
"""


def changed(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new, 1)


def refused(text: str) -> list[tuple[int | None, str]]:
    """(line, message) of everything for which a document is refused."""
    with pytest.raises(PolicyErrors) as wrong:
        load(text, text_of)
    return [(finding.line, finding.message) for finding in wrong.value.findings]


def line_of(needle: str, text: str = SMALL) -> int:
    """The number of the line that holds the needle."""
    return text[: text.index(needle)].count("\n") + 1


@pytest.mark.parametrize("kind", ["inpateint", "dental"])
def test_a_kind_of_care_that_no_claim_has_is_refused(kind: str) -> None:
    text = changed("kind: inpatient", f"kind: {kind}")
    assert refused(text) == [(line_of(kind, text), "只能是 inpatient(住院)、outpatient(门诊) 之一")]


@pytest.mark.parametrize("name", ["level", "place", "ownership", "designation"])
def test_an_emptied_list_of_a_condition_is_not_every_situation(name: str) -> None:
    told = "至少写一项;不论哪一种的,不写这一项"
    text = changed("{level: township}", f"{{emergency: false, {name}: []}}")
    assert (line_of(f"{name}: []", text), told) in refused(text)
    listed = changed("{level: township}", f"[{{level: township}}, {{level: village,\n            {name}: []}}]")
    listed = listed.replace("level: village,\n            level", "emergency: true,\n            level")
    assert (line_of(f"{name}: []", listed), told) in refused(listed)


def test_a_parameter_counts_from_the_first_day_of_its_version() -> None:
    later = "parameters:\n  waiting_days:\n    value: 30\n    clause: x\n    effective_from: 2010-03-02\nlayers:\n"
    text = changed("layers:\n", later)
    assert refused(text) == [
        (
            line_of("effective_from: 2010-03-02", text),
            "2010-03-02 晚于本方案的生效日 2010-03-01:中途改动的值另写一个版本,从那一天起生效",
        )
    ]
    assert load(text.replace("2010-03-02", "2010-03-01")).policy.waiting_days == 30


KEPT = "改了值,依据还是所继承方案的原文:另写 clause;来源没有规定的写 illustrative: true 和 note"
CHILD = """policy: child
inherits: zhengzhou-2011
title: 某县
layers:
  basic:
    benefits:
      inpatient:
        rules: {}
        caps: {}
"""


def child(rules: str = "{}", caps: str = "{}") -> str:
    return CHILD.replace("rules: {}", f"rules: {rules}").replace("caps: {}", f"caps: {caps}")


@pytest.mark.parametrize(
    ("caps", "found"),
    [
        ("{year: {amount: 80000}}", [KEPT]),
        ("{year: {amount: {value: 80000}}}", [KEPT]),
        ("{year: {amount: 80000, illustrative: false}}", [KEPT]),
        ("{year: {name: 封顶, note: 本县}}", None),
        ("{year: {amount: 100000}}", None),
        ("{year: {amount: 80000, clause: 本县8万元}}", None),
        ("{year: {amount: {value: 80000, clause: 本县8万元}}}", None),
        ("{year: {amount: {value: 80000, illustrative: true}}}", None),
        ("{year: {amount: 80000, illustrative: true, note: 示例}}", None),
    ],
)
@pytest.mark.requirement("ZZ-07", "a value of the heir's own stands beside its own clause, or is marked")
def test_a_value_of_the_heir_does_not_keep_the_clause_of_the_other_value(caps: str, found: list[str] | None) -> None:
    text = child(caps=caps)
    if found is None:
        assert load(text, text_of).policy.id == "child"
    else:
        assert refused(text) == [(line_of("caps:", text), message) for message in found]


def test_a_row_that_is_marked_stays_marked_when_its_value_changes() -> None:
    changed_row = load(child(rules="{county: {ratio: 70%}}"), text_of).policy
    assert "basic.inpatient.county" in changed_row.illustrative


def test_a_single_value_of_the_heir_needs_its_own_clause_too() -> None:
    elder = changed("deductible: 100", "deductible: {value: 100, clause: 一百}")
    heir = "policy: heir\ninherits: small\nlayers: {basic: {benefits: {inpatient: {rules: {a: {deductible: %s}}}}}}\n"
    for value in ("{value: 50}", "50"):
        with pytest.raises(PolicyErrors, match="改了值"):
            load(heir % value, lambda _: elder)
    assert load(heir % "{value: 50, clause: 五十}", lambda _: elder).policy.id == "heir"
    away = heir.replace("deductible: %s", "deductible: ~")
    with pytest.raises(PolicyErrors, match="改了值"):
        load(away, lambda _: elder)


def test_an_heir_has_an_id_of_its_own() -> None:
    text = child().replace("policy: child\n", "")
    assert refused(text) == [(1, "继承另一份方案的,要写自己的编号(policy):否则改过的内容与原方案同名")]


def test_what_is_not_there_cannot_be_taken_away() -> None:
    text = child(rules="{cuonty: ~}")
    assert refused(text) == [(line_of("rules:", text), "所继承的方案里没有 cuonty,去不掉:是不是 county?")]


def test_a_misspelt_row_is_told_which_one_it_was_meant_for() -> None:
    messages = [told for _, told in refused(child(rules="{cuonty: {ratio: 80%}}"))]
    assert messages == ["缺少这一项(所继承的方案里没有 cuonty:是不是 county?)"] * 2
    plain = refused(changed("name: 乙, ", ""))
    assert [told for _, told in plain] == ["缺少这一项"]


def test_an_heir_takes_away_what_an_elder_of_its_parent_has() -> None:
    texts = {"small": SMALL, "middle": "policy: middle\ninherits: small\ntitle: 中\n"}
    heir = "policy: heir\ninherits: middle\nlayers: {basic: {benefits: {inpatient: {rules: {b: ~}}}}}\n"
    (bucket,) = load(heir, texts.__getitem__).policy.layers[0].buckets
    assert [rule.id for rule in bucket.rules] == ["basic.inpatient.a"]


CAPS = "        caps:"


@pytest.mark.parametrize(
    ("old", "new", "other"),
    [
        ("          year: {name: 封", "          a: {name: 封", "rules.a"),
        (CAPS, f"        bonuses:\n          a: {{name: 提高, groups: [g], points: 5%, clause: x}}\n{CAPS}", "rules.a"),
        (CAPS, f"        waivers:\n          b: {{name: 急诊, emergency: true, clause: x}}\n{CAPS}", "rules.b"),
        ("          year: {name: 封", "          floor: {name: 封", "floor"),
    ],
)  # fmt: skip
def test_an_id_stands_for_one_row_of_a_bucket(old: str, new: str, other: str) -> None:
    text = changed("layers:\n", "groups: {g: {name: 人群}}\nlayers:\n", changed(old, new))
    if other == "floor":
        load(text)
        text = changed(f"{CAPS}\n", "        floor: {name: 保底, ratio: 30%, clause: x}\n        caps:\n", text)
    ((line, message),) = refused(text)
    assert message == f"{other} 已用这个编号:同一项里每行的编号不能相同,请换一个"
    assert line == line_of(new.split("\n")[-2 if "\n" in new else 0], text)


OWN = '        account: "5001.01"\n'


@pytest.mark.parametrize("name", ["", "a:b", "汉字", "x" * 65])
def test_the_name_of_a_count_is_one_that_a_cap_can_name(name: str) -> None:
    text = changed(OWN, f'{OWN}        adds_to: ["own", "{name}"]\n')
    assert refused(text) == [(line_of("adds_to", text), "写法不对:累计项的名称只用小写英文字母、数字、“_”、“.”和“-”")]


@pytest.mark.parametrize("counter", ["deductible", "admissions", "base"])
def test_a_benefit_is_not_added_to_a_count_of_something_else(counter: str) -> None:
    text = changed(OWN, f"{OWN}        adds_to: [basic.inpatient.{counter}]\n")
    told = f"basic.inpatient.{counter} 记的是起付线、住院次数或费用,补偿请计入另一个名称"
    assert refused(text) == [(line_of("adds_to", text), told)]
