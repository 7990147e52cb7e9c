"""What the routes of visits and claims take and give.

Longer than most: the routes share these forms, and each is a list of members.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.claims.benefits.wire import DecisionWire, StepWire
from services.claims.visits.bill import UPLOAD_LINES_MAX
from shared.contracts.wire import Quantity, Ratio, Reason, ShortId, UnitPrice, WireModel, Yuan
from shared.db.numbers import Number

Word = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d")]
"""A hospital's time, ISO 8601; without an offset it is Asia/Shanghai (contracts §5)."""
Kind = Literal["inpatient", "outpatient"]
Circumstance = Literal["emergency", "migrant", "referred"]
Status = Literal["settled", "approved", "rejected", "returned", "cancelled", "released", "reversed"]


class LookupIn(WireModel):
    """Whom to look up, and on which day (today where it is left out). With the diagnosis what is left for its disease
    is told, too: caps, buckets and cards that are for diseases."""

    id_number: Annotated[str, StringConstraints(min_length=15, max_length=18, strip_whitespace=True)]
    day: date | None = None
    diagnosis_code: Word | None = None


class Remaining(WireModel):
    """What a cap of the policy leaves in its period."""

    kind: Kind
    cap: str
    name: str
    period: str
    amount: Yuan
    used: Yuan
    remaining: Yuan


class LookupOut(WireModel):
    """A member as a hospital may see him."""

    member_id: UUID
    psn_no: ShortId
    name: str | None
    """Masked; null where enrollment did not answer in time."""
    sex: str
    birth_date: date
    township_code: str
    day: date
    covered: bool
    coverage_sequence: int
    groups: list[str]
    remaining: list[Remaining]


class VisitIn(WireModel):
    """A registration. ``accident``: a third party may be liable, so nothing is settled before the inquiry."""

    institution_code: Word
    institution_number: Word
    """The hospital's own number of the visit, unique in it."""
    member_id: ShortId
    kind: Kind
    admitted_at: Moment
    diagnosis_code: Word
    diagnosis_name: Reason
    circumstances: list[Circumstance] = Field(default_factory=list, max_length=3)
    accident: bool = False
    mother_id: ShortId | None = None
    """The mother of a newborn, whose coverage may cover the child (rulings §17)."""


class VisitOut(WireModel):
    """A visit; ``mdtrt_id`` is its id in the form of hospitals."""

    visit_id: UUID
    mdtrt_id: ShortId
    institution_code: str
    institution_number: str
    member_id: UUID
    kind: Kind
    status: str
    admitted_at: datetime
    discharged_at: datetime | None
    diagnosis_code: str
    diagnosis_name: str
    circumstances: list[str]
    third_party: str
    third_party_share: Ratio
    mother_id: UUID | None
    elsewhere: str | None
    """Number of the basic settlement that was made elsewhere."""
    channel: Literal["bedside", "window"]
    submitted_on: date | None
    """Day on which the papers came to the window."""
    missing_papers: list[str]
    """What the policy asks for at the window and has not come yet."""


class LineIn(WireModel):
    """A fee line. ``amount`` may differ from price × quantity by one fen and then counts; left out it is computed."""

    item_code: Word
    item_name: Name
    day: date | None = None
    price: UnitPrice
    quantity: Quantity
    amount: Yuan | None = None
    restriction_met: bool = False


class LinesIn(WireModel):
    """One upload of fee lines; later uploads add to it."""

    lines: list[LineIn] = Field(min_length=1, max_length=UPLOAD_LINES_MAX)


class LinesOut(WireModel):
    """What is uploaded of a visit so far."""

    visit_id: UUID
    sheet: int
    lines: int
    amount: Yuan
    total: Yuan


class UploadOut(WireModel):
    """One upload of fee lines, counted unless it was withdrawn."""

    sheet: int
    lines: int
    amount: Yuan
    uploaded_at: datetime
    withdrawn_at: datetime | None


class UploadsOut(WireModel):
    """What was uploaded of a visit; ``lines`` and ``total`` are those that count."""

    visit_id: UUID
    lines: int
    total: Yuan
    uploads: list[UploadOut]


class ElsewhereIn(WireModel):
    """A basic settlement made elsewhere, in the national fields: taken as given (rulings §3)."""

    scheme: Word
    """Code of the scheme that settled, for example 390."""
    settlement: Word
    """Its number there (setl_id)."""
    id_number: Annotated[str, StringConstraints(min_length=15, max_length=18, strip_whitespace=True)]
    """Of the patient, as the settlement names him."""
    total: Yuan
    eligible: Yuan
    benefit: Yuan
    over_cap: Yuan = 0
    """What its cap took from its benefit."""


