"""The services whose facts settlement books, their events, and what each adds up in the totals of a day (pure)."""

from collections.abc import Mapping
from types import MappingProxyType

from services.settlement.ledger.payers import is_payer
from shared.contracts import claims, enrollment

ENROLLMENT = "enrollment"
CLAIMS = "claims"

AMOUNT_OF: Mapping[str, str] = MappingProxyType(
    {
        enrollment.PremiumCollected.TYPE: "amount",
        enrollment.PremiumVoided.TYPE: "amount",
        enrollment.RefundApplied.TYPE: "amount",
        enrollment.PremiumSponsored.TYPE: "amount",
        enrollment.PremiumRemitted.TYPE: "amount",
        enrollment.SubsidyDue.TYPE: "amount",
        claims.ClaimSettled.TYPE: "fund",
        claims.ClaimApproved.TYPE: "approved",
        claims.ClaimRejected.TYPE: "fund",
        claims.ClaimReturned.TYPE: "fund",
        claims.ClaimCancelled.TYPE: "fund",
        claims.ClaimReleased.TYPE: "approved",
        claims.ClaimReversed.TYPE: "fund",
        claims.CampaignPaymentReleased.TYPE: "amount",
        claims.IncreaseReleased.TYPE: "amount",
        claims.FamilyAccountOverspent.TYPE: "amount",
    }
)
"""The member or property of each payload that its source adds up in the totals of the day."""

SOURCES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ENROLLMENT: frozenset(kind for kind in AMOUNT_OF if kind.startswith("heyi.enrollment.")),
        CLAIMS: frozenset(kind for kind in AMOUNT_OF if kind.startswith("heyi.claims.")),
    }
)
"""Types that settlement consumes of each source, and whose totals must agree before a day is closed."""


def sources_of(code: str) -> Mapping[str, frozenset[str]]:
    """The sources whose totals must agree before a day under this code is closed: a payer who is no pool has none."""
    return {} if is_payer(code) else SOURCES


CLAIM_EVENTS = SOURCES[CLAIMS] - {
    claims.CampaignPaymentReleased.TYPE,
    claims.IncreaseReleased.TYPE,
    claims.FamilyAccountOverspent.TYPE,
}
"""Of claims' types those that bring a claim's projection forward."""
