"""The roster of the demo county: made-up people of Dafang-like townships, drawn from a seed, with known bad rows.

``make_roster(seed)`` gives 600 households and 2,400 people; one row in a hundred is bad, and which and why is told. ID
numbers have real checksums. Nothing here imports a service: what it says of a row is judged by the service on its own.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import xlsxwriter

COUNTY = "522422"
AREAS: tuple[tuple[str, str, str, str], ...] = (
    ("52242201", "township", "百纳乡", "522422"),
    ("5224220101", "village", "化联村", "52242201"),
    ("5224220102", "village", "新开村", "52242201"),
    ("5224220103", "village", "罗寨村", "52242201"),
    ("5224220104", "village", "石牛村", "52242201"),
    ("52242202", "township", "猫场镇", "522422"),
    ("5224220201", "village", "箐口村", "52242202"),
    ("5224220202", "village", "铁厂村", "52242202"),
    ("5224220203", "village", "龙井村", "52242202"),
    ("5224220204", "village", "狗场村", "52242202"),
    ("52242203", "township", "羊场镇", "522422"),
    ("5224220301", "village", "桶井村", "52242203"),
    ("5224220302", "village", "陇公村", "52242203"),
    ("5224220303", "village", "新华村", "52242203"),
    ("5224220304", "village", "大营村", "52242203"),
)
"""(code, kind, name, parent) of what has to be registered before the roster comes in."""

HEADINGS = (
    "序号",
    "乡(镇)",
    "行政村",
    "村民组",
    "户号",
    "户主姓名",
    "姓名",
    "与户主关系",
    "性别",
    "身份证号码",
    "人员属性",
    "联系电话",
)
_ID_COLUMN = HEADINGS.index("身份证号码")
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁沈任姚卢傅钟姜"
)
_GIVEN = (
    "明华国建军平志强文勇杰伟光荣海龙春秋山江昌盛贵祥福兴德忠义仁礼信永世家成立学才秀英兰芳玉梅桂香琴凤霞丽珍美燕红艳娟"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TODAY = date(2010, 1, 1)
_TODAY_MOMENT = datetime(2010, 1, 1)  # noqa: DTZ001 - a workbook's property has no zone
_RELATIONS = ("户主", "配偶", "子", "女", "母亲", "孙子")
_GROUPS_EVERY = ((20, "五保"), (15, "低保"), (11, "独生子女户"), (13, "二女户"))


@dataclass(frozen=True)
class Person:
    """One row: a person with the household's address; ``bad`` is the reason code that the row should come back with."""

    row: int
    township_code: str
    village_code: str
    village: str
    township: str
    group: int
    household_number: str
    head_name: str
    name: str
    relation: str
    sex: str
    id_number: str
    identity_group: str
    bad: str | None = None
    kept: bool = True
    """Of a bad row: whether the person is known well enough to stay in the household as "to verify"."""


@dataclass(frozen=True)
class Roster:
    """A workbook and what is in it."""

    content: bytes
    corrected: bytes
    """Only the bad rows, put right: everybody on it can be enrolled."""
    people: tuple[Person, ...]

    @property
    def sound(self) -> tuple[Person, ...]:
        """Who should be enrolled."""
        return tuple(person for person in self.people if person.bad is None)

    @property
    def bad_rows(self) -> tuple[Person, ...]:
        """Whose row should come back."""
        return tuple(person for person in self.people if person.bad is not None)


def make_roster(seed: int, households: int = 600, people: int = 2400, bad: int = 24) -> Roster:
    """Draws a roster. ``people`` is at least two a household; ``bad`` rows are spread over all kinds of faults."""
    draw = random.Random(seed)  # noqa: S311 - a demo that has to be the same each time, not a secret
    sizes = _sizes(draw, households, people)
    villages = [area for area in AREAS if area[1] == "village"]
    townships = {area[0]: area[2] for area in AREAS if area[1] == "township"}
    numbers = _Numbers(draw)
    made: list[Person] = []
    for index, size in enumerate(sizes):
        code, _, village, township = villages[index * len(villages) // households]
        address = Person(
            row=0, township_code=township, village_code=code, village=village, township=townships[township],
            group=1 + index % 5, household_number=f"{index + 1:04d}", head_name="", name="", relation="", sex="",
            id_number="", identity_group=_group_of(index))  # fmt: skip
        made += _household(draw, numbers, address, size, first_row=len(made) + 2)
    spoiled = _spoil(draw, made, bad)
    return Roster(workbook(spoiled), workbook(_put_right(made, spoiled)), tuple(spoiled))


def _sizes(draw: random.Random, households: int, people: int) -> list[int]:
    if people < 2 * households:
        raise ValueError("at least two people a household")
    sizes = [2] * households
    for _ in range(people - 2 * households):
        open_ones = [i for i in draw.sample(range(households), min(8, households)) if sizes[i] < 7]
        sizes[open_ones[0] if open_ones else min(range(households), key=sizes.__getitem__)] += 1
    return sizes


def _group_of(index: int) -> str:
    return next((name for every, name in _GROUPS_EVERY if index % every == every - 1), "一般农户")


class _Numbers:
    """ID numbers that do not repeat."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._seen: set[str] = set()

    def next(self, birth: date, male: bool) -> str:
        while True:
            order = self._draw.randrange(0, 500) * 2 + (1 if male else 0)
            first = f"{COUNTY}{birth:%Y%m%d}{order:03d}"
            if first not in self._seen:
                self._seen.add(first)
                return first + check_character(first)


def check_character(first_17: str) -> str:
    """The 18th character of an ID number (ISO 7064 mod 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first_17, _WEIGHTS, strict=True)) % 11]


