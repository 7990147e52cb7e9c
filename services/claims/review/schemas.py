"""What the routes of the review take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.claims.visits.schemas import ClaimOut, Word
from shared.contracts.claims import Bearer, Ground
from shared.contracts.wire import FreeText, Reason, ShortId, WireModel, Yuan


class CutIn(WireModel):
    """A cut of a bill line, or of the bill as a whole (rulings §1)."""

    line: Annotated[int, Field(ge=1)] | None = None
    bearer: Bearer
    amount: Annotated[Yuan, Field(gt=0)]
    """Of the bill."""
    fund_share: Annotated[Yuan, Field(ge=0)]
    """Of the benefit in it: withheld from who is owed, the hospital or at the window the patient, unless nobody bears
    the cut."""
    penalty: Annotated[Yuan, Field(ge=0)] = 0
    """Owed to the treasury, never to the fund."""
    reason: Reason


class ApprovalIn(WireModel):
    """The claim is accepted, less the cuts."""

    cuts: list[CutIn] = Field(default_factory=list, max_length=500)
    note: FreeText = ""


class RejectionIn(WireModel):
    """Nothing is payable; the bearer is who was owed the benefit: the hospital, at the window the patient."""

    ground: Ground
    bearer: Bearer
    note: Reason


class ReturnIn(WireModel):
    """Back to the hospital, which cancels and settles again or sends what is missing."""

    ground: Ground
    note: Reason


class ReviewOut(WireModel):
    """A claim after its review."""

    claim: ClaimOut
    decision: Literal["approved", "rejected", "returned"]
    reviewer: str
    decided_at: datetime
    cut: Yuan
    taken_back: bool


class CancellationReleaseIn(WireModel):
    """Why the county office lets a claim be cancelled on which a claim of another hospital stands."""

    reason: Reason


class CancellationReleaseOut(WireModel):
    """The release; it holds for good."""

    claim_id: ShortId
    reason: str
    released_at: datetime
    released_by: str


class CutoffIn(WireModel):
    """Release everything approved of a hospital that was settled up to a business day."""

    institution_code: Word
    up_to: date


class CutoffOut(WireModel):
    """A cut-off: settlement pays it whole (contracts §8)."""

    cutoff_id: UUID
    institution_code: str
    up_to: date
    claims: int
    amount: Yuan
    released_at: datetime
    released_by: str


class TypeSum(WireModel):
    """Events of one type on a business day."""

    type: str
    count: int
    amount: Yuan


class DayOut(WireModel):
    """A closed business day and what was published on it."""

    day: date
    totals: list[TypeSum]
