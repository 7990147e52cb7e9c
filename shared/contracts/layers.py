"""The layers that somebody can pay, as claims promises and settlement pays them (rulings §3, §5; decision 0180).

A policy may name no other layer and no other place to pay one from: its payables would wait for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

BASIC: Final = "basic"
CRITICAL_ILLNESS: Final = "critical_illness"
SUPPLEMENTARY: Final = "supplementary"
ASSISTANCE: Final = "assistance"
FAMILY_ACCOUNT: Final = "family_account"
SECOND_COMPENSATION: Final = "second_compensation"
LayerBook = Literal["basic", "critical_illness", "supplementary", "assistance"]
RiskBearer = Literal["pool", "insurer", "government"]


@dataclass(frozen=True, slots=True)
class PaidFrom:
    """Book and account that pay a layer, the accounts its benefits are booked on, and who may bear its risk."""

    book: LayerBook
    account: str
    expenses: tuple[str, ...]
    risk_bearers: tuple[RiskBearer, ...]


PAID_FROM: Mapping[str, PaidFrom] = MappingProxyType(
    {
        BASIC: PaidFrom("basic", "1001.02", ("5001.01", "5001.02", "5001.03", "5001.04"), ("pool",)),
        CRITICAL_ILLNESS: PaidFrom("critical_illness", "1001", ("5001",), ("insurer", "pool")),
        SUPPLEMENTARY: PaidFrom("supplementary", "1001", ("5001",), ("insurer",)),
        ASSISTANCE: PaidFrom("assistance", "1001", ("5002",), ("government",)),
        FAMILY_ACCOUNT: PaidFrom("basic", "1001.02", ("5002",), ("pool",)),
        SECOND_COMPENSATION: PaidFrom("basic", "1001.02", ("5001.05",), ("pool",)),
    }
)
POLICY_LAYERS: Final = (BASIC, CRITICAL_ILLNESS, SUPPLEMENTARY, ASSISTANCE)
"""What a policy may call its layers, in the usual order; the document's own order counts."""
