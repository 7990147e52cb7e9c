"""What settlement tells the others. Ids only: no names, no account numbers (contracts §6)."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.base import EventPayload
from shared.contracts.wire import WireModel, Yuan

PAYMENT_TOPIC = "heyi.settlement.payment.v1"
PERIOD_TOPIC = "heyi.settlement.period.v1"
DAY_TOPIC = "heyi.settlement.day.v1"


class _Payment(EventPayload):
    """What every event of a payable carries; the subject is ``<claim id>:<layer>``."""

    TOPIC: ClassVar[str] = PAYMENT_TOPIC

    claim_id: UUID
    layer: str
    institution_code: str
    instruction_id: UUID
    end_to_end_id: str
    amount: Yuan
    at: datetime


class PaymentConfirmed(_Payment):
    """The bank's statement shows that the hospital was paid for this claim and layer."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.confirmed.v1"

    confirmed_on: date


class PaymentReturned(_Payment):
    """The money came back: the payable is open again and may be paid once more by a new instruction."""

    TYPE: ClassVar[str] = "heyi.settlement.payment.returned.v1"

    returned_on: date


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
