"""What a liable third party owes the fund, which paid first (rulings §1, §13): owed once the fund has paid, to the
fiscal account.

Claims tells with the release of a claim what of each layer somebody else is liable for. Nothing is owed before the
money has left: a claim that is never paid asks nobody. It is owed once a claim's layer, whatever becomes of the
payment: one that comes back is paid again. The advance is not touched: the whole payment is replenished, and what the
third party pays goes to the account that the fund came from.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.settlement.funding import receivables
from services.settlement.funding import third_party_store as store
from services.settlement.funding.accounts import BASIC, RECEIVABLE
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.receivables import ACCIDENT, THIRD_PARTY, Owed, arise
from shared.contracts.claims import ClaimReleased

REASON = "意外伤害第三方责任,基金先行支付"
REFUSED = "复核拒付,由承担人退还"
CANCELLED = "结算付款后冲销,由收款人退还"


async def told(desk: Desk, event: ClaimReleased) -> None:
    """Keeps what a released claim says that third parties are liable for; nothing of most claims."""
    rows = [
        (event.claim_id, one.layer, event.institution_code, one.expense_account, event.benefit_year, one.recover)
        for one in event.layers
        if one.recover > 0
    ]
    if rows:
        await store.add(desk.conn, desk.pool_code, rows)


async def owe(desk: Desk, due: Sequence[Any]) -> None:
    """What was paid and a third party is liable for is owed from now on, and lessens this period's expenditure under
    its year of care; nothing to do for none."""
    if not due:
        return
    await book(
        desk,
        [
            Entry(
                BASIC,
                f"third-party:{row['claim_id']}:{row['layer']}",
                desk.day,
                f"{row['care_year']} 年度意外伤害补偿款向第三方追偿,转应收",
                ((RECEIVABLE, row["expense_account"], row["amount_fen"]),),
            )
            for row in due
        ],
    )
    await arise(desk, [_owed(row) for row in due])


def _owed(row: Any) -> Owed:
    return Owed(
        ACCIDENT,
        THIRD_PARTY,
        REASON,
        row["amount_fen"],
        institution_code=row["institution_code"],
        expense_account=row["expense_account"],
        care_year=row["care_year"],
        claim_id=row["claim_id"],
        layer=row["layer"],
    )


async def refused(desk: Desk, rows: Sequence[Any]) -> None:
    """Lines are refused at the re-check: their bearers owe the whole, third parties nothing any more. The caller has
    made sure that none of them has paid anything."""
    await ask_no_more(desk, [(row["claim_id"], row["layer"]) for row in rows if row["third_party"]], REFUSED)


async def ask_no_more(desk: Desk, of: Sequence[tuple[UUID, str]], reason: str) -> None:
    """Third parties owe nothing any more of these claims' layers beyond what they have paid."""
    if of:
        claims, layers = [claim for claim, _ in of], [layer for _, layer in of]
        await receivables.withdraw(desk, await store.asked(desk.conn, desk.pool_code, claims, layers), reason)
