"""Money and the other exact numbers of a bill (contracts §3).

On the wire an amount is a string of yuan with exactly two places; inside it is an integer of fen. Floats never occur.
"""

import re

YUAN_PLACES, UNIT_PRICE_PLACES, QUANTITY_PLACES, RATIO_PLACES = 2, 6, 4, 4
AMOUNT_MAX_FEN = 10**15  # ten trillion yuan: beyond any fund, within bigint

_AMOUNT = re.compile(r"-?(?:0|[1-9][0-9]{0,12})\.[0-9]{2}")
_PRICE = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,6})?")
_QUANTITY = re.compile(r"-?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,4})?")
_RATIO = re.compile(r"(?:0|1)\.[0-9]{4}")

_AMOUNT_FORM = (
    "金额写作两位小数的字符串,如“40.00”,不加逗号和单位"
    ' / an amount is a string of yuan with exactly two places and no commas, such as "40.00"'
)
_PRICE_FORM = (
    "单价写作最多六位小数的字符串,如“12.50”,不加逗号和单位,不能为负"
    ' / a unit price is a string of yuan with up to six places, such as "12.50", and not negative'
)
_QUANTITY_FORM = (
    "数量写作最多四位小数的字符串,如“2”或“0.5”,不加单位"
    ' / a quantity is a string with up to four places, such as "2" or "0.5"'
)
_RATIO_FORM = (
    "比例写作四位小数的字符串,从“0.0000”到“1.0000”,如七成写“0.7000”"
    ' / a ratio is a string with four places between "0.0000" and "1.0000", such as "0.7000"'
)
"""What a wrong form is told as: in Chinese / in English."""


def parse_yuan(text: str) -> int:
    """Fen of a wire amount such as ``"123.45"``; raises ValueError for any other form."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError(_AMOUNT_FORM)
    return int(text.replace(".", ""))


def format_yuan(amount_fen: int) -> str:
    """The wire form of an amount in fen."""
    sign, amount = ("-", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def _parse_scaled(pattern: re.Pattern[str], places: int, text: str, form: str) -> int:
    if not pattern.fullmatch(text):
        raise ValueError(form)
    whole, _, fraction = text.partition(".")
    scaled: int = int(whole.lstrip("-")) * 10**places + int((fraction + "0" * places)[:places])
    return -scaled if whole.startswith("-") else scaled


def _format_scaled(value: int, places: int) -> str:
    sign, size = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{size // 10**places}.{size % 10**places:0{places}d}"


def parse_unit_price(text: str) -> int:
    """10⁻⁶ yuan of a unit price with up to six places; raises ValueError."""
    return _parse_scaled(_PRICE, UNIT_PRICE_PLACES, text, _PRICE_FORM)


def format_unit_price(price_micro: int) -> str:
    """Wire form of a unit price in 10⁻⁶ yuan."""
    return _format_scaled(price_micro, UNIT_PRICE_PLACES)


def parse_quantity(text: str) -> int:
    """10⁻⁴ units of a quantity with up to four places; raises ValueError."""
    return _parse_scaled(_QUANTITY, QUANTITY_PLACES, text, _QUANTITY_FORM)


def format_quantity(quantity_e4: int) -> str:
    """Wire form of a quantity in 10⁻⁴."""
    return _format_scaled(quantity_e4, QUANTITY_PLACES)


def parse_ratio(text: str) -> int:
    """1/10,000 of a ratio between 0 and 1 with exactly four places, such as ``"0.7000"``; raises ValueError."""
    if not _RATIO.fullmatch(text) or (ratio := int(text.replace(".", ""))) > 10_000:
        raise ValueError(_RATIO_FORM)
    return ratio


def format_ratio(ratio_e4: int) -> str:
    """Wire form of a ratio in 1/10,000."""
    return _format_scaled(ratio_e4, RATIO_PLACES)


def round_half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded to the nearest integer, halves away from zero; denominator above zero."""
    if denominator <= 0:
        raise ValueError("the denominator must be above zero")
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def line_amount_fen(price_micro: int, quantity_e4: int) -> int:
    """Price × quantity of a bill line in fen, rounded once, half up (contracts §3)."""
    return round_half_up(price_micro * quantity_e4, 10 ** (UNIT_PRICE_PLACES + QUANTITY_PLACES - YUAN_PLACES))


def split_by_weight(amount_fen: int, weights: list[int]) -> list[int]:
    """Shares of an amount by weight that add up exactly, the odd fen by largest remainder (contracts §8)."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must not all be zero")
    shares = [amount_fen * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount_fen * weights[i] % total), i))
    for i in by_remainder[: amount_fen - sum(shares)]:
        shares[i] += 1
    return shares


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def capital_yuan(amount_fen: int) -> str:
    """An amount in the capital numerals of vouchers and receipts: 10,250.06 yuan is 壹万零贰佰伍拾元零陆分.

    As the rules for bills have it: one 零 for any run of noughts between digits, 整 where no fen follow.
    """
    sign, amount = ("负", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    yuan, jiao, fen = amount // 100, amount // 10 % 10, amount % 10
    whole = _capital_whole(yuan)
    if not jiao and not fen:
        return f"{sign}{whole or '零'}元整"
    told = f"{whole}元" if whole else ""
    if jiao:
        told += f"{_DIGITS[jiao]}角"
    elif whole:
        told += "零"
    return f"{sign}{told}{f'{_DIGITS[fen]}分' if fen else '整'}"


def _capital_whole(number: int) -> str:
    """The digits of a whole number in groups of four; '' for nought."""
    told, gap = "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        group, within = divmod(place, 4)
        if digit:
            told += ("零" if gap and told else "") + _DIGITS[digit] + _PLACES[within]
            gap = False
        else:
            gap = True
        if within == 0 and group and number // 10**place % 10_000:
            told += _GROUPS[group]
    return told