class InvoiceIn(WireModel):
    """An original invoice; its code and number are used once in all pools and schemes (rulings §14)."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,20}$")]
    number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,20}$")]


class GivenIn(WireModel):
    """The basic settlement that another system made, in the national fields: taken as given (rulings §3)."""

    scheme: Word
    settlement: Word
    total: Yuan
    eligible: Yuan
    benefit: Yuan
    over_cap: Yuan = 0


Original = Literal["kept", "returned", "copy"]


class WindowPaperIn(WireModel):
    """A paper: what it is in the policy's words, and whether its original is kept, given back, or only a copy came."""

    kind: Reason
    original: Original = "kept"


class WindowVisitIn(WireModel):
    """Care that is over and was paid in full, as its papers tell it at the window."""

    institution_code: Word
    institution_number: Word
    """The hospital's own number of the visit, as it stands on the papers."""
    id_number: Annotated[str, StringConstraints(min_length=15, max_length=18, strip_whitespace=True)]
    """Of the patient; it stands in the body so that it reaches no log."""
    kind: Kind
    admitted_at: Moment
    discharged_at: Moment | None = None
    diagnosis_code: Word
    diagnosis_name: Reason
    circumstances: list[Circumstance] = Field(default_factory=list, max_length=3)
    accident: bool = False
    invoices: list[InvoiceIn] = Field(min_length=1, max_length=50)
    elsewhere: GivenIn | None = None
    papers: list[WindowPaperIn] = Field(default_factory=list, max_length=50)


class PapersIn(WireModel):
    """Papers that came later, or whose original was given back."""

    papers: list[WindowPaperIn] = Field(min_length=1, max_length=50)


class WithdrawalIn(WireModel):
    """Why a registration with wrong papers is taken back."""

    reason: Reason


class WithdrawnOut(WireModel):
    """A registration that was taken back, and how many invoices are free again."""

    visit_id: ShortId
    invoices_freed: int


class WindowPaperOut(WireModel):
    """What was recorded of a paper."""

    kind: str
    original: Original
    recorded_at: datetime
    recorded_by: str


class WindowSlipOut(WireModel):
    """The acceptance slip of papers and what became of them."""

    number: Number
    visit_id: ShortId
    institution_code: str
    kind: Kind
    submitted_on: date
    accepted_at: datetime
    accepted_by: str
    state: Literal["papers_missing", "accepted", "withdrawn", "settled", "approved", "rejected", "returned", "released"]
    needed: list[str]
    missing: list[str]
    papers: list[WindowPaperOut]
    withdrawn_because: str | None
    claim_id: UUID | None
    claim_number: Number | None
    benefit: Yuan | None
    payable: Yuan | None


class InvoiceAttemptOut(WireModel):
    """A second use of an invoice that was refused: where it was tried, and what it was used for before."""

    attempt_id: UUID
    code: str
    number: str
    visit_id: ShortId
    institution_code: str
    member_id: UUID
    used_pool_code: str
    used_visit_id: ShortId
    used_at: datetime
    attempted_at: datetime
    attempted_by: str


class DischargeIn(WireModel):
    """The discharge of an inpatient."""

    discharged_at: Moment


class SettlementIn(WireModel):
    """A settlement of the lines uploaded before, or of the lines sent along."""

    lines: list[LineIn] | None = Field(default=None, min_length=1, max_length=UPLOAD_LINES_MAX)
    from_account: Annotated[Yuan, Field(ge=0)] = 0
    """What the patient wants to pay of his part from the household's family account, at most."""
    midway: bool = False
    """Settles what was uploaded so far of a stay that goes on (mid_setl_flag): one admission, one deductible. Where the
    policy splits costs over the years of their days: the earlier year's, also after the discharge."""
    off_path: Reason | None = None
    """Why the case left the agreed path of its disease: the policy's ordinary rows apply, and the slip says so."""


class CancellationIn(WireModel):
    """Why a settlement is cancelled."""

    reason: Reason


class LayerOut(WireModel):
    """What one payer owes the hospital of a claim."""

    layer: str
    payer: str
    book: str
    risk_bearer: str
    amount: Yuan
    recover: Yuan
    """Of it what a liable third party owes the fund, which pays first."""


