"""What claims tells the others. Ids only: no names, no ID numbers, no diagnoses (contracts §6)."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import EventPayload
from shared.contracts.wire import WireModel, Yuan

CLAIM_TOPIC = "heyi.claims.claim.v1"
CASE_TOPIC = "heyi.claims.case.v1"
DAY_TOPIC = "heyi.claims.day.v1"
CAMPAIGN_TOPIC = "heyi.claims.campaign.v1"
INCREASE_TOPIC = "heyi.claims.increase.v1"
ACCOUNT_TOPIC = "heyi.claims.account.v1"

Kind = Literal["inpatient", "outpatient"]
PaidTo = Literal["hospital", "person"]
Bearer = Literal["hospital", "patient", "insurer", "nobody"]
Ground = Literal["price", "necessity", "not_in_scope", "papers", "fictitious", "not_his", "other"]
"""Why a claim is refused or returned; the reviewer's own words stay in claims (contracts §6)."""


class LayerAmount(WireModel):
    """What one layer pays of a claim: one payable (rulings §3)."""

    layer: str
    payer: str
    account: str
    expense_account: str
    book: str
    risk_bearer: str
    amount: Yuan
    recover: Yuan = 0
    """Of it what a liable third party owes the fund, which pays first and then asks it back (rulings §13)."""


class Cut(WireModel):
    """A deduction of the review with its three amounts and its bearer (rulings §1)."""

    number: int
    line: int | None = None
    bearer: Bearer
    amount: Yuan
    """Of the bill, as found not owed."""
    fund_share: Yuan
    """Of it the benefit: what is not paid to who is owed it, unless nobody bears the cut."""
    patient_owed: Yuan
    """Of it what the hospital owes the patient, where it bears the cut: the part that he paid."""


class _Claim(EventPayload):
    """What every event of a claim carries; the subject is the claim, the sequence its version."""

    TOPIC: ClassVar[str] = CLAIM_TOPIC

    claim_id: UUID
    institution_code: str
    member_id: UUID
    township_code: str
    kind: Kind
    admitted_on: date
    benefit_year: int
    settled_at: datetime
    at: datetime
    """When this happened."""
    benefit: Yuan
    """As settled and paid to the patient at the bedside."""
    paid_to: PaidTo = "hospital"
    """Who is owed the benefit: the hospital that advanced it at the bedside, or the patient who paid in full and
    brought his papers to the window (rulings §14)."""
    account: Yuan = 0
    """What the household's family account paid besides, of the patient's part (contracts §8)."""

    @property
    def fund(self) -> int:
        """What the hospital advanced for the fund, in fen: the benefit and what the family account paid. It is what the
        totals of a day add up for a claim that is not approved."""
        advanced: int = self.benefit + self.account
        return advanced


class ClaimSettled(_Claim):
    """The hospital paid the patient; the fund owes the hospital, subject to review."""

    TYPE: ClassVar[str] = "heyi.claims.claim.settled.v1"

    visit_id: UUID
    household_id: UUID
    discharged_on: date | None = None
    total: Yuan
    eligible: Yuan
    patient: Yuan
    outcome: str
    policy_id: str
    policy_hash: str
    layers: list[LayerAmount]


class ClaimApproved(_Claim):
    """The insurer's review accepts the claim, less the cuts."""

    TYPE: ClassVar[str] = "heyi.claims.claim.approved.v1"

    approved: Yuan
    """Payable to who is owed it: benefit less the fund shares of the cuts that he bears."""
    cut: Yuan
    cuts: list[Cut]
    layers: list[LayerAmount]


class ClaimRejected(_Claim):
    """Nothing is payable; the bearer, who was owed it, stands for the whole benefit."""

    TYPE: ClassVar[str] = "heyi.claims.claim.rejected.v1"

    bearer: Bearer
    ground: Ground
    taken_back: bool = False
    """Whether the person's accumulators were taken back (rulings §1)."""


class ClaimReturned(_Claim):
    """Back to the hospital for missing papers or a wrong entry."""

    TYPE: ClassVar[str] = "heyi.claims.claim.returned.v1"

    ground: Ground


class ClaimCancelled(_Claim):
    """The settlement never counted: the payable, if any, is gone and the accumulators are restored."""

    TYPE: ClassVar[str] = "heyi.claims.claim.cancelled.v1"

    before: Literal["settled", "approved", "rejected", "returned"]
    approved: Yuan
    """What was payable before: the benefit while under review, less cuts once approved, nothing once rejected."""


