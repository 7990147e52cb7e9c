"""A catalogue version as others see it. Items are `services.claims.benefits.model.Item`."""

from dataclasses import dataclass
from datetime import date

CLASSES = ("A", "B", "C", "none")
CATEGORIES = ("drug", "treatment", "material", "bed", "other")


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    """Head of a version: the public side decides it, then it never changes."""

    code: str
    title: str
    region: str
    """Prefix of the pool codes that it serves; empty for all."""
    effective_from: date
    status: str
    """`draft` or `decided`."""
    item_count: int
