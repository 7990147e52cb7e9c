"""Rules beyond deductible, ratio and cap: what each says, at its edges, and what its document may not say."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.cli import app
from services.claims.benefits.compiler import load
from services.claims.benefits.diff import differences
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.engine import BadClaim, accumulators, adjudicate, benefit_year
from services.claims.benefits.library import loaded, text_of
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    Band,
    ClaimInput,
    Elsewhere,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Outcome,
    Policy,
)
from services.claims.benefits.paying import E8, Raise, _product, _with
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wall import wall_table
from services.claims.benefits.wire import decision_document

GOOD = text_of("dafang-2010")
PLAIN = "institution: {level: county}\neligible: 1\n"
run = CliRunner()
CRITICAL = """
  critical_illness:
    name: 大病保险
    payer: 大病保险(商业保险机构)
    account: "1001"
    book: critical_illness
    risk_bearer: insurer
    base: eligible_unpaid
    clause: 大病保险
    benefits:
      inpatient:
        name: 大病住院
        kind: inpatient
        yearly: true
        account: "5001"
        rules:
          all:
            name: 全年自付合规费用
            when: {}
            deductible: 15000
            bands: [{up_to: 35000, ratio: 50%}, {up_to: 85000, ratio: 55%}, {ratio: 65%}]
            clause: 超过1.5万元的部分分段补偿
        caps:
          year: {name: 大病全年封顶线, amount: 300000, period: person_year, clause: 全年30万元}
