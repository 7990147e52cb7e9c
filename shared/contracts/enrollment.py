"""What enrollment tells the others. Ids and the blind index only: no names, no ID numbers, no phones (contracts §6)."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.base import EventPayload
from shared.contracts.wire import WireModel, Yuan

COVERAGE_TOPIC = "heyi.enrollment.coverage.v1"
PREMIUM_TOPIC = "heyi.enrollment.premium.v1"
SPONSORSHIP_TOPIC = "heyi.enrollment.sponsorship.v1"
REMITTANCE_TOPIC = "heyi.enrollment.remittance.v1"
SUBSIDY_TOPIC = "heyi.enrollment.subsidy.v1"
DAY_TOPIC = "heyi.enrollment.day.v1"
ACCOUNT_TOPIC = "heyi.enrollment.account.v1"
REFUND_TOPIC = "heyi.enrollment.refund.v1"

Level = Literal["central", "province", "city", "county"]


class _Told(WireModel):
    """Part of a payload: read leniently, like the payload itself."""

    model_config = ConfigDict(extra="ignore")


class CoverageStart(_Told):
    """From ``valid_from`` on the member is in ``state``; of one date the highest ``recorded_seq`` counts."""

    valid_from: date
    recorded_seq: int
    state: Literal["covered", "none"]


class GroupStart(_Told):
    """From ``valid_from`` on the member belongs to a special group, or no longer does."""

    group: str
    valid_from: date
    recorded_seq: int
    state: Literal["member", "none"]


class LayerStart(_Told):
    """From ``valid_from`` on the member has joined a voluntary layer of the policy, or has it no longer."""

    layer: str
    """Id of the layer in the policy documents, for example ``supplementary``."""
    valid_from: date
    recorded_seq: int
    state: Literal["joined", "none"]


class CoverageChanged(EventPayload):
    """The member's whole coverage in the pool, superseded starts included; subject is the member."""

    TYPE: ClassVar[str] = "heyi.enrollment.coverage.changed.v1"
    TOPIC: ClassVar[str] = COVERAGE_TOPIC

    member_id: UUID
    household_id: UUID
    person_id: UUID
    blind_index: str
    """Hex of HMAC(look-up key, ID number); of a person without a number yet, of the member id."""
    township_code: str
    village_code: str
    birth_date: date
    sex: Literal["male", "female"]
    sequence: int
    """The same as the envelope's; also given in answers to a question."""
    timeline: list[CoverageStart]
    groups: list[GroupStart]
    layers: list[LayerStart] = Field(default_factory=list)
    """Voluntary layers; empty in events from before there were any."""


class PremiumCollected(EventPayload):
    """One receipt for a household's bill; subject is the bill."""

    TYPE: ClassVar[str] = "heyi.enrollment.premium.collected.v1"
    TOPIC: ClassVar[str] = PREMIUM_TOPIC

    bill_id: UUID
    household_id: UUID
    township_code: str
    year: int
    """Coverage year: of a later year than ``paid_on`` the money is a temporary receipt (rulings §6)."""
    receipt_id: UUID
    receipt_number: str
    amount: Yuan
    paid_on: date
    at: datetime


class PremiumVoided(EventPayload):
    """A receipt never counted: it was voided before its money was remitted (rulings §18); subject is the bill."""

    TYPE: ClassVar[str] = "heyi.enrollment.premium.voided.v1"
    TOPIC: ClassVar[str] = PREMIUM_TOPIC

    bill_id: UUID
    township_code: str
    year: int
    receipt_id: UUID
    receipt_number: str
    amount: Yuan
    voided_on: date
    at: datetime


class RefundApplied(EventPayload):
    """A township asks for premiums back that were remitted: settlement decides and pays (rulings §18); subject is the
    refund."""

    TYPE: ClassVar[str] = "heyi.enrollment.refund.applied.v1"
    TOPIC: ClassVar[str] = REFUND_TOPIC

    refund_id: UUID
    bill_id: UUID
    township_code: str
    year: int
    cause: Literal["withdrawn", "double_enrolment", "own_error"]
    head_count: int
    amount: Annotated[Yuan, Field(gt=0)]
    applied_by: str
    """The subject of the applicant's token: whoever applies neither checks nor pays."""
    at: datetime


class PremiumSponsored(EventPayload):
    """County finance confirmed that a sponsor pays the premiums of a group; subject is the sponsorship."""

    TYPE: ClassVar[str] = "heyi.enrollment.premium.sponsored.v1"
    TOPIC: ClassVar[str] = SPONSORSHIP_TOPIC

    sponsorship_id: UUID
    sponsor: str
    group: str
    year: int
    head_count: int
    amount: Yuan
    confirmed_on: date
    at: datetime


class YearAmount(_Told):
    """What of an amount belongs to a coverage year."""

    year: int
    amount: Yuan


class PremiumRemitted(EventPayload):
    """A township sent collected premiums to the income account: in transit from now on; subject is the remittance."""

    TYPE: ClassVar[str] = "heyi.enrollment.premium.remitted.v1"
    TOPIC: ClassVar[str] = REMITTANCE_TOPIC

    remittance_id: UUID
    township_code: str
    amount: Yuan
    receipt_count: int
    by_year: list[YearAmount]
    remitted_on: date
    at: datetime


class SubsidyDue(EventPayload):
    """What a fiscal level owes for a coverage year by head count; subject is the due, ``sequence`` its revision."""

    TYPE: ClassVar[str] = "heyi.enrollment.subsidy.due.v1"
    TOPIC: ClassVar[str] = SUBSIDY_TOPIC

    due_id: UUID
    year: int
    level: Level
    payer: str
    head_count: int
    standard: Yuan
    """Per head."""
    total: Yuan
    """Due after this revision."""
    amount: Yuan
    """By how much this revision changed the due; the first one is the total. Summed in the day's control totals."""
    revision: int
    audited: bool = False
    """Whether it was counted against the audited head count (rulings §6): only then is a difference carried on."""
    at: datetime


class FamilyAccountCredited(EventPayload):
    """A household's family account gets money to spend; claims posts it (contracts §8); subject is the credit."""

    TYPE: ClassVar[str] = "heyi.enrollment.account.credited.v1"
    TOPIC: ClassVar[str] = ACCOUNT_TOPIC

    credit_id: UUID
    household_id: UUID
    year: int
    """Coverage year of the premiums that it was split from."""
    amount: Annotated[Yuan, Field(gt=0)]
    reason: str
    credited_on: date
    at: datetime


class FamilyAccountWithdrawn(EventPayload):
    """Part of a credit is taken back because its premium was refunded; what is spent already becomes a receivable on
    the household (contracts §8). The subject is the credit."""

    TYPE: ClassVar[str] = "heyi.enrollment.account.withdrawn.v1"
    TOPIC: ClassVar[str] = ACCOUNT_TOPIC

    credit_id: UUID
    refund_id: UUID
    household_id: UUID
    year: int
    amount: Annotated[Yuan, Field(gt=0)]
    withdrawn_on: date
    at: datetime


class TypeTotal(_Told):
    """Events of one type on a business day."""

    type: str
    count: int
    amount: Yuan


class DayClosed(EventPayload):
    """All that enrollment published for a pool's business day; the subject is the pool and the day."""

    TYPE: ClassVar[str] = "heyi.enrollment.day.closed.v1"
    TOPIC: ClassVar[str] = DAY_TOPIC

    day: date
    totals: list[TypeTotal]
    at: datetime
