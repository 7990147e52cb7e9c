"""A catalogue as a file: which columns, under which headings."""

from services.claims.benefits.words import CATEGORIES, ITEM_CLASSES
from shared.http.exports import exported

ITEMS = exported(
    "目录项目",
    {
        "code": "项目编码",
        "name": "名称",
        "category": "类别",
        "item_class": "目录分类",
        "own_share": "先行自付比例",
        "restriction": "限定条件",
        "essential": "基本药物",
        "price_ceilings.village": "村级限价",
        "price_ceilings.township": "乡级限价",
        "price_ceilings.county": "县级限价",
        "price_ceilings.prefecture": "市级限价",
        "price_ceilings.province": "省级限价",
        "price_ceilings.*": "其他限价",
    },
    words={"category": CATEGORIES, "item_class": ITEM_CLASSES},
)
