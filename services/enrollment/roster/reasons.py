"""Why a row of a roster comes back: a stable code, the column it points at, what to do, and what becomes of the person.

``keeps`` says whether the person is known well enough to stay in the household as "to verify" (rulings §17): the row
names a person of a known household, and only a particular of that person is in doubt.
"""

from dataclasses import dataclass

from services.enrollment.registry.identity import UNSOUND_WORDS
from services.enrollment.roster.headings import Column


@dataclass(frozen=True, slots=True)
class Reason:
    """One kind of fault of a row; ``text`` may hold ``{parameters}``."""

    code: str
    column: Column
    text: str
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one row: its kind, and the text as the clerk reads it."""

    reason: Reason
    text: str


def _reason(code: str, column: Column, text: str, keeps: bool = False) -> Reason:
    return Reason(code, column, text, keeps)


_ALL = (
    *(_reason(code, Column.ID_NUMBER, text, keeps=True) for code, text in UNSOUND_WORDS.items()),
    _reason("birth_date_unreadable", Column.BIRTH_DATE, "出生日期写法无法识别,请写成 1980-01-31", keeps=True),
    _reason("birth_date_differs", Column.BIRTH_DATE, "出生日期与身份证号里的 {stated} 不一致", keeps=True),
    _reason("sex_unreadable", Column.SEX, "性别只能写“男”或“女”", keeps=True),
    _reason("sex_differs", Column.SEX, "性别与身份证号不一致", keeps=True),
    _reason(
        "relation_unknown",
        Column.RELATION,
        "不认识的家庭关系“{value}”,请写户主、配偶、子、女、子女、父亲、母亲、儿媳、女婿、孙子、孙女等,都不是就写“其他”",
        keeps=True,
    ),
    _reason("identity_group_unknown", Column.IDENTITY_GROUP, "不认识的人员属性“{value}”", keeps=True),
    _reason("excuse_unknown", Column.EXCUSE, "不认识的不参合原因“{value}”", keeps=True),
    _reason("formula", Column.ID_NUMBER, "“{column}”一格是公式;请复制后“选择性粘贴为数值”", keeps=True),
    _reason("head_missing", Column.RELATION, "本户没有“户主”一行", keeps=True),
    _reason("head_repeated", Column.RELATION, "本户已有户主(第 {row} 行),一户只能有一个户主", keeps=True),
    _reason("head_name_differs", Column.HEAD, "户主姓名与本户户主“{head}”不一致", keeps=True),
    _reason("name_missing", Column.NAME, "没有填姓名"),
    _reason("name_unreadable", Column.NAME, "姓名里有数字或符号"),
    _reason("household_missing", Column.HOUSEHOLD, "没有填户号"),
    _reason("household_unreadable", Column.HOUSEHOLD, "户号只能是不超过 8 位的数字或字母"),
    _reason("village_missing", Column.VILLAGE, "没有填村名"),
    _reason("village_unknown", Column.VILLAGE, "本县登记的村里没有“{value}”"),
    _reason("village_ambiguous", Column.VILLAGE, "有几个乡镇都有“{value}”,请填乡镇"),
    _reason("township_unknown", Column.TOWNSHIP, "没有这个乡镇“{value}”"),
    _reason("township_not_yours", Column.TOWNSHIP, "“{value}”不归您经办"),
    _reason("duplicate_in_file", Column.ID_NUMBER, "此人已在第 {row} 行"),
    _reason("in_other_household", Column.ID_NUMBER, "此人已登记在另一户({household})"),
    _reason("in_other_pool", Column.ID_NUMBER, "此人已在其他统筹地区({pool})参合"),
    _reason("member_ended", Column.ID_NUMBER, "此人已登记为死亡;如有误请到县合管办更正"),
    _reason("identity_changed", Column.ID_NUMBER, "本户已有同名同关系的人,身份证号不同;更正请到县合管办办理"),
)
REASONS = {reason.code: reason for reason in _ALL}


_NAMING = {Column.TOWNSHIP, Column.VILLAGE, Column.HOUSEHOLD, Column.NAME}


def fault(code: str, **params: object) -> Fault:
    """The fault of a known code with its text filled in."""
    reason = REASONS[code]
    return Fault(reason, reason.text.format(**params))


def formula_fault(column: Column) -> Fault:
    """A formula stands in ``column``: what it shows may change, so it names neither household nor person."""
    kind = REASONS["formula"]
    reason = Reason(kind.code, column, kind.text, keeps=column not in _NAMING)
    return Fault(reason, kind.text.format(column=column.value))
