"""What a claim's state says is owed, and what a change of state books in the obligations book (pure).

Under review: the hospital has advanced the benefit and nobody has checked it. Approved: owed and not yet paid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ADVANCED_BY_HOSPITALS = "1301"
DUE_TO_PERSONS = "1302"
"""What patients paid in full and are owed at the window, and what a second compensation owes them."""
OWED_UNDER_REVIEW = "2301.01"
OWED_APPROVED = "2301.02"
OWED_DEPOSIT = "2301.03"

CLAIM_TOTALS = "claims"
"""The name under which the totals of claims and of what is owed are locked, as an account is."""

OPEN, APPROVED, RELEASED = "settled", "approved", "released"
REJECTED, RETURNED, CANCELLED = "rejected", "returned", "cancelled"
REVERSED = "reversed"
"""Paid, and taken back by a negative claim of a later day."""
STATES = (OPEN, APPROVED, RELEASED, REJECTED, RETURNED, CANCELLED, REVERSED)


@dataclass(frozen=True, slots=True)
class Owed:
    """Fen owed for one claim at one moment: under review, and approved but unpaid."""

    under_review: int = 0
    approved: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount in fen that moves from ``credit`` to ``debit`` in the obligations book."""

    debit: str
    credit: str
    amount_fen: int


def owed(state: str, fund_fen: int, approved_fen: int) -> Owed:
    """What the fund owes for a claim in ``state``, payment apart: it was the payment that ended what was owed for a
    reversed claim, and its reversal changes nothing. A rejected, returned or cancelled claim is owed nothing."""
    if state == OPEN:
        return Owed(under_review=fund_fen)
    if state in (APPROVED, RELEASED, REVERSED):
        return Owed(approved=approved_fen)
    return Owed()


def flows(before: Owed, after: Owed, to: str = ADVANCED_BY_HOSPITALS) -> tuple[Flow, ...]:
    """The bookings that turn ``before`` into ``after``: what was checked moves, the rest comes or goes. ``to`` is the
    account of those who are owed."""
    checked = min(max(after.approved - before.approved, 0), max(before.under_review - after.under_review, 0))
    reopened = min(max(before.approved - after.approved, 0), max(after.under_review - before.under_review, 0))
    review = after.under_review - before.under_review + checked - reopened
    approved = after.approved - before.approved - checked + reopened
    moves = [
        Flow(OWED_UNDER_REVIEW, OWED_APPROVED, checked),
        Flow(OWED_APPROVED, OWED_UNDER_REVIEW, reopened),
        *_came_or_went(OWED_UNDER_REVIEW, review, to),
        *_came_or_went(OWED_APPROVED, approved, to),
    ]
    return tuple(move for move in moves if move.amount_fen)


def paid(amount_fen: int, to: str = ADVANCED_BY_HOSPITALS) -> Flow:
    """A confirmed payment ends what was owed and what the hospital or the patient had advanced."""
    return Flow(OWED_APPROVED, to, amount_fen)


def withheld(amount_fen: int) -> Flow:
    """A quality deposit is owed still, but not yet due."""
    return Flow(OWED_APPROVED, OWED_DEPOSIT, amount_fen)


def deposit_released(amount_fen: int) -> Flow:
    """A quality deposit is due: it is paid like any approved benefit."""
    return Flow(OWED_DEPOSIT, OWED_APPROVED, amount_fen)


def deposit_forfeited(amount_fen: int) -> Flow:
    """A quality deposit is owed no more, forfeited or of a claim taken back: what the hospital had advanced stays with
    it."""
    return Flow(OWED_DEPOSIT, ADVANCED_BY_HOSPITALS, amount_fen)


def bounced(amount_fen: int, to: str = ADVANCED_BY_HOSPITALS) -> Flow:
    """A payment that came back is owed again."""
    return Flow(to, OWED_APPROVED, amount_fen)


def _came_or_went(account: str, change_fen: int, to: str) -> list[Flow]:
    if change_fen >= 0:
        return [Flow(to, account, change_fen)]
    return [Flow(account, to, -change_fen)]


def totals(moves: Iterable[Flow]) -> Mapping[tuple[str, str], int]:
    """Amounts added up by (debit, credit)."""
    sums: dict[tuple[str, str], int] = {}
    for move in moves:
        sums[move.debit, move.credit] = sums.get((move.debit, move.credit), 0) + move.amount_fen
    return sums
