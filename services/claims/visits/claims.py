"""Claims as they are decided and shown. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.claims.benefits.engine import ACCOUNT_LAYER
from services.claims.benefits.model import FULL_RATIO, Earlier, LayerResult
from shared.contracts.claims import LayerAmount
from shared.kernel.ids import to_base32
from shared.kernel.money import format_yuan, round_half_up

SETTLED, APPROVED, REJECTED = "settled", "approved", "rejected"
RETURNED, CANCELLED, RELEASED = "returned", "cancelled", "released"
REVERSED = "reversed"
"""Paid and taken back by a negative claim of a later day (rulings §2)."""
VOID = frozenset({CANCELLED, REVERSED})
CANCELLABLE = frozenset({SETTLED, APPROVED, REJECTED, RETURNED})
WITHIN_THE_HOUR = timedelta(hours=1)
FUND_BOOK = "basic"
"""Book of the layers that the fund pays."""


@dataclass(slots=True)
class Claim:
    """A claim: its record as settled, and where it stands now (``status``, ``version``, ``payable_fen``, layers)."""

    id: UUID
    institution_code: str
    visit_id: UUID
    member_id: UUID
    household_id: UUID
    township_code: str
    kind: str
    status: str
    version: int
    admitted_on: date
    discharged_on: date | None
    settled_on: date
    settled_at: datetime
    settled_by: str
    benefit_year: int
    outcome: str
    total_fen: int
    eligible_fen: int
    benefit_fen: int
    payable_fen: int
    """What the fund owes the hospital: benefit and family account, less what the review withholds."""
    policy_id: str
    policy_hash: str
    catalogue_version: str
    coverage_sequence: int
    layers: list[dict[str, Any]]
    cutoff_id: UUID | None = None
    reversal_id: UUID | None = None
    """The negative claim that takes it back."""
    number: str = ""
    """For people; given when the settlement is decided."""
    account_fen: int = 0
    """What of the patient's part the family account pays."""
    elsewhere_fen: int = 0
    """Benefit of the basic settlement that was made elsewhere."""
    hospital_fen: int = 0
    """What the hospital bears itself: costs over the limit of a disease, where the policy says so."""
    midway: bool = False
    """Settled in the middle of the stay (mid_setl_flag): more settlements of the same admission follow."""
    part: int = 1
    """Number of the settlement among those of its admission."""
    sheets_to: int = 0
    """Uploads of the visit up to this one are settled by it and by the parts before."""
    deductible_fen: int = 0
    """What of the deductible it took."""
    so_far: list[Any] | None = None
    """Of a part of a stay: what the admission has come to with it (`Earlier.stored`), for the next part."""
    paid_to: str = "hospital"
    """Who is owed the benefit: the hospital that advanced it, or the ``person`` who paid in full."""

    @property
    def fund_fen(self) -> int:
        """What the hospital advanced for the fund: benefit and family account; what the day's totals count of it."""
        return self.benefit_fen + self.account_fen

    @property
    def patient_fen(self) -> int:
        """The patient's part, of which the family account may pay some."""
        return self.total_fen - self.elsewhere_fen - self.benefit_fen - self.hospital_fen


def earlier_parts(parts: Sequence[Claim]) -> Earlier | None:
    """What earlier settlements of one admission had, took and paid: as the last one says; None without any."""
    last = max(parts, key=lambda one: one.part, default=None)
    return None if last is None or last.so_far is None else Earlier.of(last.so_far)


def settled_sheets(parts: Iterable[Claim]) -> int:
    """Number of the last upload that settlements of an admission hold."""
    return max((one.sheets_to for one in parts), default=0)


COLUMNS = tuple(Claim.__dataclass_fields__)
"""The columns of table ``claim`` beside the pool, in the order of the class."""


def claim_of(row: Any) -> Claim:
    """A claim from its row."""
    return Claim(**{column: row[column] for column in COLUMNS})


def stored_layers(layers: tuple[LayerResult, ...], recover_share: int = 0) -> list[dict[str, Any]]:
    """Layers as kept with the claim; ``amount_fen`` is what is payable, at first the whole benefit.

    ``recover_share`` is the part in 1/10,000 that a third party owes the fund; it stands in the layers of the fund's
    book alone: what the household paid from its account is its own to ask for, and another payer recovers for himself.
    """
    return [
        {
            "layer": layer.layer,
            "payer": layer.payer,
            "account": layer.account,
            "expense_account": layer.expense_account,
            "book": layer.book,
            "risk_bearer": layer.risk_bearer,
            "amount_fen": layer.benefit_fen,
            **({"recover_share": recover_share} if recover_share and _of_fund(layer) else {}),
        }
        for layer in layers
    ]


def _of_fund(layer: LayerResult) -> bool:
    return layer.book == FUND_BOOK and layer.layer != ACCOUNT_LAYER


def recover_fen(layer: Mapping[str, Any]) -> int:
    """What of a layer's amount a third party owes the fund, half up to the fen."""
    return round_half_up(layer["amount_fen"] * layer.get("recover_share", 0), FULL_RATIO)


def told_layers(layers: list[dict[str, Any]]) -> list[LayerAmount]:
    """Layers as events tell them."""
    return [
        LayerAmount.model_construct(
            layer=one["layer"],
            payer=one["payer"],
            account=one["account"],
            expense_account=one["expense_account"],
            book=one["book"],
            risk_bearer=one["risk_bearer"],
            amount=one["amount_fen"],
            recover=recover_fen(one),
        )
        for one in layers
    ]


def view(claim: Claim) -> dict[str, Any]:
    """A claim as the API shows it; ``setl_id`` and ``mdtrt_id`` are its ids in the form of hospitals."""
    return {
        "claim_id": str(claim.id),
        "setl_id": to_base32(claim.id),
        "number": claim.number,
        "visit_id": str(claim.visit_id),
        "mdtrt_id": to_base32(claim.visit_id),
        "institution_code": claim.institution_code,
        "member_id": str(claim.member_id),
        "township_code": claim.township_code,
        "kind": claim.kind,
        "status": claim.status,
        "version": claim.version,
        "admitted_on": claim.admitted_on.isoformat(),
        "discharged_on": None if claim.discharged_on is None else claim.discharged_on.isoformat(),
        "settled_on": claim.settled_on.isoformat(),
        "settled_at": claim.settled_at.isoformat().replace("+00:00", "Z"),
        "benefit_year": claim.benefit_year,
        "outcome": claim.outcome,
        "total": format_yuan(claim.total_fen),
        "eligible": format_yuan(claim.eligible_fen),
        "benefit": format_yuan(claim.benefit_fen),
        "patient": format_yuan(claim.patient_fen),
        "account": format_yuan(claim.account_fen),
        "elsewhere": format_yuan(claim.elsewhere_fen),
        "hospital": format_yuan(claim.hospital_fen),
        "midway": claim.midway,
        "part": claim.part,
        "paid_to": claim.paid_to,
        "payable": format_yuan(claim.payable_fen),
        "policy_id": claim.policy_id,
        "policy_hash": claim.policy_hash,
        "catalogue_version": claim.catalogue_version,
        "coverage_sequence": claim.coverage_sequence,
        "cutoff_id": None if claim.cutoff_id is None else str(claim.cutoff_id),
        "reversal_id": None if claim.reversal_id is None else str(claim.reversal_id),
        "layers": [
            {
                "layer": one["layer"],
                "payer": one["payer"],
                "book": one["book"],
                "risk_bearer": one["risk_bearer"],
                "amount": format_yuan(one["amount_fen"]),
                "recover": format_yuan(recover_fen(one)),
            }
            for one in claim.layers
        ],
    }
