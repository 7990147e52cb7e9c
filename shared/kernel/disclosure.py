"""Numbers of persons in texts that people write: such texts are shown, exported and kept, so they hold none.

An ID number 身份证号 is recognised by its check digit, and by its shape (region, date, serial) alone where it stands by
itself, because a mistyped one still points at a person; a bank card by length, first digit and the Luhn digit; a
telephone number as mobile or with its trunk code. Full-width digits count; blanks and dashes may stand between groups.
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
_BETWEEN = re.compile(r"[\s.,,。、_'’`·\-]")
_ANYWHERE = re.compile(r"(?=([1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})([\dXx]))")
_STRIDE, _FOUR_DIGITS = 4, re.compile(r"\d{4}")


class PersonalData(ValueError):
    """What was about to be published holds something that looks like an ID number."""


def has_personal_number(text: str) -> bool:
    """Whether a text that a person wrote holds an ID, bank card or telephone number."""
    plain = unicodedata.normalize("NFKC", text)
    if sum(c.isdecimal() for c in plain) < 10:  # the shortest, a telephone number with its trunk code
        return False
    if has_id_number(plain) or any(kind.search(plain) for kind in (_ID_18, _ID_15, _MOBILE, _LANDLINE)):
        return True
    return any(_has_luhn_digit(found.group()) for found in _CARD.finditer(plain))


def has_id_number(text: str) -> bool:
    """Whether an ID number with its right check digit stands anywhere in a text, however it is written: full-width,
    with blanks, dots or dashes inside, or glued to other letters."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    return any(_is_sound(*found) for found in _ANYWHERE.findall(plain))


def has_sound_id_number(text: str) -> bool:
    """Whether an ID number with its right check digit stands by itself in a document of ours, whose ids, hashes and
    amounts hold long digits that are none."""
    if _FOUR_DIGITS.search(text[::_STRIDE]) is None:  # 17 digits in a row leave four in a row among every fourth
        return False
    return any(_is_sound(*found) for found in _SOUND_ID.findall(text))


def _is_sound(body: str, check: str) -> bool:
    return check_character(body) == check.upper()


def _has_luhn_digit(card: str) -> bool:
    digits = [int(c) for c in reversed(card) if c.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
