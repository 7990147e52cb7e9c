"""An empty roster to fill in, with notes on each column."""

from services.enrollment.registry.groups import NAMES
from services.enrollment.registry.relations import RELATION_WORDS
from services.enrollment.roster.headings import TEMPLATE, Column
from shared.sheets.blank import blank_sheet

SHEET = "名册"
_ABOUT: dict[Column, tuple[str, str]] = {
    Column.TOWNSHIP: ("乡镇名称;几个乡镇有同名的村时必须填", "百纳乡"),
    Column.VILLAGE: ("行政村名称,与登记的村名一致", "化联村"),
    Column.GROUP: ("村民组", "3"),
    Column.HOUSEHOLD: ("同一村组内一户一号,同户各行相同;不超过 8 位数字或字母", "0012"),
    Column.HEAD: ("与本户“户主”一行的姓名相同", "王大明"),
    Column.NAME: ("参合人姓名", "王大明"),
    Column.RELATION: (f"每户一行“户主”,其他如:{'、'.join(zh for zh, _ in RELATION_WORDS.values())}", "户主"),
    Column.SEX: ("男或女;可不填,由身份证号得出", "女"),
    Column.ID_NUMBER: ("18 位(或第一代 15 位),按文本录入,不用公式", "11010519491231002X"),
    Column.BIRTH_DATE: ("如 1949-12-31;可不填,由身份证号得出", "1949-12-31"),
    Column.IDENTITY_GROUP: (f"{'、'.join(NAMES.values())};一般农户不填,有几种用顿号隔开", "低保"),
    Column.EXCUSE: ("本人不参合的原因,如:职工医保、居民医保、参军、在校大学生、外地参合、服刑;参合的不填", ""),
    Column.PHONE: ("联系电话", "13800000000"),
    Column.REMARK: ("只供自己看,不登记", ""),
}


def template() -> bytes:
    """The workbook's bytes."""
    return blank_sheet(SHEET, TEMPLATE, _ABOUT, {Column.ID_NUMBER: 22})
