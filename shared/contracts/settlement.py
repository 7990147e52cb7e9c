"""What settlement tells the others. Ids only: no names, no account numbers (contracts §6)."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import EventPayload
from shared.contracts.wire import WireModel, Yuan

PAYMENT_TOPIC = "heyi.settlement.payment.v1"
PERIOD_TOPIC = "heyi.settlement.period.v1"
DAY_TOPIC = "heyi.settlement.day.v1"
REFUND_TOPIC = "heyi.settlement.refund.v1"


class _Payment(EventPayload):
    """What every event of a payable carries; the subject is ``<claim id>:<layer>``."""

    TOPIC: ClassVar[str] = PAYMENT_TOPIC

    claim_id: UUID
    """The claim; of a second compensation the payment of its person."""
    layer: str
    institution_code: str
    """Who was paid: the hospital, or ``psn:`` and the psn_no of a person."""
    instruction_id: UUID
    end_to_end_id: str
    purpose: Literal["claim", "deposit"] = "claim"
    """A released quality deposit is a payable of its own: its ``claim_id`` is no claim's."""
    amount: Yuan
    """What the instruction was to settle of the payable: paid, set off and withheld."""
    paid: Yuan
    """Of it the money that the bank moved; of a return what came back."""
    set_off: Yuan
    """Of it what was set off against what the hospital owed: it stands, whatever becomes of the money."""
    withheld: Yuan
    """Of it what is kept as quality deposit, and paid when it is released."""
    at: datetime


class PaymentConfirmed(_Payment):
    """The bank's statement shows that the hospital was paid for this claim and layer."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.confirmed.v1"

    confirmed_on: date


class PaymentReturned(_Payment):
    """The money came back: the payable is open again and may be paid once more by a new instruction."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.returned.v1"

    returned_on: date


class PaymentNotExecuted(_Payment):
    """Two persons declared, after statements that cover its whole validity, that the bank never executed the payment:
    the payable is open again and may be paid once more by a new instruction (contracts §11)."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.not_executed.v1"

    declared_on: date


class PaymentOutstanding(_Payment):
    """Two persons withdrew the declaration that the bank never executed the payment, before anything followed it: its
    result is unknown again, and the payable waits for the bank."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.outstanding.v1"

    withdrawn_on: date


class PaymentUnclaimed(EventPayload):
    """A payment to a person that nobody claimed by its day: it is payable no longer, and its money stays in the fund.
    The subject is the payable."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.unclaimed.v1"
    TOPIC: ClassVar[str] = PAYMENT_TOPIC

    claim_id: UUID
    layer: str
    amount: Yuan
    returned_on: date
    at: datetime


class PaymentPaidTwice(EventPayload):
    """An alarm: the bank executed a payment that had been declared not executed and was paid again. The second payment
    is a receivable on the hospital; the subject is the instruction."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.paid_twice.v1"
    TOPIC: ClassVar[str] = PAYMENT_TOPIC

    institution_code: str
    instruction_id: UUID
    end_to_end_id: str
    receivable_id: UUID
    amount: Yuan
    paid_on: date
    at: datetime


class PremiumRefunded(EventPayload):
    """A premium was paid back from the fiscal account: income, head count and subsidy claim of its coverage year
    shrink (rulings §18). The subject is the refund."""

    TYPE: ClassVar[str] = "heyi.settlement.premium.refunded.v1"
    TOPIC: ClassVar[str] = REFUND_TOPIC

    refund_id: UUID
    bill_id: UUID
    year: int
    cause: str
    amount: Yuan
    refunded_on: date
    at: datetime


class PremiumRefundRefused(EventPayload):
    """A refund that a township applied for was turned down; nothing was paid. The subject is the refund."""

    TYPE: ClassVar[str] = "heyi.settlement.premium.refund_refused.v1"
    TOPIC: ClassVar[str] = REFUND_TOPIC

    refund_id: UUID
    bill_id: UUID
    year: int
    amount: Yuan
    refused_on: date
    at: datetime


class DaySealed(EventPayload):
    """A day of a book is sealed: its root and signature, sent out at once. The subject is ``<pool>:<book>``."""

    TYPE: ClassVar[str] = "heyi.settlement.day.sealed.v1"
    TOPIC: ClassVar[str] = PERIOD_TOPIC

    book: str
    day: date
    seal_number: int
    first_number: int
    last_number: int
    root: str
    """Hex of the day's Merkle root."""
    last_hash: str
    """Hex of the chain's hash at the day's last voucher."""
    previous: str
    """Hex of the seal before."""
    signed_at: datetime
    key_id: str
    signature: str
    """Hex."""


class TypeTotal(WireModel):
    """Events of one type on a business day."""

    type: str
    count: int
    amount: Yuan


class DayClosed(EventPayload):
    """All that settlement published for a pool's business day; the subject is the pool and the day."""

    TYPE: ClassVar[str] = "heyi.settlement.day.closed.v1"
    TOPIC: ClassVar[str] = DAY_TOPIC

    day: date
    totals: list[TypeTotal]
    at: datetime
