"""Whose hands a payment passes: its account's keeper enters it and that keeper's second person releases it, so that
nobody pays from an account that another keeps (rulings §19; decision 0180)."""

from services.settlement.funding.commands import check_keeper
from services.settlement.funding.problems import KEEPER_ONLY
from services.settlement.ledger.refusals import KEEPERS
from services.settlement.payouts.purses import Purse
from shared.http.roles import role_words


def check_enters(purse: Purse, role: str) -> None:
    """Raises KEEPER_ONLY unless the role prepares payments from the purse's account."""
    check_keeper(purse.bank, role)


def check_releases(purse: Purse, role: str) -> None:
    """Raises KEEPER_ONLY unless the role releases payments from the purse's account."""
    _expect(purse, role, purse.releases)


def check_either(purse: Purse, role: str) -> None:
    """Raises KEEPER_ONLY unless the role has a hand in payments from the purse's account."""
    _expect(purse, role, purse.bank.roles | purse.releases)


def _expect(purse: Purse, role: str, allowed: frozenset[str]) -> None:
    if role not in allowed:
        bank = purse.bank
        raise KEEPER_ONLY(name=(bank.name_zh, bank.name_en), keeper=KEEPERS[bank.keeper], role=role_words(role))
