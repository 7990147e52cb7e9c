"""Who receives: registered by one person, confirmed by another, in versions that payments keep."""

from services.settlement.funding import commands as funding
from services.settlement.funding.booking import Desk, keep_away_from_home
from services.settlement.payouts import payee_store
from services.settlement.payouts.problems import (
    PAYEE_DIFFERS,
    PAYEE_MISSING,
)
from shared.db.personal import Sealer
from shared.http.preconditions import Precondition, etag
from shared.http.problems import FOUR_EYES


def payee_place(pool: str, institution_code: str, version: int) -> str:
    """Where a payee's number is sealed for."""
    return f"{pool}/{institution_code}/{version}"


def payee_tag(institution_code: str, version: int) -> str:
    """The ETag of a registered payee."""
    return etag("payee", institution_code, version)


async def register_payee(
    desk: Desk,
    sealer: Sealer,
    institution_code: str,
    payee_name: str,
    bank_name: str,
    account_number: str,
    expected: Precondition,
) -> int:
    """Registers who receives for a hospital, or changes it; the version it has now. Until a second person has confirmed
    it nothing is paid there, and payments in flight keep the version that they were made with.

    Raises CONFLICT_OF_INTEREST for the hospital where one's own home unit sits (WC-07), and what ``expected`` raises.
    """
    keep_away_from_home(desk, institution_code)
    await funding.lock_account(desk, f"payee:{institution_code}")
    known = await payee_store.payees(desk.conn, desk.pool_code, [institution_code], confirmed=False)
    index = sealer.blind_index("bank_account", account_number)
    same = known and (known[0]["payee_name"], known[0]["bank_name"], known[0]["number_index"]) == (
        payee_name,
        bank_name,
        index,
    )
    expected.check(payee_tag(institution_code, known[0]["version"]) if known else None, needed=not same)
    if same:
        return int(known[0]["version"])
    version = known[0]["version"] + 1 if known else 1
    sealed = sealer.seal(
        "payee", "number_sealed", payee_place(desk.pool_code, institution_code, version), account_number
    )
    await payee_store.add_payee(
        desk.conn, (desk.pool_code, institution_code, version, payee_name, bank_name, sealed, index, desk.by, desk.now)
    )
    return version


async def confirm_payee(desk: Desk, sealer: Sealer, institution_code: str, account_number: str) -> int:
    """A second person enters the account number anew, and the version registered last is who receives from now on.

    Raises CONFLICT_OF_INTEREST, PAYEE_MISSING, FOUR_EYES and PAYEE_DIFFERS.
    """
    keep_away_from_home(desk, institution_code)
    await funding.lock_account(desk, f"payee:{institution_code}")
    rows = await payee_store.payees(desk.conn, desk.pool_code, [institution_code], confirmed=False)
    if not rows:
        raise PAYEE_MISSING(institutions=institution_code)
    known = rows[0]
    if known["registered_by"] == desk.by:
        raise FOUR_EYES(act=("登记收款账户", "register the payee"), then=("确认", "confirm it"))
    if known["number_index"] != sealer.blind_index("bank_account", account_number):
        raise PAYEE_DIFFERS(institution=institution_code)
    if known["confirmed_by"] is None:
        await payee_store.confirm_payee(
            desk.conn, desk.pool_code, institution_code, known["version"], desk.by, desk.now
        )
    return int(known["version"])