readings:
"""


def with_part(part: str, text: str = GOOD) -> str:
    """The Dafang policy with something more in its inpatient bucket."""
    return text.replace("        name: 住院统筹\n", f"        name: 住院统筹\n{part}", 1)


def stay(
    policy: Policy, amount_fen: int, used: dict[AccumulatorKey, int] | None = None, **members: Any
) -> Adjudication:
    claim = ClaimInput(
        "inpatient", policy.effective_from, policy.effective_from, (Line(1, "A", amount_fen),), **members
    )
    facts = Facts(
        Institution("county", "in_county"), (Interval(date(2000, 1, 1), None),), {"A": Item("A", "A")}, used or {}
    )
    return adjudicate(claim, facts, policy)


@pytest.mark.requirement("ZZ-23", "a critical-illness layer pays in bands over the year's own eligible spending")
def test_critical_illness_runs_over_the_year() -> None:
    policy = load(GOOD.replace("\nreadings:\n", CRITICAL)).policy
    used: dict[AccumulatorKey, int] = {}
    paid = []
    for amount in (4_000_000, 4_000_000, 30_000_000):
        decided = stay(policy, amount, used)
        paid.append([layer.benefit_fen for layer in decided.layers])
        for movement in decided.movements:
            used[movement.key] = used.get(movement.key, 0) + movement.amount
    # own eligible: 12,000, then 12,000, then 296,000; the basic cap of 60,000 leaves 4,000 to the third stay
    assert [one[0] for one in paid] == [2_800_000, 2_800_000, 400_000]
    assert [one[1] for one in paid] == [0, 450_000, 1_300_000 + 2_750_000 + 14_300_000]
    whole = stay(policy, 38_000_000)
    assert whole.layers[1].benefit_fen == sum(one[1] for one in paid), "in one bill or in three, the year is the same"
    slip = slip_text(decision_document(whole))
    assert "(35,000.00 × 50% + 50,000.00 × 55% + 220,000.00 × 65%) − 此前累计的(0.00) = 188,000.00 元" in slip
    assert used[AccumulatorKey("person_year", "critical_illness.inpatient.base", 2010)] == 32_000_000


@pytest.mark.parametrize("period", ["person_year", "household_year", "disease_year"])
def test_a_cap_over_both_layers_sees_what_the_same_claim_has_paid(period: str) -> None:
    shared = CRITICAL.replace("        yearly: true\n", "        adds_to: [both]\n").replace("300000", "70000")
    text = GOOD.replace("\nreadings:\n", shared).replace(
        "        kind: inpatient\n", "        kind: inpatient\n        adds_to: [basic.inpatient.benefit, both]\n", 1
    )
    policy = load(text.replace("amount: 70000, period: person_year", f"amount: 70000, period: {period}")).policy
    decided = stay(policy, 40_000_000, disease="K35")
    assert [layer.benefit_fen for layer in decided.layers] == [6_000_000, 1_000_000]
    assert decided.outcome == Outcome.CAPPED


@pytest.mark.parametrize(("eligible", "benefit"), [(20_000, 9_000), (100_000, 69_993), (1, 0), (2, 1)])
def test_a_floor_lifts(eligible: int, benefit: int) -> None:
    part = "        floor: {name: 保底, ratio: 45%, clause: 保底补偿}\n"
    text = with_part(part).replace(
        "            deductible: {value: 0, clause: 以上定点医疗机构均不设起付线}\n            ratio: 70%",
        "            deductible: {value: 100, clause: 起付线}\n            ratio: 77.77%",
    )
    policy = load(text).policy
    assert stay(policy, eligible).benefit_fen == benefit


def test_a_floor_never_passes_a_cap_and_names_itself() -> None:
    policy = load(with_part("        floor: {name: 保底, ratio: 75%, clause: 保底补偿}\n")).policy
    decided = stay(policy, 10_000_000)
    assert decided.benefit_fen == 6_000_000
    assert "保底:100,000.00 × 75% 为最低补偿" in slip_text(decision_document(decided))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("        items: [CT]\n        entitlement: chronic\n", "不能再写 entitlement"),
        ("        items: [CT]\n        floor: {name: x, ratio: 5%, clause: x}\n", "不能设保底"),
        ("        floor: {name: x, ratio: 5%}\n", "缺少依据"),
        ("        waivers: {w: {name: x, clause: x}}\n", "写明 groups 或 emergency"),
        ("        waivers: {w: {name: x, groups: [nobody], clause: x}}\n", "groups 里没有 nobody"),
        ("        accident: {name: x, factor: 500%, clause: x}\n", "比例不能超过 100%"),
        (
            "        yearly: true\n        accident: {name: x, factor: 50%, clause: x}\n",
            "全年累计(yearly)的一项不能写 waivers",
        ),
        (
            "        yearly: true\n        essential: {name: x, points: 5%, clause: x}\n",
            "全年累计(yearly)的一项不能写 waivers",
        ),
    ],
)
def test_what_a_bucket_may_not_say(part: str, message: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        load(with_part(part))
    assert any(message in finding.message and finding.line for finding in wrong.value.findings), wrong.value


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("fixed: 500\n            deductible: 50", "定额(fixed)补偿不另设起付线和限额"),
        ("fixed: 500\n            ratio: 5%", "写且只写一个"),
        ("ratio: 50%\n            off_path_over: 5000", "只用于写明 diseases 的行"),
        ("ratio: 50%\n            limit: {amount: 5, share: 50%}", "shared_up_to 和 share 一起写"),
        ("ratio: 50%\n            diseases: ['K 35']", "写法不对"),
    ],
)
def test_what_a_row_may_not_say(row: str, message: str) -> None:
    text = GOOD.replace("            deductible: 300\n            ratio: 60%", f"            {row}", 1)
    assert text != GOOD
    with pytest.raises(PolicyErrors) as wrong:
        load(text)
    assert any(message in finding.message for finding in wrong.value.findings), wrong.value


def test_what_only_the_first_layer_may_say() -> None:
    floor = "floor: {name: x, ratio: 5%, of: total, clause: x}"
    for part in ("items: [CT]", "essential: {name: x, points: 5%, clause: x}", floor):
        text = GOOD.replace("\nreadings:\n", CRITICAL.replace("yearly: true", part))
        with pytest.raises(PolicyErrors, match="只能写在第一层"):
            load(text)


def test_rows_of_one_disease_must_not_overlap() -> None:
    text = text_of("zhengan-2011-01").replace("diseases: [K80]", "diseases: [K80, K35]")
    with pytest.raises(PolicyErrors, match="重叠"):
        load(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": (Line(1, "A", 1),), "elsewhere": Elsewhere("x", 5, 4, 3)},
        {"lines": (), "elsewhere": Elsewhere("x", 5, 6, 3)},
        {"lines": (), "elsewhere": Elsewhere("x", 5, 4, 5)},
        {"lines": (), "elsewhere": Elsewhere("x", 5, 4, -1)},
        {"lines": (), "elsewhere": Elsewhere("x", 5, 4, 3, -1)},
        {"lines": (), "from_account_fen": -1},
    ],
)
def test_a_bad_head_of_a_claim(wrong: dict[str, Any]) -> None:
    policy = loaded("zhengzhou-2011").policy
    day = policy.effective_from
    facts = Facts(Institution("county", "in_county"), (Interval(day, None),), {}, {})
    with pytest.raises(BadClaim):
        adjudicate(ClaimInput("inpatient", day, day, **wrong), facts, policy)


def test_what_the_family_account_locks() -> None:
    policy = loaded("dafang-2006-01").policy
    visit = ClaimInput("outpatient", policy.effective_from, policy.effective_from, (), from_account_fen=100)
    key = AccumulatorKey("household_year", "family_account.spent", 0)
    assert accumulators(visit, policy) == (key,)
    assert accumulators(replace(visit, from_account_fen=0), policy) == ()


def test_a_claim_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(
        "institution: {level: prefecture}\n"
        "admitted: 2010-03-05\n"
        "catalogue: {drug: {class: B, own_share: 10%, name: 头孢}, bed: {class: A, ceilings: {'*': 30}}}\n"
        "lines:\n"
        "  - {code: drug, amount: 1000}\n"
        "  - {code: bed, amount: 80, quantity: 2}\n"
        "  - {code: gown, amount: 20}\n",
        encoding="utf-8",
    )
    answer = run.invoke(app, ["quote", "--policy", "dafang-2010", "--claim", str(file)])
    assert answer.exit_code == 0, answer.output
    assert "第 1 行 头孢 1,000.00 × 1 = 1,000.00,未计入 100.00:先由个人负担 1,000.00 × 10% = 100.00" in answer.stdout
    assert "等于 可补偿费用:960.00" in answer.stdout
    assert "760.00 × 60% = 456.00 元" in answer.stdout


STAY = "admitted: 2010-03-01\ndischarged: 2010-03-05\ninstitution: {level: county}\ncatalogue: {x: {}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("institution: {level: county}\n", "第 1 行 eligible、lines、elsewhere 写且只写一个"),
        ("institution: {level: moon}\neligible: 1\n", "第 1 行"),
        ("institution: {level: county}\neligible: -1\n", "第 2 行 eligible"),
        ("institution: {level: county}\nlines:\n  - {code: a, amount: 1.234}\n", "第 3 行"),
        (PLAIN + "person: {groups: [nobody]}\n", "第 3 行 person.groups:方案不认识人群 nobody"),
        (PLAIN + "person: {joined: [supplementary]}\n", "第 3 行 person.joined:方案没有自愿参加的一层"),
        (PLAIN + "used: {'moon:x': 1}\n", "第 3 行 used.moon:x:没有累计期间 moon"),
        (PLAIN + "used:\n  basic.inpatient.benefit: 1\n  basic.other: 1\n", "第 5 行 used.basic.other:方案没有累计项"),
        (PLAIN + "admitted: 2010-03-05\ndischarged: 2010-03-01\n", "第 4 行 discharged:出院日期 2010-03-01 早于"),
        (PLAIN + "settled: 2009-12-31\n", "第 3 行 settled:结算日期 2009-12-31 早于入院(就诊)日期 2010-01-01"),
        (
            PLAIN + "used:\n  basic.inpatient.benefit: 60000\n  'person_year:basic.inpatient.benefit': 0\n",
            "第 5 行 used.person_year:basic.inpatient.benefit:与 basic.inpatient.benefit 是同一个累计项,只写一个",
        ),
        (
            PLAIN + "earlier:\n  eligible: 100\n  deductible: 200\n",
            "第 5 行 earlier.deductible:此前各次扣除的起付线不得超过可补偿费用",
        ),
        (
            PLAIN + "earlier:\n  eligible: 100\n  total: 50\n",
            "第 5 行 earlier.total:此前各次的可补偿费用不得超过总费用",
        ),
        (
            PLAIN + "earlier:\n  eligible: 100\n  benefit: 60\n  hospital: 41\n",
            "第 5 行 earlier.benefit:此前各次的补偿与医院负担的部分,合计不得超过可补偿费用",
        ),
        (PLAIN + "catalogue: {a: {}}\n", "第 3 行 catalogue:没有写费用明细(lines)的,不写目录(catalogue)"),
        (
            "institution: {level: county}\n"
            "elsewhere: {settlement: S, total: 9, eligible: 8, benefit: 5, over_cap: 3.01}\n",
            "第 2 行 elsewhere.over_cap:封顶线以上的部分不得超过没有补偿的可补偿费用",
        ),
        (
            "institution: {level: county}\nelsewhere: {settlement: S, total: 9, eligible: 8, benefit: 5}\n"
            "earlier: {eligible: 1}\n",
            "第 3 行 earlier:基本补偿已在别处结算(elsewhere)的,没有中途结算",
        ),
        (
            PLAIN + "person:\n  coverage:\n    - {from: 2010-01-01, to: 2010-06-15}\n    - {from: 2010-06-01}\n",
            "第 6 行 person.coverage.1:与前面的参合期间重叠,请写成一段",
        ),
        (PLAIN + "third_party: shared\n", "第 3 行 third_party:第三人负担的比例(third_party_share)只在"),
        (PLAIN + "third_party_share: 10%\n", "第 3 行 third_party_share:第三人负担的比例"),
        (PLAIN + "person:\n  coverage:\n    - {from: 2010-03-01, to: 2010-02-01}\n", "第 5 行 person.coverage.0"),
        (
            "institution: {level: county}\nelsewhere: {settlement: S, total: 9, eligible: 8, benefit: 8.01}\n",
            "第 2 行 elsewhere:在别处做的基本结算,补偿不得超过可补偿费用",
        ),
        ("- nothing\n", "应是"),
        (f"{STAY}lines: [{{code: x, amount: 5, day: 2010-02-28}}]\n", "第 5 行 lines.0.day:费用日期 2010-02-28 不在"),
        (
            f"{STAY}lines:\n  - {{code: x, amount: 5}}\n  - {{code: x, amount: 5, day: 2010-03-06}}\n",
            "第 7 行 lines.1.day",
        ),
        (
            STAY.replace("discharged: 2010-03-05", "kind: outpatient")
            + "lines: [{code: x, amount: 5, day: 2010-03-02}]\n",
            "第 5 行 lines.0.day:费用日期 2010-03-02 不在住院(就诊)期间(2010-03-01 至 2010-03-01)",
        ),
        (
            STAY.replace("{}", "{ceilings: {conty: 3}}") + "lines: [{code: x, amount: 5}]\n",
            "第 4 行 catalogue.x.ceilings.conty:只能是 village(村级)",
        ),
        (f"{STAY}lines: [{{code: x, amount: 5, quantity: 0}}]\n", "第 5 行 lines.0.quantity:数量应大于 0"),
        (f"{STAY}lines: [{{code: x, amount: 5, quantity: 0.00}}]\n", "第 5 行 lines.0.quantity:数量应大于 0"),
        (PLAIN + "family_account: {credit: 100, pay: 50}\n", "第 3 行 family_account:方案的家庭账户只支付门诊"),
        (
            PLAIN + "person: {birth: 2010-01-02}\n",
            "第 3 行 person.birth:出生日期 2010-01-02 晚于入院(就诊)日期 2010-01-01",
        ),
        (
            PLAIN + "person:\n  cards: [{kind: chronik, disease: E11, from: 2010-01-01}]\n",
            "第 4 行 person.cards.0.kind:没有这种证 chronik;有的是:chronic(慢性病)",
        ),
    ],
)
def test_a_bad_claim_file_names_the_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(text, encoding="utf-8")
    answer = run.invoke(app, ["quote", "--policy", "dafang-2010", "--claim", str(file)])
    assert answer.exit_code == 2
    assert message in answer.output


def test_a_later_part_under_layers_is_not_quoted_from_a_file() -> None:
    file = read_claim("institution: {level: county}\neligible: 100\nearlier: {eligible: 50}\n")
    with pytest.raises(PolicyErrors, match="方案在第一层以上还有“大病保险”"):
        decide(file, loaded("henan-2014-layers").policy)


@pytest.mark.parametrize(
    ("policy_id", "text", "message"),
    [
        (
            "dafang-2009",
            "institution: {level: county}\neligible: 9\nfamily_account: {credit: 100, pay: 50}\n",
            "第 3 行 family_account:方案的家庭账户只支付门诊",
        ),
        (
            "dafang-urban-2009",
            "institution: {level: county}\neligible: 9\nused:\n  basic.inpatient.admissions: 2.5\n",
            "方案没有累计项 basic.inpatient.admissions",
        ),
    ],
)
def test_a_claim_that_its_policy_does_not_know(policy_id: str, text: str, message: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        decide(read_claim(text), loaded(policy_id).policy)
    assert message in str(wrong.value)


def test_a_written_claim_is_of_one_year_where_costs_are_split_by_their_days() -> None:
    """The second part says what the first came to."""
    text = text_of("dafang-2010").replace("year_by:\n    value: settlement", "year_by:\n    value: lines")
    split = load(text).policy
    stay = (
        "admitted: 2010-12-20\ndischarged: 2011-01-03\ninstitution: {level: prefecture}\ncatalogue: {x: {class: A}}\n"
    )
    line = "  - {{code: x, amount: {}, day: {}}}\n"
    december, january = line.format(1000, "2010-12-21"), line.format(500, "2011-01-02")
    with pytest.raises(PolicyErrors) as wrong:
        decide(read_claim(f"{stay}lines:\n{december}{january}"), split)
    assert str(wrong.value).startswith("第 7 行 lines.1:方案按费用发生日期归年:2011 年的费用与 2010 年的分开写成两份")
    first = decide(read_claim(f"{stay}lines:\n{december}"), split).adjudication
    assert (first.benefit_year, first.benefit_fen) == (2010, 48_000), "(1,000 - 200) x 60%"
    earlier = "earlier: {eligible: 1000, deductible: 200, benefit: 480}\nused: {basic.inpatient.benefit: 59900}\n"
    last = decide(read_claim(f"{stay}{earlier}lines:\n{january}"), split).adjudication
    assert (last.benefit_year, last.deductible_fen, last.benefit_fen) == (2011, 0, 10_000), "60,000 in 2011"


def test_the_wall_and_the_comparison_name_the_days_of_the_costs() -> None:
    text = text_of("dafang-2010").replace("year_by:\n    value: settlement", "year_by:\n    value: lines")
    split = load(text)
    assert "年度:按费用发生日期所在的年度累计封顶线" in wall_table(split.policy, split.document)
    assert "- 所有人:封顶线所属年度由按结算日期改为按费用发生日期。" in differences(
        loaded("dafang-2010").policy, split.policy
    )


def test_admissions_are_counted_in_whole_numbers() -> None:
    waived = text_of("dafang-2010").replace("deductible: 200", "deductible: 200\n            deductible_waived_from: 3")
    policy = load(waived).policy
    claim = "institution: {level: prefecture}\neligible: 1000\nused:\n  basic.inpatient.admissions: "
    assert decide(read_claim(f"{claim}2\n"), policy).adjudication.deductible_fen == 0
    with pytest.raises(PolicyErrors) as wrong:
        decide(read_claim(f"{claim}2.5\n"), policy)
    assert str(wrong.value) == "第 4 行 used.basic.inpatient.admissions:住院次数写整数,例如 2"


def test_a_claim_is_described_once(tmp_path: Path) -> None:
    file = tmp_path / "claim.yaml"
    file.write_text(PLAIN, encoding="utf-8")
    asked = ["quote", "--policy", "dafang-2010", "--claim", str(file)]
    assert run.invoke(app, asked).exit_code == 0
    both = run.invoke(app, [*asked, "--level", "county", "--used", "5"])
    assert both.exit_code == 2
    assert "不能再写 --level、--used" in both.output


def test_an_unknown_group_is_told_with_those_that_are_known() -> None:
    asked = ["quote", "--policy", "dafang-2010", "--level", "county", "--eligible", "5", "--group", "nobody"]
    answer = run.invoke(app, asked)
    assert answer.exit_code == 2
    assert "方案不认识人群 nobody;认识的有:age_60(60 岁以上)、" in answer.output


def test_quote_needs_a_question() -> None:
    assert run.invoke(app, ["quote", "--policy", "dafang-2010"]).exit_code == 2
    assert run.invoke(app, ["quote", "--policy", "dafang-2010", "--claim", "/nowhere"]).exit_code == 2


def test_a_claim_file_keeps_what_it_says() -> None:
    document = read_claim("institution: {level: county}\neligible: 500\nadmitted: 2010-03-05\nemergency: true\n")
    decided = decide(document, loaded("dafang-2010").policy).adjudication
    assert (decided.benefit_fen, decided.outcome) == (35_000, Outcome.SETTLED)


GIVEN = "institution: {level: province}\nelsewhere: {settlement: S-9, total: 9, eligible: 8, benefit: 5, over_cap: 2}"


def slip_of(policy_id: str, claim: str, language: str = "zh") -> str:
    """The slip of a claim written as in a file."""
    answer = decide(read_claim(claim), loaded(policy_id).policy)
    return slip_text(decision_document(answer.adjudication), faces=answer.faces, language=language)


@pytest.mark.parametrize(
    ("policy_id", "claim", "sentence"),
    [
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 10300\nthird_party: accident\n",
            "意外伤害:按正常补偿的 50% 补偿。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 10300\nthird_party: accident\n",
            "(10,000.00 × 65%) × 50% = 3,250.00 元",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 10300\nthird_party: advanced\n",
            "基金先行支付 6,500.00 元,以后向责任人追偿。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 10000\nthird_party: shared\nthird_party_share: 30%\n",
            "第三人负担:10,000.00 × 30% = 3,000.00 元,从可补偿费用中扣除。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 10000\nperson: {groups: [wubao]}\n",
            "五保户、低保户免起付线:免除起付线。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\neligible: 400\n",
            "住院保底补偿:400.00 × 30% 为最低补偿,计算所得 65.00 元,补偿 120.00 元。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\ncatalogue: {m: {essential: true}}\nlines: [{code: m, amount: 1300}]\n",
            "基本药物:其中 1,000.00 元的补偿比例提高 5 个百分点。",
        ),
        (
            "zhengzhou-county-2011",
            "institution: {level: county}\ncatalogue: {m: {essential: true}}\nlines: [{code: m, amount: 1300}]\n",
            "1,000.00 × 65% + 1,000.00 × 5% = 700.00 元",
        ),
        (
            "zhengzhou-county-2011",
            GIVEN,
            "基本补偿已在别处结算(S-9),补偿 5.00 元,封顶线以上未补偿 2.00 元;照此计入,不重新计算。",
        ),
        (
            "zhengzhou-county-2011",
            GIVEN,
            "个人负担:9.00 − 2.00 − 5.00 = 2.00",
        ),
        (
            "zhengan-2011-01",
            "institution: {level: county}\ndisease: K80\neligible: 4600\n",
            "单病种限额 4,000.00 元,可补偿费用 4,600.00 元,超过部分中 600.00 元按 50% 计入,共计入 4,300.00 元。",
        ),
        (
            "zhengan-2011-01",
            "institution: {level: county}\ndisease: K80\neligible: 3000\n",
            "单病种限额 4,000.00 元,可补偿费用 3,000.00 元,计入 3,000.00 元。",
        ),
        (
            "zhengan-2011-01",
            "institution: {level: county}\ndisease: K35\neligible: 5000\n",
            "定额补偿 1,500.00 元,可补偿费用 5,000.00 元,补偿 1,500.00 元。",
        ),
        (
            "zhengan-2011-01",
            "kind: outpatient\ninstitution: {level: village}\neligible: 100\nfamily_account: {credit: 80, pay: 100}\n",
            "门诊家庭账户余额 80.00 元,支付个人负担部分中的 50.00 元。",
        ),
        (
            "zhengan-2011-01",
            "kind: outpatient\ninstitution: {level: village}\neligible: 100\nfamily_account: {credit: 30, pay: 100}\n",
            "其中家庭账户支付:30.00,现金:20.00",
        ),
        (
            "dafang-2006-11",
            "institution: {level: township}\neligible: 100\nperson: {groups: [wubao]}\n",
            "特殊人群:补偿比例提高 10 个百分点。",
        ),
    ],
)
def test_every_step_has_its_sentence(policy_id: str, claim: str, sentence: str) -> None:
    assert sentence in slip_of(policy_id, claim)
    assert "3. Result (yuan)" in slip_of(policy_id, claim, "en")


def test_the_year_is_told_as_it_is_computed() -> None:
    policy = load(GOOD.replace("\nreadings:\n", CRITICAL)).policy
    base = AccumulatorKey("person_year", "critical_illness.inpatient.base", 2010)
    slip = slip_text(decision_document(stay(policy, 4_000_000, {base: 1_200_000})))
    assert "一项,以可补偿费用中还没有补偿的部分为基数:40,000.00 − 28,000.00 = 12,000.00 元。" in slip
    assert "此前累计费用 12,000.00 元,加本次 12,000.00 元共 24,000.00 元,超过起付线 9,000.00 元,本次扣除" in slip
    assert "按全年累计计算:(9,000.00 × 50%) − 此前累计的(0.00) = 4,500.00 元" in slip


@pytest.mark.parametrize(("amount", "benefit"), [(1_200_000, 150_000), (1_200_001, 833_001)])
def test_the_edge_of_the_path(amount: int, benefit: int) -> None:
    assert stay(loaded("zhengan-2011-01").policy, amount, disease="K35").benefit_fen == benefit
    assert stay(loaded("zhengan-2011-01").policy, 500_000, disease="K35", off_path="并发症").benefit_fen == 343_000


def test_what_is_wrong_with_a_claim_is_said_with_its_line() -> None:
    assert str(BadClaim("x")) == "x"
    assert str(BadClaim("x", 3)) == "line 3: x"
    day = date(2011, 6, 1)
    facts = Facts(Institution("county", "in_county"), (Interval(day, None),), {}, {})
    nothing = ClaimInput("inpatient", day, day, (), elsewhere=Elsewhere("x", 0, 0, 0))
    joined = replace(facts, joined=frozenset({"supplementary"}))
    assert adjudicate(nothing, joined, loaded("zhengzhou-2011").policy).outcome == Outcome.NOTHING_ELIGIBLE


@pytest.mark.parametrize(("days", "outcome"), [(0, Outcome.SETTLED), (90, Outcome.SETTLED), (91, Outcome.NOT_COVERED)])
def test_how_long_a_mother_covers_her_child(days: int, outcome: Outcome) -> None:
    policy = loaded("zhengzhou-county-2011").policy
    born = date(2011, 6, 1)
    day = date.fromordinal(born.toordinal() + days)
    claim = ClaimInput("inpatient", day, day, (Line(1, "A", 100_000),))
    mother = (Interval(date(2011, 1, 1), None),)
    facts = Facts(Institution("county", "in_county"), (), {"A": Item("A", "A")}, {}, birth_date=born, newborn_of=mother)
    assert adjudicate(claim, facts, policy).outcome == outcome
    unborn = replace(facts, birth_date=date.fromordinal(day.toordinal() + 1))
    assert adjudicate(claim, unborn, policy).outcome == Outcome.NOT_COVERED


@pytest.mark.parametrize(("days", "outcome"), [(90, Outcome.SETTLED), (0, Outcome.WAITING)])
def test_only_a_policy_that_covers_newborns_spares_them_the_wait(days: int, outcome: Outcome) -> None:
    """Found by the long run of the oracle (seed 1, policy 361): the day of birth counted as within nought days."""
    policy = replace(loaded("zhengzhou-county-2011").policy, newborn_days=days, waiting_days=30)
    born = date(2011, 6, 1)
    claim = ClaimInput("inpatient", born, born, (Line(1, "A", 100_000),))
    cover = (Interval(born, None),)
    facts = Facts(Institution("county", "in_county"), cover, {"A": Item("A", "A")}, {}, birth_date=born)
    facts = replace(facts, newborn_of=(Interval(date(2011, 1, 1), None),))
    assert adjudicate(claim, facts, policy).outcome == outcome


@pytest.mark.parametrize(("days", "eligible"), [(90, 100_000), (0, 0)])
def test_a_mothers_coverage_counts_only_where_the_policy_says_so(days: int, eligible: int) -> None:
    """A line dated after the child's own coverage has ended, while the mother's goes on."""
    policy = replace(loaded("zhengzhou-county-2011").policy, newborn_days=days, lines_after_coverage="excluded")
    born, later = date(2011, 6, 1), date(2011, 7, 5)
    claim = ClaimInput("inpatient", born, later, (Line(1, "A", 100_000, day=later),), discharged_on=later)
    facts = Facts(Institution("county", "in_county"), (Interval(born, date(2011, 6, 30)),), {"A": Item("A", "A")}, {})
    facts = replace(facts, birth_date=born, newborn_of=(Interval(date(2011, 1, 1), None),))
    assert adjudicate(claim, facts, replace(policy, waiting_days=0)).eligible_fen == eligible
    older = replace(facts, birth_date=date(2006, 5, 1))
    assert adjudicate(claim, older, replace(policy, waiting_days=0)).eligible_fen == 0, "no newborn any more"


def test_the_family_account_pays_nothing_of_what_a_third_party_bears() -> None:
    claim = (
        "kind: outpatient\ninstitution: {level: village}\neligible: 100\n"
        "third_party: shared\nthird_party_share: 60%\nfamily_account: {credit: 1000, pay: 1000}\n"
    )
    for covers in ("all", "eligible"):
        policy = load(
            text_of("dafang-2009").replace(
                "kinds: [outpatient]\n  payer", f"kinds: [outpatient]\n  covers: {covers}\n  payer"
            )
        ).policy
        decision = decide(read_claim(claim), policy).adjudication
        assert policy.family_account is not None and policy.family_account.covers == covers
        assert (decision.benefit_fen, decision.account_fen, decision.patient_fen) == (2_000, 2_000, 8_000)


def test_the_family_account_pays_nothing_of_what_the_hospital_bears() -> None:
    """Of 3,000 the limit counts 2,000: 70% are paid, 1,000 are the hospital's, and 600 are left to the account."""
    text = GOOD.partition("family_account:")[0].replace("readings:\n", ACCOUNT_FOR_ELIGIBLE.lstrip(), 1)
    text = text.replace("ratio: 70%\n", "ratio: 70%\n            limit: {amount: 2000, excess: hospital}\n", 1)
    claim = read_claim("institution: {level: county}\neligible: 3000\nfamily_account: {credit: 5000, pay: 5000}\n")
    decided = decide(claim, load(text).policy).adjudication
    assert (decided.benefit_fen, decided.hospital_fen, decided.account_fen) == (140_000, 100_000, 60_000)


