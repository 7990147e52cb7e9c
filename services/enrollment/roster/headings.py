"""Which column of a roster holds what: Chinese headings with the spellings that offices use."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Column(StrEnum):
    """What a column of a roster tells; the value is the heading that we print."""

    TOWNSHIP = "乡镇"
    VILLAGE = "村"
    GROUP = "组"
    HOUSEHOLD = "户号"
    HEAD = "户主姓名"
    NAME = "姓名"
    RELATION = "与户主关系"
    SEX = "性别"
    ID_NUMBER = "身份证号"
    BIRTH_DATE = "出生日期"
    IDENTITY_GROUP = "人员属性"
    EXCUSE = "不参合原因"
    PHONE = "联系电话"
    REMARK = "备注"


REQUIRED = (Column.VILLAGE, Column.HOUSEHOLD, Column.NAME, Column.RELATION, Column.ID_NUMBER)
SEARCHED_ROWS = 5

_SYNONYMS: dict[Column, tuple[str, ...]] = {
    Column.TOWNSHIP: ("乡镇名称", "乡", "镇", "乡镇街道", "所属乡镇", "街道"),
    Column.VILLAGE: ("村名", "行政村", "村居", "所属村", "村委会", "村名称", "行政村名称"),
    Column.GROUP: ("组别", "村民组", "村民小组", "组名", "自然村", "小组", "村组"),
    Column.HOUSEHOLD: ("户编号", "家庭编号", "户内号", "家庭号", "户序号", "户号编码"),
    Column.HEAD: ("户主", "户主名", "家庭户主", "户主名字"),
    Column.NAME: ("成员姓名", "参合人姓名", "参合人员姓名", "家庭成员姓名", "名字", "参合姓名", "人员姓名"),
    Column.RELATION: ("关系", "与户主的关系", "户主关系", "与户主之关系", "家庭关系"),
    Column.SEX: ("男女",),
    Column.ID_NUMBER: (
        "身份证",
        "身份证号码",
        "公民身份号码",
        "公民身份证号",
        "公民身份证号码",
        "证件号",
        "证件号码",
        "居民身份证号",
        "居民身份证号码",
    ),
    Column.BIRTH_DATE: ("出生年月", "出生年月日", "生日", "出生时间"),
    Column.IDENTITY_GROUP: ("属性", "人员类别", "参合属性", "个人属性", "户属性", "特殊人群", "身份属性", "人群类别"),
    Column.EXCUSE: ("未参合原因", "不参加原因", "未参加原因", "不参合理由"),
    Column.PHONE: ("电话", "手机", "手机号", "联系方式", "电话号码", "手机号码"),
    Column.REMARK: ("说明", "附注"),
}
_DECORATION = re.compile(r"[\s*＊※:：()（）【】\[\]/、.。_\-]+|必填|选填")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the headings stand: row index of the headings and column index of each known one."""

    heading_row: int
    columns: dict[Column, int]


@dataclass(frozen=True, slots=True)
class HeadingFault:
    """Why no layout could be read: headings that are missing, or that stand twice."""

    missing: tuple[Column, ...] = ()
    repeated: tuple[Column, ...] = ()


def _plain(text: object) -> str:
    return _DECORATION.sub("", unicodedata.normalize("NFKC", str(text))) if text is not None else ""


_BY_HEADING = {_plain(word): column for column, words in _SYNONYMS.items() for word in (column.value, *words)}


def heading_of(text: object) -> Column | None:
    """The column that a heading cell names, or None for one that we do not need."""
    return _BY_HEADING.get(_plain(text))


def find_layout(rows: Sequence[Sequence[object]]) -> Layout | HeadingFault:
    """Finds the heading row among the first rows: the one that names most of the required columns."""
    best: dict[Column, int] = {}
    best_repeated: tuple[Column, ...] = ()
    best_row = 0
    for index, row in enumerate(rows[:SEARCHED_ROWS]):
        columns, repeated = _read(row)
        if len(columns) > len(best):
            best, best_repeated, best_row = columns, repeated, index
    missing = tuple(column for column in REQUIRED if column not in best)
    if missing or best_repeated:
        return HeadingFault(missing, best_repeated)
    return Layout(best_row, best)


def _read(row: Sequence[object]) -> tuple[dict[Column, int], tuple[Column, ...]]:
    columns: dict[Column, int] = {}
    repeated: list[Column] = []
    for position, cell in enumerate(row):
        column = heading_of(cell)
        if column is None:
            continue
        if column in columns:
            repeated.append(column)
        else:
            columns[column] = position
    return columns, tuple(repeated)
