"""The way back of an arrival that two persons booked wrongly: two reverse it while no statement shows it (0287), or
take it out of the fund's balance where the year whose income it was is over (0293)."""

from typing import Any
from uuid import UUID

from services.settlement.funding.accounts import BASIC, FISCAL, TEMPORARY_RECEIPTS
from services.settlement.funding.booking import Desk
from services.settlement.orders import arrivals_store as store
from services.settlement.orders import reversal_store
from services.settlement.orders.arrivals import income_of, source_of, take, text_of
from services.settlement.orders.problems import (
    ARRIVAL_AT_BANK,
    ARRIVAL_REVERSAL_NONE,
    ARRIVAL_REVERSAL_WAITS,
)
from services.settlement.orders.reversing import Booked, lower_temporary, reverse_unseen, take_from_the_fund
from shared.http.problems import FOUR_EYES
from shared.kernel.errors import Words

_ACT: Words = ("冲销", "reverse")


async def propose(desk: Desk, arrival_id: UUID, reason: str, document: str) -> Any:
    """The first person of a reversal, which moves nothing yet.

    Raises ARRIVAL_UNKNOWN, ARRIVAL_STATE, ARRIVAL_REVERSAL_WAITS and ARRIVAL_AT_BANK.
    """
    known = await take(desk, arrival_id, "booked", _ACT)
    if known["reversal_by"] is not None:
        raise ARRIVAL_REVERSAL_WAITS(arrival=arrival_id)
    await _not_at_bank(desk, known)
    await reversal_store.propose(desk.conn, "arrival", desk.pool_code, arrival_id, desk.by, reason, document)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


async def approve(desk: Desk, arrival_id: UUID) -> Any:
    """Another person: the voucher is reversed, once, and with it what the bank journal showed. What was a temporary
    receipt leaves those, or the income that it became this year. What is income of a year that is over leaves the
    fund's balance instead.

    Raises what ``propose`` raises (the statement may have come meanwhile), ARRIVAL_REVERSAL_NONE, FOUR_EYES and the
    ledger's refusals.
    """
    known = await _proposed(desk, arrival_id)
    proposed_by = known["reversal_by"]
    if proposed_by == desk.by:
        raise FOUR_EYES(act=("申请冲销", "propose a reversal"), then=("批准", "approve it"))
    movement = await _not_at_bank(desk, known)
    booked = _booked(known)
    document = known["reversal_document"]
    if desk.day.year > (year := _income_year(known)):
        text = f"更正 {year} 年收入:{text_of(known)}未到账({document})"
        await take_from_the_fund(desk, booked, movement, text, proposed_by)
    else:
        if booked.credit == TEMPORARY_RECEIPTS:
            await lower_temporary(desk, booked, known["coverage_year"], income_of(known), proposed_by)
        await reverse_unseen(desk, booked, movement, "reversed", f"冲销{text_of(known)}({document})", proposed_by)
    await reversal_store.done(desk.conn, "arrival", desk.pool_code, arrival_id, desk.by, desk.day)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


async def decline(desk: Desk, arrival_id: UUID) -> Any:
    """Somebody of the finance bureau turns a proposed reversal down, the proposer too; the arrival stays booked.

    Raises ARRIVAL_UNKNOWN, ARRIVAL_STATE and ARRIVAL_REVERSAL_NONE.
    """
    await _proposed(desk, arrival_id)
    await reversal_store.decline(desk.conn, "arrival", desk.pool_code, arrival_id)
    return await store.arrival(desk.conn, desk.pool_code, arrival_id)


async def _proposed(desk: Desk, arrival_id: UUID) -> Any:
    """A booked arrival whose reversal waits."""
    known = await take(desk, arrival_id, "booked", _ACT)
    if known["reversal_by"] is None:
        raise ARRIVAL_REVERSAL_NONE(arrival=arrival_id)
    return known


async def _not_at_bank(desk: Desk, arrival: Any) -> UUID:
    """The arrival's movement, which no statement shows yet. Raises ARRIVAL_AT_BANK."""
    kind, reference = arrival["kind"], arrival["bank_reference"]
    movement = await reversal_store.movement_of(desk.conn, desk.pool_code, FISCAL, kind, reference)
    if movement["seen"]:
        raise ARRIVAL_AT_BANK(arrival=arrival["id"])
    found: UUID = movement["id"]
    return found


def _income_year(arrival: Any) -> int:
    """The year whose income it is: when it ends, its result is carried to the fund."""
    return max(int(arrival["coverage_year"]), int(arrival["booked_on"].year))


def _booked(arrival: Any) -> Booked:
    """What a booked arrival booked: money of a year that had not begun was a temporary receipt."""
    later = arrival["coverage_year"] > arrival["booked_on"].year
    credit, fen = TEMPORARY_RECEIPTS if later else income_of(arrival), arrival["amount_fen"]
    return Booked(BASIC, source_of(arrival), FISCAL, credit, fen, arrival["bank_reference"], FISCAL, fen,
                  arrival["value_date"])  # fmt: skip
