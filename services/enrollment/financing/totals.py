"""The enrollment side of identity (a): a coverage year's premiums by township (rulings §16)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.financing import totals_store


@dataclass(slots=True)
class Totals:
    """Counts and amounts (fen) of a township or of the pool; every figure is derived from rows."""

    households: int = 0
    complete: int = 0
    members: int = 0
    covered: int = 0
    to_verify: int = 0
    excused: int = 0
    sponsored: int = 0
    receipts: int = 0
    billed_fen: int = 0
    sponsored_fen: int = 0
    collected_fen: int = 0
    remitted_fen: int = 0
    refunded_fen: int = 0

    @property
    def open_fen(self) -> int:
        """Asked of households and not yet paid."""
        return self.billed_fen - self.collected_fen + self.refunded_fen

    @property
    def on_hand_fen(self) -> int:
        """Collected and still with the township."""
        return self.collected_fen - self.remitted_fen


async def totals_of_year(conn: AsyncConnection, pool_code: str, year: int) -> dict[str, Totals]:
    """Totals by township code. ``collected`` is the sum of receipts; bills that disagree are an error of ours."""
    found: dict[str, Totals] = {}
    bills, receipts, lines = await totals_store.totals(conn, pool_code, year)
    paid: dict[str, int] = {}
    for row in bills:
        paid[row["township_code"]] = row["collected_fen"]
        _fill(found, row, leave={"collected_fen"})
    for row in (*receipts, *lines):
        _fill(found, row)
    for township, total in found.items():
        assert paid.get(township, 0) == total.collected_fen, f"bills and receipts of {township} disagree"
    return dict(sorted(found.items()))


def _fill(found: dict[str, Totals], row: Any, leave: Iterable[str] = ()) -> None:
    total = found.setdefault(row["township_code"], Totals())
    for name, value in dict(row).items():
        if name != "township_code" and name not in leave:
            setattr(total, name, value)


def added_up(totals: Iterable[Totals]) -> Totals:
    """The pool's totals: its townships' added up."""
    pool = Totals()
    for total in totals:
        for field in fields(Totals):
            setattr(pool, field.name, getattr(pool, field.name) + getattr(total, field.name))
    return pool
