"""Township floats (备用金): cash from the insurer's account, paid out against signature, accounted monthly (WW-06).

Issue and return are transfers between two keepers, in transit until the receiver has the money: a township says so
itself, as no bank shows its cash. A payout pays one open payable; it is applied for at the next replenishment like
every payment of the insurer's account, of which the float is a part.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding import transfers
from services.settlement.funding.accounts import BASIC, EXPENDITURE, FLOAT
from services.settlement.funding.booking import Desk, Entry, book, keep_away_from_home
from services.settlement.funding.commands import Seen
from services.settlement.funding.replenishment import PaidLine, record_paid
from services.settlement.payouts import deposit_store, obligations, payees, second
from services.settlement.payouts import float_store as store
from services.settlement.payouts.owed_store import add_obligations
from services.settlement.payouts.problems import (
    DEPOSIT_AGREED,
    FLOAT_MONTH_NEGATIVE,
    FLOAT_MONTH_OPEN,
    FLOAT_MONTH_SIGNED,
    FLOAT_RECEIPT_USED,
    FLOAT_SHORT,
    FLOAT_SHORT_THEN,
    FLOAT_TOWNSHIP,
    NOT_PAYABLE_IN_CASH,
    PAID_BEFORE_RELEASE,
    TRANSFER_NOT_THERE,
)
from services.settlement.payouts.purses import SECOND_LAYER
from shared.contracts.settlement import PaymentConfirmed
from shared.http.problems import FOUR_EYES
from shared.http.territory import areas_of
from shared.http.tokens import Actor
from shared.kernel.areas import within
from shared.kernel.dates import next_month
from shared.kernel.ids import new_id
from shared.kernel.money import format_yuan
from shared.messaging.outbox import Outgoing, emit_many

ISSUE, RETURN = "float_issue", "float_return"
SERVICE = "settlement"


def _name(township: str) -> str:
    return f"float:{township}"


def check_township(actor: Actor, township: str) -> None:
    """Raises FLOAT_TOWNSHIP where the township is none of the caller's."""
    if not within(areas_of(actor), township):
        raise FLOAT_TOWNSHIP(township=township)


async def issue(desk: Desk, actor: Actor, township: str, fen: int) -> Any:
    """The insurer's finance prepares cash for a township; another person of the insurer releases it."""
    return await transfers.prepare_transfer(desk, ISSUE, actor.role, fen, township_code=township)


async def give_back(desk: Desk, actor: Actor, township: str, fen: int) -> Any:
    """A township prepares to pay cash back to the insurer's account; its other person releases it.

    Raises FLOAT_TOWNSHIP, FLOAT_SHORT.
    """
    check_township(actor, township)
    await _expect_cash(desk, township, fen)
    return await transfers.prepare_transfer(desk, RETURN, actor.role, fen, township_code=township)


async def release_return(desk: Desk, actor: Actor, transfer_id: UUID) -> Any:
    """The township's second person sends the cash off. Raises FLOAT_TOWNSHIP, FLOAT_SHORT and what a release raises."""
    known = await _float_transfer(desk, transfer_id, RETURN)
    check_township(actor, known["township_code"])
    await _expect_cash(desk, known["township_code"], known["amount_fen"])
    return await transfers.release_transfer(desk, transfer_id, actor.role)


async def receive(desk: Desk, actor: Actor, transfer_id: UUID) -> Any:
    """The township says that it has the cash. Raises TRANSFER_NOT_THERE, FLOAT_TOWNSHIP."""
    known = await _float_transfer(desk, transfer_id, ISSUE)
    check_township(actor, known["township_code"])
    await funding.lock_account(desk, EXPENDITURE)  # the bank may just be sending it back
    known = await _float_transfer(desk, transfer_id, ISSUE)
    if known["status"] != "released":
        raise TRANSFER_NOT_THERE(transfer=transfer_id)
    seen = [Seen(transfer_id, known["amount_fen"], known["reference"], desk.day)]
    await book(desk, transfers.transfer_entries(ISSUE, seen))
    await transfers.transfers_arrived(desk, seen)
    return await transfers.transfer(desk, transfer_id)