def test_a_wish_for_an_account_that_no_policy_has_is_refused() -> None:
    with pytest.raises(PolicyErrors, match="方案没有家庭账户"):
        decide(read_claim(PLAIN + "family_account: {credit: 100, pay: 50}\n"), loaded("huali-2010").policy)


@pytest.mark.parametrize(
    ("kind", "discharged", "year"),
    [
        ("outpatient", None, 2010),
        ("inpatient", date(2010, 12, 31), 2010),
        ("inpatient", date(2011, 1, 2), 2011),
        ("inpatient", None, 2011),
    ],
)
def test_the_year_of_the_discharge(kind: str, discharged: date | None, year: int) -> None:
    """A visit ends on its day, whenever its papers come; a stay settled midway has no discharge yet."""
    claim = ClaimInput(kind, date(2010, 12, 31), date(2011, 3, 1), (), discharged_on=discharged)
    assert benefit_year(claim, replace(loaded("dafang-2010").policy, year_by="discharge")) == year


def test_a_refusal_for_want_of_acceptance_names_what_lacks() -> None:
    policy = loaded("huali-2010").policy
    day = policy.effective_from
    claim = ClaimInput("outpatient", day, day, (Line(1, "A", 10_000),))
    facts = Facts(Institution("village", "in_county"), (Interval(day, None),), {"A": Item("A", "A")}, {})
    refused = adjudicate(claim, facts, replace(policy, accepted=frozenset()))
    assert refused.outcome == Outcome.ILLUSTRATIVE_NOT_ACCEPTED
    assert refused.trace[0].inputs[-1] == ("illustrative", ",".join(refused.illustrative))
    assert (refused.trace[0].step, refused.trace[0].amount_fen) == ("refused", 0)
    row = next(rule for rule in policy.layers[0].benefits["outpatient"].rules if "village" in rule.id)
    assert (refused.trace[0].rule, refused.trace[0].clause) == (row.id, row.origin.clause), "and the row it would take"
    uncovered = adjudicate(claim, replace(facts, coverage=()), policy)
    assert [name for name, _ in uncovered.trace[0].inputs] == ["outcome", "total_fen"]


