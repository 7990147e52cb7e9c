"""Under whose code a book stands: a pool's, or that of a payer who keeps a budget (pure; rulings §7, §21)."""

BUDGET = "budget"
"""The book of a payer that is no pool: one a contract, whichever pools it pays for."""
CITY_CODE_END = "00"


def is_payer(code: str) -> bool:
    """Whether a code is a payer's: that of a city, which ends in 00 (GB/T 2260). Any other code is a pool's."""
    return code.endswith(CITY_CODE_END)


def stands_under(book: str, code: str) -> bool:
    """A payer's code bears its budget and nothing else, a pool's bears every other book."""
    return (book == BUDGET) == is_payer(code)