def _household(draw: random.Random, numbers: _Numbers, address: Person, size: int, first_row: int) -> list[Person]:
    surname, members, head = draw.choice(_SURNAMES), [], ""
    for place in range(size):
        relation = _RELATIONS[place] if place < len(_RELATIONS) else "其他"
        male = {"户主": True, "子": True, "孙子": True, "其他": draw.random() < 0.5}.get(relation, False)
        own = surname if relation not in ("配偶", "母亲") else draw.choice(_SURNAMES)
        name = own + "".join(draw.sample(_GIVEN, draw.choice((1, 2, 2))))
        head = head or name
        birth = _birth(draw, relation)
        members.append(replace(
            address, row=first_row + place, head_name=head, name=name, relation=relation, sex="男" if male else "女",
            id_number=numbers.next(birth, male)))  # fmt: skip
    return members


def _birth(draw: random.Random, relation: str) -> date:
    youngest, oldest = {"户主": (30, 64), "配偶": (30, 60), "母亲": (60, 85), "孙子": (1, 8)}.get(relation, (3, 28))
    return _TODAY - timedelta(days=draw.randint(youngest * 365, oldest * 365))


# -- bad rows

Spoil = Callable[[Person, Person], Person]


def _swap_last(person: Person, _other: Person) -> Person:
    wrong = "0" if person.id_number[-1] != "0" else "1"
    return replace(person, id_number=person.id_number[:-1] + wrong)


def _impossible_birth(person: Person, _other: Person) -> Person:
    first = f"{person.id_number[:10]}0231{person.id_number[14:17]}"
    return replace(person, id_number=first + check_character(first))


_FAULTS: tuple[tuple[str, bool, Spoil], ...] = (
    ("id_checksum", True, _swap_last),
    ("id_scientific", True, lambda p, _: replace(p, id_number=f"{float(p.id_number[:17]):.5E}")),
    ("id_number_cell", True, lambda p, _: p),
    ("formula", True, lambda p, _: p),
    ("id_length", True, lambda p, _: replace(p, id_number=p.id_number[:17])),
    ("id_birth_date", True, _impossible_birth),
    ("id_missing", True, lambda p, _: replace(p, id_number="")),
    ("sex_differs", True, lambda p, _: replace(p, sex="男" if p.sex == "女" else "女")),
    ("relation_unknown", True, lambda p, _: replace(p, relation="老乡")),
    ("name_missing", False, lambda p, _: replace(p, name="")),
    ("duplicate_in_file", False, lambda p, other: replace(p, id_number=other.id_number, sex=other.sex)),
    ("village_unknown", False, lambda p, _: replace(p, village="桃花源村")),
)


def _spoil(draw: random.Random, people: Sequence[Person], bad: int) -> list[Person]:
    """Spoils rows of members who are neither heads nor of a special group; a duplicate repeats an earlier row."""
    spoiled = list(people)
    first = len(people) // 4  # the first quarter stays sound: a duplicate names somebody before it
    open_rows = [
        i for i, p in enumerate(people) if i >= first and p.relation != "户主" and p.identity_group == "一般农户"
    ]
    for number, index in enumerate(sorted(draw.sample(open_rows, bad))):
        code, kept, change = _FAULTS[number % len(_FAULTS)]
        spoiled[index] = replace(change(people[index], people[number]), bad=code, kept=kept)
    return spoiled


def _put_right(people: Sequence[Person], spoiled: Sequence[Person]) -> list[Person]:
    return [right for right, wrong in zip(people, spoiled, strict=True) if wrong.bad is not None]


def workbook(people: Sequence[Person]) -> bytes:
    """The rows as an .xlsx with Chinese headings; every cell is text, except where the fault is that it is not."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _TODAY_MOMENT})
    sheet = book.add_worksheet("参合名册")
    text = book.add_format({"num_format": "@"})
    sheet.write_row(0, 0, HEADINGS, book.add_format({"bold": True}))
    for line, person in enumerate(people, start=1):
        for column, value in enumerate(_cells(line, person)):
            _write(sheet, line, column, value, person, text)
    sheet.set_column(_ID_COLUMN, _ID_COLUMN, 22, text)
    book.close()
    return buffer.getvalue()


def _cells(line: int, person: Person) -> tuple[str, ...]:
    return (
        str(line), person.township, person.village, f"{person.group}组", person.household_number, person.head_name,
        person.name, person.relation, person.sex, person.id_number, person.identity_group, "",
    )  # fmt: skip


def _write(sheet: Any, line: int, column: int, value: str, person: Person, text: Any) -> None:
    if column == _ID_COLUMN and person.bad == "id_number_cell":
        sheet.write_number(line, column, float(value.replace("X", "0")))
    elif column == _ID_COLUMN and person.bad == "formula":
        sheet.write_formula(line, column, f'=CONCATENATE("{value[:6]}","{value[6:]}")', text, value)
    else:
        sheet.write_string(line, column, value, text)
