"""A campaign of second compensation: its states, the terms of its formula, and the list they give. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.claims.benefits.model import Band
from services.claims.benefits.second import Campaign as Decided
from services.claims.benefits.second import Candidate, PaymentList, banded, proportional, top_up
from services.claims.campaigns.selection import Selection, high_cost_words, selection_from

OPEN, PROPOSED, APPROVED = "open", "proposed", "approved"
PUBLISHED, RELEASED, CLOSED = "published", "released", "closed"
LISTED, STRUCK, SUPERSEDED, PAID, RETURNED = "listed", "struck", "superseded", "paid", "returned"
PROPORTIONAL, BANDED, TOP_UP = "proportional", "banded", "top_up"
NOTICE_DAYS_MIN = 7
"""A list hangs out for a week at least before money moves."""
NAMES_AT_ONCE = 500
"""Listed persons whose masked names one request asks enrollment for."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The formula and its parameters, amounts in fen, ratios 1/10,000."""

    formula: str
    threshold_fen: int = 0
    combined_cap_fen: int | None = None
    bands: tuple[Band, ...] = ()
    floor_ratio: int = 0

    def row(self) -> dict[str, Any]:
        """Its stored form."""
        return {
            "formula": self.formula,
            "threshold_fen": self.threshold_fen,
            "combined_cap_fen": self.combined_cap_fen,
            "bands": [[band.up_to_fen, band.ratio] for band in self.bands],
            "floor_ratio": self.floor_ratio,
        }


def terms_from(row: dict[str, Any]) -> Terms:
    """Terms from their stored form."""
    bands = tuple(Band(up_to, ratio) for up_to, ratio in row["bands"])
    return Terms(row["formula"], row["threshold_fen"], row["combined_cap_fen"], bands, row["floor_ratio"])


def payment_list(candidates: Iterable[Candidate], pot_fen: int, terms: Terms) -> PaymentList:
    """What the terms give the candidates of a pot; the same every time it is computed. Raises BadCampaign."""
    decided = Decided(pot_fen, terms.threshold_fen, terms.combined_cap_fen)
    if terms.formula == PROPORTIONAL:
        return proportional(candidates, decided)
    if terms.formula == BANDED:
        return banded(candidates, decided, terms.bands)
    return top_up(candidates, decided, terms.floor_ratio)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which own payments of the year count, and where the second compensation counts."""

    kinds: tuple[str, ...]
    """Kinds of care."""
    exclude_fixed: bool
    """Leaves out claims that a fixed amount was paid for; accidents are always left out."""
    counts_toward: str = ""
    """Name of the person's yearly count that the payments add to, where the policy says so; empty: none."""
    clause: str = ""
    """The words of the policy that say so."""
    only: tuple[Selection, ...] = ()
    """Selected claims; empty: all."""
    own_above_fen: int = 0
    """High cost: only who paid more than this himself over the year, of what counts; 0: everybody."""
    own_above_clause: str = ""
    """The words of the committee that say so."""

    def row(self) -> dict[str, Any]:
        """Its stored form."""
        return {
            "kinds": list(self.kinds),
            "exclude_fixed": self.exclude_fixed,
            "counts_toward": self.counts_toward,
            "clause": self.clause,
            "only": [one.row() for one in self.only],
            "own_above_fen": self.own_above_fen,
            "own_above_clause": self.own_above_clause,
        }

    def restriction(self) -> list[str]:
        """For whom the campaign is, a sentence a row with its clause; empty: for everybody."""
        told = [one.words for one in self.only]
        return [*told, high_cost_words(self.own_above_fen, self.own_above_clause)] if self.own_above_fen else told


def scope_from(row: dict[str, Any]) -> Scope:
    """A scope from its stored form."""
    only = tuple(selection_from(one) for one in row["only"])
    return Scope(**{**row, "kinds": tuple(row["kinds"]), "only": only})


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it stands; sums in fen."""

    id: UUID
    year: int
    """The benefit year: the year of care under which it is reported."""
    title: str
    document_number: str
    decided_on: date
    pot_fen: int
    status: str
    version: int
    run: int
    """Number of the computation of candidates that counts; 0 before the first."""
    list_number: int
    """Number of the approved list that counts; 0 before the first."""
    scope: dict[str, Any] | None
    terms: dict[str, Any] | None
    listed: int
    listed_fen: int
    paid_fen: int
    returned_fen: int
    opened_by: str
    opened_at: datetime
    proposed_by: str | None = None
    approved_by: str | None = None
    approval_number: str | None = None
    published_on: date | None = None
    objections_until: date | None = None
    released_by: str | None = None
    released_on: date | None = None
    claim_by: date | None = None
    closed_on: date | None = None
    void_asked_by: str | None = None
    """Who asked for the published list to be made void; another person does it."""
    void_reason: str | None = None

    def restriction(self) -> list[str]:
        """For whom it is, as its candidates were computed last."""
        return [] if self.scope is None else scope_from(self.scope).restriction()


COLUMNS = tuple(Campaign.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the approved list."""

    id: UUID
    member_id: UUID
    household_id: UUID
    township_code: str
    village_code: str | None
    masked_name: str | None
    base_fen: int
    due_fen: int
    amount_fen: int
    status: str
    version: int
    paid_on: date | None = None
    claims: list[UUID] = field(default_factory=list)
