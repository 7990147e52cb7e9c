"""Who receives: a hospital under its code, or a person under ``psn:`` and his psn_no (pure)."""

from uuid import UUID

from services.settlement.payouts.obligations import ADVANCED_BY_HOSPITALS, DUE_TO_PERSONS
from shared.kernel.ids import to_base32

_PERSON = "psn:"


def person(member_id: UUID) -> str:
    """The code under which a person's account is registered."""
    return _PERSON + to_base32(member_id)


def is_person(code: str) -> bool:
    """Whether a payee is a person; codes of hospitals hold no colon."""
    return code.startswith(_PERSON)


def owed_account(code: str) -> str:
    """The account of the obligations book against which a payee's claim stands."""
    return DUE_TO_PERSONS if is_person(code) else ADVANCED_BY_HOSPITALS
