"""Which code of a policy speaks of a diagnosis: the hierarchy of ICD-10, cut at the dot. Pure.

Hospitals send codes as long as their version has them (K35.900); policies, cards and price lists mostly name the
category (K35). A code covers what begins with it: K35 covers K35 and K35.x to any length, K35.9 covers K35.900. Of
several that cover a diagnosis the longest speaks.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import lru_cache


@lru_cache(maxsize=8192)
def codes_of(disease: str) -> tuple[str, ...]:
    """The codes that cover a diagnosis, the longest first; none where there is no diagnosis."""
    category, dot, rest = disease.partition(".")
    longer = [f"{category}.{rest[:length]}" for length in range(len(rest), 0, -1)] if dot else []
    return tuple(code for code in (*longer, category) if code)


def covering(disease: str, named: Container[str]) -> str | None:
    """Of the codes that are named the one that speaks of a diagnosis."""
    return next((code for code in codes_of(disease) if code in named), None)


def counted_under(disease: str) -> tuple[str, ...]:
    """The codes under which a diagnosis is counted over a year: every one that covers it, so that each cap finds the
    count of its own code whatever else a policy names, and a later version that of any code it may name."""
    return codes_of(disease) or ("",)


def counted_as(disease: str, named: Container[str]) -> str:
    """The code whose count a cap looks at: the one of its own that speaks of the diagnosis; a cap of every disease
    takes the category."""
    return covering(disease, named) or disease.partition(".")[0]


def told(codes: Iterable[str]) -> str:
    """Codes with what they cover, for people: a category covers every code under it."""
    return "、".join(code if "." in code else f"{code} 及 {code}.x" for code in sorted(codes))
