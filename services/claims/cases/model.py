"""The case form (rulings §13): its kinds, its states, and what a decision means for the engine. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.claims.visits.entitlements import EMERGENCY, LATE, MIGRANT, REFERRED

ACCIDENT = "accident"
CODES = MappingProxyType(
    {
        "chronic_card": "chronic",
        "special_card": "special",
        "tb": "tb",
        "rabies": "rabies",
        "delivery": "delivery",
        "referral": REFERRED,
        "out_of_area": REFERRED,
        "emergency": EMERGENCY,
        "migrant": MIGRANT,
        "late_submission": LATE,
    }
)
"""Kinds of case, with the code under which the engine sees what was granted."""
FOR_DISEASE = frozenset({"chronic_card", "special_card", "tb", "rabies", "delivery"})
"""Kinds that are granted for a disease, named by the code that bills carry."""

SUBMITTED, ENDORSED, OPPOSED = "submitted", "endorsed", "opposed"
GRANTED, DENIED, ENDED = "granted", "denied", "ended"
POSTED, OBJECTED, REPLIED = "posted", "objected", "replied"
"""Steps of an accident's notice, which leave its state as it is."""
DECIDABLE = frozenset({ENDORSED, OPPOSED})
DECISION_DAYS = 20
"""Days from the submission within which the county decides; the queue shows who is late."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    id: UUID
    institution_code: str
    """The hospital that submitted it, empty where township or window did."""
    kind: str
    member_id: UUID
    household_id: UUID
    township_code: str
    visit_id: UUID | None
    disease_code: str
    valid_from: date
    valid_to: date | None
    papers: list[dict[str, str]]
    status: str
    version: int
    submitted_by: str
    submitted_at: datetime
    due_on: date
    liability: str | None = None
    share: int = 0
    posted_on: date | None = None
    """Since when an accident hangs out in its village."""
    posted_until: date | None = None
    """The last day of that, and the last for an objection."""

    @property
    def code(self) -> str:
        """The code under which the engine sees it."""
        return CODES[self.kind]


COLUMNS = tuple(Case.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did to a case: a row of its timeline, never changed."""

    act: str
    by: str
    role: str
    at: datetime
    on: date
    note: str
    detail: dict[str, Any]
    number: int = 0
    """The version that the case has by it; 0 before it is written."""


def due_on(submitted: date) -> date:
    """The last day on which the county may decide in time."""
    return submitted + timedelta(days=DECISION_DAYS)
