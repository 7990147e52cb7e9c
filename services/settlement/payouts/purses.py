"""From which bank account each layer is paid, by whose hands, and which layers a batch pays together (rulings §3, §5;
decision 0180; pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from services.settlement.funding.accounts import (
    ASSISTANCE_ACCOUNT,
    BANK_ACCOUNTS,
    BASIC,
    CRITICAL_ILLNESS_ACCOUNT,
    EXPENDITURE,
    SUPPLEMENTARY_ACCOUNT,
    BankAccount,
)
from shared.contracts import layers
from shared.kernel.errors import Words

BASIC_LAYER: Final = layers.BASIC
SECOND_LAYER: Final = layers.SECOND_COMPENSATION
BatchLayer = Literal["basic", "critical_illness", "supplementary", "assistance", "second_compensation"]
"""What a batch may be of; the family account's part goes with the basic layer."""
CLAIMS_KIND: Final = "claims"
"""Cut-offs of released claims; those of second compensation are of a kind of their own."""
LAYER_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        layers.BASIC: ("基本医疗", "basic"),
        layers.CRITICAL_ILLNESS: ("大病保险", "critical illness"),
        layers.SUPPLEMENTARY: ("补充医疗", "supplementary"),
        layers.ASSISTANCE: ("医疗救助", "medical assistance"),
        layers.SECOND_COMPENSATION: ("二次补偿", "second compensation"),
    }
)
_OF_THE_INSURER = frozenset({"insurer_approver", "insurer_manager"})
_OF_FINANCE = frozenset({"county_finance"})


@dataclass(frozen=True, slots=True)
class Purse:
    """What a batch pays, and from where. A batch and its cut-offs stand under ``layer``."""

    layer: str
    pays: tuple[str, ...]
    """Layers of the payables; the family account's part was advanced with the benefit and goes with it."""
    bank: BankAccount
    file_text: str
    """What the payee reads on his statement."""
    releases: frozenset[str] = _OF_THE_INSURER
    """Roles of the second person; the first is of the account's keeper (``bank.roles``)."""
    cutoffs: str = CLAIMS_KIND
    """Kind of the cut-offs that hold its payables."""

    @property
    def of_fund(self) -> bool:
        """Whether the fund pays: only its lines are replenished or withheld of."""
        return self.bank.book == BASIC


PURSES: Mapping[str, Purse] = MappingProxyType(
    {
        purse.layer: purse
        for purse in (
            Purse(BASIC_LAYER, (BASIC_LAYER, layers.FAMILY_ACCOUNT), BANK_ACCOUNTS[EXPENDITURE], "新农合补偿款"),
            Purse(
                layers.CRITICAL_ILLNESS,
                (layers.CRITICAL_ILLNESS,),
                BANK_ACCOUNTS[CRITICAL_ILLNESS_ACCOUNT],
                "大病保险赔付款",
            ),
            Purse(
                layers.SUPPLEMENTARY,
                (layers.SUPPLEMENTARY,),
                BANK_ACCOUNTS[SUPPLEMENTARY_ACCOUNT],
                "补充医疗保险赔付款",
            ),
            Purse(
                layers.ASSISTANCE,
                (layers.ASSISTANCE,),
                BANK_ACCOUNTS[ASSISTANCE_ACCOUNT],
                "医疗救助款",
                _OF_FINANCE,
            ),
            Purse(SECOND_LAYER, (SECOND_LAYER,), BANK_ACCOUNTS[EXPENDITURE], "大病二次补偿款", cutoffs=SECOND_LAYER),
        )
    }
)
PAYERS = frozenset().union(*(purse.bank.roles for purse in PURSES.values()))
"""Roles that prepare a batch of some layer."""
RELEASERS = frozenset().union(*(purse.releases for purse in PURSES.values()))
"""Roles that release a batch of some layer."""


def purse_of(layer: str) -> Purse:
    """What pays a layer that batches are made of."""
    return PURSES[layer]
