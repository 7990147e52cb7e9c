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


def parse_yuan(text: str) -> int:
    """Fen of a wire amount such as ``"123.45"``; raises ValueError for any other form."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError('an amount is a string of yuan with exactly two places, such as "123.45"')
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
    return _parse_scaled(_PRICE, UNIT_PRICE_PLACES, text, "a unit price is a string of yuan with up to six places")


def format_unit_price(price_micro: int) -> str:
    """Wire form of a unit price in 10⁻⁶ yuan."""
    return _format_scaled(price_micro, UNIT_PRICE_PLACES)


def parse_quantity(text: str) -> int:
    """10⁻⁴ units of a quantity with up to four places; raises ValueError."""
    return _parse_scaled(_QUANTITY, QUANTITY_PLACES, text, "a quantity is a string with up to four places")


def format_quantity(quantity_e4: int) -> str:
    """Wire form of a quantity in 10⁻⁴."""
    return _format_scaled(quantity_e4, QUANTITY_PLACES)


def parse_ratio(text: str) -> int:
    """1/10,000 of a ratio between 0 and 1 with exactly four places, such as ``"0.7000"``; raises ValueError."""
    if not _RATIO.fullmatch(text) or (ratio := int(text.replace(".", ""))) > 10_000:
        raise ValueError('a ratio is a string between "0.0000" and "1.0000"')
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
