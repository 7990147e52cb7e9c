"""Payment to a provider: each method by hand, the year's sharing at its edges, documents that name their bad lines."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.claims.benefits.cli import app
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.library import DIRECTORY
from services.claims.benefits.payment import Case, Month, PaymentLine, Statement, month_statement, year_clearing
from services.claims.benefits.payment_document import PaymentDoc, payment_findings, payment_words, read_payment

EXAMPLE = DIRECTORY / "payments" / "zhengan-county-hospital-2011.yaml"
HEAD = """payment: p
title: 支付办法
pool: "520324"
institution: H52032400001
kind: outpatient
effective_from: 2011-01-01
source: {title: 协议, verified_on: 2026-11-22}
clause: 按协议
monthly_share: 90%
"""
run = CliRunner()


def document(rest: str) -> PaymentDoc:
    return read_payment(HEAD + rest)[0]


def case(total: int, benefit: int, **more: object) -> Case:
    return Case("c", total, benefit, **more)  # type: ignore[arg-type]


def months(payment: PaymentDoc, *cases: Case, heads: int = 0) -> list[Statement]:
    return [month_statement(payment, Month(number, cases, heads)) for number in range(1, 13)]


def test_by_item_the_benefits_are_paid() -> None:
    done = month_statement(document("method: {by: item}\n"), Month(3, [case(10_000, 7_001), case(500, 250)]))
    assert (done.due_fen, done.pay_fen, done.kept_fen, done.advanced_fen) == (7_251, 6_526, 725, 7_251)
    assert [line.due_fen for line in done.lines] == [7_001, 250]


@pytest.mark.requirement("ZA-06", "diseases with a fixed amount or a limit are paid to the hospital by its document")
def test_diseases_have_a_price_or_a_limit_and_the_rest_its_method() -> None:
    payment = read_payment(EXAMPLE.read_text(encoding="utf-8"))[0]
    cases = [
        Case("delivery", 90_000, 72_000, "O80"),
        Case("below", 300_000, 210_000, "K35"),
        Case("above", 450_000, 300_000, "K35"),
        Case("other", 100_000, 70_000, "I10"),
    ]
    done = month_statement(payment, Month(1, cases))
    assert done.lines == (
        PaymentLine("delivery", 1, 96_000),
        PaymentLine("below", 1, 225_000),
        PaymentLine("above", 1, 300_000),
        PaymentLine("other", 1, 70_000),
    ), "1,200 × 80% whatever it cost; 3,000 × 75%; 4,000 × 75%; the benefit"
    assert done.advanced_fen == 652_000, "what patients have got is told and not touched"


@pytest.mark.parametrize(
    ("method", "units", "due"),
    [("by: visit, standard: 45.50, fund_share: 50%", 2, 4_550), ("by: day, standard: 80, fund_share: 60%", 9, 43_200)],
)
def test_an_average_a_visit_or_a_day(method: str, units: int, due: int) -> None:
    cases = [case(9_999, 1, days=4), case(1, 1, days=5)]
    done = month_statement(document(f"method: {{{method}}}\n"), Month(2, cases))
    assert [(line.units, line.due_fen) for line in done.lines] == [(units, due)]


def test_heads_of_a_clinic_and_a_total_for_the_year() -> None:
    heads = month_statement(document("method: {by: head, yearly: 15}\n"), Month(1, [], heads=1_333))
    assert (heads.lines, heads.due_fen) == ((PaymentLine("head", 1_333, 166_625),), 166_625)
    yearly = months(document("method: {by: total, yearly: 1000.01}\n"))
    assert sum(one.due_fen for one in yearly) == 100_001, "to the fen over the twelve months"
    assert {one.due_fen for one in yearly} == {8_333, 8_334}


def test_points_are_paid_at_a_provisional_value_and_cleared_at_the_real_one() -> None:
    payment = document("method: {by: points, point_value: 80, weights: {G1: 1.25, G2: 0.5}, unlisted: 0.8}\n")
    cases = [case(1, 9_000, group="G1"), case(1, 4_000, group="G2"), case(1, 6_000, group="X")]
    statements = months(payment, *cases)
    assert [line.due_fen for line in statements[0].lines] == [10_000, 4_000, 6_400]
    assert [line.units for line in statements[0].lines] == [12_500, 5_000, 8_000]
    cleared = year_clearing(payment, statements, point_value_fen=7_000)
    assert cleared.due_fen == 12 * (8_750 + 3_500 + 5_600)
    assert cleared.paid_fen == 12 * 18_360
    assert cleared.pay_fen == cleared.due_fen - cleared.paid_fen < 0, "what was paid too much is set off"


@pytest.mark.parametrize(
    ("benefit", "shared", "returned"),
    [
        (10_000, 0, 0),
        (11_000, 6_000, 0),
        (12_000, 12_000, 0),
        (13_000, 12_000, 0),
        (9_900, 0, 840),
        (9_000, 0, 8_400),
        (8_000, 0, 20_400),
    ],
)
def test_excess_and_surplus_are_shared_within_their_limits(benefit: int, shared: int, returned: int) -> None:
    """Due 1,200 yuan: the fund bears half of an excess up to 20%, the hospital keeps 30% of a surplus up to 3%."""
    payment = document(
        "method: {by: total, yearly: 1200}\nover: {share: 50%, up_to: 20%}\nunder: {share: 30%, up_to: 3%}\n"
    )
    cleared = year_clearing(payment, months(payment, case(20_000, benefit)))
    assert (cleared.due_fen, cleared.advanced_fen) == (120_000, 12 * benefit)
    assert (cleared.shared_fen, cleared.returned_fen) == (shared, returned)
    assert cleared.final_fen == 120_000 + shared - returned
    assert cleared.pay_fen == cleared.final_fen - 12 * 9_000


def test_without_sharing_the_hospital_bears_and_keeps() -> None:
    payment = document("method: {by: total, yearly: 1200}\n")
    for benefit in (5_000, 20_000):
        cleared = year_clearing(payment, months(payment, case(20_000, benefit)))
        assert (cleared.final_fen, cleared.pay_fen) == (120_000, 12_000)


def test_a_month_that_is_none() -> None:
    with pytest.raises(ValueError, match="13 is no month"):
        month_statement(document("method: {by: item}\n"), Month(13, []))


@pytest.mark.parametrize(
    ("rest", "line", "reason"),
    [
        ("method: {by: item}\nover: {share: 50%, up_to: 20%}\n", None, "按项目付费没有标准"),
        ("method:\n  by: visit\n  standard: -1\n  fund_share: 50%\n", 12, "金额写作元"),
        ("method: {by: barter}\n", 10, "by"),
        ("method: {by: points, point_value: 1, unlisted: 1, weights: {G1: x}}\n", 10, "权重"),
        (
            "method: {by: item}\ndiseases:\n"
            "  a: {name: a, diseases: [K35], way: fixed, price: 1, fund_share: 50%, clause: c}\n"
            "  b: {name: b, diseases: [K35], way: limit, price: 1, fund_share: 50%, clause: c}\n",
            13,
            "病种 K35 已在 a 里写过",
        ),
        ("method: {by: item}\nsurprise: 1\n", 11, "surprise"),
    ],
)
def test_bad_documents_name_the_line(rest: str, line: int | None, reason: str) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        document(rest)
    (finding,) = wrong.value.findings
    assert reason in str(finding)
    if line is not None:
        assert finding.line == line


def test_a_document_is_told_in_words_and_what_is_odd_is_named() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    payment, source = read_payment(text)
    told = payment_words(payment)
    assert "住院分娩(O80 及 O80.x):每例定额 1,200.00 元,基金支付其中 80%。" in told
    assert "在应付额 20% 以内的部分由基金分担 50%" in told
    assert [str(one) for one in payment_findings(payment, source)] == ["第 9 行 illustrative:示例,没有协议作依据"]
    odd = HEAD.replace("90%", "0%") + (
        "method: {by: points, point_value: 1, weights: {G1: 1}, unlisted: 0}\n"
        "diseases: {a: {name: a, diseases: [K35], way: fixed, price: 0, fund_share: 50%, clause: c}}\n"
    )
    named = [one.path for one in payment_findings(*read_payment(odd))]
    assert named == ["monthly_share", "diseases.a", "method.unlisted", "over"]


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("by: day, standard: 80, fund_share: 60%", "每床日平均 80.00 元,基金支付其中 60%"),
        ("by: head, yearly: 15", "每人每年 15.00 元"),
        ("by: total, yearly: 1200000", "全年 1,200,000.00 元"),
        ("by: points, point_value: 80, weights: {G1: 1.25}, unlisted: 1", "G1 1.25 分,其他病组 1 分"),
    ],
)
def test_every_method_in_words(method: str, told: str) -> None:
    assert told in payment_words(document(f"method: {{{method}}}\n"))


def test_on_the_command_line(tmp_path: Path) -> None:
    good = run.invoke(app, ["policy", "payment", str(EXAMPLE)])
    assert (good.exit_code, "提示 第 9 行" in good.output) == (0, True)
    bad = tmp_path / "bad.yaml"
    bad.write_text(HEAD + "method: {by: head, yearly: much}\n", encoding="utf-8")
    answer = run.invoke(app, ["policy", "payment", str(bad)])
    assert answer.exit_code == 2
    assert "第 10 行" in answer.output
    assert run.invoke(app, ["policy", "payment", str(tmp_path / "none.yaml")]).exit_code == 2
