"""A claim's slip as a printed paper: what stands on it beside the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.claims.benefits import words
from services.claims.benefits.model import Item
from services.claims.visits.claims import VOID, Claim
from services.claims.visits.record import adjudication_of, bill_faces, document, heading

if TYPE_CHECKING:
    from shared.printing.page import Printed

_BY_HAND = "________"
"""Where a name is not known: it is written by hand."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the claim's record does not hold."""

    hospital: str
    person: str | None
    """Masked; None where enrollment did not answer."""
    scheme: str
    items: Mapping[str, Item]
    """The items of the bill that the claim's catalogue version knows, by code."""


def claim_paper(claim: Claim, detail: Mapping[str, Any], around: Around, language: str) -> "Printed":
    """The slip of a claim as PDF; the same claim and surroundings give the same bytes, void once it is cancelled."""
    from services.claims.benefits.sheet import slip_paper  # the library of papers takes a second to import

    return slip_paper(
        document(adjudication_of(claim, detail)),
        _heading(claim, around, language),
        bill_faces(detail, around.items),
        claim.settled_at,
        language,
        around.scheme,
        void=claim.status in VOID,
    )


def _heading(claim: Claim, around: Around, language: str) -> list[tuple[str, str]]:
    zh = language == "zh"
    number, claim_id, hospital, member, admitted, settled = heading(claim, language)
    kind = ("就诊类别" if zh else "Kind of care", words.word(words.KINDS, claim.kind, language))
    discharged = claim.discharged_on.isoformat() if claim.discharged_on is not None else ""
    return [
        number,
        claim_id,
        (hospital[0], f"{around.hospital}({hospital[1]})"),
        ("姓名" if zh else "Name", around.person or _BY_HAND),
        member,
        kind,
        admitted,
        ("出院日期" if zh else "Discharged", discharged),
        settled,
    ]
