"""The resident ID number 公民身份号码 (GB 11643-1999): checksum, date and sex.

The first six digits are the place of first registration; people move and numbers are issued late, so the place decides
nothing here. Checksum (ISO 7064 mod 11-2) and date decide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from shared.kernel.id_numbers import check_character, normal_form

_FULL = re.compile(r"[1-9][0-9]{16}[0-9X]")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,2}")
OLDEST_YEARS = 130

MALE, FEMALE = "male", "female"


@dataclass(frozen=True, slots=True)
class Identity:
    """A sound ID number in its 18-character form, with the birth date and sex that it states."""

    number: str
    birth_date: date
    sex: str


@dataclass(frozen=True, slots=True)
class Unsound:
    """Why a text is no sound ID number; ``code`` is stable, its words are in ``UNSOUND_WORDS``."""

    code: str


NUMBER_CELL = "id_number_cell"
UNSOUND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "id_missing": "没有填身份证号",
        NUMBER_CELL: "身份证号被存成了数字,末几位已丢失;请把该列设为“文本”后照证件重新录入",
        "id_scientific": "身份证号成了科学计数法(如 5.2E+17),原号已丢失;请把该列设为“文本”后照证件重新录入",
        "id_length": "身份证号应为 18 位(或第一代 15 位)",
        "id_characters": "身份证号只能是数字,末位可为 X",
        "id_checksum": "身份证号校验位不对,可能抄错了一位;请核对证件",
        "id_birth_date": "身份证号里的出生日期不存在或不可能;请核对证件",
    }
)
"""What to do about an unsound ID number in a table, in the clerk's words; ``NUMBER_CELL`` is one stored as a number."""


def read_identity(text: str, today: date) -> Identity | Unsound:
    """The identity that a written ID number states, or why it is unsound; ``today`` bounds the birth date."""
    number = normal_form(text)
    if not number:
        return Unsound("id_missing")
    if _SCIENTIFIC.fullmatch(number):
        return Unsound("id_scientific")
    if len(number) != 18:
        return Unsound("id_length")
    if not _FULL.fullmatch(number):
        return Unsound("id_characters")
    if check_character(number[:17]) != number[17]:
        return Unsound("id_checksum")
    birth = _birth_date(number)
    if birth is None or birth > today or today.year - birth.year > OLDEST_YEARS:
        return Unsound("id_birth_date")
    return Identity(number, birth, MALE if int(number[16]) % 2 else FEMALE)


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def mask_number(number: str) -> str:
    """An ID number for eyes that need to recognise it only: place and last four characters stay."""
    return number[:6] + "*" * max(len(number) - 10, 0) + number[-4:] if len(number) > 10 else "*" * len(number)


def mask_name(name: str) -> str:
    """A name for a second look across a counter: the family name stays."""
    return name[:1] + "*" * max(len(name) - 1, 1)
