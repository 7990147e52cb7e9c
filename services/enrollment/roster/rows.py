"""What one row of a roster says, cell by cell: pure reading, no register at hand yet."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from services.enrollment.registry.groups import BY_SPELLING, ORDINARY
from services.enrollment.registry.identity import FEMALE, MALE, Identity, read_identity
from services.enrollment.registry.relations import BY_SPELLING as RELATION_OF
from services.enrollment.roster.headings import Column
from services.enrollment.roster.reasons import Fault, fault, formula_fault
from services.enrollment.roster.workbook import RosterRow
from shared.kernel.dates import written_day
from shared.sheets.workbook import Cell

_EXCUSES = {
    "employee_scheme": ("城镇职工医保", "职工医保", "参加职工医保", "城镇职工", "单位职工"),
    "resident_scheme": ("城镇居民医保", "居民医保", "参加居民医保"),
    "army": ("参军", "服兵役", "现役军人", "入伍", "当兵"),
    "student_elsewhere": ("在外就读", "外地上学", "在校大学生", "大学生"),
    "enrolled_elsewhere": ("外地参合", "异地参合", "在外参合"),
    "prison": ("服刑", "劳教"),
}
_EXCUSE_OF = {word: code for code, words in _EXCUSES.items() for word in words}
_SEXES = {"男": MALE, "男性": MALE, "女": FEMALE, "女性": FEMALE}
_NAME = re.compile(r"[㐀-鿿𠀀-𲎯〇]{1,20}(?:·[㐀-鿿𠀀-𲎯〇]{1,20}){0,4}|[A-Za-z][A-Za-z .'\-]{1,58}")
_HOUSEHOLD = re.compile(r"[0-9A-Z]{1,8}")
_GROUP = re.compile(r"(?:第)?([0-9一二三四五六七八九十]+)(?:村民)?(?:小)?组?")
_SEPARATORS = re.compile(r"[、,,;;/+\s]+")
_HOUSEHOLD_DIGITS = 4
_NUMERALS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row read on its own. ``faults`` are those of the row alone; unreadable particulars are None."""

    number: int
    township: str
    village: str
    group: str
    household: str
    head_name: str
    name: str
    relation: str | None
    identity: Identity | None
    stated_id: str
    sex: str | None
    birth_date: date | None
    identity_groups: tuple[str, ...]
    excuse: str | None
    phone: str
    faults: tuple[Fault, ...]


def read_row(row: RosterRow, today: date) -> ReadRow:
    """Reads one row; never raises: whatever cannot be read is a fault of the row."""
    faults = _formulas(row)
    identity = _identity(row.cell(Column.ID_NUMBER), today, faults)
    sex = _sex(row.text(Column.SEX), identity, faults)
    birth = _birth_date(row.text(Column.BIRTH_DATE), identity, faults)
    return ReadRow(
        number=row.number,
        township=_plain(row.text(Column.TOWNSHIP)),
        village=_village(row.text(Column.VILLAGE), faults),
        group=_group(row.text(Column.GROUP)),
        household=_household(row.text(Column.HOUSEHOLD), faults),
        head_name=_plain(row.text(Column.HEAD)),
        name=_name(row.text(Column.NAME), faults),
        relation=_relation(row.text(Column.RELATION), faults),
        identity=identity,
        stated_id=row.text(Column.ID_NUMBER),
        sex=sex,
        birth_date=birth,
        identity_groups=_identity_groups(row.text(Column.IDENTITY_GROUP), faults),
        excuse=_excuse(row.text(Column.EXCUSE), faults),
        phone=_plain(row.text(Column.PHONE))[:20],
        faults=tuple(faults),
    )


def _formulas(row: RosterRow) -> list[Fault]:
    return [formula_fault(column) for column, cell in row.cells.items() if cell.is_formula]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _compact(text: str) -> str:
    return "".join(_plain(text).split())


def _identity(cell: Cell, today: date, faults: list[Fault]) -> Identity | None:
    """The identity a cell states; a formula is a fault already, so its result is not judged again."""
    if cell.is_formula:
        return None
    if cell.is_number:
        faults.append(fault("id_number_cell"))
        return None
    found = read_identity(cell.text, today)
    if isinstance(found, Identity):
        return found
    faults.append(fault(found.code))
    return None


def _sex(text: str, identity: Identity | None, faults: list[Fault]) -> str | None:
    stated = _SEXES.get(_compact(text))
    if text and stated is None:
        faults.append(fault("sex_unreadable"))
    if identity is None:
        return stated
    if stated is not None and stated != identity.sex:
        faults.append(fault("sex_differs"))
    return identity.sex


def _birth_date(text: str, identity: Identity | None, faults: list[Fault]) -> date | None:
    stated = written_day(text) if text else None
    if text and stated is None:
        faults.append(fault("birth_date_unreadable"))
    if identity is None:
        return stated
    if stated is not None and stated != identity.birth_date:
        faults.append(fault("birth_date_differs", stated=identity.birth_date.isoformat()))
    return identity.birth_date


def _village(text: str, faults: list[Fault]) -> str:
    village = _compact(text)
    if not village:
        faults.append(fault("village_missing"))
    return village


def _group(text: str) -> str:
    """The number or name of the villagers' group: "第3组", "3组" and "3" are one."""
    group = _compact(text)
    match = _GROUP.fullmatch(group)
    return _arabic(match[1]) if match else group[:20]


def _arabic(numeral: str) -> str:
    """12 for 十二; digits without leading zeros; a numeral that is neither stays as written."""
    if numeral.isdecimal():
        return str(int(numeral))
    tens, ten, ones = numeral.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return numeral
    ten_value = (_NUMERALS.find(tens) if tens else 1) * 10 if ten else 0
    return str(ten_value + (_NUMERALS.find(ones) if ones else 0))


def _household(text: str, faults: list[Fault]) -> str:
    number = _compact(text).upper()
    if not number:
        faults.append(fault("household_missing"))
        return ""
    if not _HOUSEHOLD.fullmatch(number):
        faults.append(fault("household_unreadable"))
        return ""
    return number.zfill(_HOUSEHOLD_DIGITS) if number.isdecimal() else number


def _name(text: str, faults: list[Fault]) -> str:
    plain = _plain(text)
    name = plain if plain.isascii() else _compact(plain).replace("•", "·").replace(".", "·")
    if not name:
        faults.append(fault("name_missing"))
    elif not _NAME.fullmatch(name):
        faults.append(fault("name_unreadable"))
        return ""
    return name


def _relation(text: str, faults: list[Fault]) -> str | None:
    relation = RELATION_OF.get(_compact(text))
    if relation is None:
        faults.append(fault("relation_unknown", value=_shown(text)))
    return relation


def _identity_groups(text: str, faults: list[Fault]) -> tuple[str, ...]:
    groups: list[str] = []
    for word in filter(None, _SEPARATORS.split(_plain(text))):
        if word in ORDINARY:
            continue
        code = BY_SPELLING.get(word)
        if code is None:
            faults.append(fault("identity_group_unknown", value=_shown(word)))
        elif code not in groups:
            groups.append(code)
    return tuple(sorted(groups))


def _excuse(text: str, faults: list[Fault]) -> str | None:
    word = _compact(text)
    if not word:
        return None
    code = _EXCUSE_OF.get(word)
    if code is None:
        faults.append(fault("excuse_unknown", value=_shown(word)))
    return code


def _shown(text: str) -> str:
    return text[:12]