async def _float_transfer(desk: Desk, transfer_id: UUID, kind: str) -> Any:
    known = await transfers.transfer(desk, transfer_id)
    if known is None or known["kind"] != kind:
        raise TRANSFER_NOT_THERE(transfer=transfer_id)
    return known


async def _expect_cash(desk: Desk, township: str, fen: int) -> None:
    await funding.lock_account(desk, _name(township))
    rows = await store.floats(desk.conn, desk.pool_code, township)
    held = rows[0]["fen"] if rows else 0
    if fen > held:
        raise FLOAT_SHORT(township=township, held=format_yuan(held), amount=format_yuan(fen))


async def _expect_cash_on(desk: Desk, township: str, day: date, fen: int) -> None:
    """The cash has to be there now, and on the day it is said to have been paid and from then on: the account of no
    month may go below zero."""
    await _expect_cash(desk, township, fen)
    held = await store.least_held(desk.conn, desk.pool_code, township, day)
    if fen > held:
        raise FLOAT_SHORT_THEN(township=township, day=day, held=format_yuan(held), amount=format_yuan(fen))


@dataclass(frozen=True, slots=True)
class Payout:
    """Cash for one payable, as the township's receipt says."""

    claim_id: UUID
    layer: str
    receipt_number: str
    paid_on: date


async def pay_out(desk: Desk, actor: Actor, township: str, new: Payout) -> Any:
    """Pays an open payable of the fund in cash against signature: the whole of it, once. Returns the payable.

    Raises FLOAT_TOWNSHIP, IN_THE_FUTURE, BEFORE_THE_SCHEME, FLOAT_MONTH_SIGNED, NOT_PAYABLE_IN_CASH, DEPOSIT_AGREED,
    PAID_BEFORE_RELEASE, CLAIM_DAY_OVER, FLOAT_SHORT, FLOAT_SHORT_THEN, FLOAT_RECEIPT_USED and CONFLICT_OF_INTEREST.
    """
    check_township(actor, township)
    funding.check_date(new.paid_on, desk)
    await funding.lock_account(desk, _name(township))
    if await store.signed_later(desk.conn, desk.pool_code, township, new.paid_on):
        raise FLOAT_MONTH_SIGNED(township=township, month=f"{new.paid_on:%Y-%m}")
    due = await store.open_payable(desk.conn, desk.pool_code, new.claim_id, new.layer)
    if due is None or (due["book"], due["account"], due["township_code"]) != (BASIC, EXPENDITURE, township):
        raise NOT_PAYABLE_IN_CASH(claim=new.claim_id)
    if new.paid_on < due["released_on"]:
        raise PAID_BEFORE_RELEASE(claim=new.claim_id, first=due["released_on"], day=new.paid_on)
    if new.layer == SECOND_LAYER:
        await second.check_claimable(desk, [new.claim_id])
    keep_away_from_home(desk, due["institution_code"])
    await _expect_no_deposit(desk, due)
    await _expect_cash_on(desk, township, new.paid_on, due["amount_fen"])
    payout_id = new_id(desk.now)
    row = (township, new.claim_id, new.layer, due["expense_account"], due["amount_fen"], new.receipt_number)
    days = (new.paid_on, desk.day)
    if not await store.add_payout(desk.conn, (desk.pool_code, payout_id, *row, *days, desk.by, desk.now)):
        raise FLOAT_RECEIPT_USED(number=new.receipt_number)
    await _book_payout(desk, township, payout_id, new, due)
    sequence = await store.pay(desk.conn, desk.pool_code, new.claim_id, new.layer, payout_id)
    line = PaidLine(payout_id, new.claim_id, new.layer, 1, due["amount_fen"], due["expense_account"])
    await record_paid(desk, [line])
    owed_to = payees.owed_account(due["institution_code"])
    moves = obligations.totals([obligations.paid(due["amount_fen"], owed_to)])
    await add_obligations(desk.conn, desk.pool_code, desk.day, moves)
    await _tell(desk, payout_id, new, due, sequence)
    return {**due, "id": payout_id}


