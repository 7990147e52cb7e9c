"""What a patient wishes of a settlement and the policy may not be able to serve: refused, never ignored. Pure."""

from uuid import UUID

from services.claims.benefits.model import Policy
from services.claims.benefits.words import KINDS
from services.claims.visits.problems import ACCOUNT_NOT_SERVED


def check_account(policy: Policy, visit_id: UUID, kind: str, wanted_fen: int) -> None:
    """Raises ACCOUNT_NOT_SERVED where something is to be paid from a family account that the policy does not have, or
    not for this kind of care. How much is paid is another matter: at most what is wished, and what is left."""
    account = policy.family_account
    if not wanted_fen or (account is not None and kind in account.kinds):
        return
    why = ("没有家庭账户", "has no family account")
    if account is not None:
        zh, en = KINDS[kind]
        why = (f"的家庭账户不支付{zh}费用", f"has a family account that does not pay {en} care")
    raise ACCOUNT_NOT_SERVED(policy=policy.id, why=why, visit_id=visit_id)
