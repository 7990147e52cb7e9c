"""A claim written in a file (`heyi quote --claim FILE`): everything that a decision may rest on, in an office's words.

YAML or JSON. What is not written is usual: covered, a public designated hospital, nothing used before. Either `lines`
with a `catalogue`, or `eligible` alone, or `elsewhere` for a basic settlement that was made elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from services.claims.benefits.compiler import message_of, path_of
from services.claims.benefits.document import PolicyErrors, read
from services.claims.benefits.engine import BadClaim, adjudicate, benefit_year
from services.claims.benefits.face import Face
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    ClaimInput,
    Earlier,
    Elsewhere,
    Entitlement,
    Facts,
    Institution,
    Interval,
    Item,
    Line,
    Policy,
)
from services.claims.benefits.paying import key_of
from services.claims.benefits.quote import USUAL_PLACE, UnknownGroup, known_groups
from services.claims.benefits.schema import Amount, Identifier, Level, Part, Percent, Place, Text

_PLAIN = "eligible"
_E4 = 10_000
_MICRO_PER_FEN = 10_000
Number = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$")]


class DaysDoc(Part):
    """Days from–to, both included; open where `to` is not written."""

    since: date = Field(alias="from")
    to: date | None = None

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

    birth: date | None = None
    groups: list[Identifier] = Field(default_factory=list)
    coverage: list[DaysDoc] | None = None
    """Covered all the time where it is not written."""
    newborn_of: list[DaysDoc] = Field(default_factory=list)
    joined: list[Identifier] | None = None
    """Has joined every voluntary layer where it is not written."""
    cards: list[CardDoc] = Field(default_factory=list)


class ItemDoc(Part):
    """An entry of the catalogue."""

    item_class: Literal["A", "B", "C", "none"] = Field(default="A", alias="class")
    own_share: Percent = 0
    ceilings: dict[str, Amount] = Field(default_factory=dict)
    restricted: bool = False
    essential: bool = False
    name: str = ""


class LineDoc(Part):
    """A line of the bill."""

    code: Text
    amount: Amount
    quantity: Number = "1"
    day: date | None = None
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
    """What an earlier settlement of the same admission took and paid."""

    deductible: Amount = 0
    benefit: Amount = 0


class ClaimDoc(Part):
    """A claim in a file."""

    kind: Literal["inpatient", "outpatient"] = "inpatient"
    admitted: date | None = None
    discharged: date | None = None
    settled: date | None = None
    institution: InstitutionDoc
    person: PersonDoc = PersonDoc()
    disease: str = ""
    off_path: bool = False
    emergency: bool = False
    migrant: bool = False
    referred: bool = False
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


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, the names of the lines, and the lines as a printed slip shows them."""

    adjudication: Adjudication
    names: dict[int, str]
    faces: dict[int, Face]


def read_claim(text: str) -> ClaimDoc:
    """The claim of a file. Raises PolicyErrors that name every guilty line."""
    source = read(text)
    try:
        return ClaimDoc.model_validate(source.raw)
    except ValidationError as wrong:
        raise PolicyErrors([source.finding(path_of(e["loc"]), message_of(e)) for e in wrong.errors()]) from wrong


def decide(document: ClaimDoc, policy: Policy) -> Answer:
    """Decides a claim of a file as a calculation. Raises BadClaim, UnknownGroup."""
    known = known_groups(policy)
    if unknown := set(document.person.groups) - known:
        raise UnknownGroup(unknown, known)
    claim = _claim(document, policy)
    items = {
        code: Item(
            code,
            item.item_class,
            item.own_share,
            {level: fen * _MICRO_PER_FEN for level, fen in item.ceilings.items()} or None,
            item.restricted,
            item.name,
            item.essential,
        )
        for code, item in document.catalogue.items()
    } or {_PLAIN: Item(_PLAIN, "A", name="可补偿费用")}
    names = {line.number: items[line.code].name or line.code for line in claim.lines if line.code in items}
    faces = {
        line.number: Face(
            names.get(line.number, line.code), items[line.code].item_class if line.code in items else "none"
        )
        for line in claim.lines
    }
    return Answer(adjudicate(claim, _facts(document, claim, policy, items), policy), names, faces)


def _claim(document: ClaimDoc, policy: Policy) -> ClaimInput:
    admitted = document.admitted or policy.effective_from
    given = document.elsewhere
    lines: tuple[Line, ...] = ()
    if document.eligible is not None:
        lines = (Line(1, _PLAIN, document.eligible),)
    elif document.lines:
        lines = tuple(
            Line(number, one.code, one.amount, _quantity(one.quantity), None, one.day, one.restriction_met)
            for number, one in enumerate(document.lines, start=1)
        )
    return ClaimInput(
        kind=document.kind,
        admitted_on=admitted,
        settled_on=document.settled or document.discharged or admitted,
        lines=lines,
        discharged_on=document.discharged,
        emergency=document.emergency,
        migrant=document.migrant,
        referred=document.referred,
        disease=document.disease,
        off_path=document.off_path,
        from_account_fen=document.family_account.pay if document.family_account is not None else 0,
        elsewhere=None
        if given is None
        else Elsewhere(given.settlement, given.total, given.eligible, given.benefit, given.over_cap),
    )


def _facts(document: ClaimDoc, claim: ClaimInput, policy: Policy, items: dict[str, Item]) -> Facts:
    person, place = document.person, document.institution
    voluntary = {layer.id for layer in policy.layers if layer.voluntary}
    covered = (Interval(date.min, None),)
    earlier = document.earlier
    return Facts(
        institution=Institution(
            place.level, place.place or USUAL_PLACE.get(place.level, "in_county"), place.ownership, place.designation
        ),
        coverage=covered if person.coverage is None else tuple(days.interval() for days in person.coverage),
        items=items,
        used=dict(_used(document, claim, policy)),
        groups=frozenset(person.groups),
        birth_date=person.birth,
        third_party=document.third_party,
        earlier=None if earlier is None else Earlier(earlier.deductible, earlier.benefit),
        joined=frozenset(voluntary if person.joined is None else person.joined),
        third_party_share=document.third_party_share,
        entitlements=tuple(Entitlement(card.kind, card.disease, *card.interval()) for card in person.cards),
        newborn_of=tuple(days.interval() for days in person.newborn_of),
        account_credit_fen=document.family_account.credit if document.family_account is not None else 0,
    )


def _used(document: ClaimDoc, claim: ClaimInput, policy: Policy) -> list[tuple[AccumulatorKey, int]]:
    """The counts before the claim; a count of the family account has no year."""
    found = []
    for written, amount in document.used.items():
        scope, _, name = written.rpartition(":")
        year = 0 if name.startswith("family_account.") else benefit_year(claim, policy)
        scope = scope or ("household_year" if year == 0 else "person_year")
        if scope not in ("person_year", "household_year", "disease_year", "person_day"):
            raise BadClaim(f"used: {written}: no such period")
        counts = amount // 100 if name.endswith(".admissions") else amount
        found.append((key_of(claim, year, scope, name), counts))
    return found


def _quantity(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * _E4 + int((rest + "0000")[:4])
