"""What a review may decide: cuts with their bearer and amounts, payables a layer, who must stay out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.claims.benefits.engine import ACCOUNT_LAYER
from services.claims.review.problems import CUT_BEARER, CUT_LINE, CUT_TOO_LARGE, REJECTION_BEARER
from services.claims.visits import ties
from services.claims.visits.claims import Claim
from services.claims.visits.deciding import TO_HOSPITAL, TO_PERSON
from shared.contracts.claims import Bearer
from shared.http.problems import FOUR_EYES
from shared.http.tokens import Actor
from shared.kernel.money import format_yuan, split_by_weight

TAKEN_BACK = frozenset({"fictitious", "not_his"})
"""Grounds on which the person's accumulators are taken back: the care never was, or was not his (rulings §1)."""
NOBODY = "nobody"
BEARERS = {
    "hospital": ("医疗机构", "hospital"),
    "patient": ("病人", "patient"),
    "insurer": ("保险公司", "insurer"),
    NOBODY: ("无人", "nobody"),
}
OWED_TO = {TO_HOSPITAL: "hospital", TO_PERSON: "patient"}
"""Who is owed a benefit: the only one who bears what the review withholds of it."""


@dataclass(frozen=True, slots=True)
class WantedCut:
    """A cut as the reviewer enters it, in fen. ``amount`` of the bill, ``fund_share`` of the benefit."""

    line: int | None
    bearer: Bearer
    amount_fen: int
    fund_share_fen: int
    penalty_fen: int
    reason: str

    @property
    def patient_owed_fen(self) -> int:
        """What the hospital owes the patient of the amount: the part that he paid, where the hospital bears the cut."""
        return self.amount_fen - self.fund_share_fen if self.bearer == "hospital" else 0


def check_bearer(claim: Claim, bearer: Bearer) -> None:
    """Nobody but who is owed the benefit can bear a claim that is refused as a whole. Raises REJECTION_BEARER."""
    owed = OWED_TO[claim.paid_to]
    if bearer != owed:
        raise REJECTION_BEARER(bearer=BEARERS[bearer], owed=BEARERS[owed])


def check_cuts(claim: Claim, line_amounts_fen: Sequence[int], cuts: Sequence[WantedCut]) -> None:
    """Raises CUT_BEARER where neither nobody nor who is owed bears a cut, CUT_LINE for a line that is not on the bill,
    CUT_TOO_LARGE for more than line, bill or benefit hold."""
    by_line: dict[int, int] = {}
    owed = OWED_TO[claim.paid_to]
    for number, cut in enumerate(cuts, start=1):
        if cut.bearer not in (owed, NOBODY):
            raise CUT_BEARER(number=number, bearer=BEARERS[cut.bearer], owed=BEARERS[owed])
        if cut.fund_share_fen > cut.amount_fen:
            raise CUT_TOO_LARGE(number=number, limit=format_yuan(cut.amount_fen))
        if cut.line is None:
            continue
        if not 1 <= cut.line <= len(line_amounts_fen):
            raise CUT_LINE(number=number, line=cut.line, lines=len(line_amounts_fen))
        by_line[cut.line] = by_line.get(cut.line, 0) + cut.amount_fen
        if by_line[cut.line] > line_amounts_fen[cut.line - 1]:
            raise CUT_TOO_LARGE(number=number, limit=format_yuan(line_amounts_fen[cut.line - 1]))
    if sum(cut.amount_fen for cut in cuts) > claim.total_fen:
        raise CUT_TOO_LARGE(number=len(cuts), limit=format_yuan(claim.total_fen))
    if sum(cut.fund_share_fen for cut in cuts) > claim.benefit_fen:
        raise CUT_TOO_LARGE(number=len(cuts), limit=format_yuan(claim.benefit_fen))


def payable_layers(claim: Claim, withheld_fen: int) -> list[dict[str, Any]]:
    """The layers less what is withheld of the benefit, spread over them by their amounts, fen by largest remainder.

    What the family account paid is no benefit and stays whole.
    """
    if not withheld_fen:
        return claim.layers
    weights = [0 if layer["layer"] == ACCOUNT_LAYER else layer["amount_fen"] for layer in claim.layers]
    shares = split_by_weight(withheld_fen, weights)
    return [
        layer | {"amount_fen": layer["amount_fen"] - share} for layer, share in zip(claim.layers, shares, strict=True)
    ]


REVIEW = ("审核", "review")
RELEASE = ("放行", "release")
SETTLE = ("经办结算", "settle")


def check_tie(actor: Actor, claim: Claim) -> None:
    """Nobody decides a claim of the institution of his home unit, or of his household (WC-07, rulings §8)."""
    ties.check_tie(actor, claim.institution_code, claim.household_id)


def check_reviewer(actor: Actor, claim: Claim) -> None:
    """Nobody reviews a claim that he is tied to, or one he entered. Raises CONFLICT_OF_INTEREST, FOUR_EYES."""
    check_tie(actor, claim)
    if actor.subject == claim.settled_by:
        raise FOUR_EYES(act=SETTLE, then=REVIEW)


def check_releaser(actor: Actor, claim: Claim, reviewer: str) -> None:
    """Nobody releases a claim that he is tied to, or one he reviewed. Raises CONFLICT_OF_INTEREST, FOUR_EYES."""
    check_tie(actor, claim)
    if actor.subject == reviewer:
        raise FOUR_EYES(act=REVIEW, then=RELEASE)