async def _expect_no_deposit(desk: Desk, due: Any) -> None:
    """Cash pays the whole of a payable; where an agreed share has to be withheld, the bank pays. Raises
    DEPOSIT_AGREED."""
    institution = due["institution_code"]
    rates = await deposit_store.deposit_rates(desk.conn, desk.pool_code, [institution], desk.day)
    if rates.get(institution):
        raise DEPOSIT_AGREED(institution=institution, claim=due["claim_id"])


async def _book_payout(desk: Desk, township: str, payout_id: UUID, new: Payout, due: Any) -> None:
    lines = ((due["expense_account"], FLOAT, due["amount_fen"]),)
    text = "乡镇备用金支付补偿款"
    entry = Entry(BASIC, f"cash:{payout_id}", new.paid_on, text, lines, party=township, ref=new.receipt_number)
    await book(desk, [entry])


async def _tell(desk: Desk, payout_id: UUID, new: Payout, due: Any, sequence: int) -> None:
    fen = due["amount_fen"]
    told = PaymentConfirmed(
        claim_id=new.claim_id,
        layer=new.layer,
        institution_code=due["institution_code"],
        instruction_id=payout_id,
        end_to_end_id=new.receipt_number,
        amount=fen,
        paid=fen,
        set_off=0,
        withheld=0,
        confirmed_on=new.paid_on,
        at=desk.now,
    )
    subject = f"{new.claim_id}:{new.layer}"
    await emit_many(desk.conn, [Outgoing(told, desk.pool_code, subject, sequence, desk.day, desk.now, SERVICE, fen)])


# -- the month


async def sign_month(desk: Desk, actor: Actor, township: str, first: date) -> None:
    """The director signs the account of a month that is over; nothing is paid in it any more.

    Raises FLOAT_TOWNSHIP, FLOAT_MONTH_OPEN, FLOAT_MONTH_SIGNED, FLOAT_MONTH_NEGATIVE and FOUR_EYES, as he signs for
    what others paid.
    """
    check_township(actor, township)
    last = next_month(first) - timedelta(days=1)
    if desk.day <= last:
        raise FLOAT_MONTH_OPEN(month=f"{first:%Y-%m}")
    await funding.lock_account(desk, _name(township))
    if await store.signed(desk.conn, desk.pool_code, township, first):
        raise FLOAT_MONTH_SIGNED(township=township, month=f"{first:%Y-%m}")
    paid = await store.payouts(desk.conn, desk.pool_code, township, first, last)
    if any(row["recorded_by"] == desk.by for row in paid):
        raise FOUR_EYES(act=("发放备用金", "pay from the float"), then=("签发月报", "sign the month"))
    sums = await store.month(desk.conn, desk.pool_code, township, first, last)
    if (closing := sums["closing_fen"]) < 0:
        raise FLOAT_MONTH_NEGATIVE(township=township, month=f"{first:%Y-%m}", closing=format_yuan(closing))
    await store.sign(desk.conn, (desk.pool_code, township, first, *sums.values(), desk.by, desk.now))


async def accept_month(desk: Desk, township: str, first: date) -> None:
    """The county office has held receipts and signatures against the account. Raises FLOAT_MONTH_OPEN, FOUR_EYES,
    FLOAT_MONTH_SIGNED where it was accepted before."""
    known = await store.signed(desk.conn, desk.pool_code, township, first)
    if known is None:
        raise FLOAT_MONTH_OPEN(month=f"{first:%Y-%m}")
    if known["signed_by"] == desk.by:
        raise FOUR_EYES(act=("签发月报", "sign the month"), then=("核收", "accept it"))
    if not await store.accept(desk.conn, desk.pool_code, township, first, desk.by, desk.now):
        raise FLOAT_MONTH_SIGNED(township=township, month=f"{first:%Y-%m}")
