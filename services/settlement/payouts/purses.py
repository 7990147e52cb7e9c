"""From which bank account each layer is paid, and which layers a batch pays together (rulings §3, §5; pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.settlement.funding.accounts import (
    BANK_ACCOUNTS,
    BASIC,
    EXPENDITURE,
    SUPPLEMENTARY_ACCOUNT,
    BankAccount,
)
from shared.kernel.errors import Words

BASIC_LAYER: Final = "basic"
SUPPLEMENTARY_LAYER: Final = "supplementary"
SECOND_LAYER: Final = "second_compensation"
CLAIMS_KIND: Final = "claims"
"""Cut-offs of released claims; those of second compensation are of a kind of their own."""
LAYER_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        BASIC_LAYER: ("基本医疗", "basic"),
        SUPPLEMENTARY_LAYER: ("补充医疗", "supplementary"),
        SECOND_LAYER: ("二次补偿", "second compensation"),
    }
)


@dataclass(frozen=True, slots=True)
class Purse:
    """What a batch pays, and from where. A batch and its cut-offs stand under ``layer``."""

    layer: str
    pays: tuple[str, ...]
    """Layers of the payables; the family account's part was advanced with the benefit and goes with it."""
    bank: BankAccount
    file_text: str
    """What the payee reads on his statement."""
    cutoffs: str = CLAIMS_KIND
    """Kind of the cut-offs that hold its payables."""

    @property
    def of_fund(self) -> bool:
        """Whether the fund pays: only its lines are replenished, set off against receivables, or withheld of."""
        return self.bank.book == BASIC


PURSES: Mapping[str, Purse] = MappingProxyType(
    {
        purse.layer: purse
        for purse in (
            Purse(
                BASIC_LAYER,
                (BASIC_LAYER, "family_account"),
                BANK_ACCOUNTS[EXPENDITURE],
                "新农合补偿款",
            ),
            Purse(
                SUPPLEMENTARY_LAYER,
                (SUPPLEMENTARY_LAYER,),
                BANK_ACCOUNTS[SUPPLEMENTARY_ACCOUNT],
                "补充医疗保险赔付款",
            ),
            Purse(SECOND_LAYER, (SECOND_LAYER,), BANK_ACCOUNTS[EXPENDITURE], "大病二次补偿款", SECOND_LAYER),
        )
    }
)


def purse_of(layer: str) -> Purse:
    """What pays a layer that batches are made of."""
    return PURSES[layer]
