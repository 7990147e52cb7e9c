"""The numbers printed on receipts: a series, and a running number of so many digits (rulings §18)."""

import re
from dataclasses import dataclass

LARGEST_BOOK = 10_000
"""Numbers of one book; more at once is a slip of the pen."""
_PRINTED = re.compile(r"(.*?)(\d{1,12})")


def printed(series: str, digits: int, number: int) -> str:
    """A number as it stands on the paper."""
    return f"{series}{number:0{digits}d}"


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from ``first`` to ``last``, both of them included, of one series."""

    series: str
    digits: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1

    def texts(self) -> list[str]:
        """Every number as printed, in order."""
        return [printed(self.series, self.digits, number) for number in range(self.first, self.last + 1)]


def span(first: str, last: str) -> Span | None:
    """The numbers between two printed ones; None where they are not of one series and length, in this order."""
    ends = [_PRINTED.fullmatch(text) for text in (first, last)]
    if ends[0] is None or ends[1] is None:
        return None
    (series, low), (other, high) = (end.groups() for end in ends if end)
    if series != other or len(low) != len(high) or int(low) > int(high):
        return None
    return Span(series, len(low), int(low), int(high))
