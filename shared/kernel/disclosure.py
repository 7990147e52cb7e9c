"""Numbers of persons in texts that people write: such texts are shown, exported and kept, so they hold none.

An ID number 身份证号 is recognised by its shape (region, date, serial) with or without a right check digit, because a
mistyped one still points at a person; a bank card by length, first digit and the Luhn digit; a telephone number as
mobile or with its trunk code. Half-width and full-width digits count alike; blanks and dashes may stand between groups.
"""

import re
import unicodedata

from shared.kernel.id_numbers import check_character

_DATE = r"(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])"
_ALONE = r"(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"
_ID_18 = re.compile(_ALONE.format(rf"[1-9]\d{{5}}[ -]?(?:18|19|20)\d\d[ -]?{_DATE}[ -]?\d{{3}}[\dXx]"))
_ID_15 = re.compile(_ALONE.format(rf"[1-9]\d{{5}}[ -]?\d\d{_DATE}[ -]?\d{{3}}"))
_CARD = re.compile(_ALONE.format(r"[3-69]\d{3}(?:\d{12,15}|(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?)"))
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<![\d-])(?:0\d{2,3}[ -]?|\(0\d{2,3}\) ?)[2-9]\d{6,7}(?!\d)")
_SOUND_ID = re.compile(
    _ALONE.format(r"([1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})([\dXx])")
)
_STRIDE, _FOUR_DIGITS = 4, re.compile(r"\d{4}")


class PersonalData(ValueError):
    """What was about to be published holds something that looks like an ID number."""


def has_personal_number(text: str) -> bool:
    """Whether a text that a person wrote holds an ID, bank card or telephone number."""
    plain = unicodedata.normalize("NFKC", text)
    if sum(c.isdecimal() for c in plain) < 10:  # the shortest, a telephone number with its trunk code
        return False
    if any(kind.search(plain) for kind in (_ID_18, _ID_15, _MOBILE, _LANDLINE)):
        return True
    return any(_has_luhn_digit(found.group()) for found in _CARD.finditer(plain))


def has_sound_id_number(text: str) -> bool:
    """Whether a text of ours holds an ID number whose check digit is right (ids and amounts look like others)."""
    if _FOUR_DIGITS.search(text[::_STRIDE]) is None:  # 17 digits in a row leave four in a row among every fourth
        return False
    return any(check_character(body) == check.upper() for body, check in _SOUND_ID.findall(text))


def _has_luhn_digit(card: str) -> bool:
    digits = [int(c) for c in reversed(card) if c.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
