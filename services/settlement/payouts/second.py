"""Second compensation in the books: a payable a person, paid to his account, unclaimed after its day (rulings §3).

Claims says who is owed what and until when; from there on the payment is settlement's: it goes through the same
batches, holds, files and statements as every other, in an account of its own (二次补偿), in the year of payment, and
keeps its year of care. Each person is a cut-off of his own: one without a bank account holds up nobody else.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.settlement.funding import commands as funding
from services.settlement.funding.accounts import BASIC, EXPENDITURE
from services.settlement.funding.booking import Desk
from services.settlement.payouts import obligations, owed_store, payees, second_store
from services.settlement.payouts.problems import CLAIM_DAY_OVER, NOTHING_UNCLAIMED
from services.settlement.payouts.purses import SECOND_LAYER
from shared.contracts.claims import CampaignPaymentReleased
from shared.contracts.settlement import PaymentUnclaimed
from shared.kernel.dates import shanghai_date
from shared.messaging.outbox import Outgoing, emit_many

EXPENSE = "5001.05"
"""统筹基金支出——大病二次补偿, apart from the benefits of the year it is paid in (practice (ii))."""
SERVICE = "settlement"


async def payment_released(desk: Desk, event: CampaignPaymentReleased, sequence: int) -> None:
    """A person is owed his second compensation: a complete cut-off of one payable, and what the day owes."""
    code, fen, pool = payees.person(event.member_id), event.amount, desk.pool_code
    await owed_store.add_made_cutoff(desk.conn, (pool, event.payment_id, SECOND_LAYER, code, 1, fen))
    await second_store.add(
        desk.conn,
        (pool, event.payment_id, event.campaign_id, event.member_id, event.document_number, event.claim_by),
    )
    await second_store.add_claim_state(
        desk.conn,
        (
            pool,
            event.payment_id,
            sequence,
            obligations.RELEASED,
            code,
            event.township_code,
            SECOND_LAYER,
            fen,
            desk.day,
            event.benefit_year,
        ),
    )
    row = (
        event.payment_id,
        SECOND_LAYER,
        sequence,
        event.payment_id,
        code,
        SECOND_LAYER,
        event.township_code,
        event.payer,
        BASIC,
        EXPENDITURE,
        EXPENSE,
        fen,
    )
    await owed_store.add_payables(desk.conn, pool, shanghai_date(event.at), [row])
    await owe(desk, fen)


async def check_claimable(desk: Desk, payments: Sequence[UUID]) -> None:
    """What is past its day is paid no more. Raises CLAIM_DAY_OVER."""
    if late := await second_store.past_their_day(desk.conn, desk.pool_code, payments, desk.day):
        raise CLAIM_DAY_OVER(day=late[0]["claim_by"], cutoffs="、".join(str(row["payment_id"]) for row in late[:20]))


async def return_unclaimed(desk: Desk, campaign_id: UUID) -> tuple[int, int]:
    """What nobody claimed by its day and no bank holds is owed no more; how many, and the sum in fen.

    A payment that is on its way stays: it ends with the bank's answer. Raises NOTHING_UNCLAIMED.
    """
    await funding.lock_account(desk, EXPENDITURE)
    rows = await second_store.take_unclaimed(desk.conn, desk.pool_code, campaign_id, SECOND_LAYER, desk.day)
    if not rows:
        raise NOTHING_UNCLAIMED(campaign_id=campaign_id)
    total = sum(row["amount_fen"] for row in rows)
    await owe(desk, -total)
    await emit_many(desk.conn, [_unclaimed(desk, row) for row in rows])
    return len(rows), total


async def claimed_after_all(desk: Desk, instruction_ids: Sequence[UUID]) -> None:
    """The bank shows a payment that was declared not executed and then returned as unclaimed: it is owed and paid."""
    total = await second_store.revive(desk.conn, desk.pool_code, instruction_ids)
    if total:
        await owe(desk, total)


async def owe(desk: Desk, change_fen: int) -> None:
    """What a day owes persons more, or less."""
    before, after = obligations.Owed(approved=max(0, -change_fen)), obligations.Owed(approved=max(0, change_fen))
    moves = obligations.totals(obligations.flows(before, after, obligations.DUE_TO_PERSONS))
    await owed_store.add_obligations(desk.conn, desk.pool_code, desk.day, moves)


def _unclaimed(desk: Desk, row: Any) -> Outgoing:
    told = PaymentUnclaimed(
        claim_id=row["claim_id"], layer=SECOND_LAYER, amount=row["amount_fen"], returned_on=desk.day, at=desk.now
    )
    subject = f"{row['claim_id']}:{SECOND_LAYER}"
    return Outgoing(told, desk.pool_code, subject, row["published"], desk.day, desk.now, SERVICE, row["amount_fen"])


async def standing(conn: Any, pool: str, campaign_id: UUID) -> list[Any]:
    """Payments of a campaign by their state: how many, and fen."""
    return await second_store.by_state(conn, pool, campaign_id, SECOND_LAYER)