ACCOUNT_FOR_ELIGIBLE = """
family_account:
  name: 家庭账户
  kinds: [inpatient]
  covers: eligible
  payer: 新农合基金
  account: "1001.02"
  book: basic
  expense_account: "5002"
  clause: 家庭账户支付合规费用
readings:
"""


def test_an_account_for_eligible_costs_pays_what_all_payers_left_of_them() -> None:
    """Beside a basic settlement made elsewhere: 25,000 eligible, less its 5,000 and the 2,500 of critical illness."""
    plain = GOOD.partition("family_account:")[0]
    text = plain.replace("readings:\n", CRITICAL.lstrip("\n"), 1).replace(
        "readings:\n", ACCOUNT_FOR_ELIGIBLE.lstrip(), 1
    )
    policy = load(text).policy
    day = date(2010, 3, 5)
    given = Elsewhere("S-1", 3_000_000, 2_500_000, 500_000)
    claim = ClaimInput("inpatient", day, day, (), elsewhere=given, from_account_fen=10_000_000)
    facts = Facts(
        Institution("province", "in_province"),
        (Interval(date(2010, 1, 1), None),),
        {},
        {},
        account_credit_fen=10_000_000,
    )
    result = adjudicate(claim, facts, policy)
    assert (result.benefit_fen, result.account_fen, result.patient_fen) == (250_000, 1_750_000, 2_250_000)


