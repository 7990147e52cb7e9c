"""A payment that came back and that the bank executed again by itself (0299): the payment again, made by the bank.

It is kept as one that names the old, as a repayment does (contracts §11), in a batch of its own that no file was made
for: what it paid is told, replenished and listed like any other, and it can come back under the same reference.
"""

from collections.abc import Sequence

import structlog

from services.settlement.funding.booking import Desk
from services.settlement.funding.commands import Seen
from services.settlement.payouts import payment_store, results, store
from shared.db.numbers import next_number
from shared.kernel.ids import new_id, to_base32

BY_THE_BANK = "rule:payment"
"""Stands for who released it, as the rule stands on its voucher: nobody here told the bank to pay."""
_log = structlog.get_logger("heyi.settlement.payments")


async def executed_again(desk: Desk, seen: Sequence[Seen]) -> None:
    """The instructions made of lines, confirmed by them; an alarm each. Their entries are booked by the caller before,
    and the account's lock is held."""
    for s in seen:
        await _make(desk, s)
        _log.error("returned payment executed again by the bank", instruction=str(s.source_id), reference=s.reference)
    made = [Seen(s.line_id, s.signed_fen, s.reference, s.value_date, s.line_id) for s in seen if s.line_id]
    await results.confirmed(desk, made)


async def _make(desk: Desk, s: Seen) -> None:
    """A batch with the one instruction, which has the line's id and takes what the old one left open."""
    assert s.line_id is not None
    old = await payment_store.instruction(desk.conn, desk.pool_code, s.source_id)
    batch_id, number = new_id(desk.now), await next_number(desk.conn, desk.pool_code, desk.day)
    row = (batch_id, old["layer"], old["account"], 1, old["amount_fen"], desk.by, desk.now, desk.day, number)
    await store.add_batch(desk.conn, (desk.pool_code, *row))
    named = (s.line_id, old["institution_code"], old["payee_version"], to_base32(s.line_id), old["amount_fen"])
    await store.add_instructions(desk.conn, desk.pool_code, batch_id, [(*named, old["claim_count"], old["id"], 0, 0)])
    await store.executed_by_bank(desk.conn, desk.pool_code, batch_id, BY_THE_BANK, desk.now, s.reference)
    moved = await store.retake_payables(desk.conn, desk.pool_code, old["id"], s.line_id, with_set_off=False)
    if moved["fen"] != old["amount_fen"]:
        raise RuntimeError(f"instruction {old['id']} was executed again, and {moved['fen']} fen of it were open")
