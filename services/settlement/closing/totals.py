"""Another service's totals of a business day against what settlement received (contracts §10; pure)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Total:
    """Events of one type on one day: how many, and their amount in fen (0 where the type carries none)."""

    count: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One type of one source that does not agree: what the source published, and what arrived here."""

    source: str
    kind: str
    published: Total
    received: Total

    @property
    def missing_count(self) -> int:
        """Events published and not received; negative where more arrived than were published."""
        return self.published.count - self.received.count

    @property
    def missing_fen(self) -> int:
        """Fen published and not received; negative where more arrived than was published."""
        return self.published.amount_fen - self.received.amount_fen


def differences(
    source: str, published: Mapping[str, Total], received: Mapping[str, Total], consumed: frozenset[str]
) -> tuple[Difference, ...]:
    """Types of ``consumed`` on which the two sides differ, by name; types that settlement does not consume are
    not compared. A type that only one side knows is compared with zero."""
    kinds = sorted((published.keys() | received.keys()) & consumed)
    pairs = ((kind, published.get(kind, Total()), received.get(kind, Total())) for kind in kinds)
    return tuple(Difference(source, kind, theirs, ours) for kind, theirs, ours in pairs if theirs != ours)