def test_a_disease_that_is_not_named_is_one_of_its_own() -> None:
    policy = loaded("zhengan-2011-01").policy
    visit = ClaimInput("outpatient", policy.effective_from, policy.effective_from, (), disease="I10")
    scopes = {key.scope for key in accumulators(visit, policy)}
    assert "disease_year" in scopes
    nameless = accumulators(replace(visit, disease=""), policy)
    assert {key.scope for key in nameless} == scopes
    assert {key.detail for key in nameless if key.scope == "disease_year"} == {""}


def test_a_line_of_nought_is_no_error() -> None:
    policy = loaded("dafang-2010").policy
    claim = ClaimInput("inpatient", date(2010, 3, 5), date(2010, 3, 5), (Line(1, "A", 0, 0), Line(2, "A", 1_000)))
    facts = Facts(Institution("county", "in_county"), (Interval(date(2010, 1, 1), None),), {"A": Item("A", "A")}, {})
    assert adjudicate(claim, facts, policy).benefit_fen == 700


def test_a_document_cannot_blow_up_its_tables() -> None:
    codes = ", ".join(f"K{number}" for number in range(500))
    text = GOOD.replace("            ratio: 80%", f"            diseases: [{codes}]\n            ratio: 80%", 1)
    assert load(text).policy.layers[0].benefits["inpatient"].by_disease["K499"]
    every = text.replace(
        "when: {level: township, place: in_county, ownership: public, designation: designated}", "when: {}"
    )
    with pytest.raises(PolicyErrors, match="组合超过 200000 个"):
        load(every)


