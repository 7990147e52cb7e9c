"""The demo county: made-up people and institutions in a county whose policy of 2010 is real.

Premium and subsidies add up to the 140 yuan a head of 2010; how the 120 of subsidies split over the levels is not in
the source documents and is assumed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

POOL = "522422"
POOL_NAME = "大方县新型农村合作医疗"
YEAR = 2010
STANDARD = {
    "premium": "20.00",
    "subsidies": {"central": "60.00", "province": "45.00", "city": "5.00", "county": "10.00"},
    "coverage_from": "2010-01-01",
    "coverage_to": "2010-12-31",
    "collection_until": "2010-03-31",
    "late_start": "payment_day",
    "document_number": "方合医〔2009〕12号(演示)",
}
PAYERS = {"central": "中央财政", "province": "贵州省财政厅", "city": "毕节地区财政局", "county": "大方县财政局"}
AREAS = (
    ("52", "province", "贵州省", None),
    ("5224", "prefecture", "毕节地区", "52"),
    ("522422", "county", "大方县", "5224"),
)
POLICY_ACCEPTED_BY = "方合医管〔2010〕1号(演示)"
SPONSORED_GROUP = "wubao"
CATALOGUE = "dafang-demo-2010"


@dataclass(frozen=True)
class Institution:
    """A hospital or clinic and how much of the story happens in it."""

    code: str
    name: str
    level: str
    kinds: tuple[str, ...]
    stays: int
    visits: int


INSTITUTIONS = (
    Institution("H52242200001", "大方县人民医院", "county", ("inpatient", "outpatient"), 6, 0),
    Institution("H52242200011", "百纳乡卫生院", "township", ("inpatient", "outpatient"), 8, 0),
    Institution("H52242200101", "百纳乡化联村卫生室", "village", ("outpatient",), 0, 12),
)


def item(
    code: str, name: str, category: str, item_class: str, own_share: str = "0.0000", **more: Any
) -> dict[str, Any]:
    """One entry of the catalogue."""
    return {"code": code, "name": name, "category": category, "item_class": item_class, "own_share": own_share} | more


ITEMS = [
    item("XJ01CR02", "阿莫西林克拉维酸钾", "drug", "B", "0.1000"),
    item("XJ01DD04", "头孢曲松钠注射剂", "drug", "A", essential=True),
    item("XB05BB01", "氯化钠注射液", "drug", "A", essential=True),
    item("XN02BE01", "对乙酰氨基酚片", "drug", "A", essential=True),
    item("XR05CB06", "氨溴索口服液", "drug", "B", "0.2000"),
    item("T110200001", "普通门诊诊查费", "treatment", "A"),
    item("T110900001", "普通病房床位费", "bed", "A", price_ceilings={"township": "15", "*": "25"}),
    item("T120100003", "二级护理", "treatment", "A"),
    item("T210102015", "胸部正侧位片", "treatment", "A"),
    item("T250101015", "血细胞分析", "treatment", "A"),
    item("T330100005", "全身麻醉", "treatment", "B", "0.1000"),
    item("T331303014", "阑尾切除术", "treatment", "A"),
    item("M0001", "一次性使用输液器", "material", "A"),
]
OUTSIDE_CATALOGUE = {"item_code": "Z9999", "item_name": "保健营养品", "price": "98", "quantity": "1"}


def stay_lines(number: int) -> list[dict[str, Any]]:
    """The bill of the ``number``-th stay; the first carries one line outside the catalogue."""
    days = 3 + number % 5
    lines = [
        {"item_code": "T110900001", "item_name": "普通病房床位费", "price": "20", "quantity": str(days)},
        {"item_code": "T120100003", "item_name": "二级护理", "price": "6.5", "quantity": str(days)},
        {"item_code": "XJ01DD04", "item_name": "头孢曲松钠注射剂", "price": "14.36", "quantity": str(2 * days)},
        {"item_code": "XB05BB01", "item_name": "氯化钠注射液", "price": "3.215", "quantity": str(2 * days)},
        {"item_code": "XJ01CR02", "item_name": "阿莫西林克拉维酸钾", "price": "21.7", "quantity": str(days)},
        {"item_code": "T250101015", "item_name": "血细胞分析", "price": "18", "quantity": "2"},
        {"item_code": "T210102015", "item_name": "胸部正侧位片", "price": "42", "quantity": "1"},
        {"item_code": "M0001", "item_name": "一次性使用输液器", "price": "1.8", "quantity": str(days)},
    ]
    if number % 3 == 2:
        lines.append({"item_code": "T331303014", "item_name": "阑尾切除术", "price": "620", "quantity": "1"})
        lines.append({"item_code": "T330100005", "item_name": "全身麻醉", "price": "350", "quantity": "1"})
    if number == 0:
        lines.append(OUTSIDE_CATALOGUE)
    return lines


def visit_lines(number: int) -> list[dict[str, Any]]:
    """The bill of the ``number``-th outpatient visit at the village clinic."""
    return [
        {"item_code": "T110200001", "item_name": "普通门诊诊查费", "price": "2", "quantity": "1"},
        {"item_code": "XN02BE01", "item_name": "对乙酰氨基酚片", "price": "0.12", "quantity": str(10 + number % 3 * 5)},
        {"item_code": "XR05CB06", "item_name": "氨溴索口服液", "price": f"{12 + number % 4}.5", "quantity": "1"},
    ]