class ClaimReversed(_Claim):
    """A paid claim is taken back by a negative claim of this day (rulings §2): whoever was paid owes it to the fund.
    The amounts are those of the claim; they count against it from now on."""

    TYPE: ClassVar[str] = "heyi.claims.claim.reversed.v1"

    reversal_id: UUID
    """The negative claim."""
    approved: Yuan
    """What was released for payment."""
    layers: list[LayerAmount]
    increases: list[UUID] = Field(default_factory=list)
    """Payments of what approved lists gave more for it: taken back with it, owed by the person who was paid."""


class ClaimReleased(_Claim):
    """Payable from now on: the claim belongs to a cut-off, which settlement batches whole (contracts §8)."""

    TYPE: ClassVar[str] = "heyi.claims.claim.released.v1"

    cutoff_id: UUID
    cutoff_count: int
    cutoff_amount: Yuan
    approved: Yuan
    layers: list[LayerAmount]


class CaseOpened(EventPayload):
    """Something for inspection to look at; the subject is the case."""

    TYPE: ClassVar[str] = "heyi.claims.case.opened.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    kind: Literal["coverage_withdrawn"]
    claim_id: UUID
    member_id: UUID
    institution_code: str
    benefit: Yuan
    coverage_sequence: int
    """Of the coverage that no longer holds the day of admission."""
    at: datetime


class CaseClosed(EventPayload):
    """What came of such a case; no money moves by it. The subject is the case."""

    TYPE: ClassVar[str] = "heyi.claims.case.closed.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    kind: Literal["coverage_withdrawn"]
    claim_id: UUID
    member_id: UUID
    institution_code: str
    outcome: Literal["stands", "restored", "repaid", "handed_over"]
    at: datetime


class FamilyAccountOverspent(EventPayload):
    """A premium was refunded after its family-account money was spent: the household owes what is missing (contracts
    §8). The subject is the refund."""

    TYPE: ClassVar[str] = "heyi.claims.account.overspent.v1"
    TOPIC: ClassVar[str] = ACCOUNT_TOPIC

    refund_id: UUID
    household_id: UUID
    year: int
    amount: Yuan
    at: datetime


class CampaignPaymentReleased(EventPayload):
    """A person of a second compensation is to be paid from now on, until ``claim_by`` (rulings §3); the subject is the
    payment, one a person and campaign. What becomes of it settlement tells: confirmed, returned, unclaimed."""

    TYPE: ClassVar[str] = "heyi.claims.campaign.released.v1"
    TOPIC: ClassVar[str] = CAMPAIGN_TOPIC

    payment_id: UUID
    campaign_id: UUID
    member_id: UUID
    household_id: UUID
    township_code: str
    benefit_year: int
    """The year of care, under which it is reported; it is spent in the year of payment."""
    amount: Yuan
    at: datetime
    document_number: str
    """Of the committee's decision of the pot."""
    claim_by: date
    payer: str


class IncreaseReleased(EventPayload):
    """What a decision later than its effective date, or a readjudication, gives more for a claim and layer: payable to
    the person from now on (rulings §2, §8). The subject is the payment."""

    TYPE: ClassVar[str] = "heyi.claims.increase.released.v1"
    TOPIC: ClassVar[str] = INCREASE_TOPIC

    payment_id: UUID
    claim_id: UUID
    member_id: UUID
    household_id: UUID
    township_code: str
    institution_code: str
    """Where the care was given; the money is the person's."""
    kind: Kind
    benefit_year: int
    """The year of care, under which it is reported; it is spent in the year of payment."""
    amount: Yuan
    document_number: str
    """Of the approval."""
    layer: str
    payer: str
    book: str
    account: str
    expense_account: str
    risk_bearer: str
    at: datetime


class TypeTotal(WireModel):
    """Events of one type on a business day."""

    type: str
    count: int
    amount: Yuan


class DayClosed(EventPayload):
    """All that claims published for a pool's business day; the subject is the pool and the day."""

    TYPE: ClassVar[str] = "heyi.claims.day.closed.v1"
    TOPIC: ClassVar[str] = DAY_TOPIC

    day: date
    totals: list[TypeTotal]
    at: datetime