def test_a_bill_by_bands_is_told_band_by_band() -> None:
    bands = "bands: [{up_to: 1000, ratio: 50%}, {up_to: 3000, ratio: 60.5%}, {ratio: 70%}]"
    slip = slip_text(decision_document(stay(load(GOOD.replace("ratio: 70%", bands, 1)).policy, 500_000)))
    assert "1,000.00 × 50% + 2,000.00 × 60.5% + 2,000.00 × 70%,合计 3,110.00 元" in slip
    assert "适用“县内县级定点医院和民营定点医院”一项。" in slip


def test_steps_that_move_no_money_say_so() -> None:
    claim = (
        "institution: {level: county}\nthird_party: accident\nperson: {groups: [wubao]}\n"
        "catalogue: {m: {essential: true}}\nlines: [{code: m, amount: 1300}]\n"
    )
    policy = loaded("zhengzhou-county-2011").policy
    trace = {step.step: step for step in decide(read_claim(claim), policy).adjudication.trace}
    assert [trace[step].amount_fen for step in ("essential", "accident", "waiver")] == [0, 0, 0]
    assert trace["rule"].inputs[:2] == (("level", "county"), ("place", "in_county"))


def test_the_product_is_exact_before_the_one_rounding() -> None:
    """A ratio of 70.01% raised by a hundredth of a percent of itself: the exact amount lies just below half a fen."""
    bonus = loaded("dafang-2006-11").policy.layers[0].benefits["inpatient"].bonuses[0]
    assert _with((Band(None, 7001),), (Raise(bonus, frozenset(), 0, 1),)) == (Band(None, 70_017_001),)
    fen = 49_999_999 * pow(70_017_001, -1, E8) % E8
    assert _product(fen, (Band(None, 70_017_001),)) % E8 == 49_999_999
    assert _product(300, (Band(100, 5 * 10**7), Band(None, 10**7))) == 100 * 5 * 10**7 + 200 * 10**7


def test_of_two_equal_raises_one_is_told() -> None:
    text = text_of("dafang-2006-11").replace(
        "        bonuses:\n",
        "        bonuses:\n          poor: {name: 五保户, groups: [wubao], points: 10%, clause: 五保户提高10%}\n",
    )
    answer = decide(
        read_claim("institution: {level: township}\neligible: 100\nperson: {groups: [wubao]}\n"), load(text).policy
    )
    told = [step for step in answer.adjudication.trace if step.step == "bonus"]
    assert [(step.rule, step.amount_fen) for step in told] == [("basic.inpatient.poor", 0)]
    assert answer.adjudication.benefit_fen == 8_000


def test_the_steps_stand_in_the_order_of_the_calculation() -> None:
    decided = stay(loaded("dafang-2010").policy, 1_000_000)
    assert [step.step for step in decided.trace] == ["lines", "rule", "deductible", "ratio", "cap", "layer"]
    assert [step.amount_fen for step in decided.trace] == [1_000_000, 1_000_000, 0, 700_000, 700_000, 700_000]
    assert "新农合基金支付(新农合基本补偿):7,000.00 元。" in slip_text(decision_document(decided))
