"""The slip (结算单) as a printed paper: bill by class, every step with its amount, who pays, the result.

Made from the same decision and the same sentences as the text (`slip.py`); nothing is computed but sums of what stands
on the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.claims.benefits import words
from services.claims.benefits.face import Face
from services.claims.benefits.presumed import presumed
from services.claims.benefits.slip import Document, Voice, costs, own_part, result, short, steps, why, yuan
from shared.kernel.money import capital_yuan, format_yuan, parse_yuan
from shared.printing.page import Block, Column, Heading, Note, Pairs, Printed, Row, Table, Title, Together, paper

PAPER: words.Words = {
    "bill": ("一、费用明细(元)", "1. The bill (yuan)"),
    "steps": ("二、计算(每一步都可以用笔重算)", "2. Calculation (every step can be redone by hand)"),
    "payers": ("三、由谁支付(元)", "3. Who pays (yuan)"),
    "result": ("四、结果(元)", "4. Result (yuan)"),
    "legend": ("说明:", "Legend: "),
    "number": ("行", "Line"),
    "item": ("项目", "Item"),
    "price": ("单价 × 数量", "Price × quantity"),
    "amount": ("金额", "Amount"),
    "not_counted": ("不计入", "Not counted"),
    "counted": ("可补偿", "Eligible"),
    "reason": ("说明", "Why"),
    "subtotal": ("{name}小计", "{name}, together"),
    "sum": ("合计", "Together"),
    "step": ("步", "Step"),
    "how": ("怎样计算", "How"),
    "payer": ("支付方", "Payer"),
    "layer": ("项目", "What for"),
    "capital": ("大写", "In capitals"),
    "benefit": ("补偿金额", "Benefit"),
    "patient": ("个人负担", "Borne by the patient"),
    "elsewhere": ("已在别处补偿", "Paid elsewhere"),
    "own": ("个人", "the patient"),
    "third": ("负有责任的第三人", "the third party that is liable"),
    "hospital": ("医疗机构", "the hospital"),
    "own_account": ("家庭账户", "family account"),
    "signed": (
        "经办人:____________    患者或家属:____________    日期:____________",
        "Clerk: ____________    Patient or family: ____________    Date: ____________",
    ),
}

LEGEND: tuple[tuple[str, str], ...] = (
    (
        "甲类全额计入可补偿费用;乙类先由个人负担一部分,其余计入;丙类和目录以外的项目由个人负担。超过最高限价的部分不计入。",
        "Class A counts in full; of class B a share is the patient's first; class C and what is outside the catalogue "
        "are the patient's. What exceeds a price ceiling does not count.",
    ),
    (
        "起付线:可补偿费用中先由个人负担的金额。补偿比例:扣除起付线以后由基金支付的部分。封顶线:一段时间内补偿的最高金额。",
        "Deductible: what the patient bears first. Ratio: what the fund pays of the rest. Cap: the most that is paid "
        "in a period.",
    ),
    (
        "金额单位为元,四舍五入到分。对结果有疑问的,可以凭本单向经办机构或统筹区管理部门查询。",
        "Amounts in yuan, rounded half up to the fen. With a question about the result, take this paper to the agency "
        "or to the office of the pool.",
    ),
)
_BILL = (0.045, 0.185, 0.13, 0.1, 0.09, 0.1, 0.35)


def slip_paper(
    decision: Document,
    heading: Sequence[tuple[str, str]],
    faces: Mapping[int, Face],
    made_at: datetime,
    language: str = "zh",
    scheme: str = "",
    *,
    void: bool = False,
) -> Printed:
    """The slip of a decision document (`wire.decision_document`) as PDF; the same input gives the same bytes.

    `heading`: (label, value) above the bill, as in `slip_text`; `faces`: the lines of the bill by number; `made_at`:
    moment of the settlement; `scheme`: stands under the title; `void` as in `slip_text`. Characters that the font
    lacks are named in the result.
    """
    say = Voice(language)
    cancelled = [Heading(say("void"))] if void else []
    title = say("void_title" if void else "title")
    blocks: list[Block] = [Title(title, scheme), *cancelled, Pairs(heading)]
    blocks += [Heading(_word("bill", say)), _bill(decision, faces, say)]
    blocks += [Note("  ".join(line.strip() for line in costs(decision, say)))]
    blocks += [Heading(_word("steps", say)), _steps(decision, say)]
    blocks += [Together([Heading(_word("payers", say)), _payers(decision, say)])]
    told = Note("  ".join(line.strip() for line in result(decision, say)))
    signed = (Note(""), Note(_word("signed", say)))
    blocks += [Together([Heading(_word("result", say)), _result(decision, say), told, *cancelled, *signed]), Note("")]
    blocks += [Note(_word("legend", say) + "".join(line[say.language != "zh"] for line in LEGEND))]
    blocks += [Note(say("policy", policy=decision["policy"], digest=decision["policy_hash"][:16]))]
    if decision["illustrative"]:
        blocks.append(Note(say("illustrative", names=presumed(decision, language))))
    return paper(blocks, made_at, title, foot=heading[0][1] if heading else "", dense=True)


def _word(key: str, say: Voice, **parameters: str) -> str:
    return say.code(PAPER, key).format_map(parameters)


def _columns(keys: Sequence[str], shares: Sequence[float], say: Voice) -> list[Column]:
    figures = ("amount", "not_counted", "counted")
    return [
        Column(_word(key, say), share, "right" if key in figures else "left")
        for key, share in zip(keys, shares, strict=True)
    ]


def _bill(decision: Document, faces: Mapping[int, Face], say: Voice) -> Table:
    """The lines class by class, each class with its sum; a single line of its class names it."""
    keys = ("number", "item", "price", "amount", "not_counted", "counted", "reason")
    by_class: dict[str, list[Document]] = {name: [] for name in words.ITEM_CLASSES}
    for line in decision["lines"]:
        face = faces.get(line["number"])
        by_class[face.item_class if face is not None else "none"].append(line)
    rows = []
    for name, lines in by_class.items():
        told = say.code(words.ITEM_CLASSES, name)
        single = told if len(lines) == 1 else ""
        rows += [_line(line, faces.get(line["number"]), say, single) for line in lines]
        if len(lines) > 1:
            rows.append(_sum_of(lines, _word("subtotal", say, name=told)))
    if sum(map(bool, by_class.values())) > 1:
        rows.append(_sum_of(decision["lines"], _word("sum", say)))
    return Table(_columns(keys, _BILL, say), rows)


def _line(line: Document, face: Face | None, say: Voice, item_class: str) -> Row:
    reason = "" if line["reason"] == "eligible" else why(line, face, say)
    name = (face.name if face is not None else "") + (f"({item_class})" if item_class else "")
    return Row((str(line["number"]), name, _billed(face), *_amounts([line]), reason))


def _billed(face: Face | None) -> str:
    """`20.00 × 6`; the quantity alone where no unit price gives the amount."""
    if face is None or not face.quantity:
        return ""
    return f"{short(face.price)} × {short(face.quantity)}" if face.price else f"× {short(face.quantity)}"


def _sum_of(lines: Sequence[Document], name: str) -> Row:
    return Row(("", name, "", *_amounts(lines), ""), strong=True)


def _amounts(lines: Sequence[Document]) -> tuple[str, str, str]:
    """(amount, not counted, eligible) of lines together."""
    out = sum(parse_yuan(line[member]) for line in lines for member in ("excluded", "over_ceiling", "own_share"))
    counted = sum(parse_yuan(line["eligible"]) for line in lines)
    return _figure(out + counted), _figure(out), _figure(counted)


def _figure(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))


def _steps(decision: Document, say: Voice) -> Table:
    """Every step with its formula and the amount that it ends with; a step that moves no money has none."""
    rows = [
        Row((str(number), sentence, "" if step["step"] in _WITHOUT_AMOUNT else yuan(step["amount"])))
        for number, (sentence, step) in enumerate(steps(decision, say), start=1)
    ]
    return Table(_columns(("step", "how", "amount"), (0.06, 0.78, 0.16), say), rows)


_WITHOUT_AMOUNT = frozenset(
    {
        "refused",
        "bonus",
        "essential",
        "waiver",
        "nth_admission",
        "accident",
        "circumstance",
        "submission",
        "off_path",
        "idle",
    }
)


def _payers(decision: Document, say: Voice) -> Table:
    """What each payer pays, who pays nothing left out; together with the patient's part the whole bill."""
    rows = []
    if parse_yuan(decision["elsewhere"]):
        rows.append(Row((_word("elsewhere", say), "", yuan(decision["elsewhere"]))))
    for step in decision["trace"]:
        if step["step"] == "layer" and parse_yuan(step["amount"]):
            rows.append(Row((step["inputs"]["payer"], step["inputs"]["name"], yuan(step["amount"]))))
    account = parse_yuan(decision["account"])
    if account:
        rows.append(Row((_word("own_account", say), "", _figure(account))))
    if third := parse_yuan(decision["third_party"]):
        rows.append(Row((_word("third", say), "", _figure(third))))
    rows.append(Row((_word("own", say), "", _figure(own_part(decision) - account))))
    if parse_yuan(decision["hospital"]):
        rows.append(Row((_word("hospital", say), "", yuan(decision["hospital"]))))
    rows.append(Row((_word("sum", say), "", yuan(decision["total"])), strong=True))
    return Table(_columns(("payer", "layer", "amount"), (0.36, 0.48, 0.16), say), rows)


def _result(decision: Document, say: Voice) -> Table:
    """Benefit and patient's part, in figures and in the capital numerals of receipts."""
    sums = {"benefit": parse_yuan(decision["benefit"]), "patient": own_part(decision)}
    rows = [Row((_word(name, say), capital_yuan(fen), _figure(fen)), strong=True) for name, fen in sums.items()]
    columns = _columns(("item", "capital", "amount"), (0.2, 0.64, 0.16), say)
    return Table([Column("", columns[0].share), *columns[1:]], rows)
