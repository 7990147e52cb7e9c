"""The resident ID number 公民身份号码 (GB 11643-1999) in its one form: what is indexed, compared and sealed.

The same number is written with blanks or dashes, full-width, with a small x, or in the first generation's 15 digits;
one form for all services, or the blind index of one would not find what another stored.
"""

import re
import unicodedata

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_OLD = re.compile(r"[1-9][0-9]{14}")
_JUNK = re.compile(r"[\s'’`·\-]")


def check_character(first_17: str) -> str:
    """The 18th character of 17 digits (ISO 7064 mod 11-2)."""
    return _CHECK_CHARACTERS[sum(int(d) * w for d, w in zip(first_17, _WEIGHTS, strict=True)) % 11]


def full_form(number_15: str) -> str:
    """The 18-character form of a first-generation number of 15 digits (births of the 20th century)."""
    first_17 = number_15[:6] + "19" + number_15[6:]
    return first_17 + check_character(first_17)


def normal_form(text: str) -> str:
    """Half-width, without blanks, quotes and dashes, with a capital X; 15 digits become 18 characters."""
    number = _JUNK.sub("", unicodedata.normalize("NFKC", text)).upper()
    return full_form(number) if _OLD.fullmatch(number) else number
