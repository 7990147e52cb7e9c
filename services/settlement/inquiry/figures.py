"""From the figures as stored to the terms that the identities name (pure)."""

from collections.abc import Mapping

from services.settlement.closing.sources import CLAIMS, SOURCES
from services.settlement.funding.accounts import (
    BANK_ACCOUNTS,
    EXPENDITURE,
    FISCAL,
    FLOAT,
    FLOAT_IN_TRANSIT,
    INCOME,
    INCOME_TO_FISCAL,
    LEVELS,
    TEMPORARY_RECEIPTS,
    TOWNSHIP_HELD,
    TOWNSHIP_TO_INCOME,
)
from services.settlement.inquiry.identities import BankCheck
from shared.contracts.claims import ClaimReversed, ClaimSettled

_SETTLED, _REVERSED = ClaimSettled.TYPE, ClaimReversed.TYPE
_AT_BANK = ("prepared", "released", "sent", "unknown")
_AS_STORED = (
    "premiums_current",
    "premiums_next_year",
    "sponsors_arrived",
    "cut",
    "reversed",
    "paid_not_applied",
    "applied_undecided",
    "refused_not_made_good",
    "paid_twice",
    "set_off",
    "second_compensation",
    "increases",
    "paid_in_cash",
    "deposit_withheld",
    "deposit_forfeited",
    "fiscal_opening",
    "fiscal_other_income",
    "fiscal_other_outflow",
    "fiscal_paid_twice",
    "recovered_to_fiscal",
    "recoveries_open",
)
"""Terms that are one stored figure of the same name."""


def terms(stored: Mapping[str, int]) -> dict[str, int]:
    """Fen by the name of the term."""

    def get(*names: str) -> int:
        return sum(stored.get(name, 0) for name in names)

    def sent(kind: str) -> int:
        return get(f"transfer_{kind}_released", f"transfer_{kind}_arrived")

    return {
        **{name: get(name) for name in _AS_STORED},
        **{f"subsidy_{level}": get(f"subsidy_{level}") for level in LEVELS},
        "settled": get(f"published_{_SETTLED}", f"received_open_{_SETTLED}"),
        "settled_reversed": get(f"published_{_REVERSED}", f"received_open_{_REVERSED}"),
        "settled_closed_days": get(f"published_{_SETTLED}"),
        "settled_open_day": get(f"received_open_{_SETTLED}"),
        "township_held": get(f"balance_{TOWNSHIP_HELD}"),
        "township_to_income": get(f"balance_{TOWNSHIP_TO_INCOME}"),
        "income_account": get(f"balance_{INCOME}"),
        "income_to_fiscal": get(f"balance_{INCOME_TO_FISCAL}"),
        "income_arrived": get("transfer_income_to_fiscal_arrived"),
        "income_interest": get(f"interest_{INCOME}"),
        "temporary_receipts": get(f"balance_{TEMPORARY_RECEIPTS}"),
        "fiscal_interest": get(f"interest_{FISCAL}"),
        "returned_to_fiscal": get("transfer_sweep_arrived", "transfer_advance_return_arrived"),
        "advance_returned": sent("advance_return"),
        "advance_released": sent("advance"),
        "replenishment_released": sent("replenishment"),
        "fiscal_account": get(f"balance_{FISCAL}"),
        "approved": get("approved_approved", "approved_released"),
        "rejected": get("state_rejected"),
        "returned": get("state_returned"),
        "cancelled": get("state_cancelled"),
        "open": get("state_settled"),
        "confirmed": get("instruction_confirmed"),
        "at_bank": get(*(f"instruction_{state}" for state in _AT_BANK)),
        "bounced": get("instruction_returned", "instruction_not_executed") - get("bounced_unclaimed"),
        "approved_not_released": get("approved_approved"),
        "released_not_batched": get("payable_open"),
        "expenditure_account": get(f"balance_{EXPENDITURE}"),
        "township_floats": get(f"balance_{FLOAT}"),
        "floats_in_transit": get(f"balance_{FLOAT_IN_TRANSIT}"),
        "advance_in_transit": get("transfer_advance_released"),
        "replenishment_in_transit": get("transfer_replenishment_released"),
        "expenditure_interest_unswept": get(f"interest_{EXPENDITURE}") - sent("sweep"),
    }


def unheard(stored: Mapping[str, int]) -> tuple[str, ...]:
    """Types of claims' events whose number or sum on closed days is not what claims told: one never came, or twice."""
    return tuple(
        kind
        for kind in sorted(SOURCES[CLAIMS])
        for published, received in [(f"published_{kind}", f"received_{kind}")]
        if stored.get(published, 0) != stored.get(received, 0)
        or stored.get(f"published_count_{kind}", 0) != stored.get(f"received_count_{kind}", 0)
    )


def bank_checks(stored: Mapping[str, int]) -> list[BankCheck]:
    """Each account's check; without a statement the bank's balance counts as zero, as it was before the first."""
    return [
        BankCheck(
            account.code,
            account.name_zh,
            account.name_en,
            stored.get(f"bank_{account.code}", 0),
            stored.get(f"balance_{account.code}", 0),
            stored.get(f"not_at_bank_{account.code}", 0),
            stored.get(f"not_in_book_{account.code}", 0),
        )
        for account in BANK_ACCOUNTS.values()
    ]
