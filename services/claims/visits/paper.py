"""A claim's slip, printed and as text: what stands on it beside the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.claims.benefits import words
from services.claims.benefits.model import Item
from services.claims.benefits.slip import slip_text
from services.claims.visits.claims import VOID, Claim
from services.claims.visits.record import adjudication_of, bill_faces, document
from shared.kernel.ids import to_base32

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


def claim_text(claim: Claim, detail: Mapping[str, Any], around: Around, language: str) -> str:
    """The slip of a claim as text, with the same heading as the printed one."""
    faces, void = bill_faces(detail, around.items), claim.status in VOID
    decision = document(adjudication_of(claim, detail))
    return slip_text(decision, _heading(claim, around, language), faces, language, void=void)


def _heading(claim: Claim, around: Around, language: str) -> list[tuple[str, str]]:
    """What stands above the sum, as (label, value): hospital and person by name and by code, the days."""
    told = {
        ("结算单号", "Number"): claim.number,
        ("结算编号", "Claim"): to_base32(claim.id),
        ("医疗机构", "Institution"): f"{around.hospital}({claim.institution_code})",
        ("姓名", "Name"): around.person or _BY_HAND,
        ("参合编号", "Member"): to_base32(claim.member_id),
        ("就诊类别", "Kind of care"): words.word(words.KINDS, claim.kind, language),
        ("入院(就诊)日期", "Admitted"): claim.admitted_on.isoformat(),
        ("出院日期", "Discharged"): claim.discharged_on.isoformat() if claim.discharged_on is not None else "",
        ("结算日期", "Settled"): claim.settled_on.isoformat(),
    }
    return [(label[language != "zh"], value) for label, value in told.items()]
