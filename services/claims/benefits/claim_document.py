"""What a claim file may say, read by pydantic from text: everything that a decision may rest on, in an office's words.

What is not written is usual: covered, a public designated hospital, nothing used before. Either `lines` with a
`catalogue`, or `eligible` alone, or `elsewhere` for a basic settlement that was made elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from services.claims.benefits.model import Interval
from services.claims.benefits.schema import Amount, Day, Identifier, Level, Part, Percent, Place, Text


def _some(quantity: str) -> str:
    if not quantity.strip("0."):
        raise ValueError("数量应大于 0")
    return quantity


MOST_INSURED = 99
"""Members of one household: more is a slip of the pen."""
Number = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$"), AfterValidator(_some)]


class DaysDoc(Part):
    """Days from–to, both included; open where `to` is not written."""

    since: Day = Field(alias="from")
    to: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> DaysDoc:
        if self.to is not None and self.to < self.since:
            raise ValueError(f"to {self.to} 早于 from {self.since}")
        return self

    def interval(self) -> Interval:
        """The days as the engine reads them."""
        return Interval(self.since, self.to)


class CardDoc(DaysDoc):
    """A decided case, for example a chronic-disease card."""

    kind: Identifier
    disease: Text


class InstitutionDoc(Part):
    """The hospital."""

    level: Level
    place: Place | None = None
    ownership: Literal["public", "private"] = "public"
    designation: Literal["designated", "none"] = "designated"


class PersonDoc(Part):
    """The patient."""

    birth: Day | None = None
    groups: list[Text] = Field(default_factory=list)
    """By code or by name."""
    coverage: list[DaysDoc] | None = None
    """Covered all the time where it is not written."""
    newborn_of: list[DaysDoc] = Field(default_factory=list)
    joined: list[Identifier] | None = None
    """Has joined every voluntary layer where it is not written."""
    cards: list[CardDoc] = Field(default_factory=list)
    insured: Annotated[int, Field(ge=1, le=MOST_INSURED)] | None = None
    """How many of the household are insured in the year."""


class ItemDoc(Part):
    """An entry of the catalogue."""

    item_class: Literal["A", "B", "C", "none"] = Field(default="A", alias="class")
    own_share: Percent = 0
    ceilings: dict[Literal["village", "township", "county", "prefecture", "province", "*"], Amount] = Field(
        default_factory=dict
    )
    restricted: bool = False
    essential: bool = False
    name: str = ""


class LineDoc(Part):
    """A line of the bill."""

    code: Text
    amount: Amount
    quantity: Number = "1"
    day: Day | None = None
    restriction_met: bool = False


class AccountDoc(Part):
    """The household's family account."""

    credit: Amount
    pay: Amount


class ElsewhereDoc(Part):
    """The basic settlement that was made elsewhere."""

    settlement: Text
    total: Amount
    eligible: Amount
    benefit: Amount
    over_cap: Amount = 0


class EarlierDoc(Part):
    """What earlier settlements of the same admission had and took, and what the first layer paid."""

    total: Amount | None = None
    """Of the bill; as much as was eligible where it is not written."""
    eligible: Amount
    deductible: Amount = 0
    benefit: Amount = 0
    hospital: Amount = 0
    """What the hospital bore over a limit."""


class ClaimDoc(Part):
    """A claim in a file."""

    kind: Literal["inpatient", "outpatient"] = "inpatient"
    admitted: Day | None = None
    discharged: Day | None = None
    settled: Day | None = None
    institution: InstitutionDoc
    person: PersonDoc = PersonDoc()
    disease: str = ""
    off_path: Text | None = None
    """Why the case left the path of its disease."""
    emergency: bool = False
    migrant: bool = False
    referred: bool = False
    decided: list[Literal["referred", "emergency", "migrant"]] = Field(default_factory=list)
    """Circumstances for which there is a decided case; the flags above say what the hospital states."""
    submitted: Day | None = None
    """Day on which the papers came to the window; settled at the bedside where it is not written."""
    late_approved: bool = False
    third_party: Literal["none", "pending", "liable", "shared", "advanced", "accident"] = "none"
    third_party_share: Percent = 0
    family_account: AccountDoc | None = None
    elsewhere: ElsewhereDoc | None = None
    earlier: EarlierDoc | None = None
    eligible: Amount | None = None
    catalogue: dict[str, ItemDoc] = Field(default_factory=dict)
    lines: list[LineDoc] = Field(default_factory=list)
    used: dict[str, Amount] = Field(default_factory=dict)
    """By name of the count, or `scope:name` where it is not the person's year."""

    @model_validator(mode="after")
    def _one_bill(self) -> ClaimDoc:
        if sum((self.eligible is not None, bool(self.lines), self.elsewhere is not None)) != 1:
            raise ValueError("eligible、lines、elsewhere 写且只写一个")
        return self
