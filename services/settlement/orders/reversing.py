"""The two-person reversal that orders and arrivals share (0171, 0287): the voucher is mirrored once, and what the bank
journal showed of it is taken back with it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.settlement.funding import arrivals
from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import POOLED_FUND, TEMPORARY_RECEIPTS
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.commands import Movement
from services.settlement.funding.movements import REVERSED
from services.settlement.ledger.posting import CORRECTION, REVERSAL, voucher_number
from shared.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked of one order or arrival: the voucher by its source, its one line in fen, and the money's account,
    which ``signed_fen`` came in on (negative: left)."""

    book: str
    source: str
    debit: str
    credit: str
    amount_fen: int
    reference: str
    account: str | None
    signed_fen: int
    value_date: date


async def mirror(desk: Desk, booked: Booked, end: str, text: str, *, preparer: str = "", checker: str = "") -> None:
    """Reverses the voucher, once; ``end`` names why in the source."""
    number = await voucher_number(desk.conn, desk.pool_code, booked.book, booked.source)
    lines = ((booked.credit, booked.debit, booked.amount_fen),)
    entry = Entry(booked.book, f"{booked.source}:{end}", desk.day, text, lines, preparer=preparer, checker=checker,
                  reason=REVERSAL, ref=booked.reference, reversal_of=number)  # fmt: skip
    await book(desk, [entry])


async def reverse_unseen(
    desk: Desk, booked: Booked, movement: UUID | None, end: str, text: str, proposed_by: str
) -> None:
    """Two persons' reversal of a voucher, and with it of the movement that no statement shows, where there is one: both
    movements stay in the journal, and neither waits for a line."""
    await mirror(desk, booked, end, text, preparer=proposed_by, checker=desk.by)
    await _take_back(desk, booked, movement)


async def take_from_the_fund(desk: Desk, booked: Booked, movement: UUID | None, text: str, proposed_by: str) -> None:
    """Two persons take what never came out of the fund's balance, into which its year's result was carried (0293): no
    income of another year is touched."""
    lines = ((POOLED_FUND, booked.debit, booked.amount_fen),)
    await book(desk, [Entry(booked.book, f"{booked.source}:corrected", desk.day, text, lines, preparer=proposed_by,
                            checker=desk.by, reason=CORRECTION, ref=booked.reference)])  # fmt: skip
    await _take_back(desk, booked, movement)


async def _take_back(desk: Desk, booked: Booked, movement: UUID | None) -> None:
    """The movement that no statement shows, where there is one, stands no more."""
    if movement is not None:
        assert booked.account is not None
        back = Movement(new_id(desk.now), booked.account, -booked.signed_fen, booked.reference, REVERSED, movement,
                        booked.value_date)  # fmt: skip
        await funding.journal(desk, [back])


async def lower_temporary(desk: Desk, booked: Booked, year: int, income_account: str, proposed_by: str) -> None:
    """What never came is no temporary receipt; where its year has begun meanwhile, it is no income either."""
    if income := await arrivals.lower_temporary(desk, year, income_account, booked.amount_fen, booked.book):
        lines = ((income_account, TEMPORARY_RECEIPTS, income),)
        text = f"{year} 年度暂收款不再转为收入"
        await book(desk, [Entry(booked.book, f"{booked.source}:no-income", desk.day, text, lines, checker=desk.by,
                                preparer=proposed_by, ref=booked.reference)])  # fmt: skip
