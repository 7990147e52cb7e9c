"""A paid claim is taken back by a negative one (rulings §2): whoever was paid owes each payer what that one paid.

The payment stands in the books as it was made; the negative claim books a receivable against the expenditure of the
period in which it arises, under the claim's year of care: each layer in the book that paid it, to be paid back to the
account that it came from (0262).
What a late decision paid more for it is a payable of its own; its person owes it.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from services.settlement.funding import commands, third_parties
from services.settlement.funding import receivable_store as store
from services.settlement.funding.accounts import BASIC, FISCAL, RECEIVABLE
from services.settlement.funding.booking import Desk, Entry, book
from services.settlement.funding.receivables import ASKED_BACK, CANCELLATION, Owed, arise
from shared.contracts.claims import ClaimReversed
from shared.kernel.ids import to_base32

REASON = "结算付款后冲销"


async def claim_reversed(desk: Desk, event: ClaimReversed, unpaid: Mapping[str, int]) -> None:
    """Opens a receivable a layer, less what is asked back of it already and what of it was withheld and never paid
    (``unpaid``, fen by layer), and withdraws what a third party still owes of the claim.

    What third parties have paid is read under the lock of the fiscal account, on which their money arrives; what the
    county asks back, under the lock of all such acts.
    """
    await commands.lock_account(desk, ASKED_BACK)
    await commands.lock_account(desk, FISCAL)
    rows = await store.payments_of(desk.conn, desk.pool_code, [event.claim_id, *event.increases])
    due = [(row, fen) for row in rows if (fen := _still_owed(event, row, unpaid)) > 0]
    due.sort(key=_book_of)
    await book(desk, [_entry(desk, event, name, list(parts)) for name, parts in groupby(due, key=_book_of)])
    await arise(desk, [_owed(event, row, fen) for row, fen in due])
    of_fund = [(row["claim_id"], row["layer"]) for row in rows if row["book"] == BASIC]
    await third_parties.ask_no_more(desk, of_fund, third_parties.CANCELLED)


def _still_owed(event: ClaimReversed, row: Any, unpaid: Mapping[str, int]) -> int:
    """What was paid of a layer and is not asked back yet, in fen; a deposit is withheld of claims alone."""
    withheld = unpaid.get(row["layer"], 0) if row["claim_id"] == event.claim_id else 0
    return int(row["amount_fen"]) - withheld - int(row["asked_fen"])


def _book_of(due: tuple[Any, int]) -> str:
    name: str = due[0]["book"]
    return name


def _entry(desk: Desk, event: ClaimReversed, name: str, due: list[tuple[Any, int]]) -> Entry:
    return Entry(
        name,
        f"cancellation:{event.reversal_id}",
        desk.day,
        f"{event.benefit_year} 年度结算付款后冲销,转应收",
        tuple((RECEIVABLE, row["expense_account"], fen) for row, fen in due),
        party=due[0][0]["institution_code"],
        ref=to_base32(event.reversal_id),
    )


def _owed(event: ClaimReversed, row: Any, fen: int) -> Owed:
    return Owed(
        CANCELLATION,
        "patient" if event.paid_to == "person" or row["claim_id"] != event.claim_id else "hospital",
        REASON,
        fen,
        institution_code=row["institution_code"],
        expense_account=row["expense_account"],
        care_year=event.benefit_year,
        claim_id=row["claim_id"],
        layer=row["layer"],
        book=row["book"],
    )
