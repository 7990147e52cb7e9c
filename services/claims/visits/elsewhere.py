"""A basic settlement that another scheme or system made (rulings §3): taken as given, kept with the visit. Pure."""

from typing import Any, NamedTuple

from services.claims.benefits.model import Elsewhere


class Given(NamedTuple):
    """The national fields of a basic settlement, amounts in fen; ``scheme`` and ``settlement`` never come twice."""

    scheme: str
    settlement: str
    total_fen: int
    eligible_fen: int
    benefit_fen: int
    over_cap_fen: int

    def row(self) -> dict[str, Any]:
        """Its stored form."""
        return self._asdict()

    @property
    def adds_up(self) -> bool:
        """Whether benefit ≤ eligible ≤ total, something was charged, nothing is negative, and what a cap cut off is
        eligible and was not paid."""
        in_order = 0 <= self.benefit_fen <= self.eligible_fen <= self.total_fen > 0
        return in_order and 0 <= self.over_cap_fen <= self.eligible_fen - self.benefit_fen


def elsewhere_from_row(row: dict[str, Any] | None) -> Elsewhere | None:
    """The basic settlement as the engine reads it; None where the visit has none."""
    if row is None:
        return None
    number = f"{row['scheme']}/{row['settlement']}"
    return Elsewhere(number, row["total_fen"], row["eligible_fen"], row["benefit_fen"], row["over_cap_fen"])
