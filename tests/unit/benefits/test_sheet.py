"""The printed slip: every text of ours has its glyphs, the bill stands by class, the sums on it are the decision's."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from services.claims.benefits import sheet, slip, words
from services.claims.benefits.claim_file import decide, read_claim
from services.claims.benefits.face import Face
from services.claims.benefits.library import ids, loaded, text_of
from services.claims.benefits.wire import decision_document
from shared.kernel.money import capital_yuan, parse_yuan
from shared.printing.font import TYPEFACE
from shared.printing.page import Block, Heading, Note, Pairs, Row, Table, Title, Together

AT = datetime(2011, 6, 12, 8, tzinfo=UTC)
CLAIM = """
admitted: 2011-06-02
institution: {level: county}
person: {groups: [wubao]}
catalogue:
  a: {name: 青霉素, class: A}
  b: {name: 头孢, class: B, own_share: 10%}
  c: {name: CT 平扫, class: B, own_share: 20%, ceilings: {county: 180.00}}
  d: {name: 特需病房, class: C}
lines:
  - {code: a, amount: 201234.50}
  - {code: b, amount: 8800.00}
  - {code: c, amount: 460.00, quantity: "2"}
  - {code: d, amount: 300.00}
  - {code: zz, amount: 12.34}
"""


def decided(claim: str = CLAIM, policy: str = "zhengzhou-county-2011") -> tuple[dict[str, Any], dict[int, Face]]:
    answer = decide(read_claim(claim), loaded(policy).policy)
    return decision_document(answer.adjudication), answer.faces


@pytest.fixture
def laid(monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    """The blocks of the papers that are printed."""
    caught: list[Block] = []

    def paper(blocks: list[Block], *_: object, **__: object) -> None:
        for block in blocks:
            caught.extend(block.parts if isinstance(block, Together) else [block])

    monkeypatch.setattr(sheet, "paper", paper)
    return caught


def tables(blocks: list[Block]) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from texts_of(key)
            yield from texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)


def test_the_font_has_every_character_that_we_print() -> None:
    """Sentences, words, legend, capital numerals, and every text of every policy document."""
    tables = [slip.SENTENCES, sheet.PAPER, sheet.LEGEND]
    tables += [value for value in vars(words).values() if isinstance(value, dict)]
    said = "".join(text for table in tables for text in texts_of(table))
    said += "".join(text_of(policy_id) for policy_id in ids())
    said += "".join(capital_yuan(10**power * 123_456_789 // 10**8) for power in range(15)) + capital_yuan(-1)
    assert len(set(said)) > 500
    assert {character for character in said if not TYPEFACE.has(character) and character != "\n"} == set()


def test_the_bill_stands_by_class_and_adds_up(laid: list[Block]) -> None:
    document, faces = decided()
    sheet.slip_paper(document, [], faces, AT)
    bill = tables(laid)[0]
    assert [row.cells[1] for row in bill.rows] == [
        "青霉素(甲类)", "头孢", "CT 平扫", "乙类小计", "特需病房(丙类)", "zz(目录以外)", "合计",
    ]  # fmt: skip
    assert bill.rows[3].cells[3:6] == ("9,260.00", "1,052.00", "8,208.00")
    assert bill.rows[-1].cells[3:6] == ("210,806.84", "1,364.34", "209,442.50")
    assert bill.rows[2].cells[2] == "230.00 × 2"
    assert bill.rows[2].cells[6] == "最高限价 180.00 × 2 = 360.00,超过 100.00;先由个人负担 360.00 × 20% = 72.00"
    assert bill.rows[1].cells[6] == "先由个人负担 8,800.00 × 10% = 880.00"
    assert bill.rows[5].cells[2] == "12.34 × 1"
    assert document["total"] == "210806.84"


def test_a_cancelled_slip_says_so_above_and_below_the_sum(laid: list[Block]) -> None:
    document, faces = decided()
    sheet.slip_paper(document, [], faces, AT, void=True)
    title = next(block for block in laid if isinstance(block, Title))
    assert title.text.startswith("【已撤销·作废】")
    said = [block.text for block in laid if isinstance(block, Heading)]
    assert [text for text in said if "作废" in text] == [slip.SENTENCES["void"][0]] * 2
    valid = len(laid)
    sheet.slip_paper(document, [], faces, AT)
    assert not any(
        "作废" in text for block in laid[valid:] if isinstance(block, Heading | Title) for text in [block.text]
    )


@pytest.mark.requirement("ZZ-23", "the slip tells what each layer's payer pays; with the patient's part it is the bill")
def test_the_payers_and_the_patient_pay_the_whole_bill(laid: list[Block]) -> None:
    document, faces = decided()
    sheet.slip_paper(document, [], faces, AT)
    payers, result = tables(laid)[2:]
    amounts = [parse_yuan(row.cells[2].replace(",", "")) for row in payers.rows]
    assert sum(amounts[:-1]) == amounts[-1] == parse_yuan(document["total"])
    assert [row.cells[0] for row in payers.rows] == ["新农合基金", "补充医疗保险(商业保险机构)", "个人", "合计"]
    assert result.rows[0].cells[1:] == ("壹拾叁万陆仟壹佰叁拾柒元陆角叁分", "136,137.63")


def test_family_account_and_what_was_paid_elsewhere(laid: list[Block]) -> None:
    claim = "kind: outpatient\ninstitution: {level: township}\nfamily_account: {credit: 50, pay: 30}\neligible: 80\n"
    document, faces = decided(claim, "dafang-2006-01")
    sheet.slip_paper(document, [], faces, AT)
    assert [row.cells[::2] for row in tables(laid)[2].rows] == [
        ("家庭账户", "30.00"), ("个人", "50.00"), ("合计", "80.00"),
    ]  # fmt: skip
    laid.clear()
    given = (
        "elsewhere: {settlement: S1, total: 150000.00, eligible: 140000.00, benefit: 100000.00, over_cap: 5000.00}\n"
    )
    document, faces = decided("admitted: 2011-06-02\ninstitution: {level: county}\n" + given, "zhengzhou-2011")
    sheet.slip_paper(document, [], faces, AT)
    rows = [row.cells[::2] for row in tables(laid)[2].rows]
    assert rows[0] == ("已在别处补偿", "100,000.00")
    assert rows[-1] == ("合计", "150,000.00")
    assert tables(laid)[0].rows == [], "a bill that is elsewhere has no lines here"


def test_a_third_party_pays_beside_the_patient(laid: list[Block]) -> None:
    claim = "institution: {level: county}\neligible: 10000\nthird_party: shared\nthird_party_share: 30%\n"
    document, faces = decided(claim)
    sheet.slip_paper(document, [], faces, AT)
    payers, result = tables(laid)[2:]
    assert [row.cells[::2] for row in payers.rows][-3:] == [
        ("负有责任的第三人", "3,000.00"), ("个人", "2,645.00"), ("合计", "10,000.00"),
    ]  # fmt: skip
    assert result.rows[1].cells[::2] == ("个人负担", "2,645.00")


def test_a_quantity_without_a_whole_price_stands_alone(laid: list[Block]) -> None:
    document, faces = decided(CLAIM.replace("amount: 300.00}", 'amount: 100.00, quantity: "3"}'))
    sheet.slip_paper(document, [], faces, AT)
    assert [row.cells[2] for row in tables(laid)[0].rows if row.cells[1] == "特需病房(丙类)"] == ["× 3"]


def test_the_steps_carry_formula_and_amount(laid: list[Block]) -> None:
    document, faces = decided()
    sheet.slip_paper(document, [("结算编号", "X1")], faces, AT, scheme="方案")
    assert laid[0] == Title("合作医疗费用补偿结算单", "方案")
    assert laid[1] == Pairs([("结算编号", "X1")])
    steps = tables(laid)[1].rows
    assert [row.cells[0] for row in steps] == [str(number) for number in range(1, len(steps) + 1)]
    assert Row(("4", "209,442.50 × 65% = 136,137.63 元(四舍五入到分)。", "136,137.63")) in steps
    assert any("免除起付线" in row.cells[1] and row.cells[2] == "" for row in steps)
    notes = [block.text for block in laid if isinstance(block, Note)]
    assert any("210,806.84 − 136,137.63 = 74,669.21" in note for note in notes)
    assert any(note.startswith("以下规定来源没有写明") for note in notes)
    assert [left for left, right in pairwise(notes) if left == right] == []


def test_a_refused_claim_and_english(laid: list[Block]) -> None:
    document, faces = decided("admitted: 2010-06-02\ninstitution: {level: village}\neligible: 10.00\n", "dafang-2010")
    sheet.slip_paper(document, [], faces, AT, "en")
    assert [row.cells[1] for row in tables(laid)[1].rows] == ["Not paid: the policy says nothing for this situation."]
    assert tables(laid)[2].rows[0].cells[::2] == ("the patient", "10.00")
    assert tables(laid)[3].rows[0].cells[1] == "零元整"


def test_an_ordinary_slip_is_one_page_and_signed_beside_its_result() -> None:
    heading = [("结算单号", "522422-20100308-000009")] * 9
    document, faces = decided(CLAIM.replace("201234.50", "1234.50"))
    printed = sheet.slip_paper(document, heading, faces, AT)
    assert re.findall(rb"/Count (\d+)", printed.pdf) == [b"1"]


def test_tables_and_signature_are_not_torn_apart(laid: list[Block]) -> None:
    document, faces = decided()
    sheet.slip_paper(document, [], faces, AT)
    order = [block.text if isinstance(block, Note | Heading) else type(block).__name__ for block in laid]
    result = order.index("四、结果(元)")
    signed = next(number for number, text in enumerate(order) if text.startswith("经办人"))
    legend = next(number for number, text in enumerate(order) if text.startswith("说明"))
    assert result < signed < legend


def test_the_paper_is_the_same_each_time_and_small() -> None:
    document, faces = decided()
    first = sheet.slip_paper(document, [("姓名", "张*")], faces, AT)
    assert first == sheet.slip_paper(document, [("姓名", "张*")], faces, AT)
    assert first.lacking == ()
    assert len(first.pdf) < 80_000


@pytest.mark.parametrize(
    ("number", "told"),
    [("12.500000", "12.50"), ("0.123456", "0.123456"), ("3.000000", "3.00"), ("2.0000", "2"), ("1.5000", "1.5")],
)
def test_prices_and_quantities_as_people_write_them(number: str, told: str) -> None:
    assert slip.short(number) == told
