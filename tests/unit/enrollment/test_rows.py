"""One row of a roster: any cells give an answer, and sound ones give the particulars that they state."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.registry.groups import CODES
from services.enrollment.registry.model import Area, Register
from services.enrollment.registry.relations import RELATION_WORDS
from services.enrollment.roster.headings import REQUIRED, TEMPLATE, Column
from services.enrollment.roster.households import Places, bare_township, bare_village, judge, locate
from services.enrollment.roster.reasons import REASONS
from services.enrollment.roster.rows import read_row
from shared.kernel.dates import written_day
from shared.kernel.id_numbers import check_character
from shared.sheets.template import HeadingFault, Layout
from shared.sheets.workbook import Cell, Row

TODAY = date(2010, 3, 1)
GOOD = {
    Column.VILLAGE: "化联村", Column.GROUP: "第三组", Column.HOUSEHOLD: "12", Column.NAME: "王 大明",
    Column.RELATION: "户主", Column.ID_NUMBER: "11010519491231002X", Column.IDENTITY_GROUP: "低保、独生子女户",
}  # fmt: skip
AREAS = [
    Area("522422", None, "county", "大方县"),
    Area("52242201", "522422", "township", "百纳乡"),
    Area("5224220101", "52242201", "village", "化联村"),
    Area("52242202", "522422", "township", "猫场镇"),
    Area("5224220201", "52242202", "village", "化联村"),
]


def row(number: int = 2, **changes: Any) -> Row:
    """A row of GOOD with cells changed by the name of their column."""
    cells = {column: Cell(text) for column, text in GOOD.items()}
    cells |= {Column[name]: value if isinstance(value, Cell) else Cell(value) for name, value in changes.items()}
    return Row(number, cells)


def codes(found: Any) -> list[str]:
    return [fault.reason.code for fault in found.faults]


def test_a_good_row_is_read_whole() -> None:
    read = read_row(row(), TODAY)
    assert codes(read) == []
    assert (read.name, read.relation, read.household, read.group, read.sex) == (
        "王大明",
        "head",
        "0012",
        "3",
        "female",
    )
    assert read.identity_groups == ("dibao", "only_child")
    assert read.birth_date == date(1949, 12, 31)


HOUSEHOLD_REGISTER = (
    "户主 本人 配偶 夫 妻 子 独生子 长子 次子 三子 四子 五子 养子 继子 女婿 女 独生女 长女"
    " 次女 三女 四女 五女 养女 继女 儿媳 孙子 孙女 外孙子 外孙女 孙媳妇 外孙媳妇 孙女婿 外孙女婿 曾孙子 曾孙女 外曾孙子"
    " 外曾孙女 父亲 母亲 公公 婆婆 岳父 岳母 继父 养父 继母 养母 祖父 祖母 外祖父 外祖母 配偶的祖父母 曾祖父 曾祖母"
    " 兄 嫂 弟 弟媳 姐姐 姐夫 妹妹 妹夫 伯父 伯母 叔父 婶母 舅父 舅母 姨父 姨母 姑父 姑母"
    " 堂兄弟 堂姐妹 表兄弟 表姐妹 侄子 侄女 外甥 外甥女 其他亲属 非亲属 子女 父母"
).split()


@pytest.mark.parametrize("word", HOUSEHOLD_REGISTER)
def test_every_relation_of_a_household_register_is_known(word: str) -> None:
    assert codes(read_row(row(RELATION=word), TODAY)) == []


def test_a_relation_is_what_it_says() -> None:
    told = {word: read_row(row(RELATION=word), TODAY).relation for word in ("子女", "老公", "外孙子", "姐夫")}
    assert told == {"子女": "child", "老公": "spouse", "外孙子": "grandchild", "姐夫": "other"}


cells = st.builds(Cell, st.text(max_size=30), st.booleans(), st.booleans())


@given(st.dictionaries(st.sampled_from(Column), cells))
def test_any_row_gives_particulars_or_faults_and_never_an_error(given_cells: dict[Column, Cell]) -> None:
    read = read_row(Row(9, given_cells), TODAY)
    assert all(code in REASONS for code in codes(read))
    assert read.relation is None or read.relation in RELATION_WORDS
    assert set(read.identity_groups) <= set(CODES)
    sound = not read.faults
    if sound:
        assert read.identity is not None
        assert read.name
        assert read.household
        assert read.village


@given(st.lists(st.dictionaries(st.sampled_from(Column), cells), max_size=8))
def test_any_rows_are_judged_together(many: list[dict[Column, Cell]]) -> None:
    read = [read_row(Row(n, c), TODAY) for n, c in enumerate(many, 2)]
    indexes = [r.identity.number.encode() if r.identity else None for r in read]
    places = Places.of(AREAS, ("",))
    judged = locate(read, indexes, places)
    judge(judged, Register({}, {}), "522422", places)
    assert [j.row.number for j in judged] == list(range(2, len(many) + 2))
    assert all(j.key is not None for j in judged if j.is_kept)
    assert len({j.index for j in judged if j.is_sound}) == sum(j.is_sound for j in judged)


@pytest.mark.parametrize(
    ("change", "code", "keeps"),
    [
        ({"ID_NUMBER": Cell("522422198001010000", is_number=True)}, "id_number_cell", True),
        ({"ID_NUMBER": Cell("11010519491231002X", is_formula=True)}, "formula", True),
        ({"NAME": Cell("王大明", is_formula=True)}, "formula", False),
        ({"SEX": "男"}, "sex_differs", True),
        ({"SEX": "不详"}, "sex_unreadable", True),
        ({"BIRTH_DATE": "1949-12-30"}, "birth_date_differs", True),
        ({"BIRTH_DATE": "四九年"}, "birth_date_unreadable", True),
        ({"NAME": "王2"}, "name_unreadable", False),
        ({"HOUSEHOLD": "第一户"}, "household_unreadable", False),
        ({"VILLAGE": ""}, "village_missing", False),
    ],
)
def test_faults_of_a_row(change: dict[str, Any], code: str, keeps: bool) -> None:
    read = read_row(row(**change), TODAY)
    assert codes(read) == [code]
    assert read.faults[0].reason.keeps is keeps


@pytest.mark.parametrize(
    "text", ["1980-01-31", "1980/1/31", "19800131", "1980年1月31日", "1980.01.31", "１９８０-1-31"]
)
def test_dates_as_offices_write_them(text: str) -> None:
    assert written_day(text) == date(1980, 1, 31)


def test_dates_that_do_not_exist() -> None:
    assert written_day("1980-02-30") is None
    assert written_day("80-1-31") is None


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("身份证号码*", Column.ID_NUMBER), ("公民身份号码", Column.ID_NUMBER), ("乡(镇)", Column.TOWNSHIP),
        (" 姓 名 ", Column.NAME), ("与户主 关系", Column.RELATION), ("户主", Column.HEAD), ("村(居)", Column.VILLAGE),
        ("户号(必填)", Column.HOUSEHOLD), ("天气", None), (None, None), (12, None),
    ],
)  # fmt: skip
def test_headings_are_read_tolerantly(heading: object, column: Column | None) -> None:
    assert TEMPLATE.heading_of(heading) is column


def test_the_heading_row_may_follow_a_title() -> None:
    title, headings = ["大方县参合名册"], [column.value for column in REQUIRED]
    assert TEMPLATE.find_layout([title, headings]) == Layout(1, {column: i for i, column in enumerate(REQUIRED)})
    assert TEMPLATE.find_layout([title, headings[1:]]) == HeadingFault(missing=(Column.VILLAGE,))
    assert TEMPLATE.find_layout([[*headings, "名字"]]) == HeadingFault(repeated=(Column.NAME,))
    assert TEMPLATE.find_layout([]) == HeadingFault(missing=REQUIRED)


def test_a_village_of_several_townships_needs_the_township() -> None:
    read = [read_row(row(), TODAY), read_row(row(TOWNSHIP="猫场镇"), TODAY), read_row(row(TOWNSHIP="天上镇"), TODAY)]
    places = Places.of(AREAS, ("",))
    found = locate(read, [None] * 3, places)
    assert [codes(j) for j in found] == [["village_ambiguous"], [], ["township_unknown"]]
    assert found[1].key == ("5224220201", "3", "0012")
    own = locate(read[:2], [None] * 2, Places.of(AREAS, ("52242201",)))
    assert [j.key and j.key[0] for j in own] == ["5224220101", None]
    assert codes(own[1]) == ["township_not_yours"]


def test_names_of_places_are_one_with_and_without_their_ending() -> None:
    assert bare_village("化联村") == bare_village("化联村委会") == bare_village("化联") == "化联"
    assert bare_village("村") == "村"
    assert bare_township("百纳彝族乡") == "百纳彝族"
    assert bare_township("猫场镇") == bare_township("猫场") == "猫场"


def test_reasons_tell_what_to_do_and_never_repeat_an_id_number() -> None:
    assert all("{value}" not in r.text for r in REASONS.values() if r.column is Column.ID_NUMBER)
    assert check_character("11010519491231002") == "X"


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("3组", "3"), ("第三组", "3"), ("三村民组", "3"), ("十组", "10"), ("十二", "12"), ("二十一组", "21"),
        ("03", "3"), ("大寨", "大寨"),
    ],
)  # fmt: skip
def test_groups_are_one_however_their_number_is_written(text: str, group: str) -> None:
    assert read_row(row(GROUP=text), TODAY).group == group
