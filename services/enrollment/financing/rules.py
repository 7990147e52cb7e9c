"""The money rules of a coverage year: when coverage starts, what a bill asks for. Amounts in fen (rulings §6, §17)."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared.kernel.dates import next_month

PAYMENT_DAY, NEXT_DAY, NEXT_MONTH, REFUSED = "payment_day", "next_day", "next_month", "refused"
LATE_STARTS = (PAYMENT_DAY, NEXT_DAY, NEXT_MONTH, REFUSED)
ANY_NUMBER, ISSUED_BOOKS = "any", "issued_books"
"""Where the receipts of a year take their numbers from: any number once, or the books issued to the township."""
PAYABLE, SPONSORED, EXCUSED = "payable", "sponsored", "excused"


@dataclass(frozen=True, slots=True)
class Standard:
    """What a coverage year costs a head, who adds what, when coverage runs, and where receipts get their numbers."""

    year: int
    premium_fen: int
    subsidies_fen: dict[str, int]
    coverage_from: date
    coverage_to: date
    collection_from: date
    collection_until: date
    late_start: str
    receipt_numbers: str = ANY_NUMBER


_COLLECTED_AHEAD_MONTHS = 6


def collected_from(coverage_from: date) -> date:
    """The first day on which a year's premium may be paid, where its standard says nothing: half a year ahead."""
    months = coverage_from.year * 12 + coverage_from.month - 1 - _COLLECTED_AHEAD_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def covered_from(standard: Standard, paid_on: date) -> date | None:
    """The first covered day of a household whose bill became complete by a payment on ``paid_on``.

    The date of payment counts, not that of entry. None: the year takes nobody that late.
    """
    if paid_on <= standard.collection_until:
        return standard.coverage_from
    if standard.late_start == REFUSED:
        return None
    late = {
        PAYMENT_DAY: paid_on,
        NEXT_DAY: paid_on + timedelta(days=1),
        NEXT_MONTH: next_month(paid_on),
    }[standard.late_start]
    first = max(late, standard.coverage_from)
    return first if first <= standard.coverage_to else None


@dataclass(frozen=True, slots=True)
class Wish:
    """A member who is to stand on his household's bill, paid for unless ``excuse`` says why not."""

    household_id: UUID
    township_code: str
    member_id: UUID
    excuse: str | None