class ClaimOut(WireModel):
    """A claim; ``setl_id`` and ``mdtrt_id`` are ids in the form of hospitals, ``number`` is the one for people."""

    claim_id: UUID
    setl_id: ShortId
    number: Number
    visit_id: UUID
    mdtrt_id: ShortId
    institution_code: str
    member_id: UUID
    township_code: str
    kind: Kind
    status: Status
    version: int
    admitted_on: date
    discharged_on: date | None
    settled_on: date
    settled_at: datetime
    benefit_year: int
    outcome: str
    total: Yuan
    eligible: Yuan
    benefit: Yuan
    patient: Yuan
    """The patient's part; ``account`` of it came from the family account."""
    account: Yuan
    elsewhere: Yuan
    """Benefit of the basic settlement that was made elsewhere."""
    hospital: Yuan
    """What the hospital bears itself, over the limit of a disease."""
    midway: bool
    """Settled in the middle of the stay (mid_setl_flag): more settlements of the same admission follow."""
    part: int
    """Number of the settlement among those of its admission."""
    paid_to: Literal["hospital", "person"]
    """Who is owed the benefit: the hospital that advanced it, or the person who paid in full (window)."""
    payable: Yuan
    policy_id: str
    policy_hash: str
    catalogue_version: str
    coverage_sequence: int
    cutoff_id: UUID | None
    reversal_id: UUID | None
    """The negative claim that takes it back; nothing of most."""
    layers: list[LayerOut]


class ClaimLineOut(WireModel):
    """A line as sent and as counted: amount = excluded + over_ceiling + own_share + eligible."""

    number: int
    item_code: str
    item_name: str
    day: date | None
    price: UnitPrice
    quantity: Quantity
    amount: Yuan
    eligible: Yuan
    over_ceiling: Yuan
    own_share: Yuan
    reason: str


class TraceOut(WireModel):
    """How a claim was decided, step by step, and on what."""

    claim_id: UUID
    outcome: str
    policy_id: str
    policy_hash: str
    catalogue_version: str
    coverage_sequence: int
    benefit: Yuan
    patient: Yuan
    lines: list[ClaimLineOut]
    trace: list[StepWire]
    illustrative: list[str]


class QuoteOut(WireModel):
    """What a settlement would give now. Nothing is stored."""

    visit_id: UUID
    benefit: Yuan
    patient: Yuan
    decision: DecisionWire
    slip: str


class StateTotal(WireModel):
    """Claims in one state."""

    status: Status
    count: int
    total: Yuan
    benefit: Yuan
    payable: Yuan


class TotalsOut(WireModel):
    """Control figures of the claims settled in a span of business days (both included)."""

    from_day: date
    to_day: date
    count: int
    benefit: Yuan
    states: list[StateTotal]


CaseOutcome = Literal["stands", "restored", "repaid", "handed_over"]


class CaseOut(WireModel):
    """A settled claim whose coverage was withdrawn later: it stands, and inspection looks at it (contracts §7)."""

    case_id: UUID
    kind: Literal["coverage_withdrawn"]
    claim_id: UUID
    member_id: UUID
    institution_code: str
    coverage_sequence: int
    status: Literal["open", "closed"]
    opened_at: datetime
    age_days: int | None
    """Days that an open case has waited."""
    outcome: CaseOutcome | None
    reason: str | None
    closed_by: str | None
    closed_at: datetime | None


class CaseClosingIn(WireModel):
    """What came of a case: the settlement stands, coverage was restored, the money came back, or it was handed over
    to whoever pursues it. Closing moves no money."""

    outcome: CaseOutcome
    reason: Reason


class ReadjudicationOut(WireModel):
    """A claim that stood on one which was cancelled. It waits to be decided again (`waiting`), stands on a list that
    waits for its approval (`listed`), or was decided by an approved one (`decided`); `void` where it does not stand
    itself any more. Its slip never changes."""

    claim_id: UUID
    cancelled_claim_id: UUID
    institution_code: str
    listed_at: datetime
    state: Literal["waiting", "listed", "decided", "void"]
    list_id: ShortId | None


class LateDifferenceOut(WireModel):
    """A claim settled before a version was decided that was to count already: difference = benefit − benefit_before.
    ``paid_more`` is what earlier lists of increases gave for it, and ``to_pay`` the rest, or nothing. What the review
    cut is not owed and counts in no increase; where it cut the bill as a whole (``cut``), a person has to look."""

    claim_id: UUID
    setl_id: ShortId
    member_id: UUID
    institution_code: str
    admitted_on: date
    settled_on: date
    policy_before: str
    outcome: str
    benefit_before: Yuan
    benefit: Yuan
    difference: Yuan
    paid_more: Yuan
    to_pay: Yuan
    reproduced: bool
    cut: bool


class CreditOut(WireModel):
    """A credit of a family account."""

    year: int
    amount: Yuan
    reason: str
    credited_on: date


class FamilyAccountOut(WireModel):
    """A household's family account: balance = credited − spent."""

    household_id: UUID
    credited: Yuan
    spent: Yuan
    balance: Yuan
    credits: list[CreditOut]
