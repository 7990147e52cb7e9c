"""The document by which a provider is paid for one kind of care (rulings §12): read, checked, told in words.

A document of its own beside the benefit policy: it decides what the fund owes the hospital and never what a patient
gets. Written like a policy: YAML, each value with its clause, amounts in yuan, ratios in percent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from services.claims.benefits.diseases import told as told_codes
from services.claims.benefits.document import Finding, Path, PolicyErrors, Source, read
from services.claims.benefits.messages import finding_of
from services.claims.benefits.schema import Amount, Codes, Day, Identifier, Part, Percent, SourceDoc, Text
from services.claims.benefits.slip import percent, yuan
from services.claims.benefits.words import KINDS, word
from shared.kernel.canonical import canonical_json
from shared.kernel.money import format_quantity, format_ratio, format_yuan

_WEIGHT = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,4}))?")


def _weight(value: Any) -> int:
    """10⁻⁴ points of a weight with at most four places."""
    match = _WEIGHT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("权重写作最多四位小数的数,例如 1.25")
    return int(match[1]) * 10_000 + int(((match[2] or "") + "0000")[:4])


Weight = Annotated[int, BeforeValidator(_weight), PlainSerializer(format_quantity, return_type=str)]


class DiseaseDoc(Part):
    """Cases of some diseases at one price: `fixed` whatever the case costs, `limit` up to it."""

    name: Text
    diseases: Codes
    way: Literal["fixed", "limit"]
    price: Amount
    fund_share: Percent
    clause: Text


class ByItem(Part):
    """The benefit of each case as the policy gave it."""

    by: Literal["item"]


class ByUnit(Part):
    """An average price a visit or day."""

    by: Literal["visit", "day"]
    standard: Amount
    fund_share: Percent


class ByHead(Part):
    """An amount of the fund a year for each head that belongs to the clinic."""

    by: Literal["head"]
    yearly: Amount


class ByTotal(Part):
    """An amount of the fund for the whole year."""

    by: Literal["total"]
    yearly: Amount


class ByPoints(Part):
    """Points of each case by its group (DRG, DIP), at a value a point that the year's clearing makes final."""

    by: Literal["points"]
    point_value: Amount
    weights: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")], Weight] = Field(min_length=1)
    unlisted: Weight


Method = Annotated[ByItem | ByUnit | ByHead | ByTotal | ByPoints, Field(discriminator="by")]


class SharingDoc(Part):
    """A share of an excess or a surplus, within a part of what was due."""

    share: Percent
    up_to: Percent


class PaymentDoc(Part):
    """How one hospital is paid for one kind of care from a day on."""

    payment: Identifier
    title: Text
    pool: Annotated[str, Field(pattern=r"^\d{6}$")]
    institution: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}$")]
    kind: Literal["inpatient", "outpatient"]
    effective_from: Day
    source: SourceDoc
    clause: Text
    illustrative: bool = False
    monthly_share: Percent
    """Paid each month; the rest is kept until the year is cleared."""
    method: Method
    diseases: dict[Identifier, DiseaseDoc] = Field(default_factory=dict)
    over: SharingDoc | None = None
    """What the fund bears where the patients' benefits passed what was due; nothing where it is not written."""
    under: SharingDoc | None = None
    """What the hospital keeps where they stayed below; all where it is not written."""

    @model_validator(mode="after")
    def _something_to_share(self) -> PaymentDoc:
        if isinstance(self.method, ByItem) and not self.diseases and (self.over or self.under):
            raise ValueError("按项目付费没有标准,不能写 over、under")
        return self


def read_payment(text: str) -> tuple[PaymentDoc, Source]:
    """The document and its lines. Raises PolicyErrors that name every guilty line."""
    source = read(text, "支付办法文件")
    try:
        document = PaymentDoc.model_validate(source.raw)
    except ValidationError as wrong:
        told = [error | {"loc": _place(error["loc"])} for error in wrong.errors()]
        raise PolicyErrors([finding_of(source, error, PaymentDoc) for error in told]) from wrong
    if errors := [source.finding(path, message) for path, message in _contradictions(document)]:
        raise PolicyErrors(errors)
    return document, source


def kept_payment(canonical: str) -> PaymentDoc:
    """The document of a canonical form that was kept after `read_payment` had accepted it."""
    return PaymentDoc.model_validate(json.loads(canonical))


def canonical_of(document: PaymentDoc) -> str:
    """The form that is kept and hashed: the same whatever the spelling."""
    return canonical_json(document.model_dump(mode="json", exclude_none=True)).decode()


