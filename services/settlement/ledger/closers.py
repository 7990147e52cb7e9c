"""Who closes and seals the books under a code."""

from services.settlement.ledger.payers import is_payer
from services.settlement.ledger.refusals import KEEPERS, LEDGER_NOT_CLOSER
from shared.http.roles import role_words

CITY, MACHINE = "city_finance", "service"
COUNTY = ("县财政局、县合管办", "the county's finance bureau and office")


def check_closer(code: str, role: str) -> None:
    """Days and months of a payer's budget are closed and sealed by its keeper, those of a pool by the county; a machine
    does either. Raises LEDGER_NOT_CLOSER."""
    if role != MACHINE and (role == CITY) != is_payer(code):
        keeper = KEEPERS[CITY] if is_payer(code) else COUNTY
        raise LEDGER_NOT_CLOSER(code=code, keeper=keeper, role=role_words(role))
