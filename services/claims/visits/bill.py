"""The bill of a visit: fee lines as the hospital sent them, kept as columns (contracts §3). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from services.claims.benefits.model import Line
from services.claims.visits.problems import LINE_AMOUNT, LINE_NEGATIVE, LINE_TOO_LARGE
from shared.kernel.money import AMOUNT_MAX_FEN, format_yuan, line_amount_fen

_computed = lru_cache(16_384)(line_amount_fen)  # the same items come again and again at the same price
UPLOAD_LINES_MAX = 500
VISIT_LINES_MAX = 5_000
TOLERANCE_FEN = 1


@dataclass(frozen=True, slots=True)
class Bill:
    """Columns of equal length; line numbers count from 1. Prices in 10⁻⁶ yuan, quantities in 10⁻⁴, amounts in fen."""

    codes: list[str]
    names: list[str]
    days: list[date | None]
    prices_micro: list[int]
    quantities_e4: list[int]
    amounts_fen: list[int]
    restrictions_met: list[bool]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def met(self) -> list[int]:
        """Numbers of the lines of which the hospital says that their restriction is met."""
        return [number for number, met in enumerate(self.restrictions_met, 1) if met]

    def lines(self) -> tuple[Line, ...]:
        """The lines as the engine reads them."""
        columns = zip(
            count(1),
            self.codes,
            self.amounts_fen,
            self.quantities_e4,
            self.prices_micro,
            self.days,
            self.restrictions_met,
            strict=False,  # the numbers have no end
        )
        return tuple(map(Line._make, columns))


class Sheet(NamedTuple):
    """One upload of a visit."""

    number: int
    bill: Bill


EMPTY = Bill([], [], [], [], [], [], [])


def checked(
    codes: list[str],
    names: list[str],
    days: list[date | None],
    prices_micro: list[int],
    quantities_e4: list[int],
    amounts_fen: Sequence[int | None],
    restrictions_met: list[bool],
) -> Bill:
    """A bill whose amounts agree with price × quantity within one fen; then the hospital's amount counts.

    A missing amount is price × quantity. Raises LINE_NEGATIVE, LINE_AMOUNT, and LINE_TOO_LARGE where line or bill are
    more than an amount holds, naming the line.
    """
    amounts: list[int] = []
    total = 0
    for number, (price, quantity, sent) in enumerate(zip(prices_micro, quantities_e4, amounts_fen, strict=True), 1):
        computed = _computed(price, quantity)
        amount = computed if sent is None else sent
        if quantity < 0 or amount < 0:
            raise LINE_NEGATIVE(line=number)
        if abs(amount - computed) > TOLERANCE_FEN:
            raise LINE_AMOUNT(line=number, amount=format_yuan(amount), computed=format_yuan(computed))
        total += amount
        if total > AMOUNT_MAX_FEN:
            raise LINE_TOO_LARGE(line=number, limit=format_yuan(AMOUNT_MAX_FEN))
        amounts.append(amount)
    return Bill(codes, names, days, prices_micro, quantities_e4, amounts, restrictions_met)


def joined(sheets: Sequence[Bill]) -> Bill:
    """One bill of all uploads of a visit, in their order."""
    if len(sheets) == 1:
        return sheets[0]
    bill = Bill([], [], [], [], [], [], [])
    for sheet in sheets:
        bill.codes.extend(sheet.codes)
        bill.names.extend(sheet.names)
        bill.days.extend(sheet.days)
        bill.prices_micro.extend(sheet.prices_micro)
        bill.quantities_e4.extend(sheet.quantities_e4)
        bill.amounts_fen.extend(sheet.amounts_fen)
        bill.restrictions_met.extend(sheet.restrictions_met)
    return bill
