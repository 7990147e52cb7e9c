"""Codes of areas: a county, township or village; a code begins with that of its parent. Pure."""

from collections.abc import Sequence


def within(areas: Sequence[str], area_code: str) -> bool:
    """Whether an area lies in one of ``areas``."""
    return any(area_code.startswith(code) for code in areas)
