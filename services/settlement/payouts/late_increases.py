"""What a late decision, or a claim decided again, gives more, in the books: a payable to the person, paid as its layer
is (rulings §2, §8).

Claims says what was approved for whom; from there on it goes through the same batches, holds, files and statements as
the benefits of its layer, on the accounts that the layer names. Each is a cut-off of its own: a person without a bank
account holds up nobody else. It is spent in the year of payment and keeps its year of care.
"""

from services.settlement.funding.booking import Desk
from services.settlement.payouts import obligations, owed_store, payees, second, second_store
from services.settlement.payouts.purses import CLAIMS_KIND
from shared.contracts.claims import IncreaseReleased
from shared.kernel.dates import shanghai_date


async def increase_released(desk: Desk, event: IncreaseReleased, sequence: int) -> None:
    """A person is owed an increase of a claim: a complete cut-off of one payable, and what the day owes."""
    code, fen, pool = payees.person(event.member_id), event.amount, desk.pool_code
    await owed_store.add_made_cutoff(desk.conn, (pool, event.payment_id, CLAIMS_KIND, code, 1, fen))
    await owed_store.add_increase(
        desk.conn, (pool, event.payment_id, event.claim_id, event.layer, event.document_number)
    )
    year_of_care = (
        pool,
        event.payment_id,
        sequence,
        obligations.RELEASED,
        code,
        event.township_code,
        event.kind,
        fen,
        desk.day,
        event.benefit_year,
    )
    await second_store.add_claim_state(desk.conn, year_of_care)
    payable = (
        event.payment_id,
        event.layer,
        sequence,
        event.payment_id,
        code,
        event.kind,
        event.township_code,
        event.payer,
        event.book,
        event.account,
        event.expense_account,
        fen,
    )
    await owed_store.add_payables(desk.conn, pool, shanghai_date(event.at), [payable])
    await second.owe(desk, fen)