_METHODS = ("item", "visit", "day", "head", "total", "points")


def _place(loc: tuple[int | str, ...]) -> Path:
    """pydantic names the chosen method inside the path; the document does not."""
    return tuple(part for number, part in enumerate(loc) if not (number == 1 and part in _METHODS))


def _contradictions(document: PaymentDoc) -> Iterator[tuple[Path, str]]:
    """A disease in two rows, whose price nobody could say; a first day within a month, which is paid as a whole."""
    if document.effective_from.day != 1:
        yield ("effective_from",), "按月支付,生效日期应是某月 1 日"
    seen: dict[str, str] = {}
    for row_id, row in document.diseases.items():
        for code in row.diseases:
            if seen.setdefault(code, row_id) != row_id:
                yield ("diseases", row_id, "diseases"), f"病种 {code} 已在 {seen[code]} 里写过"


def payment_findings(document: PaymentDoc, source: Source) -> list[Finding]:
    """What a person should look at."""
    found: list[tuple[Path, str]] = []
    if document.illustrative:
        found += [(("illustrative",), "示例,没有协议作依据")]
    if not document.monthly_share:
        found += [(("monthly_share",), "每月不支付,全部留到年终清算")]
    for row_id, row in document.diseases.items():
        if not row.price or not row.fund_share:
            found += [(("diseases", row_id), "基金对这些病种不支付")]
    if isinstance(document.method, ByPoints) and not document.method.unlisted:
        found += [(("method", "unlisted"), "没有列出的病组不给分,基金不支付")]
    if document.over is None and not isinstance(document.method, ByItem):
        found += [(("over",), "没有写明超支分担:超过部分全部由医院负担")]
    return [source.finding(path, message, "warning") for path, message in found]


# ---------------------------------------------------------------- in words


def payment_words(document: PaymentDoc) -> str:
    """The document in words, as the agreement's annex would say it."""
    d = document
    lines = [
        d.title,
        f"{d.institution} {word(KINDS, d.kind)},{d.effective_from} 起,统筹区 {d.pool}。",
        f"依据:“{d.clause}”({d.source.title})",
        *(f"{row.name}({told_codes(row.diseases)}):{_row(row)}" for row in d.diseases.values()),
        ("其余的" if d.diseases else "") + _method(d.method),
        f"每月支付应付额的 {_percent(d.monthly_share)},其余留到年终清算。",
    ]
    if d.over is not None:
        lines.append(
            f"补偿超过应付额的,在应付额 {_percent(d.over.up_to)} 以内的部分由基金分担 {_percent(d.over.share)}。"
        )
    if d.under is not None:
        lines.append(
            f"补偿低于应付额的,结余的 {_percent(d.under.share)} 归医院,不超过应付额的 {_percent(d.under.up_to)}。"
        )
    return "\n".join(lines) + "\n"


def _row(row: DiseaseDoc) -> str:
    share = _percent(row.fund_share)
    if row.way == "fixed":
        return f"每例定额 {_yuan(row.price)} 元,基金支付其中 {share}。“{row.clause}”"
    return f"每例限额 {_yuan(row.price)} 元,限额以内的费用基金支付 {share}。“{row.clause}”"


def _method(method: Method) -> str:
    match method:
        case ByItem():
            return "按项目付费:基金支付已经给付患者的补偿。"
        case ByUnit(by=by, standard=standard, fund_share=share):
            unit = "次" if by == "visit" else "床日"
            return f"每{unit}平均 {_yuan(standard)} 元,基金支付其中 {_percent(share)}。"
        case ByHead(yearly=yearly):
            return f"按人头付费:每人每年 {_yuan(yearly)} 元,按月支付十二分之一。"
        case ByTotal(yearly=yearly):
            return f"总额付费:全年 {_yuan(yearly)} 元,按月支付十二分之一。"
        case ByPoints(point_value=value, weights=weights, unlisted=unlisted):
            told = "、".join(f"{group} {_points(weight)} 分" for group, weight in weights.items())
            return f"按点数付费:{told},其他病组 {_points(unlisted)} 分;每分暂按 {_yuan(value)} 元,年终按实际点值清算。"


def _yuan(amount_fen: int) -> str:
    return yuan(format_yuan(amount_fen))


def _percent(ratio: int) -> str:
    return percent(format_ratio(ratio))


def _points(weight: int) -> str:
    return format_quantity(weight).rstrip("0").rstrip(".")
