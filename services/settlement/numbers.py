"""Whole numbers and months in paths and page cursors, bounded by what they are compared with: beyond is 422, never
500."""

from typing import Annotated, Any

from fastapi import Path

from shared.kernel.dates import MONTH_PATTERN

_SMALL_MAX = 2**31 - 1
_LARGE_MAX = 2**63 - 1

VoucherNumber = Annotated[int, Path(ge=1, le=_LARGE_MAX)]
CoverageYear = Annotated[int, Path(ge=2003, le=2100)]
Month = Annotated[str, Path(pattern=MONTH_PATTERN)]


def int4(part: Any) -> int:
    """A cursor's part for an integer column; raises ValueError beyond it."""
    return _bounded(part, _SMALL_MAX)


def int8(part: Any) -> int:
    """A cursor's part for a bigint column; raises ValueError beyond it."""
    return _bounded(part, _LARGE_MAX)


def _bounded(part: Any, most: int) -> int:
    number = int(part)
    if not 0 <= number <= most:
        raise ValueError("out of range")
    return number
