"""What the routes of campaigns take and give."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.claims.benefits.schema import Level
from services.claims.campaigns.model import NOTICE_DAYS_MIN
from services.claims.visits.schemas import Kind
from shared.contracts.wire import FreeText, Ratio, Reason, ShortId, WireModel, Yuan
from shared.http.pages import Page

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

DocumentNumber = Annotated[Reason, Field(max_length=64)]

Formula = Literal["proportional", "banded", "top_up"]
Status = Literal["open", "proposed", "approved", "published", "released", "closed"]
LineStatus = Literal["listed", "struck", "superseded", "released", "paid", "returned"]


class CampaignIn(WireModel):
    """The pot of a benefit year that is over, as the committee decided it from the surplus."""

    year: Annotated[int, Field(ge=2003, le=2100)]
    title: Reason
    pot: Annotated[Yuan, Field(gt=0)]
    document_number: DocumentNumber
    decided_on: date


class SelectionIn(WireModel):
    """A row of what is selected: all that it names has to fit, and one row is enough (MOH: groups, diseases, …)."""

    groups: list[Annotated[Code, Field(max_length=64)]] = Field(default_factory=list, max_length=32)
    """By code or by name, on the day of admission."""
    diseases: list[Annotated[Code, Field(max_length=32)]] = Field(default_factory=list, max_length=500)
    """A code covers what is under it."""
    levels: list[Level] = Field(default_factory=list, max_length=5)
    clause: Reason
    """The words of the committee that say so."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.groups or self.diseases or self.levels):
            raise ValueError("写明人群、病种或医疗机构级别中的至少一项 / name groups, diseases or levels")
        return self


class HighCostIn(WireModel):
    """High cost: only who paid more than this himself over the year, of what counts."""

    own_above: Annotated[Yuan, Field(gt=0)]
    clause: Reason
    """The words of the committee that say so."""


class ScopeIn(WireModel):
    """Which own payments of the year count."""

    kinds: list[Kind] = Field(default=["inpatient"], min_length=1, max_length=2)
    exclude_fixed: bool = True
    """Leaves out care that a fixed amount was paid for; accidents are always left out."""
    counts_toward: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{0,64}$")] = ""
    """Name of the yearly count of a person that the payments add to, only where the policy says so."""
    clause: FreeText = ""
    """The words of the policy that say so."""
    only: list[SelectionIn] = Field(default_factory=list, max_length=20)
    """Selected groups, diseases and levels; empty: all."""
    high_cost: HighCostIn | None = None


class BandIn(WireModel):
    """A step of the excess over the threshold; the last has no end."""

    up_to: Yuan | None = None
    ratio: Ratio


class TermsIn(WireModel):
    """A formula: the pot in proportion, bands of the excess, or a top-up to a least share of the eligible costs."""

    formula: Formula
    threshold: Annotated[Yuan, Field(ge=0)] = 0
    """Own payments up to here stay with the person."""
    combined_cap: Annotated[Yuan, Field(ge=0)] | None = None
    """First and second compensation together, per person."""
    bands: list[BandIn] = Field(default_factory=list, max_length=20)
    floor_ratio: Ratio = 0


class ApprovalIn(WireModel):
    """The number of the document that approves the list."""

    document_number: DocumentNumber


class PublicationIn(WireModel):
    """For how many days the list hangs out."""

    days: Annotated[int, Field(ge=NOTICE_DAYS_MIN, le=60)] = NOTICE_DAYS_MIN


class ObjectionIn(WireModel):
    """An objection to a line of the list, or to an omission in a township. Names stay out of the text."""

    payment_id: UUID | None = None
    township_code: Annotated[str, Field(pattern=r"^(\d{6,12})?$")] = ""
    ground: Reason


class ObjectionDecisionIn(WireModel):
    """``rejected``: the list stands; ``struck``: the line goes; ``recompute``: the list is void."""

    outcome: Literal["rejected", "struck", "recompute"]
    note: Reason


class VoidIn(WireModel):
    """Why a published list is to be made void."""

    reason: Reason


class ReleaseIn(WireModel):
    """The last day on which the money may be claimed."""

    claim_by: date


class YearSum(WireModel):
    """What was paid in a calendar year."""

    year: int
    persons: int
    amount: Yuan


class CampaignOut(WireModel):
    """A campaign as it stands: reported under ``year``, spent in the years of ``paid_in``."""

    campaign_id: UUID
    year: int
    title: str
    document_number: str
    decided_on: date
    pot: Yuan
    status: Status
    version: int
    run: int
    list_number: int
    scope: ScopeIn | None
    """What the candidates were computed on; groups by their codes."""
    restriction: list[str]
    """For whom it is, in words with their clauses, as the list shows it; empty: for everybody."""
    formula: Formula | None
    listed: int
    listed_amount: Yuan
    left: Yuan
    """What the list leaves of the pot."""
    paid: Yuan
    returned: Yuan
    paid_in: list[YearSum]
    opened_by: str
    proposed_by: str | None
    approved_by: str | None
    approval_number: str | None
    published_on: date | None
    objections_until: date | None
    released_on: date | None
    claim_by: date | None
    closed_on: date | None
    void_asked_by: str | None
    void_reason: str | None


class ComputedOut(WireModel):
    """The candidates of a run, and the claims of the year that did not count, by state."""

    campaign: CampaignOut
    candidates: int
    left_out: dict[str, int]


class CandidateOut(WireModel):
    """A person's year, of what counts: own = eligible − first − excluded."""

    member_id: UUID
    township_code: str
    eligible: Yuan
    first: Yuan
    excluded: Yuan
    own: Yuan
    beside: Yuan
    """What was paid of claims of the year that do not count, for the cap on first and second together."""
    room: Yuan | None
    """What the cap of the year of care leaves, where the payments count toward it."""
    claims: list[ShortId]


class TownshipSum(WireModel):
    """What a list gives the people of a township."""

    township_code: str
    persons: int
    amount: Yuan


class SimulationOut(WireModel):
    """What terms give; ``due`` over ``paid`` tells how far the pot falls short."""

    formula: Formula
    persons: int
    due: Yuan
    paid: Yuan
    left: Yuan
    largest: Yuan
    smallest: Yuan
    townships: list[TownshipSum]


class NamesOut(WireModel):
    """Names fetched now, and how many are still missing."""

    fetched: int
    missing: int


class PublicLineOut(WireModel):
    """A line as it hangs out: masked name, village, amount."""

    payment_id: UUID
    township_code: str
    village_code: str
    name: str
    amount: Yuan
    status: LineStatus


class NoticeOut(Page[PublicLineOut]):
    """The list as it hangs out, and for whom it is."""

    title: str
    document_number: str
    restriction: list[str]
    """For whom the campaign is, with the clauses; empty: for everybody."""


class LineOut(WireModel):
    """A line of the list."""

    payment_id: UUID
    psn_no: ShortId
    township_code: str
    village_code: str | None
    name: str | None
    base: Yuan
    due: Yuan
    amount: Yuan
    status: LineStatus
    paid_on: date | None


class PlaceSum(WireModel):
    """The list of a village in one state."""

    township_code: str
    village_code: str | None
    status: LineStatus
    persons: int
    amount: Yuan


class ObjectionOut(WireModel):
    """An objection and how it was decided."""

    objection_id: UUID
    payment_id: UUID | None
    township_code: str
    ground: str
    raised_by: str
    raised_at: datetime
    outcome: Literal["rejected", "struck", "recompute"] | None
    note: str | None
    decided_by: str | None
    decided_at: datetime | None


class ObjectionMade(WireModel):
    """The number of an objection."""

    objection_id: UUID
