"""What the routes of cases take and give."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.wire import FreeText, Ratio, Reason, ShortId, WireModel

Kind = Literal[
    "chronic_card", "special_card", "tb", "rabies", "delivery", "referral", "out_of_area", "emergency", "migrant",
    "late_submission", "accident",
]  # fmt: skip
Status = Literal["submitted", "endorsed", "opposed", "granted", "denied", "ended"]
Act = Literal[
    "submitted", "endorsed", "opposed", "posted", "objected", "replied", "granted", "denied", "ended",
]  # fmt: skip
Liability = Literal["none", "accident", "shared", "liable", "advanced"]
Code = Annotated[str, StringConstraints(max_length=64, strip_whitespace=True)]


class PaperIn(WireModel):
    """A paper that came with the case: what it is, and where it is kept or its digest."""

    kind: Reason
    reference: Annotated[str, StringConstraints(max_length=128)] = ""


class CaseIn(WireModel):
    """The case form. ``visit_id`` for an accident, ``disease_code`` for cards and programmes.

    The days are those on which what is applied for holds: for late submission, those on which the care ended; of an
    accident ``valid_from`` is the day on which it happened.
    """

    kind: Kind
    member_id: ShortId
    institution_code: Code = ""
    visit_id: ShortId | None = None
    disease_code: Code = ""
    valid_from: date
    valid_to: date | None = None
    papers: list[PaperIn] = Field(max_length=50)
    note: FreeText = ""


class CheckIn(WireModel):
    """The township's opinion; of an accident with the liability that scene and witnesses show."""

    endorsed: bool
    note: Reason
    liability: Liability | None = None
    share: Ratio = 0
    """Part that somebody else bears: of the bill where the liability is shared; of what the fund pays where it
    advances, and then all of it where no part is named."""


class CaseDecisionIn(WireModel):
    """The county's decision; days that are left out stay as applied for."""

    granted: bool
    note: Reason
    valid_from: date | None = None
    valid_to: date | None = None
    liability: Liability | None = None
    share: Ratio = 0
    late_reason: FreeText = ""
    """Why what was told after its days is granted all the same, where the policy lets the director approve that."""


class PostingIn(WireModel):
    """Where the township's opinion on an accident hangs out, since when, and for how long."""

    village_code: Annotated[str, StringConstraints(pattern=r"^\d{6,12}$")]
    place: Reason
    """The board it hangs on."""
    proof: FreeText = ""
    """Number or digest of the photograph that shows it."""
    posted_on: date | None = None
    """Today where it is left out."""
    days: Annotated[int, Field(ge=1, le=60)] | None = None
    """As long as the policy says where it is left out; never shorter."""


class CaseObjectionIn(WireModel):
    """What somebody holds against a case that hangs out. Names stay out of the text."""

    ground: Reason


class CaseObjectionMade(WireModel):
    """The number of an objection within its case."""

    number: int


class CaseReplyIn(WireModel):
    """What became of an objection, and why."""

    upheld: bool
    reply: Reason


class EndIn(WireModel):
    """From which day on what was granted no longer holds, and why."""

    from_day: date
    note: Reason


class CaseStepOut(WireModel):
    """What was done, by whom; ``number`` names an objection in its reply."""

    number: int
    act: Act
    by: str
    role: str
    at: datetime
    on: date
    note: str
    detail: dict[str, Any]


class EntitlementCaseOut(WireModel):
    """A case as it stands."""

    case_id: UUID
    kind: Kind
    status: Status
    version: int
    institution_code: str
    member_id: UUID
    township_code: str
    visit_id: UUID | None
    disease_code: str
    valid_from: date
    valid_to: date | None
    papers: list[PaperIn]
    submitted_by: str
    submitted_at: datetime
    due_on: date
    late: bool
    """Whether it waits beyond the day on which it was due."""
    liability: Liability | None
    share: Ratio
    posted_on: date | None
    """Since when an accident hangs out in its village, and the last day of that."""
    posted_until: date | None


class CaseRecordOut(WireModel):
    """A case with its whole timeline."""

    case: EntitlementCaseOut
    steps: list[CaseStepOut]


class EntitledOut(WireModel):
    """From ``valid_from`` on a fact is granted or not; of one date the highest ``recorded_seq`` counts."""

    code: str
    disease_code: str
    valid_from: date
    recorded_seq: int
    state: Literal["granted", "none"]
