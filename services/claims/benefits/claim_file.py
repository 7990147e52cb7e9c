"""A claim written in a file (`heyi quote --claim FILE`), YAML or JSON, decided by a policy as a calculation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from services.claims.benefits.areas import USUAL_PLACE
from services.claims.benefits.case import keys_of
from services.claims.benefits.claim_check import claim_findings, default_scope
from services.claims.benefits.claim_document import ClaimDoc, EarlierDoc
from services.claims.benefits.document import PolicyErrors, Source, read
from services.claims.benefits.engine import ACCOUNT_SPENT, adjudicate, benefit_year
from services.claims.benefits.face import Billed, Face, faces_of
from services.claims.benefits.messages import refused
from services.claims.benefits.model import (
    AccumulatorKey,
    Adjudication,
    Carried,
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
from services.claims.benefits.quote import group_code

_PLAIN, _PLAIN_NAME = "eligible", "可补偿费用"
_E4 = 10_000
_MICRO_PER_FEN = 10_000


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A claim as it was written, with the line of each of its members."""

    document: ClaimDoc
    source: Source


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, and the lines as a slip shows them."""

    adjudication: Adjudication
    faces: dict[int, Face]


def read_claim(text: str) -> ClaimFile:
    """The claim of a file. Raises PolicyErrors that name every guilty line."""
    source = read(text, "费用文件")
    try:
        return ClaimFile(ClaimDoc.model_validate(source.raw), source)
    except ValidationError as wrong:
        raise refused(source, wrong, ClaimDoc) from wrong


def decide(file: ClaimFile, policy: Policy) -> Answer:
    """Decides a claim of a file as a calculation. Raises PolicyErrors that name every line that contradicts."""
    document = file.document
    if wrong := claim_findings(document, file.source, policy):
        raise PolicyErrors(wrong)
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
    } or {_PLAIN: Item(_PLAIN, "A", name=_PLAIN_NAME)}
    if document.eligible is not None:
        faces = {1: Face(_PLAIN_NAME, "A")}
    else:
        faces = faces_of((_billed(line) for line in claim.lines), items, document.institution.level)
    return Answer(adjudicate(claim, _facts(document, claim, policy, items), policy), faces)


def _billed(line: Line) -> Billed:
    """A line with the unit price that its amount and quantity come from, where that is a whole one."""
    price, rest = divmod(line.amount_fen * _MICRO_PER_FEN * _E4, line.quantity_e4)
    return Billed(line.code, "", None if rest else price, line.quantity_e4)


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
        emergency=document.emergency or "emergency" in document.decided,
        migrant=document.migrant or "migrant" in document.decided,
        referred=document.referred or "referred" in document.decided,
        disease=document.disease,
        off_path=document.off_path or "",
        from_account_fen=document.family_account.pay if document.family_account is not None else 0,
        elsewhere=None
        if given is None
        else Elsewhere(given.settlement, given.total, given.eligible, given.benefit, given.over_cap),
        submitted_on=document.submitted,
    )


def _facts(document: ClaimDoc, claim: ClaimInput, policy: Policy, items: dict[str, Item]) -> Facts:
    person, place = document.person, document.institution
    voluntary = {layer.id for layer in policy.layers if layer.voluntary}
    covered = (Interval(date.min, None),)
    return Facts(
        institution=Institution(
            place.level, place.place or USUAL_PLACE.get(place.level, "in_county"), place.ownership, place.designation
        ),
        coverage=covered if person.coverage is None else tuple(days.interval() for days in person.coverage),
        items=items,
        used=dict(_used(document, claim, policy)),
        groups=frozenset(group_code(group, policy) for group in person.groups),
        birth_date=person.birth,
        third_party=document.third_party,
        earlier=None if document.earlier is None else _earlier(document.earlier, policy),
        joined=frozenset(voluntary if person.joined is None else person.joined),
        third_party_share=document.third_party_share,
        entitlements=tuple(Entitlement(card.kind, card.disease, *card.interval()) for card in person.cards),
        newborn_of=tuple(days.interval() for days in person.newborn_of),
        account_credit_fen=document.family_account.credit if document.family_account is not None else 0,
        decided=frozenset(document.decided),
        late_approved=document.late_approved,
        insured=person.insured,
    )


def _earlier(earlier: EarlierDoc, policy: Policy) -> Earlier:
    """What earlier parts of the admission come to, as the bucket that takes the bill of the first layer had it."""
    total = earlier.eligible if earlier.total is None else earlier.total
    had = Carried(
        policy.layers[0].id,
        base_fen=earlier.eligible,
        worked_fen=earlier.benefit,
        uncapped_fen=earlier.benefit,
        benefit_fen=earlier.benefit,
        deductible_fen=earlier.deductible,
        hospital_fen=earlier.hospital,
    )
    return Earlier(total, earlier.eligible, 0, (had,))


def _used(document: ClaimDoc, claim: ClaimInput, policy: Policy) -> list[tuple[AccumulatorKey, int]]:
    """The counts before the claim; a count of the family account has no year."""
    found = []
    for written, amount in document.used.items():
        scope, _, name = written.rpartition(":")
        year = 0 if name == ACCOUNT_SPENT else benefit_year(claim, policy)
        scope = scope or default_scope(name)
        counts = amount // 100 if name.endswith(".admissions") else amount
        found += [(key, counts) for key in keys_of(claim, year, scope, name)]
    return found


def _quantity(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * _E4 + int((rest + "0000")[:4])
